"""The wire format of a stream: media type, bytes, grammar, names and data of its events (SSE-001 to -010).

One fault, one requirement: a sentinel is SSE-008's alone, a nameless event SSE-005's, a faulty ping STRM-024's, a
faulty error event STRM-025's, and two events run into one by a missing blank line SSE-003's.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from conformance.evidence.run import Terms
from conformance.rules.answers import STREAM_TYPE, asks_for_stream, is_served_message, is_served_stream, is_whole
from conformance.rules.findings import Finding, Where, broken, check, held, note, shown
from conformance.rules.judged import is_error_object
from conformance.rules.registry import exchange_rule
from conformance.rules.scope import asks_for_message
from conformance.wire.jsontext import JsonFaultKind, Parsed
from conformance.wire.reading import Reading
from conformance.wire.sse import LEGAL, Malformation, MalformationKind, ServerSentEvent
from conformance.wire.stream_breach import StreamEvent
from conformance.wire.stream_checks import classify
from conformance.wire.stream_tables import EventType

#: Departures that have a requirement of their own, or (a cut-off end) say nothing about the grammar.
OWNED = frozenset({MalformationKind.BOM, MalformationKind.INVALID_UTF8, MalformationKind.UNTERMINATED})
#: Statuses that say that a request was served, and not by the message it asks for.
OTHER_SUCCESSES = range(201, 300)
UNCACHEABLE = frozenset({"no-cache", "no-store"})


@exchange_rule("SSE-001")
def stream_is_served(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-001, for every request with `stream: true` that was served; an error under 200 is RESP-012's."""
    status = reading.exchange.status
    if status in OTHER_SUCCESSES and asks_for_message(reading.exchange) and asks_for_stream(reading):
        yield broken("SSE-001", "status 200", f"status {status}")
    elif is_served_message(reading.exchange) and asks_for_stream(reading) and not is_error_object(reading.message):
        seen = shown(reading.exchange.header("content-type"))
        yield check("SSE-001", reading.is_stream, STREAM_TYPE, seen, Where(header="content-type"))


def _of_kind(reading: Reading, kind: MalformationKind) -> Malformation | None:
    return next((found for found in reading.decoded.malformations if found.kind is kind), None)


@exchange_rule("SSE-002")
def stream_is_utf8(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-002."""
    if not is_served_stream(reading):
        return
    if reading.charset not in (None, "utf-8", "utf8"):
        yield broken("SSE-002", "charset utf-8 or none", shown(reading.charset), Where(header="content-type"))
    elif fault := _of_kind(reading, MalformationKind.INVALID_UTF8):
        yield broken("SSE-002", "valid UTF-8", fault.detail, Where(byte=fault.offset))
    elif reading.body:
        yield held("SSE-002")


@exchange_rule("SSE-003")
def stream_keeps_the_grammar(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-003; what the grammar allows though few use it is a note, once for each kind."""
    if not is_served_stream(reading):
        return
    first = {found.kind: found for found in reversed(reading.decoded.malformations) if found.kind not in OWNED}
    for kind, found in first.items():
        say = note if kind in LEGAL else broken
        yield say("SSE-003", "events as the grammar has them", f"{kind}: {found.detail}", Where(byte=found.offset))
    if reading.decoded.events and not first.keys() - LEGAL:
        yield held("SSE-003")


@exchange_rule("SSE-004")
def stream_has_no_byte_order_mark(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-004."""
    if is_served_stream(reading) and reading.body:
        fault = _of_kind(reading, MalformationKind.BOM)
        yield check("SSE-004", fault is None, "no byte order mark", "EF BB BF", Where(byte=0))


@dataclass(frozen=True, slots=True)
class Judged:
    """The terminated events whose faults are not owned by another requirement, and the numbers of those whose data is
    text (no JSON and no beginning of an object) or holds a word such as NaN."""

    events: tuple[StreamEvent, ...]
    texts: frozenset[int]
    constants: frozenset[int]


@lru_cache(maxsize=2)
def _judged(reading: Reading) -> Judged:
    """What is judged of a stream; kept for the rules that follow."""
    if not is_served_stream(reading):
        return Judged((), frozenset(), frozenset())
    faults = reading.decoded.malformations
    repeated = [fault.offset for fault in faults if fault.kind is MalformationKind.REPEATED_EVENT]
    rows = zip(reading.decoded.events, reading.events, strict=False)
    return Judged(
        tuple(event for raw, event in rows if not (repeated and _is_merged(raw, repeated)) and not _is_owned(event)),
        frozenset(number for number, parsed in reading.unusual.items() if _is_text(parsed, _text(reading, number))),
        frozenset(number for number, parsed in reading.unusual.items() if _holds_constant(parsed)),
    )


def _is_merged(raw: ServerSentEvent, repeated: Sequence[int]) -> bool:
    """Whether a second name came inside the event; `repeated` are the offsets of such names, rising."""
    place = bisect_left(repeated, raw.offset)
    return place < len(repeated) and repeated[place] < raw.end


def _is_owned(event: StreamEvent) -> bool:
    kind = classify(event)
    return kind is EventType.ERROR or (kind is EventType.PING and event.type != EventType.PING)


def _text(reading: Reading, number: int) -> str:
    return reading.decoded.events[number].data


def _is_text(parsed: Parsed, text: str) -> bool:
    """Data that is no JSON and no beginning of an object: a sentinel or plain words (SSE-008)."""
    return not parsed.usable and not text.lstrip().startswith("{")


def _holds_constant(parsed: Parsed) -> bool:
    """Whether not every reader takes the data for JSON (SSE-007)."""
    return any(fault.kind is JsonFaultKind.CONSTANT for fault in parsed.faults)


def _each(
    requirement: str,
    events: Sequence[StreamEvent],
    bad: Sequence[StreamEvent],
    expected: str,
    seen: Callable[[StreamEvent], str],
) -> Iterable[Finding]:
    """One finding for a stream: the first event that breaks the clause, with the number of others, or that it held."""
    if bad:
        more = f" (and {len(bad) - 1} more events)" if bad[1:] else ""
        where = Where(event=bad[0].index, byte=bad[0].offset)
        return (broken(requirement, expected, seen(bad[0]) + more, where),)
    return (held(requirement),) if events else ()


def _speaking(judged: Judged) -> Sequence[StreamEvent]:
    """The events without those that are text."""
    texts = judged.texts
    return [event for event in judged.events if event.index not in texts] if texts else judged.events


@exchange_rule("SSE-005")
def events_have_names(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-005."""
    events = _speaking(_judged(reading))
    bad = [event for event in events if not event.name]
    return _each("SSE-005", events, bad, "an event field", lambda _: "an event without a name")


@exchange_rule("SSE-006")
def names_equal_types(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-006, for events that have both."""
    events = [event for event in _judged(reading).events if event.name and event.type is not None]
    bad = [event for event in events if event.name != event.type]
    return _each("SSE-006", events, bad, "the name that the data's type says", _name_and_type)


def _name_and_type(event: StreamEvent) -> str:
    return f"event {shown(event.name)} with type {shown(event.type)}"


@exchange_rule("SSE-007")
def data_is_an_object(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-007: half an object, two of them, or one without a type. Other text is SSE-008's."""
    judged = _judged(reading)
    events = _speaking(judged)
    bad = [event for event in events if event.type is None or event.index in judged.constants]
    expected = "one JSON object with a string type"
    return _each("SSE-007", events, bad, expected, lambda event: shown(_text(reading, event.index)))


@exchange_rule("SSE-008")
def no_sentinels(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-008."""
    judged = _judged(reading)
    bad = [event for event in judged.events if event.index in judged.texts]
    return _each("SSE-008", judged.events, bad, "JSON data", lambda event: shown(_text(reading, event.index)))


@exchange_rule("SSE-009")
def last_event_is_terminated(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-009, for streams that the target ended as its framing announced."""
    if is_served_stream(reading) and is_whole(reading.exchange) and reading.body:
        fault = _of_kind(reading, MalformationKind.UNTERMINATED)
        where = Where(byte=fault.offset) if fault else Where()
        yield check(
            "SSE-009", fault is None, "a blank line behind the last event", fault.detail if fault else "", where
        )


@exchange_rule("SSE-010")
def stream_is_uncacheable(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-010, for streams that bring a message: what else comes as an event stream has faults of its own."""
    if is_served_stream(reading) and any(event.type == "message_start" for event in reading.events):
        value = ", ".join(reading.exchange.header_values("cache-control"))
        words = {part.partition("=")[0].strip().lower() for part in value.split(",")}
        where = Where(header="cache-control")
        yield check(
            "SSE-010", bool(words & UNCACHEABLE), "no-cache or no-store", shown(value) if value else "none", where
        )
