"""The baseline that a run gives: every violation it shows, with what was written about those that were known. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from conformance.gate.baseline import Baseline, Entry
from conformance.gate.judging import Known
from conformance.gate.sightings import UNSEEN, Sighting, sightings
from conformance.verdicts.fold import Graded
from conformance.verdicts.keys import violated_keys


@dataclass(frozen=True, slots=True)
class Terms:
    """What is written about a violation that is new; what is given replaces what was written about the others too."""

    reason: str = ""
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """The baseline with what became of its entries, by key: `kept` are violated still, of `unseen` nothing was seen."""

    baseline: Baseline
    new: tuple[str, ...]
    kept: tuple[str, ...]
    unseen: tuple[str, ...]
    gone: tuple[str, ...]


def renewed(graded: Graded, known: Baseline, given: Terms, default: Terms, names: Known) -> Renewal:
    """The baseline of a run. Entries of other profiles stay as they are, and so does what is known to be flaky.

    `default` holds what is written about a new violation where nothing is given; `names` says whether an entry names
    something.
    """
    profile = graded.run.terms.profile.name
    seen, violated = sightings(graded), violated_keys(graded)
    own = {entry.key: entry for entry in known.violations if entry.binds(profile)}
    flaky = {entry.key for entry in known.flaky if entry.binds(profile)}
    kept = {key: _kept(entry, given, seen.get(key, UNSEEN)) for key, entry in own.items() if key in violated}
    new = {key: _new(key, profile, given, default, seen[key]) for key in violated if key not in own.keys() | flaky}
    unseen = {
        key: entry
        for key, entry in own.items()
        if key not in violated and names(entry) and not seen.get(key, UNSEEN).is_gone(entry.kinds)
    }
    others = {entry.key + entry.profile: entry for entry in known.violations if not entry.binds(profile)}
    entries = _sorted({**others, **kept, **new, **unseen}, graded)
    gone = tuple(key for key in own if key not in kept and key not in unseen)
    return Renewal(Baseline(tuple(entries), known.flaky), tuple(new), tuple(kept), tuple(unseen), gone)


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
