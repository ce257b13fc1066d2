"""A small second opinion, written from the contract's text: which bodies are certainly no message.

It knows nothing of the harness's own tables. What it rejects breaks a clause; of what it lets pass it says nothing.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_LETTERS = {
    "message_start": "S", "content_block_start": "B", "content_block_delta": "D", "content_block_stop": "E",
    "message_delta": "M", "message_stop": "Z", "error": "X",
}  # fmt: skip
_WHOLE = re.compile(r"S(BD*E)*M+Z")
_BROKEN_OFF = re.compile(r"(S(BD*E)*(BD*|M*)|S(BD*E)*M+Z)?X+")
_PAYLOADS = {
    "text_delta": ("text", "text"), "input_json_delta": ("tool_use", "partial_json"),
    "thinking_delta": ("thinking", "thinking"), "signature_delta": ("thinking", "signature"),
}  # fmt: skip
_STARTS: Mapping[str, Mapping[str, Any]] = {
    "text": {"text": ""}, "thinking": {"thinking": ""}, "tool_use": {"input": {}},
}  # fmt: skip


class Rejected(Exception):
    """Why a body is no message."""


def _need(holds: object, why: str) -> None:
    if not holds:
        raise Rejected(why)


def rejected_stream(body: bytes) -> str:
    """Why a body is no stream of a message or of an error, "" where this oracle knows nothing against it."""
    try:
        events = [_event(name, data) for name, data in _events(body)]
        letters = "".join(_LETTERS.get(event["type"], "") for event in events)
        if not _BROKEN_OFF.fullmatch(letters):
            _need(_WHOLE.fullmatch(letters), f"the order {letters}")
            _message([event for event in events if event["type"] in _LETTERS])
    except Rejected as why:
        return str(why)
    return ""


def _events(body: bytes) -> list[tuple[str | None, str]]:
    """Name and data of each event, by the grammar of server-sent events."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected("no UTF-8") from None
    _need(not text.startswith("\ufeff"), "a byte order mark")
    *lines, rest = re.split(r"\r\n|\n|\r", text)
    found: list[tuple[str | None, str]] = []
    name: str | None = None
    data: list[str] = []
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            if data:
                found.append((name, "\n".join(data)))
            name, data = None, []
        elif field == "data":
            data.append(value)
        elif field == "event":
            name = value
    _need(not data and name is None and (not rest or rest.startswith(":")), "the last event is not ended")
    return found


def _refuse(word: str) -> None:
    raise ValueError(word)


def _event(name: str | None, data: str) -> Mapping[str, Any]:
    try:
        value = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Rejected("data that is no JSON") from None
    _need(isinstance(value, dict) and isinstance(value.get("type"), str), "data that is no typed object")
    _need(name == value["type"], "a name that is not the type")
    found: Mapping[str, Any] = value
    return found


def _message(events: Sequence[Mapping[str, Any]]) -> None:
    """A whole message in the right order: what its events must hold."""
    _start(events[0])
    kind, index, deltas = "", -1, list[Mapping[str, Any]]()
    ends = [event for event in events if event["type"] == "message_delta"]
    for event in events:
        match event["type"]:
            case "content_block_start":
                index, kind, deltas = index + 1, _block(event, index + 1), []
            case "content_block_delta":
                deltas.append(_delta(event, index, kind))
            case "content_block_stop":
                _index(event, index)
                _arguments(kind, deltas, ends)
            case "message_delta":
                _need(isinstance(event.get("delta"), dict), "no delta")
                _need(_count(event, "usage", "output_tokens"), "no output_tokens")
    _need(any(isinstance(event["delta"].get("stop_reason"), str) for event in ends), "no stop_reason")


def _start(event: Mapping[str, Any]) -> None:
    message = event.get("message")
    if not isinstance(message, dict):
        raise Rejected("no message")
    _need(message.get("type") == "message" and message.get("role") == "assistant", "type or role")
    _need(isinstance(message.get("id"), str) and isinstance(message.get("model"), str), "id or model")
    _need(message.get("content") == [] and message.get("stop_reason", 0) is None, "content or stop_reason")
    _need(_count(message, "usage", "input_tokens") and _count(message, "usage", "output_tokens"), "usage")


def _count(value: Mapping[str, Any], *path: str) -> bool:
    found: Any = value
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return isinstance(found, int) and not isinstance(found, bool) and found >= 0


def _index(event: Mapping[str, Any], index: int) -> None:
    found = event.get("index")
    _need(type(found) is int and found == index, "the index")


def _block(event: Mapping[str, Any], index: int) -> str:
    _index(event, index)
    block = event.get("content_block")
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        raise Rejected("no block")
    kind: str = block["type"]
    for name, value in _STARTS.get(kind, {}).items():
        _need(block.get(name) == value, f"a block that starts with {name}")
    return kind


def _delta(event: Mapping[str, Any], index: int, kind: str) -> Mapping[str, Any]:
    _index(event, index)
    delta = event.get("delta")
    if not isinstance(delta, dict) or not isinstance(delta.get("type"), str):
        raise Rejected("no delta")
    if delta["type"] in _PAYLOADS:
        owner, payload = _PAYLOADS[delta["type"]]
        _need(isinstance(delta.get(payload), str), f"a delta without {payload}")
        _need(kind not in _STARTS or kind == owner, "a delta of another kind of block")
    return delta


def _arguments(kind: str, deltas: Sequence[Mapping[str, Any]], ends: Sequence[Mapping[str, Any]]) -> None:
    reasons = {event["delta"].get("stop_reason") for event in ends if isinstance(event.get("delta"), dict)
               and isinstance(event["delta"].get("stop_reason"), str)}  # fmt: skip
    text = "".join(delta["partial_json"] for delta in deltas if delta["type"] == "input_json_delta")
    if kind != "tool_use" or not text or reasons & {"max_tokens", "model_context_window_exceeded"}:
        return
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Rejected("arguments that are no JSON") from None
    _need(isinstance(value, dict), "arguments that are no object")


def rejected_message(body: bytes) -> str:
    """Why a body is no message in JSON, "" where this oracle knows nothing against it."""
    try:
        message = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        _need(isinstance(message, dict), "no object")
        _need(message.get("type") == "message" and message.get("role") == "assistant", "type or role")
        _need(isinstance(message.get("id"), str) and message["id"] != "", "id")
        _need(isinstance(message.get("model"), str), "model")
        blocks = message.get("content")
        _need(isinstance(blocks, list), "content")
        _need(all(isinstance(row, dict) and isinstance(row.get("type"), str) for row in blocks), "a block")
        _need(all(isinstance(row.get("text"), str) for row in blocks if row["type"] == "text"), "a text")
        _need(isinstance(message.get("stop_reason"), str), "stop_reason")
        _need(_count(message, "usage", "input_tokens") and _count(message, "usage", "output_tokens"), "usage")
    except ValueError:
        return "no JSON"
    except Rejected as why:
        return str(why)
    except RecursionError:  # deeper than this oracle reads
        return ""
    return ""
