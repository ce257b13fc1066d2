"""Which probes show which fault: what budgets are chosen from."""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from conformance.evidence.run import Item, Record, Run
from conformance.proof.field_reports import Fate, load_field_reports
from conformance.proof.runs import COSTLY, EVERYTHING, LIMITS, judged
from conformance.proof.subjects import Subject, clean, faulty
from conformance.proof.trial import COMPANIONS
from conformance.rules.findings import Finding
from conformance.verdicts import Graded

Ways = tuple[tuple[str, ...], ...]
"""Sets of probes, each of which is enough to show a fault."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a profile's runs showed: by fault its requirement and the ways to see it; what each probe sends to the clean
    endpoint, requests; which probe is sent for which."""

    requirements: Mapping[str, str] = field(default_factory=dict)
    ways: Mapping[str, Ways] = field(default_factory=dict)
    costs: Mapping[str, int] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


@cache
def reported() -> Mapping[str, int]:
    """By fault, how many public reports it stands for."""
    found: dict[str, int] = {}
    for row in load_field_reports():
        for name in row.ids if row.fate is Fate.CAUGHT else ():
            found[name] = found.get(name, 0) + len(row.reports)
    return found


def gathered(profile: str, jobs: int) -> Shown:
    """Run everything against each reported fault, and against every fault what its requirement needs; where that shows
    nothing, more."""
    subjects = faulty(profile)
    tasks = [(subject, False) for subject in subjects if subject.name in reported()]
    tasks += [(subject, True) for subject in subjects]
    found: dict[str, set[tuple[str, ...]]] = {subject.name: set() for subject in subjects}
    with get_context("spawn").Pool(jobs) as pool:
        base = pool.apply_async(_clean, (profile,))
        for name, ways in pool.imap_unordered(_ways, tasks):
            found[name].update(ways)
        costs, aliases = base.get()
    sorted_ways = {name: tuple(sorted(rows, key=lambda way: (len(way), way))) for name, rows in found.items()}
    return Shown({subject.name: subject.requirement for subject in subjects}, sorted_ways, costs, aliases)


def _clean(profile: str) -> tuple[dict[str, int], dict[str, str]]:
    run = _graded(clean(profile), ()).run
    costs: dict[str, int] = {}
    for record in run.records:
        costs[record.probe] = costs.get(record.probe, 0) + 1
    return costs, dict(run.aliases)


def _ways(task: tuple[Subject, bool]) -> tuple[str, Ways]:
    subject, own = task
    needs: tuple[tuple[str, ...], ...] = ((subject.requirement,), (subject.requirement, *COMPANIONS), ())
    found = (ways_in(_graded(subject, only), subject.requirement) for only in (needs if own else needs[-1:]))
    return subject.name, next((ways for ways in found if ways), ())


def _graded(subject: Subject, only: Sequence[str]) -> Graded:
    with tempfile.TemporaryDirectory(prefix="shown-") as folder:
        include = COSTLY if only else ()
        return judged(
            subject.profile, Path(folder), *subject.faults, only=only, limits=LIMITS, reports=False, include=include,
            **EVERYTHING,
        ).graded  # fmt: skip


def ways_in(graded: Graded, requirement: str) -> Ways:
    """The probes behind each violation of a requirement, or note about it."""
    row, run = graded.judgements[requirement], graded.run
    items, records = {item.key: item for item in run.items}, {record.seq: record for record in run.records}
    found = (_behind(finding, items, records, run) for finding in (*row.violations, *row.notes))
    return tuple(sorted({way for way in found if way}))


def _behind(finding: Finding, items: Mapping[str, Item], records: Mapping[int, Record], run: Run) -> tuple[str, ...]:
    item = items.get(f"{finding.requirement} {finding.case}") if finding.case else None
    if item is None:
        record = records.get(finding.where.exchange or 0)
        return (record.probe,) if record else ()
    return tuple(sorted({run.aliases.get(name, name) for name in (*item.probes, item.control) if name}))


def written(shown: Mapping[str, Shown]) -> str:
    """As JSON, by profile."""
    return json.dumps({name: _plain(each) for name, each in shown.items()}, indent=1) + "\n"


def _plain(shown: Shown) -> dict[str, Any]:
    return {name: dict(getattr(shown, name)) for name in ("requirements", "ways", "costs", "aliases")}


def read(text: str) -> dict[str, Shown]:
    """The inverse of `written`."""
    return {profile: Shown(**{**value, "ways": _tuples(value["ways"])}) for profile, value in json.loads(text).items()}


def _tuples(ways: Mapping[str, Iterable[Iterable[str]]]) -> dict[str, Ways]:
    return {name: tuple(tuple(way) for way in rows) for name, rows in ways.items()}
