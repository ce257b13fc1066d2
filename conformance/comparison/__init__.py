"""Runs beside each other, requirement by requirement: staging against production, last week against today.

`column` makes one run of a report, `compare` sets several side by side; both are pure, and so is every way to show it.
"""

from conformance.comparison.column import Case, Cell, Column, Source, Tier, column, named
from conformance.comparison.compare import Comparison, Difference, Row, compare
from conformance.comparison.forms import FORMS

__all__ = [
    "FORMS",
    "Case",
    "Cell",
    "Column",
    "Comparison",
    "Difference",
    "Row",
    "Source",
    "Tier",
    "column",
    "compare",
    "named",
]
