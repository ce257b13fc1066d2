"""Whether an entry of a baseline names something: a requirement of the catalogue, a case that a suite declares."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from conformance._paths import suite_files
from conformance.contract import load_catalogue, load_profiles
from conformance.contract.documents import contract_document, requirement_at
from conformance.evidence.run import Item
from conformance.gate.baseline import Entry
from conformance.generation.draws import Draw
from conformance.generation.naming import DRAWN_AS_VALID
from conformance.suite_items import index
from conformance.verdicts.keys import ACCEPTED, key_of

Place = tuple[str, ...]

_OF_A_MEMBER = frozenset(
    {"required", "additionalProperties", "properties", "items", "$ref", "x-requirement", "examples", "description"}
)  #: keywords of an object that speak of its members, and words that are no constraint
#: Where some values have a requirement of their own (`contract.violations`): how the case begins, and that one.
_NARROWED = (
    ("/system", "REQ-032"),
    ("/max_tokens ", "REQ-023"),
    ("/tools/0/name ", "TOOL-004"),
    *((f"/{name} type", "REQ-025") for name in ("max_tokens", "stream", "temperature", "top_p", "top_k")),
)
_DEEPEST = 8  #: steps of a place; schemas that hold themselves end there


def is_known(entry: Entry, items: Iterable[Item] = ()) -> bool:
    """Whether an entry names something, in its own profile or in any. `items` are those of the run at hand."""
    if entry.requirement not in load_catalogue().requirements:
        return False
    profiles = [entry.profile] if entry.profile else list(load_profiles())
    return (
        not entry.case
        or any(key_of(item.requirement, item.case, item.generated) == entry.key for item in items)
        or any(entry.key in _declared(profile) or _can_be_drawn(entry, profile) for profile in profiles)
    )


@cache
def _declared(profile: str) -> frozenset[str]:
    """The keys of everything the suites declare under a profile, the frozen corpus included."""
    terms = load_profiles()[profile]
    draw = Draw(profile, terms.api_version, frozenset(terms.capabilities), 0, 0)
    items = index(suite_files(), draw)[0].values()
    return frozenset(key_of(item.requirement, item.case, item.generated) for item in items)


def _can_be_drawn(entry: Entry, profile: str) -> bool:
    """Whether the case is a constraint of the typed contract that obliges somebody by this requirement."""
    if entry.case == ACCEPTED:
        return entry.requirement in DRAWN_AS_VALID
    behind = _constraints(profile).get(entry.case, frozenset())
    return bool(behind) and entry.requirement in behind | _apart(entry.case)


def _apart(case: str) -> frozenset[str]:
    """The requirements that speak of some values of a place apart from the one named there, whatever the keyword."""
    return frozenset(name for start, name in _NARROWED if case.startswith(start))


@cache
def _constraints(profile: str) -> Mapping[str, frozenset[str]]:
    """The requirements behind every constraint of the typed contract, which is named as a case is: `/stream type`."""
    document = contract_document(profile)
    operation = next(iter(document["paths"].values()))["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    found: dict[str, set[str]] = {}
    for case, pointer in _walked(document, schema, (), ""):
        if requirement := requirement_at(document, pointer):
            found.setdefault(case, set()).add(requirement)
    return {case: frozenset(behind) for case, behind in found.items()}


def _walked(document: Mapping[str, Any], schema: Any, place: Place, pointer: str) -> Iterator[tuple[str, str]]:
    """Each constraint with its pointer into the schema of the request."""
    if not isinstance(schema, Mapping) or len(place) > _DEEPEST:
        return
    if reference := schema.get("$ref"):
        yield from _walked(document, _resolved(document, reference), place, pointer)
    here = "".join(f"/{part}" for part in place)
    yield from ((f"{here} {keyword}", f"{pointer}/{keyword}") for keyword in schema if keyword not in _OF_A_MEMBER)
    yield from ((f"{here}/{name} required", f"{pointer}/required/{name}") for name in schema.get("required", ()))
    if "additionalProperties" in schema:
        yield f"{here}/* additionalProperties", f"{pointer}/additionalProperties"
    if "anyOf" in schema:
        yield f"{here}/type anyOf", f"{pointer}/anyOf"
    for inner, below, further in _below(schema, place, pointer):
        yield from _walked(document, inner, below, further)


def _below(schema: Mapping[str, Any], place: Place, pointer: str) -> Iterator[tuple[Any, Place, str]]:
    for name, inner in schema.get("properties", {}).items():
        yield inner, (*place, name), f"{pointer}/properties/{name}"
    yield schema.get("items"), (*place, "0"), f"{pointer}/items"
    for keyword in ("anyOf", "allOf", "oneOf"):
        yield from ((each, place, f"{pointer}/{keyword}/{n}") for n, each in enumerate(schema.get(keyword, ())))


def _resolved(document: Mapping[str, Any], reference: str) -> Any:
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node
