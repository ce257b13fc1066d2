"""What each verdict is in the words of a test runner: one table for the terminal, JUnit and the pytest plugin."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Literal

from conformance.contract import Level
from conformance.reporting.clean import clean
from conformance.rules.findings import Finding, Kind
from conformance.verdicts.graded import ItemResult, Verdict
from conformance.verdicts.keys import key_of

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


def outcome(result: ItemResult, gate: Level, waived: Collection[str] = ()) -> Outcome:
    """The outcome of an item under a gate. A violation that is not scored, or whose key a baseline waives, fails
    nothing and is not hidden either."""
    if not result.scored and result.verdict in _VIOLATED:
        return "skipped"
    came_out: Outcome = OUTCOMES[result.verdict]
    if result.verdict is Verdict.WARNED and gate.rank <= Level.SHOULD.rank:
        came_out = "failed"
    return "skipped" if came_out == "failed" and _key(result) in waived else came_out


def _key(result: ItemResult) -> str:
    return key_of(result.item.requirement, result.item.case, result.item.generated)


def skip_reason(result: ItemResult, waived: Collection[str] = ()) -> str:
    """Why an item was skipped; the verdict is the first word."""
    baselined = result.verdict in _VIOLATED and _key(result) in waived
    marks = ("" if result.scored else ", not scored", ", baselined" if baselined else "")
    verdict = f"{result.verdict}{''.join(marks)}"
    broken = (finding for finding in result.findings if finding.kind is Kind.BROKEN)
    seen = next(map(in_words, broken), "")
    reason = result.reason or seen
    return f"{verdict}: {reason}" if reason else verdict


def in_words(finding: Finding) -> str:
    """What was expected and seen, in one line: each is cut before both are joined, however long they are."""
    return f"expected {clean(finding.expected)}; seen {clean(finding.seen)}"
