"""Every variation changes something, breaks nothing that a stream or a status must keep, and does what it says."""

import json
import re
from functools import cache
from typing import Any

import httpx
import pytest
from reference_corpus import (
    CALL,
    FORCED,
    ITEMS,
    PLAIN,
    RESULT,
    T1,
    Item,
    assistant,
    bad,
    good,
    item,
    settings,
    stable,
    text,
    thinking,
    tool,
    user,
)
from reference_reading import reading, varied

from conformance.reference import PROFILES, Endpoint, Settings, Variation, variations
from conformance.wire.reading import Reading
from conformance.wire.sse import LEGAL

PREFILL = {"messages": [user("What is the capital of France?"), assistant("The capital of France is Par")]}
AFTER_RESULT = {"tools": [T1], "messages": [user("Call get_code with n=1"), assistant([CALL]), user([RESULT])]}
TOO_SMALL = {**FORCED, "max_tokens": 2}
OWN: tuple[Item, ...] = (
    good("prefill-stream", {**PREFILL, "stream": True}),
    good("after-result", AFTER_RESULT),
    good("after-result-stream", {**AFTER_RESULT, "stream": True}),
    good("too-small", TOO_SMALL),
    good("too-small-stream", {**TOO_SMALL, "stream": True}),
    good("no-arguments-stream", {**tool(input_schema={"type": "object"}), "stream": True, "max_tokens": 200}),
    good("server-tool-stream", {"tools": [{"type": "web_search_20250305", "name": "web_search"}], "stream": True}),
    good("accept-gzip", headers={"accept-encoding": "br, gzip"}),
    good("accept-gzip-stream", {"stream": True}, headers={"accept-encoding": "gzip, deflate"}),
    good("accept-deflate", headers={"accept-encoding": "deflate"}),
    good("marked-prompt", {"system": [text("A garden. " * 600, cache_control={"type": "ephemeral"})]}),
    bad("batches", status=404, path="{messages}/batches"),
    bad("bare-token", status=401, headers={"authorization": "token"}),
    bad("unknown-coding", headers={"content-encoding": "odd"}),
    good("chunked-request", headers={"transfer-encoding": "chunked"}),
    good("long-id", headers={"x-request-id": "i" * 2000}),
    Item("unknown-root-field", {"colour": "blue"}, 200, 400),
    bad("slash-at-the-end", status=404, path="{messages}/"),
    good("forced-adaptive", thinking({"type": "adaptive"}, tools=[T1], tool_choice={"type": "any"})),
)
REFUSED = {"too-large", "get", "head", "options", "media-text/plain", "messages-[]", "bogus-token-stream", "bad-stream"}
CORPUS = (*(one for one in ITEMS if one.myrouter == one.anthropic == 200 or one.name in REFUSED), *OWN)
KNOWN = {variation.id: variation for variation in variations()}
CASES = [
    pytest.param(variation, profile, id=f"{variation.id}-{profile}")
    for variation in variations()
    for profile in variation.profiles
]
REFUSING = {
    "strict",
    "prefill-refused",
    "forced-thinking-refused",
    "integral-float-refused",
    "sampling-refused-by-name",
}
OTHER_STATUSES = {"methods-hidden", "media-type-400", "heads-refused", "slash-served", "slash-redirected"}
OTHER_STATUSES |= {
    "media-type-served",
    "credential-form-400",
    "coding-415",
    "long-id-431",
    "lengthless-411",
    "batches-501",
}
#: What only the rule, which knows the request, can tell from a breach.
FREE = {"content-in-message-start": ("STRM-004",)}
#: What shows only between requests, or in an endpoint that is served: test_reference_habits.py tries those.
NEEDS_TRAFFIC = {
    *("edge-timeout-page", "now-and-then-429", "now-and-then-429-by-date", "now-and-then-529"),
    *("uncooperative", "slow-starts", "slow-streams", "edge-gateway-page", "now-and-then-503"),
    *("broken-off-now-and-then", "repeated-input-cached", "tokens-finer", "closed-by-turns", "idle-connections-closed"),
}


def named(name: str) -> Item:
    """An item of the corpus or of this file."""
    return next(one for one in CORPUS if one.name == name)


@cache
def conforming(profile: str) -> list[Any]:
    """What an endpoint without variations writes."""
    return [stable(varied(one, profile)) for one in CORPUS]


def read(name: str, *chosen: str, profile: str = "anthropic") -> Reading:
    """What a variation answers to an item."""
    return reading(named(name), profile, varied(named(name), profile, *chosen))


def bytes_of(name: str, *chosen: str, profile: str = "anthropic") -> bytes:
    """The body of that answer."""
    return read(name, *chosen, profile=profile).body


def types(name: str, *chosen: str) -> list[str | None]:
    """The types of the events of that answer."""
    return [event.type for event in read(name, *chosen).events]


def sound(seen: Reading, *free: str) -> None:
    """Nothing is wrong with the events, their bytes and their grammar, except for what is free."""
    assert {fault.kind for fault in seen.decoded.malformations} <= LEGAL
    assert seen.events and all(event.data is not None for event in seen.events)
    assert {breach.requirement for breach in seen.walk.breaches if not breach.lowered} <= set(free)


@pytest.mark.parametrize(("variation", "profile"), CASES)
def test_variation_changes_the_wire_and_keeps_streams_sound(variation: Variation, profile: str) -> None:
    changed = [
        (one, steps)
        for one, clean in zip(CORPUS, conforming(profile), strict=True)
        if stable(steps := varied(one, profile, variation.id)) != clean
    ]
    assert changed or variation.id in NEEDS_TRAFFIC
    for one, steps in changed:
        seen = reading(one, profile, steps)
        assert seen.exchange.status == one.expected(profile) or variation.id in REFUSING | OTHER_STATUSES
        if seen.is_stream:
            sound(seen, *FREE.get(variation.id, ()))


def test_every_trap_has_a_variation_in_both_profiles() -> None:
    for profile in PROFILES:
        found = {trap for one in variations() if profile in one.profiles for trap in one.traps}
        assert found | {8} >= set(range(1, 17)) and found <= set(range(1, 17))
    assert KNOWN["model-snapshot"].traps == (8,) and KNOWN["model-snapshot"].profiles == ("anthropic",)


def test_ids_are_unique_and_speak() -> None:
    assert len(KNOWN) == len(variations()) >= 150
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in KNOWN)
    assert all(variation.description for variation in variations())


@pytest.mark.parametrize("wrong", ["no-such-freedom", "model-snapshot"])
def test_an_impossible_variation_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=f"variation '{wrong}'"):
        Endpoint(Settings(profile="myrouter", variations=(wrong,)))


BYTES_TABLE = [
    ("data-padded", "stream", rb'^data: \{"type":"ping"    \}$'),
    ("data-before-event", "stream", rb"^data: \{.*\}\nevent: message_stop\n\n\Z"),
    ("comments", "stream", rb"^:\n\n: still here\nevent: message_start$"),
    ("unknown-sse-fields", "stream", rb"^trace: 7\nflush\nevent: ping$"),
    ("no-space-after-colon", "stream", rb'^event:ping\ndata:\{"type":"ping"\}$'),
    ("several-data-lines", "stream", rb'^data: \{\ndata:   "type": "ping"\ndata: \}\n\n'),
    ("ids-and-retry", "stream", rb"^id: 1\nretry: 3000\nevent: ping$"),
    ("retry-in-words", "stream", rb"^retry: soon\nevent: ping$"),
    ("id-with-nul", "stream", rb"^id: a\x00b\nevent: ping$"),
    ("data-escaped", "unicode-stream", rb"\\u5317\\u4eac"),
    ("data-keys-reversed", "stream", rb'"index": 0, "type": "content_block_stop"\}$'),
    ("json-pretty", "history", rb'^\{\n  "id": "msg_[0-9a-f]{24}",\n'),
    ("json-escaped", "unicode", rb"\\u5317\\u4eac"),
    ("json-keys-reversed", "history", rb'^\{"usage": \{.*"id": "msg_[0-9a-f]{24}"\}\Z'),
    ("edge-limit-page", "too-large", rb"\A<html><head><title>413 "),
    ("newer-keys", "history", rb'"citations":null\}.*"container":null,"stop_details":null,"diagnostics":null'),
    ("model-snapshot", "history", rb'"model":"reference-1-20260101"'),
    ("unknown-fields", "history", rb'"mood":"calm".*"joules":12.5.*"latency_class":null'),
    ("other-ids", "forced", rb'"id":"call-[\w-]{12}".*'),
    ("unknown-stop-reason", "history", rb'"stop_reason":"turn_settled"'),
    ("tiny-limit-spent-thinking", "limit-one", rb'"content":\[\],"stop_reason":"max_tokens".*"thinking_tokens":1\b'),
    ("error-details", "messages-[]", rb'"details":\{"error_code":"\w+".*"request_id"'),
    ("unknown-error-type", "get", rb'"type":"method_not_supported_error"'),
    ("prefill-refused", "prefill", rb'"invalid_request_error","message":"messages: .*prefill'),
    ("forced-thinking-refused", "forced-adaptive", rb'"invalid_request_error","message":"thinking: .*tool_choice'),
    ("integral-float-refused", "limit-float", rb'"invalid_request_error","message":"max_tokens: '),
    ("sampling-refused-by-name", "sampling-temperature-0.5", rb'"invalid_request_error","message":"temperature: '),
    ("sampling-refused-by-name", "sampling-top_p-0.9", rb'"message":"top_p: '),
    ("sampling-refused-by-name", "sampling-top_k-5", rb'"message":"top_k: '),
    ("space-after-prefill", "prefill", rb'"text":" is\."'),
]


@pytest.mark.parametrize(("variation", "name", "pattern"), BYTES_TABLE, ids=[f"{a}-{b}" for a, b, _ in BYTES_TABLE])
def test_the_bytes_of_variations(variation: str, name: str, pattern: bytes) -> None:
    assert re.search(pattern, bytes_of(name, variation), re.M)
    assert not re.search(pattern, bytes_of(name), re.M)


def test_defaults_and_integral_floats_are_served() -> None:
    assert read("limit-float").exchange.status == 200
    assert read("sampling-temperature-1.0", "sampling-refused-by-name").exchange.status == 200


@pytest.mark.parametrize(("variation", "end"), [("lines-end-in-cr", b"\r\r"), ("lines-end-in-crlf", b"\r\n\r\n")])
def test_the_ends_of_lines(variation: str, end: bytes) -> None:
    seen = read("stream", variation)
    assert seen.body.endswith(end) and seen.body.count(end) == len(seen.events)
    assert [event.data for event in seen.events][1:2] == [{"type": "ping"}]


def test_where_chunks_are_cut() -> None:
    assert {len(chunk.data) for chunk in read("stream", "one-byte-chunks").exchange.chunks[:300]} == {1}
    assert len(read("counting-stream", "one-chunk").exchange.chunks) == 1
    odd = read("unicode-stream", "odd-chunks").exchange.chunks
    assert all(len(chunk.data) % 7 == 0 for chunk in odd[:-1]) and len(odd) > 5
    for variation in ("one-byte-chunks", "one-chunk", "odd-chunks"):
        assert len(read("counting-stream", variation).events) == len(read("counting-stream").events)


def test_pings() -> None:
    assert types("stream", "pings-everywhere")[::2] == ["ping"] * (len(types("stream")) + 1)
    assert types("stream", "ping-before-message-delta")[-3:] == ["ping", "message_delta", "message_stop"]
    assert "ping" not in types("stream", "pings-never")


def usages(name: str, *chosen: str, profile: str = "anthropic") -> tuple[dict[str, Any], dict[str, Any]]:
    """The usage of message_start and of the last message_delta."""
    told = [json.loads(json.dumps(event.data)) for event in read(name, *chosen, profile=profile).events]
    start = next(event["message"]["usage"] for event in told if event["type"] == "message_start")
    return start, [event["usage"] for event in told if event["type"] == "message_delta"][-1]


def test_counts_at_the_start_and_end_of_streams() -> None:
    start, end = usages("counting-stream", "output-88-at-start")
    assert start["output_tokens"] == min(88, end["output_tokens"]) > 1
    start, end = usages("counting-stream", "delta-usage-without-input", profile="myrouter")
    assert start["input_tokens"] > 0 and "input_tokens" not in end and "total_tokens" in end
    assert usages("counting-stream", "delta-usage-bare")[1].keys() == {"output_tokens"}
    start, end = usages("counting-stream", "refusal")
    assert (start["output_tokens"], end["output_tokens"]) == (1, 0)


CACHES = {
    "myrouter": ("cache_read_tokens", "cache_write_tokens"),
    "anthropic": ("cache_read_input_tokens", "cache_creation_input_tokens"),
}


@pytest.mark.parametrize("profile", PROFILES)
def test_cached_input_keeps_its_sum(profile: str) -> None:
    names = CACHES[profile]

    def counts(*chosen: str) -> list[int]:
        usage = json.loads(bytes_of("history", *chosen, profile=profile))["usage"]
        assert usage["output_tokens"] + counted == usage.get("total_tokens", usage["output_tokens"] + counted)
        return [usage["input_tokens"], *(usage[name] for name in names)]

    counted = json.loads(bytes_of("history", profile=profile))["usage"]["input_tokens"]
    assert counts("input-all-cached") == [0, counted, 0]
    assert counts("input-mostly-cached") == [3, counted - 3, 0]
    assert counts("input-cache-written") == [0, 0, counted]


def blocks(name: str, *chosen: str) -> list[str]:
    """The types of the blocks of a message, told twice: as JSON and as a stream."""
    plain = json.loads(bytes_of(name, *chosen))["content"]
    streamed = [event.data for event in read(f"{name}-stream", *chosen).events if event.type == "content_block_start"]
    kinds = [block["type"] for block in plain]
    assert kinds == [json.loads(json.dumps(data))["content_block"]["type"] for data in streamed]
    return kinds


BLOCKS_TABLE = [
    ("redacted-thinking", "thinking", ["thinking", "redacted_thinking", "text"]),
    ("all-thinking-redacted", "thinking", ["redacted_thinking", "text"]),
    ("unknown-block-first", "thinking", ["thinking", "notice_2027", "text"]),
    ("unknown-block-last", "thinking", ["thinking", "text", "notice_2027"]),
    ("fallback-block", "thinking", ["thinking", "fallback", "text"]),
    ("talk-before-call", "forced", ["text", "tool_use"]),
    ("silence-after-tool-result", "after-result", []),
    ("refusal", "forced", []),
]


@pytest.mark.parametrize(("variation", "name", "kinds"), BLOCKS_TABLE, ids=[row[0] for row in BLOCKS_TABLE])
def test_the_blocks_of_variations(variation: str, name: str, kinds: list[str]) -> None:
    assert blocks(name, variation) == kinds
    assert blocks(name) != kinds


@pytest.mark.parametrize("variation", ["unknown-block-first", "unknown-fields", "unknown-event-fields"])
def test_what_a_variation_makes_up_may_be_sent_back(variation: str) -> None:
    content = json.loads(bytes_of("history", variation))["content"]
    if variation == "unknown-event-fields":
        content = [{**content[0], "lane": 3}]
    again = good("again", {"messages": [user("Hello"), assistant(content), user("Say hello")]})
    assert reading(again, "anthropic", varied(again, "anthropic", variation)).exchange.status == 200
    assert reading(again, "anthropic", varied(again, "anthropic")).exchange.status == 400


def parts(name: str, *chosen: str) -> list[str]:
    """The pieces of arguments in a stream."""
    deltas = [json.loads(json.dumps(event.data)).get("delta", {}) for event in read(name, *chosen).events]
    return [delta["partial_json"] for delta in deltas if delta.get("type") == "input_json_delta"]


def test_arguments_in_pieces() -> None:
    assert parts("forced-stream", "json-delta-at-once") == ["", '{"n": 1}']
    assert parts("forced-stream", "json-delta-without-empty") == parts("forced-stream")[1:]
    assert parts("forced-stream", "empty-deltas")[:4] == ["", "", "", '{"n":']


def test_a_call_is_cut_by_the_limit() -> None:
    assert types("too-small-stream", "cut-inside-call") == [
        *("message_start", "ping", "content_block_start", "content_block_delta", "content_block_delta"),
        *("message_delta", "message_stop"),
    ]
    assert parts("too-small-stream", "cut-inside-call") == ["", '{"n": 1']
    assert read("too-small-stream", "cut-inside-call").walk.stop_reason == "max_tokens"
    assert types("limit-one-stream", "cut-inside-call") == types("limit-one-stream")


def test_deltas_of_other_sizes_and_several_ends() -> None:
    assert types("counting-stream", "one-delta").count("content_block_delta") == 1
    ends = [event.data for event in read("stream", "several-message-deltas").events if event.type == "message_delta"]
    assert [json.loads(json.dumps(end))["delta"]["stop_reason"] for end in ends] == [None, "end_turn", "end_turn"]
    assert "generation_note" in types("stream", "unknown-events")
    told = bytes_of("stream", "unknown-delta")
    assert told.count(b'"mood_delta"') == told.count(b'"text_delta"') > 0
    assert b'"lane":3' in bytes_of("stream", "unknown-event-fields")


HEADERS_TABLE = [
    ("stream-without-charset", "stream", "content-type", "text/event-stream"),
    ("stream-charset-capital", "stream", "content-type", "text/event-stream;charset=UTF-8"),
    ("json-with-charset", "history", "content-type", "application/json; charset=utf-8"),
    ("edge-limit-page", "too-large", "content-type", "text/html"),
    ("compressed", "accept-gzip", "content-encoding", "gzip"),
    ("further-headers", "stream", "via", "1.1 edge"),
    ("connection-closed", "stream", "connection", "close"),
]


@pytest.mark.parametrize(("variation", "name", "key", "value"), HEADERS_TABLE, ids=[row[0] for row in HEADERS_TABLE])
def test_the_headers_of_variations(variation: str, name: str, key: str, value: str) -> None:
    assert read(name, variation).exchange.header(key) == value
    assert read(name).exchange.header(key) != value


def test_bytes_around_the_answer() -> None:
    closed = varied(item("stream"), "myrouter", "connection-closed")
    assert closed[-1].ending.value == "close" and closed[0].data.count(b"connection: close") == 1
    assert b"\r\nContent-Type: " in varied(item("stream"), "myrouter", "header-names-capital")[0].data
    assert json.loads(bytes_of("accept-gzip", "compressed"))["type"] == "message"


def test_an_edge_times_out_now_and_then() -> None:
    with Endpoint(Settings(variations=("edge-timeout-page",))) as running:
        headers = {"authorization": f"Bearer {running.settings.key}", "anthropic-version": "2023-06-01"}
        url = running.url + PROFILES["myrouter"].messages_path
        answers = [httpx.post(url, json=PLAIN, headers=headers) for _ in range(23)]
    assert [answer.status_code for answer in answers] == [*[200] * 10, 504, *[200] * 12]
    assert answers[10].text.startswith("<html>")


@pytest.mark.parametrize("profile", PROFILES)
def test_variations_combine_with_each_other_and_with_faults(profile: str) -> None:
    chosen = ("lines-end-in-cr", "comments", "data-padded", "pings-everywhere", "unknown-block-first")
    seen = reading(item("stream"), profile, varied(item("stream"), profile, *chosen))
    sound(seen)
    assert len(seen.events) > 15 and seen.decoded.comments > 15
    faulty = Settings(profile=profile, faults=("block-stop-missing",))
    steps = varied(item("stream"), profile, "lines-end-in-crlf", "ids-and-retry", chosen=faulty)
    broken = [breach.requirement for breach in reading(item("stream"), profile, steps).walk.breaches]
    assert broken == ["STRM-014"]
    assert settings(profile).variations == ()
