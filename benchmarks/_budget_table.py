"""Budgets beside what people would otherwise use: pure functions of what `budgets.py` measured."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

HEADS = (
    "contender", "requests", "output tokens", "ceiling", "faults", "a request", "100 output tokens", "requirements",
    "reports",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contender:
    """What one way of testing noticed: ids of faults. `sample` are those that rates are taken over, `tried` these and
    those that were tried for the sake of public reports as well. Requests, output tokens and the ceiling, the sum of
    `max_tokens`, are those of a run against the clean endpoint; None where nobody knows."""

    name: str
    requests: int
    tokens: int | None
    ceiling: int | None
    sample: tuple[str, ...]
    tried: frozenset[str]
    noticed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a fault stands for under a profile: its requirement where that is a MUST or SHOULD, and the public reports,
    each a number of reports with the faults that do the same."""

    requirements: Mapping[str, str]
    reports: Sequence[tuple[int, Collection[str]]]


def lines(contenders: Iterable[Contender], terms: Terms) -> Iterator[str]:
    """The table of one profile, in Markdown."""
    yield f"| {' | '.join(HEADS)} |"
    yield f"|{'---|' * len(HEADS)}"
    for contender in contenders:
        yield f"| {' | '.join(_cells(contender, terms))} |"


def _cells(contender: Contender, terms: Terms) -> tuple[str, ...]:
    killed, tried = len(contender.noticed.intersection(contender.sample)), len(contender.sample)
    rate = killed / tried if tried else 0.0
    whole = rate * len(terms.requirements)  # as many of all faults
    return (
        contender.name,
        str(contender.requests),
        _known(contender.tokens),
        _known(contender.ceiling),
        share(killed, tried),
        f"{whole / contender.requests:.2f}" if contender.requests else "–",
        f"{100 * whole / contender.tokens:.0f}" if contender.tokens else "–",
        share(*required(contender, terms)),
        share(*caught(contender, terms)),
    )


def _known(count: int | None) -> str:
    return "–" if count is None else str(count)


def required(contender: Contender, terms: Terms) -> tuple[int, int]:
    """How many MUST and SHOULD requirements have a fault that was noticed, and how many have one that was tried."""
    tried = {terms.requirements[name] for name in contender.sample} - {""}
    seen = {terms.requirements[name] for name in contender.noticed.intersection(contender.sample)} - {""}
    return len(seen), len(tried)


def caught(contender: Contender, terms: Terms) -> tuple[int, int]:
    """How many public reports are caught, all faults of each noticed, and of how many all were tried."""
    tried = [(count, faults) for count, faults in terms.reports if contender.tried.issuperset(faults)]
    seen = sum(count for count, faults in tried if contender.noticed.issuperset(faults))
    return seen, sum(count for count, _ in tried)


def counted(requirements: Iterable[str]) -> str:
    """How many faults each requirement has, in order of name."""
    return ", ".join(f"{name} {count}" for name, count in sorted(Counter(requirements).items()))


def share(part: int, whole: int) -> str:
    """A share with what it is of: `3 of 4 (75 %)`."""
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "–"
