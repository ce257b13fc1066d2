"""What a run comes to: the verdicts of its items and of the requirements."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from conformance.contract import Level, Requirement
from conformance.evidence.run import Item, Run
from conformance.rules.findings import Finding


class Verdict(StrEnum):
    """What is said of a requirement, or of one item of it."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not-applicable"
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The verdict of one item with the findings it rests on; `reason` is set where there is no plain yes or no.

    Of the findings that held the first alone is kept, and `held` counts them.
    """

    item: Item
    verdict: Verdict
    findings: tuple[Finding, ...]
    reason: str = ""
    scored: bool = True  #: see `Judgement`
    held: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict of one requirement. `level` is its own under the profile. `scored` is false where the verdict is
    shown and does not count: the requirement is newer than the catalogue's version, or excluded."""

    requirement: Requirement
    level: Level
    verdict: Verdict
    violations: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    observations: int
    cases: int
    judged: int
    reason: str = ""
    scored: bool = True
    crashes: tuple[Finding, ...] = ()  #: what the harness itself failed at: see `rules.guard`


@dataclass(frozen=True, slots=True)
class Graded:
    """A run with everything that follows from it."""

    run: Run
    judgements: Mapping[str, Judgement]
    items: tuple[ItemResult, ...]

    def count(self, *verdicts: Verdict) -> int:
        """How many requirements have one of these verdicts."""
        return sum(judgement.verdict in verdicts for judgement in self.judgements.values())

    def violated(self, verdict: Verdict) -> int:
        """How many requirements that are scored have this verdict."""
        return sum(judgement.verdict is verdict for judgement in self.judgements.values() if judgement.scored)

    @property
    def violations(self) -> tuple[Finding, ...]:
        """Every violation of the run that counts, in catalogue order."""
        return tuple(finding for row in self.judgements.values() if row.scored for finding in row.violations)
