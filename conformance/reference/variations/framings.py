"""Freedoms of server-sent events: blank lines, line ends, where chunks end, and how finely deltas are cut."""

import json
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from conformance.reference.events import Event
from conformance.reference.faults._edit import sequence
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.transfer import Frame
from conformance.reference.variations._rows import Row, table
from conformance.reference.variations.streams import PAYLOADS

Frames = tuple[Frame, ...]

CHARACTERS = 40
"""So many characters of a block come one by one, the rest at once: a page of text is not a test of patience."""


def _blank_lines(frames: Frames, context: Context) -> Frames:
    return (Frame(b"\n\n" + frames[0].data, frames[0].pause), *(Frame(f.data + b"\n", f.pause) for f in frames[1:]))


def _mixed_ends(frames: Frames, context: Context) -> Frames:
    ends = cycle((b"\n", b"\r\n", b"\r"))
    return tuple(Frame(one.data.replace(b"\n", next(ends)), one.pause) for one in frames)


def _lines(frames: Frames, context: Context) -> Frames:
    """Every line in a chunk of its own."""
    return tuple(
        Frame(line, 0.0 if number else one.pause)
        for one in frames
        for number, line in enumerate(one.data.splitlines(keepends=True))
    )


def _pairs(frames: Frames, context: Context) -> Frames:
    """Two events in a chunk."""
    twos = (frames[at : at + 2] for at in range(0, len(frames), 2))
    return tuple(Frame(b"".join(one.data for one in two), two[0].pause) for two in twos)


def _bare_ids(frames: Frames, context: Context) -> Frames:
    return tuple(Frame(b"id\nid:\n" + one.data, one.pause) for one in frames)


def _finely(event: Event) -> Iterator[Event]:
    """A delta cut into characters."""
    delta = event.get("delta")
    field = PAYLOADS.get(str(delta.get("type"))) if isinstance(delta, dict) else None
    if field is None or not delta or len(delta[field]) < 2:
        yield event
        return
    text = delta[field]
    for part in (*text[:CHARACTERS], text[CHARACTERS:]):
        if part:
            yield {**event, "delta": {**delta, field: part}}


def _spaced(events: list[Event]) -> list[Event]:
    """Arguments with white space in their JSON, in one delta behind an empty one."""
    result: list[Event] = []
    for event in events:
        if event.get("delta", {}).get("type") != "input_json_delta":
            result.append(event)
        elif event["delta"]["partial_json"] and result[-1].get("delta", {}).get("partial_json"):
            whole = result[-1]["delta"]["partial_json"] + event["delta"]["partial_json"]
            result[-1] = {**event, "delta": {"type": "input_json_delta", "partial_json": whole}}
        else:
            result.append(event)
    return [_indented(event) for event in result]


def _indented(event: Event) -> Event:
    text = event.get("delta", {}).get("partial_json")
    if not text:
        return event
    try:
        written = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return event
    return {**event, "delta": {"type": "input_json_delta", "partial_json": written}}


def _pings_with_fields(events: list[Event]) -> list[Event]:
    return [{**event, "at": 1} if event["type"] == "ping" else event for event in events]


FRAMING_ROWS: tuple[Row, ...] = (
    ("blank-lines", (), "more blank lines stand before and between events than it takes", _blank_lines),
    ("lines-end-mixed", (), "events end their lines by turns in LF, CRLF and CR", _mixed_ends),
    ("line-chunks", (), "every line of a stream is a chunk", _lines),
    ("pair-chunks", (), "two events come in one chunk", _pairs),
    ("ids-without-value", (), "id fields have no value, one of them no colon", _bare_ids),
)


def _each(events: Any, context: Context) -> Any:
    return [part for event in events for part in _finely(event)]


DELTA_ROWS: tuple[Row, ...] = (
    ("character-deltas", (), "deltas hold single characters", _each),
    ("arguments-indented", (), "the JSON of arguments is indented", sequence(_spaced)),
    ("pings-with-fields", (7,), "pings have a field that is not documented", sequence(_pings_with_fields)),
)

FRAMING_VARIATIONS: tuple[Variation, ...] = (
    *table(Seam.FRAMES, FRAMING_ROWS),
    *table(Seam.EVENTS, DELTA_ROWS),
)
