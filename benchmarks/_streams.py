"""One long streamed message of each kind, and its bytes in the pieces in which a socket gives them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

SAID = "the stream goes on and on until every token of this long answer has been said, word for word"
#: The most bytes that one read of a socket gives (httpx asks for so many).
MOST_READ = 65_536


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of content block: its start, its delta, and the delta that ends it."""

    start: dict[str, Any]
    delta: str
    payload: str
    last: dict[str, Any] | None = None


KINDS = {
    "text": Kind({"type": "text", "text": ""}, "text_delta", "text"),
    "tool": Kind(
        {"type": "tool_use", "id": "toolu_01", "name": "note", "input": {}}, "input_json_delta", "partial_json"
    ),
    "thinking": Kind(
        {"type": "thinking", "thinking": "", "signature": ""},
        "thinking_delta",
        "thinking",
        {"type": "signature_delta", "signature": "c2lnbmF0dXJl" * 40},
    ),
}


def events(kind: Kind, deltas: int) -> Iterator[dict[str, Any]]:
    """The events of a message with one block of so many deltas, a ping among them now and then."""
    usage = {"input_tokens": 25, "output_tokens": 1}
    yield {
        "type": "message_start",
        "message": {
            "id": "msg_0123456789", "type": "message", "role": "assistant", "model": "reference-1", "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": usage,
        },
    }  # fmt: skip
    yield {"type": "content_block_start", "index": 0, "content_block": kind.start}
    for number, piece in enumerate(_pieces(kind.payload, deltas)):
        if number % 1000 == 0:
            yield {"type": "ping"}
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": kind.delta, kind.payload: piece}}
    if kind.last:
        yield {"type": "content_block_delta", "index": 0, "delta": kind.last}
    yield {"type": "content_block_stop", "index": 0}
    reason = "tool_use" if kind.start["type"] == "tool_use" else "end_turn"
    delta = {"stop_reason": reason, "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": deltas}}
    yield {"type": "message_stop"}


def _pieces(payload: str, deltas: int) -> Iterator[str]:
    """The payloads of the deltas: words, or the members of one JSON object in pieces."""
    said = SAID.split()
    words = (f"{said[number % len(said)]} " for number in range(deltas))
    if payload != "partial_json":
        yield from words
        return
    yield '{"note": "'
    for _ in range(deltas - 2):
        yield next(words)
    yield '"}'


def body(kind: str, deltas: int) -> bytes:
    """The body of the stream, as the official service writes it."""
    rows = events(KINDS[kind], deltas)
    return "".join(f"event: {row['type']}\ndata: {json.dumps(row, separators=(',', ':'))}\n\n" for row in rows).encode()


def chunks(data: bytes, seed: int = 1) -> list[bytes]:
    """The body in pieces, cut anywhere: mostly an event or a few, now and then what had gathered."""
    draw, found, start = Random(seed), [], 0
    while start < len(data):
        size = draw.choice((100, 130, 160, 400, 1_400, 4_096, MOST_READ))
        found.append(data[start : start + draw.randint(size // 2, size)])
        start += len(found[-1])
    return found
