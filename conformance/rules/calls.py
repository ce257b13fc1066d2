"""Small questions about tool calls in an answer: whose they are, and whether they came to their end."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from conformance.rules.answers import asked, blocks, listed
from conformance.rules.judged import is_judged
from conformance.rules.scope import judged_messages
from conformance.wire.reading import Reading
from conformance.wire.stream_tables import CUT_REASONS

Message = Mapping[str, Any]

#: What the id of a call is made of (TOOL-015).
CALL_ID = re.compile(r"[a-zA-Z0-9_-]+")
#: Stop reasons behind which the last block may be a fragment, and a block that was due may be missing.
EARLY_ENDS = CUT_REASONS | {"refusal", "pause_turn", "stop_sequence"}


def whole_message(reading: Reading) -> Message | None:
    """The message of a served request that came to its end and not to an error; None when there is none."""
    return next((message for _, message in judged_messages(reading) if is_judged(message, reading)), None)


def odd_blocks(message: Message, foreign: Collection[str]) -> list[Any]:
    """The blocks of which nobody can say what they are: without a type (RESP-004), or with another protocol's
    (RESP-006); each may be a call."""
    content = listed(message.get("content"))
    kinds = [block.get("type") if isinstance(block, Mapping) else None for block in content]
    return [block for block, kind in zip(content, kinds, strict=True) if not isinstance(kind, str) or kind in foreign]


def ended_early(message: Message) -> bool:
    """Whether the answer says that it was broken off."""
    reason = message.get("stop_reason")
    return isinstance(reason, str) and reason in EARLY_ENDS


def fragment(message: Message) -> int | None:
    """The place of the block that may be a fragment: the last one of an answer that was broken off."""
    content = listed(message.get("content"))
    return len(content) - 1 if content and ended_early(message) else None


def is_whole_call(block: Message) -> bool:
    """Whether a tool_use block has what a client needs to run it and to answer it."""
    named = isinstance(block.get("id"), str) and isinstance(block.get("name"), str)
    return named and isinstance(block.get("input"), Mapping)


def finished_calls(message: Message) -> list[Message]:
    """The tool_use blocks, whatever their shape, without one that may be a fragment."""
    return [block for number, block in blocks(message, "tool_use") if number != fragment(message)]


def declared_names(reading: Reading) -> frozenset[str] | None:
    """The names of the tools in the request; None where there are none, or one whose name is not told (a tool set)."""
    tools = listed(asked(reading).get("tools"))
    names = [tool.get("name") if isinstance(tool, Mapping) else None for tool in tools]
    known = frozenset(name for name in names if isinstance(name, str))
    return known if names and all(isinstance(name, str) for name in names) else None


def is_eager(reading: Reading, name: object) -> bool:
    """Whether the tool was declared with eager_input_streaming: its arguments may come as anything (STRM-028)."""
    tools = (tool for tool in listed(asked(reading).get("tools")) if isinstance(tool, Mapping))
    return any(tool.get("name") == name and tool.get("eager_input_streaming") is True for tool in tools)
