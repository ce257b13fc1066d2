"""What the harness is tried on: the reference endpoint with one fault, one legal variation, or many variations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache

from conformance import reference
from conformance.proof.covering import covering
from conformance.proof.factors import factors

PROFILES = ("myrouter", "anthropic")
REDUCED_ROWS = 8  #: the reduced form keeps one row in so many
IN_STREAMS = frozenset({reference.Seam.EVENTS, reference.Seam.FRAMES})
"""Seams that no JSON answer passes."""


class Kind(StrEnum):
    """Why a subject is tried."""

    CLEAN = "clean"  #: the endpoint as it is
    FAULT = "fault"  #: one requirement must be named
    VARIATION = "variation"  #: one freedom, nothing may be named
    ROW = "row"  #: one freedom of nearly every factor, nothing may be named


@dataclass(frozen=True, slots=True)
class Subject:
    """One endpoint to try the harness on. `requirement` and `also` are what a fault breaks, empty for legal ones;
    `streams` is whether it differs from the conforming endpoint in streams alone."""

    kind: Kind
    name: str
    profile: str
    faults: tuple[str, ...] = ()
    variations: tuple[str, ...] = ()
    requirement: str = ""
    also: tuple[str, ...] = ()
    streams: bool = False

    @property
    def legal(self) -> bool:
        """Whether nothing may be said against it."""
        return not self.faults


def clean(profile: str) -> Subject:
    """The endpoint without faults and variations."""
    return Subject(Kind.CLEAN, "conforming", profile)


def faulty(profile: str) -> tuple[Subject, ...]:
    """One subject for each fault that means something in the profile."""
    return tuple(
        Subject(Kind.FAULT, fault.id, profile, (fault.id,), (), fault.requirement, fault.also)
        for fault in reference.faults()
        if profile in fault.profiles
    )


def varied(profile: str) -> tuple[Subject, ...]:
    """One subject for each variation that the profile leaves free."""
    return tuple(
        Subject(Kind.VARIATION, variation.id, profile, (), (variation.id,), streams=variation.seam in IN_STREAMS)
        for variation in reference.variations()
        if profile in variation.profiles
    )


@cache
def combined(profile: str) -> tuple[Subject, ...]:
    """The rows of the covering array: every two levels of different factors stand together in at least one."""
    rows = ([level for level in row if level] for row in covering(factors(profile)))
    return tuple(
        Subject(Kind.ROW, f"row-{number:02}", profile, (), tuple(levels)) for number, levels in enumerate(rows, 1)
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be tried: patterns for the names of faults, of legal subjects, and for requirements of faults.

    Without patterns everything is. `reduced` leaves out the variations alone and most rows, and tries each fault and
    each row that is left under one of its profiles, by turns.
    """

    profiles: tuple[str, ...] = PROFILES
    faults: tuple[str, ...] = ()
    variations: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    reduced: bool = False

    @property
    def everything(self) -> bool:
        """Whether no pattern was given."""
        return not (self.faults or self.variations or self.requirements)

    def subjects(self) -> tuple[Subject, ...]:
        """The subjects, those of one profile together."""
        every = [subject for profile in self.profiles for subject in of_profile(profile)]
        kept = every if self.everything else [subject for subject in every if self._matches(subject)]
        return tuple(_reduced(kept)) if self.reduced else tuple(kept)

    def _matches(self, subject: Subject) -> bool:
        if subject.legal:
            return _any(subject.name, self.variations)
        named = _any(subject.name, self.faults or ("*",)) and _any(subject.requirement, self.requirements or ("*",))
        return named and bool(self.faults or self.requirements)


def _any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def of_profile(profile: str) -> tuple[Subject, ...]:
    """Everything there is to try under a profile."""
    return (clean(profile), *faulty(profile), *varied(profile), *combined(profile))


def _reduced(subjects: Sequence[Subject]) -> Iterator[Subject]:
    several: dict[str, list[str]] = {}
    for subject in subjects:
        several.setdefault(subject.name, []).append(subject.profile)
    turn = {name: profiles[number % len(profiles)] for number, (name, profiles) in enumerate(several.items())}
    rows = {subject.name for number, subject in enumerate(_rows_of(subjects)) if number % REDUCED_ROWS == 0}
    for subject in subjects:
        own = turn[subject.name] == subject.profile
        if subject.kind is Kind.CLEAN or (own and (subject.kind is Kind.FAULT or subject.name in rows)):
            yield subject


def _rows_of(subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    return tuple(subject for subject in subjects if subject.kind is Kind.ROW)
