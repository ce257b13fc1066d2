"""What several runs of one plan against one target come to: violated always, sometimes, or never. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.contract import Level, load_catalogue
from conformance.gate.nights import series_of
from conformance.gate.sightings import sightings
from conformance.reporting.facts import Facts, generated_requests, output_tokens
from conformance.reporting.sentence import verdict_sentence
from conformance.verdicts.exits import Exit
from conformance.verdicts.graded import Graded
from conformance.verdicts.keys import violated_keys

#: What one run saw, by key: the level of the violation, or None for what was observed and held.
Observed = Mapping[str, Level | None]


class State(StrEnum):
    """How steady a violation is among the runs that observed the case."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Case:
    """A key (`verdicts.keys`) with the numbers of the runs that violated it, and of those that observed it at all."""

    key: str
    level: Level | None  #: the highest at which it was violated; None where it never was
    violated: tuple[int, ...]
    observed: tuple[int, ...]

    @property
    def state(self) -> State:
        """Violated whenever it was observed, now and then, or never."""
        if not self.violated:
            return State.NEVER
        return State.ALWAYS if self.violated == self.observed else State.SOMETIMES


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run that came to its end. `number` is its place, from 1 on, and the name of its folder."""

    number: int
    target: str
    profile: str
    model: str
    catalogue: int
    harness: str
    level: str
    started: str
    ended: str
    exit: Exit
    verdict: str
    requests: int
    generated: int
    output_tokens: int
    observed: Observed


@dataclass(frozen=True, slots=True)
class Repeated:
    """The runs that came to their end, one at least, of so many that were asked for."""

    asked: int
    attempts: tuple[Attempt, ...]
    exit: Exit  #: of the whole

    @property
    def cases(self) -> tuple[Case, ...]:
        """Everything that one of the runs observed, in the order of the catalogue."""
        return cases({attempt.number: attempt.observed for attempt in self.attempts})

    def total(self, name: str) -> int:
        """The sum of `requests`, `generated` or `output_tokens` over the runs."""
        return sum(getattr(attempt, name) for attempt in self.attempts)


def observed(graded: Graded) -> Observed:
    """What a run saw. What part of the traffic shows counts, since the other runs sent the same."""
    violated = violated_keys(graded)
    found: dict[str, Level | None] = {
        key: max((row.level or Level.MAY for row in rows), key=lambda level: level.rank)
        for key, rows in violated.items()
    }
    for key, sighting in sightings(graded, of_a_part=True).items():
        if not sighting.findings and sighting.held:
            found.setdefault(key, None)
    return found


def cases(runs: Mapping[int, Observed]) -> tuple[Case, ...]:
    """The cases of runs, which go by their numbers."""
    names = list(load_catalogue().requirements)
    keys = {key for run in runs.values() for key in run}
    return tuple(_case(key, runs) for key in sorted(keys, key=lambda key: (_place(key, names), key)))


def _place(key: str, names: Sequence[str]) -> int:
    requirement = key.partition(" ")[0]
    return names.index(requirement) if requirement in names else len(names)


def _case(key: str, runs: Mapping[int, Observed]) -> Case:
    levels = {number: run[key] for number, run in runs.items() if key in run}
    violated = {number: level for number, level in levels.items() if level is not None}
    highest = max(violated.values(), key=lambda level: level.rank, default=None)
    return Case(key, highest, tuple(violated), tuple(levels))


def attempt_of(number: int, graded: Graded, facts: Facts) -> Attempt:
    """What is told of a run; `facts` hold the code with which it ended."""
    run, (target, profile) = graded.run, series_of(graded, facts)
    return Attempt(
        number=number,
        target=target,
        profile=profile,
        model=run.terms.model,
        catalogue=run.terms.catalogue.version,
        harness=facts.harness,
        level=facts.gate.lower(),
        started=facts.started,
        ended=facts.ended,
        exit=facts.exit,
        verdict=verdict_sentence(graded, facts),
        requests=len(run.records),
        generated=len(generated_requests(run, facts)),
        output_tokens=output_tokens(run),
        observed=observed(graded),
    )


def sometimes(runs: Iterable[Graded]) -> frozenset[str]:
    """The keys that some of the runs violate and others saw hold."""
    found = cases(dict(enumerate(map(observed, runs), 1)))
    return frozenset(case.key for case in found if case.state is State.SOMETIMES)
