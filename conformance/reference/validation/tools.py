"""Rules for tools, for the choice among them, and for calls and results in the history."""

import re
from collections.abc import Iterator
from typing import Any

from conformance.reference.seams import Context
from conformance.reference.tokens import blocks
from conformance.reference.validation._types import Body, Rule, first, tools, turns, typed_blocks

MAX_NAME = 128
CHOICES = ("auto", "any", "tool", "none")

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_SERVER_TOOL = re.compile(
    r"(?:bash|text_editor|web_search|web_fetch|computer|code_execution|memory|tool_search_tool|browser)_\w+"
)
_RESULT_PARTS = ("text", "image", "document", "search_result", "tool_reference")


def custom_tools(body: Body) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tools the caller defines itself."""
    for place, tool in tools(body):
        if tool.get("type") in (None, "custom"):
            yield place, tool


def tools_type(body: Body, context: Context) -> str | None:
    value = body.get("tools", [])
    good = isinstance(value, list) and all(isinstance(tool, dict) for tool in value)
    return None if good else "tools: must be an array of objects"


def tool_kind(body: Body, context: Context) -> str | None:
    for place, tool in tools(body):
        kind = tool.get("type", "custom")
        if kind is not None and kind != "custom" and not (isinstance(kind, str) and _SERVER_TOOL.fullmatch(kind)):
            return f"{place}.type: unknown type of tool"
    return None


def tool_fields(body: Body, context: Context) -> str | None:
    missing = ((place, field) for place, tool in custom_tools(body) for field in _missing(tool))
    return first(f"{place}.{field}: Field required" for place, field in missing)


def _missing(tool: dict[str, Any]) -> list[str]:
    return [field for field in ("name", "input_schema") if field not in tool]


def tool_name(body: Body, context: Context) -> str | None:
    for place, tool in custom_tools(body):
        name = tool.get("name", "x")
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            return f"{place}.name: must match ^[a-zA-Z0-9_-]{{1,128}}$"
    return None


def tool_name_length(body: Body, context: Context) -> str | None:
    long = (place for place, tool in custom_tools(body) if len(str(tool.get("name"))) > MAX_NAME)
    return first(f"{place}.name: must have at most {MAX_NAME} characters" for place in long)


def tool_schema(body: Body, context: Context) -> str | None:
    for place, tool in custom_tools(body):
        schema = tool.get("input_schema", {"type": "object"})
        if not isinstance(schema, dict) or schema.get("type") != "object":
            return f"{place}.input_schema.type: must be object"
    return None


def tool_unique(body: Body, context: Context) -> str | None:
    names = [str(tool.get("name")) for _, tool in tools(body) if "name" in tool]
    return "tools: Tool names must be unique" if len(set(names)) < len(names) else None


def choice_string(body: Body, context: Context) -> str | None:
    return "tool_choice: must be an object" if isinstance(body.get("tool_choice"), str) else None


def choice_type(body: Body, context: Context) -> str | None:
    choice = body.get("tool_choice", {"type": "auto"})
    if isinstance(choice, str):
        return None
    good = isinstance(choice, dict) and choice.get("type") in CHOICES
    return (
        None
        if good and isinstance(choice.get("disable_parallel_tool_use", False), bool)
        else ("tool_choice: must be an object of a known type")
    )


def choice_declared(body: Body, context: Context) -> str | None:
    choice = body.get("tool_choice")
    if not isinstance(choice, dict) or choice.get("type") not in ("any", "tool"):
        return None
    names = [tool.get("name") for _, tool in tools(body)]
    if choice["type"] == "tool" and choice.get("name") not in names:
        return "tool_choice.name: must name a declared tool"
    return None if names else "tool_choice may only be specified while providing tools"


def tool_use_fields(body: Body, context: Context) -> str | None:
    for place, block in typed_blocks(body, "tool_use"):
        named = all(isinstance(block.get(key), str) and block[key] for key in ("id", "name"))
        if not named or not _NAME.fullmatch(block["id"]) or not isinstance(block.get("input"), dict):
            return f"{place}: a tool_use block needs id, name and an object as input"
    return None


def tool_result_fields(body: Body, context: Context) -> str | None:
    bad = (place for place, block in typed_blocks(body, "tool_result") if not _good_result(block))
    return first(f"{place}: not a valid tool_result block" for place in bad)


def _good_result(block: dict[str, Any]) -> bool:
    content = block.get("content", "")
    parts = isinstance(content, list) and all(
        isinstance(part, dict)
        and part.get("type") in _RESULT_PARTS
        and (part["type"] != "text" or isinstance(part.get("text"), str))
        for part in content
    )
    named = isinstance(block.get("tool_use_id"), str)
    return named and (parts or isinstance(content, str)) and isinstance(block.get("is_error", False), bool)


Turn = tuple[str, list[dict[str, Any]]]


def merged(body: Body) -> list[Turn]:
    """The turns with their blocks; consecutive turns of one role are one turn."""
    result: list[Turn] = []
    for _, turn in turns(body):
        role, content = str(turn.get("role", "user")), blocks(turn.get("content"))
        if result and result[-1][0] == role:
            result[-1][1].extend(content)
        else:
            result.append((role, list(content)))
    return result


def _ids(turn: Turn, role: str, kind: str, key: str) -> set[str]:
    return {str(block.get(key)) for block in turn[1] if turn[0] == role and block.get("type") == kind}


def _pairs(body: Body) -> Iterator[tuple[set[str], set[str], Turn]]:
    """For every turn: the calls of the turn before it, its own results, and the turn."""
    nobody: Turn = ("user", [])
    history = merged(body)
    for before, turn in zip([nobody, *history], [*history, nobody], strict=True):
        called = _ids(before, "assistant", "tool_use", "id")
        yield called, _ids(turn, "user", "tool_result", "tool_use_id"), turn


def results_missing(body: Body, context: Context) -> str | None:
    missing = any(called - answered for called, answered, _ in _pairs(body))
    return "messages: `tool_use` ids were found without `tool_result` blocks immediately after" if missing else None


def results_orphaned(body: Body, context: Context) -> str | None:
    orphaned = any(answered - called for called, answered, _ in _pairs(body))
    return "messages: unexpected `tool_use_id` found in `tool_result` blocks" if orphaned else None


def results_first(body: Body, context: Context) -> str | None:
    for called, answered, (_, content) in _pairs(body):
        kinds = [block.get("type") == "tool_result" for block in content]
        if called & answered and kinds != sorted(kinds, reverse=True):
            return "messages: `tool_result` blocks must come before any other content"
    return None


def tools_nested(body: Body, context: Context) -> str | None:
    known = frozenset(
        [
            "type",
            "name",
            "description",
            "input_schema",
            "cache_control",
            "strict",
            "defer_loading",
            "allowed_callers",
            "input_examples",
            "eager_input_streaming",
        ]
    )
    return first(f"{place}: Extra inputs are not permitted" for place, t in custom_tools(body) if t.keys() - known)


TOOL_RULES = (
    Rule("tools-type", "TOOL-002", tools_type),
    Rule("tool-kind", "TOOL-003", tool_kind),
    Rule("tool-fields", "TOOL-003", tool_fields),
    Rule("tool-name", "TOOL-004", tool_name),
    Rule("tool-name-length", "TOOL-005", tool_name_length),
    Rule("tool-schema", "TOOL-006", tool_schema),
    Rule("tool-unique", "TOOL-007", tool_unique),
    Rule("tools-nested", "REQ-046", tools_nested, profiles=("anthropic",)),
    Rule("choice-string", "TOOL-009", choice_string),
    Rule("choice-type", "TOOL-010", choice_type),
    Rule("choice-declared", "TOOL-010", choice_declared),
    Rule("tool-use-fields", "TOOL-015", tool_use_fields),
    Rule("tool-result-fields", "TOOL-018", tool_result_fields),
    Rule("results-missing", "TOOL-019", results_missing),
    Rule("results-orphaned", "TOOL-020", results_orphaned),
    Rule("results-first", "TOOL-021", results_first),
)
