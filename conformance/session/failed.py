"""What failed in an earlier run, as a selection for the next one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.evidence.follow import read_run
from conformance.evidence.journal import JOURNAL, JournalError
from conformance.evidence.run import Item
from conformance.rules.findings import Kind
from conformance.settings.resolve import UsageError
from conformance.verdicts import Graded, Verdict, grade

_FAILING = frozenset({Verdict.FAILED, Verdict.WARNED})


@dataclass(frozen=True, slots=True)
class Failed:
    """The keys of items that failed or warned, and by requirement the probes whose exchanges showed it."""

    keys: frozenset[str]
    shown_by: Mapping[str, tuple[str, ...]]

    def narrowed(self, items: Iterable[Item], known: Iterable[str]) -> tuple[Item, ...]:
        """The items among them; a passive one asks for the probes that showed it, as far as they are known today."""
        probes = frozenset(known)
        return tuple(self._again(item, probes) for item in items if item.key in self.keys)

    def _again(self, item: Item, known: frozenset[str]) -> Item:
        shown = [probe for probe in self.shown_by.get(item.requirement, ()) if probe in known]
        return item if item.active else replace(item, probes=tuple(dict.fromkeys((*item.probes, *shown))))


def failed_in(path: Path) -> Failed:
    """What failed in the run of a journal or a run folder, by the rules of today. Raises UsageError."""
    file = path / JOURNAL if path.is_dir() else path
    try:
        found = failed_of(grade(read_run(file).run()))
    except JournalError as error:
        raise UsageError(str(error)) from None
    if not found.keys:
        raise UsageError(f"nothing failed in {file}: there is nothing to be run again; leave --only-failed out")
    return found


def failed_of(graded: Graded) -> Failed:
    """The same of a graded run. Where traffic alone violates a requirement, it is all items of that."""
    own = {row.item.key for row in graded.items if row.verdict in _FAILING}
    told = {row.item.requirement for row in graded.items if row.verdict in _FAILING}
    broken = {name for name, row in graded.judgements.items() if row.verdict in _FAILING} - told
    keys = own | {row.item.key for row in graded.items if row.item.requirement in broken}
    return Failed(frozenset(keys), _shown_by(graded))


def _shown_by(graded: Graded) -> Mapping[str, tuple[str, ...]]:
    probes = {record.seq: record.probe for record in graded.run.records}
    found: dict[str, dict[str, None]] = {}
    for name, row in graded.judgements.items():
        for finding in row.violations:
            if finding.kind is Kind.BROKEN and finding.where.exchange in probes:
                found.setdefault(name, {})[probes[finding.where.exchange]] = None
    return {name: tuple(rows) for name, rows in found.items()}
