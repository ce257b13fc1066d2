"""Exit codes: one table for pytest and the command line. Source: DESIGN "Public interface"."""

from enum import IntEnum

from conformance.contract import Level
from conformance.evidence.run import ELSEWHERE, PLAIN
from conformance.rules.expectations import answer_of
from conformance.rules.outcome import UNRELATED_STATUSES, is_served
from conformance.verdicts.graded import Graded, Verdict
from conformance.verdicts.keys import violated_keys


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
FEW = "fewer than half of the MUST requirements in scope reached a verdict"
_OUT_OF_SCOPE = frozenset({Verdict.NOT_APPLICABLE})


def exit_code(
    graded: Graded | None,
    gate: Level,
    holding: frozenset[Exit] = frozenset(),
    waived: frozenset[str] = frozenset(),
) -> Exit:
    """The exit code of a graded run, with whatever else holds (interrupted, ungradable by pre-flight, …).

    `waived` are the keys of violations that a baseline accepts (`verdicts.keys`).
    """
    facts = set(holding) | (_facts(graded, gate, waived) if graded else set())
    return next((code for code in PRECEDENCE if code in facts), Exit.CONFORMS)


def gated_keys(graded: Graded, gate: Level) -> tuple[str, ...]:
    """The keys that are violated at or above the gate."""
    found = violated_keys(graded).items()
    return tuple(key for key, rows in found if any(row.level and row.level.rank >= gate.rank for row in rows))


def _facts(graded: Graded, gate: Level, waived: frozenset[str]) -> set[Exit]:
    facts = set()
    if not waived.issuperset(gated_keys(graded, gate)):
        facts.add(Exit.VIOLATION)
    if any(row.crashes for row in graded.judgements.values()):
        facts.add(Exit.HARNESS_ERROR)
    if not any(result.verdict in _REACHED for result in graded.items):
        facts.add(Exit.NOTHING_TESTED if not graded.run.records else Exit.UNGRADABLE)
    elif why_ungradable(graded):
        facts.add(Exit.UNGRADABLE)
    return facts


def why_ungradable(graded: Graded) -> str:
    """Why a run that tested something says too little about the target to be called conforming, or ""."""
    return _control_lost(graded) or _capability_unseen(graded) or (FEW if _mostly_open(graded) else "")


def _control_lost(graded: Graded) -> str:
    """The plain control, served at first, was refused at the end for reasons that are none of the request's."""
    controls = [record.exchange for record in graded.run.sent(PLAIN)]
    if len(controls) < 2 or not is_served(controls[0]) or is_served(controls[-1]):
        return ""
    last = controls[-1]
    unrelated = last.status is None or last.status in UNRELATED_STATUSES
    return f"the plain control was served at first and refused later ({answer_of(last)})" if unrelated else ""


def _capability_unseen(graded: Graded) -> str:
    """An included capability of which a whole run could not judge a single requirement."""
    run = graded.run
    claimed = [word for word in run.terms.profile.included if word in run.terms.capabilities] if run.everything else []
    for word in claimed:
        verdicts = [r.verdict for r in graded.items if run.terms.requirement(r.item.requirement).capability == word]
        if verdicts and not _REACHED & set(verdicts):
            return f"nothing of {word} could be judged"
    return ""


def _mostly_open(graded: Graded) -> bool:
    """No MUST violated, and fewer than half of the MUSTs in scope reached a verdict."""
    tested = {result.item.requirement for result in graded.items}
    musts = [
        judgement.verdict
        for identifier, judgement in graded.judgements.items()
        if identifier in tested
        and judgement.scored
        and judgement.level is Level.MUST
        and judgement.verdict not in _OUT_OF_SCOPE
        and not judgement.reason.startswith(ELSEWHERE)
    ]
    reached = sum(verdict in _REACHED for verdict in musts)
    return Verdict.FAILED not in musts and reached * 2 < len(musts)
