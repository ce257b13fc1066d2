"""What each verdict is in the words of a test runner: one table for the terminal, JUnit and the pytest plugin."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from conformance.contract import Level
from conformance.reporting.clean import clean
from conformance.rules.findings import Kind
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


_VIOLATED = frozenset({Verdict.FAILED, Verdict.WARNED})


def outcome(result: ItemResult, gate: Level) -> Outcome:
    """The outcome of an item under a gate. A violation that is not scored fails nothing and is not hidden either."""
    if not result.scored and result.verdict in _VIOLATED:
        return "skipped"
    if result.verdict is Verdict.WARNED and gate.rank <= Level.SHOULD.rank:
        return "failed"
    return OUTCOMES[result.verdict]


def skip_reason(result: ItemResult) -> str:
    """Why an item was skipped; the verdict is the first word."""
    verdict = str(result.verdict) if result.scored else f"{result.verdict}, not scored"
    broken = (finding for finding in result.findings if finding.kind is Kind.BROKEN)
    seen = next((clean(f"expected {finding.expected}; seen {finding.seen}") for finding in broken), "")
    reason = result.reason or seen
    return f"{verdict}: {reason}" if reason else verdict
