"""What the same limit cuts costs the same number of tokens, as far as the answers say that it cut them."""

from typing import Any

import pytest
from expectation_samples import expect, failed, kinds, said

from conformance.rules.findings import Kind
from conformance.suite_bodies import CUT
from conformance.wire.exchange import Exchange

HELD, BROKEN, OPEN = {Kind.HELD}, {Kind.BROKEN}, {Kind.UNJUDGED}
COUNT: dict[str, Any] = dict(CUT.calls[0].body)


def cut(tokens: Any, reason: str = "max_tokens", limit: int = 8) -> Exchange:
    """An answer of so many tokens, by its own word, that ends for a reason."""
    usage = {"input_tokens": 10, "output_tokens": tokens}
    return said("one, two", COUNT | {"max_tokens": limit}, stop_reason=reason, usage=usage)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (cut(8), HELD),
        (cut(6), HELD),
        (cut(10), HELD),
        (cut(5), BROKEN),
        (cut(1), BROKEN),
        (cut(11), BROKEN),
        (cut(1, reason="end_turn"), OPEN),
        (cut(1, limit=9), OPEN),
        (cut("8"), OPEN),
        (failed(400, sent=COUNT), OPEN),
    ],
)
def test_the_same_limit_costs_the_same(answer: Exchange, found: set[Kind]) -> None:
    at_once = said("one, two", COUNT, stop_reason="max_tokens", usage={"input_tokens": 10, "output_tokens": 8})
    assert kinds(expect("same-output-at-limit"), at_once, answer) == found
