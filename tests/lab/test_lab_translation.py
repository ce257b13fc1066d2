"""The table of habits: a stream that was cut off and ends well is told as lost, a run that is missing as missing."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

LAB = Path(__file__).resolve().parents[2] / "lab"


@pytest.fixture
def translation(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(LAB))
    yield importlib.import_module("translation")
    for name in ("translation", "_servers", "_lab", "upstream_faults"):
        sys.modules.pop(name, None)


def reading(*kinds: str, error: object = None, stop: str = "end_turn") -> Any:
    events = [SimpleNamespace(type=kind) for kind in kinds]
    return SimpleNamespace(error=error, events=events, accumulated={"stop_reason": stop})


def test_four_ways_in_which_a_stream_ends(translation: ModuleType) -> None:
    assert translation.ending(reading("message_start", "message_stop", stop="tool_use")) == "ends with tool_use"
    assert translation.ending(reading("message_start")) == "no end"
    assert translation.ending(reading("message_start", "message_stop", stop="")) == "no reason"
    assert translation.ending(reading("message_start", "message_stop", error={"type": "api_error"})) == "error"


@pytest.mark.parametrize(
    ("fault", "seen", "cell"),
    [
        ("cut", {"more": [], "endings": {"ends with end_turn": 2, "error": 1}},
         "**2 of 3 streams end well**; nothing more"),
        ("cut", {"more": ["STRM-023"], "endings": {"no end": 3}}, "no stream ends well; STRM-023"),
        ("nulls", {"more": ["USG-009"], "endings": {"ends with end_turn": 3}}, "USG-009"),
        ("nulls", {}, "not run"),
    ],
    ids=["lost", "reported", "legal", "missing"],
)  # fmt: skip
def test_a_cell_says_what_was_lost(translation: ModuleType, fault: str, seen: dict[str, Any], cell: str) -> None:
    assert translation.cell(fault, seen) == cell


def test_the_page_has_a_row_for_each_habit_failures_first(translation: ModuleType) -> None:
    lines = list(translation.page({"A gateway 1.0": {}}))
    rows = [line for line in lines if line.startswith("| `")]
    assert len(rows) == len(translation.FAULTS) and all(row.endswith("| not run |") for row in rows)
    assert [row.split("`")[1] for row in rows[:3]] == sorted(translation.FAILURES)


def test_only_ways_that_translate_are_asked(translation: ModuleType) -> None:
    pairs = translation.gateways([])
    assert len(pairs) >= 4 and all(way.upstream == "chat" for _, way in pairs)
