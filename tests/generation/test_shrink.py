"""Reducing failing requests against simulated servers: predicates that say of a body whether it fails."""

from collections.abc import Callable
from typing import Any

import pytest
from generation_draws import draw_for
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.generation.conversations import conversation_items
from conformance.generation.shrink import Progress, Shrinker, Shrunk, candidates, same_violation, size, still_valid
from conformance.suite import PLAIN

Server = Callable[[Any], bool]

RICH: dict[str, Any] = {
    **PLAIN,
    "max_tokens": 16,
    "system": [{"type": "text", "text": "Kä" * 9}, {"type": "text", "text": "Z"}],
    "messages": [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": [{"type": "text", "text": "second"}]},
        {"role": "user", "content": "the emoji 😀 here"},
    ],
    "metadata": {"user_id": "0a1b2c"},
    "stop_sequences": ["ABC", "DEF"],
}


def reduced(shrinker: Shrinker, fails: Server) -> Shrunk:
    """Runs a reduction to its end against a server."""
    outcomes: list[bool] = []
    while (body := shrinker.next(outcomes)) is not None:
        outcomes.append(fails(body))
    return shrinker.result(outcomes)


#: a fault as a predicate -> the member that has to be left beside the plain request's own
FAULTS: dict[str, tuple[Server, dict[str, Any]]] = {
    "system blocks": (lambda body: isinstance(body.get("system"), list), {"system": [{"type": "text", "text": "Z"}]}),
    "metadata": (lambda body: "metadata" in body, {"metadata": {}}),
    "two stops": (lambda body: len(body.get("stop_sequences", [])) > 1, {"stop_sequences": ["A", "D"]}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_only_the_guilty_member_is_left_in_its_simplest_form(fault: str) -> None:
    fails, left = FAULTS[fault]
    shrunk = reduced(Shrinker(RICH, PLAIN, 400, still_valid(RICH, "myrouter")), fails)
    assert shrunk.progress is Progress.MINIMAL
    name = next(iter(left))
    assert size(shrunk.body[name]) == size(left[name])
    assert set(shrunk.body) == set(PLAIN) | set(left)
    assert shrunk.requests < 80


def test_an_astral_character_is_found() -> None:
    shrunk = reduced(Shrinker(RICH, PLAIN, 400, still_valid(RICH, "myrouter")), lambda body: "😀" in str(body))
    assert shrunk.body["messages"] == [{"role": "user", "content": "😀"}]
    assert shrunk.progress is Progress.MINIMAL


@pytest.mark.parametrize("profile", ["myrouter", "anthropic"])
def test_a_valid_request_stays_one_that_can_be_served(profile: str) -> None:
    shrunk = reduced(Shrinker(RICH, PLAIN, 400, still_valid(RICH, profile)), lambda body: True)
    assert (shrunk.body["model"], shrunk.body["max_tokens"]) == (PLAIN["model"], 1)


@pytest.mark.parametrize("limit", [0, 1, 2, 5, 9])
def test_the_limit_holds_and_what_is_found_by_then_is_kept(limit: int) -> None:
    shrunk = reduced(Shrinker(RICH, PLAIN, limit), lambda body: "system" in body)
    assert shrunk.requests == limit
    assert shrunk.progress is Progress.SPENT
    assert "system" in shrunk.body
    assert size(shrunk.body) <= size(RICH)


def test_twenty_requests_are_enough_for_one_guilty_member() -> None:
    shrunk = reduced(Shrinker(RICH, PLAIN, 20, still_valid(RICH, "myrouter")), lambda body: "metadata" in body)
    assert set(shrunk.body) == {*PLAIN, "metadata"}


def test_what_does_not_fail_again_is_flaky() -> None:
    shrunk = reduced(Shrinker(RICH, PLAIN, 20), lambda body: False)
    assert shrunk == Shrunk(RICH, Progress.FLAKY, 1)


def test_the_next_body_is_a_function_of_the_outcomes_alone() -> None:
    shrinker = Shrinker(RICH, PLAIN, 20)
    assert shrinker.next([]) == RICH
    assert shrinker.result([]).progress is Progress.OPEN
    assert shrinker.next([True, False]) == shrinker.next([True, False]) != shrinker.next([True])
    assert shrinker.next([False, True, True]) is None


def test_a_negative_keeps_its_one_violation() -> None:
    drawn = conversation_items(draw_for("myrouter"))
    broken = [(probes[0].calls[0].body, probes[1].calls[0].body) for item, probes in drawn if item.control]
    assert broken
    for body, control in broken:
        fits = same_violation(body, "myrouter")
        shrunk = reduced(Shrinker(body, control, 300, fits), lambda body: True)
        assert shrunk.progress is Progress.MINIMAL
        assert fits(shrunk.body)
        assert size(shrunk.body) <= size(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, database=None)
@given(body=json_values, control=json_values)
def test_every_candidate_is_smaller_so_that_a_reduction_ends(body: Any, control: Any) -> None:
    found = list(candidates(body, control))
    assert all(size(candidate) < size(body) for candidate in found)
    assert reduced(Shrinker(body, control, 60), lambda other: True).requests <= 60
