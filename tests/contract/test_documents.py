"""The OpenAPI documents: valid, closed in themselves, and every constraint with a requirement behind it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]
from openapi_spec_validator import validate

from conformance.contract import ContractError, Level, load_catalogue, load_profiles
from conformance.contract.documents import (
    contract_document,
    generation_document,
    json_schema,
    literal_document,
    merge,
    requirement_at,
    requirement_of,
    schema_names,
)

PROFILES = ("myrouter", "anthropic")
DOCUMENTS = {
    "myrouter literal": (literal_document, "myrouter"),
    "myrouter contract": (contract_document, "myrouter"),
    "myrouter generation": (generation_document, "myrouter"),
    "anthropic contract": (contract_document, "anthropic"),
    "anthropic generation": (generation_document, "anthropic"),
}
#: Keywords that refuse something.
CONSTRAINTS = frozenset(
    {"type", "enum", "const", "minimum", "maximum", "pattern", "additionalProperties"}
    | {"minLength", "maxLength", "minItems", "maxItems"}
)


def _document(name: str) -> dict[str, Any]:
    make, profile = DOCUMENTS[name]
    return make(profile)


def _nodes(node: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every node of a document with its pointer."""
    yield at, node
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _nodes(value, f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _nodes(value, f"{at}/{number}")


def _ids(names: Any) -> Iterator[str]:
    for value in names.values():
        yield from _ids(value) if isinstance(value, Mapping) else (value,)


def _body(document: dict[str, Any]) -> Draft202012Validator:
    operation = next(iter(document["paths"].values()))["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": document.get("components", {})})


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_valid_openapi(name: str) -> None:
    document = _document(name)
    assert validate(document) is None  # type: ignore[func-returns-value]
    assert list(document["paths"]) == [load_profiles()[DOCUMENTS[name][1]].path]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_reference_dangles_and_no_schema_is_unused(name: str) -> None:
    document = _document(name)
    references = {node["$ref"] for _, node in _nodes(document) if isinstance(node, Mapping) and "$ref" in node}
    kinds = ("schemas", "parameters")
    components = {f"#/components/{kind}/{key}" for kind in kinds for key in document["components"].get(kind, {})}
    assert references == components


@pytest.mark.parametrize("profile", PROFILES)
def test_every_named_requirement_exists_and_binds(profile: str) -> None:
    levels = {each.id: each.level(profile) for each in load_catalogue().requirements.values()}
    request = {key: contract_document(profile)[key] for key in ("components",)}
    named = {id_ for at, node in _nodes(request) if at.endswith("/x-requirement") for id_ in _ids(node)}
    assert len(named) > 20
    assert {levels[id_] for id_ in named} <= {Level.MUST, Level.SHOULD}


def _constraints(schemas: dict[str, Any], at: str) -> Iterator[str]:
    """A pointer to every keyword that refuses something, and to every required property."""
    for pointer, node in _nodes(schemas, at):
        parent = pointer.rpartition("/")[2]
        if not isinstance(node, Mapping) or parent in ("properties", "not") or "/x-requirement" in pointer:
            continue
        yield from (f"{pointer}/{key}" for key in node if key in CONSTRAINTS)
        yield from (f"{pointer}/required/{name}" for name in node.get("required", []))


@pytest.mark.parametrize("profile", PROFILES)
def test_every_constraint_on_a_request_names_its_requirement(profile: str) -> None:
    document = contract_document(profile)
    pointers = list(_constraints(document["components"]["schemas"], "/components/schemas"))
    assert len(pointers) > 50
    assert [pointer for pointer in pointers if requirement_at(document, pointer) is None] == []


@pytest.mark.parametrize(
    ("profile", "pointer", "expected"),
    [
        ("myrouter", "/properties/max_tokens/minimum", "REQ-022"),
        ("anthropic", "/properties/max_tokens/minimum", "REQ-023"),
        ("myrouter", "/properties/max_tokens/type", "REQ-024"),
        ("myrouter", "/properties/max_tokens", "REQ-024"),
        ("myrouter", "/required/0", "REQ-001"),
        ("myrouter", "/required/max_tokens", "REQ-021"),
        ("myrouter", "/required", None),
        ("anthropic", "/additionalProperties", "REQ-045"),
        ("myrouter", "/additionalProperties", None),
        ("myrouter", "/properties/messages/items/required/role", "REQ-006"),
        ("myrouter", "/properties/messages/items/properties/content/anyOf/1/items/anyOf/0/required/1", "REQ-018"),
        ("anthropic", "/properties/tool_choice/anyOf/0/type", "TOOL-009"),
        ("anthropic", "/properties/messages/items/properties/content/anyOf/0/type", "REQ-016"),
        ("anthropic", "/components/parameters/Version/required", "HDR-001"),
        ("anthropic", "/components/parameters/Version/schema/enum", "HDR-002"),
        ("myrouter", "/components/parameters/Version/schema/type", None),
        ("myrouter", "/properties/nothing/9/here", None),
        ("myrouter", "/required/9", None),
    ],
)
def test_pointers_lead_to_requirements(profile: str, pointer: str, expected: str | None) -> None:
    assert requirement_at(contract_document(profile), pointer) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("max_tokens", "32", "REQ-025"),
        ("max_tokens", True, "REQ-025"),
        ("max_tokens", "many", "REQ-024"),
        ("max_tokens", 1.5, "REQ-024"),
        ("max_tokens", None, "REQ-024"),
        ("stream", 1, "REQ-025"),
        ("stream", "False", "REQ-025"),
        ("stream", {}, "REQ-028"),
        ("top_k", "-5", "REQ-025"),
        ("temperature", "0.5", "REQ-025"),
        ("temperature", "hot", "REQ-039"),
        ("model", 1, "REQ-001"),
    ],
)
def test_coercible_types_have_a_requirement_of_their_own(name: str, value: Any, expected: str) -> None:
    document = contract_document("anthropic")
    assert requirement_of(document, f"/properties/{name}/type", {**PLAIN, name: value}) == expected


def test_other_violations_do_not_look_at_the_value() -> None:
    document = contract_document("myrouter")
    assert requirement_of(document, "/properties/max_tokens/minimum", {**PLAIN, "max_tokens": 0}) == "REQ-022"
    assert requirement_of(document, "/type", 1) == "REQ-048"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "name",
    ["stream", "system", "stop_sequences", "temperature", "top_p", "top_k", "metadata", "tools", "tool_choice"],
)
def test_null_for_an_optional_member_obliges_nobody(name: str, profile: str) -> None:
    assert _body(contract_document(profile)).is_valid({**PLAIN, name: None})
    assert not _body(generation_document(profile)).is_valid({**PLAIN, name: None})


def test_a_response_constraint_has_a_requirement_too() -> None:
    document = contract_document("anthropic")
    answer = "/paths/~1v1~1messages/post/responses/200/content/application~1json/schema"
    assert requirement_at(document, f"{answer}/properties/role/const") == "RESP-003"
    assert requirement_at(document, f"{answer}/required/usage") == "USG-001"
    assert requirement_at(document, f"{answer}/required/id") == "RESP-001"


PLAIN: dict[str, Any] = {"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}


def _message(**changes: Any) -> dict[str, Any]:
    return {**PLAIN, "messages": [{"role": "user", "content": "hi", **changes}]}


ACCEPTED: dict[str, Any] = {
    "plain": PLAIN,
    "blocks": _message(content=[{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]),
    "history": {**PLAIN, "messages": [*PLAIN["messages"], {"role": "assistant", "content": "A"}]},
    "tool result": _message(content=[{"type": "tool_result", "tool_use_id": "t", "is_error": True}]),
    "image": _message(content=[{"type": "image", "source": {"type": "base64", "media_type": "image/png"}}]),
    "tools": {**PLAIN, "tools": [{"name": "a", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}},
    "named tool": {**PLAIN, "tool_choice": {"type": "tool", "name": "a"}},
    "system": {**PLAIN, "system": [{"type": "text", "text": "s"}]},
    "sampling": {**PLAIN, "temperature": 1.0, "top_p": -1, "top_k": 5},
    "metadata": {**PLAIN, "metadata": {"user_id": "u"}, "stream": True, "stop_sequences": []},
}
#: body -> profiles under whose contract it has to be refused
REFUSED: dict[str, tuple[Any, tuple[str, ...]]] = {
    "no model": ({key: PLAIN[key] for key in ("max_tokens", "messages")}, PROFILES),
    "no messages": ({**PLAIN, "messages": []}, PROFILES),
    "max_tokens 0": ({**PLAIN, "max_tokens": 0}, ("myrouter",)),
    "max_tokens -1": ({**PLAIN, "max_tokens": -1}, PROFILES),
    "role": (_message(role="tool"), PROFILES),
    "content": (_message(content=5), PROFILES),
    "block type": (_message(content=[{"type": "ct_unknown"}]), PROFILES),
    "text": (_message(content=[{"type": "text"}]), PROFILES),
    "image type": (_message(content=[{"type": "image", "source": {"type": "base64", "media_type": "x"}}]), PROFILES),
    "stop string": ({**PLAIN, "stop_sequences": "END"}, PROFILES),
    "blank stop": ({**PLAIN, "stop_sequences": ["\n"]}, ("anthropic",)),
    "temperature": ({**PLAIN, "temperature": 2}, PROFILES),
    "system": ({**PLAIN, "system": [{"type": "image"}]}, PROFILES),
    "metadata key": ({**PLAIN, "metadata": {"order": "42"}}, ("anthropic",)),
    "metadata": ({**PLAIN, "metadata": "x"}, PROFILES),
    "unknown field": ({**PLAIN, "ct_unknown": 1}, ("anthropic",)),
    "unknown in message": (_message(name="x"), ("anthropic",)),
    "tool name": ({**PLAIN, "tools": [{"name": "a b", "input_schema": {"type": "object"}}]}, PROFILES),
    "tool schema": ({**PLAIN, "tools": [{"name": "a", "input_schema": {}}]}, PROFILES),
    "choice string": ({**PLAIN, "tool_choice": "auto"}, ("anthropic",)),
    "choice type": ({**PLAIN, "tool_choice": {"type": "required"}}, PROFILES),
    "choice name": ({**PLAIN, "tool_choice": {"type": "tool"}}, PROFILES),
    "cache control": (
        _message(content=[{"type": "text", "text": "a", "cache_control": {"type": "x"}}]),
        ("anthropic",),
    ),
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("case", ACCEPTED)
def test_the_contract_allows(case: str, profile: str) -> None:
    assert [error.message for error in _body(contract_document(profile)).iter_errors(ACCEPTED[case])] == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("case", REFUSED)
def test_the_contract_refuses_what_binds_the_profile(case: str, profile: str) -> None:
    body, bound = REFUSED[case]
    assert _body(contract_document(profile)).is_valid(body) is (profile not in bound)


LEFT_OUT: dict[str, Any] = {
    "assistant first": {**PLAIN, "messages": [{"role": "assistant", "content": "A"}]},
    "assistant last": ACCEPTED["history"],
    "empty": _message(content=""),
    "blank": _message(content=" "),
    "nul": _message(content="a\0"),
    "sampling": {**PLAIN, "temperature": 1.0},
    "many tokens": {**PLAIN, "max_tokens": 17},
    "image": ACCEPTED["image"],
    "rich tool": {
        **PLAIN,
        "tools": [{"name": "a", "input_schema": {"type": "object", "$defs": {}, "properties": {"x": {}}}}],
    },
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("case", LEFT_OUT)
def test_the_caps_leave_out(case: str, profile: str) -> None:
    assert not _body(generation_document(profile)).is_valid(LEFT_OUT[case])
    assert _body(generation_document(profile)).is_valid(PLAIN)


def test_the_literal_document_says_no_more_than_the_page() -> None:
    body = _body(literal_document("myrouter"))
    assert body.is_valid({"model": "", "messages": [{}], "max_tokens": 1, "tool_choice": None})
    assert not body.is_valid({"model": "m", "messages": [], "max_tokens": 1})
    assert not body.is_valid({"model": "m", "messages": [{}], "max_tokens": 0})


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ContractError, match="no profile 'other'"):
        contract_document("other")
    with pytest.raises(ContractError, match=r"anthropic\.literal\.yaml is missing"):
        literal_document("anthropic")
    with pytest.raises(ContractError, match=r"no JSON Schema 'event\.other'"):
        json_schema("event.other")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_call_returns_a_fresh_copy(name: str) -> None:
    first = _document(name)
    first["paths"].clear()
    assert _document(name)["paths"]


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        (["a"], ["b"], ["b"]),
    ],
)
def test_merge_patches(target: Any, patch: Any, merged: Any) -> None:
    assert merge(target, patch) == merged


def test_schema_names_are_listed() -> None:
    assert {"message", "error", "event.ping", "event.message_start"} <= set(schema_names())
