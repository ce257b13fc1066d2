"""The violations of a run, grouped as a reader meets them: by requirement, then by what was expected and seen."""

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.contract import Level, Requirement
from conformance.evidence.run import Run
from conformance.reporting.curl import curl, needs_file
from conformance.reporting.facts import Facts
from conformance.rules.findings import Finding
from conformance.verdicts.graded import Graded

BODIES = "bodies"  #: the folder beside the report with the bodies that a command cannot hold
MOST_EXCHANGES = 5  #: exchanges listed for one violation


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one case that expected and saw the same."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that stands for all."""
        return self.findings[0]

    @property
    def listed(self) -> tuple[Finding, ...]:
        """One finding for each of the first exchanges; those that name none come as they are."""
        by_exchange = {finding.where.exchange: finding for finding in reversed(self.findings)}
        return tuple(by_exchange[seq] for seq in list(exchanges(self.findings))[:MOST_EXCHANGES]) or self.findings[:1]


@dataclass(frozen=True, slots=True)
class Breach:
    """A requirement that was violated; `level` is the most binding one of its findings, `scored` whether it counts."""

    requirement: Requirement
    level: Level
    findings: tuple[Finding, ...]
    scored: bool = True


def breaches(graded: Graded) -> tuple[Breach, ...]:
    """Every violated requirement: those that count first, among them the MUSTs, else in catalogue order."""
    found = (
        breach(judgement.requirement, judgement.level, judgement.violations, judgement.scored)
        for judgement in graded.judgements.values()
        if judgement.violations
    )
    return tuple(sorted(found, key=lambda item: (not item.scored, -item.level.rank)))


def breach(requirement: Requirement, own: Level, findings: tuple[Finding, ...], scored: bool = True) -> Breach:
    """The breach of a requirement whose own level is `own`."""
    levels = (finding.level or own for finding in findings)
    return Breach(requirement, max(levels, key=lambda level: level.rank), findings, scored)


def groups(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """The findings grouped by case, level, expected and seen, in the order of their first."""
    found: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.case, finding.level, finding.expected, finding.seen), []).append(finding)
    return tuple(Group(tuple(rows)) for rows in found.values())


def exchanges(findings: Iterable[Finding]) -> tuple[int, ...]:
    """The exchanges that show it, each once, in the order of the findings."""
    return tuple(dict.fromkeys(f.where.exchange for f in findings if f.where.exchange is not None))


@dataclass(frozen=True, slots=True)
class Commands:
    """The `curl` of each exchange."""

    run: Run
    facts: Facts

    def of(self, exchange: int | None) -> str:
        """The command that repeats an exchange, or "" where there is none to repeat."""
        record = self.run.at(exchange) if exchange is not None else None
        if record is None:
            return ""
        request = record.exchange.request
        file = f"{self.facts.folder or '.'}/{BODIES}/{body_name(exchange)}" if needs_file(request.body) else None
        return curl(request, file, self.facts.names)


def commands(run: Run, facts: Facts) -> Commands:
    """The commands of a run."""
    return Commands(run, facts)


def body_name(exchange: int | None) -> str:
    """The file of an exchange's request body."""
    return f"exchange-{exchange}.bin"


def bodies(graded: Graded) -> dict[str, bytes]:
    """The bodies that the printed commands read from files, by file name."""
    shown = {
        finding.where.exchange
        for judgement in graded.judgements.values()
        for group in groups(judgement.violations)
        for finding in group.listed
    }
    records = (graded.run.at(seq) for seq in sorted(seq for seq in shown if seq is not None))
    requests = {record.seq: record.exchange.request for record in records if record}
    return {body_name(seq): request.body for seq, request in requests.items() if needs_file(request.body)}
