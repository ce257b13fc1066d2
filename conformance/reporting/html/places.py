"""Where in a body a finding points to, in bytes."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.rules.findings import Where
from conformance.wire.reading import Reading

LARGEST = 256 * 1024  #: bytes of a JSON text in which a pointer is looked up

_SPACE = re.compile(r"[ \t\r\n]*")
_DATA = re.compile(rb"(?:\A|[\r\n])data: ?")
_DECODER = json.JSONDecoder()
_BROKEN = (ValueError, IndexError, RecursionError)  #: what reading a text that is no JSON may raise

Span = tuple[int, int]  #: first byte, byte behind the last


@dataclass(frozen=True, slots=True)
class Mark:
    """What is marked in a body: the event, and the value or byte; inside the event where there are both."""

    event: Span | None = None
    spot: Span | None = None

    @property
    def focus(self) -> Span | None:
        """What has to be seen first."""
        return self.spot or self.event


def mark(reading: Reading, where: Where) -> Mark:
    """What a place marks in the decoded body; nothing where the body has no such place."""
    body = reading.body
    event = event_span(reading, where.event)
    if event is not None:
        return Mark(event, _in_event(body, event, where))
    if where.byte is not None:
        return Mark(None, _character(body, where.byte))
    return Mark(None, _value(body, where.pointer))


def event_span(reading: Reading, number: int | None) -> Span | None:
    """The bytes of an event from its first field to its end, or None when there is no such event."""
    tail = (reading.decoded.tail,) if reading.decoded.tail else ()
    events = (*reading.decoded.events, *tail)
    if number is None or not 0 <= number < len(events):
        return None
    return events[number].offset, events[number].end


def _in_event(body: bytes, event: Span, where: Where) -> Span | None:
    start, end = event
    if where.byte is not None and start < where.byte < end:
        return _character(body, where.byte)
    inside = body[start:end]
    data = _DATA.search(inside)
    found = _value(inside[data.end() :], where.pointer) if data else None
    begins = start + (data.end() if data else 0)
    return (begins + found[0], begins + found[1]) if found else None


def _character(body: bytes, byte: int) -> Span | None:
    """The character that holds a byte."""
    if not 0 <= byte < len(body):
        return None
    return aligned(body, byte, -1), aligned(body, byte + 1, 1)


def aligned(body: bytes, byte: int, step: int) -> int:
    """The nearest offset in the direction of `step`, at most three bytes away, at which no character is cut."""
    places = range(byte, byte + 4 * step, step)
    return next((place for place in places if not 0 < place < len(body) or body[place] & 0xC0 != 0x80), byte)


def _value(body: bytes, pointer: str) -> Span | None:
    """The value at a JSON pointer, or the nearest one around where it should be; None for the whole text."""
    if not pointer or len(body) > LARGEST:
        return None
    try:
        told = body.decode()
        found = _span(told, [_unescaped(name) for name in pointer.split("/")[1:]])
    except _BROKEN:
        return None
    return (len(told[: found[0]].encode()), len(told[: found[1]].encode())) if found else None


def _unescaped(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")


def _span(told: str, names: list[str]) -> Span | None:
    start = whole = _skip(told, 0)
    for name in names:
        inside = next((place for key, place in reversed(list(_children(told, start))) if key == name), None)
        if inside is None:
            break
        start = inside
    return (start, _DECODER.raw_decode(told, start)[1]) if start != whole else None


def _children(told: str, at: int) -> Iterator[tuple[str, int]]:
    """The members or items of the value that begins at `at`: the name or number of each, and where it begins."""
    kind = told[at]
    if kind not in "[{":
        return
    at, number = _skip(told, at + 1), 0
    while told[at] not in "]}":
        name: str = str(number)
        if kind == "{":
            name, at = _DECODER.raw_decode(told, at)
            at = _skip(told, _skip(told, at) + 1)
        yield name, at
        at = _skip(told, _DECODER.raw_decode(told, at)[1])
        at, number = (_skip(told, at + 1) if told[at] == "," else at), number + 1


def _skip(told: str, at: int) -> int:
    found = _SPACE.match(told, at)
    return found.end() if found else at
