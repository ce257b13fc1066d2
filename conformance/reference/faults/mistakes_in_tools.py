"""Kinds of mistakes in tools, in calls and their results, and in a budget for thinking, one by one."""

from collections.abc import Callable, Iterator
from typing import Any

from conformance.reference.faults.mistakes import (
    ABSENT,
    EMPTY,
    NONE,
    OBJECT,
    STRING,
    Body,
    Line,
    Mistake,
    Place,
    at,
    is_number,
    root,
    text,
)
from conformance.reference.seams import Context
from conformance.reference.tokens import listed
from conformance.reference.validation._types import tools
from conformance.reference.validation.tools import merged


def _tool(name: str) -> Place:
    return lambda body: [tool.get(name, ABSENT) for _, tool in tools(body)]


def _budget(test: Callable[[Any, Any], bool]) -> Callable[[Any, Context], bool]:
    """Whether budget and limit pass a test."""

    def made(body: Any, context: Context) -> bool:
        wanted = body.get("thinking")
        return isinstance(wanted, dict) and test(wanted.get("budget_tokens", ABSENT), body.get("max_tokens"))

    return made


def _name(end: str, words: str, test: Callable[[str], bool]) -> Line:
    return end, words, text(test)


TOOL_MISTAKES: tuple[Mistake, ...] = (
    Mistake("budget-absent", "thinking-budget", "no budget_tokens", _budget(lambda budget, _: budget is ABSENT)),
    Mistake(
        "budget-small",
        "thinking-budget",
        "a budget below 1024",
        _budget(lambda budget, _: is_number(budget) and budget < 1024),
    ),
    Mistake(
        "budget-large",
        "thinking-budget",
        "a budget of max_tokens or more",
        _budget(lambda budget, limit: is_number(budget) and is_number(limit) and budget >= limit),
    ),
    *at(root("tools"), "tools-type", "tools", "tools", STRING, OBJECT),
    *at(lambda body: listed(body.get("tools")), "tools-type", "tool", "a tool", STRING),
    *at(_tool("name"), "tool-fields", "tool-name", "the name of a tool", NONE),
    *at(_tool("input_schema"), "tool-fields", "tool-schema", "the schema of a tool", NONE),
    *at(
        _tool("name"),
        "tool-name",
        "tool-name",
        "the name of a tool",
        _name("with-space", "with a space", lambda name: " " in name),
        _name("with-dot", "with a dot", lambda name: "." in name),
        _name("with-slash", "with a slash", lambda name: "/" in name),
        _name("with-letters", "with letters beyond ASCII", lambda name: not name.isascii()),
        _name("with-line-end", "with a line end behind it", lambda name: name.endswith("\n")),
        EMPTY,
    ),
    *at(
        _tool("input_schema"),
        "tool-schema",
        "tool-schema",
        "the schema of a tool",
        ("untyped", "without a type", lambda value: isinstance(value, dict) and "type" not in value),
        ("of-a-string", "of a string", lambda value: isinstance(value, dict) and value.get("type") == "string"),
        STRING,
    ),
    *at(
        root("tool_choice"),
        "choice-type",
        "tool-choice",
        "tool_choice",
        ("unknown", "of an unknown type", lambda value: isinstance(value, dict) and "type" in value),
    ),
    *at(
        root("tool_choice"),
        "choice-declared",
        "tool-choice",
        "tool_choice",
        ("nameless", "of a tool without its name", lambda value: isinstance(value, dict) and "name" not in value),
        about="TOOL-010",
    ),
)
"""Thinking by budget, tools, and the choice among them."""

Step = tuple[set[str], set[str], bool, set[str], bool]
"""The calls of one turn, the results in the next, whether that one is the last, all calls before, and whether it is
the first."""


def _steps(body: Body) -> Iterator[Step]:
    history = merged(body)
    before: set[str] = set()
    called: set[str] = set()
    for number, (role, content) in enumerate(history):
        results = {str(b.get("tool_use_id")) for b in content if b.get("type") == "tool_result"}
        yield called, results if role == "user" else set(), number == len(history) - 1, set(before), number == 0
        called = {str(b.get("id")) for b in content if b.get("type") == "tool_use"}
        before |= called


def _step(test: Callable[[Step], Any]) -> Callable[[Any, Context], bool]:
    return lambda body, context: isinstance(body, dict) and any(map(test, _steps(body)))


HISTORY_MISTAKES: tuple[Mistake, ...] = (
    Mistake("call-unanswered", "results-missing", "a call without result", _step(lambda s: s[0] and not s[1] and s[2])),
    Mistake(
        "call-half-answered", "results-missing", "half of the results", _step(lambda s: s[0] & s[1] and s[0] - s[1])
    ),
    Mistake(
        "call-unanswered-earlier",
        "results-missing",
        "an earlier call without result",
        _step(lambda s: s[0] and not s[1] and not s[2]),
    ),
    Mistake("result-first", "results-orphaned", "a result as first turn", lambda body, _: _opens(body, False)),
    Mistake("result-first-with-text", "results-orphaned", "a result and text first", lambda b, _: _opens(b, True)),
    Mistake(
        "result-behind-words",
        "results-orphaned",
        "a result of no call behind words",
        _step(lambda s: s[1] and not s[3] and not s[0] and not s[4]),
    ),
    Mistake("result-too-many", "results-orphaned", "a result too many", _step(lambda s: s[0] and s[1] - s[0])),
    Mistake("result-again", "results-orphaned", "a result sent again", _step(lambda s: not s[0] and s[1] & s[3])),
)
"""Calls and their results."""


def _opens(body: Any, text: bool) -> bool:
    """Whether a conversation opens with a result, with text beside it or without."""
    content = merged(body)[0][1] if merged(body) else []
    kinds = {str(block.get("type")) for block in content}
    return "tool_result" in kinds and ("text" in kinds) is text
