"""Percentiles of what was measured, by the nearest rank: always a value that was seen."""

from collections.abc import Sequence


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The smallest value that so many percent do not exceed, of values in ascending order; None without values."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None
