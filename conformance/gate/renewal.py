"""The baseline that runs give: every violation they show, with what was written about those that were known. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from conformance.gate.baseline import Baseline, Entry
from conformance.gate.judging import Known
from conformance.gate.repeat import sometimes
from conformance.gate.sightings import UNSEEN, Sighting, sightings
from conformance.verdicts.graded import Graded
from conformance.verdicts.keys import violated_keys


@dataclass(frozen=True, slots=True)
class Terms:
    """What is written about a violation that is new; what is given replaces what was written about the others too."""

    reason: str = ""
    expires: date | None = None
    flaky: str = ""  #: the reason of one that comes and goes; that of the others where it is ""


@dataclass(frozen=True, slots=True)
class Renewal:
    """The baseline with what became of its entries, by key: `kept` are violated still, of `unseen` nothing was seen."""

    baseline: Baseline
    new: tuple[str, ...]
    kept: tuple[str, ...]
    unseen: tuple[str, ...]
    gone: tuple[str, ...]
    flaky: tuple[str, ...] = ()  #: what is listed as flaky from now on


def renewed(runs: Sequence[Graded], known: Baseline, given: Terms, default: Terms, names: Known) -> Renewal:
    """The baseline of runs under one profile. Entries of other profiles stay, and so does what is known to be flaky.

    What some of the runs violate and others saw hold is flaky. `default` holds what is written about a new violation
    where nothing is given; `names` says whether an entry names something.
    """
    profile = runs[0].run.terms.profile.name
    seen, now_and_then = _joined(map(sightings, runs)), sometimes(runs)
    violated = dict.fromkeys(key for run in runs for key in violated_keys(run))
    own = {entry.key: entry for entry in known.violations if entry.binds(profile)}
    flaky = {entry.key for entry in known.flaky if entry.binds(profile)}
    all_kept = {key: _kept(entry, given, seen.get(key, UNSEEN)) for key, entry in own.items() if key in violated}
    rare = replace(default, reason=default.flaky or default.reason)
    all_new = {
        key: _new(key, profile, given, rare if key in now_and_then else default, seen[key])
        for key in violated
        if key not in own.keys() | flaky
    }
    kept, new = (_without(rows, now_and_then) for rows in (all_kept, all_new))
    fresh = {key: entry for key, entry in (all_kept | all_new).items() if key in now_and_then}
    unseen = {
        key: entry
        for key, entry in own.items()
        if key not in violated and names(entry) and not seen.get(key, UNSEEN).is_gone(entry.kinds)
    }
    others = {entry.key + entry.profile: entry for entry in known.violations if not entry.binds(profile)}
    entries, late = _sorted({**others, **kept, **new, **unseen}, runs[0]), tuple(_sorted(fresh, runs[0]))
    gone = tuple(key for key in own if key not in all_kept and key not in unseen)
    return Renewal(
        Baseline(tuple(entries), (*known.flaky, *late)), tuple(new), tuple(kept), tuple(unseen), gone, tuple(fresh)
    )


def _joined(runs: Iterable[Mapping[str, Sighting]]) -> dict[str, Sighting]:
    """What all of them saw, by key."""
    found: dict[str, Sighting] = {}
    for key, sighting in (row for run in runs for row in run.items()):
        found[key] = found.get(key, UNSEEN).joined(sighting)
    return found


def _without(rows: Mapping[str, Entry], keys: frozenset[str]) -> dict[str, Entry]:
    return {key: entry for key, entry in rows.items() if key not in keys}


def _kept(entry: Entry, given: Terms, sighting: Sighting) -> Entry:
    kinds = tuple(sorted({*entry.kinds} - sighting.held | {*_kinds(sighting)}))
    return replace(entry, reason=given.reason or entry.reason, expires=given.expires or entry.expires, kinds=kinds)


def _new(key: str, profile: str, given: Terms, default: Terms, sighting: Sighting) -> Entry:
    requirement, _, case = key.partition(" ")
    expires = given.expires or default.expires or date.max
    return Entry(requirement, case, given.reason or default.reason, expires, "", profile, _kinds(sighting))


def _kinds(sighting: Sighting) -> tuple[str, ...]:
    return tuple(sorted(sighting.broken - {""}))


def _sorted(entries: Mapping[str, Entry], graded: Graded) -> Iterator[Entry]:
    """In the order of the catalogue, what it does not know last."""
    places = {name: number for number, name in enumerate(graded.run.terms.catalogue.requirements)}
    last = len(places)
    return iter(sorted(entries.values(), key=lambda row: (places.get(row.requirement, last), row.case, row.profile)))
