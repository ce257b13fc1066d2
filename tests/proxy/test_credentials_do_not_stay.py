"""What a client brings as a credential is in nothing that is kept: known before its exchange, or any other, is."""

import base64
import json
from threading import Event

import pytest
from loopback import CLOSE, Loopback, Received, Step, always, response
from passing import Kept, asked, connected, request, rest, through, told

from conformance.evidence.journal import record_line
from conformance.proxy.credentials import Keyring, credentials_of
from conformance.wire.exchange import Request

CANARY = "canary-4f1d2c9ab7"


def told_of(kept: Kept) -> str:
    return "\n".join(json.dumps(record_line(record)) for record in kept.records)


def echo(received: Received, number: int) -> list[Step]:
    """All that was sent, once more."""
    return [response(received.head + received.body), CLOSE]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/v1/messages", f"x-api-key: {CANARY}"),
        ("/v1/messages", f"Authorization: Bearer {CANARY}"),
        ("/v1/messages", f"AUTHORIZATION: {CANARY}"),
        ("/v1/messages", f"proxy-authorization: Basic {base64.b64encode(f'me:{CANARY}'.encode()).decode()}"),
        ("/v1/messages", f"cookie: a=b; session={CANARY}; c"),
        (f"/v1/messages?beta=true&api_key={CANARY}", "x-other: 1"),
        (f"/v1/messages?access-token={CANARY[:6]}%2D{CANARY[7:]}", f"x-other: {CANARY}"),
    ],
    ids=["key", "bearer", "bare", "basic", "cookie", "query", "query-escaped"],
)
def test_a_credential_that_comes_back_is_taken_out(path: str, line: str) -> None:
    kept = Kept()
    with Loopback(echo) as server, through(server.url, kept) as proxy:
        assert CANARY[6:].encode() in asked(proxy, request(path, b"{}", "POST", line)) or "basic" in line.lower()
    coded = base64.b64encode(f"me:{CANARY}".encode()).decode()
    assert CANARY not in told_of(kept) and coded not in told_of(kept)
    assert len(kept.records) == 1 and "[" in told_of(kept)


def test_a_key_that_another_client_gets_to_see_is_known_by_then() -> None:
    """The second client begins while the first one waits, and the first one gets the second one's key."""
    kept, both = Kept(), Event()

    def answer(received: Received, number: int) -> list[Step]:
        if number:
            both.set()
            return [response(), CLOSE]
        return [told(both), response(f"it is {CANARY}".encode()), CLOSE]

    with Loopback(answer) as server, through(server.url, kept) as proxy, connected(proxy) as first:
        first.sendall(request("/first", b"", "POST", "x-api-key: another-key-0123"))
        while not server.received:
            pass
        assert asked(proxy, request("/second", b"", "POST", f"x-api-key: {CANARY}")) == response()
        assert CANARY.encode() in rest(first)
    assert CANARY not in told_of(kept) and "[KEY" in kept.exchanges[-1].body.decode() + kept.exchanges[0].body.decode()


def test_a_credential_in_what_failed_is_taken_out_of_words() -> None:
    keys = Keyring()
    keys.learn(Request("POST", "http://x/", (("x-api-key", CANARY),), b""))
    assert keys.text(f"OSError: {CANARY}") == f"OSError: [KEY{'*' * (len(CANARY) - 5)}]"


@pytest.mark.parametrize(
    ("headers", "url", "found"),
    [
        ((("Authorization", "Bearer"),), "http://x/", []),
        ((("Authorization", "Bearer "),), "http://x/", []),
        ((("Authorization", "abc"),), "http://x/", [("authorization", "KEY", "abc")]),
        ((("Authorization", "Basic !"),), "http://x/", [("authorization", "KEY", "!")]),
        ((("x-api-key", ""),), "http://x/?key=", []),
        ((), "http://x/?key=a%2Bb&beta=true&monkey=1", [("", "HEADER", "a%2Bb"), ("", "HEADER", "a+b")]),
        ((("Cookie", "a=b"),), "http://x/", [("cookie", "HEADER", "a=b"), ("cookie", "HEADER", "b")]),
        ((("anthropic-version", "2023-06-01"),), "http://x/?beta=true&max_tokens=1", []),
    ],
)
def test_what_is_a_credential(
    headers: tuple[tuple[str, str], ...], url: str, found: list[tuple[str, str, str]]
) -> None:
    rows = credentials_of(Request("POST", url, headers, b""))
    assert [(name, secret.label, secret.value) for name, secret in rows] == found


@pytest.mark.parametrize(
    ("key", "body", "left"),
    [
        ("short", b"short", b"short"),  # it would be found everywhere
        ("reference-1", b"reference-1", b"reference-1"),  # a word of ordinary traffic
    ],
)
def test_what_is_no_secret_stays_in_answers(key: str, body: bytes, left: bytes) -> None:
    kept = Kept()
    with always(response(body), CLOSE) as server, through(server.url, kept) as proxy:
        asked(proxy, request("/v1/messages", b"{}", "POST", f"x-api-key: {key}"))
    assert kept.exchanges[0].body == left
    assert dict(kept.exchanges[0].request.headers)["x-api-key"].startswith("[KEY")


def test_what_a_client_says_elsewhere_too_raises_no_alarm_when_it_comes_back() -> None:
    kept, body = Kept(), json.dumps({"model": CANARY}).encode()
    with (
        Loopback(lambda received, number: [response(received.body), CLOSE]) as server,
        through(server.url, kept) as proxy,
    ):
        asked(proxy, request("/v1/messages", body, "POST", f"x-api-key: {CANARY}"))
    assert CANARY not in told_of(kept) and b"[HEADER" in kept.exchanges[0].body
