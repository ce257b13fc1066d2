"""The table of kill rates, from what was measured and from the matrix."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from _kill_table import GENERATED, HARNESS, PLAIN_AS_WHOLE, share, table, with_harness


def row(name: str, requirement: str, killed: bool, right: bool | None) -> dict[str, Any]:
    return {"id": name, "requirement": requirement, "killed": killed, "right": right}


RATES: dict[str, Any] = {
    "profiles": {
        "myrouter": {
            "requests": 400,
            "contenders": {
                GENERATED: {
                    "requests": 80,
                    "faults": [row("a", "AUTH-001", False, False), row("b", "SSE-1", True, True)],
                },
                PLAIN_AS_WHOLE: {
                    "requests": 399,
                    "faults": [row("a", "AUTH-001", True, None), row("b", "SSE-1", False, None)],
                },
            },
        }
    }
}
MATRIX: dict[str, Any] = {
    "profiles": {
        "myrouter": {
            "faults": [
                {"id": "a", "requirement": "AUTH-001", "state": "killed by something else"},
                {"id": "b", "requirement": "SSE-1", "state": "noted"},
                {"id": "c", "requirement": "SSE-1", "state": "survived"},
            ]
        }
    }
}


def test_a_table_counts_by_contender_and_group() -> None:
    assert table(RATES).splitlines() == [
        "### myrouter",
        "",
        "| contender | faults | killed | by the right requirement | requests | AUTH (1) | SSE (1) |",
        "|---|---|---|---|---|---|---|",
        f"| {GENERATED} | 2 | 1 (50 %) | 1 (50 %) | 80 | 0 | 1 |",
        f"| {PLAIN_AS_WHOLE} | 2 | 1 (50 %) | n/a | 399 | 1 | 0 |",
    ]


def test_the_whole_harness_is_shown_on_the_same_faults_only() -> None:
    joined = with_harness(RATES, MATRIX)
    assert f"| {HARNESS} | 2 | 2 (100 %) | 1 (50 %) | 400 | 1 | 1 |" in table(joined)
    assert with_harness(joined, MATRIX) == joined


def test_without_a_matrix_of_the_profile_the_harness_has_no_row() -> None:
    assert f"| {HARNESS} |" not in table(with_harness(with_harness(RATES, MATRIX), {"profiles": {}}))


def test_a_sample_says_so_and_leaves_the_tables_alone() -> None:
    head, _, rest = table({**RATES, "sample": 4}).partition("\n\n")
    assert head.startswith("A sample: one fault of every 4") and rest == table(RATES)


@pytest.mark.parametrize(("part", "whole", "text"), [(0, 0, "0"), (1, 3, "1 (33 %)")], ids=["none", "some"])
def test_shares(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text
