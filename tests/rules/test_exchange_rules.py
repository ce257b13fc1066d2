"""Rules about headers, bodies and errors: each requirement with an answer that breaks it alone, and legal ones."""

import gzip
import json
from typing import Any

import pytest
from rule_samples import ERROR, JSON_HEADERS, MESSAGE, SENT, broken, error, exchange, held, noted, run, streamed, terms

from conformance.rules.findings import Kind
from conformance.rules.traffic import traffic_findings
from conformance.wire.exchange import Ending, Exchange, Limit

BODY = json.dumps(MESSAGE).encode()
LIMIT = "anthropic-ratelimit-tokens-limit"
REMAINING = "anthropic-ratelimit-tokens-remaining"
RESET = "anthropic-ratelimit-tokens-reset"
HTML: dict[str, Any] = {"raw": b"<html>nope</html>", "headers": {"content-type": "text/html"}}
CALLER = (("X-Request-Id", "ct-1"),)


def told(**changes: object) -> dict[str, object]:
    """An envelope whose error has these members."""
    return {"type": "error", "error": {"type": "invalid_request_error", "message": "bad"} | changes}


BREACHES: list[tuple[str, str, Exchange]] = [
    ("AUTH-009", "header", exchange(headers={"x-echo": "[KEY*********]"})),
    ("AUTH-009", "body", error(401, told(type="authentication_error", message="invalid key [TOKEN***]"))),
    ("AUTH-009", "surplus", exchange(surplus=b"[KEY*****]")),
    ("HDR-011", "plain bytes as gzip", exchange(headers={"content-encoding": "gzip"})),
    ("HDR-011", "an error as gzip", error(headers={"content-encoding": "gzip"})),
    ("HDR-011", "a stream as gzip", streamed(headers={"content-encoding": "gzip"})),
    (
        "HTTP-011",
        "gzip cut short",
        exchange(raw=gzip.compress(BODY, mtime=0)[:60], headers={"content-encoding": "gzip"}, how=Ending.RESET),
    ),
    ("HDR-011", "unasked", exchange(raw=b"\x0b\x02", headers={"content-encoding": "br"})),
    ("HDR-012", "no id", exchange(headers={"request-id": None})),
    ("HDR-012", "blank id", exchange(headers={"request-id": " "})),
    ("HDR-012", "another name", exchange(headers={"request-id": None, "x-request-id": "r"})),
    ("HDR-014", "text/plain", exchange(headers={"content-type": "text/plain"})),
    ("HDR-014", "none", exchange(headers={"content-type": None})),
    ("HDR-014", "HTML under 200", exchange(**HTML)),
    ("HDR-015", "duration", exchange(headers={RESET: "6m0s"})),
    ("HDR-015", "not an integer", exchange(headers={LIMIT: "many"})),
    ("HDR-015", "remaining above limit", exchange(headers={LIMIT: "5", REMAINING: "6"})),
    ("HDR-016", "missing", error(429, told(type="rate_limit_error"))),
    ("HDR-016", "soon", error(429, told(type="rate_limit_error"), headers={"retry-after": "soon"})),
    ("HDR-016", "zero", error(429, told(type="rate_limit_error"), headers={"retry-after": "0"})),
    ("HTTP-003", "no Allow", error(405, method="GET")),
    ("HTTP-003", "no POST in Allow", error(405, method="GET", headers={"allow": "GET, HEAD"})),
    ("HTTP-011", "NaN", exchange(raw=BODY[:-1] + b',"score":NaN}')),
    ("HTTP-011", "lone surrogate", exchange(raw=BODY.replace(b"pong", rb"\ud800"))),
    ("HTTP-011", "Latin-1", exchange(raw=BODY.replace(b"pong", b"p\xf6ng"))),
    ("HTTP-011", "byte order mark", exchange(raw=b"\xef\xbb\xbf" + BODY)),
    ("HTTP-011", "empty", exchange(raw=b"")),
    ("HTTP-011", "cut short", exchange(raw=BODY[:40], how=Ending.CLOSED_EARLY)),
    ("HTTP-011", "HTML declared as JSON", exchange(raw=b"<html>")),
    ("ERR-001", "OpenAI", error(400, {"error": {"message": "m", "type": "server_error", "param": None, "code": None}})),
    ("ERR-001", "FastAPI", error(422, {"detail": []})),
    ("ERR-001", "text", error(401, {"type": "error", "error": "unauthorized"})),
    ("ERR-001", "no type", error(400, told(type=None))),
    ("ERR-001", "details", error(400, told(details={"code": 1}))),
    ("ERR-002", "HTML", error(404, **HTML)),
    ("ERR-002", "empty", error(400, raw=b"")),
    ("ERR-002", "text declared as JSON", error(400, raw=b"no")),
    ("ERR-002", "text/plain of a 5xx", error(500, told(type="api_error"), headers={"content-type": "text/plain"})),
    ("ERR-003", "class name", error(404, told(type="NotFoundError"))),
    ("ERR-003", "another class name", error(404, told(type="ModelMissingException"))),
    ("ERR-003", "foreign", error(500, told(type="internal_error"))),
    ("ERR-004", "empty", error(400, told(message=""))),
    ("ERR-004", "object", error(400, told(message={}))),
    ("ERR-005", "401", error(401)),
    ("ERR-005", "500", error(500, told(type="rate_limit_error"))),
    ("ERR-008", "differ", error(400, ERROR | {"request_id": "req_9"})),
    ("ERR-010", "trace", error(400, told(message="Traceback (most recent call last): ..."))),
    ("ERR-010", "file", error(400, told(message='File "app.py", line 3'))),
    ("ERR-010", "path", error(400, told(message="in /usr/lib/python3/x"))),
    ("ERR-010", "address", error(400, told(message="upstream 10.1.2.3 said no"))),
    ("ERR-010", "key", error(400, told(message="key sk-live-abc123def"))),
]

LEGAL: list[tuple[str, str, Exchange]] = [
    ("HDR-011", "gzip", exchange(raw=gzip.compress(BODY, mtime=0), headers={"content-encoding": "gzip"})),
    ("HDR-011", "identity", exchange(headers={"content-encoding": "identity"})),
    ("HDR-014", "parameter", exchange(headers={"content-type": "Application/JSON; charset=utf-8"})),
    ("HDR-015", "all", exchange(headers={LIMIT: "5", REMAINING: "5", RESET: "2026-01-02T03:04:05Z"})),
    ("HDR-015", "offset", exchange(headers={RESET: "2026-01-02T03:04:05.25+01:00"})),
    ("HDR-016", "seconds", error(429, told(type="rate_limit_error"), headers={"retry-after": "1.5"})),
    (
        "HDR-016",
        "date",
        error(429, told(type="rate_limit_error"), headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
    ),
    ("HTTP-003", "Allow", error(405, method="GET", headers={"allow": "OPTIONS, POST"})),
    ("HTTP-011", "padding", exchange(raw=b"\n " + BODY + b"  ")),
    ("ERR-001", "details", error(400, told(details={"error_code": "x", "more": 1}))),
    ("ERR-001", "request_id", error(400, ERROR | {"request_id": "req_1"})),
    ("ERR-005", "403 for billing", error(403, told(type="billing_error"))),
    ("ERR-005", "422", error(422)),
    ("ERR-005", "503", error(503, told(type="overloaded_error"))),
    ("ERR-008", "equal", error(400, ERROR | {"request_id": "req_1"})),
    ("ERR-010", "what was sent comes back", error(400, told(message="/usr/x"), sent=SENT | {"system": "/usr/x"})),
    ("ERR-010", "a version number", error(400, told(message="needs 110.1.2.3 or sk-x"))),
]


def names(rows: list[tuple[str, str, Exchange]]) -> list[str]:
    return [f"{requirement}, {name}" for requirement, name, _ in rows]


@pytest.mark.parametrize(("requirement", "name", "answer"), BREACHES, ids=names(BREACHES))
def test_a_breach_breaks_its_requirement_alone(requirement: str, name: str, answer: Exchange) -> None:
    assert broken(run(answer)) == {requirement}, name


@pytest.mark.parametrize(
    ("body", "expected", "seen"),
    [
        ({"detail": []}, '"error" at /type', "None in {'detail': []}"),
        ({"type": "error", "error": "no"}, "an object with type and message at /error", "'no' in {'type': 'error', "),
        (ERROR | {"error": {"type": 5}}, "a string at /error/type", "5 in {'type': 'error', 'error': {'type': 5}}"),
    ],
)
def test_what_is_no_envelope_is_shown_whole(body: dict[str, Any], expected: str, seen: str) -> None:
    (finding,) = [f for f in traffic_findings(run(error(422, body))) if f.requirement == "ERR-001"]
    assert finding.expected == f"the error envelope: {expected}" and finding.seen.startswith(seen)


@pytest.mark.parametrize(("requirement", "name", "answer"), LEGAL, ids=names(LEGAL))
def test_a_legal_variation_breaks_nothing(requirement: str, name: str, answer: Exchange) -> None:
    found = run(answer)
    assert (broken(found), requirement in held(found)) == (set(), True), name


@pytest.mark.parametrize(("echo", "outcome"), [("ct-1", Kind.HELD), ("other", Kind.BROKEN), (None, None)])
def test_the_id_of_the_caller_comes_back(echo: str | None, outcome: Kind | None) -> None:
    found = run(exchange(request_headers=CALLER, headers={"x-request-id": echo}), profile="myrouter")
    kinds = [finding.kind for finding in traffic_findings(found) if finding.requirement == "HDR-013"]
    assert kinds == ([] if outcome is None else [outcome])


def test_odd_ids_of_the_caller_are_cases_of_their_own() -> None:
    odd = exchange(request_headers=(("x-request-id", 'a"b'),), headers={"x-request-id": "ab"})
    assert "HDR-013" not in broken(run(odd, profile="myrouter"))


def test_a_router_may_name_the_request_id_its_own_way() -> None:
    found = run(exchange(headers={"request-id": None, "x-request-id": "r"}), profile="myrouter")
    assert (broken(found), "HDR-012" in noted(found)) == (set(), True)


@pytest.mark.parametrize(("code", "found"), [(413, False), (502, False), (400, True), (200, True)])
def test_a_page_of_an_edge_needs_no_request_id(code: int, found: bool) -> None:
    page = exchange(raw=b"<html>", status=code, headers={"content-type": "text/html", "request-id": None})
    assert ("HDR-012" in broken(run(page))) is found


def test_an_envelope_under_413_needs_a_request_id() -> None:
    assert "HDR-012" in broken(run(error(413, told(type="request_too_large"), headers={"request-id": None})))


def test_json_errors_as_text_break_both_clauses_about_it() -> None:
    assert broken(run(error(400, headers={"content-type": "text/plain"}))) == {"HDR-014", "ERR-002"}


@pytest.mark.parametrize("code", [413, 502, 504])
def test_a_page_of_an_edge_is_noted_and_breaks_nothing(code: int) -> None:
    found = run(error(code, **HTML))
    assert ("ERR-002" in broken(found), "ERR-002" in noted(found)) == (False, True)


@pytest.mark.parametrize(("requirement", "word"), [("ERR-003", "quota_error"), ("ERR-008", "invalid_request_error")])
def test_newer_words_and_absent_fields_are_notes(requirement: str, word: str) -> None:
    found = run(error(400, told(type=word)))
    assert (broken(found), requirement in noted(found)) == (set(), True)


def test_a_spending_cap_needs_no_retry_after() -> None:
    capped = told(type="rate_limit_error", details={"error_code": "contract_spend_limit_reached"})
    found = run(error(429, capped))
    assert "HDR-016" not in broken(found) | held(found)


def test_nothing_is_said_of_secrets_that_were_not_searched() -> None:
    blind = run(exchange(), under=terms(secret_searched=False))
    random = run(exchange(request_headers=(("x-api-key", "[TOKEN***]"),)), under=terms(secret_searched=False))
    assert ("AUTH-009" in held(blind), "AUTH-009" in held(random), "AUTH-009" in held(run(exchange()))) == (
        False, True, True,
    )  # fmt: skip


@pytest.mark.parametrize("status", [408, 429, 503, 504, 529])
def test_transient_answers_are_judged_as_errors_alone(status: int) -> None:
    found = run(error(status, headers={"request-id": None, "content-type": "text/html"}, raw=b"<html>"))
    assert broken(found) <= {"HDR-016", "ERR-002"}
    assert {name for name in held(found) if not name.startswith("ERR-")} == set()


@pytest.mark.parametrize("limit", [Limit.BETWEEN_BYTES, Limit.WHOLE, Limit.BODY])
def test_what_we_cut_is_not_missing(limit: Limit) -> None:
    assert broken(run(exchange(raw=BODY[:40], how=Ending.CUT, limit=limit))) == set()
    assert broken(run(error(raw=b'{"type', how=Ending.CUT, limit=limit))) == set()


def test_head_and_rate_limit_families_we_do_not_know_are_left_alone() -> None:
    found = run(
        exchange(raw=b"", method="HEAD", headers={"anthropic-ratelimit-unified-reset": "1767323045"}),
        error(405, raw=b"", method="HEAD", headers={"allow": "POST", "request-id": "req_7"}),
    )
    assert broken(found) == set()


def test_other_addresses_may_allow_other_methods() -> None:
    assert "HTTP-003" not in broken(run(error(405, url="http://127.0.0.1/v1/models", headers=JSON_HEADERS)))


def test_repeated_keys_are_a_note() -> None:
    found = run(exchange(raw=BODY[:-1] + b',"id":"msg_1"}'))
    assert (broken(found), "HTTP-011" in noted(found)) == (set(), True)


def test_json_for_a_stream_is_one_breach() -> None:
    assert broken(run(streamed(raw=BODY, base=JSON_HEADERS))) == {"SSE-001"}
