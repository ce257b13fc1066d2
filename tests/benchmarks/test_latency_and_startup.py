"""What the tables of wall time and of start-up are made of."""

import argparse
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import latency
import startup
from latency import Row, rows_of, table, timeline


def _row(concurrency: int, seconds: float, wall: float) -> Row:
    return Row(concurrency, seconds, 160, wall, 0, ((0.0, 1.0), (1.0, 2.0)))


def test_a_row_tells_ideal_bound_and_what_a_sequence_takes() -> None:
    rows = [_row(1, 0, 12.0), _row(1, 1, 0.0), _row(16, 0, 8.0), _row(16, 1, 20.0)]
    assert table(rows)[2:] == [
        "| 1 | 0 s | 160 | 2.0 s | 12.0 s | 0.0 s | 12.0 s | 1.00 | 1.0 | 0 |",
        "| 1 | 1 s | 160 | | not run | 160.0 s | | | | |",
        "| 16 | 0 s | 160 | 2.0 s | 8.0 s | 0.0 s | 8.0 s | 1.00 | 1.5 | 0 |",
        "| 16 | 1 s | 160 | 2.0 s | 20.0 s | 10.0 s | 20.0 s | 1.00 | 8.0 | 0 |",
    ]


def test_a_timeline_counts_what_is_in_flight() -> None:
    assert timeline(((0.0, 2.0), (1.0, 4.0)), 4) == [
        "   0.50 s   1 #",
        "   1.50 s   2 ##",
        "   2.50 s   1 #",
        "   3.50 s   1 #",
    ]
    assert timeline(()) == [f"{0.0:7.2f} s   0 "] * 40


def test_what_would_take_too_long_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = []

    def measure(profile: str, budget: str, seconds: float, concurrency: int) -> Row:
        run.append((concurrency, seconds))
        return _row(concurrency, seconds, 9.0)

    monkeypatch.setattr(latency, "measure", measure)
    given = argparse.Namespace(
        profile="myrouter", budget="full", latency=[1.0], concurrency=[1, 8], longest=100, timeline=False
    )
    assert [row.wall for row in rows_of(given)] == [9.0, 0.0, 9.0, 9.0]
    assert run == [(1, 0.0), (8, 0.0), (8, 1.0)]


def test_contenders_take_turns_from_another_one_on_each_round(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    order: list[str] = []

    def run(words: list[str], folder: Path) -> startup.Turn:
        order.append(words[0])
        return startup.Turn(float(len(order)), 2.0 * len(order), "")

    monkeypatch.setattr(startup, "run", run)
    found = startup.in_turns({"a": ["a"], "b": ["b"]}, 2, tmp_path)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert [turn.wall for turn in found["a"]] == [4.0, 5.0], "the first round only warms up"
    assert startup.beyond(found["b"], found["a"]) == (0.0, 0.0) and startup.wall(found["b"]) == 4.5
