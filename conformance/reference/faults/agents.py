"""Faults that only the requests of agents meet: several rounds, tools of many parts, histories that grow."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from conformance.reference.faults._edit import BOTH, Row, body_refused, put, refuse_when, table
from conformance.reference.faults.choosy_bodies import Body, Form, _contents, _results
from conformance.reference.plan import Plan
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.tokens import blocks, listed

KEPT_TURNS = 4


def _kinds(body: Body) -> list[list[Any]]:
    return [[block.get("type") for block in blocks(content)] for content in _contents(body)]


def _two_rounds(body: Body) -> bool:
    return sum("tool_use" in kinds for kinds in _kinds(body)) > 1


def _holds_calls(body: Body) -> bool:
    return any("tool_use" in kinds for kinds in _kinds(body))


def _words_before_call(body: Body) -> bool:
    return any(kinds[:1] == ["text"] and "tool_use" in kinds for kinds in _kinds(body))


def _out_of_order(body: Body) -> bool:
    ids = [[block.get("tool_use_id", block.get("id")) for block in blocks(content)] for content in _contents(body)]
    return any(len(made) > 1 and told == made[::-1] for made, told in pairwise(ids) if None not in made)


def _nested_input(body: Body) -> bool:
    calls = [block for content in _contents(body) for block in blocks(content) if block.get("type") == "tool_use"]
    return any(isinstance(value, list | dict) for call in calls for value in dict(call.get("input", {})).values())


def _properties(body: Body) -> list[Mapping[str, Any]]:
    tools = [tool for tool in listed(body.get("tools")) if isinstance(tool, dict)]
    schemas = [tool["input_schema"].get("properties", {}) for tool in tools]
    return [value for schema in schemas for value in schema.values() if isinstance(value, dict)]


def _nested(body: Body) -> bool:
    return any(value.get("type") in ("array", "object") for value in _properties(body))


def _odd_names(body: Body) -> bool:
    names = [str(tool.get("name")) for tool in listed(body.get("tools")) if isinstance(tool, dict)]
    return any(name != name.lower() and "-" in name for name in names)


def _document(body: Body) -> bool:
    return any("document" in kinds for kinds in _kinds(body))


FORMS: tuple[Form, ...] = (
    ("second-round-refused", "TOOL-017", "a second round of calls", _two_rounds),
    ("words-before-call-refused", "TOOL-017", "a turn of words and a call", _words_before_call),
    ("results-out-of-order-refused", "TOOL-017", "results in another order than the calls", _out_of_order),
    ("nested-input-refused", "TOOL-017", "a call in the history with values within values", _nested_input),
    ("nested-schema-refused", "TOOL-001", "a property that is an array or an object", _nested),
    ("odd-tool-names-refused", "TOOL-001", "a name of capitals and dashes", _odd_names),
    ("no-error-refused", "TOOL-018", "is_error false", _results(lambda r: r.get("is_error") is False)),
    (
        "several-texts-in-result-refused",
        "TOOL-018",
        "a result of several texts",
        _results(lambda r: isinstance(r.get("content"), list) and len(r["content"]) > 1),
    ),
)
"""Legal forms, each of which is refused with 400."""


def _without_words_of_assistant(turns: Any) -> list[Any]:
    earlier = [turn for turn in turns[:-1] if turn["role"] == "user" or not isinstance(turn["content"], str)]
    return [*earlier, *turns[-1:]]


BODY_ROWS: tuple[Row, ...] = (
    *((name, about, f"{says} gets 400", body_refused(test)) for name, about, says, test in FORMS),
    ("document-crashes", "ERR-006", "a document gets 500", body_refused(_document, 500)),
    (
        "assistant-turns-dropped",
        "SEM-012",
        "no words of the assistant reach the model",
        put("messages", _without_words_of_assistant),
    ),
    (
        "old-turns-dropped",
        "SEM-012",
        f"the last {KEPT_TURNS} turns alone reach the model",
        lambda body, context: body if _holds_calls(body) else {**body, "messages": body["messages"][-KEPT_TURNS:]},
    ),
    (
        "system-dropped-in-conversations",
        "SEM-012",
        "the system prompt reaches the model with a single turn alone",
        lambda body, context: {**body, "system": ""} if len(body["messages"]) > 1 and "system" in body else body,
    ),
    (
        "stops-cut-to-three",
        "SEM-005",
        "the first three stop sequences are obeyed",
        lambda body, context: (
            {**body, "stop_sequences": body["stop_sequences"][:3]} if "stop_sequences" in body else body
        ),
    ),
    (
        "stream-ignored-with-query",
        "SSE-001",
        "stream is ignored where the path has a query",
        lambda body, context: {**body, "stream": False} if "?" in context.request.target else body,
    ),
)


def _stopped_calls(plan: Plan, context: Context) -> Plan:
    """What looks at the sequences first takes every other end for one of them."""
    stops = listed(context.body.get("stop_sequences"))
    wrong = plan.stop_reason == "tool_use" and stops
    return replace(plan, stop_reason="stop_sequence", stop_sequence=stops[0]) if wrong else plan


def _named(edit: Callable[[str], str]) -> Apply:
    """A tool's name on its way back through another API."""

    def apply(plan: Plan, context: Context) -> Plan:
        content = [{**b, "name": edit(b["name"])} if b["type"] == "tool_use" else b for b in plan.content]
        return replace(plan, content=tuple(content))

    return apply


def _stop_begun(plan: Plan, context: Context) -> Plan:
    """Who looks for a stop sequence within pieces lets its beginning pass."""
    if not plan.stop_sequence or not plan.content or plan.content[-1]["type"] != "text":
        return plan
    begun = plan.stop_sequence[: len(plan.stop_sequence) // 2]
    last = {**plan.content[-1], "text": plan.content[-1]["text"] + begun}
    return replace(plan, content=(*plan.content[:-1], last))


PLAN_ROWS: tuple[Row, ...] = (
    ("tool-name-cut", "TOOL-015", "a tool's name comes back cut to 63 characters", _named(lambda name: name[:63])),
    ("tool-name-in-small", "TOOL-015", "a tool's name comes back in small letters", _named(str.lower)),
    (
        "tool-name-with-underscores",
        "TOOL-015",
        "dashes come back as underscores",
        _named(lambda n: n.replace("-", "_")),
    ),
    ("stop-text-begun", "SEM-005", "the first half of a stop sequence is part of the text", _stop_begun),
    ("calls-end-as-stops", "SEM-004", "a call beside stop sequences ends as stop_sequence", _stopped_calls),
)


def _media_type(context: Context) -> str:
    return context.request.header("content-type") or ""


REQUEST_ROWS: tuple[Row, ...] = (
    (
        "capitals-in-media-type-refused",
        "HDR-007",
        "a media type in capitals gets 415",
        refuse_when(lambda context: _media_type(context) != _media_type(context).lower(), 415),
    ),
)

AGENT_FAULTS: tuple[Fault, ...] = (
    *table(Seam.BODY, BODY_ROWS, BOTH),
    *table(Seam.PLAN, PLAN_ROWS, BOTH),
    *table(Seam.REQUEST, REQUEST_ROWS, BOTH),
)
