"""Whoever ends a connection, the other side's ends in the same way; what is ours is marked as ours."""

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from loopback import CHUNKED, CLOSE, HANG, RESET, STOP_EVENT, Loopback, always, chunk, free_port, in_turn, response
from passing import LIMITS, Kept, asked, connected, request, rest, through, told, until

from conformance.proxy.relay import MARK
from conformance.proxy.upstream import Target
from conformance.rules.client_requests import PARTIAL
from conformance.wire.exchange import Ending, Limit

EVENT = chunk(b'event: ping\ndata: {"type": "ping"}\n\n')
CUT = CHUNKED + EVENT + b"ff\r\nhalf of a chunk"


def test_what_the_target_cuts_off_stays_cut_off() -> None:
    kept = Kept()
    with always(CUT, CLOSE) as server, through(server.url, kept) as proxy:
        assert asked(proxy, request()) == CUT
    assert kept.exchanges[0].end.how is Ending.CLOSED_EARLY


def test_a_reset_is_a_reset_on_the_other_side() -> None:
    kept, seen = Kept(), Event()
    with always(CUT, told(seen), RESET) as server, through(server.url, kept) as proxy, connected(proxy) as client:
        client.sendall(request())
        assert until(client, b"half of a chunk") == CUT
        seen.set()
        with pytest.raises(ConnectionResetError):
            rest(client)
    assert kept.exchanges[0].end.how is Ending.RESET


def test_a_target_that_says_nothing_before_it_ends() -> None:
    kept = Kept()
    with always(CLOSE) as server, through(server.url, kept) as proxy:
        assert asked(proxy, request()) == b""
    assert kept.exchanges[0].end.how is Ending.NO_ANSWER and kept.exchanges[0].status is None


def test_a_connection_without_a_request_ends_with_that_of_the_target() -> None:
    seen = Event()
    with (
        always(response(), told(seen), CLOSE) as server,
        through(server.url, Kept()) as proxy,
        connected(proxy) as client,
    ):
        client.sendall(request())
        assert until(client, b"{}") == response()
        seen.set()
        assert rest(client) == b""


@contextmanager
def hanging() -> Iterator[tuple[Loopback, Event]]:
    """A server that begins a stream, and says when its client has gone."""
    gone = Event()

    class Hanging(Loopback):
        async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            try:
                return await Loopback._converse(self, reader, writer)
            finally:
                if await reader.read() == b"":
                    gone.set()

    with Hanging(lambda received, number: [CHUNKED, EVENT]) as server:
        yield server, gone


def test_a_client_that_hangs_up_hangs_up_on_the_target() -> None:
    kept = Kept()
    with hanging() as (server, gone), through(server.url, kept) as proxy:
        with connected(proxy) as client:
            client.sendall(request())
            until(client, EVENT)
        assert gone.wait(30)
        proxy.settle()
        assert kept.exchanges[0].end.how is Ending.HUNG_UP and kept.exchanges[0].end.limit is None
        assert kept.exchanges[0].body in EVENT


@pytest.mark.parametrize(
    ("answer", "limit"),
    [
        ((HANG,), Limit.FIRST_BYTE),
        ((CHUNKED, EVENT, HANG), Limit.BETWEEN_BYTES),
        ((CHUNKED, chunk(STOP_EVENT), HANG), Limit.AFTER_STOP),
    ],
    ids=["before an answer", "inside one", "behind its last event"],
)
def test_a_client_that_has_waited_beyond_a_limit_says_so_by_leaving(answer: tuple[Any, ...], limit: Limit) -> None:
    """Limits of no time: whoever leaves has waited longer."""
    kept = Kept()
    limits = replace(LIMITS, first_byte=0.0, between_bytes=0.0, after_stop=0.0)
    with always(*answer) as server, through(server.url, kept, limits=limits) as proxy:
        with connected(proxy) as client:
            client.sendall(request())
            if len(answer) > 1:
                until(client, b"\n\n\r\n")
            else:
                while not server.received:
                    pass
        proxy.settle()
    assert kept.exchanges[0].end.how is Ending.CUT and kept.exchanges[0].end.limit is limit


def test_the_end_of_a_stream_is_read_for_a_client_that_leaves_after_the_last_event() -> None:
    kept, left = Kept(), Event()
    with (
        always(CHUNKED, chunk(STOP_EVENT), told(left), chunk(b"")) as server,
        through(server.url, kept) as proxy,
    ):
        with connected(proxy) as client:
            client.sendall(request())
            until(client, b"message_stop")
        left.set()
        proxy.settle()
        assert kept.exchanges[0].end.how is Ending.COMPLETE


def test_a_stream_without_a_client_is_recorded_at_the_end_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.proxy.relay.LINGER", 60.0)
    kept = Kept()
    with always(CHUNKED, chunk(STOP_EVENT), HANG) as server, through(server.url, kept) as proxy:
        client = connected(proxy)
        client.sendall(request())
        until(client, b"message_stop")
        client.close()
    assert kept.exchanges[0].end.how is Ending.HUNG_UP


def test_two_clients_at_once_do_not_wait_for_each_other() -> None:
    kept, second = Kept(), Event()
    with (
        in_turn([CHUNKED, told(second), EVENT, chunk(b""), CLOSE], [response(b"second"), CLOSE]) as server,
        through(server.url, kept) as proxy,
        connected(proxy) as client,
    ):
        client.sendall(request("/first"))
        until(client, b"\r\n\r\n")
        assert asked(proxy, request("/second")) == response(b"second")
        second.set()
        assert rest(client) == EVENT + chunk(b"")
    assert [(record.seq, record.exchange.request.url[-4:]) for record in kept.records] == [(2, "cond"), (1, "irst")]


def test_an_unreachable_target_is_told_with_an_answer_of_ours() -> None:
    kept = Kept()
    with through(f"http://127.0.0.1:{free_port()}", kept) as proxy:
        head, _, body = asked(proxy, request()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502 ") and f"{MARK}: answered-here".encode() in head
    assert json.loads(body)["error"]["type"] == "api_error"
    [exchange] = kept.exchanges
    assert exchange.status is None and exchange.end.how is Ending.NO_CONNECTION
    assert exchange.end.detail.endswith("(502 by the pass-through)") and exchange.request.body == b"{}"


def test_a_client_that_waits_for_100_continue_is_told_at_once() -> None:
    kept = Kept()
    with through(f"http://127.0.0.1:{free_port()}", kept) as proxy:
        head = request("/v1/messages", b"{}", "POST", "expect: 100-continue")[:-2]
        assert asked(proxy, head).startswith(b"HTTP/1.1 502 ")
    assert kept.exchanges[0].end.how is Ending.NO_CONNECTION


def test_a_target_that_speaks_no_tls_is_not_reached() -> None:
    kept, limits = Kept(), replace(LIMITS, connect=0.3)
    with (
        always(response(), CLOSE) as server,
        through(server.url.replace("http:", "https:"), kept, limits=limits) as proxy,
    ):
        assert asked(proxy, request()).startswith(b"HTTP/1.1 502 ")
        assert server.received == []
    assert kept.exchanges[0].end.how is Ending.NO_CONNECTION and kept.exchanges[0].end.limit is Limit.CONNECT


def test_what_is_no_http_is_refused_and_no_exchange() -> None:
    kept, why = Kept(), list[str]()
    with always(response()) as server, through(server.url, kept, refused=why.append) as proxy:
        answer = asked(proxy, b"\x16\x03\x01 TLS hello\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ") and MARK.encode() in answer
        assert server.received == []
    assert len(why) == 1 and not kept.records


def test_what_is_no_http_behind_a_request_ends_the_connection() -> None:
    kept, why = Kept(), list[str]()
    with always(HANG) as server, through(server.url, kept, refused=why.append) as proxy, connected(proxy) as client:
        client.sendall(request() + b"\x16\x03\x01\r\n\r\n")
        assert rest(client) == b""
    assert len(why) == 1 and kept.exchanges[0].end.how is Ending.HUNG_UP


@contextmanager
def secured(folder: Path) -> Iterator[tuple[str, ssl.SSLContext]]:
    """A server with TLS and a certificate of its own making: its URL, and who trusts it."""
    certificate = made_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection, context.wrap_socket(connection, server_side=True) as inside:
                    until(inside, b"{}")
                    inside.sendall(response())
                    inside.unwrap()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        trusting = ssl.create_default_context(cafile=str(certificate))
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", trusting
        thread.join(30)


def made_certificate(folder: Path) -> Path:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
    made = made.add_extension(x509.BasicConstraints(True, None), True)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "both.pem"
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return path


def test_a_target_with_tls_is_reached_where_its_certificate_is_trusted(tmp_path: Path) -> None:
    kept = Kept()
    with secured(tmp_path) as (url, trusting), through(url, kept, verify=trusting) as proxy:
        assert asked(proxy, request()) == response()
    assert kept.exchanges[0].end.how is Ending.COMPLETE
    assert kept.exchanges[0].request.url == f"{url}/v1/messages"


def test_a_target_with_a_certificate_of_its_own_making_gets_no_request(tmp_path: Path) -> None:
    kept = Kept()
    with secured(tmp_path) as (url, _), through(url, kept) as proxy:
        assert asked(proxy, request()).startswith(b"HTTP/1.1 502 ")
    assert "CERTIFICATE_VERIFY_FAILED" in kept.exchanges[0].end.detail


@pytest.mark.parametrize(
    "answer", [b"what\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nabc"], ids=["no status line", "no length"]
)
def test_an_answer_that_is_no_http_passes(answer: bytes) -> None:
    kept = Kept()
    with always(answer, CLOSE) as server, through(server.url, kept) as proxy:
        assert asked(proxy, request()) == answer
    assert kept.exchanges[0].end.how is Ending.MALFORMED


def test_a_head_beyond_our_limit_passes() -> None:
    kept, answer = Kept(), response(b"{}", x_long="x" * 5000)
    with always(answer, CLOSE) as server, through(server.url, kept, limits=replace(LIMITS, header=1000)) as proxy:
        assert asked(proxy, request()) == answer
    assert kept.exchanges[0].end.limit is Limit.HEADER


def test_no_more_requests_are_taken_than_were_asked_for() -> None:
    kept = Kept()
    with always(response(), CLOSE) as server, through(server.url, kept, most=1) as proxy:
        assert asked(proxy, request()) == response()
        assert proxy.wait(30) and proxy.full
        assert asked(proxy, request()) == b""
        assert len(server.received) == 1
    assert len(kept.records) == 1


def test_the_end_of_the_pass_through_ends_what_passes() -> None:
    kept = Kept()
    with always(CHUNKED, EVENT, HANG) as server:
        with through(server.url, kept) as proxy:
            client = connected(proxy)
            client.sendall(request())
            until(client, EVENT)
        with client:
            assert client.recv(10) == b""
    assert kept.exchanges[0].end.how is Ending.HUNG_UP and "was ended" in kept.exchanges[0].end.detail


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        proxy = through("http://127.0.0.1:9", Kept(), port=taken.getsockname()[1])
        with pytest.raises(OSError, match="ddress already in use"):
            proxy.__enter__()
    assert not any("conformance-proxy" in thread.name for thread in threading.enumerate())


def test_a_request_that_is_not_all_there_is_told_as_that() -> None:
    """The target refuses before it has read all; the client leaves in the middle; more came than is kept."""
    kept, head = Kept(), b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"
    server = _Early(lambda received, number: [])
    with server, through(server.url, kept) as proxy:
        assert asked(proxy, head) == response(b"{}", 413)
    assert kept.exchanges[0].end.detail == PARTIAL and kept.exchanges[0].request.body == b"{"


class _Early(Loopback):
    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(b"{}", 413))
        return False


def test_of_a_request_beyond_all_the_beginning_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.proxy.exchanging.MOST_SENT", 10)
    kept = Kept()
    with always(response(), CLOSE) as server, through(server.url, kept) as proxy:
        asked(proxy, request("/v1/messages", b"x" * 25))
        assert server.received[0].body == b"x" * 25
    assert kept.exchanges[0].request.body == b"x" * 10 and kept.exchanges[0].end.detail == PARTIAL


def test_a_slow_reader_slows_the_target_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than all buffers hold: without a brake it would be held in memory."""
    kept, large, braked = Kept(), b"x" * 8_000_000, Event()

    def brake(target: Target, wanted: bool) -> None:
        braked.set()
        read(target, wanted)

    read = Target.reading
    monkeypatch.setattr(Target, "reading", brake)
    with always(response(large), CLOSE) as server, through(server.url, kept) as proxy, connected(proxy) as client:
        client.sendall(request())
        assert braked.wait(30)
        assert len(rest(client)) == len(response(large))
    assert kept.exchanges[0].end.limit is Limit.BODY


def test_a_slow_target_slows_the_client_down() -> None:
    """What is sent before the target is connected waits for it, and no more than a little."""
    kept, large = Kept(), b"x" * 8_000_000
    with always(response(), CLOSE) as server, through(server.url, kept) as proxy:
        assert asked(proxy, request("/v1/messages", large)) == response()
        assert server.received[0].body == large
    assert kept.exchanges[0].request.body == large
