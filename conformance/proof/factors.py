"""The freedoms that a profile leaves, as factors with levels."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance import reference

PLAIN = ""  #: the level that takes no freedom

APART: Mapping[str, tuple[str, ...]] = {
    # Two counts alone tell nothing of a cache: with most of the input in one, they tell too little input.
    "usage-minimal": ("input-all-cached", "input-mostly-cached", "input-cache-written", "repeated-input-cached"),
}
"""Freedoms of different factors that are none together: each breaks what the other leaves whole."""


@dataclass(frozen=True, slots=True)
class Factor:
    """What is free, and its levels: PLAIN, then the variations that take the freedom, one at a time.

    `apart` are pairs of an own level and one of another factor that cannot stand together; the first level has none.
    """

    name: str
    levels: tuple[str, ...]
    apart: tuple[tuple[str, str], ...] = ()


def factors(profile: str) -> tuple[Factor, ...]:
    """Every factor of a profile, in the order in which its variations act."""
    found: dict[str, list[str]] = {}
    for variation in reference.variations():
        if profile in variation.profiles:
            found.setdefault(variation.factor, [PLAIN]).append(variation.id)
    return tuple(Factor(name, tuple(levels), tuple(_apart(levels))) for name, levels in found.items())


def _apart(levels: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((level, other) for level in levels for other in APART.get(level, ()))
