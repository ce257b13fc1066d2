"""What passes is what was sent: heads but for host and base, bodies, chunks, codings, in the same pieces."""

import gzip
import json
from threading import Event

import pytest
from loopback import CHUNKED, CLOSE, Loopback, always, chunk, in_turn, response
from passing import Kept, asked, connected, request, rest, through, told, until

from conformance.wire.exchange import Ending

EVENTS = tuple(
    f'event: ping\ndata: {{"type": "ping", "n": {number}}}\n\n'.encode() for number in range(12)
)  # each in a chunk of its own, or all in one
END = chunk(b"")


@pytest.mark.parametrize(
    "pieces",
    [
        [bytes([one]) for one in b"".join(EVENTS)],
        [b"".join(EVENTS)],
        list(EVENTS),
    ],
    ids=["a byte in each chunk", "many events in a chunk", "an event in each chunk"],
)
def test_chunks_are_those_of_the_target(pieces: list[bytes]) -> None:
    kept, body = Kept(), b"".join(map(chunk, pieces)) + END
    with always(CHUNKED, body, CLOSE) as server, through(server.url, kept) as proxy:
        assert asked(proxy, request()) == CHUNKED + body
    assert [piece.data for piece in kept.exchanges[0].chunks] == pieces
    assert kept.exchanges[0].end.how is Ending.COMPLETE


def test_writes_that_come_apart_stay_apart() -> None:
    """The target writes no further byte before the client has the one before: nothing is held back."""
    seen = [Event() for _ in EVENTS]
    steps = [step for event, data in zip(seen, EVENTS, strict=True) for step in (chunk(data), told(event))]
    kept = Kept()
    with always(CHUNKED, *steps, END) as server, through(server.url, kept) as proxy, connected(proxy) as client:
        client.sendall(request())
        came = b""
        for event, data in zip(seen, EVENTS, strict=True):
            came += until(client, chunk(data))
            event.set()
        assert came == CHUNKED + b"".join(map(chunk, EVENTS))
        assert until(client, END) == END
        proxy.settle()
    times = [piece.at for piece in kept.exchanges[0].chunks]
    assert times == sorted(times) and len(set(times)) == len(EVENTS)


def test_a_request_is_changed_in_its_host_and_its_base_alone() -> None:
    kept = Kept()
    raw = b"POST /v1/messages?beta=true HTTP/1.1\r\nhost:  here \r\nX-Odd:\t a  b \r\n"
    raw += b"content-length: 2\r\nAccept: */*\r\n\r\n{}"
    with always(response(), CLOSE) as server, through(f"{server.url}/base", kept) as proxy:
        asked(proxy, raw)
        [received] = server.received
    port = server.url.rpartition(":")[2].encode()
    assert received.head == raw[:-2].replace(b"/v1", b"/base/v1", 1).replace(
        b"host:  here ", b"host: 127.0.0.1:" + port
    )
    assert received.body == b"{}"
    sent = kept.exchanges[0].request
    assert sent.url == f"{server.url}/base/v1/messages?beta=true"
    assert sent.headers == (("X-Odd", "a  b"), ("Accept", "*/*")) and sent.body == b"{}"


@pytest.mark.parametrize(
    ("base", "asked_for", "reached"),
    [
        ("", "/v1/messages", "/v1/messages"),
        ("/base", "/base/v1/messages", "/base/v1/messages"),
        ("/base", "/v1/messages/count_tokens", "/base/v1/messages/count_tokens"),
        ("/base/v1/messages", "/v1/messages?a=%20", "/base/v1/messages?a=%20"),
        ("/odd/messages", "/messages", "/odd/messages"),
        ("/base", "/health", "/health"),
        ("/base", "http://other.example/v1/messages", "/base/v1/messages"),
        ("/base", "*", "*"),
    ],
)
def test_paths(base: str, asked_for: str, reached: str) -> None:
    with always(response(), CLOSE) as server, through(server.url + base, Kept()) as proxy:
        asked(proxy, request(asked_for, b"", "OPTIONS"))
        assert server.received[0].head.split(b" ")[1] == reached.encode()


def test_a_body_in_a_coding_stays_in_it() -> None:
    kept, body = Kept(), gzip.compress(json.dumps({"type": "error"}).encode())
    answer = response(body, content_encoding="gzip")
    with always(answer, CLOSE) as server, through(server.url, kept) as proxy:
        assert asked(proxy, request("/v1/messages", b"{}", "POST", "accept-encoding: gzip")) == answer
    assert kept.exchanges[0].body == body and kept.records[0].reading.json.value == {"type": "error"}


def test_a_request_in_chunks_stays_in_them() -> None:
    kept = Kept()
    head = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    body = chunk(b'{"a"') + chunk(b": 1}") + END
    with always(response(), CLOSE) as server, through(server.url, kept) as proxy:
        asked(proxy, head + body)
        assert server.received[0].body == body
    assert kept.exchanges[0].request.body == b'{"a": 1}'


def test_large_bodies_pass_both_ways_and_what_is_kept_has_limits() -> None:
    kept, large = Kept(), b"x" * 5_000_000
    with always(response(large), CLOSE) as server, through(server.url, kept) as proxy:
        assert asked(proxy, request("/v1/messages", large)) == response(large)
        assert server.received[0].body == large
    exchange = kept.exchanges[0]
    assert exchange.request.body == large
    assert exchange.end.how is Ending.CUT and exchange.end.limit == "body" and len(exchange.body) < len(large)


def test_one_connection_serves_many_requests_of_any_method() -> None:
    kept = Kept()
    empty = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n"
    with (
        in_turn([empty], [response(b"abc")], [response()]) as server,
        through(server.url, kept) as proxy,
        connected(proxy) as client,
    ):
        client.sendall(request("/v1/models", b"", "HEAD"))
        assert until(client, b"\r\n\r\n") == empty
        client.sendall(request("/v1/models", b"", "GET"))
        assert until(client, b"abc") == response(b"abc")
        client.sendall(request())
        assert until(client, b"{}") == response()
        proxy.settle()
        assert len({received.port for received in server.received}) == 1
    assert [one.request.method for one in kept.exchanges] == ["HEAD", "GET", "POST"]
    assert [one.body for one in kept.exchanges] == [b"", b"abc", b"{}"]
    assert len({one.connection for one in kept.exchanges}) == 1


def test_requests_sent_in_one_go_are_answered_in_their_order() -> None:
    kept = Kept()
    with (
        in_turn([response(b"1")], [response(b"22")], [response(b"333"), CLOSE]) as server,
        through(server.url, kept) as proxy,
    ):
        answers = asked(proxy, request("/a", b"") + request("/b", b"{}") + request("/c", b"", "GET"))
    assert answers == response(b"1") + response(b"22") + response(b"333")
    assert [(one.request.url[-2:], one.body) for one in kept.exchanges] == [("/a", b"1"), ("/b", b"22"), ("/c", b"333")]
    assert [record.seq for record in kept.records] == [1, 2, 3]


def test_answers_that_come_in_one_go_are_told_apart() -> None:
    kept, together = Kept(), response(b"1") + response(b"22")
    server = Loopback(lambda received, number: [] if number == 0 else [together])
    with server, through(server.url, kept) as proxy, connected(proxy) as client:
        client.sendall(request("/a", b"") + request("/b", b""))
        assert until(client, b"22") == together
        proxy.settle()
    assert [one.body for one in kept.exchanges] == [b"1", b"22"]
    assert [one.surplus for one in kept.exchanges] == [b"", b""]


def test_a_client_that_waits_for_100_continue_gets_that_of_the_target() -> None:
    kept, go = Kept(), b"HTTP/1.1 100 Continue\r\n\r\n"
    head, body = request("/v1/messages", b"{}", "POST", "expect: 100-continue")[:-2], b"{}"
    server = _Continuing()
    with server, through(server.url, kept) as proxy, connected(proxy) as client:
        client.sendall(head)
        assert until(client, go) == go
        client.sendall(body)
        assert until(client, b"{}") == response()
        proxy.settle()
    assert kept.exchanges[0].status == 200 and kept.exchanges[0].request.body == body
    assert "expect" not in dict(kept.exchanges[0].request.headers)


class _Continuing(Loopback):
    """Asks for the body before it reads it."""

    def __init__(self) -> None:
        super().__init__(lambda received, number: [response()])

    async def _converse(self, reader: object, writer: object) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")  # type: ignore[attr-defined]
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # type: ignore[attr-defined]
        assert b"expect" in head and await reader.readexactly(2) == b"{}"  # type: ignore[attr-defined]
        writer.write(response())  # type: ignore[attr-defined]
        return True


def test_bytes_behind_an_answer_pass_and_are_kept_apart() -> None:
    kept = Kept()
    with always(response(b"ab") + b"surplus", CLOSE) as server, through(server.url, kept) as proxy:
        assert asked(proxy, request()) == response(b"ab") + b"surplus"
    assert kept.exchanges[0].body == b"ab" and kept.exchanges[0].surplus == b"surplus"


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    kept, answer = Kept(), b"HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nall of it"
    with always(answer, CLOSE) as server, through(server.url, kept) as proxy, connected(proxy) as client:
        client.sendall(request())
        assert rest(client) == answer
    assert kept.exchanges[0].end.how is Ending.COMPLETE and kept.exchanges[0].version == "1.0"
