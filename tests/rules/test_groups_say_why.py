"""What expectations about several answers, and about thinking, say beside their verdict, and of which exchange."""

from typing import Any

import pytest
from expectation_samples import Answers, exchange, expect, failed, judged, said

from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import Exchange

OPEN, HELD, BROKEN, NOTE = Kind.UNJUDGED, Kind.HELD, Kind.BROKEN, Kind.NOTE
NO_COUNT = said(usage={"output_tokens": 2})
NO_MESSAGE = exchange(body=b"[]")
BUDGET = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
SIGNED = {"type": "thinking", "thinking": "hm", "signature": "s"}


def used(count: int, **more: Any) -> Exchange:
    return said(usage={"input_tokens": count, "output_tokens": 2} | more)


def told(name: str, *probes: Exchange | Answers, **args: Any) -> list[tuple[Kind, str]]:
    return [(f.kind, f.seen) for f in judged(expect(name, args), *probes)]


@pytest.mark.parametrize(
    ("name", "probes", "reason"),
    [
        ("more-input-tokens", (NO_COUNT, used(9)), "an answer has no count of input tokens"),
        ("more-input-tokens", (used(9), NO_MESSAGE), "an answer has no count of input tokens"),
        ("same-stop-reason", (NO_MESSAGE, said()), "an answer has no message to compare"),
        ("same-stop-reason", (said(), NO_MESSAGE), "an answer has no message to compare"),
        (
            "same-stop-reason",
            (said(stop_reason="x"), said()),
            "an answer has no stop_reason that the contract knows",
        ),
        (
            "same-stop-reason",
            (said(), said("ping", stop_reason="max_tokens")),
            "the model did not answer the same way twice",
        ),
        ("same-input-tokens", (NO_COUNT, NO_MESSAGE), "an answer has no count of input tokens"),
    ],
)
def test_why_answers_are_not_compared(name: str, probes: Answers, reason: str) -> None:
    assert told(name, *probes) == [(OPEN, reason)]


@pytest.mark.parametrize("odd", [said(model=5), NO_MESSAGE, said(model=None)], ids=["number", "no message", "null"])
def test_models_are_compared_where_there_are_some(odd: Exchange) -> None:
    assert told("same-model-and-usage", odd, said())[-1] == (OPEN, "an answer names no model to compare")
    assert told("same-model-and-usage", said(), odd)[-1] == (OPEN, "an answer names no model to compare")


@pytest.mark.parametrize(
    ("models", "kind"), [("mm", HELD), ("mx", BROKEN), ("xm", BROKEN), ("mxm", BROKEN), ("mmx", BROKEN)]
)
def test_every_model_is_compared(models: str, kind: Kind) -> None:
    found = told("same-model-and-usage", *(said(model=model) for model in models))
    assert [row[0] for row in found] == [HELD, kind]
    assert found[1][1] == ("" if kind is HELD else " and ".join(map(repr, models)))


@pytest.mark.parametrize(
    ("counts", "kind"), [((1, 2, 3), HELD), ((1, 2, 2), BROKEN), ((2, 1, 3), BROKEN), ((3, 2, 1), BROKEN)]
)
def test_each_count_is_above_the_one_before(counts: tuple[int, ...], kind: Kind) -> None:
    seen = "" if kind is HELD else f"total input {' and '.join(map(str, counts))}"
    assert told("more-input-tokens", *(used(count) for count in counts)) == [(kind, seen)]


def test_the_last_wording_is_counted() -> None:
    again = (used(1), used(5))
    assert told("more-input-tokens", used(3), again) == [(HELD, "")]
    assert told("same-stop-reason", (said(stop_reason="max_tokens"), said()), said()) == [(HELD, "")]
    assert told("same-model-and-usage", (said(model="x"), said()), said()) == [(HELD, ""), (HELD, "")]


@pytest.mark.parametrize(
    ("args", "kinds"),
    [
        ({}, [BROKEN]),
        ({"slack": 1}, [BROKEN]),
        ({"slack": 2}, [NOTE, HELD]),
        ({"tolerance": 0.2}, [NOTE, HELD]),
        ({"tolerance": 0.19}, [BROKEN]),
        ({"tolerance": 0.1, "slack": 2}, [NOTE, HELD]),
        ({"noted": True}, [NOTE, HELD]),
    ],
    ids=str,
)
def test_how_far_counts_may_lie_apart(args: dict[str, Any], kinds: list[Kind]) -> None:
    assert [row[0] for row in told("same-input-tokens", used(8), used(10), **args)] == kinds
    assert told("same-input-tokens", used(8), used(8), **args) == [(HELD, "")]


def test_cached_tokens_are_counted_or_not() -> None:
    pair = (used(10), used(10, cache_read_input_tokens=5))
    assert told("same-input-tokens", *pair) == [(BROKEN, "total input 10 and 15")]
    assert told("same-input-tokens", *pair, inclusive=True) == [(HELD, "")]
    assert told("same-input-tokens", NO_MESSAGE, used(5), inclusive=True)[0][0] is OPEN


def thought(name: str, answer: Exchange) -> Finding:
    (finding,) = judged(expect(name), answer)
    return finding


@pytest.mark.parametrize(
    ("content", "kind", "pointer"),
    [
        ([{"type": "text", "text": "x"}, SIGNED], BROKEN, "/content/1/thinking"),
        ([SIGNED | {"thinking": ""}], HELD, "/content/0/thinking"),
        ([SIGNED | {"thinking": 5}], OPEN, "/content/0/thinking"),
        ([{"type": "text", "text": "x"}], OPEN, "/content"),
    ],
    ids=["words", "none", "odd", "no block"],
)
def test_where_thinking_was_to_be_omitted(content: list[Any], kind: Kind, pointer: str) -> None:
    finding = thought("thinking-omitted", said(content=content))
    assert (finding.kind, finding.where.pointer) == (kind, pointer)
    reasons = {"/content": "no block of thinking to judge: status 200"}
    odd = "the thinking is no string, which is a fault of its own (THINK-003)"
    assert kind is not OPEN or finding.seen == reasons.get(pointer, odd)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ([SIGNED], HELD),
        ([{"type": "text", "text": "x"}], BROKEN),
        ([{"type": "text", "text": ""}], OPEN),
        ([{"type": "newer", "text": "x"}], OPEN),
    ],
    ids=["shown", "lost", "nothing said", "another block"],
)
def test_where_thinking_was_to_be_shown(content: list[Any], kind: Kind) -> None:
    finding = thought("thinking-shown", said(sent=BUDGET, content=content))
    assert (finding.kind, finding.where.pointer) == (kind, "/content")
    nothing = "the answer was over before it said anything"
    assert kind is not OPEN or finding.seen == nothing
    assert thought("thinking-shown", failed(400, sent=BUDGET)).kind is OPEN
