"""Answers as bytes, and which official clients raise on them.

What each client does was seen by giving it these bytes: Python 2.14.0 and 0.75.0, TypeScript 1.12.0 and 0.60.0. The
tests beside this file repeat it with the Python client that is installed. A call is over when its content was walked:
`for block in message.content: block.type`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.rules.client_views import Client
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

Data = dict[str, Any]
Part = Data | bytes

TEXT: Data = {"type": "text", "text": "pong"}
CALL: Data = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {"n": 1}}
USAGE: Data = {"input_tokens": 12, "output_tokens": 2}
MESSAGE: Data = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m-1",
    "content": [TEXT],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
ERROR: Data = {"type": "error", "error": {"type": "invalid_request_error", "message": "No."}}

P, p, T, t = Client.PYTHON, Client.PYTHON_LEGACY, Client.TYPESCRIPT, Client.TYPESCRIPT_LEGACY
NOBODY: frozenset[Client] = frozenset()
ALL = frozenset({P, p, T, t})
PYTHONS = frozenset({P, p})
SCRIPTS = frozenset({T, t})


@dataclass(frozen=True, slots=True)
class Sample:
    """The bytes of an answer with its media type, and the clients that raise on it."""

    body: bytes
    raises: frozenset[Client]
    content_type: str = "text/event-stream"


def less(data: Mapping[str, Any], *keys: str) -> Data:
    return {key: value for key, value in data.items() if key not in keys}


def start(**message: Any) -> Data:
    return {"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None} | message}


def start_less(key: str) -> Data:
    return {"type": "message_start", "message": less(start()["message"], key)}


def opens(index: Any = 0, **block: Any) -> Data:
    return {"type": "content_block_start", "index": index, "content_block": block or {"type": "text", "text": ""}}


def delta(index: Any, kind: str, **payload: Any) -> Data:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind} | payload}


def says(text: Any = "pong", index: Any = 0) -> Data:
    return delta(index, "text_delta", text=text)


def part(json_text: Any, index: int = 0) -> Data:
    return delta(index, "input_json_delta", partial_json=json_text)


def stops(index: Any = 0) -> Data:
    return {"type": "content_block_stop", "index": index}


def ends(reason: Any = "end_turn", **changes: Any) -> Data:
    base = {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}}
    return base | {"usage": {"output_tokens": 2}} | changes


STOP: Data = {"type": "message_stop"}
PING: Data = {"type": "ping"}
BUSY: Data = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
TOOL = opens(type="tool_use", id="toolu_1", name="get_code", input={})
BLOCK = (opens(), says("po"), says("ng"), stops())


def event(data: Any, name: str | None = None, end: str = "\n\n") -> bytes:
    """One event named by its type unless told otherwise; `name` "" leaves the name out."""
    label = data.get("type") if name is None else name
    return ((f"event: {label}\n" if label else "") + f"data: {json.dumps(data)}{end}").encode()


def wire(parts: Iterable[Part]) -> bytes:
    return b"".join(one if isinstance(one, bytes) else event(one) for one in parts)


def around(*middle: Part, first: Part | None = None, last: Part | None = None) -> tuple[Part, ...]:
    """A whole stream around some blocks."""
    return (first or start(), *middle, last or ends(), STOP)


def streamed(raises: frozenset[Client], *parts: Part) -> Sample:
    return Sample(wire(parts), raises)


PLAIN = (start(), *BLOCK, ends(), STOP)


def relabelled(raises: frozenset[Client], name: Callable[[str], str]) -> Sample:
    """The plain stream under other event names."""
    return Sample(b"".join(event(one, name(one["type"])) for one in PLAIN), raises)


def untyped(raises: frozenset[Client]) -> Sample:
    """The plain stream with event names alone."""
    return Sample(b"".join(event(less(one, "type"), one["type"]) for one in PLAIN), raises)


THINKS = (delta(0, "thinking_delta", thinking="hm"), delta(0, "signature_delta", signature="s"), stops())

#: Legal (contract.md §4.7 and §6), or a fault that no client raises on: another requirement finds it.
FINE: dict[str, Sample] = {
    "plain": streamed(NOBODY, *PLAIN),
    "tool": streamed(NOBODY, *around(TOOL, part(""), part('{"n": '), part("1}"), stops())),
    "tool without arguments": streamed(NOBODY, *around(TOOL, stops())),
    "tool cut by max_tokens": streamed(NOBODY, *around(TOOL, part('{"n": '), stops(), last=ends("max_tokens"))),
    "tool cut without a stop": streamed(NOBODY, *around(TOOL, part('{"n": '), last=ends("max_tokens"))),
    "thinking": streamed(NOBODY, *around(opens(type="thinking", thinking="", signature=""), *THINKS)),
    "redacted thinking": streamed(NOBODY, *around(opens(type="redacted_thinking", data="x"), stops())),
    "pings": streamed(NOBODY, PING, start(), PING, *BLOCK, ends(), PING, STOP, PING),
    "ping without data": streamed(NOBODY, start(), b"event: ping\n\n", *BLOCK, ends(), STOP),
    "ping that is no JSON": streamed(NOBODY, start(), b"event: ping\ndata: {\n\n", *BLOCK, ends(), STOP),
    "unknown event": streamed(NOBODY, start(), {"type": "novelty", "n": 1}, *BLOCK, ends(), STOP),
    "unknown event first": streamed(NOBODY, {"type": "novelty"}, *PLAIN),
    "unknown block": streamed(NOBODY, *around(opens(type="novelty", data=1), stops())),
    "unknown delta": streamed(NOBODY, *around(opens(), delta(0, "novelty_delta", x=1), says(), stops())),
    "no content": streamed(NOBODY, *around()),
    "usage-only message_delta": streamed(NOBODY, *around(*BLOCK, ends(None))),
    "message_delta without stop_sequence": streamed(
        NOBODY, *around(*BLOCK, last=ends(delta={"stop_reason": "end_turn"}))
    ),
    "start without input_tokens": streamed(NOBODY, *around(*BLOCK, first=start(usage={}))),
    "start with content": streamed(NOBODY, *around(*BLOCK, first=start(content=[TEXT]))),
    "carriage returns": Sample(wire(PLAIN).replace(b"\n", b"\r"), NOBODY),
    "CRLF": Sample(wire(PLAIN).replace(b"\n", b"\r\n"), NOBODY),
    "comments": Sample(b": hello\n\n" + wire(PLAIN).replace(b"data:", b": note\ndata:"), NOBODY),
    "ids and retries": Sample(b"id: 7\nretry: 5\n" + wire(PLAIN), NOBODY),
    "data before event": streamed(
        NOBODY, start(), *BLOCK, ends(), b'data: {"type":"message_stop"}\nevent: message_stop\n\n'
    ),
    "padding in the data": Sample(wire(PLAIN).replace(b"}\n", b"}    \n"), NOBODY),
    "several data lines": Sample(wire(PLAIN).replace(b', "', b',\ndata: "'), NOBODY),
    "nameless DONE": streamed(NOBODY, *PLAIN, b"data: [DONE]\n\n"),
    "block never closed": streamed(NOBODY, *around(opens(), says())),
    "no message_delta": streamed(NOBODY, start(), *BLOCK, STOP),
    "text into a tool": streamed(NOBODY, *around(TOOL, says(), stops())),
    "labelled as JSON": Sample(wire(PLAIN), NOBODY, "application/json"),
}

#: Faults, most of which make clients raise, and what is close to them.
FAULTY: dict[str, Sample] = {
    "empty": streamed(ALL),
    "no message_start": streamed(ALL, *BLOCK, ends(), STOP),
    "late message_start": streamed(ALL, opens(), start(), says(), stops(), ends(), STOP),
    "ping only": streamed(ALL, PING),
    "two message_starts": streamed(SCRIPTS, start(), start(), *BLOCK, ends(), STOP),
    "no event names": relabelled(ALL, lambda _: ""),
    "JSON for a stream": Sample(json.dumps(MESSAGE).encode(), ALL, "application/json"),
    "every event named message": relabelled(frozenset({p, t}), lambda _: "message"),
    "no message_stop": streamed(SCRIPTS, start(), *BLOCK, ends()),
    "last event not ended": streamed(SCRIPTS, start(), *BLOCK, ends(), event(STOP, end="\n")),
    "start usage missing": streamed(ALL, *around(*BLOCK, first=start_less("usage"))),
    "start usage null": streamed(ALL, *around(*BLOCK, first=start(usage=None))),
    "start content missing": streamed(ALL, *around(*BLOCK, first=start_less("content"))),
    "start content null": streamed(ALL, *around(*BLOCK, first=start(content=None))),
    "start without message": streamed(ALL, *around(*BLOCK, first={"type": "message_start"})),
    "delta usage missing": streamed(ALL, *around(*BLOCK, last=less(ends(), "usage"))),
    "delta usage null": streamed(ALL, *around(*BLOCK, last=ends(usage=None))),
    "delta missing": streamed(ALL, *around(*BLOCK, last=less(ends(), "delta"))),
    "text start without text": streamed(PYTHONS, *around(opens(type="text"), says(), stops())),
    "text start null": streamed(PYTHONS, *around(opens(type="text", text=None), says(), stops())),
    "text start without text or deltas": streamed(NOBODY, *around(opens(type="text"), stops())),
    "thinking start without thinking": streamed(PYTHONS, *around(opens(type="thinking"), *THINKS)),
    "text delta null": streamed(PYTHONS, *around(opens(), says(None), stops())),
    "partial_json null": streamed(PYTHONS, *around(TOOL, part(None), stops())),
    "first index 1": streamed(PYTHONS, *around(opens(1), says("pong", 1), stops(1))),
    "delta for no block": streamed(PYTHONS, *around(opens(), says("pong", 5), stops())),
    "delta before any block": streamed(ALL, *around(says(), *BLOCK)),
    "stop for no block": streamed(PYTHONS, *around(opens(), says(), stops(5))),
    "delta without index": streamed(PYTHONS, *around(opens(), less(says(), "index"), stops())),
    "index is a fraction": streamed(NOBODY, *around(opens(), says("pong", 0.0), stops(0.0))),
    "index is a string": streamed(NOBODY, *around(opens(), says("pong", "0"), stops())),
    "block start without block": streamed(PYTHONS, *around({"type": "content_block_start", "index": 0}, stops())),
    "delta event without delta": streamed(ALL, *around(opens(), {"type": "content_block_delta", "index": 0}, stops())),
    "named DONE": streamed(frozenset({P, T}), *PLAIN, b"event: done\ndata: [DONE]\n\n"),
    "half an object": streamed(
        ALL, start(), opens(), b'event: content_block_delta\ndata: {"type":\n\n', stops(), ends(), STOP
    ),
    "data is an array": streamed(PYTHONS, start(), b"event: content_block_start\ndata: []\n\n", *BLOCK, ends(), STOP),
    "type missing everywhere": untyped(frozenset({P, T, t})),
    "type missing in a delta": streamed(
        NOBODY, start(), opens(), event(less(says(), "type"), "content_block_delta"), stops(), ends(), STOP
    ),
    "names and types differ": relabelled(NOBODY, lambda _: "message_stop"),
    "byte order mark": Sample(b"\xef\xbb\xbf" + wire(PLAIN), PYTHONS),
    "byte order mark before a comment": Sample(b"\xef\xbb\xbf: hello\n\n" + wire(PLAIN), NOBODY),
    "byte order mark before a ping": streamed(NOBODY, b"\xef\xbb\xbf" + event(PING), *PLAIN),
    "bad UTF-8": Sample(wire(PLAIN).replace(b"po", b"p\xff"), PYTHONS),
    "bad UTF-8 in a comment": Sample(b": \xff\n\n" + wire(PLAIN), PYTHONS),
    "events parted by one line end": Sample(wire(PLAIN).replace(b"\n\n", b"\n"), ALL),
    "two objects as arguments": streamed(SCRIPTS, *around(TOOL, part('{"n": 1}'), part('{"n": 2}'), stops())),
    "arguments that are no JSON": streamed(frozenset({P, p, T}), *around(TOOL, part("n=1"), stops())),
    "arguments cut without a word": streamed(NOBODY, *around(TOOL, part('{"n": '), stops(), last=ends("tool_use"))),
    "NaN in usage": streamed(SCRIPTS, *around(*BLOCK, last=ends(usage={"output_tokens": float("nan")}))),
    "text behind the arguments": streamed(frozenset({T}), *around(TOOL, part('{"n": 1}'), part(" x"), stops())),
    "a comma too many": streamed(ALL, *around(TOOL, part('{"n": 1,}'), stops())),
    "no quotes": streamed(ALL, *around(TOOL, part("{n: 1}"), stops())),
    "a line end in a string": streamed(ALL, *around(TOOL, part('{"n": "a\nb"}'), stops())),
    "arguments cut in a word": streamed(NOBODY, *around(TOOL, part('{"n": tru'), stops(), last=ends("max_tokens"))),
    "arguments cut in a number": streamed(NOBODY, *around(TOOL, part('{"n": -'), stops(), last=ends("max_tokens"))),
    "arguments cut in an escape": streamed(
        NOBODY, *around(TOOL, part('{"n": "\\u00'), stops(), last=ends("max_tokens"))
    ),
    "arguments cut after a comma": streamed(NOBODY, *around(TOOL, part('{"n": 1, '), stops(), last=ends("max_tokens"))),
    "arguments cut in a name": streamed(NOBODY, *around(TOOL, part('{"n'), stops(), last=ends("max_tokens"))),
    "arguments cut after a name": streamed(NOBODY, *around(TOOL, part('{"n"'), stops(), last=ends("max_tokens"))),
    "a wrong escape": streamed(ALL, *around(TOOL, part('{"n": "\\x"}'), stops())),
    "arguments are an array": streamed(NOBODY, *around(TOOL, part("[1]"), stops())),
    "message_delta before message_start": streamed(frozenset({p, t}), ends(), start(), *BLOCK, ends(), STOP),
    "text delta a number": streamed(PYTHONS, *around(opens(), says(5), stops())),
    "thinking delta null": streamed(
        PYTHONS, *around(opens(type="thinking", thinking=""), delta(0, "thinking_delta", thinking=None), stops())
    ),
    "data is null": streamed(ALL, start(), b"event: content_block_start\ndata: null\n\n", *BLOCK, ends(), STOP),
    "data is a string": streamed(PYTHONS, start(), b'event: content_block_start\ndata: "x"\n\n', *BLOCK, ends(), STOP),
    "unknown event with a number": streamed(
        frozenset({P}), start(), b"event: novelty\ndata: 5\n\n", *BLOCK, ends(), STOP
    ),
    "unknown event with text": streamed(
        frozenset({P, T}), start(), b"event: novelty\ndata: hello\n\n", *BLOCK, ends(), STOP
    ),
    "delta after message_stop": streamed(NOBODY, *PLAIN, says()),
    "a second message": streamed(SCRIPTS, *PLAIN, *PLAIN),
    "start usage a number": streamed(ALL, *around(*BLOCK, first=start(usage=5))),
    "start usage null and no message_delta": streamed(NOBODY, start(usage=None), *BLOCK, STOP),
    "start content null and no blocks": streamed(ALL, *around(first=start(content=None))),
    "start content a string": streamed(ALL, *around(*BLOCK, first=start(content="pong"))),
    "delta usage a number": streamed(PYTHONS, *around(*BLOCK, last=ends(usage=5))),
    "delta is a string": streamed(PYTHONS, *around(*BLOCK, last=ends(delta="end_turn"))),
    "stop before any block": streamed(PYTHONS, *around(stops(), *BLOCK)),
    "error under another name": streamed(
        NOBODY, start(), opens(), says(), event(BUSY, "message_delta"), stops(), ends(), STOP
    ),
    "only the stop is unnamed": streamed(SCRIPTS, start(), *BLOCK, ends(), event(STOP, "")),
    "only the start is unnamed": streamed(ALL, event(start(), ""), *BLOCK, ends(), STOP),
    "names in capitals": relabelled(frozenset({p, t}), str.upper),
    "byte order mark before a DONE": streamed(NOBODY, b"\xef\xbb\xbfdata: [DONE]\n\n", *PLAIN),
    "unnamed error": streamed(SCRIPTS, start(), opens(), says(), event(BUSY, "")),
    "error at once": streamed(ALL, BUSY),
    "error in the middle": streamed(ALL, start(), opens(), says(), BUSY),
    "refused in the stream": streamed(ALL, ERROR),
}

JSON_TYPE = "application/json"


def answered(raises: frozenset[Client], value: Any, content_type: str = JSON_TYPE) -> Sample:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Sample(body, raises, content_type)


#: Answers to a call that was not streamed.
JSON_SAMPLES: dict[str, Sample] = {
    "message": answered(NOBODY, MESSAGE),
    "charset": answered(NOBODY, MESSAGE, "application/json; charset=utf-8"),
    "tool call": answered(NOBODY, MESSAGE | {"content": [TEXT, CALL], "stop_reason": "tool_use"}),
    "tool input as a string": answered(NOBODY, MESSAGE | {"content": [CALL | {"input": '{"n": 1}'}]}),
    "no content blocks": answered(NOBODY, MESSAGE | {"content": []}),
    "unknown block": answered(NOBODY, MESSAGE | {"content": [{"type": "novelty"}]}),
    "usage missing": answered(NOBODY, less(MESSAGE, "usage", "stop_reason")),
    "a suffix of JSON": answered(NOBODY, MESSAGE, "application/vnd.m+json"),
    "byte order mark": answered(NOBODY, b"\xef\xbb\xbf" + json.dumps(MESSAGE).encode()),
    "text/plain": answered(SCRIPTS, MESSAGE, "text/plain"),
    "no media type": answered(SCRIPTS, MESSAGE, ""),
    "empty body": answered(ALL, b""),
    "HTML": answered(ALL, b"<html></html>", "text/html"),
    "cut short": answered(ALL, json.dumps(MESSAGE).encode()[:-5]),
    "two objects": answered(ALL, json.dumps(MESSAGE).encode() * 2),
    "NaN": answered(SCRIPTS, MESSAGE | {"usage": {"input_tokens": float("nan")}}),
    "Latin-1": answered(PYTHONS, json.dumps(MESSAGE).encode().replace(b"pong", b"p\xf6ng")),
    "UTF-16": answered(SCRIPTS, json.dumps(MESSAGE).encode("utf-16")),
    "an array": answered(ALL, [MESSAGE]),
    "a string": answered(ALL, "pong"),
    "null": answered(ALL, None),
    "chat completion": answered(ALL, {"id": "c", "object": "chat.completion", "choices": [], "model": "m-1"}),
    "content null": answered(ALL, MESSAGE | {"content": None}),
    "content is a number": answered(ALL, MESSAGE | {"content": 5}),
    "content is a string": answered(PYTHONS, MESSAGE | {"content": "pong"}),
    "content is an object": answered(ALL, MESSAGE | {"content": TEXT}),
    "content of strings": answered(PYTHONS, MESSAGE | {"content": ["pong"]}),
    "content with a null": answered(ALL, MESSAGE | {"content": [None]}),
    "block without type": answered(NOBODY, MESSAGE | {"content": [{"text": "pong"}]}),
    "a stream": answered(ALL, wire(PLAIN), "text/event-stream"),
}


COMPLETE = End(Ending.COMPLETE)
PLAIN_CALL: Data = {"model": "m-1", "max_tokens": 32, "messages": [{"role": "user", "content": "Say pong."}]}


def exchange(
    sample: Sample,
    stream: bool | None,
    end: End = COMPLETE,
    headers: tuple[tuple[str, str], ...] = (),
    status: int | None = 200,
    **sent: Any,
) -> Exchange:
    """A call answered with these bytes: streamed, plain, or (None) with a body that is no JSON."""
    body = b"{" if stream is None else json.dumps(PLAIN_CALL | ({"stream": True} if stream else {}) | sent).encode()
    request = Request("POST", "http://127.0.0.1:1/v1/messages", (("User-Agent", "test"),), body)
    label = (("content-type", sample.content_type),) if sample.content_type else ()
    return Exchange(request, status, (*label, *headers), (Chunk(0.1, sample.body),), end)
