"""A comparison as one self-contained HTML page without scripts. Template: `reports/templates/comparison.html`."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from string import Template

from conformance._paths import TEMPLATES
from conformance.comparison.column import Case, Cell, Column, Tier
from conformance.comparison.compare import Comparison, Row
from conformance.comparison.words import HEADINGS, LONGEST, MOST_CASES, about, more, verdict_words
from conformance.reporting.html.markup import element, listed, policy_of, terms, text
from conformance.reporting.html.overview import SIGNS

_NAMED = 12  #: requirements named for one tier
_MOODS = {"conforms": "passed", "violation": "failed"}
_STATES = {"holds": "passed", "violated": "failed", "open": "inconclusive"}


@cache
def _template() -> Template:
    return Template((TEMPLATES / "comparison.html").read_text(encoding="utf-8"))


def page(found: Comparison) -> bytes:
    """The runs at the top, then every difference with what each run says of it, then where all agree."""
    told = _template().substitute(
        policy=policy_of(_template()),
        sentence=text(found.sentence),
        remarks=listed((text(remark, 1000) for remark in found.remarks), class_="remarks"),
        runs="".join(map(_run, found.columns)),
        matrix=_matrix(found, found.differing, "Nothing differs."),
        differences="".join(_differences(found)),
        agreed=_matrix(found, found.agreed, "There is no such requirement."),
        count=len(found.agreed),
    )
    return told.encode()


def _run(column: Column) -> str:
    mood = _MOODS.get(column.exit, "inconclusive")
    facts = terms(((name, text(value)) for name, value in about(column)), class_="facts")
    inside = (
        f"<h3>{text(column.name)}</h3><p>{text(column.sentence, 1000)}</p>{facts}{listed(map(_tier, column.tiers))}"
    )
    return element("section", inside, class_=f"run {mood}")


def _tier(tier: Tier) -> str:
    state = element("span", text(tier.state.replace("-", " ")), class_=f"badge {_STATES.get(tier.state, '')}".strip())
    left = f"and {len(tier.deciding) - _NAMED} more" if len(tier.deciding) > _NAMED else ""
    return " ".join(filter(None, (text(tier.title), state, text(", ".join(tier.deciding[:_NAMED])), left)))


def _matrix(found: Comparison, rows: Sequence[Row], nothing: str) -> str:
    """Requirements by runs, a sign for each verdict."""
    if not rows:
        return f"<p>{nothing}</p>"
    names = "".join(f'<th scope="col">{text(column.name)}</th>' for column in found.columns)
    lines = "".join(_line(row) for row in rows)
    return f'<div class="scroll"><table><tr><th scope="col">requirement</th>{names}</tr>{lines}</table></div>'


def _line(row: Row) -> str:
    name = element("a", text(row.id), href=f"#{row.id}") if row.difference in HEADINGS else text(row.id)
    marks = "".join(f"<td>{_mark(cell)}</td>" for cell in row.cells)
    return f'<tr><th scope="row">{name} <span class="small">{text(row.statement)}</span></th>{marks}</tr>'


def _mark(cell: Cell | None) -> str:
    words = text(verdict_words(cell))
    if cell is None:
        return f'<span class="small">{words}</span>'
    sign = element("span", SIGNS[cell.verdict], class_=f"cell {cell.verdict}", aria_hidden="true")
    return f'{sign} <span class="small">{words}</span>'


def _differences(found: Comparison) -> Iterator[str]:
    for kind, heading in HEADINGS.items():
        rows = found.of(kind)
        if rows:
            yield f"<h2>{text(heading)}: {len(rows)}</h2>{_articles(rows, found.columns)}"


def _articles(rows: Iterable[Row], columns: Sequence[Column]) -> str:
    return "".join(_article(row, columns) for row in rows)


def _article(row: Row, columns: Sequence[Column]) -> str:
    cells = "".join(_said(column.name, cell) for column, cell in zip(columns, row.cells, strict=True))
    head = f"<h3>{text(row.id)}</h3><p>{text(row.statement, 1000)}</p>"
    return element("article", f'{head}<div class="cells">{cells}</div>', id=row.id)


def _said(name: str, cell: Cell | None) -> str:
    """What one run says of a requirement."""
    badge = element("span", text(verdict_words(cell)), class_=f"badge {cell.verdict if cell else ''}".strip())
    head = f"<h4>{text(name)}</h4><p>{badge}{f' {text(cell.level)}' if cell else ''}</p>"
    if cell is None:
        return f"<section>{head}</section>"
    reason = element("p", text(cell.reason), class_="small") if cell.reason else ""
    left = more(len(cell.cases))
    cases = [*map(_case, cell.cases[:MOST_CASES]), *([left] if left else [])]
    return f"<section>{head}{reason}{listed(cases)}</section>"


def _case(case: Case) -> str:
    told = text(case.short, LONGEST)
    if not (case.expected or case.seen):
        return told
    expected = element("span", text(case.expected, LONGEST), class_="expected")
    return f"{told}: expected {expected}, seen {element('span', text(case.seen, LONGEST), class_='seen')}"
