"""Kinds of expectation about several exchanges: what they must share, what must tell them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from conformance.contract import Profile
from conformance.evidence.run import PLAIN
from conformance.rules.answers import asked
from conformance.rules.expectations import answer_of, kind
from conformance.rules.findings import Finding, Where, broken, check, held, note, shown, unjudged
from conformance.rules.outcome import is_served
from conformance.rules.reached import message_of, stop_reason
from conformance.rules.usage import leaves_cache_open
from conformance.rules.usage import total_input as total_of
from conformance.wire.exchange import Ending, Exchange

if TYPE_CHECKING:
    from conformance.evidence.run import Record
    from conformance.rules.cases import Evidence

Args = Mapping[str, Any]

#: Fewer parallel answers than this say nothing about what parallel requests do to each other (LOAD-001).
ENOUGH = 3

#: What is no normal latency any more: seconds, and times as long as the plain control at its slowest (LOAD-003).
SLOW, SLOWER = 10.0, 5.0

#: Seconds after which a server may have closed an idle connection; less than the back-off between two tries.
IDLE = 0.4


Count = Callable[["Record", Profile], int | None]


def total_input(record: Record, profile: Profile) -> int | None:
    """Input tokens with those read from and written to the cache, whichever names they have (USG-008), or None without
    an honest count."""
    usage = (message_of(record.reading) or {}).get("usage")
    return total_of(usage, profile) if isinstance(usage, Mapping) else None


def _own_input(record: Record, profile: Profile) -> int | None:
    """Input tokens as they stand there, which is all there is where they hold the cached ones already."""
    counted = total_input(record, profile)
    usage = (message_of(record.reading) or {}).get("usage")
    return None if counted is None or usage is None else int(usage[profile.usage.input])


def _totals(evidence: Evidence, counted: Count = total_input) -> list[int] | None:
    """The total input of each probe's answer; None when one is missing."""
    found = [counted(rows[-1], evidence.run.terms.profile) for rows in evidence.probes]
    counts = [count for count in found if count is not None]
    return counts if len(counts) == len(found) else None


@kind("more-input-tokens", valid=True)
def more_input_tokens(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Each probe's total input is greater than the one before, by `least` tokens or 1.

    Where the profile does not tell whether input tokens hold the cached ones, it is enough that they grow themselves:
    with the cache added they count twice what of the shorter prompt was cached.
    """
    counts = (total_input, _own_input) if leaves_cache_open(evidence.run.terms.profile) else (total_input,)
    told = [found for counted in counts if (found := _totals(evidence, counted)) is not None]
    if not told:
        yield unjudged("", "an answer has no count of input tokens")
        return
    least = args.get("least", 1)
    grows = any(all(more - less >= least for less, more in pairwise(totals)) for totals in told)
    wanted = "more input tokens for more input" + (f", at least {least}" if least > 1 else "")
    yield check("", grows, wanted, f"total input {_listed(told[0])}")


@kind("same-input-tokens", valid=True)
def same_input_tokens(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """The totals differ by at most the share `tolerance` or `slack` tokens; with `noted` a spread is only mentioned.

    With `inclusive` it is enough that the input tokens do so without those of the cache: the contract does not say
    whether they hold them, and an answer may be read from a cache that another one filled.
    """
    yield from _same_totals(evidence, args)


def _same_totals(evidence: Evidence, args: Args) -> Iterable[Finding]:
    counts = (total_input, _own_input) if args.get("inclusive") else (total_input,)
    told = [found for counted in counts if (found := _totals(evidence, counted)) is not None]
    if not told:
        yield unjudged("", "an answer has no count of input tokens")
        return
    totals = min(told, key=lambda found: max(found) - min(found))
    spread, seen = max(totals) - min(totals), f"total input {_listed(totals)}"
    within = spread <= max(args.get("slack", 0), args.get("tolerance", 0) * max(totals))
    if spread and (within or args.get("noted")):
        yield note("", "the same total input for the same input", seen)
    yield check("", within or bool(args.get("noted")), "the same total input for the same input", seen)


def _listed(totals: list[int]) -> str:
    return " and ".join(map(str, totals))


@kind("same-model-and-usage", valid=True)
def same_model_and_usage(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """The answers name the same model and, as for same-input-tokens, the same total input."""
    yield from _same_totals(evidence, args)
    messages = [message_of(rows[-1].reading) for rows in evidence.probes]
    models = [message.get("model") for message in messages if message is not None]
    if not all(isinstance(model, str) for model in models) or len(models) < len(messages):
        yield unjudged("", "an answer names no model to compare")
    else:
        same = all(model == models[0] for model in models)
        yield check("", same, "the same model for the same request", " and ".join(map(shown, models)))


@kind("same-stop-reason", valid=True)
def same_stop_reason(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """The answers have the same stop reason; where they differ, only equal texts make it a breach."""
    readings = [rows[-1].reading for rows in evidence.probes]
    if any(message_of(reading) is None for reading in readings):
        yield unjudged("", "an answer has no message to compare")
        return
    if any(stop_reason(reading) not in evidence.run.terms.profile.stop_reasons for reading in readings):
        yield unjudged("", "an answer has no stop_reason that the contract knows")
        return
    reasons = [shown(stop_reason(reading)) for reading in readings]
    if len(set(reasons)) == 1:
        yield held("")
    elif len({reading.text for reading in readings}) == 1:
        yield broken("", "the same stop_reason for the same text", " and ".join(reasons))
    else:
        yield unjudged("", "the model did not answer the same way twice")


@kind("distinct-ids", valid=True)
def distinct_ids(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Every request is served with a message id of its own and, with `request_ids`, a request id of its own."""
    for record in evidence.records:
        if not is_served(record.exchange):
            yield broken("", "status 200", answer_of(record.exchange), Where(record.seq))
    messages = (message_of(record.reading) for record in evidence.records)
    yield from _distinct("message id", [message.get("id") for message in messages if message])
    if args.get("request_ids"):
        names = evidence.run.terms.profile.request_id_headers
        found = [_request_id(record, names) for record in evidence.records]
        yield from _distinct("request id", [value for value in found if value])


def _request_id(record: Record, names: Iterable[str]) -> str | None:
    return next((value for name in names if (value := record.exchange.header(name))), None)


def _distinct(what: str, values: list[Any]) -> Iterable[Finding]:
    """Absent ids are the business of RESP-002 and HDR-012."""
    ids = [value for value in values if isinstance(value, str)]
    if len(ids) < 2:
        return
    repeated = sorted({value for value in ids if ids.count(value) > 1})
    yield check("", not repeated, f"a {what} of its own for each answer", f"repeated: {shown(repeated)}")


@kind("no-crosstalk")
def no_crosstalk(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """No answer holds the marker that another request was sent with: the last word of its prompt."""
    served = [record for record in evidence.records if is_served(record.exchange)]
    if len(served) < ENOUGH:
        yield unjudged("", f"only {len(served)} of {len(evidence.records)} parallel requests were served")
        return
    markers = {record.seq: _marker(record) for record in evidence.records}
    for record in served:
        others = {marker for marker in markers.values() if marker and marker != markers[record.seq]}
        strange = sorted(marker for marker in others if _holds(record, marker))
        seen = f"the marker of another request: {shown(strange)}"
        yield check("", not strange, "nothing of another request", seen, Where(record.seq))


def _marker(record: Record) -> str:
    messages = asked(record.reading).get("messages")
    words = str(messages[-1].get("content", "")).split() if isinstance(messages, list) and messages else []
    return words[-1] if words else ""


def _holds(record: Record, marker: str) -> bool:
    return marker in record.reading.text or marker.encode() in record.reading.body


@kind("after-hang-up", valid=True)
def after_hang_up(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """The last `then` requests are served, after streams that we left in the middle, and as fast as ever: within
    SLOW seconds, or SLOWER times as long as the slowest plain control took.
    """
    records, count = evidence.records, int(args["then"])
    left = [record for record in records[:-count] if record.exchange.end.how is Ending.HUNG_UP]
    if not left:
        yield unjudged("", "no stream was left in the middle")
        return
    for record in records[-count:]:
        expected = f"status 200 after {len(left)} abandoned streams"
        yield check("", is_served(record.exchange), expected, answer_of(record.exchange), Where(record.seq))
        usual = max((row.exchange.elapsed for row in evidence.run.sent(PLAIN)), default=0.0)
        took, most = record.exchange.elapsed, max(SLOW, SLOWER * usual)
        yield check("", took <= most, f"an answer within {most:.0f} s, as ever", f"{took:.1f} s", Where(record.seq))


@kind("keeps-connection")
def keeps_connection(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Every request is answered over the connection of the one before, the last with 200.

    A connection may be left where its close was declared, also by an answer in HTTP/1.0 (RFC 9112 §9.3), or where only
    the close ends the body (§6.3), and says nothing where the exchange before did not come to its end.
    """
    records = evidence.records
    for record in records:
        answered = record.exchange.status is not None
        yield check("", answered, "an answer", answer_of(record.exchange), Where(record.seq))
    last = evidence.last
    expected = "status 200 for a valid request on a used connection"
    yield check("", is_served(last.exchange), expected, answer_of(last.exchange), Where(last.seq))
    for before, after in pairwise(records):
        kept = before.exchange.connection == after.exchange.connection
        if _is_all_there(before) and not _closes(before.exchange) and _at_once(before, after):
            expected = "the connection kept, or a declared Connection: close"
            yield check("", kept, expected, "closed without a word", Where(before.seq, header="connection"))


def _is_all_there(record: Record) -> bool:
    """Whether an answer came to its end; also where its framing announces more than the whole JSON that came."""
    how, reading = record.exchange.end.how, record.reading
    return how is Ending.COMPLETE or (how is Ending.CLOSED_EARLY and not reading.is_stream and reading.json.usable)


def _at_once(before: Record, after: Record) -> bool:
    """Whether a request followed at once: an idle connection may be closed, and so may one with a try in between,
    which a back-off follows."""
    pause = after.exchange.began - before.exchange.began - before.exchange.elapsed
    return pause < IDLE


def _closes(exchange: Exchange) -> bool:
    """Whether an answer says that its connection ends: in words, by its framing, or by being HTTP/1.0."""
    framed = exchange.header("content-length") or exchange.header("transfer-encoding")
    said = ",".join(exchange.header_values("connection")).lower()
    return not framed or "close" in said or (exchange.version == "1.0" and "keep-alive" not in said)
