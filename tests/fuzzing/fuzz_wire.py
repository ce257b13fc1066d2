"""Surfaces 1 and 2: streams and answers in JSON, from bytes to verdicts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from fuzz_frame import bounded, cuttings
from stream_oracle import rejected_message, rejected_stream

from conformance.contract import Level, load_catalogue, load_profiles
from conformance.evidence.run import Record, Run, Terms
from conformance.rules.all import load_rules
from conformance.rules.findings import Finding, Kind
from conformance.rules.traffic import traffic_findings
from conformance.wire.content import decoded_body, undoing
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Headers, Request
from conformance.wire.jsontext import _examined, _plain, parse
from conformance.wire.reading import Reading
from conformance.wire.sse import Decoded, Decoder, decode, decode_chunks

STREAM_HEADERS = (
    ("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"), ("request-id", "req_1"),
)  # fmt: skip
JSON_HEADERS = (("content-type", "application/json"), ("request-id", "req_1"))
URL = "http://127.0.0.1:8000/anthropic/v1/messages"
ASKED = {
    "model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "Say hello."}],
    "tools": [{"name": "get_code", "input_schema": {"type": "object", "properties": {"n": {}}}}],
}  # fmt: skip
USAGE = {"input_tokens": 10, "output_tokens": 1, "total_tokens": 11}

#: Calls of functions that a body may cost: what grading an empty one takes, and what each of its bytes may add.
LEAST, FOR_A_BYTE = 20_000, 40


class Slow(Decoder):
    """The decoder without its short way for usual events."""

    def _take_usual(self, data: bytes, start: int) -> int:
        return start


def _sse(*events: Mapping[str, Any]) -> bytes:
    rows = (f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return "".join(rows).encode()


def _block(index: int, start: Mapping[str, Any], *deltas: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    yield {"type": "content_block_start", "index": index, "content_block": start}
    yield from ({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
    yield {"type": "content_block_stop", "index": index}


@cache
def streams() -> Sequence[bytes]:
    """Streams that keep the contract, and an error."""
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
                               "stop_reason": None, "stop_sequence": None, "usage": USAGE}  # fmt: skip
    start = {"type": "message_start", "message": message}
    text = [{"type": "text_delta", "text": word} for word in ("Hel", "lo é", " 😀")]
    thought = ({"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "s"})
    parts = [{"type": "input_json_delta", "partial_json": part} for part in ("", '{"n":', ' "a"}')]
    tool = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {}}
    stop = {"type": "message_stop"}

    def end(reason: str) -> Mapping[str, Any]:
        usage = {"input_tokens": 10, "output_tokens": 7, "total_tokens": 17}
        delta = {"stop_reason": reason, "stop_sequence": None}
        return {"type": "message_delta", "delta": delta, "usage": usage}

    ping = {"type": "ping"}
    plain = _sse(start, ping, *_block(0, {"type": "text", "text": ""}, *text), end("end_turn"), stop)
    thinking = _block(0, {"type": "thinking", "thinking": ""}, *thought)
    called = _block(1, tool, *parts)
    failure = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    return (
        plain,
        plain.replace(b"\n", b"\r\n"),
        b": hello\n" + plain.replace(b"data: ", b"data:"),
        _sse(start, *thinking, *called, end("tool_use"), stop),
        _sse(start, *_block(0, {"type": "text", "text": ""}, *text), failure),
        _sse(failure),
    )


def _exchange(status: int | None, headers: Headers, pieces: Iterable[bytes], stream: bool) -> Exchange:
    body = json.dumps({**ASKED, "stream": stream}).encode()
    sent = (("content-type", "application/json"), ("anthropic-version", "2023-06-01"))
    chunks = tuple(Chunk(0.1, piece) for piece in pieces)
    return Exchange(Request("POST", URL, sent, body), status, headers, chunks, End(Ending.COMPLETE), elapsed=0.2)


@cache
def terms() -> Terms:
    """The terms of the default profile."""
    load_rules()
    profile = load_profiles()["myrouter"]
    return Terms(profile, load_catalogue(), profile.api_version, "m", frozenset(profile.included))


def findings(exchange: Exchange) -> Sequence[Finding]:
    """What all rules say of a run of this exchange alone; none may fail at it. Its size bounds what that costs."""
    run = Run(terms(), (), (Record(1, "plain", 0, 1, exchange),))
    size = len(Reading(exchange).body) + len(exchange.body) + sum(len(value) for _, value in exchange.headers)
    with bounded(LEAST + FOR_A_BYTE * size):
        found = tuple(traffic_findings(run))
    assert Kind.CRASHED not in {row.kind for row in found}, [row for row in found if row.kind is Kind.CRASHED]
    assert len(found) <= 150 + size // 4, len(found)
    assert sum(len(row.seen) + len(row.expected) + len(row.where.pointer) for row in found) <= 20_000 + 20 * size
    return found


def violated(found: Iterable[Finding]) -> bool:
    """Whether any requirement is said to be broken."""
    levels = (terms().requirement(row.requirement).level("myrouter") for row in found if row.kind is Kind.BROKEN)
    return any(level is not Level.MAY for level in levels)


def check_stream(data: bytes) -> None:
    """The decoder, the walk and all rules on one body, cut in several ways."""
    with bounded(2_000 + 40 * len(data)):
        found = decode(data)
    assert found.size == len(data) and len(found.events) + len(found.malformations) <= len(data)
    assert sum(len(event.data) for event in found.events) <= len(data)
    for pieces in cuttings(data):
        _same_decoded(found, pieces)
    exchange = _exchange(200, STREAM_HEADERS, (data,), stream=True)
    reading = Reading(exchange)
    assert len(reading.events) <= len(found.events) + 1 and len(reading.walk.blocks) <= len(reading.events)
    why = rejected_stream(data)
    told = findings(exchange)
    assert not why or violated(told), why
    assert told == findings(_exchange(200, STREAM_HEADERS, list(cuttings(data))[-1], stream=True))
    for event in found.events:
        check_json(event.data.encode())


def _same_decoded(whole: Decoded, pieces: Sequence[bytes]) -> None:
    slow = Slow()
    completed = [event for piece in pieces for event in slow.feed(piece)]
    assert slow.finish() == whole == decode_chunks(pieces)
    assert tuple(completed) == whole.events


def check_json(data: bytes) -> None:
    """The short way of the JSON reader says what the long one says."""
    with bounded(2_000 + 60 * len(data)):
        found = parse(data)
    if found.ok:
        json.loads(data.decode("utf-8"))
    try:
        short = _plain(data.decode("utf-8"))
    except UnicodeDecodeError:
        assert found.faults
        return
    if short is not None:
        long = _examined(data)
        assert long.ok and repr(long.value) == repr(short.value) == repr(found.value)


@cache
def answers() -> Sequence[bytes]:
    """Answers with their heads: messages, refusals, and what is coded."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
               "content": [{"type": "text", "text": "Hello é 😀"}], "stop_reason": "end_turn", "stop_sequence": None,
               "usage": {"input_tokens": 10, "output_tokens": 3, "total_tokens": 13}}  # fmt: skip
    tool = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {"n": 3}}
    called = {**message, "content": [*message["content"], tool], "stop_reason": "tool_use"}  # type: ignore[misc]
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}, "request_id": "req_1"}
    head = "content-type: application/json\nrequest-id: req_1\n"
    return (
        f"200\n{head}\n{json.dumps(message)}".encode(),
        f"200\n{head}\n{json.dumps(called, indent=1)}".encode(),
        f"400\n{head}\n{json.dumps(error)}".encode(),
        f"529\n{head}retry-after: 3\n\n{json.dumps(error)}".encode(),
        f"200\n{head}content-encoding: identity\ncontent-length: 2\ndate: now\n\n{{}}".encode(),
        b"200\ncontent-type: text/event-stream\ncache-control: no-cache\n\n" + streams()[0],
    )


def _answered(data: bytes) -> tuple[int | None, Headers, bytes]:
    """Status, headers and body, from the form in which answers are mutated."""
    head, _, body = data.partition(b"\n\n")
    first, *rows = head.decode("latin-1").split("\n")
    pairs = (row.partition(": ") for row in rows)
    status = int(first[:3]) if first[:3].isascii() and first[:3].isdigit() else None
    return status, tuple((name, value) for name, _, value in pairs), body


def check_answer(data: bytes) -> None:
    """All rules on one answer with whatever head."""
    status, headers, body = _answered(data)
    for stream in (False, True):
        exchange = _exchange(status, headers, (body,), stream)
        told = findings(exchange)
        assert told == findings(_exchange(status, headers, list(cuttings(body))[-1], stream))
        is_json = Reading(exchange).media_type == "application/json" and headers[:2] == JSON_HEADERS == headers
        if status == 200 and is_json and not stream and (why := rejected_message(body)):
            assert violated(told), why
    check_json(body)
    _check_codings(body)


def _check_codings(body: bytes) -> None:
    """Undoing a coding piece by piece and at once come to the same, and to no more than is allowed."""
    for coding in ("gzip", "deflate", "gzip, deflate", "br", ",".join(["gzip"] * 9)):
        whole, fault = decoded_body(body, (coding,), 1000)
        assert len(whole) <= max(1000, len(body)) and (fault or whole is not None)
        if fault is None and (engine := undoing((coding,))) is not None:
            pieces = list(cuttings(body))[-1]
            assert b"".join(engine.feed(piece, 1001) for piece in pieces) == whole


def check_coded(data: bytes) -> None:
    """A body in a content coding, read as a stream and as JSON."""
    _check_codings(data)
    for coding in ("gzip", "deflate"):
        for headers in (STREAM_HEADERS, JSON_HEADERS):
            exchange = _exchange(200, (*headers, ("content-encoding", coding)), (data,), stream=False)
            other = _exchange(200, exchange.headers, list(cuttings(data))[-1], stream=False)
            assert findings(exchange) == findings(other)


@cache
def coded() -> Sequence[bytes]:
    """Streams and messages, compressed."""
    import gzip
    import zlib

    plain = [*streams()[:3], *(row.partition(b"\n\n")[2] for row in answers()[:3])]
    return tuple(pack(row) for row in plain for pack in (lambda row: gzip.compress(row, mtime=0), zlib.compress))
