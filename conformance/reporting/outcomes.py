"""What each verdict is in the words of a test runner: one table for the terminal, JUnit and the pytest plugin."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from conformance.contract import Level
from conformance.verdicts.fold import ItemResult, Verdict

Outcome = Literal["passed", "failed", "skipped"]

#: Under the gate `must`. Under `should` a warned item fails as well.
OUTCOMES: Mapping[Verdict, Outcome] = MappingProxyType(
    {
        Verdict.PASSED: "passed",
        Verdict.FAILED: "failed",
        Verdict.WARNED: "passed",
        Verdict.INCONCLUSIVE: "skipped",
        Verdict.NOT_APPLICABLE: "skipped",
        Verdict.NOT_RUN: "skipped",
    }
)


def outcome(result: ItemResult, gate: Level) -> Outcome:
    """The outcome of an item under a gate."""
    if result.verdict is Verdict.WARNED and gate.rank <= Level.SHOULD.rank:
        return "failed"
    return OUTCOMES[result.verdict]


def skip_reason(result: ItemResult) -> str:
    """Why an item was skipped; the verdict is the first word."""
    return f"{result.verdict}: {result.reason}" if result.reason else str(result.verdict)
