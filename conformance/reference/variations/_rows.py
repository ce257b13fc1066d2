"""The form in which variations are written down: a table of rows for each seam."""

from collections.abc import Iterable, Sequence

from conformance.reference.seams import Apply, Seam, Variation
from conformance.reference.settings import PROFILES

Row = tuple[str, tuple[int, ...], str, Apply]
"""Variation id, the traps it stands for, description, function."""

ANTHROPIC = ("anthropic",)
MYROUTER = ("myrouter",)


def table(
    seam: Seam, rows: Iterable[Row], profiles: Sequence[str] = tuple(PROFILES), admits: tuple[str, ...] = ()
) -> tuple[Variation, ...]:
    """One variation for each row, all at the same seam."""
    return tuple(
        Variation(name, seam, text, apply, traps, tuple(profiles), admits=admits) for name, traps, text, apply in rows
    )
