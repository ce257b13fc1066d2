"""Events of well-formed streams, to be taken apart by the tests."""

from collections.abc import Iterable
from typing import Any

from conformance.wire.stream_breach import StreamEvent

Data = dict[str, Any]


def start(**message: Any) -> Data:
    usage = {"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 4}
    base: Data = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    base |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
    return {"type": "message_start", "message": base | message}


def opens(index: Any = 0, **block: Any) -> Data:
    return {"type": "content_block_start", "index": index, "content_block": block or {"type": "text", "text": ""}}


def tool(index: Any = 0, **fields: Any) -> Data:
    return opens(index, **({"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {}} | fields))


def thinking(index: Any = 0) -> Data:
    return opens(index, type="thinking", thinking="")


def delta(index: Any, kind: str, **payload: Any) -> Data:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind} | payload}


def text(index: Any, value: Any) -> Data:
    return delta(index, "text_delta", text=value)


def json_part(index: Any, value: Any) -> Data:
    return delta(index, "input_json_delta", partial_json=value)


def closes(index: Any = 0) -> Data:
    return {"type": "content_block_stop", "index": index}


def ends(reason: Any = "end_turn", tokens: Any = 5, **usage: Any) -> Data:
    usage = {"output_tokens": tokens} | usage
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}


STOP: Data = {"type": "message_stop"}
PING: Data = {"type": "ping"}
ERROR: Data = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}

TEXT_BLOCK = (opens(0), text(0, "Hel"), text(0, "lo"), closes(0))
TOOL_BLOCK = (tool(0), json_part(0, ""), json_part(0, '{"n":'), json_part(0, " 3}"), closes(0))
THINKING_BLOCK = (
    thinking(0),
    delta(0, "thinking_delta", thinking="hm"),
    delta(0, "signature_delta", signature="s"),
    closes(0),
)


def stream(*middle: Data, stop: Data | None = None) -> tuple[Data, ...]:
    """A whole stream around some blocks."""
    return (start(), *middle, stop or ends(), STOP)


def events(datas: Iterable[Data]) -> list[StreamEvent]:
    """Numbered events, each named by its type."""
    return [named(data, data.get("type"), index) for index, data in enumerate(datas)]


def named(data: Data | None, name: str | None, index: int = 0) -> StreamEvent:
    kind = None if data is None else data.get("type")
    return StreamEvent(index, name, kind if isinstance(kind, str) else None, data)
