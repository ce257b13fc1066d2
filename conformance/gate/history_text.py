"""History as a terminal shows it and as JSON. Nothing that a target sent gets through as it came."""

from collections.abc import Iterator
from typing import Any

from conformance.gate.nights import PERCENTS, Kept, Night, Percentiles, Present, Series, State
from conformance.reporting.clean import clean

VERSION = 1


def history_text(found: tuple[Series, ...]) -> str:
    """What changed since the last run of each target and profile, what is violated and since when, how quick it was."""
    return "\n\n".join("\n".join(_series(each)) for each in found)


def _series(each: Series) -> Iterator[str]:
    last, runs = each.last, len(each.nights)
    yield clean(f"{last.target}, profile {last.profile}: {runs} run{'s' * (runs > 1)}, the last one {last.started}")
    yield clean(f"  exit {last.exit}: {last.verdict}")
    yield from _changes(each)
    yield from (f"  since {told.since}  {_told(told)}" for told in each.present)
    yield from (
        f"  {name:<10}  {latency_text(_of(last, name))}{_before(each, name)}" for name in ("first byte", "whole")
    )


def _changes(each: Series) -> Iterator[str]:
    if len(each.nights) == 1:
        yield "  there is no earlier run to compare with"
    elif not each.new and not each.gone:
        yield "  nothing changed since the run before"
    else:
        yield from (f"  new   {_violation(kept)}" for kept in each.new)
        yield from (f"  gone  {clean(kept.key)}" for kept in each.gone)


def _told(told: Present) -> str:
    marks = marks_of(told.kept)
    return f"{clean(told.kept.key)} ({', '.join((told.kept.level, *marks))})"


def marks_of(kept: Kept) -> tuple[str, ...]:
    """What a reader has to know of a violation beside its level."""
    return (
        *(("not observed in the last run",) if kept.state is State.UNSEEN else ()),
        *(("baselined",) if kept.waived else ()),
    )


def _violation(kept: Kept) -> str:
    return clean(f"{kept.key}: expected {kept.expected}; seen {kept.seen}")


def _before(each: Series, name: str) -> str:
    return f"  (before: {latency_text(_of(each.nights[-2], name))})" if len(each.nights) > 1 else ""


def _of(night: Night, name: str) -> Percentiles:
    return night.whole if name == "whole" else night.first_byte


def latency_text(values: Percentiles) -> str:
    """The percentiles in seconds: `p50 0.120 s, p90 0.300 s, p99 0.900 s`."""
    told = (f"p{percent} {value:.3f} s" for percent, value in zip(PERCENTS, values, strict=True) if value is not None)
    return ", ".join(told) or "nothing was served"


def history_object(found: tuple[Series, ...]) -> dict[str, Any]:
    """The same as JSON values, with every run; times as they stand in journals, latencies in seconds."""
    return {"version": VERSION, "series": [_object(each) for each in found]}


def _object(each: Series) -> dict[str, Any]:
    return {
        "target": each.last.target,
        "profile": each.last.profile,
        "new": [kept.key for kept in each.new] if len(each.nights) > 1 else None,
        "gone": [kept.key for kept in each.gone] if len(each.nights) > 1 else None,
        "present": [{**_kept(told.kept), "since": told.since} for told in each.present],
        "runs": [_night(night) for night in each.nights],
    }


def _kept(kept: Kept) -> dict[str, Any]:
    return {
        "key": kept.key,
        "level": kept.level.value,
        "state": kept.state.value,
        "baselined": kept.waived,
        "kinds": list(kept.kinds),
        "expected": kept.expected,
        "seen": kept.seen,
    }


_PLAIN = (
    "started", "ended", "model", "catalogue", "harness", "level", "verdict", "exit", "requests", "generated",
    "output_tokens",
)  # fmt: skip


def _night(night: Night) -> dict[str, Any]:
    names = [f"p{percent}" for percent in PERCENTS]
    return {
        **{name: getattr(night, name) for name in _PLAIN},
        "counts": dict(night.counts),
        "first_byte": dict(zip(names, night.first_byte, strict=True)),
        "whole": dict(zip(names, night.whole, strict=True)),
        "violations": [_kept(kept) for kept in night.violations],
    }
