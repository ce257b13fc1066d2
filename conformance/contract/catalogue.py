"""The catalogue of requirements: the clauses that can be tested, with a level per profile.

Source: `schemas/catalogue.yaml` (version, areas) and `schemas/requirements/<area>.yaml` (entries).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from conformance._paths import SCHEMAS
from conformance.contract._reading import ContractError, Entry, frozen, read_yaml
from conformance.contract.profiles import Profile, load_profiles


class Level(StrEnum):
    """How binding a requirement is under a profile."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"

    @property
    def rank(self) -> int:
        """0 for MAY, 1 for SHOULD, 2 for MUST: greater binds more."""
        return _RANKS[self]


_RANKS = {Level.MAY: 0, Level.SHOULD: 1, Level.MUST: 2}


class Basis(StrEnum):
    """What a requirement rests on."""

    DOCUMENTED = "documented"  #: the endpoint's page, vendor documentation, an official schema, an RFC
    SDK_IMPLIED = "sdk-implied"  #: official client code, or a measurement of it, needs this
    OBSERVED = "observed"  #: recorded traffic or verbatim live errors in public issues
    JUDGEMENT = "judgement"  #: our own


class ProbeClass(StrEnum):
    """What it takes to see a requirement put to the test."""

    WIRE = "wire"  #: status, headers or shape decide; the model's text does not matter
    GEN = "gen"  #: any one successful generation
    COOP = "coop"  #: the model has to do something, else the outcome is inconclusive
    COND = "cond"  #: only if the event happens to occur
    LOAD = "load"  #: parallel or abandoned requests


@dataclass(frozen=True, slots=True)
class Requirement:
    """One testable clause."""

    id: str
    area: str
    statement: str
    levels: Mapping[str, Level] = field(hash=False)  #: by profile name
    basis: Basis
    probe: ProbeClass
    source: str
    how: str  #: how it is put to the test
    fault: str  #: a breach as it occurs in practice
    note: str | None = None
    inconclusive: str | None = None  #: when no verdict can be had
    expect: Mapping[str, str] = field(default_factory=dict, hash=False)  #: by profile, where they differ
    api_version: str | None = None  #: the `anthropic-version` under which it is tested, None for the default
    capability: str | None = None  #: not applicable unless the target claims it
    entails: tuple[str, ...] = ()  #: requirements that a breach of this one breaks as well, wherever it shows
    changed: str | None = None  #: why the entry departs from the catalogue as first compiled
    excluded: str | None = None  #: why nothing tests it, in words that a vendor would accept
    since: int | None = None  #: the version of the catalogue from which on its verdict counts, None for the first

    def level(self, profile: str) -> Level:
        """The level under the named profile; KeyError for a profile the catalogue does not know."""
        return self.levels[profile]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every requirement, by id, in the order of areas and files."""

    version: int
    requirements: Mapping[str, Requirement] = field(hash=False)
    titles: Mapping[str, str] = field(hash=False)  #: area -> its heading, in order

    def areas(self) -> tuple[str, ...]:
        """The areas in order, for example ("AUTH", "HDR", …)."""
        return tuple(self.titles)

    def counts(self, identifier: str) -> bool:
        """Whether a requirement belongs to this version; KeyError for an unknown id."""
        return (self.requirements[identifier].since or 1) <= self.version

    def scored(self, identifier: str) -> bool:
        """Whether its verdict counts: it belongs to this version and is not excluded. KeyError for an unknown id."""
        return self.counts(identifier) and not self.requirements[identifier].excluded

    def select(self, globs: Iterable[str]) -> tuple[Requirement, ...]:
        """The requirements whose id matches any of the shell patterns (`STRM-*`, `strm-014`), in catalogue order."""
        patterns = tuple(glob.upper() for glob in globs)
        return tuple(
            requirement
            for id_, requirement in self.requirements.items()
            if any(fnmatchcase(id_, pattern) for pattern in patterns)
        )


_TEXTS = ("statement", "source", "how", "fault")
_OPTIONAL_TEXTS = ("note", "inconclusive", "api_version", "capability", "changed", "excluded")
_KEYS = frozenset((*_TEXTS, *_OPTIONAL_TEXTS, "id", "levels", "basis", "probe", "expect", "entails", "since"))
_Profiles = Mapping[str, Profile]


def _levels(entry: Entry, profiles: _Profiles) -> Mapping[str, Level]:
    levels = entry.entry("levels")
    levels.only(profiles)
    return frozen({name: levels.member(levels.value(name), Level, "level") for name in profiles})


def _expect(entry: Entry, profiles: _Profiles) -> Mapping[str, str]:
    if "expect" not in entry.data:
        return frozen({})
    expect = entry.entry("expect")
    expect.only(profiles)
    return frozen({name: expect.text(name) for name in expect.data})


def _requirement(entry: Entry, area: str, profiles: _Profiles) -> Requirement:
    entry.only(_KEYS)
    texts: dict[str, Any] = {key: entry.text(key) for key in _TEXTS}
    texts |= {key: entry.optional_text(key) for key in _OPTIONAL_TEXTS}
    return Requirement(
        id=entry.text("id"),
        area=area,
        levels=_levels(entry, profiles),
        basis=entry.word("basis", Basis),
        probe=entry.word("probe", ProbeClass),
        expect=_expect(entry, profiles),
        entails=entry.texts("entails", ()),
        since=_since(entry),
        **texts,
    )


def _since(entry: Entry) -> int | None:
    since = entry.data.get("since")
    if since is not None and (type(since) is not int or since < 1):
        raise entry.refusal("needs a version of the catalogue, 1 or more, as 'since'")
    return since


def _check_words(requirement: Requirement, entry: Entry, profiles: _Profiles) -> None:
    """Refuse a capability or an API version that no profile knows."""
    capabilities = {word for profile in profiles.values() for word in profile.capabilities}
    versions = {word for profile in profiles.values() for word in profile.api_versions}
    if requirement.capability and requirement.capability not in capabilities:
        raise entry.refusal(f"has the unknown capability {requirement.capability!r}")
    if requirement.api_version and requirement.api_version not in versions:
        raise entry.refusal(f"has the unknown API version {requirement.api_version!r}")


def _check_entailments(requirements: Mapping[str, Requirement], folder: Path) -> None:
    for requirement in requirements.values():
        for other in requirement.entails:
            if other not in requirements or other == requirement.id:
                what = "itself" if other == requirement.id else f"the unknown requirement {other!r}"
                file = folder / "requirements" / f"{requirement.area.lower()}.yaml"
                raise ContractError(f"{file}, {requirement.id}, entails {what}.")


def _area(area: str, file: Path, profiles: _Profiles) -> Iterable[Requirement]:
    """The entries of one file; raise ContractError for an id that does not belong there."""
    whole = Entry(read_yaml(file), str(file))
    whole.only(("requirements",))
    for number, data in enumerate(whole.value("requirements") or ()):
        entry = Entry(data, f"{file}, entry {number},")
        entry.where = f"{file}, {entry.text('id')},"
        requirement = _requirement(entry, area, profiles)
        if requirement.id.rpartition("-")[0] != area:
            raise entry.refusal(f"does not belong to the area {area}")
        _check_words(requirement, entry, profiles)
        yield requirement


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Return the catalogue, checked as a whole.

    `folder` is a schemas folder (default: the one that travels with the package). Raises ContractError.
    """
    return _catalogue_in(folder or SCHEMAS)


@cache  # by the folder itself: named or not, it is read once
def _catalogue_in(folder: Path) -> Catalogue:
    head = Entry(read_yaml(folder / "catalogue.yaml"), str(folder / "catalogue.yaml"))
    head.only(("version", "areas", "terms", "sources"))
    if type(version := head.value("version")) is not int:
        raise head.refusal("needs an integer as 'version'")
    titles = head.entry("areas")
    found: dict[str, Requirement] = {}
    for area in titles.data:
        file = folder / "requirements" / f"{area.lower()}.yaml"
        for requirement in _area(area, file, load_profiles(folder)):
            if requirement.id in found:
                raise ContractError(f"{file}, {requirement.id}, occurs twice.")
            found[requirement.id] = requirement
    _check_entailments(found, folder)
    return Catalogue(version, frozen(found), frozen({area: titles.text(area) for area in titles.data}))
