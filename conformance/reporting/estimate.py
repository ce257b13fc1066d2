"""What a run would cost, told before anything is sent: as a table for a terminal, or as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.reporting.clean import clean
from conformance.reporting.facts import EMBEDDED

Object = dict[str, Any]
Span = tuple[float, float]  #: the least and the most

VERSION = 1


@dataclass(frozen=True, slots=True)
class Share:
    """What a plan costs at a target without faults; each pair is the least and the most.

    `input` is about a quarter of the bytes of the bodies. `ceiling` is the sum of `max_tokens` over the requests that
    must be accepted, `free` that over those which the target may accept or refuse. `cost` is None without prices.
    """

    name: str
    requests: tuple[int, int]
    input: tuple[int, int]
    ceiling: int
    free: int
    seconds: Span
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """The shares of the tiers that the target claims, each as if it were run alone, and the whole plan."""

    target: str
    embedded: bool
    profile: str
    model: str | None
    options: Sequence[tuple[str, str]]
    latency: float
    currency: str
    whole: Share
    tiers: tuple[Share, ...]
    unclaimed: tuple[str, ...]
    generated: int  #: requests of generated cases
    caps: tuple[str, ...] = ()  #: by which cap the run would end early, one sentence each


def estimate_text(found: Estimate) -> str:
    """The estimate for a terminal."""
    where = EMBEDDED if found.embedded else found.target
    head = ", ".join((where, f"profile {found.profile}", *(f"{name} {value}" for name, value in found.options)))
    rows = [_HEADS, *(_cells(row, found.currency) for row in (*found.tiers, found.whole))]
    columns = list(zip(*rows, strict=True))[: len(_HEADS) if found.currency else -1]
    wide = [max(map(len, column)) for column in columns]
    table = (
        "  ".join((row[0].ljust(wide[0]), *map(str.rjust, row[1:], wide[1:]))) for row in zip(*columns, strict=True)
    )
    return "\n".join((clean(f"estimate for {head}; nothing was sent"), "", *table, "", *map(clean, _remarks(found))))


_HEADS = ("", "requests", "input tokens, about", "output tokens, at most", "time", "cost, at most about")


def _cells(row: Share, currency: str) -> tuple[str, ...]:
    cost = "" if row.cost is None else f"{row.cost:.4f} {currency}"
    return row.name, _span(row.requests), _span(row.input), f"{row.ceiling}", _times(row.seconds), cost


def _span(pair: tuple[int, int]) -> str:
    return f"{pair[0]}" if pair[0] == pair[1] else f"{pair[0]} to {pair[1]}"


def _times(pair: Span) -> str:
    first, last = (f"{round(seconds) // 60}:{round(seconds) % 60:02d}" for seconds in pair)
    return first if first == last else f"{first} to {last}"


def _remarks(found: Estimate) -> Iterator[str]:
    yield "Tiers share requests: the line of a tier is what it would cost alone, the last one what all cost together."
    yield (
        f"{found.generated} requests are generated. Time: {found.latency:g} s for each answer. Input: a quarter of the "
        "bytes sent. Output: the sum of max_tokens of all that must be accepted; what is refused costs none."
    )
    if found.whole.free:
        yield f"What the target may accept or refuse asks for up to {found.whole.free} output tokens more."
    yield "Not counted: second tries at a target in trouble, and the reduction of failing generated cases (--shrink)."
    if found.unclaimed:
        yield f"Not claimed, so not asked for: {', '.join(found.unclaimed)}."
    yield from found.caps


def estimate_json(found: Estimate) -> Object:
    """The same as JSON values."""
    return {
        "version": VERSION,
        "target": {"url": found.target, "embedded": found.embedded},
        "profile": found.profile,
        "model": found.model,
        "options": dict(found.options),
        "latency": found.latency,
        "currency": found.currency or None,
        "generated": found.generated,
        "all": _share(found.whole),
        "tiers": [{"name": row.name, **_share(row)} for row in found.tiers],
        "not_claimed": list(found.unclaimed),
        "caps": list(found.caps),
    }


def _share(row: Share) -> Object:
    return {
        "requests": _pair(row.requests),
        "input_tokens": _pair(row.input),
        "output_tokens_ceiling": row.ceiling,
        "output_tokens_left_free": row.free,
        "seconds": _pair((round(row.seconds[0], 1), round(row.seconds[1], 1))),
        "cost": None if row.cost is None else round(row.cost, 6),
    }


def _pair(pair: Span) -> Object:
    return {"least": pair[0], "most": pair[1]}
