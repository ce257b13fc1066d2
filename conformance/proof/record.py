"""The matrix as JSON, described by `schemas/json/proof.json`, and as lines for a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.contract import Catalogue, load_catalogue
from conformance.proof.matrix import Row, State, lost, unbroken, weighed
from conformance.proof.subjects import Kind
from conformance.proof.trial import Outcome
from conformance.session.header import harness_version

VERSION = 1
FAULT_STATES = (State.KILLED, State.NOTED, State.MISNAMED, State.SURVIVED, State.CRASHED)

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Everything that one call proved. `complete` is whether every fault was tried: only then can a requirement be
    missed that no fault breaks. `whole` is whether the whole suite was run against each fault, `reduced` whether
    each was tried in one profile, and few legal endpoints were."""

    rows: tuple[Row, ...]
    catalogue: Catalogue
    harness: str
    whole: bool
    complete: bool
    reduced: bool = False

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that were tried."""
        return tuple(dict.fromkeys(row.subject.profile for row in self.rows))

    def of(self, profile: str, *kinds: Kind) -> tuple[Row, ...]:
        """The rows of a profile, of these kinds or of all."""
        return tuple(
            row for row in self.rows if row.subject.profile == profile and (not kinds or row.subject.kind in kinds)
        )

    def unbroken(self, profile: str) -> Mapping[str, str]:
        """The requirements that no fault breaks, with a sentence; none where only some faults were asked for."""
        return unbroken(self.catalogue, profile) if self.complete else {}

    def unproved(self, profile: str) -> Mapping[str, str]:
        """The requirements left unproved, with the reason."""
        return {**self.unbroken(profile), **lost(self.of(profile, Kind.FAULT))}

    @property
    def holds(self) -> bool:
        """Whether nothing is left unproved and nothing raised an alarm."""
        return all(row.good for row in self.rows) and not any(self.unproved(name) for name in self.profiles)


def matrix_of(outcomes: Iterable[Outcome], whole: bool, complete: bool, reduced: bool = False) -> Matrix:
    """The matrix of these outcomes under the present catalogue."""
    catalogue = load_catalogue()
    rows = tuple(weighed(outcome, catalogue) for outcome in outcomes)
    return Matrix(rows, catalogue, harness_version(), whole, complete, reduced)


def record(matrix: Matrix) -> Object:
    """The matrix; JSON values only."""
    return {
        "version": VERSION,
        "harness": {"name": "messages-conformance", "version": matrix.harness},
        "catalogue": matrix.catalogue.version,
        "holds": matrix.holds,
        "whole": matrix.whole,
        "complete": matrix.complete,
        "reduced": matrix.reduced,
        "profiles": {profile: _profile(matrix, profile) for profile in matrix.profiles},
    }


def _profile(matrix: Matrix, profile: str) -> Object:
    rows = matrix.of(profile)
    return {
        "counts": counts(rows),
        "requests": sum(row.outcome.requests for row in rows),
        "output_tokens": sum(row.outcome.output_tokens for row in rows),
        "faults": [_fault(row, matrix.catalogue) for row in matrix.of(profile, Kind.FAULT)],
        "legal": [_legal(row) for row in rows if row.subject.legal],
        "unproved": dict(matrix.unproved(profile)),
    }


def states(matrix: Matrix) -> dict[str, dict[str, str]]:
    """What came of each fault, by its id and by profile."""
    found: dict[str, dict[str, str]] = {}
    for row in matrix.rows:
        if row.subject.kind is Kind.FAULT:
            found.setdefault(row.subject.name, {})[row.subject.profile] = str(row.state)
    return found


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows have which state, every state named."""
    found = Counter(row.state for row in rows)
    return {str(state): found[state] for state in State}


def _fault(row: Row, catalogue: Catalogue) -> Object:
    subject, outcome = row.subject, row.outcome
    return {
        "id": subject.name,
        "requirement": subject.requirement,
        "level": str(catalogue.requirements[subject.requirement].level(subject.profile)),
        "state": str(row.state),
        "evidence": outcome.evidence.get(subject.requirement, ""),
        "explained": list(row.explained),
        "stray": list(row.stray),
        "why": row.why,
        "whole": outcome.whole,
        "requests": outcome.requests,
        "output_tokens": outcome.output_tokens,
    }


def _legal(row: Row) -> Object:
    subject = row.subject
    return {
        "kind": str(subject.kind),
        "name": subject.name,
        "variations": list(subject.variations),
        "state": str(row.state),
        "alarms": list(row.stray),
        "why": row.why,
        "requests": row.outcome.requests,
    }


def lines(matrix: Matrix, seconds: float) -> Iterator[str]:
    """What a terminal is told: everything that is wrong, then the counts, then one sentence."""
    for profile in matrix.profiles:
        yield from (f"{profile} {text}" for text in wrongs(matrix, profile))
    yield from (_counted(matrix, profile) for profile in matrix.profiles)
    yield _cost(matrix.rows, seconds)
    yield "proved" if matrix.holds else f"not proved: {_failures(matrix)}"


def wrongs(matrix: Matrix, profile: str) -> Iterator[str]:
    """Everything that is wrong under a profile, a sentence each."""
    yield from (f"{row.subject.name}: {row.why}" for row in matrix.of(profile) if row.why)
    yield from (f"{name} is unproved: {why}" for name, why in matrix.unbroken(profile).items())


def _counted(matrix: Matrix, profile: str) -> str:
    faults = counts(matrix.of(profile, Kind.FAULT))
    told = ", ".join(f"{faults[str(state)]} {state}" for state in FAULT_STATES)
    legal = [row for row in matrix.of(profile) if row.subject.legal]
    alone = sum(row.subject.kind is Kind.VARIATION for row in legal)
    rows = sum(row.subject.kind is Kind.ROW for row in legal)
    alarms = sum(not row.good for row in legal)
    total = len(matrix.of(profile, Kind.FAULT))
    return f"{profile}: {total} faults: {told}; {alone} variations alone, {rows} rows of many: {alarms} false alarms"


def _cost(rows: Sequence[Row], seconds: float) -> str:
    requests = sum(row.outcome.requests for row in rows)
    tokens = sum(row.outcome.output_tokens for row in rows)
    return f"{len(rows)} endpoints, {requests} requests, {tokens} output tokens, {seconds:.0f} s"


def _failures(matrix: Matrix) -> str:
    wrong = sum(not row.good for row in matrix.rows)
    left = dict.fromkeys(name for profile in matrix.profiles for name in matrix.unproved(profile))
    named = f"; unproved: {', '.join(left)}" if left else ""
    return f"{wrong} of {len(matrix.rows)} attempts{named}"
