"""A streamed message satisfies what a JSON message does (EQV-001)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from conformance.contract import Level
from conformance.evidence.run import Record, Run
from conformance.rules.findings import Finding, Kind, broken, held
from conformance.rules.judged import is_judged
from conformance.rules.registry import MESSAGE_RULES, run_rule
from conformance.rules.scope import judged_messages

#: Whose rules count here.
AREAS = ("RESP-", "USG-", "SEM-")


@dataclass(slots=True)
class Mode:
    """What the messages of one way of answering showed."""

    messages: int = 0
    held: set[str] = field(default_factory=set)
    broken: dict[str, Finding] = field(default_factory=dict)  #: the first breach of each requirement


@run_rule("EQV-001")
def streams_satisfy_what_json_does(run: Run) -> Iterable[Finding]:
    """Broken for what some stream breaks while JSON messages held it; held once both ways could be compared."""
    modes = {"json": Mode(), "stream": Mode()}
    for record in run.records:
        if not record.repeated:
            _take(record, run, modes)
    json, stream = modes["json"], modes["stream"]
    worse = [stream.broken[name] for name in stream.broken if name in json.held and name not in json.broken]
    for finding in worse:
        seen = f"{finding.requirement} is broken in the stream: {finding.seen}"
        yield broken("EQV-001", f"{finding.expected}, as in JSON", seen, finding.where, _level(finding, run))
    if json.messages and stream.messages and not worse:
        yield held("EQV-001")


def _take(record: Record, run: Run, modes: dict[str, Mode]) -> None:
    for mode, message in judged_messages(record.reading):
        if is_judged(message, record.reading):
            modes[mode].messages += 1
            for finding in _findings(record, run):
                _note(finding.at(record.seq), modes[mode], run)


def _findings(record: Record, run: Run) -> Iterator[Finding]:
    """What every rule about messages says of a record's message, whatever way it is meant for."""
    for _, message in judged_messages(record.reading):
        for rule in MESSAGE_RULES:
            if any(name.startswith(AREAS) for name in rule.requirements):
                yield from rule.judge(message, record.reading, run.terms)


def _note(finding: Finding, mode: Mode, run: Run) -> None:
    if finding.kind is Kind.HELD:
        mode.held.add(finding.requirement)
    elif finding.kind is Kind.BROKEN and _binds(finding, run):
        mode.broken.setdefault(finding.requirement, finding)


def _level(finding: Finding, run: Run) -> Level:
    """The level of what is broken: a stream need not be better than the clause it is held to."""
    own = run.terms.requirement(finding.requirement).level(run.terms.profile.name)
    return min(own, finding.level or own, key=lambda level: level.rank)


def _binds(finding: Finding, run: Run) -> bool:
    """Whether a breach is more than a note under the profile."""
    return _level(finding, run) is not Level.MAY
