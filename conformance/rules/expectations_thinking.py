"""Kinds of expectation about extended thinking: it is shown where it is set, and not shown where it is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.rules.answers import asked, blocks
from conformance.rules.calls import whole_message
from conformance.rules.expectations import answer_of, kind
from conformance.rules.findings import Finding, Where, check, held, unjudged

if TYPE_CHECKING:
    from conformance.evidence.run import Record
    from conformance.rules.cases import Evidence

Args = Mapping[str, Any]
Message = Mapping[str, Any]

#: Blocks that hold thinking, in the clear or not.
THOUGHTS = frozenset({"thinking", "redacted_thinking"})


@kind("thinking-shown")
def thinking_shown(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """An answer to a request with a budget, if it says anything, holds a block of thinking.

    Requests with another kind of thinking are passed over: there the model decides whether it thinks.
    Source: schemas/requirements THINK-007.
    """
    known = frozenset(evidence.run.terms.profile.block_types)
    for record in evidence.records:
        wanted = asked(record.reading).get("thinking")
        if isinstance(wanted, Mapping) and wanted.get("type") == "enabled":
            yield _shown(record, known)


def _shown(record: Record, known: frozenset[str]) -> Finding:
    where, message = Where(record.seq, "/content"), whole_message(record.reading)
    if message is None:
        return unjudged("", f"no message to judge: {answer_of(record.exchange)}", where)
    kinds = [block.get("type") for _, block in blocks(message)]
    if THOUGHTS.intersection(word for word in kinds if isinstance(word, str)):
        return held("", where)
    if reason := _open(message, kinds, known):
        return unjudged("", reason, where)
    return check("", False, "a thinking or redacted_thinking block", f"blocks of the types {kinds}", where)


def _open(message: Message, kinds: list[Any], known: frozenset[str]) -> str:
    """Why an answer without thinking does not say that thinking was lost; "" where it does."""
    if message.get("stop_reason") == "refusal":
        return "the model refused"
    if not any(_says(block) for _, block in blocks(message)):
        return "the answer was over before it said anything"
    odd = [word for word in kinds if not isinstance(word, str) or word not in known]
    return f"a block of the type {odd[0]!r}, which may hold the thinking" if odd else ""


def _says(block: Message) -> bool:
    """Whether a block is what thinking comes before: words, or a call."""
    return block.get("type") == "tool_use" or (block.get("type") == "text" and bool(block.get("text")))


@kind("thinking-omitted")
def thinking_omitted(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """No thinking block of an answer to a request that leaves thinking out has words in it.

    Source: schemas/requirements THINK-008.
    """
    for record in evidence.records:
        yield from _omitted(record)


def _omitted(record: Record) -> Iterator[Finding]:
    where, message = Where(record.seq, "/content"), whole_message(record.reading)
    found = [(number, block) for number, block in blocks(message or {}) if block.get("type") in THOUGHTS]
    if not found:
        yield unjudged("", f"no block of thinking to judge: {answer_of(record.exchange)}", where)
    for number, block in found:
        words = block.get("thinking") if block.get("type") == "thinking" else ""
        place = Where(record.seq, f"/content/{number}/thinking")
        if isinstance(words, str):
            yield check("", not words, "no thinking: it was to be omitted", f"{len(words)} characters of it", place)
        else:
            yield unjudged("", "the thinking is no string, which is a fault of its own (THINK-003)", place)
