"""Legal habits of pace, of HTTP and of event streams: each does what it says."""

import gzip
import json
import zlib
from typing import Any

import httpx
import pytest
from reference_corpus import ITEMS, PLAIN, Item, good, settings
from reference_reading import varied

from conformance.reference import PROFILES, Endpoint, Settings, variations
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
    ],
)
def test_a_head_is_written_in_another_legal_way(name: str, mark: bytes) -> None:
    assert mark in head_and_body(SIMPLE, name)[0] + b"\r\n"
    assert mark not in head_and_body(SIMPLE)[0] + b"\r\n"


def test_a_status_line_needs_no_phrase_and_hints_may_come_before_it() -> None:
    assert head_and_body(SIMPLE, "reason-missing")[0].startswith(b"HTTP/1.1 200 \r\n")
    assert head_and_body(SIMPLE, "early-hints")[0].startswith(b"HTTP/1.1 103 ")


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


def test_pace_and_mood_are_settings_of_the_endpoint() -> None:
    changed: dict[str, Any] = {}
    for name in ("slow-starts", "slow-streams", "uncooperative"):
        own = Endpoint(Settings(variations=(name,))).settings
        changed |= {key: getattr(own, key) for key in ("delay", "event_interval", "uncooperative") if getattr(own, key)}
    assert changed == {"delay": 0.15, "event_interval": 0.02, "uncooperative": True}
    assert settings("myrouter").delay == 0.0


def test_the_order_of_the_freedoms_is_theirs_and_not_the_callers() -> None:
    one, other = ("lines-end-in-cr", "data-padded"), ("data-padded", "lines-end-in-cr")
    assert b'"type":"ping"    }\r\r' in head_and_body(BY_NAME["stream"], *one)[1]
    assert b'"type":"ping"    }\r\r' in head_and_body(BY_NAME["stream"], *other)[1]


def test_factors_hold_every_variation_once() -> None:
    names = [name for levels in FACTORS.values() for name in levels]
    assert sorted(names) == sorted(one.id for one in variations()) and len(set(names)) == len(names)
