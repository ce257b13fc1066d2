"""Exit codes: one table for pytest and the command line. Source: DESIGN "Public interface"."""

from enum import IntEnum

from conformance.contract import Level
from conformance.verdicts.fold import Graded, Verdict


class Exit(IntEnum):
    """What the process ends with; aligned with pytest's own codes from 0 to 5."""

    CONFORMS = 0
    VIOLATION = 1
    INTERRUPTED = 2
    HARNESS_ERROR = 3
    USAGE = 4
    NOTHING_TESTED = 5
    UNGRADABLE = 6


#: When several hold, the first wins.
PRECEDENCE = (
    Exit.USAGE, Exit.HARNESS_ERROR, Exit.INTERRUPTED, Exit.VIOLATION, Exit.UNGRADABLE, Exit.NOTHING_TESTED,
)  # fmt: skip

_REACHED = frozenset({Verdict.PASSED, Verdict.FAILED, Verdict.WARNED})
_OUT_OF_SCOPE = frozenset({Verdict.NOT_APPLICABLE})


def exit_code(graded: Graded | None, gate: Level, holding: frozenset[Exit] = frozenset()) -> Exit:
    """The exit code of a graded run, with whatever else holds (interrupted, ungradable by pre-flight, …)."""
    facts = set(holding) | (_facts(graded, gate) if graded else set())
    return next((code for code in PRECEDENCE if code in facts), Exit.CONFORMS)


def _facts(graded: Graded, gate: Level) -> set[Exit]:
    facts = set()
    if any(finding.level and finding.level.rank >= gate.rank for finding in graded.violations):
        facts.add(Exit.VIOLATION)
    if not any(result.verdict in _REACHED for result in graded.items):
        facts.add(Exit.NOTHING_TESTED if not graded.run.records else Exit.UNGRADABLE)
    elif _mostly_open(graded):
        facts.add(Exit.UNGRADABLE)
    return facts


def _mostly_open(graded: Graded) -> bool:
    """No MUST violated, and fewer than half of the MUSTs in scope reached a verdict."""
    tested = {result.item.requirement for result in graded.items}
    musts = [
        judgement.verdict
        for identifier, judgement in graded.judgements.items()
        if identifier in tested and judgement.level is Level.MUST and judgement.verdict not in _OUT_OF_SCOPE
    ]
    reached = sum(verdict in _REACHED for verdict in musts)
    return Verdict.FAILED not in musts and reached * 2 < len(musts)
