"""What never comes, comes too slowly, or never ends; and connections that are reset at every stage."""

import json
from itertools import count
from typing import Any

from hostile_endpoint import Asked, Line, behaves
from loopback import CHUNKED, MESSAGE, STOP_EVENT, chunk, message, response

JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
BLOCK = 65_536


def event(name: str, **data: Any) -> bytes:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps({'type': name} | data)}\n\n".encode()


PING = event("ping")
START = event("message_start", message=MESSAGE | {"content": [], "stop_reason": None})
BLOCK_START = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
DELTA = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "p"})
BEGINNING = START + BLOCK_START + DELTA
ENDING = (
    event("content_block_stop", index=0)
    + event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=MESSAGE["usage"])
    + STOP_EVENT
)


@behaves("silent")
def _silent(line: Line, asked: Asked) -> None:
    line.wait()


@behaves("headers-byte-by-byte")
def _drip_headers(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD + b"x-slow: ")
    line.endless(b"a", pause=0.05)


@behaves("one-byte-a-minute")
def _one_byte_a_minute(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD + b"content-length: 1000\r\n\r\n")
    line.endless(b" ", pause=60.0)


@behaves("body-byte-by-byte")
def _drip_body(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD + b"content-length: 100000\r\n\r\n")
    line.endless(b" ", pause=0.05)


@behaves("headers-without-end")
def _headers_without_end(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD)
    line.endless(b"x-more: and more of it\r\n" * 100)


@behaves("header-of-10-mb")
def _large_header(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD + b"x-large: ")
    for _ in range(160):
        line.send(b"a" * BLOCK)
    line.send(b"\r\ncontent-length: 2\r\n\r\n{}")


@behaves("headers-by-the-thousand")
def _many_headers(line: Line, asked: Asked) -> None:
    """Just below what the HTTP reader takes at once."""
    line.send(response(b"{}", 400).replace(b"\r\n\r\n", b"\r\n" + b"x: y\r\n" * 16_000 + b"\r\n"))


@behaves("body-without-end")
def _body_without_end(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD + b"content-length: 99999999999999\r\n\r\n")
    line.endless(b" " * BLOCK)


@behaves("chunks-without-end")
def _chunks_without_end(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD + b"transfer-encoding: chunked\r\n\r\n")
    line.endless(chunk(b" " * BLOCK))


@behaves("chunks-of-one-byte")
def _small_chunks(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD + b"transfer-encoding: chunked\r\n\r\n")
    line.endless(chunk(b" ") * 5_000)


def _stream(line: Line, beginning: bytes, again: bytes, pause: float = 0.0) -> None:
    """A stream that goes on in the same way for ever; without a pause in blocks."""
    line.send(CHUNKED + chunk(beginning))
    line.endless(chunk(again) if pause else chunk(again * max(1, BLOCK // len(again))), pause)


@behaves("stream-silent", streams=True)
def _stream_silent(line: Line, asked: Asked) -> None:
    line.send(CHUNKED + chunk(BEGINNING))
    line.wait()


@behaves("stream-of-pings", streams=True)
def _pings(line: Line, asked: Asked) -> None:
    _stream(line, START, PING)


@behaves("stream-of-slow-pings", streams=True)
def _slow_pings(line: Line, asked: Asked) -> None:
    _stream(line, START, PING, 0.1)


@behaves("stream-of-deltas", streams=True)
def _deltas(line: Line, asked: Asked) -> None:
    _stream(line, BEGINNING, DELTA)


@behaves("stream-of-comments", streams=True)
def _comments(line: Line, asked: Asked) -> None:
    _stream(line, BEGINNING, b": nothing\n\n")


@behaves("stream-of-blank-lines", streams=True)
def _blank_lines(line: Line, asked: Asked) -> None:
    _stream(line, BEGINNING, b"\n")


@behaves("stream-of-one-line", streams=True)
def _one_line(line: Line, asked: Asked) -> None:
    _stream(line, BEGINNING + b"data: ", b"a")


@behaves("stream-of-data-lines", streams=True)
def _data_lines(line: Line, asked: Asked) -> None:
    """One event whose data never ends."""
    _stream(line, BEGINNING, b"data: \n")


@behaves("event-of-100-mb", streams=True)
def _large_event(line: Line, asked: Asked) -> None:
    line.send(CHUNKED + chunk(BEGINNING + b'event: content_block_delta\ndata: {"a":"'))
    for _ in range(1_600):
        line.send(chunk(b"a" * BLOCK))
    line.send(chunk(b'"}\n\n' + ENDING) + chunk(b""))


@behaves("a-million-events", streams=True)
def _many_events(line: Line, asked: Asked) -> None:
    line.send(CHUNKED + chunk(BEGINNING))
    for _ in range(100):
        line.send(chunk(b"data: {}\n\n" * 10_000))
    line.send(chunk(ENDING) + chunk(b""))


@behaves("open-after-stop", streams=True)
def _open_after_stop(line: Line, asked: Asked) -> None:
    line.send(CHUNKED + chunk(BEGINNING + ENDING))
    line.endless(chunk(PING), pause=0.1)


@behaves("asks-for-time-for-ever")
def _never_now(line: Line, asked: Asked) -> None:
    """Just below what a run waits for at once, every time."""
    line.send(response(b"{}", 429, retry_after="59"))


_asked = count()


@behaves("asks-for-time-every-other-time")
def _later(line: Line, asked: Asked) -> None:
    line.send(message() if next(_asked) % 2 else response(b"{}", 429, retry_after="1"))


@behaves("reset-at-once", unasked=True)
def _reset_at_once(line: Line, asked: Asked) -> None:
    line.reset()


@behaves("reset-before-status")
def _reset_before_status(line: Line, asked: Asked) -> None:
    line.reset()


@behaves("reset-in-status-line")
def _reset_in_status_line(line: Line, asked: Asked) -> None:
    line.send(b"HTTP/1.1 20")
    line.wait(0.05)
    line.reset()


@behaves("reset-in-headers")
def _reset_in_headers(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD)
    line.wait(0.05)
    line.reset()


@behaves("reset-in-body")
def _reset_in_body(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD + b'content-length: 100\r\n\r\n{"a"')
    line.wait(0.05)
    line.reset()


@behaves("reset-in-stream", streams=True)
def _reset_in_stream(line: Line, asked: Asked) -> None:
    line.send(CHUNKED + chunk(BEGINNING))
    line.wait(0.05)
    line.reset()


@behaves("half-close")
def _half_close(line: Line, asked: Asked) -> None:
    line.send(JSON_HEAD + b'content-length: 100\r\n\r\n{"a"')
    line.half_close()
    line.wait()
