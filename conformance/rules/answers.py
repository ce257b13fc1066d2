"""Small questions that many rules ask of an answer, its request and the values in them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from conformance.contract import Profile
from conformance.rules.outcome import is_transient
from conformance.rules.scope import OURS, asks_for_message, path_of
from conformance.wire.exchange import Ending, Exchange
from conformance.wire.jsontext import JSON
from conformance.wire.reading import Reading

JSON_TYPE = "application/json"
STREAM_TYPE = "text/event-stream"


def is_answer(exchange: Exchange) -> bool:
    """Whether a status came that is not a transient one, so that the answer supports a verdict."""
    return exchange.status is not None and not is_transient(exchange)


def is_error(exchange: Exchange) -> bool:
    """Status 4xx or 5xx with whatever body it has; HEAD has none, and one that we cut says nothing."""
    return exchange.status is not None and exchange.status >= 400 and has_body(exchange)


def has_body(exchange: Exchange) -> bool:
    """Whether a body was due and we read all that came of it."""
    due = exchange.request.method != "HEAD" and exchange.status not in (204, 304)
    return due and exchange.end.how not in OURS


def is_whole(exchange: Exchange) -> bool:
    """Whether the target finished its answer."""
    return exchange.end.how is Ending.COMPLETE


def is_served_message(exchange: Exchange) -> bool:
    """A 200 answer of the messages endpoint to a POST."""
    return exchange.status == 200 and asks_for_message(exchange)


def is_served_stream(reading: Reading) -> bool:
    """A 200 answer of the messages endpoint that is a stream of events."""
    return is_served_message(reading.exchange) and reading.is_stream and not is_undecodable(reading)


def is_undecodable(reading: Reading) -> bool:
    """Whether a whole body does not keep its content coding, so that HDR-011 owns whatever its bytes seem to say."""
    return bool(reading.encoding_fault) and is_whole(reading.exchange)


def names_messages(exchange: Exchange) -> bool:
    """Whether the request, of any method, names the messages endpoint."""
    return path_of(exchange.request.url).endswith("/messages")


def asked(reading: Reading) -> Mapping[str, Any]:
    """The members of the request's body; empty when it is no JSON object."""
    return reading.sent if isinstance(reading.sent, (dict, Mapping)) else {}


def asks_for_stream(reading: Reading) -> bool:
    """Whether the request says `stream: true`."""
    return asked(reading).get("stream") is True


def asks_for_json(reading: Reading) -> bool:
    """Whether the request says `stream: false` or nothing of it; any other value is a mistake of its own (REQ-028)."""
    return asked(reading).get("stream", False) is False


def request_header(exchange: Exchange, name: str) -> str | None:
    """The first value of a header of the request, or None."""
    return next((value for key, value in exchange.request.headers if key.lower() == name), None)


def max_tokens(reading: Reading) -> int | None:
    """The requested token limit when it is a number of at least one."""
    value = asked(reading).get("max_tokens")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if is_count(value) and value >= 1 else None


def is_count(value: JSON) -> TypeGuard[int]:
    """A non-negative integer as the contract has it: true and 3.0 are none."""
    return type(value) is int and value >= 0


def at(value: JSON, path: str) -> JSON:
    """The member under a dotted path; None where the way ends early."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def has(value: JSON, path: str) -> bool:
    """Whether the member under a dotted path is there, null included."""
    parent, _, key = path.rpartition(".")
    holder = at(value, parent) if parent else value
    return isinstance(holder, Mapping) and key in holder


def pointer(path: str) -> str:
    """A dotted path as JSON pointer."""
    return "/" + path.replace(".", "/")


def blocks(message: Mapping[str, Any], kind: str = "") -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The content blocks that are objects (of one type, if given) with their place."""
    content = message.get("content")
    for number, block in enumerate(content if isinstance(content, list) else ()):
        if isinstance(block, Mapping) and (not kind or block.get("type") == kind):
            yield number, block


def declares_server_tool(reading: Reading) -> bool:
    """Whether the request has a tool that the server runs: one of a type other than custom."""
    kinds = (tool.get("type") for tool in listed(asked(reading).get("tools")) if isinstance(tool, Mapping))
    return any(isinstance(kind, str) and kind != "custom" for kind in kinds)


def prompt_blocks(reading: Reading) -> Iterator[Mapping[str, Any]]:
    """Every content block of every message that was sent."""
    turns = asked(reading).get("messages")
    for turn in turns if isinstance(turns, list) else ():
        content = turn.get("content") if isinstance(turn, Mapping) else None
        yield from (block for block in (content if isinstance(content, list) else ()) if isinstance(block, Mapping))


def has_prompt(reading: Reading) -> bool:
    """Whether any message that was sent has content."""
    turns = listed(asked(reading).get("messages"))
    return any(isinstance(turn, Mapping) and bool(turn.get("content")) for turn in turns)


def listed(value: JSON) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def is_word_for_error(word: str) -> bool:
    """The name of a programming language's exception class."""
    return re.fullmatch(r"[A-Z]\w*(?:Error|Exception)", word) is not None


def is_unheard_of(word: str, profile: Profile) -> bool:
    """Whether an error type is none of the contract's, and none that is known to be another protocol's."""
    foreign = not word or word in profile.foreign_error_types or is_word_for_error(word)
    return word not in profile.error_types and not foreign
