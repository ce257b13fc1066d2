"""Tiers: what a target states of itself, as lists of requirements that are frozen with the catalogue's version.

Source: `schemas/tiers/<version>.yaml`. A result names a tier and the catalogue's version; what both mean must be the
same next year, so a list never changes: a requirement that is added later carries `since` and waits for the next
version.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance._paths import SCHEMAS
from conformance.contract._reading import ContractError, Entry, frozen, read_yaml
from conformance.contract.catalogue import Catalogue, load_catalogue

CORE = "core"  #: the tier that every target claims; all others are named after the capability they need


@dataclass(frozen=True, slots=True)
class Tier:
    """A named list of requirements, in catalogue order.

    `occasional` are those among them about something that a conforming answer need not contain (a ping, a second block,
    an optional count): where it never came, nothing was left untried.
    """

    name: str
    title: str
    requirements: tuple[str, ...]
    occasional: frozenset[str] = frozenset()

    @property
    def capability(self) -> str | None:
        """What a target claims with this tier, None for the core."""
        return None if self.name == CORE else self.name


@cache
def load_tiers(version: int, folder: Path | None = None) -> Mapping[str, Tier]:
    """Return the tiers of a version of the catalogue by name, in file order.

    `folder` is a schemas folder (default: the one that travels with the package). Raises ContractError, in one
    sentence, for a version without tiers, for an unknown, repeated or not yet scored requirement, and for one that is
    in no tier.
    """
    folder = folder or SCHEMAS
    file = folder / "tiers" / f"{version}.yaml"
    whole = Entry(read_yaml(file), str(file))
    whole.only(("version", "tiers"))
    if whole.value("version") != version:
        raise whole.refusal(f"holds the tiers of version {whole.value('version')!r}")
    tiers = whole.entry("tiers")
    found = {name: _tier(name, tiers.entry(name)) for name in tiers.data}
    catalogue = load_catalogue(folder)
    problem = next(_problems(found, catalogue, version), "")
    if problem:
        raise ContractError(f"{file}: {problem}.")
    return frozen(found)


def _tier(name: str, entry: Entry) -> Tier:
    entry.only(("title", "requirements", "occasional"))
    tier = Tier(name, entry.text("title"), entry.texts("requirements"), frozenset(entry.texts("occasional", ())))
    if strange := sorted(tier.occasional - set(tier.requirements)):
        raise entry.refusal(f"calls {strange[0]} occasional, which it does not hold")
    return tier


def _problems(tiers: Mapping[str, Tier], catalogue: Catalogue, version: int) -> Iterator[str]:
    """What keeps these lists from being the tiers of a version."""
    if CORE not in tiers:
        yield f"there is no tier {CORE!r}"
    placed: dict[str, str] = {}
    for tier in tiers.values():
        for identifier in tier.requirements:
            requirement = catalogue.requirements.get(identifier)
            if requirement is None:
                yield f"the tier {tier.name!r} names the unknown requirement {identifier!r}"
            elif requirement.since is not None and requirement.since > version:
                yield f"the tier {tier.name!r} names {identifier}, which counts from version {requirement.since} on"
            if identifier in placed:
                yield f"{identifier} is in two tiers, {placed[identifier]!r} and {tier.name!r}"
            placed[identifier] = tier.name
    if version == catalogue.version:
        missing = (name for name in catalogue.requirements if catalogue.counts(name) and name not in placed)
        yield from (f"{name} is in no tier; a new requirement needs `since: {version + 1}`" for name in missing)
