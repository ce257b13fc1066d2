"""Kinds of expectation about how one request is answered: as a stream, as JSON, by a refusal, or at least at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from conformance.contract import Level
from conformance.evidence.run import STREAM
from conformance.rules.answers import is_undecodable
from conformance.rules.expectations import answer_of, kind
from conformance.rules.findings import Finding, Where, broken, check, held, note, shown, unjudged
from conformance.rules.outcome import UNRELATED_STATUSES, is_client_error, is_served, is_server_error
from conformance.rules.scope import judged_messages
from conformance.wire.reading import Reading

if TYPE_CHECKING:
    from conformance.evidence.run import Record
    from conformance.rules.cases import Evidence

Args = Mapping[str, Any]

#: Redirections that a client follows with GET (RFC 9110 §15.4).
REWRITING = frozenset({301, 302, 303})


def kind_of_answer(reading: Reading) -> str:
    """Status and media type, in a few words."""
    return f"{answer_of(reading.exchange)}, {reading.media_type or 'no media type'}"


@kind("streamed")
def streamed(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Status 200 and an event stream; open where the streamed control itself is none."""
    if not all(row.reading.is_stream for row in evidence.run.sent(STREAM) if evidence.item.control == STREAM):
        yield unjudged("", "the streamed control is no event stream either")
        return
    for record in evidence.records:
        holds = is_served(record.exchange) and record.reading.is_stream
        expected = "status 200, text/event-stream"
        yield check("", holds, expected, kind_of_answer(record.reading), Where(record.seq))


@kind("json-message")
def json_message(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Status 200 and no event stream; what is wrong with the JSON is the business of HDR-011, HTTP-011 and RESP."""
    for record in evidence.records:
        holds = is_served(record.exchange) and not record.reading.is_stream
        yield check("", holds, "status 200, no event stream", kind_of_answer(record.reading), Where(record.seq))


@kind("one-of")
def one_of(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """One of the statuses `ok`, for a valid request that a server is free to refuse, even with a 501."""
    expected = "status " + " or ".join(map(str, args["ok"]))
    for record in evidence.records:
        holds = record.exchange.status in args["ok"]
        yield check("", holds, expected, answer_of(record.exchange), Where(record.seq))


@kind("never-5xx", negative=True)
def never_5xx(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Served or refused, but answered, and not by a failure of the server. `noted` statuses are mentioned."""
    expected = "a 2xx or 4xx answer"
    for record in evidence.records:
        code, where = record.exchange.status, Where(record.seq)
        if code is not None and code in args.get("noted", ()):
            yield note("", "anything but a failure of the server", answer_of(record.exchange), where)
        holds = code is not None and (200 <= code < 300 or 400 <= code < 500)
        yield check("", holds, expected, answer_of(record.exchange), where)


@kind("not-redirected")
def not_redirected(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """No redirection that turns the POST into a GET."""
    for record in evidence.records:
        holds = record.exchange.status not in REWRITING
        yield check("", holds, "no 301, 302 or 303", answer_of(record.exchange), Where(record.seq))


@kind("no-head-body", negative=True)
def no_head_body(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Answered without a failure of the server and without a body, of which not even surplus bytes may come."""
    for record in evidence.records:
        exchange, where = record.exchange, Where(record.seq)
        answered = exchange.status is not None and exchange.status < 500
        yield check("", answered, "an answer below 500", answer_of(exchange), where)
        came = len(exchange.body) + len(exchange.surplus)
        yield check("", came == 0, "no body after HEAD", f"{came} bytes", where)


@kind("refusal-status", negative=True)
def refusal_status(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """A refusal has status `ok`; others break it, `lowered` ones as a SHOULD. Whether to refuse is asked elsewhere."""
    for record in evidence.records:
        code, where = record.exchange.status, Where(record.seq)
        if code in UNRELATED_STATUSES or not is_client_error(record.exchange):
            yield unjudged("", f"{answer_of(record.exchange)}: no refusal of the body", where)
        else:
            level = Level.SHOULD if code in args.get("lowered", ()) else None
            yield check("", code == args["ok"], f"status {args['ok']}", answer_of(record.exchange), where, level)


@kind("error-before-stream", negative=True)
def error_before_stream(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Refused by status and not inside an event stream.

    With `ok`, the statuses of a refusal that must come; without, a request that is served leaves the case open. `also`
    says enough here.
    """
    for record in evidence.records:
        yield _before_stream(record, tuple(args.get("ok", ())), frozenset(args.get("also", ())))


def _before_stream(record: Record, ok: tuple[int, ...], also: frozenset[int]) -> Finding:
    exchange, reading, where = record.exchange, record.reading, Where(record.seq)
    if not ok and exchange.status in UNRELATED_STATUSES - also:
        return unjudged("", f"status {exchange.status} says nothing about this request", where)
    if not ok and reading.error is None and is_served(exchange):
        return unjudged("", "the request was not refused", where)
    if not ok and is_server_error(exchange) and not reading.is_stream:
        return unjudged("", f"status {exchange.status}: whose mistake it is, is asked elsewhere", where)
    told = "status " + " or ".join(map(str, ok)) if ok else "a client error"
    fits = exchange.status in ok if ok else is_client_error(exchange)
    return check("", fits and not reading.is_stream, f"{told} and no event stream", kind_of_answer(reading), where)


@kind("zero-max-tokens", negative=True)
def zero_max_tokens(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Refused, or served without content and with stop reason `max_tokens`. Source: contract.md REQ-022."""
    for record in evidence.records:
        where = Where(record.seq)
        if record.exchange.status in UNRELATED_STATUSES:
            yield unjudged("", f"status {record.exchange.status} says nothing about this request", where)
        elif is_client_error(record.exchange):
            yield held("", where)
        else:
            yield _warmed(record.reading, evidence.run.terms.profile.stop_reasons, where)


def _warmed(reading: Reading, known: Collection[str], where: Where) -> Finding:
    expected = "a client error, or content [] and stop_reason max_tokens"
    message = next((message for _, message in judged_messages(reading)), None)
    if is_undecodable(reading):
        return unjudged("", "the body does not keep its content coding (HDR-011)", where)
    if message is None:
        return broken("", expected, answer_of(reading.exchange), where)
    content, reason = message.get("content"), message.get("stop_reason")
    if not isinstance(content, list) or (content == [] and reason not in known):
        return unjudged("", "a message whose shape has faults of its own", where)
    seen = f"content {shown(content)}, stop_reason {shown(reason)}"
    return check("", content == [] and reason == "max_tokens", expected, seen, where)
