"""What the official clients need of an answer so as not to raise, as a table, and the expectation that asks for it.

A row names the clients that raise without it, and with which exception. What they lose in silence is no row: other
requirements find it. Nor is what the contract leaves free (contract.md §6). A call is over when its caller has walked
the content: `for block in message.content: block.type`. Source: EQV-004, contract.md §5.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.rules.client_views import CURRENT, LEGACY, PYTHONS, TOOL_BLOCKS, Client, Unread, View
from conformance.rules.expectations import answer_of, kind
from conformance.rules.findings import Finding, Where, broken, held, shown, unjudged
from conformance.rules.outcome import UNRELATED_STATUSES, is_client_error, is_served
from conformance.wire.exchange import Ending
from conformance.wire.jsontext import JSON
from conformance.wire.sse import BOM, MalformationKind
from conformance.wire.stream_tables import EventType

if TYPE_CHECKING:
    from conformance.evidence.run import Record
    from conformance.rules.cases import Evidence

Raises = Mapping[Client, str]

#: Endings by our own hand, and by the target's inside its answer.
_OURS = frozenset({Ending.CUT, Ending.HUNG_UP})
_TORN = frozenset({Ending.CLOSED_EARLY, Ending.RESET})
#: The place of what is only missing at the end.
_END = 1 << 62


@dataclass(frozen=True, slots=True)
class Miss:
    """Where a need is not met: what was seen, at which event (None: nowhere, it never came), under which pointer."""

    seen: str
    event: int | None = None
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A row: what must hold, which exception each client raises otherwise, and where it does not hold."""

    name: str
    raises: Raises
    misses: Callable[[View], Iterable[Miss]]


def _by(python: str = "", script: str = "", clients: Iterable[Client] = Client) -> Raises:
    """The exception for each client, by language; "" for a language that does not mind."""
    named = {client: python if client in PYTHONS else script for client in clients}
    return {client: exception for client, exception in named.items() if exception}


def _value(value: JSON) -> str:
    return "nothing or null" if value is None else shown(value, 60)


# Any answer.


def _torn(view: View) -> Iterator[Miss]:
    end = view.reading.exchange.end
    if end.how in _TORN:
        yield Miss(f"the connection ended inside the body ({end.how.value})")


def _miscoded(view: View) -> Iterator[Miss]:
    if fault := view.reading.encoding_fault:
        yield Miss(fault, -1)


# An answer that was not streamed.


def _labelled_otherwise(view: View) -> Iterator[Miss]:
    media_type = view.reading.media_type
    if "application/json" not in media_type and not media_type.endswith("+json"):
        yield Miss(f"media type {shown(media_type)}, so that the caller gets a string")


def _no_json(view: View) -> Iterator[Miss]:
    if view.value is Unread.NO_JSON:
        yield Miss(f"a body of {len(view.reading.body)} bytes that is not")


def _no_object(view: View) -> Iterator[Miss]:
    if not isinstance(view.value, Mapping):
        yield Miss(_value(view.value))


def _content(view: View) -> JSON:
    return view.value.get("content") if isinstance(view.value, Mapping) else None


def _no_list(view: View) -> Iterator[Miss]:
    content = _content(view)
    walkable = (list,) if view.client in PYTHONS else (list, str)
    if not isinstance(content, walkable):
        yield Miss(_value(content), pointer="/content")


def _no_blocks(view: View) -> Iterator[Miss]:
    content = _content(view)
    for place, block in enumerate(content if isinstance(content, list) else ()):
        strange = not isinstance(block, Mapping) if view.client in PYTHONS else block is None
        if strange:
            yield Miss(_value(block), pointer=f"/content/{place}")


# A stream.


def _bad_bytes(view: View) -> Iterator[Miss]:
    for fault in view.decoded.malformations:
        if fault.kind is MalformationKind.INVALID_UTF8:
            numbers = (n for n, event in enumerate(view.decoded.events) if event.end > fault.offset)
            yield Miss(f"{fault.detail} at byte {fault.offset}", next(numbers, None))


def _marked(view: View) -> Iterator[Miss]:
    """The mark spoils the first line: harmless before a comment, an id or a ping."""
    body, events = view.reading.body, view.decoded.events
    if body.startswith((BOM + b"event", BOM + b"data")) and events and events[0].name != EventType.PING:
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
            yield Miss(_value(event.value), event.number)


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
                yield Miss(_value(value), event.number, f"/message/{key}")

    return misses


def _usage_untaken(view: View) -> Iterator[Miss]:
    """The usage of the start is first touched by a message_delta."""
    return iter(_start_usage(view)) if any(view.of(EventType.MESSAGE_DELTA)) else iter(())


_start_usage = _start_member("usage", Mapping)


def _member(type_: EventType, key: str) -> Callable[[View], Iterator[Miss]]:
    def misses(view: View) -> Iterator[Miss]:
        for event in view.of(type_):
            if not isinstance(event.member(key), Mapping):
                yield Miss(_value(event.member(key)), event.number, f"/{key}")

    return misses


def _no_such_block(view: View) -> Iterator[Miss]:
    """Only Python looks; the others fall over a stray event while they have no block at all."""
    for turn in view.turns:
        if turn.block is None and (view.client in PYTHONS or not turn.count):
            seen = f"index {_value(turn.event.member('index'))} after {turn.count} block(s)"
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
                yield Miss(_value(delta.get(payload)), turn.event.number, f"/delta/{payload}")
            elif base and not isinstance(turn.block.start.get(base), str):
                seen = f"{base} {_value(turn.block.start.get(base))} at the start of the block it is added to"
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
        half = any(word.startswith(rest) for word in ("true", "false", "null", "-"))
        return not (half or error.msg.startswith(("Unterminated", "Invalid \\")))
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


_ATTRIBUTE = _by("AttributeError", "AnthropicError")

ANSWER_NEEDS = (
    Need("a body that ends as its framing announces", _by("APIConnectionError", "APIConnectionError"), _torn),
    Need("bytes in the content coding that is declared", _by("DecodingError", "TypeError"), _miscoded),
)
JSON_NEEDS = (
    Need("media type application/json", _by(script="TypeError"), _labelled_otherwise),
    Need("a body that is one JSON text", _by("JSONDecodeError", "SyntaxError"), _no_json),
    Need("a JSON object", _by("AttributeError", "TypeError"), _no_object),
    Need("content as an array", _by("TypeError", "TypeError"), _no_list),
    Need("content blocks as objects", _by("AttributeError", "TypeError"), _no_blocks),
)
STREAM_NEEDS = (
    Need("lines in UTF-8", _by("UnicodeDecodeError"), _bad_bytes),
    Need("no byte order mark before the first event", _by("AssertionError"), _marked),
    Need("no error", _by("APIStatusError", "APIError"), _failed),
    Need("data that is one JSON text", _by("JSONDecodeError", "AnthropicError"), _garbled),
    Need("data that is a JSON object", _by("TypeError", "AnthropicError"), _not_an_object),
    Need("message_start before anything else", _by("RuntimeError", clients=LEGACY), _early),
    Need("a named message_start", _by("AssertionError", "AnthropicError"), _not_begun),
    Need("one message_start", _by(script="AnthropicError"), _begun_again),
    Need("message_start with content as an array", _ATTRIBUTE, _start_member("content", list)),
    Need("message_start with usage as an object", _ATTRIBUTE, _usage_untaken),
    Need("message_delta with delta as an object", _ATTRIBUTE, _member(EventType.MESSAGE_DELTA, "delta")),
    Need("message_delta with usage as an object", _ATTRIBUTE, _member(EventType.MESSAGE_DELTA, "usage")),
    Need(
        "content_block_start with its block", _by("AttributeError"), _member(EventType.BLOCK_START, "content_block")
    ),
    Need("content_block_delta with its delta", _ATTRIBUTE, _member(EventType.BLOCK_DELTA, "delta")),
    Need("the index of a block that has started, counted from 0", _by("IndexError", "AnthropicError"), _no_such_block),
    Need("text that can be added to text", _by("TypeError"), _not_added),
    Need(
        "tool arguments that begin as JSON",
        _by("ValueError", "AnthropicError", (*PYTHONS, Client.TYPESCRIPT)),
        _broken_arguments,
    ),
    Need("one JSON text of tool arguments", _by(script="AnthropicError"), _two_arguments),
    Need("a named message_stop", _by(script="AnthropicError"), _not_over),
)


def missed(view: View) -> tuple[Need, Miss] | None:
    """The need on which this client raises first, with its place; None where it completes the call. Total."""
    needs = ANSWER_NEEDS + (STREAM_NEEDS if view.streams else JSON_NEEDS)
    found = [(need, miss) for need in needs if view.client in need.raises for miss in need.misses(view)]
    return min(found, key=lambda pair: _END if pair[1].event is None else pair[1].event, default=None)
