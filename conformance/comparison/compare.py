"""Runs set side by side. Pure: the same columns give the same comparison."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.comparison.column import Cell, Column, Source


class Difference(StrEnum):
    """In what runs differ about a requirement; in the order in which a reader meets them."""

    VIOLATION = "violation"  #: violated in one run, and not in another
    CASES = "cases"  #: violated in all of them, by different cases
    VERDICT = "verdict"  #: another verdict, level or count: passed here, inconclusive there
    CATALOGUE = "catalogue"  #: the same where it is known; one run's catalogue lacks it
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement in every run, in their order; None where the run's catalogue lacks it."""

    id: str
    area: str
    statement: str
    cells: tuple[Cell | None, ...]
    difference: Difference


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs beside each other: the rows that differ first. `remarks` say what a reader must know before comparing."""

    columns: tuple[Column, ...]
    remarks: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def differing(self) -> tuple[Row, ...]:
        """The requirements about which the runs differ."""
        return tuple(row for row in self.rows if row.difference is not Difference.NONE)

    @property
    def agreed(self) -> tuple[Row, ...]:
        """Those about which they agree."""
        return tuple(row for row in self.rows if row.difference is Difference.NONE)

    def of(self, difference: Difference) -> tuple[Row, ...]:
        """Those that differ in this way."""
        return tuple(row for row in self.rows if row.difference is difference)

    @property
    def sentence(self) -> str:
        """What it comes to."""
        count, total, runs = len(self.differing), len(self.rows), len(self.columns)
        if not count:
            return f"{runs} runs agree about all {total} requirements"
        return f"{runs} runs differ about {count} of {total} requirements"


def compare(columns: Sequence[Column]) -> Comparison:
    """The comparison of at least two runs whose names differ."""
    about = {name: told for each in reversed(columns) for name, told in each.statements.items()}
    names = dict.fromkeys(name for each in columns for name in each.statements)
    rows = [_row(name, *about[name], columns) for name in names]
    order = list(Difference)
    return Comparison(
        tuple(columns), tuple(_remarks(columns)), tuple(sorted(rows, key=lambda r: order.index(r.difference)))
    )


def _row(name: str, area: str, statement: str, columns: Sequence[Column]) -> Row:
    cells = tuple(each.cells.get(name) for each in columns)
    return Row(name, area, statement, cells, _difference(cells))


def _difference(cells: Sequence[Cell | None]) -> Difference:
    known = [cell for cell in cells if cell is not None]
    if len({cell.violated for cell in known}) > 1:
        return Difference.VIOLATION
    if len({cell.keys for cell in known}) > 1:
        return Difference.CASES
    if len({(cell.verdict, cell.level, cell.scored) for cell in known}) > 1:
        return Difference.VERDICT
    return Difference.CATALOGUE if len(known) < len(cells) else Difference.NONE


#: What has to be the same in runs that are compared like with like, and what it means where it is not.
_TERMS = (
    (
        "catalogue",
        "catalogue versions",
        "requirements that one of them lacks are not in its catalogue, which is no pass",
    ),
    ("profile", "profiles", "the same requirement may ask for something else, at another level"),
    ("api_version", "API versions", "the contract depends on the version"),
    ("level", "levels", "verdict sentences and tiers are those of each run's own gate"),
)


def _remarks(columns: Sequence[Column]) -> Iterator[str]:
    for member, words, meaning in _TERMS:
        values = [str(getattr(each, member)) for each in columns]
        if len(set(values)) > 1:
            told = ", ".join(f"{each.name}: {value}" for each, value in zip(columns, values, strict=True))
            yield f"different {words} ({told}): {meaning}"
    if len({each.source for each in columns}) > 1 or _of_other_harnesses(columns):
        yield "verdicts of reports are those of the harness that wrote them; grade the journals for the same rules"
    for each in columns:
        if not each.finished:
            yield f"the record of {each.name} breaks off before the end of the run"
        if not each.whole:
            yield f"{each.name} was told to test a part only; the rest is not run"


def _of_other_harnesses(columns: Sequence[Column]) -> bool:
    return len({each.harness for each in columns if each.source is Source.REPORT}) > 1
