"""A wall clock that jumps changes no verdict and no duration: those are taken from the monotonic clock."""

import ast
import random
import time
from pathlib import Path

import pytest

import conformance
from conformance.evidence.follow import read_run
from conformance.proof.runs import judged
from conformance.verdicts import Verdict

ONLY = ("RESP-003", "REQ-021", "STRM-001", "AUTH-003")
#: Where the time of day is asked for: `retry-after` may name one, and what it comes to is bounded (`LONGEST`).
ASKING = {"probing/backoff.py"}


def _verdicts(folder: Path) -> dict[str, Verdict]:
    closing = judged("myrouter", folder, "role-foreign", only=ONLY, reports=False)
    return {row.item.key: row.verdict for row in closing.graded.items}


def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw, real = random.Random(7), time.time
    steady = _verdicts(tmp_path / "steady")
    monkeypatch.setattr(time, "time", lambda: real() + draw.uniform(-(10**8), 10**8))
    assert _verdicts(tmp_path / "jumping") == steady and Verdict.FAILED in steady.values()
    for record in read_run(tmp_path / "jumping" / "journal.jsonl").records:
        moments = [0.0, record.exchange.first_byte or 0.0, *(chunk.at for chunk in record.exchange.chunks)]
        assert moments == sorted(moments) and moments[-1] <= record.exchange.elapsed + 1e-6


def test_nobody_else_asks_for_the_time_of_day() -> None:
    package = Path(conformance.__file__).parent
    found = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "time"
            if own and isinstance(node, ast.Attribute) and node.attr in {"time", "time_ns", "clock"}:
                found.add(path.relative_to(package).as_posix())
    assert {name for name in found if not name.startswith("reference/")} == ASKING
