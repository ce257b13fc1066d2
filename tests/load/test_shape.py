"""The rungs as Locust asks for them: each told until it is over, also to a worker that began to listen late."""

import pytest

from conformance.load.orders import Ladder


def test_a_rung_is_told_every_time_until_every_worker_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUST_SKIP_MONKEY_PATCH", "1")
    from conformance.load.process import Shape  # Locust looks at the variable when it is imported

    told: list[int] = []
    shape = Shape(Ladder(users=4, step=2, spawn_rate=5, workers=2, seconds=1000), told.append)
    shape.done(0, 0)
    assert [shape.tick() for _ in range(3)] == [(2, 5)] * 3
    shape.done(0, 1)
    assert [shape.tick() for _ in range(2)] == [(4, 5)] * 2
    shape.done(1, 0)
    shape.done(1, 1)
    assert shape.tick() is None
    assert told == [0, 0, 0, 1, 1] and len(shape.begun) == 2
