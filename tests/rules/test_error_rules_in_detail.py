"""What the rules about errors hold, break and leave alone, place by place."""

from dataclasses import replace
from typing import Any

import pytest
from rule_samples import ERROR, SENT, error, exchange, own, run, without

from conformance.contract import Level
from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import Exchange

HELD, BROKEN, NOTE = Kind.HELD, Kind.BROKEN, Kind.NOTE


def told(requirement: str, answer: Exchange, profile: str = "anthropic") -> list[Finding]:
    return [finding for finding in own(run(answer, profile=profile)) if finding.requirement == requirement]


def kinds(requirement: str, answer: Exchange) -> list[Kind]:
    return [finding.kind for finding in told(requirement, answer)]


def with_error(**members: Any) -> dict[str, Any]:
    return ERROR | {"error": ERROR["error"] | members}


@pytest.mark.parametrize("status", [400, 413, 500, 502, 504])
def test_an_envelope_in_json_holds_whoever_sent_it(status: int) -> None:
    (finding,) = told("ERR-002", error(status))
    assert (finding.kind, finding.where.header) == (HELD, "content-type")


@pytest.mark.parametrize("raw", [b"[]", b'"no"', b"null", b"5", b"no", b'{"type":'])
def test_an_error_that_is_no_object_breaks_one_clause(raw: bytes) -> None:
    answer = error(400, raw=raw)
    assert (kinds("ERR-002", answer), kinds("ERR-001", answer), kinds("ERR-004", answer)) == ([BROKEN], [], [])
    (finding,) = told("ERR-002", answer)
    assert finding.seen == f"application/json, {raw!r}" and finding.where.byte == 0


def test_the_media_type_of_an_error_is_shown() -> None:
    (finding,) = told("ERR-002", error(400, headers={"content-type": "text/plain; charset=x"}))
    assert (finding.kind, finding.seen) == (BROKEN, "'text/plain; charset=x'")
    assert (finding.expected, finding.where.header) == ("application/json", "content-type")
    (untyped,) = told("ERR-002", error(400, raw=b"no", headers={"content-type": None}))
    assert untyped.seen == "no media type, b'no'"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (without(ERROR, "type"), "/type"),
        (ERROR | {"type": "message"}, "/type"),
        (without(ERROR, "error"), "/error"),
        (ERROR | {"error": []}, "/error"),
        (ERROR | {"error": {"message": "No."}}, "/error/type"),
        (with_error(type=5), "/error/type"),
    ],
)
def test_the_first_departure_from_the_envelope_is_told(body: dict[str, Any], pointer: str) -> None:
    (finding,) = told("ERR-001", error(400, body))
    assert (finding.kind, finding.level, finding.where.pointer) == (BROKEN, None, pointer)
    assert finding.expected.endswith(f" at {pointer}")
    assert kinds("ERR-003", error(400, body)) == kinds("ERR-005", error(400, body)) == []


@pytest.mark.parametrize(
    ("details", "fits"),
    [(None, True), ({"error_code": "x"}, True), ({}, False), ({"error_code": 5}, False), ("x", False), ([], False)],
)
def test_details_hold_a_code(details: object, fits: bool) -> None:
    found = told("ERR-001", error(400, with_error(details=details)))
    assert [f.kind for f in found] == [HELD] + [BROKEN] * (not fits)
    assert fits or (found[1].level, found[1].where.pointer) == (Level.SHOULD, "/error/details")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("invalid_request_error", HELD),
        ("overloaded_error", HELD),
        ("", BROKEN),
        ("server_error", BROKEN),
        ("ValueError", BROKEN),
        ("SomeException", BROKEN),
        ("quota_error", NOTE),
        ("valueError", NOTE),
    ],
)
def test_words_of_errors(word: str, kind: Kind) -> None:
    (finding,) = told("ERR-003", error(400, with_error(type=word)))
    assert (finding.kind, finding.where.pointer) == (kind, "/error/type")
    assert kind is HELD or finding.seen == repr(word)


@pytest.mark.parametrize(
    ("message", "kind"), [("No.", HELD), (" ", BROKEN), ("", BROKEN), (None, BROKEN), (5, BROKEN), ([], BROKEN)]
)
def test_messages_of_errors(message: object, kind: Kind) -> None:
    (finding,) = told("ERR-004", error(400, with_error(message=message)))
    assert (finding.kind, finding.where.pointer) == (kind, "/error/message")


@pytest.mark.parametrize(
    ("status", "word", "kind", "expected"),
    [
        (400, "invalid_request_error", HELD, ""),
        (401, "authentication_error", HELD, ""),
        (403, "permission_error", HELD, ""),
        (403, "billing_error", HELD, ""),
        (403, "not_found_error", BROKEN, "status 403 with permission_error or billing_error"),
        (404, "not_found_error", HELD, ""),
        (404, "permission_error", BROKEN, "status 404 with not_found_error"),
        (500, "api_error", HELD, ""),
    ],
)
def test_which_word_goes_with_which_status(status: int, word: str, kind: Kind, expected: str) -> None:
    (finding,) = told("ERR-005", error(status, with_error(type=word)))
    assert (finding.kind, finding.expected, finding.where.pointer) == (kind, expected, "/error/type")


def test_a_newer_word_goes_with_any_status() -> None:
    assert kinds("ERR-005", error(400, with_error(type="quota_error"))) == []


@pytest.mark.parametrize(
    ("headers", "body", "kinds_told", "expected"),
    [
        ({"request-id": "a"}, {"request_id": "a"}, [HELD], ""),
        ({"request-id": "a"}, {"request_id": "b"}, [BROKEN], "'a', as in the header"),
        ({"request-id": "a"}, {}, [NOTE], "'a', as in the header"),
        ({"request-id": "a"}, {"request_id": None}, [NOTE], "'a', as in the header"),
        ({"request-id": "a"}, {"request_id": 5}, [BROKEN], "'a', as in the header"),
        ({"request-id": ""}, {"request_id": "a"}, [], ""),
        ({"request-id": None}, {"request_id": "a"}, [], ""),
    ],
)
def test_the_request_id_of_a_body(
    headers: dict[str, str | None], body: dict[str, Any], kinds_told: list[Kind], expected: str
) -> None:
    found = told("ERR-008", error(400, ERROR | body, headers=headers))
    assert [f.kind for f in found] == kinds_told
    assert all(f.where.pointer == "/request_id" and f.expected == expected for f in found if f.kind is not HELD)


def test_either_header_may_name_the_request() -> None:
    headers = {"request-id": "a", "x-request-id": "b"}
    for value, kind in (("a", HELD), ("b", HELD), ("c", BROKEN)):
        (finding,) = told("ERR-008", error(400, ERROR | {"request_id": value}, headers=headers), "myrouter")
        assert finding.kind is kind
    assert finding.expected == "'a' or 'b', as in the header"


def test_a_leak_is_shown_with_its_place_in_bytes() -> None:
    answer = error(400, raw='{"type":"error","error":{"message":"äöü in /usr/lib/x"}}'.encode())
    (finding,) = told("ERR-010", answer)
    assert (finding.kind, finding.seen) == (BROKEN, "'/usr/lib/x'")
    assert finding.where.byte == answer.body.index(b"/usr/lib")


@pytest.mark.parametrize("place", ["body", "url", "header"])
def test_what_the_request_held_may_come_back(place: str) -> None:
    text = "/usr/lib/x"
    sent = SENT | {"system": f"in {text} it is"} if place == "body" else SENT
    url = f"http://127.0.0.1{text}/messages" if place == "url" else "http://127.0.0.1/v1/messages"
    headers = (("x-file", text),) if place == "header" else ()
    answer = error(400, with_error(message=f"in {text}"), sent=sent, url=url, request_headers=headers)
    assert kinds("ERR-010", answer) == [HELD]
    other = error(400, with_error(message=f"in {text} and /usr/bin/y"), sent=sent, url=url, request_headers=headers)
    assert [f.seen for f in told("ERR-010", other)] == ["'/usr/bin/y'"]


def test_what_is_no_error_or_has_no_body_leaks_nothing() -> None:
    assert kinds("ERR-010", exchange(with_error(message="/usr/x"))) == []
    assert kinds("ERR-010", error(400, raw=b"")) == []
    assert kinds("ERR-010", error(400)) == [HELD]


def test_bytes_that_are_no_text_are_searched_too() -> None:
    answer = error(400, raw=b'{"type":"error","error":{"message":"\xff in /usr/lib/x"}}')
    assert kinds("ERR-010", answer) == [BROKEN]
    garbled = replace(answer, request=replace(answer.request, body=b"\xff /usr/lib/x"))
    assert kinds("ERR-010", garbled) == [HELD]


def test_the_type_that_is_no_error_is_shown() -> None:
    (finding,) = told("ERR-001", error(400, ERROR | {"type": "message"}))
    assert finding.seen.startswith("'message' in {'type': 'message', ")
