"""The rungs of a load and their shares, and what a load may cost at most."""

from typing import Any

import pytest

from conformance.load.orders import Ladder, most
from conformance.load.talks import TALKS, talks_for
from conformance.probing.render import Desk
from conformance.settings.resolve import UsageError


@pytest.mark.parametrize(
    ("ladder", "rungs"),
    [
        (Ladder(users=8), (2, 4, 6, 8)),
        (Ladder(users=9, step=4), (4, 8, 9)),
        (Ladder(users=1), (1,)),
        (Ladder(users=3, step=10), (3,)),
        (Ladder(users=8, step=1, workers=4), (4, 8)),
    ],
    ids=["quarters", "rest", "one", "wide", "workers"],
)
def test_rungs_end_with_every_user_and_begin_with_one_for_each_worker(ladder: Ladder, rungs: tuple[int, ...]) -> None:
    assert ladder.rungs == rungs
    assert ladder.rung_seconds == 60 / len(rungs)


@pytest.mark.parametrize("requests", [1, 7, 200])
def test_the_shares_are_what_there_is_in_all(requests: int) -> None:
    ladder = Ladder(users=8, requests=requests, workers=3)
    shares = [[ladder.share(rung, worker) for rung in range(len(ladder.rungs))] for worker in range(3)]
    assert sum(map(sum, shares)) == requests
    flat = [share for row in shares for share in row]
    assert max(flat) - min(flat) <= 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"users": 0}, "--users takes a number above 0"),
        ({"spawn_rate": -1.0}, "--spawn-rate takes a number above 0"),
        ({"seconds": float("nan")}, "--seconds takes a number above 0"),
        ({"step": -1}, "--step takes a number above 0"),
        ({"users": 2, "workers": 3}, "--workers 3 is more than --users 2; every worker needs a user"),
    ],
    ids=["users", "rate", "seconds", "step", "workers"],
)
def test_what_makes_no_ladder_is_wrong_usage(words: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as found:
        Ladder(**words)
    assert str(found.value) == told


def test_conversations_are_those_that_the_target_claims() -> None:
    assert {talk.name for talk in talks_for({"streaming", "tools"})} == {talk.name for talk in TALKS}
    assert [talk.name for talk in talks_for(())] == ["plain"]
    assert [talk.name for talk in talks_for({"streaming"})] == ["plain", "streamed", "streamed"]


def test_the_most_that_a_load_may_cost_is_the_dearest_request_every_time() -> None:
    desk = Desk("http://127.0.0.1:1/v1/messages", "2023-06-01", "m-1", None, "wrong", "0123456789")
    assert most(Ladder(requests=10), desk, TALKS).output == 3000
    assert most(Ladder(requests=10), desk, TALKS[:1]).output == 640
