"""Tool calls and thinking in an answer: their shape, their ids, and reasoning in the wrong place.

TOOL-015, TOOL-016, THINK-003 and THINK-006. What may be a fragment, because the answer was broken off, is not judged.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from conformance.evidence.run import Record, Run, Terms
from conformance.rules.answers import blocks, request_header
from conformance.rules.calls import CALL_ID, declared_names, fragment, is_eager
from conformance.rules.findings import Finding, Where, broken, held, shown
from conformance.rules.judged import about_message
from conformance.rules.registry import Fold, folding_rule
from conformance.rules.scope import judged_messages
from conformance.rules.uniqueness import Ids, NamedIds, Seen
from conformance.wire.reading import Reading

Message = Mapping[str, Any]

#: The prefix of every recorded id of a call; another one is free.
USUAL_PREFIX = "toolu_"
#: The string members of a block that holds reasoning.
REASONING = {"thinking": ("thinking", "signature"), "redacted_thinking": ("data",)}
#: Marks around the reasoning of open models. A request that holds one of a row asks for the others, too.
RAW_TAGS = (("<think>", "</think>"), ("<|channel|>",))


class Part(NamedTuple):
    """One member of a block; `holds` is None where it is not judged here."""

    key: str
    expected: str
    holds: bool | None


def _whole(requirement: str, block: Message, place: str, parts: Iterable[Part]) -> Iterator[Finding]:
    """Every part that departs; that the clause held, where all parts were put to the test and none did."""
    judged = list(parts)
    for part in judged:
        if part.holds is False:
            seen = shown(block[part.key]) if part.key in block else "no such key"
            yield broken(requirement, part.expected, seen, Where(pointer=f"{place}/{part.key}"))
    if all(part.holds for part in judged):
        yield held(requirement, Where(pointer=place))


@about_message("TOOL-015")
def calls_can_be_run(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """TOOL-015. Where no tools were supplied any call is SEM-009's; arguments in a stream that join to no object are
    STRM-028's.
    """
    names, cut = declared_names(reading), fragment(message)
    garbled = reading.is_stream and any(breach.requirement == "STRM-028" for breach in reading.walk.breaches)
    for number, block in blocks(message, "tool_use"):
        free = garbled or number == cut or is_eager(reading, block.get("name"))
        yield from _whole("TOOL-015", block, f"/content/{number}", _call_parts(block, names, free))


def _call_parts(block: Message, names: frozenset[str] | None, free: bool) -> Iterator[Part]:
    identifier, name = block.get("id"), block.get("name")
    fits = isinstance(identifier, str) and CALL_ID.fullmatch(identifier) is not None
    yield Part("id", "a string of letters, digits, _ and -", fits)
    known = None if names is None else isinstance(name, str) and name in names
    yield Part("name", f"the name of a declared tool, {' or '.join(map(repr, sorted(names or ())))}", known)
    yield Part("input", "a JSON object", None if free else isinstance(block.get("input"), Mapping))


@folding_rule("TOOL-015", "TOOL-016")
def call_ids_are_unique(run: Run) -> Fold:
    """TOOL-016. A repetition under one idempotency key may be answered with the same calls: LOAD-004's case.

    Another prefix than the usual one is noted with TOOL-015, whose question the form of an id is.
    """
    return NamedIds("TOOL-016", "TOOL-015", Ids(run, _call_ids, USUAL_PREFIX))


def _call_ids(record: Record) -> Iterator[Seen]:
    if request_header(record.exchange, "idempotency-key") is not None:
        return
    for _, message in judged_messages(record.reading):
        for number, block in blocks(message, "tool_use"):
            value = block.get("id")
            if isinstance(value, str) and value:
                yield Seen(value, Where(record.seq, f"/content/{number}/id"))


@about_message("THINK-003")
def reasoning_is_whole(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """THINK-003. A thinking block that was broken off has nothing to sign."""
    cut = fragment(message)
    for kind, keys in REASONING.items():
        for number, block in blocks(message, kind):
            free = {"signature"} if number == cut else set()
            parts = (Part(k, "a string", None if k in free else isinstance(block.get(k), str)) for k in keys)
            yield from _whole("THINK-003", block, f"/content/{number}", parts)


@about_message("THINK-006")
def text_holds_no_raw_reasoning(message: Message, reading: Reading, terms: Terms) -> Iterable[Finding]:
    """THINK-006. Tags that the request brought are the model's to repeat, to open and to close."""
    texts = {number: text for number, block in blocks(message, "text") if (text := _string(block.get("text")))}
    found = [(number, row, tag) for number, text in texts.items() for row in RAW_TAGS for tag in row if tag in text]
    own = [(number, tag) for number, row, tag in found if not _brought(reading, row)]
    for number, tag in own[:1]:
        place = texts[number].index(tag)
        seen = f"{tag} in {shown(texts[number][max(0, place - 40) : place + 60])}"
        yield broken("THINK-006", "text without raw tags of reasoning", seen, Where(pointer=f"/content/{number}/text"))
    if texts and not found:
        yield held("THINK-006")


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _brought(reading: Reading, tags: tuple[str, ...]) -> bool:
    """Whether the request holds one of the tags, spelled out or behind JSON escapes."""
    said = json.dumps(reading.sent, ensure_ascii=False)
    raw = reading.exchange.request.body.decode("utf-8", "replace")
    return any(tag in said or tag in raw for tag in tags)
