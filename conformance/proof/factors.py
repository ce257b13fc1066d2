"""The freedoms of the contract as factors with levels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Factor:
    """What is free, and the variations that take the freedom, one at a time; the level "" takes none."""

    name: str
    levels: tuple[str, ...]


def factors(profile: str) -> tuple[Factor, ...]:
    """Every factor that a profile leaves free."""
    return ()
