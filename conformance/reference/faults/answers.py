"""Faults in the message: its shape, its token counts, its truth."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults._edit import ANTHROPIC, BOTH, MYROUTER, Row, put, table, without
from conformance.reference.model import conversation
from conformance.reference.plan import Plan
from conformance.reference.seams import Apply, Context, Fault, Seam


def _completion(message: Any, context: Context) -> Any:
    text = "".join(str(block.get("text", "")) for block in message["content"])
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"id": message["id"], "object": "chat.completion", "choices": [choice]}


def _string_content(message: Any, context: Context) -> Any:
    return {**message, "content": "".join(str(block.get("text", "")) for block in message["content"])}


def _error_body(message: Any, context: Context) -> Any:
    return {**message, "type": "error", "error": {"type": "api_error", "message": "the upstream failed"}}


def _openai_usage(message: Any, context: Context) -> Any:
    counts = message.get("usage") or {}
    names = {"prompt_tokens": counts.get("input_tokens"), "completion_tokens": counts.get("output_tokens")}
    return {**message, "usage": names}


JSON_ROWS: tuple[Row, ...] = (
    ("chat-completion", "RESP-001", "the JSON answer is a chat.completion object", _completion),
    ("role-missing", "RESP-001", "the JSON answer has no role", without("role")),
    ("content-a-string", "RESP-004", "content is a plain string", _string_content),
    ("block-without-type", "RESP-004", "content blocks have no type", without("content.*.type")),
    ("text-null", "RESP-005", "the text of a block is null", put("content.*.text", None)),
    ("citations-a-string", "RESP-005", "citations is a string", put("content.*.citations", "none")),
    ("output-text-block", "RESP-006", "blocks have the type output_text", put("content.*.type", "output_text")),
    ("stop-reason-null", "RESP-009", "stop_reason is null in JSON", put("stop_reason", None)),
    ("error-in-200", "RESP-012", "a 200 carries an error object", _error_body),
    ("usage-missing-in-json", "USG-001", "the JSON answer has no usage", without("usage")),
    ("usage-null", "USG-001", "usage is null in JSON", put("usage", None)),
    ("output-tokens-a-string", "USG-002", "output_tokens is a string", put("usage.output_tokens", str)),
    ("input-tokens-a-float", "USG-002", "input_tokens is a fraction", put("usage.input_tokens", lambda old: old + 0.5)),
    ("output-tokens-negative", "USG-002", "output_tokens is negative", put("usage.output_tokens", -1)),
    ("openai-usage-names", "USG-002", "usage has prompt_tokens and completion_tokens", _openai_usage),
    ("tool-input-a-string", "TOOL-015", "tool arguments are a JSON string", put("content.*.input", json.dumps)),
    (
        "input-tokens-zero",
        "USG-008",
        "input_tokens is 0 in JSON",
        put("usage", lambda old: _recount(old, input_tokens=0)),
    ),
    (
        "output-tokens-zero",
        "USG-009",
        "output_tokens is 0 in JSON",
        put("usage", lambda old: _recount(old, output_tokens=0)),
    ),
)


def _recount(usage: dict[str, Any], **counts: int) -> dict[str, Any]:
    """The usage with other counts, its total still right."""
    changed = {**usage, **counts}
    if "total_tokens" in usage:
        changed["total_tokens"] = changed["input_tokens"] + changed["output_tokens"]
    return changed


MESSAGE_ROWS: tuple[Row, ...] = (
    ("id-constant", "RESP-002", "every message has the same id", put("id", "msg_1")),
    ("id-empty", "RESP-002", "the message id is empty", put("id", "")),
    ("type-foreign", "RESP-003", "the type is chat.completion", put("type", "chat.completion")),
    ("role-foreign", "RESP-003", "the role is model", put("role", "model")),
    ("model-null", "RESP-007", "the model is null", put("model", None)),
    ("stop-reason-foreign", "RESP-010", "stop reasons are OpenAI's words", put("stop_reason", "stop")),
    ("content-empty", "RESP-013", "content is always empty", put("content", [])),
    ("usage-missing", "USG-001", "usage is missing in JSON and in streams", without("usage")),
)
MYROUTER_MESSAGE_ROWS: tuple[Row, ...] = (
    ("upstream-model-name", "RESP-008", "the provider's model name leaks out", put("model", "upstream-large-2")),
    ("reasoning-a-string", "USG-003", "reasoning_tokens is a string", put("usage.reasoning_tokens", "0")),
    ("total-too-small", "USG-004", "total_tokens is smaller than its parts", put("usage.total_tokens", 0)),
    ("reasoning-too-large", "USG-005", "reasoning exceeds the output", put("usage.reasoning_tokens", 1_000_000)),
    (
        "aliases-disagree",
        "USG-007",
        "the two names of the cache counts disagree",
        put("usage.cache_read_input_tokens", 7),
    ),
)
ANTHROPIC_MESSAGE_ROWS: tuple[Row, ...] = (
    ("stop-sequence-missing", "RESP-011", "the key stop_sequence is missing", without("stop_sequence")),
    (
        "thinking-too-large",
        "USG-005",
        "thinking tokens exceed the output",
        put("usage.output_tokens_details.thinking_tokens", 1_000_000),
    ),
    ("cache-count-a-string", "USG-006", "a cache count is a string", put("usage.cache_read_input_tokens", "0")),
    (
        "cache-parts-disagree",
        "USG-006",
        "the parts of cache_creation do not sum to its total",
        put("usage.cache_creation.ephemeral_5m_input_tokens", 12),
    ),
)


def _plan(edit: Callable[[Plan, Context], Plan]) -> Apply:
    return edit


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
    ("tool-use-without-call", "SEM-003", "stop_reason is tool_use without a call", _plan(_phantom_reason)),
    ("call-reported-as-end", "SEM-004", "a tool call ends with end_turn", _reason("end_turn", ("tool_use",))),
    ("stop-text-included", "SEM-005", "the stop sequence is part of the text", _plan(_stop_included)),
    (
        "stop-reported-as-end",
        "SEM-006",
        "a stop sequence is reported as end_turn",
        _reason("end_turn", ("stop_sequence",)),
    ),
    (
        "stop-sequence-invented",
        "SEM-007",
        "end_turn comes with a stop_sequence",
        _reason("end_turn", ("end_turn",), "</s>"),
    ),
    ("eos-as-stop-sequence", "SEM-008", "the end of a turn is called stop_sequence", _plan(_stop_eos)),
    ("phantom-call", "SEM-009", "a tool is called that nobody declared", _plan(_phantom_call)),
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
    ("constant-input-tokens", "USG-010", "the input count does not depend on the input", _plan(_constant_input)),
    ("tool-id-constant", "TOOL-016", "every tool call has the same id", _plan(_same_call_id)),
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


BODY_ROWS: tuple[Row, ...] = (
    ("limit-ignored", "SEM-001", "max_tokens is not obeyed", without("max_tokens")),
    ("stop-ignored", "SEM-005", "stop sequences are not obeyed", without("stop_sequences")),
    ("history-dropped", "SEM-012", "only the last message reaches the model", put("messages", lambda old: old[-1:])),
    ("system-dropped", "SEM-012", "the system prompt does not reach the model", without("system")),
    ("forced-tool-ignored", "TOOL-011", "a forced tool is not called", _not_tool(("tool",), "none")),
    ("any-ignored", "TOOL-012", "tool_choice any is not obeyed", _not_tool(("any",), "none")),
    ("none-ignored", "TOOL-013", "tool_choice none is not obeyed", _not_tool(("none",), "any")),
)

THINKING_ROWS: tuple[Row, ...] = (
    ("signature-missing", "THINK-003", "thinking blocks have no signature", without("content.*.signature")),
)

ANSWER_FAULTS: tuple[Fault, ...] = (
    *table(Seam.JSON, JSON_ROWS),
    *table(Seam.MESSAGE, MESSAGE_ROWS),
    *table(Seam.MESSAGE, MYROUTER_MESSAGE_ROWS, MYROUTER),
    *table(Seam.MESSAGE, ANTHROPIC_MESSAGE_ROWS, ANTHROPIC),
    *table(Seam.MESSAGE, THINKING_ROWS),
    *table(Seam.PLAN, PLAN_ROWS),
    *table(
        Seam.PLAN,
        [("parallel-anyway", "TOOL-014", "disable_parallel_tool_use is not obeyed", _plan(_double_call))],
        ANTHROPIC,
    ),
    *table(Seam.BODY, BODY_ROWS, BOTH),
)
