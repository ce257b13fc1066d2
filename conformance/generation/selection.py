"""From coverage to corpus: one or two cases for each constraint, and none that a hand-written case makes needless."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.contract import Level, load_catalogue
from conformance.contract.violations import ABSENT, Path, Violation, json_type, value_at, violations
from conformance.evidence.run import Item
from conformance.generation.corpus import Case
from conformance.generation.coverage import Covered, negatives, positives
from conformance.generation.hosts import Planted, first_of_each, plant
from conformance.probing.probe import Probe, fill, names
from conformance.suite import PLAIN

LIMIT = 70  #: cases of one corpus
MOST = 2  #: cases of one constraint that no hand-written case is about; half as many where one is

#: Members without which there is no request: null is a value of a wrong type there. Elsewhere servers take null for
#: "absent", and nobody forbids it.
REQUIRED = frozenset({"model", "messages", "max_tokens", "role", "content", "type", "text", "name", "input_schema"})

#: What is tried first: the kinds of value that a careless server trips over.
_KINDS = ("absent", "null", "object", "array", "string", "number", "boolean")

_ONE = "Single-item array: "
_LEAST = "Object with only required properties"

#: The accepted requests that tell something beside the hand-written ones: the field, how the coverage phase
#: describes its value, the requirement that has it accepted, and the name of the case.
_ACCEPTED: tuple[tuple[str, str, str, str], ...] = (
    ("messages", f"{_ONE}Object with valid 'content' value: Maximum items array", "REQ-010", "three-blocks"),
    ("metadata", _LEAST, "REQ-043", "empty"),
    ("tools", f"{_ONE}{_LEAST}", "TOOL-001", "no-description"),
    ("tools", f"{_ONE}Object with valid 'name' value: Maximum length string", "TOOL-005", "longest-name"),
    ("tools", f"{_ONE}Object with valid 'input_schema' value: {_LEAST}", "TOOL-001", "no-properties"),
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A request that breaks the contract in one place, ready to be named."""

    planted: Planted
    violation: Violation
    why: str

    @property
    def kind(self) -> str:
        """The JSON type of what stands at the place, or "absent"."""
        return kind_at(self.planted.body, self.violation.path)

    @property
    def constraint(self) -> tuple[str | None, Path, str]:
        """What is violated, whatever the value."""
        return self.violation.requirement, place_of(self.violation), self.violation.keyword


def place_of(violation: Violation) -> Path:
    """The place in general: the first of each list, and any name for a member that should not be there."""
    path = first_of_each(violation.path)
    return (*path[:-1], "*") if violation.keyword == "additionalProperties" else path


def kind_at(body: Any, path: Path) -> str:
    """The JSON type of the value at a place, or "absent"."""
    value = value_at(body, path)
    return "absent" if value is ABSENT else json_type(value)


def broken_by(path: Path, value: Any, profile: str, why: str) -> Broken | None:
    """The request that has `value` at the place of a control, if that is one violation of what binds the profile."""
    planted = plant(path, value)
    found = violations(profile, planted.body) if planted else ()
    if planted is None or len(found) != 1 or not binds(found[0], planted.body, profile):
        return None
    return Broken(planted, found[0], why)


def binds(violation: Violation, body: Any, profile: str) -> bool:
    """Whether somebody is obliged to refuse: a requirement above MAY, and no null that may stand for "absent"."""
    if violation.requirement is None:
        return False
    last = violation.path[-1]
    free = value_at(body, violation.path) is None and isinstance(last, str) and last not in REQUIRED
    unknown = violation.path[0] == "model"  # no such model is a reason of its own
    return (
        not free
        and not unknown
        and load_catalogue().requirements[violation.requirement].level(profile) is not Level.MAY
    )


def name_of(violation: Violation, kind: str) -> str:
    """The name of a case by its constraint: `/messages/0/role enum null`."""
    pointer = "".join(f"/{part}" for part in place_of(violation))
    return f"{pointer} {violation.keyword} {kind}"


def case_of(broken: Broken) -> Case:
    """The line of a negative."""
    violation, name = broken.violation, name_of(broken.violation, broken.kind)
    requirement = str(violation.requirement)
    planted = broken.planted
    return Case(
        f"{requirement} {name}", requirement, name, "refused", violation.pointer, planted.host.id, planted.body,
        broken.why,
    )  # fmt: skip


def hand_written(items: Iterable[Item], probes: Mapping[str, Probe], profile: str) -> frozenset[tuple[str, Path, str]]:
    """What the hand-written refusals are about: requirement, place, JSON type."""
    found: set[tuple[str, Path, str]] = set()
    for item in items:
        expect = item.expect.get(profile, item.expect.get("*"))
        if expect is not None and expect.kind == "refused" and not item.generated:
            for body in _bodies(item, probes):
                found.update(_about(item, body, profile))
    return frozenset(found)


def _bodies(item: Item, probes: Mapping[str, Probe]) -> Iterator[Any]:
    return (fill(call.body, names("m", "n")) for name in item.probes for call in probes[name].calls)


def _about(item: Item, body: Any, profile: str) -> Iterator[tuple[str, Path, str]]:
    for violation in violations(profile, body) if isinstance(body, Mapping) else ():
        kind = kind_at(body, violation.path)
        for name in {item.requirement, str(violation.requirement)}:
            yield name, place_of(violation), kind


def selected(profile: str, items: Iterable[Item], probes: Mapping[str, Probe]) -> tuple[Case, ...]:
    """The cases of the corpus of a profile, given what is written by hand. ValueError when they exceed the limit."""
    by_hand = hand_written(items, probes, profile)
    found = [broken_by(each.path, each.value, profile, each.why) for each in negatives(profile)]
    cases = [case_of(each) for each in _reduced([each for each in found if each], by_hand)]
    cases += accepted_cases(positives(profile), profile)
    if len(cases) > LIMIT:
        raise ValueError(f"{len(cases)} cases for {profile}, {LIMIT} are the limit")
    return tuple(sorted(cases, key=lambda case: (case.expect == "accepted", case.id)))


def _reduced(found: list[Broken], by_hand: frozenset[tuple[str, Path, str]]) -> Iterator[Broken]:
    """The first of each constraint in order of kind, one a kind, without those that are covered by hand."""
    constraints: dict[Any, dict[str, Broken]] = {}
    for each in found:
        constraints.setdefault(each.constraint, {}).setdefault(each.kind, each)
    for (requirement, path, _), kinds in constraints.items():
        covered = {kind for kind in _KINDS if (requirement, path, kind) in by_hand}
        most = MOST // 2 if covered else MOST
        yield from [kinds[kind] for kind in _KINDS if kind in kinds and kind not in covered][:most]


def accepted_cases(covered: Iterable[Covered], profile: str) -> Iterator[Case]:
    """The lines of the requests to be accepted, each the plain request with one field more or otherwise."""
    described = {(each.path[0], each.why.partition(" value: ")[2]): each for each in covered}
    for name, tail, requirement, label in _ACCEPTED:
        if load_catalogue().requirements[requirement].level(profile) is Level.MAY:
            continue
        value = described[name, tail].value
        case = f"/{name} accepted {label}"
        body = PLAIN | {"max_tokens": 16, name: value}
        yield Case(f"{requirement} {case}", requirement, case, "accepted", f"/{name}", "", body, tail)
