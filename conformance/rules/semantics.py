"""What the parts of a message say of one another and of the request (SEM-001, -003, -004, -007 to -010).

Judged for stop reasons of the contract: a foreign or absent one is RESP's.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.evidence.run import Terms
from conformance.rules.answers import (
    asked,
    at,
    blocks,
    declares_server_tool,
    is_count,
    listed,
    max_tokens,
    prompt_blocks,
)
from conformance.rules.calls import is_whole_call, odd_blocks
from conformance.rules.findings import Finding, Where, broken, check, held, note, shown
from conformance.rules.judged import about_message
from conformance.rules.usage import usage_of
from conformance.wire.reading import Reading

Message = Mapping[str, Any]

#: Stop reasons beside tool_use that a message with a whole tool call may have.
OTHER_ENDS_OF_CALLS = frozenset({"max_tokens", "refusal", "pause_turn", "model_context_window_exceeded"})
TOOL_HISTORY = frozenset({"tool_use", "tool_result"})
_REASON = Where(pointer="/stop_reason")


def _reason(message: Message, terms: Terms) -> str | None:
    reason = message.get("stop_reason")
    return reason if isinstance(reason, str) and reason in terms.profile.stop_reasons else None


def _supplied(reading: Reading) -> list[Any]:
    return listed(asked(reading).get("stop_sequences"))


def _has_tools(reading: Reading) -> bool:
    return bool(asked(reading).get("tools"))


def _has_tool_history(reading: Reading) -> bool:
    return any(block.get("type") in TOOL_HISTORY for block in prompt_blocks(reading) if _is_text(block.get("type")))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


@about_message("SEM-001")
def output_stays_within_the_limit(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SEM-001; one token more is a note, since some backends count the end of the sequence."""
    name = terms.profile.usage.output
    output, limit = at(usage_of(message), name), max_tokens(reading)
    if limit is None or not is_count(output):
        return
    where, expected = Where(pointer=f"/usage/{name}"), f"at most max_tokens {limit}"
    if output == limit + 1:
        yield note("SEM-001", expected, str(output), where)
    else:
        yield check("SEM-001", output <= limit, expected, str(output), where)


@about_message("SEM-003")
def tool_use_has_a_call(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SEM-003; a block of which nobody can say what it is may be the call."""
    odd = odd_blocks(message, terms.profile.foreign_block_types)
    if message.get("stop_reason") == "tool_use" and isinstance(message.get("content"), list) and not odd:
        calls = any(True for _ in blocks(message, "tool_use"))
        yield check("SEM-003", calls, "a tool_use block beside stop_reason tool_use", "none", Where(pointer="/content"))


@about_message("SEM-004")
def a_call_ends_with_tool_use(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SEM-004, for whole calls where tools were declared; a call out of nowhere is SEM-009's."""
    reason = _reason(message, terms)
    calls = any(is_whole_call(block) for _, block in blocks(message, "tool_use"))
    if calls and reason is not None and reason not in OTHER_ENDS_OF_CALLS and _has_tools(reading):
        yield check("SEM-004", reason == "tool_use", "stop_reason tool_use beside a tool_use block", reason, _REASON)


@about_message("SEM-007")
def stop_sequence_fits(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SEM-007. Absence and type are RESP-011's; stop_reason stop_sequence without supplied ones is SEM-008's."""
    reason, value, supplied = _reason(message, terms), message.get("stop_sequence"), _supplied(reading)
    where = Where(pointer="/stop_sequence")
    if reason is None or not (value is None or isinstance(value, str)):
        return
    if reason != "stop_sequence":
        yield check("SEM-007", value is None, f"null beside stop_reason {reason}", shown(value), where)
    elif supplied and "stop_sequence" in message:
        yield check("SEM-007", value in supplied, f"one of {shown(supplied)}", shown(value), where)


@about_message("SEM-008")
def stop_sequence_needs_a_supplied_one(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SEM-008."""
    reason = _reason(message, terms)
    if reason is not None and asked(reading) and not asked(reading).get("stop_sequences"):
        expected = "another stop_reason: no stop sequence was supplied"
        yield check("SEM-008", reason != "stop_sequence", expected, reason, _REASON)


@about_message("SEM-009")
def calls_need_tools(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SEM-009; stop_reason tool_use without any call is SEM-003's."""
    if not asked(reading) or _has_tools(reading) or _has_tool_history(reading):
        return
    for number, block in blocks(message, "tool_use"):
        where, seen = Where(pointer=f"/content/{number}"), f"a call of {shown(block.get('name'))}"
        yield broken("SEM-009", "no tool_use block: no tools were supplied", seen, where)
        return
    if message.get("stop_reason") != "tool_use" and isinstance(message.get("content"), list):
        yield held("SEM-009")


@about_message("SEM-010")
def server_tools_need_declaring(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SEM-010."""
    if not asked(reading) or declares_server_tool(reading):
        return
    reason = message.get("stop_reason")
    calls = [number for number, _ in blocks(message, "server_tool_use")]
    if reason == "pause_turn":
        yield broken("SEM-010", "no pause_turn: no server tool was declared", reason, _REASON)
    elif calls:
        where = Where(pointer=f"/content/{calls[0]}")
        yield broken("SEM-010", "no server_tool_use: no server tool was declared", "server_tool_use", where)
    elif isinstance(reason, str) and isinstance(message.get("content"), list):
        yield held("SEM-010")
