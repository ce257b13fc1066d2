"""Legal habits of pace, of HTTP and of event streams: each does what it says."""

import asyncio
import gzip
import json
import socket
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from reference_corpus import ITEMS, PLAIN, T1, Item, good, settings
from reference_reading import varied

from conformance.reference import PROFILES, Endpoint, Settings, variations
from conformance.reference.server import Server
from conformance.reference.variations.factors import FACTORS

KEY = {"authorization": "Bearer reference-key-0123456789", "anthropic-version": "2023-06-01"}
BY_NAME = {one.name: one for one in ITEMS}
SIMPLE = good("simple")
GZIP = good("gzip", headers={"accept-encoding": "gzip, deflate"})
GZIP_STREAM = good("gzip-stream", {"stream": True}, headers={"accept-encoding": "gzip"})


def head_and_body(item: Item, *chosen: str, profile: str = "anthropic") -> tuple[bytes, bytes]:
    """The head of what is written, and the rest, as bytes."""
    written = b"".join(step.data for step in varied(item, profile, *chosen))
    head, _, body = written.partition(b"\r\n\r\n")
    return head, body


def test_streams_and_answers_are_compressed_where_the_client_accepts_it() -> None:
    head, body = head_and_body(GZIP_STREAM, "compressed-stream", "stream-until-closed")
    assert b"content-encoding: gzip" in head
    assert b"event: message_stop" in gzip.decompress(body)
    head, body = head_and_body(GZIP, "deflated")
    assert b"content-encoding: deflate" in head and json.loads(zlib.decompress(body))["type"] == "message"
    assert b"content-encoding" not in head_and_body(BY_NAME["stream"], "compressed-stream")[0]
    assert b"content-encoding" not in head_and_body(GZIP_STREAM, "deflated")[0]


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("chunk-extensions", b";seq=1\r\n"),
        ("chunk-sizes-padded", b"\r\n000"),
        ("trailers", b"\r\nx-checksum: none\r\n\r\n"),
        ("blank-lines", b"\n\n\nevent: "),
        ("line-chunks", b"\r\nevent: ping\n\r\n"),
        ("ids-without-value", b"id\nid:\nevent: "),
        ("pings-with-fields", b'{"type":"ping","at":1}'),
        ("comment-padding", b"\r\n: " + b" " * 2048 + b"\n\nevent: message_start\n"),
        ("data-line-empty", b'{"type":"ping"}\ndata:\n\n'),
        ("retry-alone", b"retry: 3000\n\nid: 7\n\nevent: ping\n"),
        ("chunk-sizes-capital", b"1D5\r\nevent: message_start"),
        ("citations-streamed", b'"delta":{"type":"citations_delta","citation":{"type":"char_location"'),
    ],
)
def test_a_stream_is_written_in_another_legal_way(name: str, mark: bytes) -> None:
    assert mark in head_and_body(BY_NAME["stream"], name)[1]
    assert mark not in head_and_body(BY_NAME["stream"])[1]


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("header-names-shout", b"\r\nCONTENT-TYPE: "),
        ("header-values-padded", b"\r\ncontent-type:\t application/json \r\n"),
        ("header-values-bare", b"\r\ncontent-type:application/json\r\n"),
        ("headers-of-a-site", b"\r\nset-cookie: shard=7"),
        ("token-limits-told", b"\r\nanthropic-ratelimit-tokens-limit: 80000"),
        ("json-chunked", b"\r\ntransfer-encoding: chunked"),
        ("json-type-capital", b"\r\ncontent-type: Application/JSON\r\n"),
        ("json-charset-quoted", b'\r\ncontent-type: application/json;charset="UTF-8"\r\n'),
        ("headers-long", b"; connect-src https://host-119.example\r\n"),
        ("headers-repeated", b"\r\nvary: origin\r\nvary: accept-encoding\r\n"),
        ("keep-alive-told", b"\r\nconnection: keep-alive\r\nkeep-alive: timeout=65, max=1000\r\n"),
        ("all-until-closed", b"\r\nconnection: close\r\n"),
    ],
)
def test_a_head_is_written_in_another_legal_way(name: str, mark: bytes) -> None:
    assert mark in head_and_body(SIMPLE, name)[0] + b"\r\n"
    assert mark not in head_and_body(SIMPLE)[0] + b"\r\n"


def test_a_status_line_needs_no_phrase_and_hints_may_come_before_it() -> None:
    assert head_and_body(SIMPLE, "reason-missing")[0].startswith(b"HTTP/1.1 200 \r\n")
    assert head_and_body(SIMPLE, "reason-other")[0].startswith(b"HTTP/1.1 200 As it \xfcsually is\r\n")
    assert head_and_body(SIMPLE, "early-hints")[0].startswith(b"HTTP/1.1 103 ")
    assert head_and_body(SIMPLE, "processing-twice")[0].startswith(b"HTTP/1.1 102 ")
    assert head_and_body(SIMPLE, "answers-in-http-1-0", "early-hints")[0].startswith(b"HTTP/1.0 200 ")


def test_limits_may_be_untold() -> None:
    assert b"ratelimit" in head_and_body(SIMPLE)[0]
    assert b"ratelimit" not in head_and_body(SIMPLE, "limits-untold")[0]


def test_text_comes_in_blocks_that_join_to_what_it_was() -> None:
    item = good("words", {"messages": [{"role": "user", "content": "Reply with: one two three"}]})
    divided, whole = (json.loads(head_and_body(item, *chosen)[1])["content"] for chosen in (["text-divided"], []))
    assert [block["type"] for block in divided] == ["text", "text"]
    assert "".join(block["text"] for block in divided) == "".join(block["text"] for block in whole)


@pytest.mark.parametrize("profile", PROFILES)
def test_counts_have_the_names_of_both_profiles_with_equal_values(profile: str) -> None:
    usage = json.loads(head_and_body(SIMPLE, "both-namings", profile=profile)[1])["usage"]
    assert usage["cache_read_tokens"] == usage["cache_read_input_tokens"] is not None
    assert usage["cache_write_tokens"] == usage["cache_creation_input_tokens"] is not None
    minimal = json.loads(head_and_body(SIMPLE, "usage-minimal", profile=profile)[1])["usage"]
    assert set(minimal) == {"input_tokens", "output_tokens"}


def test_counts_of_a_router_may_have_their_upstream_names_alone() -> None:
    usage, own = (
        json.loads(head_and_body(SIMPLE, *chosen, profile="myrouter")[1])["usage"]
        for chosen in (["upstream-namings"], [])
    )
    assert usage["cache_read_input_tokens"] == own["cache_read_tokens"]
    assert usage["cache_creation_input_tokens"] == own["cache_write_tokens"]
    assert not {"cache_read_tokens", "cache_write_tokens"} & usage.keys()


@pytest.mark.parametrize(
    ("name", "status"), [("now-and-then-429", 429), ("now-and-then-429-by-date", 429), ("now-and-then-529", 529)]
)
def test_now_and_then_a_request_must_be_asked_again(name: str, status: int) -> None:
    statuses, waits = asked(50, name)
    assert statuses.count(status) == 1 and set(statuses) == {200, status}
    assert waits[statuses.index(status)] and waits.count(None) == 49


def asked(times: int, *chosen: str) -> tuple[list[int], list[str | None]]:
    """The statuses and the retry-after headers of the plain request, sent again and again."""
    with Endpoint(Settings(profile="anthropic", variations=chosen)) as endpoint, httpx.Client() as client:
        answers = [client.post(f"{endpoint.url}/v1/messages", json=PLAIN, headers=KEY) for _ in range(times)]
    return [answer.status_code for answer in answers], [answer.headers.get("retry-after") for answer in answers]


@pytest.mark.parametrize("trouble", ["edge-gateway-page", "edge-limit-page", "now-and-then-429", "now-and-then-503"])
def test_the_id_of_the_caller_comes_back_whoever_answers(trouble: str) -> None:
    chosen = (trouble, "request-id-of-a-router")
    with Endpoint(Settings(variations=chosen)) as endpoint, httpx.Client() as client:
        url, key = endpoint.url + "/anthropic/v1/messages", {"authorization": f"Bearer {endpoint.settings.key}"}
        headers = {**key, "anthropic-version": "2023-06-01", "x-request-id": "mine"}
        answers = [client.post(url, json=PLAIN, headers=headers) for _ in range(45)]
    assert {answer.headers["x-request-id"] for answer in answers} == {"mine"}
    assert trouble == "edge-limit-page" or any(answer.status_code != 200 for answer in answers)


def test_a_slow_stream_is_slow_however_it_is_cut() -> None:
    item = BY_NAME["counting-stream"]
    whole = [step.pause for step in varied(item, "anthropic", "slow-streams")]
    lines = [step.pause for step in varied(item, "anthropic", "slow-streams", "line-chunks")]
    assert whole[:4] == [0.0, 0.0, 0.02, 0.02] and whole.count(0.02) == lines.count(0.02) > 9
    assert len(lines) > 2 * len(whole)


@pytest.mark.parametrize("name", ["input-all-cached", "input-mostly-cached", "input-cache-written"])
def test_what_is_cached_is_no_more_than_there_is(name: str) -> None:
    text = {"type": "text", "text": "A garden. " * 600, "cache_control": {"type": "ephemeral"}}
    usage = told(good("marked", {"system": [text]}), name, profile="myrouter")["usage"]
    counted = [usage[field] for field in ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")]
    assert sum(counted) == usage["total_tokens"] and min(counted) >= 0


PACES = ("delay", "event_interval", "uncooperative", "token_rate", "idle")


def test_pace_and_mood_are_settings_of_the_endpoint() -> None:
    changed: dict[str, Any] = {}
    for name in ("slow-starts", "uncooperative", "tokens-finer", "idle-connections-closed"):
        own = Endpoint(Settings(variations=(name,))).settings
        changed |= {key: value for key in PACES if (value := getattr(own, key)) != getattr(settings("myrouter"), key)}
    assert changed == {"delay": 0.05, "uncooperative": True, "token_rate": 1.2, "idle": 0.5}
    assert settings("myrouter").delay == 0.0


def test_the_order_of_the_freedoms_is_theirs_and_not_the_callers() -> None:
    one, other = ("lines-end-in-cr", "data-padded"), ("data-padded", "lines-end-in-cr")
    assert b'"type":"ping"    }\r\r' in head_and_body(BY_NAME["stream"], *one)[1]
    assert b'"type":"ping"    }\r\r' in head_and_body(BY_NAME["stream"], *other)[1]


def test_factors_hold_every_variation_once() -> None:
    names = [name for levels in FACTORS.values() for name in levels]
    assert sorted(names) == sorted(one.id for one in variations()) and len(set(names)) == len(names)


STREAM = BY_NAME["stream"]


def test_answers_that_end_with_their_connection_have_no_length() -> None:
    for item in (SIMPLE, STREAM):
        for name in ("all-until-closed", "answers-in-http-1-0"):
            steps = varied(item, "anthropic", name)
            assert steps[-1].ending.value == "close" and b"chunked" not in steps[0].data
    assert b"content-length" not in head_and_body(SIMPLE, "all-until-closed")[0]
    assert b"connection" not in head_and_body(SIMPLE, "answers-in-http-1-0")[0]


def test_streams_are_compressed_in_other_ways() -> None:
    both = good("both", {"stream": True}, headers={"accept-encoding": "gzip, deflate"})
    unpack: dict[str, Callable[[bytes], bytes]] = {
        "deflated-stream": zlib.decompress,
        "compressed-in-members": gzip.decompress,
    }
    for name, decompress in unpack.items():
        body = head_and_body(both, name, "stream-until-closed")[1]
        assert b"event: message_stop" in decompress(body)
        assert b"content-encoding" not in head_and_body(STREAM, name)[0]
    head, body = head_and_body(GZIP, "compressed-capital")
    assert b"content-encoding: GZIP" in head and json.loads(gzip.decompress(body))["type"] == "message"
    assert b"GZIP" not in head_and_body(SIMPLE, "compressed-capital")[0]


def test_a_stream_may_have_a_length_and_json_white_space() -> None:
    head, body = head_and_body(STREAM, "stream-with-length")
    assert f"content-length: {len(body)}".encode() in head and b"text/event-stream" in head
    assert head_and_body(SIMPLE, "json-white-space")[1].startswith(b"\n \r\n\t{")


SLASH = good("slash", path="{messages}/")
BEYOND = good("beyond", path="{messages}/x/")
NO_KEY = good("no-key", headers={"authorization": None})
HEAD = good("head-only", method="HEAD")
STATUSES: list[tuple[str, Item, bytes]] = [
    ("slash-served", SLASH, b" 200 "),
    ("slash-redirected", SLASH, b" 308 "),
    ("slash-redirected", BEYOND, b" 404 "),
    ("heads-refused", HEAD, b" 405 "),
    ("challenge-told", NO_KEY, b'\r\nwww-authenticate: Bearer realm="api"'),
    ("retry-advice", NO_KEY, b"\r\nx-should-retry: false"),
    ("closed-after-errors", NO_KEY, b"\r\nconnection: close"),
    ("allow-in-lines", BY_NAME["options"], b"\r\nallow: POST\r\nallow: OPTIONS"),
]


@pytest.mark.parametrize(("name", "item", "mark"), STATUSES, ids=[f"{n}-{i.name}" for n, i, _ in STATUSES])
def test_requests_at_the_edge_are_answered_in_other_legal_ways(name: str, item: Item, mark: bytes) -> None:
    assert mark in head_and_body(item, name)[0]


def test_a_redirect_keeps_the_query() -> None:
    item = good("slash-query", path="{messages}/?beta=true")
    assert b"\r\nlocation: /v1/messages?beta=true" in head_and_body(item, "slash-redirected")[0]
    assert b"location" not in head_and_body(SIMPLE, "slash-redirected", "challenge-told", "retry-advice")[0]


def told(item: Item, *chosen: str, profile: str = "anthropic") -> dict[str, Any]:
    """The JSON that an endpoint with some habits answers."""
    answer: dict[str, Any] = json.loads(head_and_body(item, *chosen, profile=profile)[1])
    return answer


ROOMY: dict[str, Any] = {"max_tokens": 300}
TOOLS = good("tools", {**ROOMY, "tools": [T1]})
CALLED = good("called", {**ROOMY, "tools": [T1], "tool_choice": {"type": "any"}})
ALONE = good("alone", {**CALLED.change, "tool_choice": {"type": "any", "disable_parallel_tool_use": True}})
NARROW = good("narrow", {**CALLED.change, "max_tokens": 8})
THINKING = good("thinks", {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024}})
KINDS: list[tuple[str, Item, list[str]]] = [
    ("thinking-divided", THINKING, ["thinking", "thinking", "text"]),
    ("thinking-divided", SIMPLE, ["text"]),
    ("talk-after-call", CALLED, ["tool_use", "text"]),
    ("talk-after-call", NARROW, ["tool_use"]),
    ("calls-twice", CALLED, ["tool_use", "tool_use"]),
    ("calls-twice", ALONE, ["tool_use"]),
    ("calls-twice", NARROW, ["tool_use"]),
    ("calls-unasked", TOOLS, ["tool_use"]),
    ("calls-unasked", SIMPLE, ["text"]),
]


@pytest.mark.parametrize(("name", "item", "kinds"), KINDS, ids=[f"{n}-{i.name}" for n, i, _ in KINDS])
def test_models_think_talk_and_call_as_they_like(name: str, item: Item, kinds: list[str]) -> None:
    answer = told(item, name)
    assert [block["type"] for block in answer["content"]] == kinds
    assert (answer["stop_reason"] == "tool_use") == ("tool_use" in kinds)
    ids = [block["id"] for block in answer["content"] if "id" in block]
    assert len(ids) == len(set(ids)) and answer["usage"]["output_tokens"] <= item.change.get("max_tokens", 32)


def test_thinking_that_is_divided_or_not_shown_is_signed_and_taken_back() -> None:
    for name, empty in (("thinking-divided", False), ("thinking-unshown", True)):
        content = told(THINKING, name)["content"]
        assert [not block["thinking"] for block in content if block["type"] == "thinking"] in ([empty] * 2, [empty])
        turns = [*PLAIN["messages"], {"role": "assistant", "content": content}, {"role": "user", "content": "Go on"}]
        assert told(good("again", {**THINKING.change, "messages": turns}))["type"] == "message"


def test_a_model_rambles_within_its_limit_and_not_where_it_may_be_stopped() -> None:
    roomy = good("roomy", ROOMY)
    assert told(roomy, "rambling")["content"][0]["text"].startswith("pong and another garden")
    assert told(good("stopping", {**ROOMY, "stop_sequences": ["hill"]}), "rambling")["content"][0]["text"] == "pong"
    assert told(good("tight", {"max_tokens": 9}), "rambling")["content"][0]["text"] == "pong"


def test_what_is_counted_otherwise() -> None:
    cut = good("cut", {"max_tokens": 1, "messages": [{"role": "user", "content": "Recite the alphabet"}]})
    assert told(cut, "output-counts-end")["usage"]["output_tokens"] == 2
    assert told(SIMPLE, "output-counts-end")["usage"] == told(SIMPLE)["usage"]
    usage = told(SIMPLE, "usage-nulls")["usage"]
    assert usage["cache_read_input_tokens"] is usage["cache_creation"] is usage["speed"] is None
    text = {"type": "text", "text": "A garden. " * 600, "cache_control": {"type": "ephemeral"}}
    marked = good("marked", {"system": [text]})
    plain, all_in = (told(marked, *chosen, profile="myrouter")["usage"] for chosen in ([], ["input-with-cache"]))
    assert all_in["input_tokens"] == plain["input_tokens"] + plain["cache_write_tokens"] > 1000
    short = told(marked, "total-without-cache", profile="myrouter")["usage"]
    assert short["total_tokens"] == short["input_tokens"] + short["output_tokens"] < plain["total_tokens"]
    written = told(marked, "usage-nulls")["usage"]
    assert written["cache_creation"]["ephemeral_5m_input_tokens"] == written["cache_creation_input_tokens"] > 1000


def test_models_that_keep_to_no_schema() -> None:
    asked = [{"role": "user", "content": "Call get_number twice: once with n = 7 and once with n = 9."}]
    twice = told(good("twice", {**CALLED.change, "messages": asked}), "first-call-bare")["content"]
    assert [block["input"] for block in twice if block["type"] == "tool_use"] == [{}, {"n": 9}]
    assert told(ALONE, "first-call-bare")["content"][0]["input"]
    listed = {"type": "object", "properties": {"text": {"enum": ["naïve"]}}, "required": ["text"]}
    storing = {**CALLED.change, "tools": [{**T1, "input_schema": listed}]}
    assert told(good("storing", storing))["content"][0]["input"] == {"text": "naïve"}
    assert told(good("storing", storing), "arguments-in-own-words")["content"][0]["input"]["text"].startswith("Ela")


def test_ids_and_errors_as_others_have_them() -> None:
    answer = told(CALLED, "ids-of-a-router")
    assert answer["id"].startswith("gen-") and answer["content"][0]["id"].startswith("call_")
    assert told(NO_KEY, "error-request-id-null")["request_id"] is None
    assert "cannot serve" in told(BY_NAME["messages-[]"], "errors-quote")["error"]["message"]


def posted(times: int, *chosen: str, path: str = "", **change: Any) -> list[httpx.Response]:
    """The answers to the plain request, changed a little each time, over one connection where that is kept."""
    with Endpoint(Settings(profile="anthropic", variations=chosen)) as endpoint, httpx.Client() as client:
        url = f"{endpoint.url}/v1/messages{path}"
        return [client.post(url, json={**PLAIN, **change, "max_tokens": 20 + n}, headers=KEY) for n in range(times)]


@pytest.mark.parametrize(("name", "status"), [("edge-gateway-page", 502), ("now-and-then-503", 503)])
def test_what_stands_before_the_endpoint_fails_now_and_then(name: str, status: int) -> None:
    statuses = [answer.status_code for answer in posted(15, name)]
    assert statuses == [*[200] * 12, status, 200, 200]


def test_streams_break_off_now_and_then() -> None:
    bodies = [answer.text for answer in posted(6, "broken-off-now-and-then", stream=True)]
    ends = ["overloaded_error" in body and "message_stop" not in body for body in bodies]
    assert ends == [False] * 4 + [True, False]


def test_connections_end_by_turns_as_announced() -> None:
    told_so = [answer.headers.get("connection") for answer in posted(4, "closed-by-turns")]
    assert told_so == [None, None, "close", None]


def test_prompts_that_come_again_are_read_from_the_cache() -> None:
    with Endpoint(Settings(profile="anthropic", variations=("repeated-input-cached",))) as endpoint:
        url = f"{endpoint.url}/v1/messages"
        usages = [httpx.post(url, json=PLAIN, headers=KEY).json()["usage"] for _ in range(2)]
    assert [usage["cache_read_input_tokens"] for usage in usages] == [0, 16 * (usages[0]["input_tokens"] // 16)]


def test_a_fifth_more_tokens_are_counted_everywhere() -> None:
    def counted(*chosen: str) -> tuple[int, int]:
        message, count = posted(1, *chosen)[0], posted(1, *chosen, path="/count_tokens", max_tokens=20)[0]
        return message.json()["usage"]["input_tokens"], count.json()["input_tokens"]

    plain, finer = counted(), counted("tokens-finer")
    assert plain[0] == plain[1] and finer == (round(plain[0] * 1.2), round(plain[1] * 1.2))


def test_idle_connections_are_closed_and_busy_ones_kept() -> None:
    with Endpoint(Settings(profile="anthropic", variations=("idle-connections-closed",))) as endpoint:
        host, port = endpoint.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as line:
            request = f"OPTIONS /v1/messages HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()
            for _ in range(2):
                line.sendall(request)
                assert line.recv(65536).startswith(b"HTTP/1.1 204 ")
            assert line.recv(1) == b""
    assert endpoint.requests == 2


def test_a_connection_that_is_gone_is_a_hangup_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(writer: asyncio.StreamWriter) -> None:
        raise OSError(107, "Transport endpoint is not connected")

    monkeypatch.setattr(asyncio.StreamWriter, "write_eof", gone)
    server = Server(Settings(profile="anthropic", variations=("all-until-closed",)))

    async def crashes() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        listener = await server.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        writer.write(b"OPTIONS /v1/messages HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 204 ")
        writer.close()
        await server.stop(listener)
        return told

    assert asyncio.run(crashes()) == [] and server.traffic.hangups == 1


REFUSED: list[tuple[str, str, Item, bytes]] = [
    ("strict", "myrouter", good("unknown", {"colour": "blue"}), b" 400 "),
    ("strict", "myrouter", SIMPLE, b" 200 "),
    ("strict", "myrouter", good("old", {"temperature": 1.0}), b" 200 "),
    ("strict", "myrouter", good("new", {"temperature": 1.0}, version="2026-10-21"), b" 400 "),
    ("media-type-served", "anthropic", BY_NAME["media-text/plain"], b" 200 "),
    ("lengthless-411", "anthropic", good("chunked", headers={"transfer-encoding": "chunked"}), b" 411 "),
    ("lengthless-411", "anthropic", SIMPLE, b" 200 "),
    ("long-id-431", "anthropic", good("long", headers={"x-request-id": "i" * 2000}), b" 431 "),
    ("long-id-431", "anthropic", good("short", headers={"x-request-id": "i"}), b" 200 "),
    ("credential-form-400", "anthropic", good("bare", headers={"authorization": "token"}), b" 400 "),
    ("credential-form-400", "anthropic", NO_KEY, b" 401 "),
    ("coding-415", "anthropic", good("odd", headers={"content-encoding": "odd"}), b" 415 "),
    ("batches-501", "anthropic", good("batches", path="{messages}/batches"), b" 501 "),
    ("batches-501", "anthropic", BEYOND, b" 404 "),
]


@pytest.mark.parametrize(
    ("name", "profile", "item", "mark"), REFUSED, ids=[f"{name}-{item.name}" for name, _, item, _ in REFUSED]
)
def test_what_is_left_to_the_server_is_refused(name: str, profile: str, item: Item, mark: bytes) -> None:
    assert mark in head_and_body(item, name, profile=profile)[0][:13]
