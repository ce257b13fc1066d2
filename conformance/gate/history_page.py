"""History as one self-contained HTML page with latencies as a plot. Template: `reports/templates/history.html`."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import escape
from string import Template

from conformance._paths import TEMPLATES
from conformance.gate.history_text import latency_text, marks_of
from conformance.gate.nights import PERCENTS, Kept, Night, Percentiles, Present, Series
from conformance.reporting.clean import clean

PLOTTED = 400  #: runs in a plot, the last ones
LISTED = 60  #: runs in the table, the last ones

_WIDTH, _HEIGHT = 520, 200  #: of a plot, in pixels
_LEFT, _TOP, _RIGHT, _BOTTOM = 50, 14, 12, 24  #: its margins
_PLOTS = (("time to the first byte", "first_byte"), ("time to the end of the answer", "whole"))


@cache
def _template() -> Template:
    return Template((TEMPLATES / "history.html").read_text(encoding="utf-8"))


def history_page(found: Sequence[Series]) -> str:
    """The page: for each target and profile what changed, what is violated and since when, plots, and the last runs."""
    return _template().substitute(series="\n".join(map(_series, found)))


def _series(each: Series) -> str:
    last = each.last
    parts = (
        f"<section><h2>{_shown(last.target)}, profile {_shown(last.profile)}</h2>",
        f'<p class="{"bad" if last.exit else "good"}">{_shown(last.started)}: {_shown(last.verdict)}</p>',
        _changes(each),
        _present(each.present),
        f'<div class="plots">{"".join(_figure(title, name, each.nights[-PLOTTED:]) for title, name in _PLOTS)}</div>',
        _runs(each.nights[-LISTED:]),
        "</section>",
    )
    return "\n".join(parts)


def _shown(text: str) -> str:
    """What a target may have sent, made harmless."""
    return escape(clean(text))


def _changes(each: Series) -> str:
    if len(each.nights) == 1:
        return "<p>There is no earlier run to compare with.</p>"
    rows = [*(_change("new", kept) for kept in each.new), *(_change("gone", kept) for kept in each.gone)]
    return _table("Since the run before", ("", "case", "expected", "seen"), rows) if rows else "<p>Nothing changed.</p>"


def _change(word: str, kept: Kept) -> str:
    return f'<tr><td class="{word}">{word}</td>{_cells(kept.key, kept.expected, kept.seen)}</tr>'


def _present(rows: Iterable[Present]) -> str:
    told = [
        f"<tr>{_cells(row.kept.key, ', '.join((row.kept.level, *marks_of(row.kept))), row.since, row.kept.seen)}</tr>"
        for row in rows
    ]
    return _table("Violated", ("case", "level", "since", "seen"), told) if told else "<p>Nothing is violated.</p>"


def _runs(nights: Sequence[Night]) -> str:
    rows = [
        f"<tr>{_cells(night.started, str(night.exit), night.verdict, night.model, str(night.requests))}"
        f"{_cells(latency_text(night.first_byte), latency_text(night.whole))}</tr>"
        for night in reversed(nights)
    ]
    head = ("run", "exit", "verdict", "model", "requests", "first byte", "whole")
    return _table("Runs, the last one first", head, rows)


def _table(title: str, head: Iterable[str], rows: Iterable[str]) -> str:
    names = "".join(f"<th>{name}</th>" for name in head)
    return f'<h3>{title}</h3><div class="scroll"><table><tr>{names}</tr>{"".join(rows)}</table></div>'


def _cells(*texts: str) -> str:
    return "".join(f"<td>{_shown(text)}</td>" for text in texts)


def _figure(title: str, name: str, nights: Sequence[Night]) -> str:
    values = [_percentiles(night, name) for night in nights]
    most = max((value for row in values for value in row if value is not None), default=0.0)
    lines = "".join(_line(values, index, most) for index in range(len(PERCENTS)))
    marks = "".join(_mark(night, _percentiles(night, name), number, nights) for number, night in enumerate(nights))
    legend = "".join(f'<i class="p{percent}"></i> p{percent}' for percent in PERCENTS)
    head = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title} over time, in seconds">'
    caption = f'<figcaption class="legend">{title}, in seconds:{legend}</figcaption>'
    return f"<figure>{head}{_axes(nights, most)}{lines}{marks}</svg>{caption}</figure>"


def _percentiles(night: Night, name: str) -> Percentiles:
    return night.whole if name == "whole" else night.first_byte


def _x(number: int, count: int) -> float:
    """Where a run stands: the only one in the middle, else from edge to edge."""
    width = _WIDTH - _LEFT - _RIGHT
    return round(_LEFT + (width / 2 if count == 1 else width * number / (count - 1)), 1)


def _y(value: float, most: float) -> float:
    height = _HEIGHT - _TOP - _BOTTOM
    return round(_TOP + height * (1 - value / most if most else 1), 1)


def _line(values: Sequence[Percentiles], index: int, most: float) -> str:
    """One percentile as a path with gaps where nothing was served, a dot where a run stands alone."""
    steps = "".join(_steps([row[index] for row in values], most))
    return f'<path class="p{PERCENTS[index]}" stroke-linecap="round" d="{steps}"/>'


def _steps(column: Sequence[float | None], most: float) -> Iterator[str]:
    drawing = False
    for number, value in enumerate(column):
        if value is not None:
            x, y = _x(number, len(column)), _y(value, most)
            yield f"L{x} {y}" if drawing else f"M{x} {y}h.1"
        drawing = value is not None


def _mark(night: Night, values: Percentiles, number: int, nights: Sequence[Night]) -> str:
    """What a reader sees who points at a run."""
    width = max((_WIDTH - _LEFT - _RIGHT) / len(nights), 2)
    x = _x(number, len(nights)) - width / 2
    title = f"<title>{_shown(night.started)}: {latency_text(values)}</title>"
    return f'<rect x="{x:.1f}" y="{_TOP}" width="{width:.1f}" height="{_HEIGHT - _TOP - _BOTTOM}" fill="transparent">' \
        f"{title}</rect>"  # fmt: skip


def _axes(nights: Sequence[Night], most: float) -> str:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    first, last = (_shown(night.started[:10]) for night in (nights[0], nights[-1]))
    return (
        f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>'
        f'<text x="{_LEFT - 4}" y="{_TOP + 9}" text-anchor="end">{most:.3g}</text>'
        f'<text x="{_LEFT - 4}" y="{bottom}" text-anchor="end">0</text>'
        f'<text x="{_LEFT}" y="{bottom + 15}">{first}</text>'
        f'<text x="{right}" y="{bottom + 15}" text-anchor="end">{last}</text>'
    )
