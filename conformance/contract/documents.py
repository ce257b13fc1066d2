"""The contract as OpenAPI 3.1 documents and JSON Schemas, and the way back from a pointer to a requirement.

Three documents per profile: the literal one (what the endpoint's page says), the typed contract (what a server is
obliged to refuse) and the capped one for drawing requests that must be accepted. Overlays are JSON merge patches
(RFC 7396). Every call returns a fresh copy, which the caller may change.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from conformance._paths import SCHEMAS
from conformance.contract._reading import ContractError, read_yaml
from conformance.contract.profiles import Profile, load_profiles

_OPENAPI = SCHEMAS / "openapi"
_JSON = SCHEMAS / "json"
_PATH = "/messages"  #: stands in contract.yaml for the path of the profile
_BODY = "/paths/{path}/post/requestBody/content/application~1json/schema"


def merge(target: Any, patch: Any) -> Any:
    """Return `target` with the JSON merge patch applied (RFC 7396); neither argument is changed."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def _profile(name: str) -> Profile:
    try:
        return load_profiles()[name]
    except KeyError:
        raise ContractError(f"There is no profile {name!r}.") from None


def schema_names() -> tuple[str, ...]:
    """The names that `json_schema` knows, in alphabetical order."""
    return tuple(sorted(file.stem for file in _JSON.glob("*.json")))


@cache
def _json_file(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ContractError(f"There is no JSON Schema {file.stem!r}.") from None


def json_schema(name: str, profile: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema `name` ("message", "error", "event.ping", …), 2020-12.

    With a profile, what that profile adds is merged in; without, only what all profiles share remains.
    Raises ContractError for an unknown name.
    """
    schema = deepcopy(_json_file(_JSON / f"{name}.json"))
    patches = schema.pop("x-profiles", {})
    merged: dict[str, Any] = merge(schema, patches.get(profile, {}))
    return merged


def _inlined(node: Any, profile: str) -> Any:
    """A copy of `node` in which references to JSON Schema files are replaced by the schemas."""
    if isinstance(node, list):
        return [_inlined(item, profile) for item in node]
    if not isinstance(node, Mapping):
        return node
    reference = node.get("$ref", "")
    if isinstance(reference, str) and reference.endswith(".json"):
        schema = json_schema(Path(reference).stem, profile)
        return {key: value for key, value in schema.items() if key != "$schema"}
    return {key: _inlined(value, profile) for key, value in node.items()}


@cache
def _contract(profile: Profile) -> dict[str, Any]:
    merged = merge(read_yaml(_OPENAPI / "contract.yaml"), read_yaml(_OPENAPI / f"{profile.name}.overlay.yaml"))
    document: dict[str, Any] = _inlined(merged, profile.name)
    document["paths"] = {profile.path: document["paths"].pop(_PATH)}
    document["info"]["title"] = profile.title
    return document


@cache
def _generation(profile: Profile) -> dict[str, Any]:
    merged: dict[str, Any] = merge(_contract(profile), read_yaml(_OPENAPI / "generation.overlay.yaml"))
    return merged


def literal_document(profile: str) -> dict[str, Any]:
    """What the endpoint's page documents; ContractError for a profile without such a page."""
    document: dict[str, Any] = read_yaml(_OPENAPI / f"{_profile(profile).name}.literal.yaml")
    return document


def contract_document(profile: str) -> dict[str, Any]:
    """The typed contract: each constraint on a request names the requirement that obliges a server to refuse."""
    return deepcopy(_contract(_profile(profile)))


def generation_document(profile: str) -> dict[str, Any]:
    """The typed contract with caps, for drawing requests that must be accepted; it obliges nobody."""
    return deepcopy(_generation(_profile(profile)))


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _child(node: Any, token: str) -> Any:
    if isinstance(node, list):
        return node[int(token)] if token.isdecimal() and int(token) < len(node) else None
    return node.get(token) if isinstance(node, Mapping) else None


def _resolved(document: Any, node: Any) -> Any:
    """`node`, or what its local reference points to."""
    while isinstance(node, Mapping) and str(node.get("$ref", "")).startswith("#/"):
        reference, node = node["$ref"], document
        for token in _tokens(reference[1:]):
            node = _child(node, token)
    return node


def _walk(document: Any, tokens: list[str]) -> Iterator[tuple[Any, list[str]]]:
    """Every node on the way, references followed, each with the tokens that remain."""
    node = _resolved(document, document)
    for position, token in enumerate(tokens):
        yield node, tokens[position:]
        node = _resolved(document, _child(node, token))
    yield node, []


def _named(node: Any, rest: list[str]) -> str | None:
    """The requirement that the schema `node` names for its keyword `rest[0]` (for the node itself if empty)."""
    names = node.get("x-requirement") if isinstance(node, Mapping) else None
    if not isinstance(names, Mapping):
        return None
    keyword = rest[0] if rest else "type"
    found = names.get(keyword, names.get("any"))
    if isinstance(found, Mapping):
        key = rest[1] if len(rest) > 1 else ""
        required = node.get("required", [])
        found = found.get(_child(required, key) if key.isdecimal() else key, names.get("any"))
    return found if isinstance(found, str) else None


def requirement_at(document: Mapping[str, Any], pointer: str) -> str | None:
    """The requirement behind a constraint, the innermost that is named; None if nobody is obliged there.

    `pointer` is a JSON pointer into the document, or one into the schema of the request body
    (`/properties/max_tokens/minimum`). It may end in a keyword, and for `required` in a property's name or index.
    """
    if not pointer.startswith(("/paths/", "/components/")):
        path = next(iter(document["paths"])).replace("~", "~0").replace("/", "~1")
        pointer = _BODY.format(path=path) + pointer
    names = [_named(node, rest) for node, rest in _walk(document, _tokens(pointer))]
    return next((name for name in reversed(names) if name), None)


_LAX_WORDS = frozenset({"true", "false", "yes", "no", "on", "off"})


def _coercible(value: Any) -> bool:
    """Whether a lax parser reads `value` as a number or a truth value that it is not."""
    if isinstance(value, str):
        return value.lower() in _LAX_WORDS or value.strip().lstrip("+-").replace(".", "", 1).isdecimal()
    return isinstance(value, bool) or value in (0, 1)


def requirement_of(document: Mapping[str, Any], pointer: str, body: Any) -> str | None:
    """As `requirement_at`, for one generated body that breaks the constraint at `pointer`.

    A wrong type that lax parsers read as the right one (`max_tokens: "32"`, `stream: 1`) has a requirement of its
    own where the contract names one as `coercible`.
    """
    match _tokens(pointer):
        case ["properties", name, "type"] if isinstance(body, Mapping) and _coercible(body.get(name)):
            lax = requirement_at(document, f"/properties/{name}/coercible")
            return lax or requirement_at(document, pointer)
    return requirement_at(document, pointer)
