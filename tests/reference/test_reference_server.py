"""The endpoint over real sockets: keep-alive, streams, odd requests, hang-ups, faults between requests."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from reference_corpus import KEY, OLD, PLAIN

from conformance.reference import PROFILES, Endpoint, Settings

HEADERS = {"authorization": f"Bearer {KEY}", "anthropic-version": OLD}
STREAM = {**PLAIN, "stream": True}


@pytest.fixture(params=list(PROFILES))
def endpoint(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    with Endpoint(Settings(profile=request.param)) as running:
        yield running


def url(endpoint: Endpoint) -> str:
    return endpoint.url + PROFILES[endpoint.settings.profile].messages_path


def raw(endpoint: Endpoint, data: bytes, size: int = 1 << 20) -> bytes:
    """Everything the server sends for some bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", int(endpoint.url.rsplit(":", 1)[1])), 10) as connection:
        connection.sendall(data)
        answer = b""
        while more := connection.recv(size):
            answer += more
    return answer


def post(endpoint: Endpoint, *extra: str, body: bytes | None = None) -> bytes:
    """The bytes of a plain POST."""
    content = json.dumps(PLAIN).encode() if body is None else body
    path = PROFILES[endpoint.settings.profile].messages_path
    lines = [f"POST {path} HTTP/1.1", "host: x", *(f"{name}: {value}" for name, value in HEADERS.items()), *extra]
    return "\r\n".join([*lines, "", ""]).encode() + content


def test_one_connection_serves_success_error_stream_and_success(endpoint: Endpoint) -> None:
    with httpx.Client(headers=HEADERS) as client:
        statuses = [
            client.post(url(endpoint), json=body).status_code
            for body in (PLAIN, {**PLAIN, "messages": []}, STREAM, PLAIN)
        ]
    assert statuses == [200, 400, 200, 200]
    assert endpoint.requests == 4


def test_a_stream_ends_with_message_stop(endpoint: Endpoint) -> None:
    answer = httpx.post(url(endpoint), json=STREAM, headers=HEADERS)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text.endswith('event: message_stop\ndata: {"type":"message_stop"}\n\n')


def test_ids_are_unique(endpoint: Endpoint) -> None:
    answers = [httpx.post(url(endpoint), json=PLAIN, headers=HEADERS) for _ in range(3)]
    assert len({answer.json()["id"] for answer in answers}) == 3
    assert len({answer.headers["request-id"] for answer in answers}) == 3


def test_pipelined_requests_are_answered_in_order(endpoint: Endpoint) -> None:
    length = f"content-length: {len(json.dumps(PLAIN))}"
    answer = raw(endpoint, post(endpoint, length) + post(endpoint, length, "connection: close"))
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.count(b"connection: close") == 1


def test_a_chunked_body_split_inside_a_character_is_read(endpoint: Endpoint) -> None:
    turns = [{"role": "user", "content": "Repeat exactly: é"}]
    content = json.dumps({**PLAIN, "messages": turns}, ensure_ascii=False).encode()
    cut = content.index("é".encode()) + 1
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (content[:cut], content[cut:], b""))
    answer = raw(endpoint, post(endpoint, "transfer-encoding: chunked", "connection: close", body=body))
    assert answer.startswith(b"HTTP/1.1 200")
    assert "é".encode() in answer


def test_expect_is_answered_before_the_body(endpoint: Endpoint) -> None:
    content = json.dumps(PLAIN).encode()
    head = post(endpoint, f"content-length: {len(content)}", "expect: 100-continue", "connection: close", body=b"")
    with socket.create_connection(("127.0.0.1", int(endpoint.url.rsplit(":", 1)[1])), 10) as connection:
        connection.sendall(head)
        assert connection.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(content)
        assert connection.recv(1024).startswith(b"HTTP/1.1 200")


def test_head_has_no_body_and_the_connection_goes_on(endpoint: Endpoint) -> None:
    with httpx.Client(headers=HEADERS) as client:
        head = client.head(url(endpoint))
        assert (head.status_code, head.content) == (405, b"")
        assert client.post(url(endpoint), json=PLAIN).status_code == 200


def test_http_1_0_gets_an_unchunked_stream(endpoint: Endpoint) -> None:
    content = json.dumps(STREAM).encode()
    request = post(endpoint, f"content-length: {len(content)}", body=content).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    answer = raw(endpoint, request)
    assert b"transfer-encoding" not in answer
    assert answer.endswith(b'data: {"type":"message_stop"}\n\n')


def test_what_is_not_http_gets_an_envelope(endpoint: Endpoint) -> None:
    answer = raw(endpoint, b"\x00\x01\x02\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["type"] == "invalid_request_error"


def test_a_body_above_the_limit_gets_413_and_the_connection_goes_on() -> None:
    with Endpoint(Settings(body_limit=1000)) as running, httpx.Client(headers=HEADERS) as client:
        assert client.post(url(running), content=b"x" * 200_000).status_code == 413
        assert client.post(url(running), json=PLAIN).status_code == 200


def test_clients_that_hang_up_do_no_harm(endpoint: Endpoint) -> None:
    for _ in range(3):
        with httpx.stream("POST", url(endpoint), json=STREAM, headers=HEADERS) as answer:
            next(answer.iter_lines())
    assert httpx.post(url(endpoint), json=PLAIN, headers=HEADERS).status_code == 200


def test_concurrent_answers_keep_apart(endpoint: Endpoint) -> None:
    said: dict[str, str] = {}

    def ask(nonce: str) -> None:
        turns = [{"role": "user", "content": f"Repeat exactly: {nonce}"}]
        answer = httpx.post(url(endpoint), json={**PLAIN, "messages": turns}, headers=HEADERS)
        said[nonce] = answer.json()["content"][0]["text"]

    threads = [threading.Thread(target=ask, args=(f"{number:012x}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {nonce: nonce for nonce in said} and len(said) == 8


def test_an_open_stream_does_not_delay_the_shutdown() -> None:
    with Endpoint(Settings(faults=("silent-after-message-start",))) as running:
        stream = httpx.Client(headers=HEADERS, timeout=5)
        answer = stream.send(stream.build_request("POST", url(running), json=STREAM), stream=True)
        lines = answer.iter_lines()
        assert next(lines) == "event: message_start"
    with pytest.raises(httpx.TransportError):
        list(lines)
    stream.close()


def test_a_reset_reaches_the_client() -> None:
    with Endpoint(Settings(faults=("stream-reset",))) as running, pytest.raises(httpx.TransportError):
        httpx.post(url(running), json=STREAM, headers=HEADERS)


def test_cached_answers_repeat_their_id() -> None:
    with Endpoint(Settings(faults=("answers-cached",))) as running:
        ids = {httpx.post(url(running), json=PLAIN, headers=HEADERS).json()["id"] for _ in range(2)}
    assert len(ids) == 1


def test_a_rate_limit_without_retry_after() -> None:
    with Endpoint(Settings(faults=("rate-limit-without-retry-after",))) as running:
        answers = [httpx.post(url(running), json=PLAIN, headers=HEADERS) for _ in range(6)]
    assert [answer.status_code for answer in answers].count(429) == 1
    assert all("retry-after" not in answer.headers for answer in answers)


@pytest.mark.parametrize(("fault", "sign"), [("one-at-a-time", '"conflict_error"'), ("answers-leak", "max_tokens")])
def test_faults_of_overlapping_requests(fault: str, sign: str) -> None:
    assert any(sign in answer for answer in at_once(4, fault))


def at_once(count: int, fault: str, **changes: Any) -> list[str]:
    """The answers to so many requests that are in flight together."""
    answers: list[str] = []
    body = {**PLAIN, "max_tokens": 300, **changes}
    with Endpoint(Settings(faults=(fault,))) as running, httpx.Client() as client:

        def ask() -> None:
            answers.append(client.post(url(running), json=body, headers=HEADERS).text)

        threads = [threading.Thread(target=ask) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return answers


@pytest.mark.parametrize(
    ("fault", "breaks"),
    [
        ("stop-lost-in-a-crowd", lambda answer: "event: message_stop" not in answer),
        ("streams-crossed-in-a-crowd", lambda answer: answer.count("text_delta") > 2),
    ],
    ids=["stop-lost", "crossed"],
)
def test_faults_that_only_a_crowd_sees(fault: str, breaks: Callable[[str], bool]) -> None:
    assert not any(map(breaks, at_once(6, fault, stream=True)))
    assert any(map(breaks, at_once(16, fault, stream=True)))
