"""Expectations about one answer: each holds, breaks and stays open where it should."""

import pytest
from expectation_samples import COMPLETE, JSON, exchange, expect, failed, judged, kinds, said, told

from conformance.contract import Level
from conformance.rules.expectations import KINDS, NEGATIVE_KINDS
from conformance.rules.findings import Kind
from conformance.suite import Expect, accepted, never_5xx, refused, refused_or, same_outcome, status
from conformance.wire.exchange import End, Ending, Exchange

HELD, BROKEN, NOTE, OPEN = {Kind.HELD}, {Kind.BROKEN}, {Kind.NOTE}, {Kind.UNJUDGED}
SILENT = exchange(None, end=End(Ending.NO_ANSWER))
HTML = exchange(502, b"<html>", (("Content-Type", "text/html"),))
BARE = exchange(400, b'{"error":"no"}')
WARMED = said(content=[], stop_reason="max_tokens")
STREAMED_ERROR = exchange(
    200,
    b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"No."}}\n\n',
    (("Content-Type", "text/event-stream"),),
)

ROWS: list[tuple[Expect, Exchange, set[Kind]]] = [
    (accepted, said(), HELD),
    (accepted, failed(400), BROKEN),
    (accepted, failed(404, "not_found_error"), BROKEN),
    (accepted, failed(429), OPEN),
    (expect("accepted", {"open": [400]}), failed(400), OPEN),
    (expect("accepted", {"open": [400]}), failed(401), BROKEN),
    (refused, failed(400), HELD),
    (refused, failed(422), HELD),
    (refused, said(), BROKEN),
    (refused, HTML, BROKEN),
    (refused, failed(401), OPEN),
    (refused, failed(404), OPEN),
    (refused, SILENT, BROKEN),
    (refused_or(also=(404,)), failed(404), HELD),
    (refused_or(lowered=(200,)), said(), BROKEN),
    (refused_or(noted=(200,)), said(), NOTE),
    (status(401), failed(401), HELD),
    (status(401), failed(403), BROKEN),
    (status(401, noted=(403,)), failed(403), NOTE),
    (status(400, error_type="invalid_request_error"), failed(400), HELD),
    (status(400, error_type="not_found_error"), failed(400), HELD | BROKEN),
    (status(400, error_type="not_found_error"), BARE, HELD),
    (status(200, absent_header="x-bad"), said(), HELD),
    (status(200, absent_header="x-bad"), said(headers=(("X-Bad", "1"),)), HELD | BROKEN),
    (expect("streamed"), told(), HELD),
    (expect("streamed"), said(), BROKEN),
    (expect("streamed"), failed(400), BROKEN),
    (expect("streamed"), failed(429), OPEN),
    (expect("json-message"), said(), HELD),
    (expect("json-message"), told(), BROKEN),
    (expect("json-message"), exchange(200, b"[]"), HELD),
    (expect("json-message"), exchange(200, b"<html>", (("Content-Type", "text/html"),)), HELD),
    (expect("json-message"), exchange(200, b"", (("Content-Type", "text/event-stream"),)), BROKEN),
    (expect("json-message"), failed(200), OPEN),
    (expect("json-message"), exchange(201, b"{}"), BROKEN),
    (expect("json-message"), failed(503), BROKEN),
    (expect("json-message"), failed(429), OPEN),
    (expect("one-of", {"ok": [200, 501]}), failed(501), HELD),
    (expect("one-of", {"ok": [200, 501]}), failed(500), BROKEN),
    (expect("one-of", {"ok": [200, 501]}), failed(529), OPEN),
    (never_5xx(), said(), HELD),
    (never_5xx(), failed(404), HELD),
    (never_5xx(), HTML, BROKEN),
    (never_5xx(), SILENT, BROKEN),
    (never_5xx(), failed(529), OPEN),
    (never_5xx(), exchange(301), BROKEN),
    (never_5xx(200), said(), HELD | NOTE),
    (expect("not-redirected"), said(), HELD),
    (expect("not-redirected"), exchange(308), HELD),
    (expect("not-redirected"), exchange(302), BROKEN),
    (expect("not-redirected"), failed(429), OPEN),
    (expect("no-head-body"), exchange(405, method="HEAD"), HELD),
    (expect("no-head-body"), exchange(200, method="HEAD", surplus=b"{}"), HELD | BROKEN),
    (expect("no-head-body"), exchange(500, method="HEAD"), HELD | BROKEN),
    (expect("no-head-body"), exchange(429, method="HEAD"), OPEN),
    (expect("error-before-stream", {"ok": [401]}), failed(401), HELD),
    (expect("error-before-stream", {"ok": [401]}), STREAMED_ERROR, BROKEN),
    (expect("error-before-stream", {"ok": [401]}), failed(400), BROKEN),
    (expect("error-before-stream"), failed(400), HELD),
    (expect("error-before-stream"), failed(401), OPEN),
    (expect("error-before-stream", {"also": [404]}), failed(401), OPEN),
    (expect("error-before-stream", {"also": [404]}), failed(404), HELD),
    (expect("error-before-stream", {"also": [404]}), STREAMED_ERROR, BROKEN),
    (expect("error-before-stream", {"also": [404]}), told(), OPEN),
    (expect("error-before-stream"), STREAMED_ERROR, BROKEN),
    (expect("error-before-stream"), told(), OPEN),
    (expect("error-before-stream"), HTML, OPEN),
    (expect("refusal-status", {"ok": 400}), failed(400), HELD),
    (expect("refusal-status", {"ok": 400}), failed(422), BROKEN),
    (expect("refusal-status", {"ok": 400}), said(), OPEN),
    (expect("refusal-status", {"ok": 400}), failed(404), OPEN),
    (
        expect("error-before-stream"),
        exchange(400, b"", (("Content-Type", "text/event-stream"),)),
        BROKEN,
    ),
    (expect("zero-max-tokens"), failed(400), HELD),
    (expect("zero-max-tokens"), WARMED, HELD),
    (expect("zero-max-tokens"), said(), BROKEN),
    (expect("zero-max-tokens"), said(stop_reason="max_tokens"), BROKEN),
    (expect("zero-max-tokens"), said(stop_reason="stop"), BROKEN),
    (expect("zero-max-tokens"), said(content=[], stop_reason="end_turn"), BROKEN),
    (expect("zero-max-tokens"), said(content=[], stop_reason="length"), OPEN),
    (expect("zero-max-tokens"), said(content=[], stop_reason=None), OPEN),
    (expect("zero-max-tokens"), said(content=[], stop_reason={}), OPEN),
    (expect("zero-max-tokens"), said(content=None, stop_reason="max_tokens"), OPEN),
    (expect("zero-max-tokens"), said(content="", stop_reason="max_tokens"), OPEN),
    (expect("zero-max-tokens"), HTML, BROKEN),
    (expect("zero-max-tokens"), failed(404), OPEN),
]


@pytest.mark.parametrize(("expected", "answer", "found"), ROWS, ids=lambda value: getattr(value, "kind", None))
def test_one_answer_is_judged(expected: Expect, answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expected, answer) == found


def test_a_lowered_refusal_breaks_as_a_should() -> None:
    assert [finding.level for finding in judged(refused_or(lowered=(200,)), said())] == [Level.SHOULD]
    assert [finding.level for finding in judged(status(401, lowered=(403,)), failed(403))] == [Level.SHOULD]
    assert [finding.level for finding in judged(refused, said())] == [None]
    by_status = expect("refusal-status", {"ok": 400, "lowered": [422]})
    assert [finding.level for finding in judged(by_status, failed(422))] == [Level.SHOULD]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (failed(400), failed(400), HELD),
        (failed(400), failed(422), BROKEN),
        (failed(400), failed(400, "not_found_error"), BROKEN),
        (failed(400), said(), BROKEN),
        (failed(400), failed(429), OPEN),
    ],
)
def test_outcomes_are_compared(one: Exchange, other: Exchange, found: set[Kind]) -> None:
    assert kinds(same_outcome(), one, other) == found


@pytest.mark.parametrize(
    ("control", "found"),
    [((told(),), BROKEN), ((said(),), OPEN), ((told(), said()), OPEN), ((told(), told()), BROKEN)],
)
def test_no_stream_is_asked_of_a_target_whose_streamed_control_is_none(
    control: tuple[Exchange, ...], found: set[Kind]
) -> None:
    assert kinds(expect("streamed"), said(), stream=control) == found
    assert kinds(expect("streamed"), told(), stream=control) == (OPEN if found == OPEN else HELD)


def test_another_control_does_not_excuse_an_answer_that_is_no_stream() -> None:
    assert kinds(expect("streamed"), said(), control=said()) == BROKEN


UNJUDGEABLE = (accepted, expect("streamed"), expect("json-message"), expect("one-of", {"ok": [200]}), refused)


@pytest.mark.parametrize("status", [401, 402, 403, 404, 407])
@pytest.mark.parametrize("expected", UNJUDGEABLE, ids=lambda expected: expected.kind)
def test_a_refusal_at_a_time_when_the_control_was_refused_too_says_nothing(expected: Expect, status: int) -> None:
    (finding,) = judged(expected, failed(status), after=failed(status))
    assert finding.kind is Kind.UNJUDGED
    assert finding.seen == f"status {status}, as for the plain control at that time"
    (alone,) = judged(expected, failed(status), after=None)
    assert alone.kind is Kind.UNJUDGED, "nor where no control came after it"


@pytest.mark.parametrize("status", [401, 402, 403, 404, 407])
def test_a_refusal_between_two_accepted_controls_is_the_answer_to_the_request(status: int) -> None:
    for expected in UNJUDGEABLE[:-1]:
        assert kinds(expected, failed(status)) == BROKEN


@pytest.mark.parametrize("status", [400, 413, 422, 500])
def test_a_refusal_of_the_request_itself_needs_no_control_after_it_to_break_an_acceptance(status: int) -> None:
    assert kinds(accepted, failed(status), after=failed(401)) == BROKEN


@pytest.mark.parametrize("body", [b'{"type":"error"}', b'{"error":"no"}', b'{"error":{"message":"no"},"content":[]}'])
@pytest.mark.parametrize(
    "expected", [*UNJUDGEABLE, status(400), never_5xx(), expect("zero-max-tokens")], ids=lambda expected: expected.kind
)
def test_an_error_under_status_200_is_a_fault_of_its_own(expected: Expect, body: bytes) -> None:
    (finding,) = judged(expected, exchange(200, body))
    assert (finding.kind, "RESP-012" in finding.seen) == (Kind.UNJUDGED, True)


def test_a_null_error_beside_a_message_hides_nothing() -> None:
    assert kinds(accepted, said(error=None)) == HELD and kinds(refused, said(error=None)) == BROKEN


@pytest.mark.parametrize("expected", [accepted, refused, expect("streamed"), expect("keeps-connection")])
def test_nothing_is_judged_beside_a_refused_control(expected: Expect) -> None:
    assert kinds(expected, failed(400), control=failed(400)) == OPEN


def test_every_finding_names_its_case_and_its_exchange() -> None:
    for finding in judged(refused, failed(400), said()):
        assert (finding.requirement, finding.case) == ("REQ-001", "case")
        assert finding.where.exchange in {1, 2}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_no_kind_raises_for_any_answer(name: str) -> None:
    terms = {"lowered": [], "noted": [], "prefill": "x", "goes_on": "y", "words": ["x"], "then": 1}
    terms |= {
        "clients": "current",
        "path": "text",
        "value": "naïve 🌦",
        "artefacts": ["Ã"],
        "ok": 400 if name == "refusal-status" else [200],
    }
    strange = [
        exchange(200, b"\xff\xfe", sent=[1]),
        exchange(200, b'{"content":5,"usage":[],"stop_reason":{},"model":[],"id":[]}', sent={"messages": [1]}),
        exchange(200, b"event: x\ndata: {", (("Content-Type", "text/event-stream"),), sent={"messages": "x"}),
        exchange(200, b'{"type":"message","content":[],"stop_reason":{}}', sent={"messages": [1]}),
        exchange(200, b'{"type":"message","content":{},"stop_reason":[]}', sent={"messages": [1]}),
        exchange(599, b"", (), end=End(Ending.RESET)),
        exchange(200, b"{}", JSON, sent={"stop_sequences": [1, ""], "max_tokens": True}, end=COMPLETE),
    ]
    for answer in strange:
        found = judged(expect(name, terms), answer, said())
        assert found
        assert all(finding.kind in Kind for finding in found)


def test_what_a_broken_target_refuses_anyway_needs_a_control() -> None:
    assert {"refused", "status", "never-5xx", "error-before-stream", "zero-max-tokens"} <= NEGATIVE_KINDS
    assert not {"accepted", "streamed", "json-message", "one-of", "cut-by-limit"} & NEGATIVE_KINDS
