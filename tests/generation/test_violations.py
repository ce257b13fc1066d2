"""Where a body departs from the contract: one place told once, with the requirement that says it best."""

from typing import Any

import pytest

from conformance.contract.violations import is_coercible, json_type, value_at, violations

PLAIN: dict[str, Any] = {"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}

IMAGE = {"type": "image", "text": "no block of this kind has text"}


def said(content: Any) -> dict[str, Any]:
    """The plain body with another content."""
    return PLAIN | {"messages": [{"role": "user", "content": content}]}


def tool(**members: Any) -> dict[str, Any]:
    """The plain body with one tool."""
    return PLAIN | {"tools": [{"name": "a", "input_schema": {"type": "object"}} | members]}


#: body -> profile, and what is found: pointer, keyword, requirement
FOUND: dict[str, tuple[Any, str, list[tuple[str, str, str | None]]]] = {
    "plain": (PLAIN, "myrouter", []),
    "no object": (5, "myrouter", [("", "type", "REQ-048")]),
    "absent": ({"model": "m", "max_tokens": 8}, "myrouter", [("/messages", "required", "REQ-003")]),
    "zero": (PLAIN | {"max_tokens": 0}, "myrouter", [("/max_tokens", "minimum", "REQ-022")]),
    "zero upstream": (PLAIN | {"max_tokens": 0}, "anthropic", []),
    "negative": (PLAIN | {"max_tokens": -1}, "myrouter", [("/max_tokens", "minimum", "REQ-023")]),
    "numeral": (PLAIN | {"max_tokens": "8"}, "myrouter", [("/max_tokens", "type", "REQ-025")]),
    "word": (PLAIN | {"max_tokens": "many"}, "myrouter", [("/max_tokens", "type", "REQ-024")]),
    "whole float": (PLAIN | {"max_tokens": 8.0}, "myrouter", []),
    "truth": (PLAIN | {"stream": "true"}, "myrouter", [("/stream", "type", "REQ-025")]),
    "banana": (PLAIN | {"stream": "banana"}, "myrouter", [("/stream", "type", "REQ-028")]),
    "content": (said(5), "myrouter", [("/messages/0/content", "anyOf", "REQ-016")]),
    "block": (said([5]), "myrouter", [("/messages/0/content/0", "anyOf", "REQ-017")]),
    "block type": (said([{"type": "x"}]), "myrouter", [("/messages/0/content/0/type", "anyOf", "REQ-017")]),
    "no block type": (said([{"text": "x"}]), "myrouter", [("/messages/0/content/0/type", "anyOf", "REQ-017")]),
    "text": (said([{"type": "text", "text": 1}]), "myrouter", [("/messages/0/content/0/text", "type", "REQ-018")]),
    "two places": (
        said([5, {"type": "text"}]),
        "myrouter",
        [("/messages/0/content/0", "anyOf", "REQ-017"), ("/messages/0/content/1/text", "required", "REQ-018")],
    ),
    "system block": (PLAIN | {"system": [IMAGE]}, "myrouter", [("/system/0/type", "const", "REQ-032")]),
    "choice": (PLAIN | {"tool_choice": "auto"}, "anthropic", [("/tool_choice", "type", "TOOL-009")]),
    "choice list": (PLAIN | {"tool_choice": []}, "anthropic", [("/tool_choice", "type", None)]),
    "free choice": (PLAIN | {"tool_choice": "auto"}, "myrouter", []),
    "choice type": (PLAIN | {"tool_choice": {"type": "x"}}, "myrouter", [("/tool_choice/type", "anyOf", "TOOL-010")]),
    "choice name": (
        PLAIN | {"tool_choice": {"type": "tool"}}, "anthropic", [("/tool_choice/name", "required", "TOOL-010")]
    ),
    "unknown": (PLAIN | {"x/y": 1}, "anthropic", [("/x~1y", "additionalProperties", "REQ-045")]),
    "tool name": (tool(name="a b"), "myrouter", [("/tools/0/name", "pattern", "TOOL-004")]),
    "tool name type": (tool(name=5), "myrouter", [("/tools/0/name", "type", "TOOL-004")]),
    "schema type": (tool(input_schema={}), "myrouter", [("/tools/0/input_schema/type", "required", "TOOL-006")]),
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND)
def test_a_violation_is_told_once_with_its_requirement(case: str) -> None:
    body, profile, expected = FOUND[case]
    assert sorted((v.pointer, v.keyword, v.requirement) for v in violations(profile, body)) == expected


@pytest.mark.parametrize(
    ("value", "name"),
    [(None, "null"), (True, "boolean"), (1, "number"), (0.5, "number"), ("", "string"), ([], "array"), ({}, "object")],
)
def test_values_have_json_types(value: Any, name: str) -> None:
    assert json_type(value) == name


@pytest.mark.parametrize(
    ("field", "value", "coercible"),
    [
        ("max_tokens", "8", True),
        ("max_tokens", True, True),
        ("max_tokens", "eight", False),
        ("max_tokens", None, False),
        ("stream", 1, True),
        ("stream", "Yes", True),
        ("stream", [], False),
    ],
)
def test_what_lenient_servers_coerce_is_told_apart(field: str, value: Any, coercible: bool) -> None:
    assert is_coercible(field, value) is coercible


def test_what_is_not_there_is_absent() -> None:
    assert repr(value_at({"a": [1]}, ("a", 3))) == "ABSENT"
    assert value_at({"a": [1]}, ("a", 0)) == 1
