"""From a requirement to what tests it, the probes that make it observable, and what runs said of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract import Catalogue, Requirement, load_tiers
from conformance.verdicts.graded import Graded, Judgement


@dataclass(frozen=True, slots=True)
class Covering:
    """What tests a requirement: node ids as pytest takes them in a checkout, and the ids of the probes they need."""

    tests: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()

    def joined(self, other: "Covering") -> "Covering":
        """Both, each name once, in order."""
        tests = dict.fromkeys((*self.tests, *other.tests))
        return Covering(tuple(tests), tuple(dict.fromkeys((*self.probes, *other.probes))))


@dataclass(frozen=True, slots=True)
class Trace:
    """One requirement with its tier (None while it is in none), what tests it, and what each run said, by profile."""

    requirement: Requirement
    tier: str | None
    scored: bool
    tested: Covering
    runs: Mapping[str, Judgement] = field(default_factory=dict)


def traces(
    catalogue: Catalogue,
    chosen: Iterable[Requirement],
    tested: Mapping[str, Covering],
    runs: Mapping[str, Graded],
) -> tuple[Trace, ...]:
    """The trace of each chosen requirement; `runs` are graded runs by the name of their profile."""
    tiers = {name: tier.name for tier in load_tiers(catalogue.version).values() for name in tier.requirements}
    return tuple(
        Trace(
            requirement,
            tiers.get(requirement.id),
            catalogue.scored(requirement.id),
            tested.get(requirement.id, Covering()),
            {profile: graded.judgements[requirement.id] for profile, graded in runs.items()},
        )
        for requirement in chosen
    )


def traces_object(catalogue: Catalogue, profile: str, rows: Iterable[Trace]) -> dict[str, Any]:
    """The traces as JSON values; `level` is that under `profile`."""
    return {
        "catalogue": catalogue.version,
        "profile": profile,
        "requirements": [_object(row, profile) for row in rows],
    }


def _object(row: Trace, profile: str) -> dict[str, Any]:
    requirement = row.requirement
    return {
        "id": requirement.id,
        "area": requirement.area,
        "statement": requirement.statement,
        "level": str(requirement.level(profile)),
        "levels": {name: str(level) for name, level in requirement.levels.items()},
        "capability": requirement.capability,
        "tier": row.tier,
        "since": requirement.since,
        "scored": row.scored,
        "excluded": requirement.excluded,
        "tests": list(row.tested.tests),
        "probes": list(row.tested.probes),
        "runs": {name: _run(judgement) for name, judgement in row.runs.items()},
    }


def _run(judgement: Judgement) -> dict[str, Any]:
    return {
        "verdict": str(judgement.verdict),
        "observations": judgement.observations,
        "reason": judgement.reason,
    }


def traces_table(rows: Iterable[Trace], profiles: Iterable[str]) -> str:
    """A line for each requirement: id, level under each of the profiles, what runs said, statement."""
    shown = tuple(profiles)
    return "\n".join(_line(row, shown) for row in rows)


def _line(row: Trace, profiles: tuple[str, ...]) -> str:
    levels = "  ".join(f"{name} {row.requirement.level(name).value:6}" for name in profiles)
    said = "".join(f"  {name}: {j.verdict} ({j.observations} observed)" for name, j in row.runs.items())
    mark = "" if row.scored else "  not scored"
    return f"{row.requirement.id:10}{levels}{said}{mark}  {row.requirement.statement}"
