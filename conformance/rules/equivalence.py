"""A streamed message satisfies what a JSON message does (EQV-001)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.contract import Level
from conformance.evidence.run import Record, Run
from conformance.rules.findings import Finding, Kind, broken, held
from conformance.rules.judged import is_judged
from conformance.rules.registry import MESSAGE_RULES, Fold, folding_rule
from conformance.rules.scope import judged_messages

#: Whose rules count here.
AREAS = ("RESP-", "USG-", "SEM-")


@dataclass(slots=True)
class Mode:
    """What the messages of one way of answering showed."""

    messages: int = 0
    held: set[str] = field(default_factory=set)
    broken: dict[str, Finding] = field(default_factory=dict)  #: the first breach of each requirement


@folding_rule("EQV-001")
def streams_satisfy_what_json_does(run: Run) -> Fold:
    """Broken for what some stream breaks while JSON messages held it; held once both ways could be compared."""
    return Modes(run)


@dataclass(slots=True)
class Modes:
    """Both ways of answering."""

    run: Run
    modes: dict[str, Mode] = field(default_factory=lambda: {"json": Mode(), "stream": Mode()})

    def take(self, record: Record) -> None:
        """Look at the message of an exchange."""
        if not record.repeated:
            _take(record, self.run, self.modes)

    def findings(self) -> Iterator[Finding]:
        """Where the two differ."""
        json, stream = self.modes["json"], self.modes["stream"]
        worse = [stream.broken[name] for name in stream.broken if name in json.held and name not in json.broken]
        for finding in worse:
            seen = f"{finding.requirement} is broken in the stream: {finding.seen}"
            level = _level(finding, self.run)
            yield broken("EQV-001", f"{finding.expected}, as in JSON", seen, finding.where, level)
        if json.messages and stream.messages and not worse:
            yield held("EQV-001")


def _take(record: Record, run: Run, modes: dict[str, Mode]) -> None:
    for mode, message in judged_messages(record.reading):
        if is_judged(message, record.reading):
            modes[mode].messages += 1
            for finding in _findings(record, run):
                _note(finding, record, modes[mode], run)


def _findings(record: Record, run: Run) -> Iterator[Finding]:
    """What every rule about messages says of a record's message, whatever way it is meant for."""
    for _, message in judged_messages(record.reading):
        for rule in MESSAGE_RULES:
            if any(name.startswith(AREAS) for name in rule.requirements):
                yield from rule.judge(message, record.reading, run.terms)


def _note(finding: Finding, record: Record, mode: Mode, run: Run) -> None:
    if finding.kind is Kind.HELD:
        mode.held.add(finding.requirement)
    elif finding.kind is Kind.BROKEN and _binds(finding, run):
        mode.broken.setdefault(finding.requirement, finding.at(record.seq))


def _level(finding: Finding, run: Run) -> Level:
    """The level of what is broken: a stream need not be better than the clause it is held to."""
    own = run.terms.requirement(finding.requirement).level(run.terms.profile.name)
    return min(own, finding.level or own, key=lambda level: level.rank)


def _binds(finding: Finding, run: Run) -> bool:
    """Whether a breach is more than a note under the profile."""
    return _level(finding, run) is not Level.MAY
