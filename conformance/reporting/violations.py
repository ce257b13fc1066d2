"""The violations of a run by the key that outlives it, each with what it does to the verdict."""

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.contract import Level, Requirement
from conformance.reporting.clean import clean
from conformance.reporting.facts import Facts
from conformance.reporting.outcomes import in_words
from conformance.rules.findings import Finding
from conformance.verdicts.graded import Graded, Judgement
from conformance.verdicts.keys import drawn_cases, key_of


@dataclass(frozen=True, slots=True)
class Violated:
    """One requirement and case that was violated. `level` is the most binding one of its findings. `fails` is true
    where it is what makes the run fail, `waived` where a baseline accepts it, `scored` as in `Judgement`."""

    key: str
    requirement: Requirement
    level: Level
    findings: tuple[Finding, ...]
    fails: bool
    waived: bool
    scored: bool

    @property
    def told(self) -> str:
        """What was expected and seen first, and where, in one line."""
        first = self.findings[0]
        place = str(first.where)
        return in_words(first) + (f" ({clean(place)})" if place else "")


def violated(graded: Graded, facts: Facts) -> tuple[Violated, ...]:
    """Every violation, in the order of the catalogue, those that are not scored or waived included."""
    drawn = drawn_cases(graded)
    return tuple(row for judgement in graded.judgements.values() for row in _of(judgement, facts, drawn))


def _of(judgement: Judgement, facts: Facts, drawn: frozenset[tuple[str, str]]) -> Iterator[Violated]:
    found: dict[str, list[Finding]] = {}
    for finding in judgement.violations:
        key = key_of(finding.requirement, finding.case, (finding.requirement, finding.case) in drawn)
        found.setdefault(key, []).append(finding)
    for key, rows in found.items():
        level = max((row.level or judgement.level for row in rows), key=lambda level: level.rank)
        gated = judgement.scored and level.rank >= facts.gate.rank
        waived = key in facts.waived
        yield Violated(key, judgement.requirement, level, tuple(rows), gated and not waived, waived, judgement.scored)
