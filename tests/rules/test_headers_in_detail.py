"""Headers of an answer at their bounds: what is judged, where it is told, and what is shown (HDR-011 to HTTP-003)."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from rule_samples import ERROR, MESSAGE, broken, error, exchange, held, own, run

from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import Ending, Exchange

PACKED = gzip.compress(json.dumps(MESSAGE).encode(), mtime=0)
CODED = {"content-encoding": "gzip"}
LIMITED: dict[str, Any] = {"type": "error", "error": {"type": "rate_limit_error", "message": "slower"}}


def only(requirement: str, answer: Exchange, **more: Any) -> Finding:
    (finding,) = [f for f in own(run(answer, **more)) if f.requirement == requirement]
    return finding


def silent(requirement: str, answer: Exchange, **more: Any) -> bool:
    return all(f.requirement != requirement for f in own(run(answer, **more)))


def unoffered(answer: Exchange) -> Exchange:
    """The same answer to a request that says nothing of codings."""
    return replace(answer, request=replace(answer.request, headers=()))


def test_a_coding_is_judged_where_there_is_a_body() -> None:
    assert silent("HDR-011", exchange(headers=CODED, method="HEAD"))
    assert silent("HDR-011", exchange(raw=b"", headers=CODED))
    assert silent("HDR-011", exchange(raw=PACKED[:60], headers=CODED, how=Ending.RESET))


@pytest.mark.parametrize("raw", [PACKED, b"plain", b"\x0b\x02"], ids=["good", "bad", "unasked"])
def test_a_coding_is_told_at_its_header(raw: bytes) -> None:
    found = only("HDR-011", exchange(raw=raw, headers={"content-encoding": "br" if raw == b"\x0b\x02" else "gzip"}))
    assert (found.kind is Kind.HELD, found.where.header) == (raw == PACKED, "content-encoding")


def test_without_an_offer_every_coding_may_come() -> None:
    assert only("HDR-011", unoffered(exchange(raw=PACKED, headers=CODED))).kind is Kind.HELD
    assert silent("HDR-011", unoffered(exchange()))


def test_a_request_id_is_missed_under_the_preferred_name() -> None:
    bare = exchange(headers={"request-id": None})
    assert only("HDR-012", bare, profile="myrouter").where.header == "request-id"
    assert only("HDR-012", bare, profile="myrouter").expected == "a header request-id or x-request-id"


@pytest.mark.parametrize(("status", "told"), [(200, True), (400, True), (503, False), (429, False)])
def test_the_id_of_a_caller_is_compared_in_answers_alone(status: int, told: bool) -> None:
    answer = exchange(status=status, request_headers=(("X-Request-Id", "ct-1"),), headers={"x-request-id": "other"})
    assert silent("HDR-013", answer, profile="myrouter") is not told


@pytest.mark.parametrize(("declared", "seen"), [("text/plain", "'text/plain'"), (None, "'no content-type'")])
def test_a_wrong_media_type_is_shown(declared: str | None, seen: str) -> None:
    found = only("HDR-014", exchange(headers={"content-type": declared}))
    assert (found.kind, found.seen, found.where.header) == (Kind.BROKEN, seen, "content-type")


@pytest.mark.parametrize(
    "answer",
    [
        exchange(raw=b"", headers={"content-type": None}),
        error(405, method="HEAD", headers={"content-type": "text/plain"}),
        error(429, LIMITED, headers={"content-type": "text/plain"}),
    ],
    ids=["no body", "HEAD", "transient"],
)
def test_what_is_no_json_answer_needs_no_media_type(answer: Exchange) -> None:
    assert silent("HDR-014", answer)


def test_more_remaining_than_the_limit_is_told_at_what_remains() -> None:
    prefix = "anthropic-ratelimit-requests-"
    found = only("HDR-015", exchange(headers={prefix + "limit": "5", prefix + "remaining": "6"}))
    assert (found.kind, found.where.header) == (Kind.BROKEN, prefix + "remaining")


@pytest.mark.parametrize(
    ("delay", "holds"),
    [
        ("1", True),
        ("0.5", True),
        ("0", False),
        ("0.0", False),
        ("Mon, 01 Jan 2026 00:00:00 GMT", True),
        ("", False),
        ("Wed, 21 Oct 9999999999 07:28:00 GMT", False),
        ("9999999999 Feb 0 12:99", False),
        (None, False),
    ],
)
def test_a_delay_is_told_at_its_header(delay: str | None, holds: bool) -> None:
    found = only("HDR-016", error(429, LIMITED, headers={"retry-after": delay}))
    assert (found.kind is Kind.HELD, found.where.header) == (holds, "retry-after")


@pytest.mark.parametrize("code", [[], {}, 5, None], ids=str)
def test_a_code_that_is_no_text_is_no_cap(code: object) -> None:
    capped = LIMITED | {"error": LIMITED["error"] | {"details": {"error_code": code}}}
    assert "HDR-016" in broken(run(error(429, capped)))


@pytest.mark.parametrize(("allow", "seen"), [("GET", "'GET'"), (None, "none")])
def test_the_allowed_methods_are_shown(allow: str | None, seen: str) -> None:
    found = only("HTTP-003", error(405, ERROR, method="GET", headers={"allow": allow}))
    assert (found.kind, found.seen, found.where.header) == (Kind.BROKEN, seen, "allow")
    assert "HTTP-003" in held(run(error(405, ERROR, method="GET", headers={"allow": "POST"})))


@pytest.mark.parametrize("coding", ["gzip", "gzip,", ", gzip", "x-gzip", "GZIP", "identity, gzip"])
def test_a_coding_that_was_offered_may_be_written_otherwise(coding: str) -> None:
    found = only("HDR-011", exchange(raw=PACKED, headers={"content-encoding": coding}))
    assert found.kind is Kind.HELD


def test_a_coding_that_was_not_offered_is_told_as_such() -> None:
    found = only("HDR-011", exchange(raw=b"\x0b\x02", headers={"content-encoding": "br"}))
    assert (found.expected, found.seen) == ("a coding out of 'gzip, deflate'", "br")
