"""What every form of a comparison says in the same words."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from conformance.comparison.column import Cell, Column, Source
from conformance.comparison.compare import Difference
from conformance.reporting.facts import EMBEDDED

ABSENT = "not in its catalogue"
MOST_CASES = 8  #: violated cases named in one cell; all of them are in the JSON
LONGEST = 160  #: characters shown of a value

HEADINGS: Mapping[Difference, str] = MappingProxyType(
    {
        Difference.VIOLATION: "Violated in one run, not in another",
        Difference.CASES: "Violated in all, by different cases",
        Difference.VERDICT: "Another verdict or level",
        Difference.CATALOGUE: "Not in every catalogue, else the same",
    }
)

_SOURCES = {
    Source.JOURNAL: "its journal, graded with the rules of this version",
    Source.REPORT: "its report, taken as it says",
}


def verdict_words(cell: Cell | None) -> str:
    """The verdict of a cell."""
    if cell is None:
        return ABSENT
    return f"{cell.verdict.replace('-', ' ')}{'' if cell.scored else ', not scored'}"


def more(count: int) -> str:
    """How many cases were not named, or ""."""
    return f"and {count - MOST_CASES} more" if count > MOST_CASES else ""


def about(column: Column) -> Iterator[tuple[str, str]]:
    """What a reader must know of a run, by name; empty where it is not known."""
    yield "target", EMBEDDED if column.embedded else column.target
    yield "profile", f"{column.profile}, anthropic-version {column.api_version}, level {column.level}"
    yield "model", column.model
    yield "catalogue", f"version {column.catalogue}"
    yield "verdicts from", f"{_SOURCES[column.source]} (run by harness {column.harness})"
    yield "began", column.started
