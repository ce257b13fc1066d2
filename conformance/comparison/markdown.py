"""A comparison in Markdown, as a merge request or a job's page shows it."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from conformance.comparison.column import Cell, Column
from conformance.comparison.compare import Comparison, Row
from conformance.comparison.words import HEADINGS, LONGEST, MOST_CASES, about, more, verdict_words
from conformance.reporting.clean import clean
from conformance.reporting.markdown import escaped


def markdown(found: Comparison) -> str:
    """The runs, what limits the comparison, the differences, and folded away where all agree."""
    return "\n".join((*_head(found), *_differences(found), *_agreed(found)))


def _head(found: Comparison) -> Iterator[str]:
    yield f"# Comparison: {found.sentence}\n"
    yield from (f"> {escaped(remark)}\n" for remark in found.remarks)
    yield _cells("", *_names(found))
    yield _rule(len(found.columns) + 1)
    yield _cells("verdict", *(_shown(column.sentence) for column in found.columns))
    rows = [dict(about(column)) for column in found.columns]
    yield from (_cells(name, *(_shown(row[name]) for row in rows)) for name in rows[0])
    yield from _tiers(found.columns)
    yield ""


def _tiers(columns: Sequence[Column]) -> Iterator[str]:
    states = [{tier.title: tier.state.replace("-", " ") for tier in column.tiers} for column in columns]
    for title in dict.fromkeys(title for row in states for title in row):
        yield _cells(f"tier {_shown(title)}", *(row.get(title, "not told") for row in states))


def _differences(found: Comparison) -> Iterator[str]:
    for kind, heading in HEADINGS.items():
        rows = found.of(kind)
        if rows:
            yield f"## {heading}: {len(rows)}\n"
            yield from _table(found, rows, _told)


def _agreed(found: Comparison) -> Iterator[str]:
    rows = found.agreed
    if rows:
        yield f"<details><summary>{len(rows)} requirements on which all agree</summary>\n"
        yield from _table(found, rows, verdict_words)
        yield "</details>\n"


def _table(found: Comparison, rows: Iterable[Row], told: Callable[[Cell | None], str]) -> Iterator[str]:
    yield _cells("requirement", *_names(found))
    yield _rule(len(found.columns) + 1)
    for row in rows:
        yield _cells(f"**{row.id}** {escaped(row.statement)}", *(told(cell) for cell in row.cells))
    yield ""


def _told(cell: Cell | None) -> str:
    """The verdict with the violated cases, or why there is no plain yes or no."""
    words = verdict_words(cell)
    if cell is None or not (cell.cases or cell.reason):
        return words
    named = [_shown(case.short) for case in cell.cases[:MOST_CASES]]
    told = ", ".join(filter(None, (*named, more(len(cell.cases)))))
    return f"**{words}**: {told}" if named else f"{words}: {_shown(cell.reason)}"


def _names(found: Comparison) -> list[str]:
    return [_shown(column.name) for column in found.columns]


def _shown(text: str) -> str:
    return escaped(clean(text, LONGEST))


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(count: int) -> str:
    return _cells(*["---"] * count)
