"""From a message to the events of a stream, and from events to the frames of an event stream (section 4.7)."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from conformance.reference.tokens import pieces
from conformance.reference.transfer import Frame

Event = dict[str, Any]

TOKENS_PER_DELTA = 2


def dump(value: Any) -> str:
    """Strict JSON text in one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def events(message: Mapping[str, Any], start_usage: Mapping[str, Any]) -> list[Event]:
    """The events that carry a message; `start_usage` is the usage known before the first token."""
    opening = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    if "usage" in message:
        opening["usage"] = dict(start_usage)
    blocks = [event for index, block in enumerate(message.get("content") or []) for event in block_events(index, block)]
    closing: Event = {
        "type": "message_delta",
        "delta": {key: message[key] for key in ("stop_reason", "stop_sequence") if key in message},
    }
    if "usage" in message:
        closing["usage"] = message["usage"]
    start = {"type": "message_start", "message": opening}
    return [start, {"type": "ping"}, *blocks, closing, {"type": "message_stop"}]


def block_events(index: int, block: Mapping[str, Any]) -> Iterator[Event]:
    """Start, deltas and stop of one content block."""
    first, deltas = SPLIT.get(str(block.get("type")), _whole)(block)
    yield {"type": "content_block_start", "index": index, "content_block": first}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


Split = tuple[dict[str, Any], list[dict[str, Any]]]


def _text(block: Mapping[str, Any]) -> Split:
    deltas = [{"type": "text_delta", "text": part} for part in portions(str(block.get("text", "")))]
    return {**block, "text": ""}, deltas


def _tool_use(block: Mapping[str, Any]) -> Split:
    given = block.get("input")
    parts = ["", *portions(json.dumps(given, ensure_ascii=False))] if given else [""]
    return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in parts]


def _thinking(block: Mapping[str, Any]) -> Split:
    deltas: list[dict[str, Any]] = [
        {"type": "thinking_delta", "thinking": part} for part in portions(str(block.get("thinking", "")))
    ]
    if "signature" in block:
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    return {**block, "thinking": "", "signature": ""}, deltas


def _whole(block: Mapping[str, Any]) -> Split:
    return dict(block), []


SPLIT: Mapping[str, Callable[[Mapping[str, Any]], Split]] = {
    "text": _text,
    "tool_use": _tool_use,
    "thinking": _thinking,
}


def portions(text: str) -> list[str]:
    """A text in parts of a few words."""
    tokens = pieces(text)
    return ["".join(tokens[at : at + TOKENS_PER_DELTA]) for at in range(0, len(tokens), TOKENS_PER_DELTA)]


def frame(event: Event, pause: float = 0.0) -> Frame:
    """One event as it stands in an event stream: its name, its data, a blank line."""
    return Frame(f"event: {event.get('type')}\ndata: {dump(event)}\n\n".encode(), pause)


def frames(stream: Sequence[Event], interval: float = 0.0) -> tuple[Frame, ...]:
    """The frames of a stream; every frame after the first waits `interval` seconds."""
    return tuple(frame(event, interval if number else 0.0) for number, event in enumerate(stream))
