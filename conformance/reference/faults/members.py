"""Faults in single members of the message: left out, of a wrong type, or a word of another protocol."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from conformance.reference.faults._edit import ANTHROPIC, BOTH, MYROUTER, Row, breaking_also, put, table, without
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.tokens import listed


def _blocks_of(kind: str, edit: Callable[[dict[str, Any]], Any]) -> Apply:
    """Edit the blocks of one type in a message."""

    def change(message: Any, context: Context) -> Any:
        blocks = [edit(dict(block)) if block.get("type") == kind else block for block in listed(message["content"])]
        return {**message, "content": blocks}

    return change


def _member(kind: str, name: str, value: Any) -> Apply:
    """One member of the blocks of a type; a function is given the old value."""
    new = value if callable(value) else lambda _: value
    return _blocks_of(kind, lambda block: {**block, name: new(block.get(name))})


def _without(kind: str, name: str) -> Apply:
    return _blocks_of(kind, lambda block: {key: value for key, value in block.items() if key != name})


def _said(text: str) -> Apply:
    """Markup before what is said."""
    return _member("text", "text", lambda old: text + str(old))


def _retold(old: str, new: str) -> Apply:
    return put("stop_reason", lambda reason: new if reason == old else reason)


def _wrapped(message: Any, context: Context) -> Any:
    return {"data": message}


def _failed(error: Any) -> Apply:
    """An error beside the members of a message."""
    return lambda message, context: {**message, "error": error}


def _merged(message: Any, context: Context) -> Any:
    """The arguments of all calls in the first one."""
    calls = [block for block in message["content"] if block.get("type") == "tool_use"]
    if len(calls) < 2:
        return message
    first = {**calls[0], "input": "".join(json.dumps(block["input"]) for block in calls)}
    kept = [first if block is calls[0] else block for block in message["content"] if block not in calls[1:]]
    return {**message, "content": kept}


def _as_text(message: Any, context: Context) -> Any:
    """Calls written out as text."""
    blocks = [
        {"type": "text", "text": f"{block['name']}({json.dumps(block['input'])})"}
        if block.get("type") == "tool_use"
        else block
        for block in message["content"]
    ]
    called = any(block.get("type") == "tool_use" for block in message["content"])
    return {**message, "content": blocks, "stop_reason": "end_turn" if called else message["stop_reason"]}


JSON_ROWS: tuple[Row, ...] = (
    ("message-wrapped", "RESP-001", "the message is a member of another object", _wrapped),
    ("id-missing", "RESP-001", "the JSON answer has no id", without("id")),
    ("message-type-missing", "RESP-001", "the JSON answer has no type", without("type")),
    ("content-missing", "RESP-001", "the JSON answer has no content", without("content")),
    ("model-missing", "RESP-001", "the JSON answer has no model", without("model")),
    ("content-null", "RESP-004", "content is null", put("content", None)),
    (
        "content-an-object",
        "RESP-004",
        "content is one block, in no array",
        put("content", lambda old: {**old[0]} if old else {}),
    ),
    (
        "content-of-strings",
        "RESP-004",
        "content holds strings",
        put("content", lambda old: [str(b.get("text")) for b in old]),
    ),
    ("block-type-null", "RESP-004", "content blocks have the type null", put("content.*.type", None)),
    ("text-missing", "RESP-005", "text blocks have no text", _without("text", "text")),
    ("text-an-array", "RESP-005", "the text of a block is an array", _member("text", "text", lambda old: [old])),
    ("stop-reason-missing", "RESP-009", "the JSON answer has no stop_reason", without("stop_reason")),
    ("stop-reason-a-number", "RESP-009", "stop_reason is a number", put("stop_reason", 1)),
    (
        "error-beside-message",
        "RESP-012",
        "a 200 carries an error beside the message",
        _failed({"type": "api_error", "message": "failed"}),
    ),
    ("input-tokens-null", "USG-002", "input_tokens is null", put("usage.input_tokens", None)),
    ("output-tokens-missing", "USG-002", "output_tokens is left out", without("usage.output_tokens")),
    ("input-tokens-a-boolean", "USG-002", "input_tokens is a boolean", put("usage.input_tokens", True)),
    ("usage-an-array", "USG-001", "usage is an array", put("usage", lambda old: [old])),
    ("calls-merged", "TOOL-015", "the arguments of two calls stand in the first", _merged),
    ("tool-input-missing", "TOOL-015", "a call has no input", _without("tool_use", "input")),
    ("tool-id-missing", "TOOL-015", "calls have no id", _without("tool_use", "id")),
    ("tool-id-null", "TOOL-015", "ids of calls are null", _member("tool_use", "id", None)),
    ("signature-null", "THINK-003", "signatures are null", _member("thinking", "signature", None)),
    ("thinking-null", "THINK-003", "the thinking of a block is null", _member("thinking", "thinking", None)),
)
"""JSON answers."""

WORDS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "MAX_TOKENS": "max_tokens",
    "STOP": "end_turn",
    "function_call": "tool_use",
}
"""Reasons of other protocols, and those they stand for."""


def _words() -> Iterator[Row]:
    """A reason of another protocol wherever it would stand."""
    for word, reason in WORDS.items():
        name = f"{'capital-' if word.isupper() else ''}{word.lower().replace('_', '-')}"
        yield f"reason-{name}", "RESP-010", f"{reason} is told as {word}", _retold(reason, word)


MESSAGE_ROWS: tuple[Row, ...] = (
    ("cache-read-a-float", "USG-006", "a cache count is a fraction", put("usage.cache_read_input_tokens", 0.5)),
    (
        "stop-sequence-a-boolean",
        "RESP-011",
        "stop_sequence is false where there is none",
        put("stop_sequence", lambda old: old or False),
    ),
    ("cache-write-a-float", "USG-003", "cache_write_tokens is a fraction", put("usage.cache_write_tokens", 0.5)),
    ("cache-read-null", "USG-003", "cache_read_tokens is null", put("usage.cache_read_tokens", None)),
    ("total-missing-parts", "USG-004", "total_tokens is the output alone", put("usage.total_tokens", 1)),
    ("id-null", "RESP-002", "the message id is null", put("id", None)),
    ("id-a-number", "RESP-002", "the message id is a number", put("id", 7)),
    ("model-empty", "RESP-007", "the model is an empty string", put("model", "")),
    ("role-null", "RESP-003", "the role is null", put("role", None)),
    ("stop-reason-empty", "RESP-010", "the stop reason is an empty string", put("stop_reason", "")),
    *_words(),
    ("tool-id-empty", "TOOL-015", "ids of calls are empty", _member("tool_use", "id", "")),
    (
        "tool-name-rewritten",
        "TOOL-015",
        "calls name the tool otherwise",
        _member("tool_use", "name", lambda old: f"functions_{old}"),
    ),
    ("tool-name-empty", "TOOL-015", "calls have an empty name", _member("tool_use", "name", "")),
    ("think-tag-left", "THINK-006", "the end of reasoning is left in the text", _said("</think>\n\n")),
    (
        "channel-left",
        "THINK-006",
        "the channel of reasoning is left in the text",
        _said("<|channel|>analysis<|message|>hm"),
    ),
    (
        "function-call-block",
        "RESP-006",
        "calls have the type function_call",
        put("content.*.type", lambda old: "function_call" if old == "tool_use" else old),
    ),
)
"""Messages, in JSON and in streams."""

OWN_ROWS: tuple[Row, ...] = (("total-a-string", "USG-003", "total_tokens is a string", put("usage.total_tokens", str)),)
UPSTREAM_ROWS: tuple[Row, ...] = (
    ("stop-sequence-empty", "SEM-007", "stop_sequence is an empty string", put("stop_sequence", lambda old: old or "")),
)

CACHE_ROWS: tuple[Row, ...] = (
    ("cache-creation-negative", "USG-006", "a cache count is negative", put("usage.cache_creation_input_tokens", -1)),
)


def _mended_later(events: list[dict[str, Any]], context: Context) -> list[dict[str, Any]]:
    """The count of cached tokens is a string in `message_start`, and what it should be in `message_delta`."""
    told = {"message_start": "message.usage", "message_delta": "usage"}
    values = {"message_start": "0", "message_delta": 0}
    edits = {kind: put(f"{path}.cache_read_input_tokens", values[kind]) for kind, path in told.items()}
    return [edits[event["type"]](event, context) if event["type"] in edits else event for event in events]


CALLS_AS_TEXT = Fault(
    "calls-as-text", Seam.JSON, "TOOL-011", "calls in JSON are told as text", _as_text, also=("TOOL-012",)
)

MEMBER_FAULTS: tuple[Fault, ...] = (
    CALLS_AS_TEXT,
    *table(Seam.JSON, JSON_ROWS, BOTH),
    *table(Seam.JSON, CACHE_ROWS, BOTH),
    *table(
        Seam.EVENTS,
        [("start-cache-count-a-string", "USG-006", "a cache count is a string in message_start alone", _mended_later)],
        ANTHROPIC,
    ),
    *breaking_also({"tool-name-empty": ("TOOL-017",)}, table(Seam.MESSAGE, MESSAGE_ROWS, BOTH)),
    *table(Seam.MESSAGE, OWN_ROWS, MYROUTER),
    *table(Seam.MESSAGE, UPSTREAM_ROWS, ANTHROPIC),
)
