"""Faults in the shape of the message and in its token counts."""

import json
from typing import Any

from conformance.reference.faults._edit import ANTHROPIC, MYROUTER, Row, put, table, without
from conformance.reference.seams import Context, Fault, Seam


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
    ("cache-count-a-string", "USG-006", "a cache count is a string", put("usage.cache_read_input_tokens", "0")),
    ("stop-sequence-missing", "RESP-011", "the key stop_sequence is missing", without("stop_sequence")),
    ("total-too-small", "USG-004", "total_tokens is smaller than its parts", put("usage.total_tokens", 0)),
    ("reasoning-a-string", "USG-003", "reasoning_tokens is a string", put("usage.reasoning_tokens", "0")),
    ("upstream-model-name", "RESP-008", "the provider's model name leaks out", put("model", "upstream-large-2")),
    ("id-constant", "RESP-002", "every message has the same id", put("id", "msg_1")),
    ("id-empty", "RESP-002", "the message id is empty", put("id", "")),
    ("type-foreign", "RESP-003", "the type is chat.completion", put("type", "chat.completion")),
    ("role-foreign", "RESP-003", "the role is model", put("role", "model")),
    ("model-null", "RESP-007", "the model is null", put("model", None)),
    ("stop-reason-foreign", "RESP-010", "stop reasons are OpenAI's words", put("stop_reason", "stop")),
    ("content-empty", "RESP-013", "content is always empty", put("content", [])),
)
MYROUTER_MESSAGE_ROWS: tuple[Row, ...] = (
    ("reasoning-too-large", "USG-005", "reasoning exceeds the output", put("usage.reasoning_tokens", 1_000_000)),
    (
        "aliases-disagree",
        "USG-007",
        "the two names of the cache counts disagree",
        put("usage.cache_read_input_tokens", 7),
    ),
)
ANTHROPIC_MESSAGE_ROWS: tuple[Row, ...] = (
    (
        "thinking-too-large",
        "USG-005",
        "thinking tokens exceed the output",
        put("usage.output_tokens_details.thinking_tokens", 1_000_000),
    ),
    (
        "thinking-count-a-string",
        "USG-005",
        "the count of thinking tokens is a string",
        put("usage.output_tokens_details.thinking_tokens", "0"),
    ),
    (
        "cache-parts-disagree",
        "USG-006",
        "the parts of cache_creation do not sum to its total",
        put("usage.cache_creation.ephemeral_5m_input_tokens", 12),
    ),
)


THINKING_ROWS: tuple[Row, ...] = (
    ("signature-missing", "THINK-003", "thinking blocks have no signature", without("content.*.signature")),
)

USAGE_MISSING = Fault(
    "usage-missing",
    Seam.MESSAGE,
    "USG-001",
    "usage is missing in JSON and in streams",
    without("usage"),
    also=("STRM-006", "STRM-019"),
)

SHAPE_FAULTS: tuple[Fault, ...] = (
    USAGE_MISSING,
    *table(Seam.JSON, JSON_ROWS),
    *table(Seam.MESSAGE, MESSAGE_ROWS),
    *table(Seam.MESSAGE, MYROUTER_MESSAGE_ROWS, MYROUTER),
    *table(Seam.MESSAGE, ANTHROPIC_MESSAGE_ROWS, ANTHROPIC),
    *table(Seam.MESSAGE, THINKING_ROWS),
)
