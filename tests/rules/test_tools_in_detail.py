"""Where a fault of a call or of reasoning is told, and what a request has to bring for a tag to be its own."""

from dataclasses import replace

import pytest
from rule_samples import CALL, MESSAGE, SENT, TEXT, TOOL, Data, broken, exchange, own, run

from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import Exchange

THOUGHT: Data = {"type": "thinking", "thinking": "hm", "signature": "s"}


def told(requirement: str, answer: Exchange) -> list[Finding]:
    return [f for f in own(run(answer)) if f.requirement == requirement and f.kind is not Kind.NOTE]


@pytest.mark.parametrize(
    ("change", "pointer", "seen"),
    [
        ({"id": "a b"}, "/content/1/id", "'a b'"),
        ({"name": "x"}, "/content/1/name", "'x'"),
        ({"input": "{}"}, "/content/1/input", "'{}'"),
    ],
    ids=["id", "name", "input"],
)
def test_a_part_of_a_call_is_told_in_its_place(change: Data, pointer: str, seen: str) -> None:
    answer = MESSAGE | {"content": [TEXT, CALL | change], "stop_reason": "tool_use"}
    found = told("TOOL-015", exchange(answer, SENT | {"tools": [TOOL]}))
    assert [(f.kind, f.where.pointer, f.seen) for f in found] == [(Kind.BROKEN, pointer, seen)]


def test_reasoning_is_told_in_its_place() -> None:
    whole = told("THINK-003", exchange(MESSAGE | {"content": [TEXT, THOUGHT]}))
    assert [(f.kind, f.where.pointer) for f in whole] == [(Kind.HELD, "/content/1")]
    unsigned = told("THINK-003", exchange(MESSAGE | {"content": [TEXT, THOUGHT | {"signature": 5}]}))
    assert [(f.kind, f.where.pointer) for f in unsigned] == [(Kind.BROKEN, "/content/1/signature")]


def test_raw_reasoning_is_told_once_and_in_its_place() -> None:
    leak = {"type": "text", "text": "<think>hm</think>"}
    found = told("THINK-006", exchange(MESSAGE | {"content": [TEXT, leak, leak]}))
    assert [(f.kind, f.where.pointer) for f in found] == [(Kind.BROKEN, "/content/1/text")]


@pytest.mark.parametrize(
    ("body", "leaks"),
    [
        (b'{"system":"<think>"}', False),
        (b'{"system":"\\u003cthink>"}', False),
        (b"\xff<think>", False),
        (b"\xff", True),
    ],
    ids=["spelled out", "escaped", "no JSON", "none"],
)
def test_a_tag_that_the_request_brought_may_come_back(body: bytes, leaks: bool) -> None:
    answer = exchange(MESSAGE | {"content": [{"type": "text", "text": "</think>pong"}]})
    brought = replace(answer, request=replace(answer.request, body=body))
    assert ("THINK-006" in broken(run(brought))) is leaks
