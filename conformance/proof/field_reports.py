"""Defects that were reported in public, each with the fault that does the same, or with why none can.

Source: `schemas/field-reports.yaml`. What a report violates is not written there: it follows from its faults.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from conformance._paths import SCHEMAS
from conformance.contract._reading import ContractError, Entry, read_yaml
from conformance.reference.faults import FAULTS
from conformance.reference.seams import Fault
from conformance.reference.variations import VARIATIONS

PROVEN = frozenset({"killed", "noted"})
"""States of a fault in the proof that say that a run tells of it."""
NEVER = "not run"

Proved = Mapping[str, Mapping[str, str]]
"""Fault id -> profile -> what came of it in the proof."""


class Fate(StrEnum):
    """What the harness makes of a report. The values are the keys of the file."""

    CAUGHT = "faults"
    FREE = "free"
    UNSEEN = "unseen"
    LEGAL = "variations"


@dataclass(frozen=True, slots=True)
class Report:
    """One public report: `repo` (owner/name) and the number of its thread there."""

    id: str
    repo: str
    number: int

    @property
    def thread(self) -> str:
        """The thread as it is cited: repo#number."""
        return f"{self.repo}#{self.number}"


@dataclass(frozen=True, slots=True)
class Row:
    """Reports of one class with one fate. `ids` are faults or variations, `reason` is why there are none."""

    name: str
    reports: tuple[Report, ...]
    fate: Fate
    ids: tuple[str, ...] = ()
    reason: str = ""


def _report(data: object, where: str) -> Report:
    entry = Entry(data, where)
    entry.only(("id", "repo", "number"))
    number = entry.value("number")
    if type(number) is not int or number < 1:
        raise entry.refusal("needs the number of a thread, 1 or more, as 'number'")
    return Report(entry.text("id"), entry.text("repo"), number)


def _row(data: object, where: str, known: Mapping[Fate, Collection[str]]) -> Row:
    entry = Entry(data, where)
    entry.only(("class", "records", *Fate))
    entry.where = where = f"{where} ({entry.text('class')})"
    fates = [fate for fate in Fate if fate in entry.data]
    if len(fates) != 1:
        raise entry.refusal(f"needs exactly one of {', '.join(Fate)}")
    records = entry.value("records")
    if not isinstance(records, list) or not records:
        raise entry.refusal("needs a list of reports as 'records'")
    reports = tuple(_report(record, f"{where}, record {number},") for number, record in enumerate(records, 1))
    fate = fates[0]
    if fate not in known:
        return Row(entry.text("class"), reports, fate, reason=entry.text(fate))
    ids = entry.texts(fate)
    unknown = [name for name in ids if name not in known[fate]]
    if unknown or not ids:
        raise entry.refusal(f"names the unknown {unknown[0]!r} in {fate.value!r}" if ids else f"has no {fate.value}")
    return Row(entry.text("class"), reports, fate, ids)


def read(file: Path, faults: Iterable[str], variations: Iterable[str]) -> tuple[Row, ...]:
    """The rows of a file, in its order.

    Raises ValueError in one sentence where an id is not among `faults` or `variations`, where a report occurs twice,
    or where there are not as many reports as the file says.
    """
    whole = Entry(read_yaml(file), str(file))
    whole.only(("records", "rows"))
    known = {Fate.CAUGHT: frozenset(faults), Fate.LEGAL: frozenset(variations)}
    listed = whole.value("rows") or ()
    rows = tuple(_row(data, f"{file}, row {number}", known) for number, data in enumerate(listed, 1))
    counts = Counter(report.id for row in rows for report in row.reports)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise ContractError(f"{file} has the report {twice[0]} {counts[twice[0]]} times.")
    if len(counts) != whole.value("records"):
        raise ContractError(f"{file} has {len(counts)} reports, and should have {whole.value('records')}.")
    return rows


@cache
def load_field_reports() -> tuple[Row, ...]:
    """The rows that travel with the package, checked against the faults and variations there are. Raises ValueError."""
    file = SCHEMAS / "field-reports.yaml"
    return read(file, (fault.id for fault in FAULTS), (variation.id for variation in VARIATIONS))


HEAD = """# Field reports

<!-- Written by `conformance prove`; an edit by hand is lost. -->

Defects that users reported in public against servers, gateways and clients of the Messages API: {total} of them, by
what went wrong. A report is no proof, and the thread it stands in may have been closed long ago; what counts here is
that the same can happen to any server. The reference endpoint therefore does on purpose what was reported (a *fault*),
and the proof shows that a run names it.

| what becomes of it | reports |
| --- | ---: |
{totals}
"""

FATES: Mapping[Fate, tuple[str, str, str]] = {
    Fate.CAUGHT: (
        "a fault of the reference endpoint does the same",
        "Caught",
        "What a run says of each fault: *killed* is a violation that names the requirement, *noted* a note that does.",
    ),
    Fate.FREE: (
        "the contract leaves it free",
        "Free",
        "No requirement forbids this: a check that did would alarm about servers that keep the contract.",
    ),
    Fate.UNSEEN: (
        "nobody can see it from outside one endpoint",
        "Unseen",
        "What would have to be looked at lies behind the endpoint, or in its client.",
    ),
    Fate.LEGAL: (
        "it is legal, and tried as a variation that must raise no alarm",
        "Legal habits",
        "Reports of checkers and clients that took a legal answer for a wrong one.",
    ),
}
"""How a fate is counted, its heading, and what is said below it."""


def page(reports: Sequence[Row], faults: Iterable[Fault], proved: Proved) -> str:
    """The page of all reports, in Markdown.

    `faults` are those there are, `proved` says what came of each by fault id and profile; what is not in it was not
    run. The same arguments always give the same page.
    """
    by_id = {fault.id: fault for fault in faults}
    parts = [HEAD.format(total=_count(reports), totals="\n".join(_totals(reports, by_id, proved)))]
    for fate, (_, title, said) in FATES.items():
        rows = [row for row in reports if row.fate is fate]
        if rows:
            lines = _caught(rows, by_id, proved) if fate is Fate.CAUGHT else _others(rows, fate)
            parts.append("\n".join((f"## {title} ({_count(rows)})\n", said + "\n", *lines)) + "\n")
    return "\n".join(parts)


def _count(rows: Iterable[Row]) -> int:
    return sum(len(row.reports) for row in rows)


def _totals(rows: Sequence[Row], faults: Mapping[str, Fault], proved: Proved) -> Iterator[str]:
    for fate, (said, _, _) in FATES.items():
        yield f"| {said} | {_count(row for row in rows if row.fate is fate)} |"
    caught = [row for row in rows if row.fate is Fate.CAUGHT]
    for profile in _profiles(faults.values()):
        told = (row for row in caught if _told(row, profile, faults, proved))
        yield f"| every such fault is told in a run under `{profile}` | {_count(told)} |"
    yield f"| **all** | **{_count(rows)}** |"


def _profiles(faults: Iterable[Fault]) -> tuple[str, ...]:
    """The profiles in which faults have a meaning, in the order in which they first occur."""
    return tuple(dict.fromkeys(profile for fault in faults for profile in fault.profiles))


def _states(row: Row, profile: str, faults: Mapping[str, Fault], proved: Proved) -> dict[str, str]:
    """What came of the faults of a row that mean something under a profile."""
    own = (name for name in row.ids if profile in faults[name].profiles)
    return {name: proved.get(name, {}).get(profile, NEVER) for name in own}


def _told(row: Row, profile: str, faults: Mapping[str, Fault], proved: Proved) -> bool:
    states = _states(row, profile, faults, proved)
    return bool(states) and PROVEN.issuperset(states.values())


def _caught(rows: Iterable[Row], faults: Mapping[str, Fault], proved: Proved) -> Iterator[str]:
    profiles = _profiles(faults.values())
    yield _cells(("class", "reports", "faults", "requirements", *profiles))
    yield _cells(["---"] * (4 + len(profiles)))
    for row in rows:
        requirements = dict.fromkeys(faults[name].requirement for name in row.ids)
        outcomes = (_outcome(_states(row, profile, faults, proved)) for profile in profiles)
        yield _cells((_name(row), _threads(row), _code(row.ids), ", ".join(requirements), *outcomes))


def _outcome(states: Mapping[str, str]) -> str:
    """One word where all faults came to the same, else each with its own."""
    words = dict.fromkeys(states.values())
    if len(words) == 1:
        return next(iter(words))
    return ", ".join(f"`{name}` {state}" for name, state in states.items()) or "no meaning here"


def _others(rows: Iterable[Row], fate: Fate) -> Iterator[str]:
    yield _cells(("class", "reports", "variations" if fate is Fate.LEGAL else "why"))
    yield _cells(["---"] * 3)
    yield from (_cells((_name(row), _threads(row), row.reason or _code(row.ids))) for row in rows)


def _name(row: Row) -> str:
    return f"`{row.name}`"


def _threads(row: Row) -> str:
    return ", ".join(report.thread for report in row.reports)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cells(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
