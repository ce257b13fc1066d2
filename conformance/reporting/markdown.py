"""A short Markdown summary, as CI services show it beside a job. Template: `reports/templates/summary.md`."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from string import Template

from conformance._paths import TEMPLATES
from conformance.reporting.breaches import Breach, breaches, exchanges
from conformance.reporting.clean import clean
from conformance.reporting.facts import Facts
from conformance.reporting.sentence import last_line, tiers_line
from conformance.reporting.text import baseline_lines, first_line
from conformance.verdicts.graded import Graded, Verdict

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@$:.-])")
_LONGEST = 160
_MOST = 900_000  #: bytes of the summary's rows; GitHub refuses a whole summary of more than 1 MiB
_MOST_FIRST = 50_000  #: bytes of what stands above the tables


@cache
def _template() -> Template:
    return Template((TEMPLATES / "summary.md").read_text(encoding="utf-8"))


def markdown(graded: Graded, facts: Facts) -> str:
    """The verdict, the counts by area and one row per violated requirement."""
    return _template().substitute(
        verdict=escaped(last_line(graded, facts)),
        first="\n\n".join(_within(map(escaped, _first(graded, facts)), _MOST_FIRST, "{} more are in report.json")),
        areas="\n".join(_areas(graded)),
        violations=_violations(breaches(graded)),
    )


def _first(graded: Graded, facts: Facts) -> tuple[str, ...]:
    """What stands above the tables."""
    return first_line(graded.run.terms, facts), tiers_line(graded, facts.gate), *baseline_lines(facts)


def escaped(text: str) -> str:
    """The text as Markdown that shows it literally: no markup, HTML, link, mention or table border of its own."""
    return _SPECIAL.sub(r"\\\1", clean(text)).replace("\\<", "&lt;").replace("\\@", "&#64;").replace("\\:", "&#58;")


def _areas(graded: Graded) -> list[str]:
    areas = graded.run.terms.catalogue.areas()
    counts = {area: dict.fromkeys(Verdict, 0) for area in areas}
    for row in graded.judgements.values():
        counts[row.requirement.area][row.verdict] += 1
    return [_cells(area, *map(str, found.values())) for area, found in counts.items() if any(found.values())]


def _violations(rows: tuple[Breach, ...]) -> str:
    if not rows:
        return "No violation was seen."
    head = ("| requirement | level | expected | seen | exchanges |", "| --- | --- | --- | --- | ---: |")
    more = _cells("{} more are in report.json", *[""] * 4)
    return "\n".join((*head, *_within(map(_violation, rows), _MOST, more)))


def _within(rows: Iterable[str], most: int, more: str) -> Iterator[str]:
    """The rows that fit into so many bytes, and how many did not."""
    rows = tuple(rows)
    sizes = accumulate(len(row.encode()) + 2 for row in rows)
    fitting = sum(size <= most for size in sizes)
    yield from rows[:fitting]
    if fitting < len(rows):
        yield more.format(len(rows) - fitting)


def _violation(row: Breach) -> str:
    first = row.findings[0]
    seen = (escaped(clean(text, _LONGEST)) for text in (first.expected, first.seen))
    level = str(row.level) if row.scored else f"{row.level}, not scored"
    return _cells(row.requirement.id, level, *seen, str(len(exchanges(row.findings))))


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
