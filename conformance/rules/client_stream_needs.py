"""What the official clients need of a stream so as not to raise, as a table. Source: EQV-004, contract.md §5."""

import json
from collections.abc import Callable, Iterator, Mapping

from conformance.rules.client_views import (
    CURRENT,
    LEGACY,
    PYTHONS,
    TOOL_BLOCKS,
    Client,
    Miss,
    Need,
    Unread,
    View,
    by,
    told,
)
from conformance.rules.findings import shown
from conformance.wire.sse import BOM, MalformationKind
from conformance.wire.stream_tables import EventType


def _bad_bytes(view: View) -> Iterator[Miss]:
    for fault in view.decoded.malformations:
        if fault.kind is MalformationKind.INVALID_UTF8:
            numbers = (n for n, event in enumerate(view.decoded.events) if event.end > fault.offset)
            yield Miss(f"{fault.detail} at byte {fault.offset}", next(numbers, None))


def _marked(view: View) -> Iterator[Miss]:
    """The mark spoils the first line: harmless before a comment, an id or a ping."""
    spoilt = view.reading.body.startswith((BOM + b"event", BOM + b"data"))
    if spoilt and any(event.number == 0 and event.type == EventType.MESSAGE_START for event in view.events[:1]):
        yield Miss("a byte order mark, which takes the first line with it", 0)


def _failed(view: View) -> Iterator[Miss]:
    return (Miss("event: error", event.number) for event in view.events if event.name == EventType.ERROR)


def _garbled(view: View) -> Iterator[Miss]:
    for event in view.events:
        if event.value is Unread.NO_JSON:
            yield Miss(f"event {shown(event.name, 40)} with data that is not", event.number)


def _not_an_object(view: View) -> Iterator[Miss]:
    for event in view.events:
        strange = not isinstance(event.value, Mapping) if view.client in PYTHONS else event.value is None
        if strange and event.name != EventType.ERROR:
            yield Miss(told(event.value), event.number)


def _not_begun(view: View) -> Iterator[Miss]:
    if not any(view.of(EventType.MESSAGE_START)):
        yield Miss("none that the client hears")


def _early(view: View) -> Iterator[Miss]:
    first = next(iter(view.events), None)
    if first is not None and first.name != EventType.ERROR and first.type != EventType.MESSAGE_START:
        yield Miss(f"{first.type or first.name} before it", first.number)


def _begun_again(view: View) -> Iterator[Miss]:
    return (Miss("another one", event.number) for event in list(view.of(EventType.MESSAGE_START))[1:])


def _start_member(key: str, wanted: type) -> Callable[[View], Iterator[Miss]]:
    def misses(view: View) -> Iterator[Miss]:
        for event in list(view.of(EventType.MESSAGE_START))[:1]:
            message = event.member("message")
            value = message.get(key) if isinstance(message, Mapping) else None
            if not isinstance(value, wanted):
                yield Miss(told(value), event.number, f"/message/{key}")

    return misses


def _usage_untaken(view: View) -> Iterator[Miss]:
    """The usage of the start is first touched by a message_delta."""
    return iter(_start_usage(view)) if any(view.of(EventType.MESSAGE_DELTA)) else iter(())


_start_usage = _start_member("usage", Mapping)


def _member(type_: EventType, key: str) -> Callable[[View], Iterator[Miss]]:
    def misses(view: View) -> Iterator[Miss]:
        for event in view.of(type_):
            value = event.member(key)
            strange = not isinstance(value, Mapping) if view.client in PYTHONS else value is None
            if strange:
                yield Miss(told(value), event.number, f"/{key}")

    return misses


def _no_index(view: View) -> Iterator[Miss]:
    missing = (turn.event for turn in view.turns if turn.event.member("index") is None)
    return (Miss("nothing or null", event.number, "/index") for event in missing)


def _no_such_block(view: View) -> Iterator[Miss]:
    """Only Python looks; the other one falls over a delta while it has no block at all."""
    for turn in view.turns:
        matters = view.client in PYTHONS or (not turn.count and turn.event.type == EventType.BLOCK_DELTA)
        if turn.block is None and matters:
            seen = f"index {told(turn.event.member('index'))} after {turn.count} block(s)"
            yield Miss(seen, turn.event.number, "/index")


#: Per delta type: the member that is added, the block it is added to, and the member of its start it is added to.
_ADDED = (
    ("text_delta", "text", frozenset({"text"}), "text"),
    ("thinking_delta", "thinking", frozenset({"thinking"}), "thinking"),
    ("input_json_delta", "partial_json", TOOL_BLOCKS, ""),
)


def _not_added(view: View) -> Iterator[Miss]:
    for turn in view.turns:
        delta = turn.event.member("delta")
        if turn.block is None or not isinstance(delta, Mapping):
            continue
        for name, payload, blocks, base in _ADDED:
            if delta.get("type") != name or turn.block.type not in blocks:
                continue
            if not isinstance(delta.get(payload), str):
                yield Miss(told(delta.get(payload)), turn.event.number, f"/delta/{payload}")
            elif base and not isinstance(turn.block.start.get(base), str):
                seen = f"{base} {told(turn.block.start.get(base))} at the start of the block it is added to"
                yield Miss(seen, turn.event.number, f"/delta/{payload}")


def _arguments(view: View) -> Iterator[tuple[str, int]]:
    joined = (("".join(block.parts), block.last) for block in view.blocks)
    return ((text, last) for text, last in joined if text.strip())


def _broken_arguments(view: View) -> Iterator[Miss]:
    return (Miss(shown(text, 60), last, "/delta/partial_json") for text, last in _arguments(view) if _is_broken(text))


def _is_broken(text: str) -> bool:
    """Whether no JSON text begins like this; one that is only cut off is taken by every client (contract.md §6.5)."""
    try:
        json.JSONDecoder(strict=True).raw_decode(text.lstrip())
    except RecursionError:
        return False
    except json.JSONDecodeError as error:
        rest = text.lstrip()[error.pos :].rstrip()
        half_word = any(word.startswith(rest) for word in ("true", "false", "null", "-"))
        half_escape = error.msg.startswith("Invalid \\u") and len(rest) < len("u0000")
        return not (half_word or half_escape or error.msg.startswith("Unterminated"))
    return False


def _two_arguments(view: View) -> Iterator[Miss]:
    for text, last in _arguments(view):
        try:
            _, end = json.JSONDecoder().raw_decode(text.lstrip())
        except (ValueError, RecursionError):
            continue
        if rest := text.lstrip()[end:].strip():
            yield Miss(f"{shown(rest, 60)} behind them", last, "/delta/partial_json")


def _not_over(view: View) -> Iterator[Miss]:
    if not any(view.of(EventType.MESSAGE_STOP)):
        yield Miss("the stream ends without it")


_ATTRIBUTE = by("AttributeError", "AnthropicError")

#: By a legal end of a stream (contract.md §4.7), so that its kind decides.
NO_ERROR = Need("no error", by("APIStatusError", "APIError"), _failed)

STREAM_NEEDS = (
    Need("lines in UTF-8", by("UnicodeDecodeError"), _bad_bytes),
    Need(
        "no byte order mark before the first event",
        {Client.PYTHON: "AssertionError", Client.PYTHON_LEGACY: "RuntimeError"},
        _marked,
    ),
    NO_ERROR,
    Need("data that is one JSON text", by("JSONDecodeError", "AnthropicError"), _garbled),
    Need("data that is a JSON object", by("TypeError", "AnthropicError"), _not_an_object),
    Need("message_start before anything else", by("RuntimeError", "AnthropicError", LEGACY), _early),
    Need("a named message_start", by("AssertionError", "AnthropicError"), _not_begun),
    Need("one message_start", by(script="AnthropicError"), _begun_again),
    Need("message_start with content as an array", _ATTRIBUTE, _start_member("content", list)),
    Need("message_start with usage as an object", _ATTRIBUTE, _usage_untaken),
    Need("message_delta with delta as an object", _ATTRIBUTE, _member(EventType.MESSAGE_DELTA, "delta")),
    Need("message_delta with usage as an object", _ATTRIBUTE, _member(EventType.MESSAGE_DELTA, "usage")),
    Need("content_block_start with block", by("AttributeError"), _member(EventType.BLOCK_START, "content_block")),
    Need("content_block_delta with delta", _ATTRIBUTE, _member(EventType.BLOCK_DELTA, "delta")),
    Need("an index", by("TypeError"), _no_index),
    Need("the index of a block that has started, counted from 0", by("IndexError", "AnthropicError"), _no_such_block),
    Need("text that can be added to text", by("TypeError"), _not_added),
    Need(
        "tool arguments that begin as JSON",
        by("ValueError", "AnthropicError", (*PYTHONS, Client.TYPESCRIPT)),
        _broken_arguments,
    ),
    Need("one JSON text of tool arguments", by(script="AnthropicError", clients=CURRENT), _two_arguments),
    Need("a named message_stop", by(script="AnthropicError"), _not_over),
)
