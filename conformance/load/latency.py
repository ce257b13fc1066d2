"""What a load took, rung by rung: counts and percentiles of times. Pure functions of exchanges; times in seconds."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from conformance.evidence.ranks import percentile
from conformance.evidence.run import Record
from conformance.rules.outcome import is_served
from conformance.wire.exchange import Ending

PERCENTILES = (50, 90, 99)


@dataclass(frozen=True, slots=True)
class Rung:
    """So many users, from a moment of the run on."""

    users: int
    began: float


@dataclass(frozen=True, slots=True)
class Level:
    """What one rung came to. `broken` counts exchanges that a rule found at fault; times by name, then percentile."""

    users: int
    requests: int
    served: int
    limited: int  #: 429 or 529
    failed: int  #: neither served nor limited, or served and not to the end
    broken: int
    in_flight: int  #: at once, at most
    times: Mapping[str, Mapping[int, float | None]]


def levels(records: Sequence[Record], rungs: Sequence[Rung], faulty: frozenset[int]) -> tuple[Level, ...]:
    """One level for each rung; an exchange belongs to the rung in which it was begun. `faulty` are numbers of those."""
    borders = [*(rung.began for rung in rungs[1:]), math.inf]
    found, start = [], -math.inf
    for rung, border in zip(rungs, borders, strict=False):  # without a rung there is no border
        found.append(_level(rung.users, [r for r in records if start <= r.exchange.began < border], faulty))
        start = border
    return tuple(found)


def _level(users: int, records: Sequence[Record], faulty: frozenset[int]) -> Level:
    whole = [record for record in records if is_served(record.exchange) and _to_its_end(record)]
    limited = sum(record.exchange.status in (429, 529) for record in records)
    return Level(
        users,
        len(records),
        len(whole),
        limited,
        len(records) - len(whole) - limited,
        sum(record.seq in faulty for record in records),
        at_once(records),
        {name: _percentiles(value for record in whole for value in times(record)) for name, times in TIMES.items()},
    )


def _to_its_end(record: Record) -> bool:
    exchange = record.exchange
    told = not record.reading.is_stream or any(event.type == "message_stop" for event in record.reading.events)
    return exchange.end.how is Ending.COMPLETE and told


def at_once(records: Iterable[Record]) -> int:
    """The most exchanges that were in flight at one moment; one that ends as another begins is not beside it."""
    moments = [
        moment
        for record in records
        for moment in ((record.exchange.began, 1), (record.exchange.began + record.exchange.elapsed, -1))
    ]
    now = most = 0
    for _, change in sorted(moments):
        now += change
        most = max(most, now)
    return most


def first_event(record: Record) -> Iterable[float]:
    """Seconds to the first event of a stream."""
    return [at for event in record.reading.events[:1] if (at := event.at) is not None]


def between_events(record: Record) -> Iterable[float]:
    """Seconds between one event of a stream and the next."""
    arrived = [event.at for event in record.reading.events if event.at is not None]
    return [after - before for before, after in pairwise(arrived)]


def whole(record: Record) -> Iterable[float]:
    """Seconds from the beginning of the request to the end of the answer."""
    return [record.exchange.elapsed]


#: The times that are reported, by name.
TIMES: Mapping[str, Callable[[Record], Iterable[float]]] = {
    "first event": first_event,
    "between events": between_events,
    "whole": whole,
}


def _percentiles(values: Iterable[float]) -> dict[int, float | None]:
    ordered = sorted(values)
    return {percent: percentile(ordered, percent) for percent in PERCENTILES}


def levels_json(found: Iterable[Level]) -> list[dict[str, Any]]:
    """Levels as JSON values; times in seconds to the microsecond."""
    return [
        {
            **{name: getattr(level, name) for name in COUNTS},
            "seconds": {
                name.replace(" ", "_"): {
                    f"p{p}": value if value is None else round(value, 6) for p, value in row.items()
                }
                for name, row in level.times.items()
            },
        }
        for level in found
    ]


COUNTS = ("users", "in_flight", "requests", "served", "limited", "failed", "broken")


def levels_text(found: Sequence[Level]) -> str:
    """Levels as a table for a terminal; times in milliseconds."""
    named = [f"{name} p50 p90 p99" for name in TIMES]
    rows = [["users", "in flight", "requests", "served", "limited", "failed", "broken", *named]]
    for level in found:
        counts = [str(getattr(level, name)) for name in COUNTS]
        rows.append([*counts, *(" ".join(map(_milliseconds, row.values())) for row in level.times.values())])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([*lines, "times in milliseconds, of requests that were served to their end"])


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value * 1000:.0f}" if value >= 0.01 else f"{value * 1000:.1f}"
