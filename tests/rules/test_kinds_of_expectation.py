"""Which kinds of expectation need accepted controls around them, and to which a server error is a breach."""

from typing import Any

import pytest
from expectation_samples import exchange, expect, failed, judged, kinds, said
from rule_samples import BLOCK, CALL, MESSAGE, STOP, broken, ends, held, record, run, start, streamed, wire
from rule_samples import exchange as answered

from conformance.rules.findings import Kind
from conformance.rules.reached import goes_on
from conformance.wire.exchange import End, Ending, Limit
from conformance.wire.reading import Reading

#: What asks for a refusal: a target that refuses everything must not be praised for it.
NEGATIVE = (
    "error-before-stream",
    "never-5xx",
    "no-head-body",
    "no-such-surface",
    "refusal-status",
    "refused",
    "restricted",
    "same-outcome",
    "status",
    "too-long",
    "zero-max-tokens",
)
#: What asks something of the answers to requests that must all be served.
VALID = (
    "accepts-choice",
    "after-hang-up",
    "arguments-round-trip",
    "arguments-streamed",
    "calls-no-tool",
    "calls-tool",
    "counted",
    "cut-by-limit",
    "distinct-ids",
    "lists-models",
    "more-input-tokens",
    "round-trip",
    "same-input-tokens",
    "same-model-and-usage",
    "same-output-at-limit",
    "same-stop-reason",
    "stop-reported",
    "stops-at-sequence",
)
TERMS: dict[str, Any] = {
    "ok": [400],
    "lowered": [],
    "noted": [],
    "words": ["x"],
    "path": "text",
    "value": "x",
    "then": 1,
}
UNBOUND = "it does not lie between two accepted plain controls"


def terms_of(name: str) -> dict[str, Any]:
    return TERMS | ({"ok": 400} if name == "refusal-status" else {})


@pytest.mark.parametrize("name", NEGATIVE)
def test_a_negative_needs_an_accepted_control_after_it(name: str) -> None:
    (finding,) = judged(expect(name, terms_of(name)), failed(400), after=failed(500))
    assert (finding.kind, finding.seen) == (Kind.UNJUDGED, UNBOUND)


@pytest.mark.parametrize("name", [*VALID, "accepted", "streamed", "json-message", "one-of"])
def test_what_asks_for_an_answer_needs_none(name: str) -> None:
    found = judged(expect(name, terms_of(name)), failed(400), failed(400), after=failed(500))
    assert UNBOUND not in {finding.seen for finding in found}


@pytest.mark.parametrize("name", VALID)
def test_a_server_error_on_a_valid_request_is_a_breach(name: str) -> None:
    (finding,) = judged(expect(name, terms_of(name)), failed(500))
    assert (finding.kind, finding.expected) == (Kind.BROKEN, "an answer to a valid request")


@pytest.mark.parametrize("name", NEGATIVE)
def test_a_server_error_on_another_request_is_judged_by_its_kind(name: str) -> None:
    found = judged(expect(name, terms_of(name)), failed(500))
    assert "an answer to a valid request" not in {finding.expected for finding in found}


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_which_redirections_change_a_post(code: int) -> None:
    rewrites = code in (301, 302, 303)
    assert kinds(expect("not-redirected"), exchange(code)) == {Kind.BROKEN if rewrites else Kind.HELD}


def test_clients_that_complete_and_clients_that_do_not() -> None:
    completes = expect("client-completes", {"clients": "current"})
    assert kinds(completes, said(sent={"model": "m", "messages": []})) == {Kind.HELD}
    assert kinds(completes, exchange(200, b"<html>", (("Content-Type", "text/html"),))) == {Kind.BROKEN}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), {"STRM-001"}),
        ((start(),), {"STRM-023"}),
        ((start(), *BLOCK, ends(None)), {"STRM-023"}),
        ((start(), *BLOCK, ends()), {"STRM-023"}),
        ((start(), *BLOCK, ends(), STOP), set()),
    ],
    ids=["empty", "streaming", "paused", "closing", "done"],
)
def test_a_stream_falls_silent_wherever_it_stands(events: tuple[dict[str, Any], ...], expected: set[str]) -> None:
    cut = streamed(raw=wire(events), how=Ending.CUT, limit=Limit.BETWEEN_BYTES)
    assert broken(run(record(1, cut, attempt=2))) == expected


def test_a_stream_means_of_a_message_what_json_means() -> None:
    call = {"type": "content_block_start", "index": 0, "content_block": CALL | {"input": {}}}
    part = {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"n":1}'}}
    stop = {"type": "content_block_stop", "index": 0}
    sent = {"model": "m-1", "max_tokens": 64, "messages": [{"role": "user", "content": "x"}]}
    phantom = streamed(start(), call, part, stop, ends("tool_use"), STOP, sent=sent)
    assert {"SEM-009", "EQV-001"} <= broken(run(answered(MESSAGE, sent), phantom))


@pytest.mark.parametrize("family", ["requests", "tokens", "input-tokens", "output-tokens"])
def test_every_family_of_rate_limits_is_read(family: str) -> None:
    prefix = f"anthropic-ratelimit-{family}-"
    for part, bad, good in (("limit", "x", "5"), ("remaining", "-1", "0"), ("reset", "soon", "2026-01-02T03:04:05Z")):
        assert "HDR-015" in broken(run(answered(headers={prefix + part: bad})))
        assert "HDR-015" in held(run(answered(headers={prefix + part: good})))


@pytest.mark.parametrize("code", ["contract_spend_limit_reached", "enforced_spend_limit_reached", "too_fast"])
def test_a_spending_cap_is_not_lifted_by_waiting(code: str) -> None:
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "No.", "details": {"error_code": code}}}
    assert ("HDR-016" in broken(run(answered(body, status=429)))) is (code == "too_fast")


TIMES = {
    "2026-09-30T03:04:05Z": True,
    "2026-10-01T03:04:05Z": True,
    "2026-12-19T13:04:05Z": True,
    "2026-01-29T20:04:05z": True,
    "2026-01-31t23:59:60Z": True,
    "2026-01-30 09:04:05.123+02:00": True,
    "2026-01-02T03:04:05-19:30": True,
    "2026-01-02T03:04:05+23:59": True,
    "2026-13-02T03:04:05Z": False,
    "2026-00-02T03:04:05Z": False,
    "2026-01-32T03:04:05Z": False,
    "2026-01-00T03:04:05Z": False,
    "2026-01-02T24:04:05Z": False,
    "2026-01-02T03:60:05Z": False,
    "2026-01-02T03:04:61Z": False,
    "2026-01-02T03:04:05": False,
    "2026-01-02T03:04:05+24:00": False,
    "2026-01-02": False,
    "1767323045": False,
}


@pytest.mark.parametrize(("time", "holds"), TIMES.items())
def test_a_reset_is_a_time_of_rfc_3339(time: str, holds: bool) -> None:
    found = run(answered(headers={"anthropic-ratelimit-tokens-reset": time}))
    assert ("HDR-015" in held(found), "HDR-015" in broken(found)) == (holds, not holds)


@pytest.mark.parametrize("how", [Ending.RESET, Ending.NO_ANSWER, Ending.CLOSED_EARLY, Ending.NO_CONNECTION])
@pytest.mark.parametrize("name", ["survives-large-body", "too-long"])
def test_a_connection_closed_in_the_middle_of_a_body_is_no_answer(name: str, how: Ending) -> None:
    closed = exchange(None, end=End(how))
    (finding,) = judged(expect(name, TERMS), closed if name == "too-long" else (closed, said()))
    assert finding.kind is Kind.UNJUDGED and finding.seen.startswith("no answer")


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("one, two, three", True),
        ("1, 2, 3, 4", True),
        ("One two", True),
        ("two, three", False),
        ("one, two, five hundred", False),
        ("1, 2, 500", False),
        *((f"one, two, three{mark}", False) for mark in (".", "!", "?", "…", ")", "]", " and so on", " etc", " etc.")),
        ("", False),
    ],
)
def test_an_enumeration_that_evidently_goes_on(text: str, on: bool) -> None:
    assert goes_on(Reading(said(text))) is on
