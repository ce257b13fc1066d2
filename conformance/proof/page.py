"""The matrix as one self-contained HTML page. Template: `reports/templates/proof.html`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from string import Template

from conformance._paths import TEMPLATES
from conformance.contract import Requirement
from conformance.proof.matrix import Row, State
from conformance.proof.record import Matrix, counts, wrongs
from conformance.proof.subjects import Kind

_CELL = 4  #: pixels
_CLASSES: Mapping[State, str] = {
    State.KILLED: "good",
    State.NOTED: "note",
    State.SILENT: "good",
    State.MISNAMED: "bad",
    State.SURVIVED: "bad",
    State.ALARM: "bad",
    State.CRASHED: "bad",
}


@cache
def _template() -> Template:
    return Template((TEMPLATES / "proof.html").read_text(encoding="utf-8"))


def page(matrix: Matrix) -> str:
    """The page: the verdict, and by profile what is left unproved, the grid, the requirements, the legal habits."""
    return _template().substitute(
        verdict="proved" if matrix.holds else "not proved",
        scope=_scope(matrix),
        harness=escape(matrix.harness),
        catalogue=matrix.catalogue.version,
        profiles="\n".join(_profile(matrix, name) for name in matrix.profiles),
    )


def _scope(matrix: Matrix) -> str:
    sent = "the whole suite against every fault" if matrix.whole else "what the requirement of each fault needs"
    return f"{sent}, each in one profile, beside a few legal endpoints" if matrix.reduced else sent


def _profile(matrix: Matrix, profile: str) -> str:
    return "\n".join(
        (
            f'<section id="{profile}"><h2>{profile}</h2>',
            _totals(matrix, profile),
            _wrong(matrix, profile),
            _grid(matrix, profile),
            _requirements(matrix, profile),
            _legal(matrix, profile),
            "</section>",
        )
    )


def _totals(matrix: Matrix, profile: str) -> str:
    told = (f"<li><b>{number}</b> {state}</li>" for state, number in counts(matrix.of(profile)).items() if number)
    return f'<ul class="totals">{"".join(told)}</ul>'


def _wrong(matrix: Matrix, profile: str) -> str:
    told = "".join(f"<li>{escape(text)}</li>" for text in wrongs(matrix, profile))
    return f'<ul class="wrong">{told}</ul>' if told else "<p>Nothing is left unproved, nothing raised an alarm.</p>"


def _grid(matrix: Matrix, profile: str) -> str:
    """One column for each fault, one line for each requirement, both in the order of the catalogue."""
    places = {name: number for number, name in enumerate(matrix.catalogue.requirements)}
    faults = sorted(matrix.of(profile, Kind.FAULT), key=lambda row: places[row.subject.requirement])
    width, height = len(faults) * _CELL, len(places) * _CELL
    cells = "".join(cell for column, row in enumerate(faults) for cell in _cells(row, column, places))
    head = f'<svg class="grid" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
    label = f'aria-label="requirements by faults of {profile}"'
    legend = (
        '<p class="legend"><i class="good"></i> named as it should be <i class="note"></i> follows by entailment, '
        'or a note <i class="bad"></i> survived, or named without explanation</p>'
    )
    return f'<h3>Requirement × fault</h3>{legend}<div class="scroll">{head} {label}>{cells}</svg></div>'


def _cells(row: Row, column: int, places: Mapping[str, int]) -> Iterator[str]:
    own = (row.subject.requirement, _CLASSES[row.state])
    for name, kind in (own, *((n, "note") for n in row.explained), *((n, "bad") for n in row.stray)):
        title = escape(f"{row.subject.name} × {name}")
        place = f'x="{column * _CELL}" y="{places[name] * _CELL}" width="{_CELL}" height="{_CELL}"'
        yield f'<rect class="{kind}" {place}><title>{title}</title></rect>'


def _requirements(matrix: Matrix, profile: str) -> str:
    faults: dict[str, list[Row]] = {}
    for row in matrix.of(profile, Kind.FAULT):
        faults.setdefault(row.subject.requirement, []).append(row)
    told = (
        _requirement(requirement, profile, faults.get(name, []))
        for name, requirement in matrix.catalogue.requirements.items()
    )
    head = "<tr><th>requirement</th><th>level</th><th>faults</th></tr>"
    return _table("Requirements and the faults that prove them", head, told)


def _table(title: str, head: str, rows: Iterable[str]) -> str:
    return f'<h3>{title}</h3><div class="scroll"><table>{head}{"".join(rows)}</table></div>'


def _requirement(requirement: Requirement, profile: str, rows: Sequence[Row]) -> str:
    chips = " ".join(map(_chip, rows)) or "none"
    name = f'<th title="{escape(requirement.statement)}">{requirement.id}</th>'
    return f"<tr>{name}<td>{requirement.level(profile)}</td><td>{chips}</td></tr>"


def _chip(row: Row) -> str:
    subject, beside = row.subject, (*row.explained, *row.stray)
    said = row.why or row.outcome.evidence.get(subject.requirement, "")
    more = f"; also {', '.join(beside)}" if beside else ""
    return f'<span class="chip {_CLASSES[row.state]}" title="{escape(said + more)}">{escape(subject.name)}</span>'


def _legal(matrix: Matrix, profile: str) -> str:
    told = (_habit(row) for row in matrix.of(profile) if row.subject.legal)
    return _table("Legal habits", "<tr><th>endpoint</th><th>variations</th><th>outcome</th></tr>", told)


def _habit(row: Row) -> str:
    said = escape(row.why or str(row.state))
    names = escape(", ".join(row.subject.variations))
    return f'<tr><th>{escape(row.subject.name)}</th><td>{names}</td><td class="{_CLASSES[row.state]}">{said}</td></tr>'
