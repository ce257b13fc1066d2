"""From a call to the request on the wire."""

import json
from dataclasses import replace

import pytest

from conformance.contract import load_profiles
from conformance.probing.operator import BOTH_BETAS, FIRST_BETA, LARGE, PADDING, SECOND_BETA, TOO_LONG, Operator
from conformance.probing.probe import MODEL, Auth, Call, Probe, Shape, fill, names
from conformance.probing.render import AddressError, Desk, body_bytes, endpoint_url, wrong_token

PATH = "/anthropic/v1/messages"
OPERATOR = Operator("second-key", ("beta-a", "beta-b", "beta-c"), 10)
DESK = Desk("http://h:1/anthropic/v1/messages", "2023-06-01", "m-1", "the-key", "the-wrong", "n0nce", operator=OPERATOR)


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("http://h:1", "http://h:1/anthropic/v1/messages"),
        ("http://h:1/", "http://h:1/anthropic/v1/messages"),
        ("  https://h/  ", "https://h/anthropic/v1/messages"),
        ("http://h/anthropic", "http://h/anthropic/v1/messages"),
        ("http://h/anthropic/v1", "http://h/anthropic/v1/messages"),
        ("http://h/anthropic/v1/", "http://h/anthropic/v1/messages"),
        ("http://h/proxy", "http://h/proxy/anthropic/v1/messages"),
        ("http://h/proxy/anthropic", "http://h/proxy/anthropic/v1/messages"),
        ("http://h/proxy/v1", "http://h/proxy/v1/anthropic/v1/messages"),
        ("http://h/any/messages", "http://h/any/messages"),
        ("http://h/any/messages/", "http://h/any/messages"),
        ("http://h/a@b", "http://h/a@b/anthropic/v1/messages"),
        ("http://[::1]:9/", "http://[::1]:9/anthropic/v1/messages"),
    ],
)
def test_a_target_is_the_endpoint_or_a_base_of_it(target: str, url: str) -> None:
    assert endpoint_url(target, PATH) == url


def test_the_shorter_path_of_the_other_profile_is_completed_as_well() -> None:
    path = load_profiles()["anthropic"].path
    assert endpoint_url("http://h/v1", path) == endpoint_url("http://h", path) == "http://h/v1/messages"


@pytest.mark.parametrize(
    "target",
    [
        "h:1",
        "ftp://h",
        "http://",
        "/v1/messages",
        "",
        "localhost:8000/v1",
        "http://[::1",
        "http://h:x",
        "http://h:99999",
    ],
)
def test_what_is_no_address_is_told_in_a_sentence(target: str) -> None:
    with pytest.raises(AddressError, match="is not an http or https URL"):
        endpoint_url(target, PATH)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("http://h/v1?key=1", "carries a query, which begins with '?'"),
        ("http://h?x#y", "carries a query"),
        ("http://h/v1#part", "carries a fragment, which begins with '#'"),
        ("http://h/#x?y", "carries a fragment"),
        ("http:/127.0.0.1:8765", "lacks a slash: two stand behind the scheme"),
        ("HTTPS:h/part", "lacks a slash"),
        ("http://127.0.0.1 :8765", "holds a space or a character that does not print"),
        ("http://h\n.example/part", "holds a space"),
        ("http://h/\x1b[31m", "holds a space"),
        ("http://h/\x00", "holds a space"),
    ],
)
def test_what_no_address_holds_is_told_by_its_name(target: str, sentence: str) -> None:
    with pytest.raises(AddressError) as error:
        endpoint_url(target, PATH)
    assert str(error.value).startswith(f"--target-url {sentence}")
    assert all(word not in str(error.value) for word in ("key", "part", "8765", "\x1b"))


@pytest.mark.parametrize(
    "target", ["http://key@h/", "http://user:key@h:1/messages", "http://@h", "http://user:key@h:x/", "user:key@h/v1"]
)
def test_user_information_is_refused_without_repeating_it(target: str) -> None:
    with pytest.raises(AddressError, match="user information") as error:
        endpoint_url(target, PATH)
    assert "key@" not in str(error.value)


def test_the_default_request() -> None:
    request = DESK.outgoing(Call({"model": MODEL, "n": "{nonce}"})).request
    assert (request.method, request.url) == ("POST", DESK.endpoint)
    assert request.body == b'{"model":"m-1","n":"n0nce"}'
    assert dict(request.headers) == {
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "messages-conformance",
        "anthropic-version": "2023-06-01",
        "Content-Type": "application/json",
        "Authorization": "Bearer the-key",
    }


def test_a_request_without_a_body_names_no_content_type() -> None:
    request = DESK.outgoing(Call(method="GET")).request
    assert request.body == b"" and "Content-Type" not in dict(request.headers)


def test_headers_replace_remove_and_add_without_case() -> None:
    changes = (("ACCEPT", "text/plain"), ("anthropic-Version", None), ("X-New", "{nonce} {model}"))
    headers = dict(DESK.outgoing(Call({}, headers=changes)).request.headers)
    assert headers["ACCEPT"] == "text/plain" and "Accept" not in headers
    assert "anthropic-version" not in headers and headers["X-New"] == "n0nce m-1"


def test_a_header_may_be_given_twice() -> None:
    headers = DESK.outgoing(Call({}, headers=(("Accept", "a"), ("Accept", "b")))).request.headers
    assert [value for name, value in headers if name == "Accept"] == ["a", "b"]


def test_configured_headers_go_with_every_request_and_can_be_taken_away() -> None:
    desk = Desk(DESK.endpoint, "v", "m", "k", "w", "n", (("X-Tenant", "t"),))
    assert ("X-Tenant", "t") in desk.outgoing(Call({})).request.headers
    assert "X-Tenant" not in dict(desk.outgoing(Call({}, headers=(("x-tenant", None),))).request.headers)


CREDENTIALS = {
    Auth.USUAL: [("Authorization", "Bearer the-key")],
    Auth.BEARER: [("Authorization", "Bearer the-key")],
    Auth.X_API_KEY: [("x-api-key", "the-key")],
    Auth.BOTH: [("Authorization", "Bearer the-key"), ("x-api-key", "the-key")],
    Auth.NONE: [],
    Auth.WRONG_BEARER: [("Authorization", "Bearer the-wrong")],
    Auth.WRONG_X_API_KEY: [("x-api-key", "the-wrong")],
    Auth.BASIC: [("Authorization", "Basic YWJj")],
    Auth.SCHEME_ALONE: [("Authorization", "Bearer")],
    Auth.SCHEME_AND_SPACE: [("Authorization", "Bearer ")],
    Auth.BARE_TOKEN: [("Authorization", "the-key")],
    Auth.RESTRICTED: [("Authorization", "Bearer second-key")],
    Auth.LOWER_CASE: [("Authorization", "bearer the-key")],
    Auth.UPPER_CASE: [("Authorization", "BEARER the-key")],
}


def _credentials(desk: Desk, auth: Auth) -> list[tuple[str, str]]:
    rows = desk.outgoing(Call({}, auth=auth)).request.headers
    return [row for row in rows if row[0] in {"Authorization", "x-api-key"}]


@pytest.mark.parametrize("auth", list(Auth))
def test_each_kind_of_credential(auth: Auth) -> None:
    assert _credentials(DESK, auth) == CREDENTIALS[auth]


def test_the_key_goes_where_the_operator_says_unless_a_probe_is_about_it() -> None:
    desk = replace(DESK, usual=Auth.X_API_KEY)
    assert _credentials(desk, Auth.USUAL) == _credentials(DESK, Auth.X_API_KEY) == [("x-api-key", "the-key")]
    assert _credentials(desk, Auth.BEARER) == _credentials(DESK, Auth.USUAL) == [("Authorization", "Bearer the-key")]
    restricted = OPERATOR.restricted_key
    assert restricted and _credentials(desk, Auth.RESTRICTED) == [("x-api-key", restricted)]


@pytest.mark.parametrize("auth", list(Auth))
def test_a_key_less_target_is_sent_no_credential_at_all(auth: Auth) -> None:
    assert _credentials(Desk(DESK.endpoint, "v", "m", None, "the-wrong", "n"), auth) == []


@pytest.mark.parametrize(
    ("call", "url"),
    [
        (Call(path="/count_tokens"), "http://h:1/anthropic/v1/messages/count_tokens"),
        (Call(path="~models"), "http://h:1/anthropic/v1/models"),
        (Call(path="~models/{model}"), "http://h:1/anthropic/v1/models/m-1"),
        (Call(query="beta=true"), "http://h:1/anthropic/v1/messages?beta=true"),
        (Call(path="~models", query="limit=1"), "http://h:1/anthropic/v1/models?limit=1"),
    ],
)
def test_paths_beside_and_below_the_endpoint(call: Call, url: str) -> None:
    assert DESK.outgoing(call).request.url == url


def test_a_chunked_body_says_so_and_goes_over_the_socket_transport() -> None:
    out = DESK.outgoing(Call({"a": 1}, chunk_at=3))
    assert out.wire and ("Transfer-Encoding", "chunked") in out.request.headers
    assert "Transfer-Encoding" not in dict(DESK.outgoing(Call({"a": 1})).request.headers)


def test_what_the_sending_needs_goes_along() -> None:
    out = DESK.outgoing(Call({}, hang_up="märk", chunk_at=3, wire=True), "pin")
    assert (out.hang_up, out.chunk_at, out.wire, out.pin) == ("märk".encode(), 3, True, "pin")


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (None, b""),
        (b"\xff{", b"\xff{"),
        ({"a": "é 😀"}, '{"a":"é 😀"}'.encode()),
        ({"a": "é \ud800"}, b'{"a":"\\u00e9 \\ud800"}'),
        ([], b"[]"),
        ("x", b'"x"'),
        (0, b"0"),
    ],
)
def test_bodies_as_bytes(body: object, written: bytes) -> None:
    assert body_bytes(body) == written


def test_placeholders_are_filled_at_every_depth_and_nothing_else_is() -> None:
    body = {"{model}": [{"a": "{nonce}-{model}"}, ("{nonce}", 1, None, True, 1.5)], "b": "{other}"}
    filled = fill(body, names("m", "n"))
    assert filled == {"m": [{"a": "n-m"}, ["n", 1, None, True, 1.5]], "b": "{other}"}
    assert json.loads(body_bytes(filled)) == filled


@pytest.mark.parametrize(("length", "size"), [(0, 24), (8, 24), (24, 24), (25, 25), (200, 200)])
def test_a_wrong_token_is_random_and_long_enough(length: int, size: int) -> None:
    token = wrong_token(length)
    assert len(token) == size and token.startswith("ct-") and token != wrong_token(length)


def test_what_a_probe_says_of_itself() -> None:
    streamed = Probe("s", (Call({"stream": True}),), shape=Shape.TOGETHER)
    assert streamed.streamed and streamed.alone
    assert not Probe("p", (Call({"stream": "true"}), Call(b"x"))).streamed and not Probe("p", ()).alone


def test_what_the_operator_gave_is_filled_in() -> None:
    body = {"first": FIRST_BETA, "second": SECOND_BETA, "both": BOTH_BETAS, "long": TOO_LONG}
    filled = fill(body, DESK.words)
    assert filled == {"first": "beta-a", "second": "beta-b", "both": "beta-a,beta-b", "long": "harbour " * 13}


def test_padding_is_longer_than_the_documented_limit() -> None:
    body = DESK.outgoing(Call({"text": PADDING})).request.body
    assert LARGE <= len(body) <= LARGE + 100


def test_nothing_stands_for_what_the_operator_did_not_give() -> None:
    words = Desk("http://h:1/messages", "v", "m", "k", "w", "n").words
    assert fill([FIRST_BETA, BOTH_BETAS, TOO_LONG], words) == ["", ",", "harbour "]


def test_a_reply_is_sent_as_it_was_said() -> None:
    said = {"content": "{model} and {nonce}"}
    assert json.loads(DESK.outgoing(Call(said, reply="tool-results")).request.body) == said
