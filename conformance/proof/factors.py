"""The freedoms that a profile leaves, as factors with levels."""

from dataclasses import dataclass

from conformance import reference

PLAIN = ""  #: the level that takes no freedom


@dataclass(frozen=True, slots=True)
class Factor:
    """What is free, and its levels: PLAIN, then the variations that take the freedom, one at a time."""

    name: str
    levels: tuple[str, ...]


def factors(profile: str) -> tuple[Factor, ...]:
    """Every factor of a profile, in the order in which its variations act."""
    found: dict[str, list[str]] = {}
    for variation in reference.variations():
        if profile in variation.profiles:
            found.setdefault(variation.factor, [PLAIN]).append(variation.id)
    return tuple(Factor(name, tuple(levels)) for name, levels in found.items())
