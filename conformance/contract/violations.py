"""Where a request body departs from the typed contract, and which requirement stands behind each place.

A place is told once: what is of a wrong type is not also too small, and of the alternatives of an `anyOf` only those
count that the value chose by its own type and by its `type` member.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance.contract.documents import contract_document, generation_document, requirement_at

Path = tuple[str | int, ...]

_SCALARS = ("max_tokens", "stream", "temperature", "top_p", "top_k")
_TRUTHS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "1", "0"})
_ROUTINE = frozenset({"type", "required"})  #: keywords that say of the place itself that it is of another kind


@dataclass(frozen=True, slots=True)
class Violation:
    """One departure: the place in the body (of a missing member: where it belongs), the keyword of the schema that
    is violated, and the requirement that obliges a server to refuse it, or None."""

    path: Path
    keyword: str
    requirement: str | None

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer."""
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in self.path)


def json_type(value: Any) -> str:
    """The JSON type of a value: null, boolean, number, string, array or object."""
    for kind, name in _TYPES:
        if isinstance(value, kind):
            return name
    return "null"


_TYPES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "boolean"),
    ((int, float), "number"),
    (str, "string"),
    ((list, tuple), "array"),
    (Mapping, "object"),
)


def _validator(document: Mapping[str, Any]) -> Draft202012Validator:
    operation = next(iter(document["paths"].values()))["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": document["components"]})


@cache
def _contract(profile: str) -> tuple[Mapping[str, Any], Draft202012Validator]:
    document = contract_document(profile)
    return document, _validator(document)


@cache
def _caps(profile: str) -> Draft202012Validator:
    return _validator(generation_document(profile))


def within_caps(profile: str, body: Any) -> bool:
    """Whether a body is one that every good server accepts."""
    return bool(_caps(profile).is_valid(body))


def violations(profile: str, body: Any) -> tuple[Violation, ...]:
    """Every place at which `body` departs from the typed contract of the profile, in order of the schema."""
    document, validator = _contract(profile)
    found: dict[Path, Violation] = {}
    for error in _settled(validator.iter_errors(body)):
        for path, tail in _places(error):
            if not any(path[:length] in found for length in range(len(path) + 1)):
                named = _requirement(document, error, tail, path, body)
                found[path] = Violation(path, error.validator, named)
    return tuple(found.values())


def _settled(errors: Iterable[Any]) -> Iterator[Any]:
    """The errors that count, those of an `anyOf` taken from the alternative that was chosen."""
    for error in sorted(errors, key=lambda e: e.validator != "type"):
        chosen = list(_chosen(error)) if error.validator == "anyOf" else []
        if chosen:
            yield from _settled(chosen)
        else:
            yield error


def _chosen(error: Any) -> Iterator[Any]:
    """The errors of the first alternative that speaks of a value of this kind; none when there is no such one."""
    branches: dict[int, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    for inner in branches.values():
        if not any(_is_other_kind(each) for each in inner):
            yield from inner
            return


def _is_other_kind(error: Any) -> bool:
    """Whether an error says that the value is not of the kind its alternative is about."""
    path = list(error.relative_path)
    if not path:
        return error.validator in ("type", "not") or _missing(error) == "type"
    return path == ["type"] and error.validator in ("const", "enum", "type")


def _missing(error: Any) -> str | None:
    """The member whose absence an error reports."""
    if error.validator != "required":
        return None
    return next(str(name) for name in error.validator_value if error.message.startswith(repr(name)))


def _places(error: Any) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The places an error is about, each with what follows the keyword in the pointer to its requirement."""
    path = tuple(error.absolute_path)
    if missing := _missing(error):
        yield (*path, missing), (missing,)
    elif error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        yield from (((*path, name), ()) for name in error.instance if name not in known)
    elif error.validator == "anyOf" and isinstance(error.instance, Mapping) and _by_type(error):
        yield (*path, "type"), ()
    else:
        yield path, ()


def _by_type(error: Any) -> bool:
    """Whether it is its `type` member by which an object fits no alternative."""
    return any(list(inner.relative_path) == ["type"] or _missing(inner) == "type" for inner in error.context)


def _requirement(document: Mapping[str, Any], error: Any, tail: tuple[str, ...], path: Path, body: Any) -> str | None:
    steps = [str(step) for step in error.absolute_schema_path if step != "$ref"]
    pointer = "/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in (*steps, *tail))
    return _narrowed(requirement_at(document, pointer), path, value_at(body, path))


#: What `_narrowed` may name in place of the requirement in the document.
NARROWED = frozenset({"REQ-032", "REQ-025", "REQ-023", "TOOL-004"})


def _narrowed(requirement: str | None, path: Path, value: Any) -> str | None:
    """The requirement that says it best, where the catalogue has one apart for some values of a place."""
    if path[0:1] == ("system",) and requirement in ("REQ-017", "REQ-018"):
        return "REQ-032"  # those two speak of messages, this one of what `system` may hold
    if len(path) == 1 and path[0] in _SCALARS and is_coercible(str(path[0]), value):
        return "REQ-025"
    if path == ("max_tokens",) and requirement == "REQ-022" and value < 0:
        return "REQ-023"
    if requirement == "TOOL-009" and not isinstance(value, str):
        return None  # it speaks of strings, and no other of what is no object
    if requirement == "TOOL-003" and path[-1] == "name" and value is not ABSENT:
        return "TOOL-004"  # the name is there, and holds none of the characters of a name
    return requirement


def is_coercible(field: str, value: Any) -> bool:
    """Whether a value of a wrong type is one that lenient servers turn into the right one (REQ-025)."""
    if field == "stream":
        return json_type(value) == "number" or (isinstance(value, str) and value.strip().lower() in _TRUTHS)
    return isinstance(value, bool) or (isinstance(value, str) and _is_numeral(value))


def _is_numeral(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "ABSENT"})()  #: stands for a member that is not there


def value_at(body: Any, path: Path) -> Any:
    """What stands at a place of a body; ABSENT when nothing does."""
    for part in path:
        try:
            body = body[part]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return body
