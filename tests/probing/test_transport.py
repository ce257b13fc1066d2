"""Both transports against servers that answer well, badly, late, or not at all."""

import asyncio
import gzip
from collections.abc import Mapping
from typing import Any

import pytest
from loopback import CHUNKED, CLOSE, HANG, RESET, STOP_EVENT, Loopback, always, chunk, free_port, in_turn, response

from conformance.probing.limits import Limits
from conformance.probing.sockets import SocketTransport
from conformance.probing.transport import HttpxTransport, Outgoing, Transport
from conformance.wire.exchange import Ending, Exchange, Limit, Request

HEADERS = (("Content-Type", "application/json"), ("Authorization", "Bearer key-0123456789"))
KINDS: Mapping[str, type[HttpxTransport] | type[SocketTransport]] = {"httpx": HttpxTransport, "socket": SocketTransport}


def _limits(**changes: Any) -> Limits:
    return Limits(**({"connect": 2.0, "first_byte": 5.0, "between_bytes": 5.0, "whole": 9.0} | changes))


def _outgoing(url: str, method: str = "POST", body: bytes = b'{"a":1}', **more: Any) -> Outgoing:
    return Outgoing(Request(method, f"{url}/v1/messages?beta=true", HEADERS, body), **more)


def _send(transport: Transport, *outgoings: Outgoing, limits: Limits | None = None) -> list[Exchange]:
    async def send() -> list[Exchange]:
        try:
            return [await transport.send(outgoing, limits or _limits()) for outgoing in outgoings]
        finally:
            await transport.close()

    return asyncio.run(send())


def _one(kind: str, server: Loopback, limits: Limits | None = None, **more: Any) -> Exchange:
    with server:
        return _send(KINDS[kind](), _outgoing(server.url, **more), limits=limits)[0]


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    """The name of a transport."""
    return str(request.param)


def test_a_whole_answer_is_complete_and_carries_its_times(kind: str) -> None:
    exchange = _one(kind, always(response(b'{"ok":1}', set_cookie="a=1")))
    assert (exchange.status, exchange.body, exchange.end.how) == (200, b'{"ok":1}', Ending.COMPLETE)
    assert exchange.header("Set-Cookie") == "a=1"
    assert exchange.first_byte is not None and 0 <= exchange.first_byte <= exchange.chunks[0].at <= exchange.elapsed


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_version_of_an_answer_is_kept(kind: str, version: str) -> None:
    answer = response().replace(b"HTTP/1.1", f"HTTP/{version}".encode())
    assert _one(kind, always(answer)).version == version


def test_the_request_goes_out_as_it_was_given(kind: str) -> None:
    server = always(response())
    exchange = _one(kind, server)
    sent = server.received[0]
    assert sent.head.startswith(b"POST /v1/messages?beta=true HTTP/1.1\r\n") and sent.body == b'{"a":1}'
    names = [line.partition(b":")[0].lower() for line in sent.head.split(b"\r\n")[1:] if line]
    assert sorted(set(names) - {b"connection"}) == [b"authorization", b"content-length", b"content-type", b"host"]
    assert exchange.request == _outgoing(server.url).request


def test_a_chunked_answer_is_complete_with_its_last_chunk(kind: str) -> None:
    exchange = _one(kind, always(CHUNKED, chunk(b"ab"), chunk(b"cd"), chunk(b"")))
    assert (exchange.body, exchange.end.how) == (b"abcd", Ending.COMPLETE)


def test_headers_given_twice_stay_two_in_their_order(kind: str) -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nrequest-id: a\r\nX-a: 2\r\ncontent-length: 0\r\n\r\n"
    exchange = _one(kind, always(raw))
    assert list(exchange.header_values("x-a")) == ["1", "2"]
    assert [name for name, _ in exchange.headers if name.lower() == "x-a"] == ["X-A", "X-a"]


def test_a_compressed_body_stays_as_it_came(kind: str) -> None:
    packed = gzip.compress(b'{"ok":1}', mtime=0)
    exchange = _one(kind, always(response(packed, content_encoding="gzip")))
    assert exchange.body == packed


def test_redirects_are_not_followed(kind: str) -> None:
    server = always(response(b"", 307, location="/elsewhere"))
    exchange = _one(kind, server)
    assert (exchange.status, len(server.received)) == (307, 1)


def test_proxies_of_the_environment_are_ignored(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert _one(kind, always(response())).end.how is Ending.COMPLETE


ENDINGS: list[tuple[str, tuple[bytes | float | str, ...], Ending, int | None, bytes]] = [
    ("inside a declared length", (response(b"x" * 9)[:-3], CLOSE), Ending.CLOSED_EARLY, 200, b"x" * 6),
    ("between chunks", (CHUNKED, chunk(b"ab"), CLOSE), Ending.CLOSED_EARLY, 200, b"ab"),
    ("inside a chunk", (CHUNKED, chunk(b"abcd")[:-4], CLOSE), Ending.CLOSED_EARLY, 200, b"ab"),
    ("reset inside the body", (CHUNKED, chunk(b"ab"), 0.1, RESET), Ending.RESET, 200, b"ab"),
    ("before any byte", (CLOSE,), Ending.NO_ANSWER, None, b""),
    ("reset before any byte", (RESET,), Ending.NO_ANSWER, None, b""),
    ("another protocol", (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", CLOSE), Ending.MALFORMED, None, b""),
    ("a chunk without size", (CHUNKED, b"zz\r\nab\r\n", CLOSE), Ending.MALFORMED, 200, b""),
]


@pytest.mark.parametrize(("script", "how", "status", "body"), [row[1:] for row in ENDINGS], ids=[r[0] for r in ENDINGS])
def test_an_end_is_told_by_how_it_came(
    kind: str, script: tuple[bytes | float | str, ...], how: Ending, status: int | None, body: bytes
) -> None:
    exchange = _one(kind, always(*script))
    assert (exchange.end.how, exchange.status, exchange.body) == (how, status, body)
    assert exchange.end.detail and exchange.end.limit is None


def test_nobody_listening_is_no_connection(kind: str) -> None:
    exchange = _send(KINDS[kind](), _outgoing(f"http://127.0.0.1:{free_port()}"))[0]
    assert (exchange.end.how, exchange.status, exchange.first_byte) == (Ending.NO_CONNECTION, None, None)


def test_a_server_without_tls_is_no_connection(kind: str) -> None:
    with always(CLOSE) as server:
        outgoing = _outgoing(server.url.replace("http:", "https:"))
        exchange = _send(KINDS[kind](), outgoing, limits=_limits(connect=0.3))[0]
    assert exchange.end.how is Ending.NO_CONNECTION


CUTS: list[tuple[Limit, dict[str, Any], tuple[bytes | float | str, ...]]] = [
    (Limit.FIRST_BYTE, {"connect": 0.8, "first_byte": 0.1}, (HANG,)),
    (Limit.BETWEEN_BYTES, {"between_bytes": 0.2}, (CHUNKED, chunk(b"ab"), HANG)),
    (Limit.WHOLE, {"whole": 0.3}, (CHUNKED, *(part for _ in range(100) for part in (chunk(b"a"), 0.05)), HANG)),
    (Limit.AFTER_STOP, {"after_stop": 0.2}, (CHUNKED, chunk(STOP_EVENT), HANG)),
    (Limit.AFTER_STOP, {"after_stop": 0.2}, (CHUNKED, chunk(STOP_EVENT[:40]), 0.1, chunk(STOP_EVENT[40:]), HANG)),
    (
        Limit.AFTER_STOP,
        {"after_stop": 0.2},
        (CHUNKED, chunk(STOP_EVENT), *(part for _ in range(100) for part in (chunk(b":\n"), 0.05)), HANG),
    ),
    (Limit.BODY, {"body": 10}, (CHUNKED, chunk(b"x" * 11), HANG)),
]


@pytest.mark.parametrize(("limit", "changes", "script"), CUTS, ids=[f"{row[0]}-{n}" for n, row in enumerate(CUTS)])
def test_each_limit_cuts_and_names_itself(
    kind: str, limit: Limit, changes: dict[str, Any], script: tuple[bytes | float | str, ...]
) -> None:
    exchange = _one(kind, always(*script), _limits(**changes))
    assert (exchange.end.how, exchange.end.limit) == (Ending.CUT, limit)
    assert (exchange.status is None) == (limit is Limit.FIRST_BYTE)


def test_a_body_just_as_long_as_the_limit_is_whole(kind: str) -> None:
    assert _one(kind, always(response(b"x" * 10)), _limits(body=10)).end.how is Ending.COMPLETE


def test_the_word_message_stop_in_a_text_is_not_the_end(kind: str) -> None:
    talk = b'data: {"text": "\\"type\\": \\"message_stop\\""}\n\n'
    exchange = _one(kind, always(CHUNKED, chunk(talk), 0.2, chunk(b"")), _limits(after_stop=0.05))
    assert exchange.end.how is Ending.COMPLETE


def test_hanging_up_where_the_probe_says(kind: str) -> None:
    exchange = _one(kind, always(CHUNKED, chunk(b"one mar"), 0.1, chunk(b"k two"), HANG), hang_up=b"mark")
    assert (exchange.end.how, exchange.body) == (Ending.HUNG_UP, b"one mark two")


def test_a_kept_connection_is_used_again_and_called_the_same() -> None:
    with always(response()) as server:
        first, second = _send(HttpxTransport(), _outgoing(server.url), _outgoing(server.url))
    assert first.connection == second.connection == str(server.received[0].port) == str(server.received[1].port)


def test_a_pin_has_a_connection_of_its_own() -> None:
    with always(response()) as server:
        outgoings = [_outgoing(server.url), *(_outgoing(server.url, pin="p") for _ in range(2)), _outgoing(server.url)]
        ports = [exchange.connection for exchange in _send(HttpxTransport(), *outgoings)]
    assert ports[1] == ports[2] and ports[0] == ports[3] and ports[0] != ports[1]


def test_cookies_are_not_sent_back() -> None:
    with always(response(set_cookie="session=1; Path=/")) as server:
        _send(HttpxTransport(), _outgoing(server.url), _outgoing(server.url))
    assert b"cookie" not in server.received[1].head.lower()


@pytest.mark.parametrize("url", ["http://[::1", "gopher://127.0.0.1"])
def test_an_address_that_cannot_be_used_is_no_connection(url: str) -> None:
    assert _send(HttpxTransport(), _outgoing(url))[0].end.how is Ending.NO_CONNECTION


def test_a_hang_of_one_request_leaves_the_transport_usable() -> None:
    with in_turn((HANG,), (response(),)) as server:
        limits = _limits(connect=0.8, first_byte=0.7)
        first, second = _send(HttpxTransport(), _outgoing(server.url), _outgoing(server.url), limits=limits)
    assert (first.end.how, second.end.how) == (Ending.CUT, Ending.COMPLETE)


def test_a_trickle_does_not_outlast_the_whole_limit() -> None:
    trickle = [step for _ in range(400) for step in (chunk(b": ping\n\n"), 0.01)]
    with in_turn((CHUNKED, *trickle, HANG)) as server:
        (found,) = _send(HttpxTransport(), _outgoing(server.url), limits=_limits(whole=0.5))
    assert (found.end.how, found.end.limit) == (Ending.CUT, Limit.WHOLE)
    assert 0 < len(found.chunks) < 200
