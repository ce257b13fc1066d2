"""Kinds of expectation about what lies beside the messages: other surfaces, other keys, betas, images, great sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from conformance.rules.answers import is_count, is_undecodable
from conformance.rules.errors import envelope
from conformance.rules.expectations import answer_of, kind
from conformance.rules.expectations_groups import total_input
from conformance.rules.findings import Finding, Where, broken, check, held, shown, unjudged
from conformance.rules.outcome import PATIENCE_STATUSES, is_client_error, is_served, is_server_error
from conformance.wire.exchange import Ending
from conformance.wire.reading import Reading

if TYPE_CHECKING:
    from conformance.evidence.run import Record
    from conformance.rules.cases import Evidence

Args = Mapping[str, Any]

#: How a target says that it does not have a surface (contract.md OPT-004).
ABSENT = frozenset({404, 405, 501})
#: Refusals of an input that is too long, the documented one first (REQ-052).
TOO_LONG = (400, 413)
#: Two counts of the same input may differ by so many tokens, or by this share of the one in usage (OPT-002).
SLACK, SHARE = 20, 0.1
#: What a server may do to a connection in the middle of a body that it does not want.
CLOSED = frozenset({Ending.RESET, Ending.NO_ANSWER, Ending.CLOSED_EARLY, Ending.NO_CONNECTION})


def served_object(reading: Reading) -> Mapping[str, Any] | None:
    """The JSON object of an answer with status 200; None for anything else."""
    found = is_served(reading.exchange) and not reading.is_stream and reading.json.usable
    return reading.json.value if found and isinstance(reading.json.value, Mapping) else None


def described(reading: Reading) -> str:
    """Status and body of an answer, in a few words."""
    return f"{answer_of(reading.exchange)}, {shown(reading.body[:100])}"


@kind("image")
def image(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Served, or refused as a model does that sees nothing; never a failure of the server."""
    for record in evidence.probes[-1]:
        where, told = Where(record.seq), answer_of(record.exchange)
        if is_client_error(record.exchange):
            yield unjudged("", f"vision is claimed, but {told}: this model may not see", where)
        else:
            yield check("", is_served(record.exchange), "status 200, or a client error", told, where)


@kind("counted", valid=True)
def counted(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Status 200 and an object whose `input_tokens` is a positive integer; further members are free."""
    for record in evidence.probes[-1]:
        where = Where(record.seq)
        if is_undecodable(record.reading):
            yield unjudged("", "the content coding is broken, which is a fault of its own (HDR-011)", where)
            continue
        expected = "status 200, input_tokens a positive integer"
        yield check("", _count(record) is not None, expected, described(record.reading), where)


def _count(record: Record) -> int | None:
    """The tokens that a count request was answered with; None without an honest count."""
    value = (served_object(record.reading) or {}).get("input_tokens")
    return value if is_count(value) and value > 0 else None


@kind("counts-like-usage")
def counts_like_usage(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """The first probe counts, within 20 tokens or 10 %, the total input that the last one's answer has in usage."""
    asked, used = evidence.probes[0][-1], evidence.probes[-1][-1]
    count, total = _count(asked), total_input(used, evidence.run.terms.profile)
    where = Where(asked.seq, "/input_tokens")
    if count is None:
        yield unjudged("", f"no count to compare: {answer_of(asked.exchange)}", where)
    elif total is None or total < 1:
        yield unjudged("", "the message has no count of input tokens to compare with", Where(used.seq))
    else:
        allowed = max(SLACK, SHARE * total)
        expected = f"the {total} input tokens of the same request's usage, within {allowed:g}"
        yield check("", abs(count - total) <= allowed, expected, f"input_tokens {count}", where)


@kind("no-such-surface", negative=True)
def no_such_surface(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """404, 405 or 501 in the error envelope; another client error says that the surface is there, or asks for more."""
    for record in evidence.probes[-1]:
        yield _absence(record.reading, Where(record.seq))


def _absence(reading: Reading, where: Where) -> Finding:
    code = reading.exchange.status
    if code in ABSENT and is_undecodable(reading):
        return unjudged("", "the content coding is broken, which is a fault of its own (HDR-011)", where)
    if code is None or (300 <= code < 500 and code not in ABSENT):
        return unjudged("", f"{answer_of(reading.exchange)} does not say that there is no such surface", where)
    whole = envelope(reading)
    told = whole is not None and isinstance(whole["error"].get("message"), str)
    return check("", code in ABSENT and told, "404, 405 or 501 in the error envelope", described(reading), where)


@kind("restricted", negative=True)
def restricted(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Status 403 and, inside an envelope, the type `permission_error`.

    A target may say that there is no such model for this key (404), and a 403 may be about billing.
    """
    for record in evidence.probes[-1]:
        where, told = Where(record.seq), answer_of(record.exchange)
        kind_of_error = ((envelope(record.reading) or {}).get("error") or {}).get("type")
        if record.exchange.status == 404 or kind_of_error == "billing_error":
            yield unjudged("", f"{told}, error.type {shown(kind_of_error)}: not about permission", where)
        else:
            fits = record.exchange.status == 403 and kind_of_error in (None, "permission_error")
            seen = f"{told}, error.type {shown(kind_of_error)}"
            yield check("", fits, "status 403, error.type permission_error", seen, where)


@kind("same-status")
def same_status(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """The last probe, which joins what those before it say alone, is served if each of them is."""
    *alone, joined = (rows[-1] for rows in evidence.probes)
    where = Where(joined.seq)
    if refused := next((record for record in alone if not is_served(record.exchange)), None):
        yield unjudged("", f"the operator's betas are not accepted alone: {answer_of(refused.exchange)}", where)
    else:
        expected = f"status 200, as for each of the {len(alone)} alone"
        yield check("", is_served(joined.exchange), expected, answer_of(joined.exchange), where)


@kind("survives-large-body")
def survives_large_body(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """A client error for the large body, and status 200 for the plain request behind it.

    Source: contract.md HTTP-010.
    """
    large, *then = evidence.probes[-1]
    yield _large(large)
    if not then:
        yield unjudged("", "the plain request after the large one was not sent", Where(large.seq))
    for record in then if large.exchange.status is not None else ():
        expected = "status 200 for the plain request after the large one"
        yield check("", is_served(record.exchange), expected, answer_of(record.exchange), Where(record.seq))


def _large(record: Record) -> Finding:
    exchange, where = record.exchange, Where(record.seq)
    if exchange.status is None and exchange.end.how in CLOSED:
        return unjudged("", f"{answer_of(exchange)} while the body was sent", where)
    if exchange.status is not None and exchange.status < 400:
        return unjudged("", f"{answer_of(exchange)}: the limit is higher here, or elsewhere", where)
    return check("", is_client_error(exchange), "a client error for a body above the limit", answer_of(exchange), where)


@kind("too-long", negative=True)
def too_long(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """An input longer than the context window is refused with 400, or 413: not served, and no failure of the server."""
    for record in evidence.probes[-1]:
        exchange, where = record.exchange, Where(record.seq)
        fits, fails = exchange.status in TOO_LONG, is_server_error(exchange) or exchange.status is None
        closed = exchange.status is None and exchange.end.how in CLOSED  # perhaps while the body was still on its way
        if closed or exchange.status in PATIENCE_STATUSES or not (fits or fails or is_served(exchange)):
            yield unjudged("", f"{answer_of(exchange)} does not speak of the length", where)
        elif fits:
            yield held("", where)
        else:
            yield broken("", "status 400 (413 is tolerated): the input is too long", answer_of(exchange), where)
