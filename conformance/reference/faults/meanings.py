"""Faults in the truth of the message: why it ended, what it says, what reached the model."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults._edit import Row, put, table, without
from conformance.reference.model import conversation
from conformance.reference.plan import Plan
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.tokens import listed


def _texts(edit: Callable[[str, Context], str]) -> Apply:
    def apply(plan: Plan, context: Context) -> Plan:
        content = [{**b, "text": edit(b["text"], context)} if b["type"] == "text" else b for b in plan.content]
        return replace(plan, content=tuple(content))

    return apply


def _calls_tool(plan: Plan) -> bool:
    return any(block["type"] == "tool_use" for block in plan.content)


def _reason(new: str, old: tuple[str, ...], stop: str | None = None) -> Apply:
    """Another stop reason instead of the given ones."""

    def apply(plan: Plan, context: Context) -> Plan:
        return replace(plan, stop_reason=new, stop_sequence=stop) if plan.stop_reason in old else plan

    return apply


def _phantom_reason(plan: Plan, context: Context) -> Plan:
    wrong = context.body.get("tools") and plan.stop_reason == "end_turn"
    return replace(plan, stop_reason="tool_use") if wrong else plan


def _phantom_call(plan: Plan, context: Context) -> Plan:
    if context.body.get("tools") or plan.stop_reason != "end_turn":
        return plan
    call = {"type": "tool_use", "id": f"toolu_{context.request_id}", "name": "search", "input": {}}
    return replace(plan, content=(*plan.content, call), stop_reason="tool_use")


def _stop_eos(plan: Plan, context: Context) -> Plan:
    wrong = not context.body.get("stop_sequences") and plan.stop_reason == "end_turn"
    return replace(plan, stop_reason="stop_sequence") if wrong else plan


def _stop_included(plan: Plan, context: Context) -> Plan:
    if plan.stop_sequence is None:
        return plan
    changed: Plan = _texts(lambda text, _: text + str(plan.stop_sequence))(plan, context)
    return changed


def _first_stop_reported(plan: Plan, context: Context) -> Plan:
    return plan if plan.stop_sequence is None else replace(plan, stop_sequence=context.body["stop_sequences"][0])


def _prefill(context: Context) -> str:
    return conversation(context.body).prefill


def _constant_input(plan: Plan, context: Context) -> Plan:
    return replace(plan, counts=replace(plan.counts, input=10))


def _same_call_id(plan: Plan, context: Context) -> Plan:
    content = [{**b, "id": "call_0"} if b["type"] == "tool_use" else b for b in plan.content]
    return replace(plan, content=tuple(content))


def _double_call(plan: Plan, context: Context) -> Plan:
    twins = [{**b, "id": b["id"] + "b"} for b in plan.content if b["type"] == "tool_use"]
    return replace(plan, content=(*plan.content, *twins[:1]))


PLAN_ROWS: tuple[Row, ...] = (
    ("cut-reported-as-end", "SEM-002", "a cut answer says end_turn", _reason("end_turn", ("max_tokens",))),
    ("tool-use-without-call", "SEM-003", "stop_reason is tool_use without a call", _phantom_reason),
    ("call-reported-as-end", "SEM-004", "a tool call ends with end_turn", _reason("end_turn", ("tool_use",))),
    ("stop-text-included", "SEM-005", "the stop sequence is part of the text", _stop_included),
    (
        "stop-reported-as-end",
        "SEM-006",
        "a stop sequence is reported as end_turn",
        _reason("end_turn", ("stop_sequence",)),
    ),
    ("first-stop-reported", "SEM-006", "the first of several stop sequences is always reported", _first_stop_reported),
    (
        "stop-sequence-invented",
        "SEM-007",
        "end_turn comes with a stop_sequence",
        _reason("end_turn", ("end_turn",), "</s>"),
    ),
    ("eos-as-stop-sequence", "SEM-008", "the end of a turn is called stop_sequence", _stop_eos),
    ("phantom-call", "SEM-009", "a tool is called that nobody declared", _phantom_call),
    ("pause-turn", "SEM-010", "a plain chat ends with pause_turn", _reason("pause_turn", ("end_turn",))),
    ("prefill-echoed", "SEM-011", "the prefill is repeated", _texts(lambda text, c: _prefill(c) + text)),
    (
        "replacement-characters",
        "SEM-013",
        "non-ASCII characters become U+FFFD",
        _texts(lambda text, _: "".join(letter if letter.isascii() else "\ufffd" for letter in text)),
    ),
    (
        "mojibake",
        "SEM-013",
        "UTF-8 is read as Latin-1",
        _texts(lambda text, _: text.encode("utf-8", "replace").decode("latin-1")),
    ),
    ("constant-input-tokens", "USG-010", "the input count does not depend on the input", _constant_input),
    ("tool-id-constant", "TOOL-016", "every tool call has the same id", _same_call_id),
    (
        "think-tags",
        "THINK-006",
        "reasoning leaks into the text as tags",
        _texts(lambda text, _: f"<think>hm</think>{text}"),
    ),
)


def _not_tool(kinds: tuple[str, ...], new: str) -> Apply:
    def choice(old: Any) -> Any:
        return {"type": new} if isinstance(old, dict) and old.get("type") in kinds else old

    def apply(body: Any, context: Context) -> Any:
        return {**body, "tool_choice": choice(body["tool_choice"])} if "tool_choice" in body else body

    return apply


def _last_of_a_row(turns: Any) -> list[Any]:
    """The turns without those that one of the same role follows."""
    roles = [turn.get("role") for turn in turns]
    return [turn for turn, role, following in zip(turns, roles, [*roles[1:], None], strict=True) if role != following]


def _first(blocks: Any) -> Any:
    return blocks[:1] if isinstance(blocks, list) else blocks


def _first_of(name: str) -> Apply:
    """Leave the first item of an array, where it is there."""
    return lambda body, context: {**body, name: _first(body[name])} if name in body else body


def _results(edit: Callable[[Any], Any]) -> Apply:
    """Change the content of every tool result."""

    def block(old: Any) -> Any:
        if not isinstance(old, dict) or old.get("type") != "tool_result" or "content" not in old:
            return old
        return {**old, "content": edit(old["content"])}

    def apply(body: Any, context: Context) -> Any:
        turns = [
            {**turn, "content": [block(item) for item in turn["content"]]} if listed(turn.get("content")) else turn
            for turn in body["messages"]
        ]
        return {**body, "messages": turns}

    return apply


def _as_text(edit: Callable[[list[Any]], str]) -> Callable[[Any], Any]:
    return lambda content: edit(content) if isinstance(content, list) else content


BODY_ROWS: tuple[Row, ...] = (
    ("limit-ignored", "SEM-001", "max_tokens is not obeyed", without("max_tokens")),
    ("stop-ignored", "SEM-005", "stop sequences are not obeyed", without("stop_sequences")),
    ("history-dropped", "SEM-012", "only the last message reaches the model", put("messages", lambda old: old[-1:])),
    ("system-dropped", "SEM-012", "the system prompt does not reach the model", without("system")),
    (
        "row-of-turns-dropped",
        "SEM-012",
        "of turns of one role in a row only the last counts",
        put("messages", _last_of_a_row),
    ),
    (
        "first-block-alone",
        "SEM-012",
        "only the first block of a message reaches the model",
        put("messages.*.content", _first),
    ),
    ("first-system-block-alone", "SEM-012", "only the first block of the system prompt counts", _first_of("system")),
    ("results-dropped", "SEM-012", "what a tool answered does not reach the model", _results(lambda _: "")),
    (
        "result-blocks-dropped",
        "EQV-005",
        "a tool result of blocks does not reach the model",
        _results(_as_text(lambda _: "")),
    ),
    ("result-blocks-dumped", "EQV-005", "a tool result of blocks is counted by its dump", _results(_as_text(repr))),
    ("first-stop-alone", "SEM-005", "only the first of several stop sequences is obeyed", _first_of("stop_sequences")),
    ("forced-tool-ignored", "TOOL-011", "a forced tool is not called", _not_tool(("tool",), "none")),
    ("any-ignored", "TOOL-012", "tool_choice any is not obeyed", _not_tool(("any",), "none")),
    ("none-ignored", "TOOL-013", "tool_choice none is not obeyed", _not_tool(("none",), "any")),
)

PARALLEL_ROW: Row = ("parallel-anyway", "TOOL-014", "disable_parallel_tool_use is not obeyed", _double_call)

MEANING_FAULTS: tuple[Fault, ...] = (
    *table(Seam.PLAN, PLAN_ROWS),
    *table(Seam.PLAN, [PARALLEL_ROW]),
    *table(Seam.BODY, BODY_ROWS),
)
