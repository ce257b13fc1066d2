"""What a baseline makes of a graded run: what fails it, and what is only told. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from conformance.contract import Level
from conformance.gate.baseline import Baseline, Entry
from conformance.gate.sightings import UNSEEN, Sighting, sightings
from conformance.reporting.facts import Baselined
from conformance.verdicts.exits import gated_keys
from conformance.verdicts.graded import Graded
from conformance.verdicts.keys import violated_keys

Known = Callable[[Entry], bool]  #: whether an entry names something: a requirement, and a case of it if it names one


@dataclass(frozen=True, slots=True)
class Told:
    """One line about an entry, and whether it fails the run."""

    line: str
    fails: bool = True


def waived_keys(baseline: Baseline, profile: str, today: date) -> frozenset[str]:
    """The keys whose violation fails nothing in a run under this profile, on this day."""
    entries = (*baseline.violations, *baseline.flaky)
    return frozenset(entry.key for entry in entries if entry.binds(profile) and today <= entry.expires)


def judged(graded: Graded, baseline: Baseline, today: date, gate: Level, known: Known) -> Baselined:
    """What the baseline makes of the run."""
    profile = graded.run.terms.profile.name
    seen, violated = sightings(graded), violated_keys(graded)
    waived = waived_keys(baseline, profile, today)
    listed = {entry.key for entry in (*baseline.violations, *baseline.flaky) if entry.binds(profile)}
    unlisted = tuple(key for key in gated_keys(graded, gate) if key not in listed)
    told = list(_told(baseline, profile, seen, today, known))
    return Baselined(
        waived,
        sum(key in waived for key in violated),
        unlisted,
        (*map(_unlisted, unlisted), *(each.line for each in told if each.fails)),
        tuple(each.line for each in told if not each.fails),
    )


def _unlisted(key: str) -> str:
    requirement, _, case = key.partition(" ")
    entry = f"requirement {requirement}" + (f" and case {case!r}" if case else " and no case")
    return f"{key} is violated and not in the baseline: repair it, or accept it in an entry with {entry}"


def _told(baseline: Baseline, profile: str, seen: Mapping[str, Sighting], today: date, known: Known) -> Iterator[Told]:
    for judge, entries in ((_listed, baseline.violations), (_flaky, baseline.flaky)):
        for entry in entries:
            if entry.binds(profile):
                told = _wrong(entry, today, known) or judge(entry, seen.get(entry.key, UNSEEN))
                yield from [told] if told else []


def _wrong(entry: Entry, today: date, known: Known) -> Told | None:
    if not known(entry):
        return Told(f"{entry.key} names nothing in the catalogue: correct the entry, or remove it")
    if today > entry.expires:
        why = f" ({entry.issue})" if entry.issue else ""
        return Told(
            f"{entry.key} expired on {entry.expires}: repair it and remove the entry, or give it a later date{why}"
        )
    return None


def _listed(entry: Entry, sighting: Sighting) -> Told | None:
    if sighting.findings:
        return None
    if sighting.is_gone(entry.kinds):
        return Told(f"{entry.key} is gone, it was observed and held: remove the entry, or move it to flaky")
    left = sorted(set(entry.kinds) - sighting.held)
    what = f"observed, but not with {', '.join(left)}" if sighting.held and left else "not observed"
    return Told(f"{entry.key} was {what} in this run: the entry stays", fails=False)


def _flaky(entry: Entry, sighting: Sighting) -> Told | None:
    seen = "violated" if sighting.findings else "observed and held" if sighting.held else "not observed"
    return Told(f"{entry.key} is known to be flaky: {seen} in this run", fails=False)
