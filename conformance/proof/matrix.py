"""Requirement by fault: what each attempt proves, and what is left unproved. Pure functions of the outcomes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from conformance.contract import Catalogue, Level, Requirement
from conformance.proof.subjects import Subject, faulty
from conformance.proof.trial import Outcome
from conformance.verdicts import Exit


class State(StrEnum):
    """What came of one attempt."""

    KILLED = "killed"  #: a violation names the requirement
    NOTED = "noted"  #: a note names it, and it is a MAY
    MISNAMED = "killed by something else"
    SURVIVED = "survived"
    SILENT = "no alarm"  #: of a legal subject
    ALARM = "false alarm"
    CRASHED = "the harness failed"


#: States that prove something.
GOOD = frozenset({State.KILLED, State.NOTED, State.SILENT})


@dataclass(frozen=True, slots=True)
class Row:
    """One attempt judged. `explained` are further violated requirements that the catalogue or the fault declares to
    follow, `stray` those that nothing explains; `why` says what is wrong, "" where nothing is."""

    outcome: Outcome
    state: State
    explained: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()
    why: str = ""

    @property
    def subject(self) -> Subject:
        """What was tried."""
        return self.outcome.subject

    @property
    def good(self) -> bool:
        """Whether the attempt proves what it should."""
        return not self.why


def weighed(outcome: Outcome, catalogue: Catalogue) -> Row:
    """The judgement of one attempt."""
    if outcome.error:
        return Row(outcome, State.CRASHED, why=outcome.error)
    return _legal(outcome) if outcome.subject.legal else _faulty(outcome, catalogue)


def _legal(outcome: Outcome) -> Row:
    found = tuple(sorted(outcome.found))
    if found:
        return Row(outcome, State.ALARM, stray=found, why=f"false alarm: {_named(outcome, found)}")
    if outcome.exit != Exit.CONFORMS:
        return Row(outcome, State.ALARM, why=f"false alarm: the run ended with code {outcome.exit}")
    return Row(outcome, State.SILENT)


def _faulty(outcome: Outcome, catalogue: Catalogue) -> Row:
    requirement = catalogue.requirements[outcome.subject.requirement]
    state = _state(outcome, requirement)
    others = sorted(set(outcome.found) - {requirement.id})
    follows = {*requirement.entails, *outcome.subject.also}
    explained = tuple(name for name in others if name in follows)
    stray = tuple(name for name in others if name not in follows)
    return Row(outcome, state, explained, stray, _why(outcome, requirement, state, stray, catalogue))


def _state(outcome: Outcome, requirement: Requirement) -> State:
    if requirement.id in outcome.found:
        return State.KILLED
    may = requirement.level(outcome.subject.profile) is Level.MAY
    if may and requirement.id in outcome.noted:
        return State.NOTED
    return State.MISNAMED if outcome.found else State.SURVIVED


def _why(outcome: Outcome, requirement: Requirement, state: State, stray: tuple[str, ...], catalogue: Catalogue) -> str:
    """What is wrong with the attempt at a fault, or ""."""
    if state is State.SURVIVED:
        return f"{requirement.id} is unproved: nothing was said of the fault (the run ended with code {outcome.exit})"
    if state is State.MISNAMED:
        return f"{requirement.id} is unproved: named instead: {_named(outcome, sorted(outcome.found))}"
    if stray:
        return f"beside {requirement.id}, what nothing explains: {_named(outcome, stray)}"
    counts = state is State.KILLED and catalogue.scored(requirement.id)
    if counts and outcome.exit != Exit.VIOLATION:
        return f"{requirement.id} is named, and yet the run ended with code {outcome.exit}"
    return ""


def _named(outcome: Outcome, names: Iterable[str]) -> str:
    return "; ".join(f"{name}: {outcome.evidence[name]}" for name in names)


def lost(rows: Iterable[Row]) -> Mapping[str, str]:
    """The requirements of which a fault was not named as it should, with the faults."""
    found: dict[str, list[str]] = {}
    for one in rows:
        if one.subject.requirement and one.state not in GOOD:
            found.setdefault(one.subject.requirement, []).append(one.subject.name)
    return {name: f"not named: {', '.join(faults)}" for name, faults in found.items()}


def unbroken(catalogue: Catalogue, profile: str) -> Mapping[str, str]:
    """The requirements of a profile that no fault of the registry breaks there. A MAY needs none."""
    broken = {subject.requirement for subject in faulty(profile)}
    return {
        name: "no fault breaks it"
        for name, requirement in catalogue.requirements.items()
        if name not in broken and not requirement.excluded and requirement.level(profile) is not Level.MAY
    }
