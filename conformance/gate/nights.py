"""What history keeps of a run: its verdict, its cost, how quick the target was, and what was violated. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from conformance.contract import Level
from conformance.evidence.ranks import percentile
from conformance.evidence.run import Run
from conformance.gate.sightings import UNSEEN, Sighting, sightings
from conformance.reporting.facts import EMBEDDED, Facts, generated_requests, output_tokens
from conformance.reporting.sentence import verdict_sentence
from conformance.rules.outcome import is_served
from conformance.verdicts.graded import Graded, Verdict
from conformance.verdicts.keys import violated_keys
from conformance.wire.exchange import Exchange

LONGEST = 2000  #: characters kept of what was expected and seen
PERCENTS = (50, 90, 99)


class State(StrEnum):
    """What is known of a violation after a run."""

    VIOLATED = "violated"
    UNSEEN = "unseen"  #: it was violated before, and this run did not observe the case


@dataclass(frozen=True, slots=True)
class Kept:
    """A violation in the history, by its key (`verdicts.keys`); `kinds` are those of the draws that broke it."""

    key: str
    level: Level
    expected: str
    seen: str
    state: State = State.VIOLATED
    waived: bool = False  #: by a baseline
    kinds: tuple[str, ...] = ()


Percentiles = tuple[
    float | None, float | None, float | None
]  #: p50, p90, p99 in seconds; None where nothing was served
NOTHING: Percentiles = (None, None, None)


@dataclass(frozen=True, slots=True)
class Night:
    """One run. Latencies are those of answers with status 200."""

    started: str  #: ISO 8601 with offset
    ended: str
    target: str  #: the address of the endpoint, or the words for the embedded one
    profile: str
    model: str
    catalogue: int
    harness: str
    level: str
    verdict: str
    exit: int
    requests: int
    generated: int
    output_tokens: int
    counts: Mapping[str, int] = field(default_factory=dict)  #: requirements by verdict
    first_byte: Percentiles = NOTHING
    whole: Percentiles = NOTHING
    violations: tuple[Kept, ...] = ()

    @property
    def series(self) -> tuple[str, str]:
        """What makes runs comparable: target and profile."""
        return self.target, self.profile


def series_of(graded: Graded, facts: Facts) -> tuple[str, str]:
    """The series that a run belongs to."""
    return EMBEDDED if facts.embedded else facts.target, graded.run.terms.profile.name


def night_of(graded: Graded, facts: Facts, before: Iterable[Kept] = ()) -> Night:
    """What history keeps of a run; `before` is what was violated when the last one of its series had ended."""
    run, (target, profile) = graded.run, series_of(graded, facts)
    terms = run.terms
    return Night(
        started=facts.started,
        ended=facts.ended,
        target=target,
        profile=profile,
        model=terms.model,
        catalogue=terms.catalogue.version,
        harness=facts.harness,
        level=facts.gate.lower(),
        verdict=verdict_sentence(graded, facts),
        exit=int(facts.exit),
        requests=len(run.records),
        generated=len(generated_requests(run, facts)),
        output_tokens=output_tokens(run),
        counts={str(verdict): graded.count(verdict) for verdict in Verdict},
        first_byte=percentiles(_served(run, lambda exchange: exchange.first_byte)),
        whole=percentiles(_served(run, lambda exchange: exchange.elapsed)),
        violations=tuple(_violations(graded, facts, before)),
    )


def percentiles(values: Iterable[float]) -> Percentiles:
    """The percentiles, seconds to the microsecond."""
    ranked = sorted(values)
    first, second, third = (_rounded(percentile(ranked, percent)) for percent in PERCENTS)
    return first, second, third


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def _served(run: Run, of: Callable[[Exchange], float | None]) -> Iterator[float]:
    for record in run.records:
        value = of(record.exchange) if is_served(record.exchange) else None
        if value is not None:
            yield value


def _violations(graded: Graded, facts: Facts, before: Iterable[Kept]) -> Iterator[Kept]:
    """What is violated, and what was before and was not observed now."""
    seen, violated = sightings(graded), violated_keys(graded)
    for key, findings in violated.items():
        first = findings[0]
        level = max((finding.level or Level.MAY for finding in findings), key=lambda one: one.rank)
        kinds = tuple(sorted(seen.get(key, UNSEEN).broken - {""}))
        yield Kept(key, level, _cut(first.expected), _cut(first.seen), State.VIOLATED, key in facts.waived, kinds)
    for kept in before:
        if kept.key not in violated and not _is_over(seen.get(kept.key, UNSEEN), kept):
            yield Kept(kept.key, kept.level, kept.expected, kept.seen, State.UNSEEN, kept.waived, kept.kinds)


def _is_over(sighting: Sighting, kept: Kept) -> bool:
    """Whether a violation is gone, or no longer counts."""
    return bool(sighting.findings) or sighting.is_gone(kept.kinds)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


@dataclass(frozen=True, slots=True)
class Present:
    """A violation that exists after the last run of a series, and the start of the run that showed it first."""

    kept: Kept
    since: str


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of one target under one profile, oldest first, one at least."""

    nights: tuple[Night, ...]

    @property
    def last(self) -> Night:
        """The last run."""
        return self.nights[-1]

    @property
    def before(self) -> tuple[Kept, ...]:
        """What was violated when the run before the last one had ended; nothing where there is none."""
        return self.nights[-2].violations if len(self.nights) > 1 else ()

    @property
    def new(self) -> tuple[Kept, ...]:
        """What the last run shows for the first time since it was gone, or at all."""
        known = {kept.key for kept in self.before}
        return tuple(kept for kept in self.last.violations if kept.key not in known)

    @property
    def gone(self) -> tuple[Kept, ...]:
        """What was violated before, and was observed and held in the last run."""
        left = {kept.key for kept in self.last.violations}
        return tuple(kept for kept in self.before if kept.key not in left)

    @property
    def present(self) -> tuple[Present, ...]:
        """What is violated, or was and has not been observed since, with the run that showed it first."""
        return tuple(Present(kept, self._since(kept.key)) for kept in self.last.violations)

    def _since(self, key: str) -> str:
        started = self.last.started
        for night in reversed(self.nights):
            if all(kept.key != key for kept in night.violations):
                break
            started = night.started
        return started


def series(nights: Sequence[Night]) -> tuple[Series, ...]:
    """Runs, oldest first, by what makes them comparable; the series in the order of their first run."""
    found: dict[tuple[str, str], list[Night]] = {}
    for night in nights:
        found.setdefault(night.series, []).append(night)
    return tuple(Series(tuple(rows)) for rows in found.values())
