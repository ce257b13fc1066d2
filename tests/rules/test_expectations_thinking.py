"""Expectations about thinking that is shown or omitted, about answers that begin in time, and errors under 200."""

from dataclasses import replace
from typing import Any

import pytest
from expectation_samples import JSON, URL, exchange, expect, failed, judged, kinds, said, told

from conformance.rules.findings import Kind
from conformance.wire.exchange import End, Ending, Exchange, Limit

HELD, BROKEN, OPEN = {Kind.HELD}, {Kind.BROKEN}, {Kind.UNJUDGED}
Block = dict[str, Any]

MANUAL: Block = {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024}}
ADAPTIVE: Block = {"max_tokens": 2000, "thinking": {"type": "adaptive"}}
TEXT: Block = {"type": "text", "text": "391"}
THOUGHT: Block = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
HIDDEN: Block = {"type": "redacted_thinking", "data": "eA=="}
CALL: Block = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {"n": 7}}


def answered(*content: Any, sent: Block = MANUAL, **members: Any) -> Exchange:
    return said(sent=sent, content=list(content), **members)


SHOWN: dict[str, tuple[Exchange, set[Kind]]] = {
    "thinking": (answered(THOUGHT, TEXT), HELD),
    "redacted": (answered(HIDDEN, TEXT), HELD),
    "thinking-alone": (answered(THOUGHT, stop_reason="max_tokens"), HELD),
    "thinking-behind": (answered(TEXT, THOUGHT), HELD),
    "text-alone": (answered(TEXT), BROKEN),
    "text-cut": (answered(TEXT, stop_reason="max_tokens"), BROKEN),
    "text-streamed": (told("391", MANUAL), BROKEN),
    "call-alone": (answered(CALL, stop_reason="tool_use"), BROKEN),
    "nothing": (answered(stop_reason="max_tokens"), OPEN),
    "empty-text": (answered(TEXT | {"text": ""}), OPEN),
    "refusal": (answered(TEXT, stop_reason="refusal"), OPEN),
    "newer-block": (answered({"type": "pondering"}, TEXT), OPEN),
    "odd-type": (answered({"type": []}, TEXT), OPEN),
    "no-type": (answered({"thinking": "Hm."}, TEXT), OPEN),
    "refused": (failed(400, sent=MANUAL), OPEN),
    "broken-off": (told("391", MANUAL, end=End(Ending.CUT, Limit.WHOLE)), OPEN),
    "adaptive": (answered(TEXT, sent=ADAPTIVE), OPEN),
    "no-thinking-asked": (answered(TEXT, sent={"max_tokens": 32}), OPEN),
    "odd-thinking": (answered(TEXT, sent={"thinking": "on"}), OPEN),
}


@pytest.mark.parametrize("name", SHOWN)
def test_thinking_by_budget_is_shown(name: str) -> None:
    answer, found = SHOWN[name]
    assert kinds(expect("thinking-shown"), answer) == found


def test_each_wording_with_a_budget_is_judged_and_no_other() -> None:
    without, adaptive = answered(TEXT), answered(TEXT, sent=ADAPTIVE)
    assert kinds(expect("thinking-shown"), (without, adaptive)) == BROKEN
    assert kinds(expect("thinking-shown"), (answered(THOUGHT, TEXT), adaptive)) == HELD


OMITTED: dict[str, tuple[Exchange, set[Kind]]] = {
    "empty": (answered(THOUGHT | {"thinking": ""}, TEXT), HELD),
    "redacted": (answered(HIDDEN, TEXT), HELD),
    "shown": (answered(THOUGHT, TEXT), BROKEN),
    "one-shown": (answered(HIDDEN, THOUGHT, TEXT), HELD | BROKEN),
    "no-string": (answered(THOUGHT | {"thinking": None}, TEXT), OPEN),
    "none": (answered(TEXT), OPEN),
    "refused": (failed(400), OPEN),
}


@pytest.mark.parametrize("name", OMITTED)
def test_thinking_that_is_to_be_omitted_is_empty(name: str) -> None:
    answer, found = OMITTED[name]
    assert kinds(expect("thinking-omitted"), answer) == found


def silent(limit: Limit | None = Limit.FIRST_BYTE) -> Exchange:
    return exchange(None, end=End(Ending.CUT, limit), sent={"stream": True})


BEGUN: dict[str, tuple[Exchange, set[Kind]]] = {
    "served": (said(), HELD),
    "refused": (failed(400), HELD),
    "failed": (failed(500, "api_error"), HELD),
    "cut-later": (told(end=End(Ending.CUT, Limit.BETWEEN_BYTES)), HELD),
    "silent": (silent(), BROKEN),
    "trickling": (silent(Limit.WHOLE), BROKEN),
    "no-limit-named": (silent(None), BROKEN),
    "no-http": (exchange(None, end=End(Ending.MALFORMED)), OPEN),
}


@pytest.mark.parametrize("name", BEGUN)
def test_an_answer_begins_within_our_limit(name: str) -> None:
    answer, found = BEGUN[name]
    assert kinds(expect("answer-begins"), answer) == found


def test_silence_while_the_control_is_silent_too_says_nothing() -> None:
    assert kinds(expect("answer-begins"), silent(), after=silent()) == OPEN
    assert kinds(expect("answer-begins"), silent(), after=None) == OPEN


def test_what_came_instead_of_an_answer_is_told() -> None:
    (finding,) = judged(expect("answer-begins"), silent())
    assert finding.seen == "nothing within our limit first-byte, try 3"


@pytest.mark.parametrize(("path", "found"), [("/v1/messages", OPEN), ("/v1/other", BROKEN)])
def test_an_error_under_200_is_judged_where_nobody_else_does(path: str, found: set[Kind]) -> None:
    answer = exchange(200, b'{"error":"Unexpected endpoint"}', JSON, {"max_tokens": 1})
    elsewhere = replace(answer, request=replace(answer.request, url=URL.replace("/v1/messages", path)))
    assert kinds(expect("status", {"ok": [404], "lowered": [], "noted": []}), elsewhere) == found
