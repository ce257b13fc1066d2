"""What only the socket transport can send, and only it can see."""

import asyncio
import socket
import ssl
import threading
from dataclasses import replace

import pytest
from loopback import CLOSE, HANG, always, chunk, response

from conformance.probing.limits import Limits
from conformance.probing.sockets import SocketTransport, request_bytes
from conformance.probing.transport import Outgoing
from conformance.wire.exchange import Ending, Exchange, Headers, Request

LIMITS = Limits(connect=2.0, first_byte=5.0, between_bytes=5.0, whole=9.0)


def _send(url: str, method: str = "POST", headers: Headers = (), body: bytes = b"{}") -> Exchange:
    request = Request(method, url, headers, body)
    return asyncio.run(SocketTransport().send(Outgoing(request, wire=True), LIMITS))


def test_a_scheme_and_a_space_arrive_with_the_space() -> None:
    with always(response(b"{}", 401)) as server:
        exchange = _send(server.url, headers=(("Authorization", "Bearer "),))
    assert b"\r\nAuthorization: Bearer \r\n" in server.received[0].head
    assert exchange.status == 401


def test_the_connection_is_asked_to_close() -> None:
    with always(response()) as server:
        _send(f"{server.url}/a/b?c=d")
    assert server.received[0].head.startswith(b"POST /a/b?c=d HTTP/1.1\r\n")
    assert b"\r\nConnection: close\r\n" in server.received[0].head


SURPLUS = [
    ("a body after HEAD", "HEAD", response(b"stray"), b"", b"stray"),
    ("a body after 204", "POST", b"HTTP/1.1 204 X\r\n\r\nstray", b"", b"stray"),
    ("bytes behind the declared length", "POST", response(b"{}") + b"stray", b"{}", b"stray"),
    ("nothing", "POST", response(b"{}"), b"{}", b""),
]


@pytest.mark.parametrize(("method", "raw", "body", "surplus"), [r[1:] for r in SURPLUS], ids=[r[0] for r in SURPLUS])
def test_bytes_behind_the_end_are_kept_apart(method: str, raw: bytes, body: bytes, surplus: bytes) -> None:
    with always(raw, CLOSE) as server:
        exchange = _send(server.url, method, body=b"")
    assert (exchange.body, exchange.surplus, exchange.end.how) == (body, surplus, Ending.COMPLETE)


def test_surplus_that_comes_later_is_waited_for_but_not_for_ever() -> None:
    with always(response(b"{}"), 0.1, b"late", HANG) as server:
        late = _send(server.url)
    with always(response(b"{}"), HANG) as server:
        never = _send(server.url)
    assert (late.surplus, never.surplus) == (b"late", b"")
    assert late.end.how is never.end.how is Ending.COMPLETE


def test_interim_responses_are_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    with always(b"HTTP/1.1 100 Continue\r\n\r\n", early, response(b"{}", 400)) as server:
        exchange = _send(server.url)
    assert (exchange.status, exchange.body, exchange.header("link")) == (400, b"{}", None)


def test_an_answer_that_ends_with_the_connection_is_complete() -> None:
    with always(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it", CLOSE) as server:
        exchange = _send(server.url)
    assert (exchange.body, exchange.end.how) == (b"all of it", Ending.COMPLETE)


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [("GET", b"", b""), ("POST", b"", b"Content-Length: 0\r\n"), ("GET", b"x", b": 1\r\n")],
)
def test_a_length_is_declared_where_there_may_be_a_body(method: str, body: bytes, length: bytes) -> None:
    written = request_bytes(Request(method, "http://h:1", (), body))
    assert written.startswith(f"{method} / HTTP/1.1\r\nHost: h:1\r\n".encode())
    assert (b"Content-Length" in written) == bool(length) and length in written and written.endswith(b"\r\n\r\n" + body)


def test_a_body_in_chunks_is_split_where_it_is_asked_for_and_has_no_length() -> None:
    headers = (("Transfer-Encoding", "chunked"),)
    written = request_bytes(Request("POST", "http://h:1", headers, b'{"a":1}'), chunk_at=3)
    assert b"Content-Length" not in written and b"\r\nTransfer-Encoding: chunked\r\n" in written
    assert written.endswith(b"\r\n\r\n" + chunk(b'{"a') + chunk(b'":1}') + chunk(b""))


def test_whoever_refuses_at_once_and_is_gone_has_answered() -> None:
    """The headers alone are read: the rest of the request makes the system reset the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        refusing = threading.Thread(target=_refuse, args=(listening,))
        refusing.start()
        request = Request("POST", url, (("Transfer-Encoding", "chunked"),), b"x" * 400)
        exchange = asyncio.run(SocketTransport().send(Outgoing(request, chunk_at=200, wire=True), LIMITS))
        refusing.join()
    assert (exchange.status, exchange.body, exchange.end.how) == (411, b"{}", Ending.COMPLETE)


def _refuse(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(100)
        connection.sendall(response(b"{}", 411))


def test_a_context_of_its_own_is_used_for_tls() -> None:
    with always(CLOSE) as server:
        request = Request("POST", server.url.replace("http:", "https:"), (), b"{}")
        context = ssl.create_default_context()
        exchange = asyncio.run(SocketTransport(context).send(Outgoing(request), replace(LIMITS, connect=0.3)))
    assert exchange.end.how is Ending.NO_CONNECTION and not server.received
