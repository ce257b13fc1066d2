"""What requests cost: what they ask for, what answers report, and what a million tokens are worth."""

import json
from typing import Any

import pytest

from conformance.contract import load_profiles
from conformance.evidence.spent import Price, Tokens, asked_output, max_tokens, reported, spent, total, worst_case
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request
from conformance.wire.reading import Reading

ROUTER, UPSTREAM = (load_profiles()[name].usage for name in ("myrouter", "anthropic"))
BODY = b'{"max_tokens": 32}'
WORST = Tokens(5, 32)


def _answer(
    usage: Any = None,
    status: int | None = 200,
    how: Ending = Ending.COMPLETE,
    body: bytes = BODY,
    path: str = "messages",
) -> Exchange:
    text = json.dumps({"type": "message", "usage": usage}).encode()
    headers = (("content-type", "application/json"),)
    return Exchange(Request("POST", f"http://h/v1/{path}", (), body), status, headers, (Chunk(0.1, text),), End(how))


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (BODY, 32),
        (b'{"max_tokens": 1000000000}', 10**9),
        (b'{"max_tokens": -1}', 0),
        (b'{"max_tokens": true}', 0),
        (b'{"max_tokens": 1.5}', 0),
        (b'{"max_tokens": "32"}', 0),
        (b'["max_tokens"]', 0),
        (b'{"max_tokens": 32', 0),
        (b'{"max_tokens":' + b"[" * 100_000, 0),
        (b'\xff{"max_tokens": 32}', 0),
        (b"", 0),
    ],
)
def test_a_request_asks_for_no_more_output_than_it_says(body: bytes, asked: int) -> None:
    assert max_tokens(body) == worst_case(body).output == asked
    assert worst_case(body).input == (len(body) + 3) // 4


@pytest.mark.parametrize(
    ("exchange", "asked"),
    [
        (_answer(), 32),
        (_answer(status=None), 32),
        (_answer(status=500), 32),
        (_answer(status=400), 0),
        (_answer(path="messages/count_tokens"), 0),
    ],
)
def test_the_ceiling_counts_what_was_not_refused(exchange: Exchange, asked: int) -> None:
    assert asked_output(exchange) == asked


def test_counts_are_read_where_a_profile_has_them() -> None:
    usage = {"input_tokens": 9, "output_tokens": 3, "cache_read_tokens": 2, "cache_write_input_tokens": 8}
    usage |= {"cache_read_input_tokens": 4, "cache_creation_input_tokens": 5}
    assert reported(Reading(_answer(usage)), ROUTER) == Tokens(9, 3, 2, 0)
    assert reported(Reading(_answer(usage)), UPSTREAM) == Tokens(9, 3, 4, 5)
    assert reported(Reading(_answer({"output_tokens": "3", "input_tokens": -1})), ROUTER) == Tokens()
    assert reported(Reading(_answer()), ROUTER) is None


FULL = {"input_tokens": 9, "output_tokens": 3}


@pytest.mark.parametrize(
    ("exchange", "cost"),
    [
        (_answer(FULL), Tokens(9, 3)),
        (_answer(), WORST),
        (_answer(status=400), Tokens()),
        (_answer(status=500), WORST),
        (_answer(status=None), WORST),
        (_answer(FULL, how=Ending.HUNG_UP), Tokens(9, 32)),
        (_answer(FULL | {"output_tokens": 99}, how=Ending.HUNG_UP), Tokens(9, 99)),
    ],
)
def test_what_is_not_reported_costs_what_it_may(exchange: Exchange, cost: Tokens) -> None:
    assert spent(Reading(exchange), ROUTER, WORST) == cost


def test_a_price_is_for_a_million_tokens() -> None:
    plain, cached = Price("USD", 3, 15), Price("USD", 3, 15, 0.3, 3.75)
    tokens = total([Tokens(1_000_000, 100_000), Tokens(0, 100_000, 1_000_000, 1_000_000)])
    assert plain.of(tokens) == 3 + 3 + 3 + 3
    assert cached.of(tokens) == pytest.approx(3 + 3 + 0.3 + 3.75)
    assert plain.most(Tokens(1_000_000, 1_000_000)) == 18
    assert cached.most(Tokens(1_000_000)) == 3.75, "input may go into a cache"
    assert Price(**cached.data) == cached and plain.data == {"currency": "USD", "input": 3, "output": 15}
