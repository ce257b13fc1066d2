"""What an operator sets: a restricted key, the context window, the limit of a body, betas, an uncooperative model."""

import json
import socket
from collections.abc import Iterator, Mapping

import httpx
import pytest
from reference_corpus import KEY, OLD, PLAIN, RESTRICTED, T1, user

from conformance.reference import PROFILES, Endpoint, Settings

WINDOW, LIMIT = 500, 4000


@pytest.fixture(params=list(PROFILES))
def endpoint(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    settings = Settings(
        profile=request.param, restricted_key=RESTRICTED, context_window=WINDOW, body_limit=LIMIT, uncooperative=True
    )
    with Endpoint(settings) as running:
        yield running


def url(endpoint: Endpoint) -> str:
    return endpoint.url + PROFILES[endpoint.settings.profile].messages_path


def post(endpoint: Endpoint, change: Mapping[str, object] | None = None, **headers: str) -> httpx.Response:
    """The answer to a changed request on a connection of its own."""
    sent = {"authorization": f"Bearer {KEY}", "anthropic-version": OLD, **headers}
    return httpx.post(url(endpoint), json={**PLAIN, **(change or {})}, headers=sent)


def error(answer: httpx.Response) -> dict[str, str]:
    """The error of an envelope."""
    assert answer.json()["type"] == "error"
    return dict(answer.json()["error"])


@pytest.mark.parametrize("stream", [False, True])
def test_a_restricted_key_gets_403(endpoint: Endpoint, stream: bool) -> None:
    answer = post(endpoint, {"stream": stream}, authorization=f"Bearer {RESTRICTED}")
    assert (answer.status_code, error(answer)["type"]) == (403, "permission_error")
    headers = {"x-api-key": RESTRICTED, "anthropic-version": OLD}
    assert httpx.post(url(endpoint), json=PLAIN, headers=headers).status_code == 403
    assert post(endpoint).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_beyond_the_window_is_told_so(endpoint: Endpoint, stream: bool) -> None:
    answer = post(endpoint, {"messages": [user("word " * 600)], "stream": stream})
    assert (answer.status_code, error(answer)["type"]) == (400, "invalid_request_error")
    assert error(answer)["message"].startswith("prompt is too long: ")
    assert f"{WINDOW} maximum" in error(answer)["message"]
    assert post(endpoint, {"messages": [user("word " * 400)]}).status_code == 200


def test_a_body_above_the_limit_is_refused_and_the_next_is_served(endpoint: Endpoint) -> None:
    answer = post(endpoint, {"messages": [user("x" * LIMIT)]})
    assert (answer.status_code, error(answer)["type"]) == (413, "request_too_large")
    assert post(endpoint).status_code == 200


def test_a_large_body_is_answered_while_the_client_sends(endpoint: Endpoint) -> None:
    path, port = PROFILES[endpoint.settings.profile].messages_path, int(endpoint.url.rsplit(":", 1)[1])
    size = 4_000_000
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\nanthropic-version: {OLD}\r\n"
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(f"{head}content-length: {size}\r\nconnection: close\r\n\r\n".encode())
        connection.sendall(b" " * size)
        answer = b""
        while more := connection.recv(65_536):
            answer += more
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["type"] == "request_too_large"
    assert post(endpoint).status_code == 200


def test_a_list_of_betas_is_accepted(endpoint: Endpoint) -> None:
    for names in ("one-2025-01-01,two-2025-02-02", "one-2025-01-01, two-2025-02-02"):
        assert post(endpoint, None, **{"anthropic-beta": names}).status_code == 200


def test_the_model_of_gardens_over_the_wire(endpoint: Endpoint) -> None:
    asked = {"messages": [user("Call get_code with n=7")], "tools": [T1], "max_tokens": 200}
    free, forced = post(endpoint, asked).json(), post(endpoint, {**asked, "tool_choice": {"type": "any"}}).json()
    assert free["content"][0]["text"].startswith("Gardens are") and free["stop_reason"] == "end_turn"
    assert [block["type"] for block in forced["content"]] == ["tool_use"] and forced["stop_reason"] == "tool_use"
