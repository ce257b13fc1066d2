"""A short Markdown summary, as CI services show it beside a job. Template: `reports/templates/summary.md`."""

import re
from functools import cache
from string import Template

from conformance._paths import TEMPLATES
from conformance.reporting.breaches import Breach, breaches, exchanges
from conformance.reporting.clean import clean
from conformance.reporting.facts import Facts
from conformance.reporting.sentence import last_line, tiers_line
from conformance.reporting.text import baseline_lines, first_line
from conformance.verdicts.fold import Graded, Verdict

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@$:.-])")
_LONGEST = 160


@cache
def _template() -> Template:
    return Template((TEMPLATES / "summary.md").read_text(encoding="utf-8"))


def markdown(graded: Graded, facts: Facts) -> str:
    """The verdict, the counts by area and one row per violated requirement."""
    return _template().substitute(
        verdict=escaped(last_line(graded, facts)),
        first="\n\n".join(map(escaped, _first(graded, facts))),
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
    return "\n".join((*head, *map(_violation, rows)))


def _violation(row: Breach) -> str:
    first = row.findings[0]
    seen = (escaped(clean(text, _LONGEST)) for text in (first.expected, first.seen))
    level = str(row.level) if row.scored else f"{row.level}, not scored"
    return _cells(row.requirement.id, level, *seen, str(len(exchanges(row.findings))))


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
