"""Faults as users reported them in public, where no other table has one: what servers refuse or never answer.

Which report each stands for is written in `schemas/field-reports.yaml`.
"""

from collections.abc import Iterable
from typing import Any

from conformance.reference.decoding import readable_body
from conformance.reference.faults._edit import (
    ANTHROPIC,
    Row,
    body_refused,
    header,
    put,
    refusal_of,
    refuse_when,
    table,
    without,
)
from conformance.reference.faults.reported_answers import ANSWER_ROWS, REPORTED_ANSWER_FAULTS
from conformance.reference.seams import Context, Fault, Seam
from conformance.reference.tokens import blocks, listed
from conformance.reference.transfer import Answer, Ending, Step

Body = dict[str, Any]

TINY = 10
"""Tokens; a limit so small that a model which thinks first has no room."""


def _choice(body: Body) -> Any:
    choice = body.get("tool_choice")
    return choice.get("type") if isinstance(choice, dict) else None


def _in_turns(body: Body) -> list[Body]:
    return [block for turn in listed(body.get("messages")) for block in blocks(turn.get("content"))]


def _aged(parts: Iterable[Any], *ages: str) -> bool:
    """Whether one of these blocks or tools is marked with a time to live, of these if any are given."""
    marks = (part.get("cache_control") for part in parts if isinstance(part, dict))
    found = [mark["ttl"] for mark in marks if isinstance(mark, dict) and "ttl" in mark]
    return any(not ages or age in ages for age in found)


def _untyped(body: Body) -> bool:
    return any("type" not in tool for tool in listed(body.get("tools")) if isinstance(tool, dict))


def _other_tool(body: Any, context: Context) -> Any:
    """Another tool is forced than the one that was named, where there is another."""
    choice, tools = body.get("tool_choice"), listed(body.get("tools"))
    if _choice(body) != "tool":
        return body
    names = [tool["name"] for tool in tools if isinstance(tool, dict) and "name" in tool]
    others = [name for name in names if name != choice.get("name")]
    return {**body, "tool_choice": {**choice, "name": others[0]}} if others else body


BODY_ROWS: tuple[Row, ...] = (
    ("streams-always", "REQ-029", "every answer is a stream", put("stream", True)),
    (
        "choice-none-crashes",
        "TOOL-008",
        "tool_choice none gets 500",
        body_refused(lambda b: _choice(b) == "none", 500),
    ),
    ("choice-tool-refused", "TOOL-008", "tool_choice tool gets 400", body_refused(lambda b: _choice(b) == "tool")),
    ("other-tool-called", "TOOL-011", "another tool is called than the forced one", _other_tool),
    ("untyped-tools-refused", "TOOL-001", "tools without a type get 400", body_refused(_untyped)),
    (
        "thinking-replay-refused",
        "THINK-004",
        "a history with a thinking block gets 400",
        body_refused(lambda b: any(block.get("type") == "thinking" for block in _in_turns(b))),
    ),
    ("display-ignored", "THINK-008", "thinking that is to be omitted is shown", without("thinking.display")),
    (
        "ttl-refused",
        "REQ-053",
        "cache_control with a ttl gets 400 on the blocks of a message",
        body_refused(lambda b: _aged(_in_turns(b))),
    ),
    (
        "ttl-in-system-refused",
        "REQ-053",
        "cache_control with a ttl gets 400 on system blocks",
        body_refused(lambda b: _aged(blocks(b.get("system")))),
    ),
    (
        "ttl-on-tools-refused",
        "REQ-053",
        "cache_control with a ttl gets 400 on tools",
        body_refused(lambda b: _aged(listed(b.get("tools")))),
    ),
    (
        "ttl-behind-system-refused",
        "REQ-053",
        "a block marked for one hour behind a system prompt gets 400",
        body_refused(lambda b: bool(b.get("system")) and _aged(_in_turns(b), "1h")),
    ),
    (
        "whole-cache-control-refused",
        "REQ-054",
        "cache_control at the top level gets 400",
        body_refused(lambda b: "cache_control" in b),
    ),
)

REFUSAL_ROWS: tuple[Row, ...] = (
    ("unknown-model-crashes", "REQ-002", "an unknown model gets 500", refusal_of("model-known", 500)),
    ("long-prompt-crashes", "REQ-052", "a prompt beyond the window gets 500", refusal_of("context-window", 500)),
)


def _hanging(steps: Any, context: Context) -> Any:
    limit = context.body.get("max_tokens")
    tiny = isinstance(limit, int) and 0 < limit <= TINY
    return (Step(ending=Ending.HANG),) if context.body.get("stream") is True and tiny else steps


BYTES_ROWS: tuple[Row, ...] = (
    ("short-streams-hang", "HTTP-012", "a stream with a tiny limit gets no answer at all", _hanging),
)


def _labelled(answer: Answer, context: Context) -> Answer:
    labelled: Answer = header("content-type", "application/json")(answer, context)
    return labelled if isinstance(answer.body, tuple) else answer


def _counts(context: Context) -> bool:
    return context.request.path.endswith("/count_tokens")


def _counts_tools(context: Context) -> bool:
    return _counts(context) and "tools" in readable_body(context)


COUNT_ROWS: tuple[Row, ...] = (
    ("count-refused", "OPT-001", "count_tokens takes its path for a model: 400", refuse_when(_counts, 400)),
    ("count-of-tools-crashes", "OPT-001", "count_tokens gets 500 for tools", refuse_when(_counts_tools, 500)),
)

REPORTED_FAULTS: tuple[Fault, ...] = (
    *table(Seam.BODY, BODY_ROWS),
    Fault(
        "json-with-system-crashes",
        Seam.BODY,
        "REQ-030",
        "a system string gets 500 where no stream is asked for",
        body_refused(lambda b: isinstance(b.get("system"), str) and b.get("stream") is not True, 500),
        also=("SEM-012", "EQV-003"),
    ),
    *table(Seam.REFUSAL, REFUSAL_ROWS),
    *table(Seam.BYTES, BYTES_ROWS),
    *table(Seam.ANSWER, ANSWER_ROWS),
    Fault(
        "stream-as-json", Seam.ANSWER, "SSE-001", "streams are labelled application/json", _labelled, also=("HTTP-011",)
    ),
    *table(Seam.REQUEST, COUNT_ROWS, ANTHROPIC),
    *REPORTED_ANSWER_FAULTS,
)
