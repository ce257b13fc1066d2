"""Everything that a target can do wrong while it says a key back, as scripts for a server: one row for each place that
its bytes may get to (a header, a body that is cut, the words of a library, a redirect). Behaviours that differ only in
how long they go on end in the same places, and have one row."""

import gzip
import json
from collections.abc import Callable, Mapping

from canary_target import answered, every_way
from loopback import CHUNKED, HANG, MESSAGE, RESET, STOP_EVENT, Loopback, Received, Script, chunk, response

JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
LIMITS = """[limits]
connect = 1
first-byte = 1.5
between-bytes = 0.5
whole = 2
after-stop = 0.2
header = 30000
body = 60000
lines = 3000
events = 1000
patience = 1.5
"""


def _length(value: str) -> bytes:
    return JSON + f"content-length: {value}\r\n\r\n{{}}".encode()


def _chunks(data: str) -> bytes:
    return JSON + f"transfer-encoding: chunked\r\n\r\n{data}".encode()


def _body(text: str, status: int = 200, **headers: str) -> bytes:
    return response(text.encode(), status, **headers)


def _stream(key: str, *parts: str) -> bytes:
    return CHUNKED + b"".join(chunk(part.replace("KEY", key).encode()) for part in parts)


def _packed(key: str, times: int) -> bytes:
    body = gzip.compress(json.dumps(MESSAGE).replace("pong", every_way(key) * times).encode(), mtime=0)
    return response(body, content_encoding="gzip")


#: What a target that says KEY back writes to a request. Each goes on until it is cut, or ends as it says.
WAYS: Mapping[str, Callable[[str], Script]] = {
    "headers without end": lambda key: [JSON + f"x-k: {key}\r\n".encode() * 3_000, HANG],
    "headers of another kind": lambda key: [JSON + f"{key}: {key}\r\ncontent-length: 2\r\n\r\n{{}}".encode()],
    "interim answers": lambda key: [f"HTTP/1.1 103 {key}\r\nlink: </{key}>\r\n\r\n".encode() * 20, HANG],
    "no http": lambda key: [f"{key} {every_way(key)}".encode(), RESET],
    "http 2": lambda key: [b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + key.encode(), HANG],
    "version": lambda key: [f"HTTP/{key} 200 OK\r\n\r\n".encode(), HANG],
    "length is the key": lambda key: [_length(key), HANG],
    "two lengths": lambda key: [_length(f"2\r\ncontent-length: {key}"), HANG],
    "coding of transfer": lambda key: [JSON + f"transfer-encoding: {key}\r\n\r\n".encode(), HANG],
    "chunk size is the key": lambda key: [_chunks(f"{key}\r\n{{}}"), HANG],
    "line of a chunk": lambda key: [_chunks("2;x=" + key * 3_000), HANG],
    "trailers": lambda key: [_chunks(f"2\r\n{{}}\r\n0\r\nx-{key}: {key}\r\n\r\n")],
    "trailers without end": lambda key: [_chunks("2\r\n{}\r\n0\r\n" + f"x-k: {key}\r\n" * 20_000), HANG],
    "body without end": lambda key: [JSON + b"content-length: 999999\r\n\r\n" + key.encode() * 9_999, HANG],
    "body that stops": lambda key: [JSON + f'content-length: 999\r\n\r\n{{"a": "{key}'.encode(), HANG],
    "body that is reset": lambda key: [JSON + f'content-length: 999\r\n\r\n{{"a": "{key}'.encode(), RESET],
    "body of a 204": lambda key: [_body(key, 204)],
    "gzip": lambda key: [_packed(key, 1)],
    "gzip bomb": lambda key: [_packed(key, 9_999)],
    "no gzip": lambda key: [_body(key, content_encoding="gzip")],
    "coding of content": lambda key: [_body(key, content_encoding=key)],
    "kind of content": lambda key: [_body(key, content_type=f"{key}; charset={key}")],
    "no json": lambda key: [_body(f'{{"a": {key}')],
    "deep json": lambda key: [_body("[" * 600 + f'"{every_way(key)}"' + "]" * 600)],
    "keys of json": lambda key: [_body(f'{{"{every_way(key)}": 1, "{every_way(key)}": NaN}}')],
    "redirect": lambda key: [_body("", 307, location=f"http://127.0.0.1:9/{key}?k={key}")],
    "redirect to a file": lambda key: [_body(key, 302, location=f"file:///{key}")],
    "time to wait": lambda key: [_body(key, 429, retry_after=key)],
    "time that is named": lambda key: [_body("{}", date=key, anthropic_ratelimit_requests_reset=key,
                                             anthropic_ratelimit_requests_remaining="0")],
    "comments without end": lambda key: [_stream(key, ": KEY\n\n" * 4_000), HANG],
    "lines without end": lambda key: [_stream(key, "data: KEY\n" * 4_000), HANG],
    "events of odd names": lambda key: [_stream(key, "event: KEY\nid: KEY\nretry: KEY\ndata: KEY\n\n" * 40), HANG],
    "stream that stays open": lambda key: [_stream(key, STOP_EVENT.decode(), ": KEY\n\n"), HANG],
    "stream that is reset": lambda key: [_stream(key, "data: KEY"), RESET],
}  # fmt: skip


def failing(key: str, *names: str, served: int = 0) -> Loopback:
    """A target that serves so many requests, and then has each of these ways in turn; all of them without a name."""
    ways = [WAYS[name] for name in names or WAYS]

    def answer(request: Received, number: int) -> Script:
        return answered(request, 0) if number < served else ways[number % len(ways)](key)

    return Loopback(answer)


def slow(seconds: float) -> Loopback:
    """A target that says back what it was sent, after a while."""
    return Loopback(lambda request, number: [seconds, *answered(request, number)])
