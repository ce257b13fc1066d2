"""Faults in streams: the order of the events and what they carry."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from conformance.reference.events import Event, block_events
from conformance.reference.faults._edit import ANTHROPIC, Row, both, each, put, sequence, table, without
from conformance.reference.seams import Apply, Context, Fault, Seam

Events = list[Event]
START, DELTA, STOP = "content_block_start", "content_block_delta", "content_block_stop"


def _places(events: Events, *kinds: str) -> list[int]:
    return [place for place, event in enumerate(events) if event["type"] in kinds]


def _dropped(*kinds: str) -> Apply:
    return sequence(lambda events: [event for event in events if event["type"] not in kinds])


def _moved(kind: str, before: str, last: bool = False) -> Apply:
    """Move the first event of a type to the place of another event."""

    def edit(events: Events) -> Events:
        places, targets = _places(events, kind), _places(events, before)
        if not places or not targets:
            return events
        moved, target = events[places[0]], events[targets[-1 if last else 0]]
        rest = [event for event in events if event is not moved]
        at = next(place for place, event in enumerate(rest) if event is target)
        return [*rest[:at], moved, *rest[at:]]

    return sequence(edit)


def _copied(kind: str, after: str, change: Callable[[Event], Event] = dict) -> Apply:
    """Send the first event of a type once more behind the last event of another type."""

    def edit(events: Events) -> Events:
        places, targets = _places(events, kind), _places(events, after)
        if not places or not targets:
            return events
        at = targets[-1] + 1
        return [*events[:at], change(copy.deepcopy(events[places[0]])), *events[at:]]

    return sequence(edit)


def _reindexed(number: Callable[[int], int]) -> Apply:
    """Give the blocks other index numbers, consistently."""
    return sequence(lambda evs: [{**e, "index": number(e["index"])} if "index" in e else e for e in evs])


def _second_block(events: Any, context: Context) -> Any:
    """Two blocks whose events interleave."""
    starts, stops = _places(events, START), _places(events, STOP)
    if not starts:
        return events
    number = events[starts[-1]]["index"] + 1
    more = list(block_events(number, {"type": "text", "text": " More."}))
    return [*events[: stops[-1]], more[0], events[stops[-1]], *more[1:], *events[stops[-1] + 1 :]]


def _snapshots(events: Any, context: Context) -> Any:
    told, result = "", []
    for event in events:
        if event.get("delta", {}).get("type") == "text_delta":
            told += event["delta"]["text"]
            event = {**event, "delta": {"type": "text_delta", "text": told}}
        result.append(event)
    return result


def _in_start(events: Any, context: Context) -> Any:
    """The first delta of a text moves into the start of its block."""
    deltas = [event for event in events if event.get("delta", {}).get("type") == "text_delta"]
    starts = [event for event in events if event["type"] == START and event["content_block"].get("type") == "text"]
    if not deltas or not starts:
        return events
    begun = {**starts[0], "content_block": {**starts[0]["content_block"], "text": deltas[0]["delta"]["text"]}}
    return [begun if event is starts[0] else event for event in events if event is not deltas[0]]


def _failing(event: Event | None, after: bool = False) -> Apply:
    """An error in the middle of the stream, with or without the rest behind it."""

    def edit(events: Events) -> Events:
        at = (_places(events, START) or [1])[0] + 1
        return [*events[:at], *([event] if event else []), *(events[at:] if after else [])]

    return sequence(edit)


def _wrong_delta(delta: dict[str, Any], kinds: Sequence[str] = ("text", "tool_use")) -> Apply:
    """A delta behind every start of a block of these kinds."""

    def edit(events: Events) -> Events:
        result: Events = []
        for event in events:
            result.append(event)
            if event["type"] == START and event["content_block"].get("type") in kinds:
                result.append({"type": DELTA, "index": event["index"], "delta": dict(delta)})
        return result

    return sequence(edit)


def _arguments_in_start(events: Any, context: Context) -> Any:
    calls = [block for block in context.body.get("tools", []) if block]
    kept = [e for e in events if e.get("delta", {}).get("type") != "input_json_delta"]
    return [put("content_block.input", {"n": 1})(e, context) if calls and _starts_tool(e) else e for e in kept]


def _starts_tool(event: Event) -> bool:
    return bool(event["type"] == START and event["content_block"].get("type") == "tool_use")


def _json_twice(events: Any, context: Context) -> Any:
    result: Events = []
    for event in events:
        result.append(event)
        if event.get("delta", {}).get("partial_json") == "":
            extra = {"type": "input_json_delta", "partial_json": '{"extra":1}'}
            result.append({**event, "delta": extra})
    return result


def _signature_first(events: Any, context: Context) -> Any:
    moved = [event for event in events if event.get("delta", {}).get("type") == "signature_delta"]
    result: Events = []
    for event in events:
        if event not in moved:
            result.append(event)
        if event["type"] == START and event["content_block"].get("type") == "thinking":
            result.extend(moved)
    return result


def _fewer_inputs(counts: Any) -> Any:
    changed = {**counts, "input_tokens": max(1, counts["input_tokens"] // 2)}
    if "total_tokens" in counts:
        changed["total_tokens"] = changed["input_tokens"] + changed["output_tokens"]
    return changed


ERROR_EVENT: Event = {"type": "error", "error": {"type": "api_error", "message": "the model failed"}}
OPENAI_ERROR: Event = {"type": "error", "message": "the model failed", "code": 500}
MSG = "message_start"
LAST = "message_delta"

EVENT_ROWS: tuple[Row, ...] = (
    ("message-start-missing", "STRM-001", "the stream has no message_start", _dropped(MSG)),
    ("message-start-late", "STRM-001", "a block starts before message_start", _moved(START, MSG)),
    ("message-start-twice", "STRM-002", "message_start is sent twice", _copied(MSG, MSG)),
    ("message-start-empty", "STRM-003", "message_start has no id", each(MSG, without("message.id"))),
    ("start-content-null", "STRM-004", "message_start has content null", each(MSG, put("message.content", None))),
    (
        "start-reason-set",
        "STRM-005",
        "message_start has a stop_reason",
        each(MSG, put("message.stop_reason", "end_turn")),
    ),
    ("start-usage-missing", "STRM-006", "message_start has no usage", each(MSG, without("message.usage"))),
    ("start-input-zero", "STRM-007", "message_start counts no input", each(MSG, put("message.usage.input_tokens", 0))),
    ("index-from-one", "STRM-008", "block indexes begin at 1", _reindexed(lambda index: index + 1)),
    ("index-gap", "STRM-008", "block indexes leave a gap", _reindexed(lambda index: index * 2 + 2)),
    ("start-without-text", "STRM-009", "a text block starts without text", each(START, without("content_block.text"))),
    ("text-in-start", "STRM-010", "the first text is part of the block's start", _in_start),
    ("delta-before-start", "STRM-011", "a delta comes before its block starts", _moved(DELTA, START)),
    (
        "delta-other-index",
        "STRM-011",
        "deltas name a block that was never started",
        each(DELTA, put("index", lambda index: index + 7)),
    ),
    (
        "delta-of-other-kind",
        "STRM-012",
        "blocks get a delta that belongs to another block type",
        _wrong_delta({"type": "thinking_delta", "thinking": "hm"}),
    ),
    (
        "delta-text-null",
        "STRM-013",
        "a text delta is null",
        _wrong_delta({"type": "text_delta", "text": None}, ("text",)),
    ),
    ("block-stop-missing", "STRM-014", "blocks are never stopped", _dropped(STOP)),
    ("blocks-overlap", "STRM-015", "a block starts before the one before it stops", _second_block),
    ("delta-after-stop", "STRM-016", "a delta comes after its block has stopped", _copied(DELTA, STOP)),
    ("stop-reason-never", "STRM-017", "message_delta has stop_reason null", each(LAST, put("delta.stop_reason", None))),
    ("message-delta-missing", "STRM-017", "the stream has no message_delta", _dropped(LAST)),
    (
        "message-delta-early",
        "STRM-018",
        "stop_reason is sent before the last block ends",
        _moved(LAST, STOP, last=True),
    ),
    ("delta-usage-missing", "STRM-019", "message_delta has no usage", each(LAST, without("usage"))),
    (
        "output-not-cumulative",
        "STRM-020",
        "the output count falls",
        each(MSG, put("message.usage.output_tokens", lambda old: old + 100_000)),
    ),
    ("delta-input-zero", "STRM-021", "message_delta resets the input count", each(LAST, put("usage.input_tokens", 0))),
    (
        "stop-reason-reset",
        "STRM-022",
        "a second message_delta resets stop_reason",
        _copied(LAST, LAST, lambda event: {**event, "delta": {"stop_reason": None, "stop_sequence": None}}),
    ),
    ("message-stop-missing", "STRM-023", "the stream ends without message_stop", _dropped("message_stop")),
    ("message-stop-twice", "STRM-023", "message_stop is sent twice", _copied("message_stop", "message_stop")),
    ("event-after-stop", "STRM-023", "an event follows message_stop", _copied(LAST, "message_stop")),
    ("stream-breaks-off", "STRM-023", "the stream ends in its first block", _failing(None)),
    ("error-shape-foreign", "STRM-025", "an in-stream error has no error object", _failing(OPENAI_ERROR)),
    ("stop-after-error", "STRM-026", "content follows an in-stream error", _failing(ERROR_EVENT, after=True)),
    ("text-snapshots", "STRM-027", "text deltas repeat everything before them", _snapshots),
    ("arguments-twice", "STRM-028", "tool arguments are two JSON objects", _json_twice),
    ("arguments-in-start", "STRM-029", "tool arguments stand in the block's start alone", _arguments_in_start),
    (
        "stream-input-differs",
        "EQV-003",
        "a stream counts half the input",
        both(each(MSG, put("message.usage", _fewer_inputs)), each(LAST, put("usage", _fewer_inputs))),
    ),
)
ANTHROPIC_EVENT_ROWS: tuple[Row, ...] = (
    ("signature-first", "STRM-030", "the signature comes before the thinking", _signature_first),
)


EVENT_FAULTS: tuple[Fault, ...] = (
    *table(Seam.EVENTS, EVENT_ROWS),
    *table(Seam.EVENTS, ANTHROPIC_EVENT_ROWS, ANTHROPIC),
    Fault(
        "stream-reason-foreign",
        Seam.EVENTS,
        "EQV-001",
        "the streamed message ends with a word JSON never has",
        each(LAST, put("delta.stop_reason", "stop")),
        also=("RESP-010",),
    ),
)
