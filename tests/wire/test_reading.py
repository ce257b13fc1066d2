"""The views of an exchange, and that none of them raises whatever came back."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stream_samples import ERROR, STOP, TEXT_BLOCK, Data, stream

from conformance.wire.exchange import Chunk, End, Ending, Exchange, Headers, Request
from conformance.wire.reading import Reading

MESSAGE = {"id": "msg_1", "type": "message", "content": [{"type": "text", "text": "pong"}, {"type": "x"}]}
JSON_TYPE = ("Content-Type", "application/json; Charset=\"UTF-8\"")  # fmt: skip
STREAM_TYPE = ("content-type", "Text/Event-Stream ; x=y;charset=utf-8")


def framed(*datas: Data) -> list[bytes]:
    return [f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode() for data in datas]


def exchange(
    chunks: list[bytes],
    *headers: tuple[str, str],
    status: int | None = 200,
    method: str = "POST",
    end: Ending = Ending.COMPLETE,
    sent: bytes = b"{}",
) -> Exchange:
    request = Request(method, "http://127.0.0.1/v1/messages", (), sent)
    timed = tuple(Chunk(float(n), data) for n, data in enumerate(chunks))
    return Exchange(request, status, headers, timed, End(end))


def test_a_json_answer() -> None:
    body = json.dumps(MESSAGE).encode()
    reading = Reading(exchange([body[:9], body[9:]], JSON_TYPE, sent=b'{"stream":false}'))
    assert reading.sent == {"stream": False}
    assert (reading.media_type, reading.charset, reading.is_stream) == ("application/json", "utf-8", False)
    assert reading.message == MESSAGE
    assert reading.text == "pong"
    assert reading.error is None
    assert reading.events == ()


@pytest.mark.parametrize(
    ("body", "options"),
    [(b"[]", {}), (b"{", {}), (b"{}", {"status": 201}), (b"{}", {"status": None}), (b"{}", {"method": "GET"})],
)
def test_no_message(body: bytes, options: dict[str, Any]) -> None:
    assert Reading(exchange([body], JSON_TYPE, **options)).message is None


def test_a_coded_answer() -> None:
    reading = Reading(exchange([gzip.compress(b"{}", mtime=0)], JSON_TYPE, ("Content-Encoding", "gzip")))
    assert (reading.body, reading.encoding_fault, reading.json.value) == (b"{}", None, {})


def test_an_error_answer() -> None:
    reading = Reading(exchange([json.dumps(ERROR).encode()], JSON_TYPE, status=529))
    assert reading.error == ERROR["error"]
    assert reading.message is None


def test_a_stream() -> None:
    datas = stream(*TEXT_BLOCK)
    reading = Reading(exchange(framed(*datas), STREAM_TYPE))
    assert reading.charset == "utf-8"
    assert [(event.type, event.at) for event in reading.events] == [(d["type"], float(n)) for n, d in enumerate(datas)]
    assert reading.walk.breaches == ()
    assert reading.text == "Hello"
    assert reading.accumulated is not None
    assert reading.accumulated["stop_reason"] == "end_turn"
    assert (reading.message, reading.error) == (None, None)


def test_an_event_arrives_with_the_chunk_that_completes_it() -> None:
    first, second = framed(STOP, STOP)
    reading = Reading(exchange([first[:-1], b"", first[-1:] + second[:3], second[3:]], STREAM_TYPE))
    assert [event.at for event in reading.events] == [2.0, 3.0]
    coded = exchange([gzip.compress(first, mtime=0)], STREAM_TYPE, ("content-encoding", "gzip"))
    assert [event.at for event in Reading(coded).events] == [None]


def test_a_whole_last_event_without_its_blank_line_is_kept() -> None:
    body = b"".join(framed(*stream(*TEXT_BLOCK)))
    reading = Reading(exchange([body[:-1]], STREAM_TYPE))
    assert [event.terminated for event in reading.events][-2:] == [True, False]
    assert reading.walk.breaches == ()
    cut = Reading(exchange([body[:-4]], STREAM_TYPE))
    assert [b.requirement for b in cut.walk.breaches] == ["STRM-023"]


def test_an_error_in_a_stream() -> None:
    assert Reading(exchange(framed(*stream()[:1], ERROR), STREAM_TYPE)).error == ERROR["error"]


@pytest.mark.parametrize(("end", "broken"), [(Ending.COMPLETE, 1), (Ending.CLOSED_EARLY, 1), (Ending.CUT, 0)])
def test_what_we_cut_is_not_missing(end: Ending, broken: int) -> None:
    reading = Reading(exchange(framed(*stream(*TEXT_BLOCK)[:3]), STREAM_TYPE, end=end))
    assert len(reading.walk.breaches) == broken


def test_eager_tools_come_from_the_request() -> None:
    start, parts = {"type": "tool_use", "id": "t", "name": "f", "input": {}}, {"type": "input_json_delta"}
    datas = stream(
        {"type": "content_block_start", "index": 0, "content_block": start},
        {"type": "content_block_delta", "index": 0, "delta": {**parts, "partial_json": "{}{}"}},
        {"type": "content_block_stop", "index": 0},
    )
    eager = b'{"tools":[{"name":"f","eager_input_streaming":true},3]}'
    assert Reading(exchange(framed(*datas), STREAM_TYPE, sent=eager)).walk.breaches == ()
    assert len(Reading(exchange(framed(*datas), STREAM_TYPE)).walk.breaches) == 1


PARTS = st.sampled_from(
    [*framed(*stream(*TEXT_BLOCK), ERROR), json.dumps(MESSAGE).encode(), b"data: [DONE]\n\n", b"\xff"]
)
CHUNKS = st.lists(PARTS | st.binary(max_size=20), max_size=8)
HEADERS = st.lists(
    st.sampled_from([JSON_TYPE, STREAM_TYPE, ("content-encoding", "gzip"), ("content-type", ";;=;charset")])
    | st.tuples(st.sampled_from(["content-type", "content-encoding"]), st.text(max_size=12)),
    max_size=3,
).map(tuple)
VIEWS = [name for name in vars(Reading) if not name.startswith("_")]


@settings(deadline=None)  # a loaded machine is no fault
@given(CHUNKS, HEADERS, st.none() | st.integers(0, 999), st.sampled_from(Ending), st.binary(max_size=9))
def test_every_view_is_total(
    chunks: list[bytes], headers: Headers, status: int | None, end: Ending, sent: bytes
) -> None:
    reading = Reading(exchange(chunks, *headers, status=status, end=end, sent=sent))
    views = {name: getattr(reading, name) for name in VIEWS}
    assert views["is_stream"] or views["events"] == ()
    assert isinstance(views["text"], str)
