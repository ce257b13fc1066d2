"""Kinds of expectation that need the model's part: what it did not do leaves a case open and never breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from conformance.rules.answers import asked
from conformance.rules.expectations import answer_of, kind
from conformance.rules.findings import Finding, Where, broken, check, held, shown, unjudged
from conformance.rules.reached import (
    ends_before,
    goes_on,
    message_of,
    next_sequences,
    passage_repeated,
    sequences,
    spent,
    stop_reason,
)
from conformance.wire.reading import Reading

if TYPE_CHECKING:
    from conformance.evidence.run import Record
    from conformance.rules.cases import Evidence

Args = Mapping[str, Any]

#: Characters of a stop sequence from which half of it says something: nobody writes that by chance.
LONG_STOP = 6
#: Ways in which a text ends. Every other stop reason is a fault, or an event, of its own.
ENDS = frozenset({"end_turn", "max_tokens", "stop_sequence"})
_LOST = re.compile("[\ufffd\ud800-\udfff]")  # what is left of a character
#: The later bytes of a character in UTF-8, read as Latin-1 or as Windows-1252; the first bytes of three, and of four.
CONTINUATIONS = frozenset(map(chr, range(0x80, 0xC0))) | frozenset(bytes(range(0x80, 0xC0)).decode("cp1252", "ignore"))
THREE_BYTES, FOUR_BYTES = 0xE0, 0xF0
SELECTOR = "\ufe0f"  #: asks for the colourful form of the character before it; means nothing alone


def _each_last(evidence: Evidence, judge: Callable[[Reading, Args, Where], Finding], args: Args) -> Iterable[Finding]:
    """Judge the answer that a probe ended with, if it was served; earlier wordings led to nothing."""
    for rows in evidence.probes:
        yield _if_served(rows[-1], judge, args)


def _if_served(record: Record, judge: Callable[[Reading, Args, Where], Finding], args: Args) -> Finding:
    where = Where(record.seq)
    if message_of(record.reading) is None:
        return unjudged("", f"no message to judge: {answer_of(record.exchange)}", where)
    return judge(record.reading, args, where)


@kind("cut-by-limit", valid=True)
def cut_by_limit(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """An enumeration cut by the token limit has stop reason `max_tokens`; a foreign or absent one is RESP's."""
    return _each_last(evidence, _cut, args)


def _cut(reading: Reading, args: Args, where: Where) -> Finding:
    reason = stop_reason(reading)
    if reason == "max_tokens":
        return held("", where)
    if not isinstance(reason, str) or reason not in ENDS:
        return unjudged("", f"stop_reason {shown(reason)} is no end of a text", where)
    if spent(reading) and goes_on(reading):
        seen = f"stop_reason {shown(reason)} after the text {shown(reading.text)}"
        return broken("", "stop_reason max_tokens: the text goes on where the limit is spent", seen, where)
    return unjudged("", "the model ended by itself", where)


@kind("stops-at-sequence", valid=True)
def stops_at_sequence(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """No stop sequence is in the text: generation ended before it. Source: contract.md SEM-005."""
    return _each_last(evidence, _stops, args)


def _stops(reading: Reading, args: Args, where: Where) -> Finding:
    begun = stop_reason(reading) == "stop_sequence" and _begins_to_stop(reading)
    if begun or any(word in reading.text for word in sequences(reading)):
        return broken("", "a text that ends before the stop sequence", shown(reading.text), where)
    if stop_reason(reading) == "stop_sequence":
        return held("", where)
    return unjudged("", "the model did not write the stop sequence", where)


def _begins_to_stop(reading: Reading) -> bool:
    """Whether the text ends in half of the sequence that is reported, or more: a stream that looks at pieces alone."""
    word = (message_of(reading) or {}).get("stop_sequence")
    if not isinstance(word, str) or len(word) < LONG_STOP:
        return False
    return any(reading.text.endswith(word[:length]) for length in range((len(word) + 1) // 2, len(word)))


@kind("stop-reported", valid=True)
def stop_reported(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """A halt at a stop sequence is reported as such, with the sequence.

    The case has two probes: with the stop sequence, and without it. The halt is proven where the first answer says
    so, or where its text ends exactly before the sequence and the second one, to the same prompt, goes on.
    """
    stopped, free = (rows[-1] for rows in evidence.probes)
    yield _if_served(stopped, lambda reading, _, where: _reported(reading, free.reading, where), args)


def _reported(reading: Reading, free: Reading, where: Where) -> Finding:
    reason, sequence = stop_reason(reading), (message_of(reading) or {}).get("stop_sequence")
    if not isinstance(reason, str) or reason not in ENDS:
        return unjudged("", f"stop_reason {shown(reason)} is no end of a text", where)
    same_prompt = asked(reading).get("messages") == asked(free).get("messages")
    proven = ends_before(reading) and same_prompt and passage_repeated(free)
    if reason != "stop_sequence" and not proven:
        return unjudged("", "a halt at the stop sequence is not proven", where)
    wanted = next_sequences(reading) or sequences(reading)
    holds = reason == "stop_sequence" and sequence in wanted
    expected = f"stop_reason stop_sequence, stop_sequence {' or '.join(map(repr, wanted))}"
    return check("", holds, expected, f"stop_reason {shown(reason)}, stop_sequence {shown(sequence)}", where)


@kind("prefill-continued")
def prefill_continued(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """The text continues the last assistant turn, `prefill`, with `goes_on`, and does not repeat it."""
    return _each_last(evidence, _continued, args)


def _continued(reading: Reading, args: Args, where: Where) -> Finding:
    if reading.text.lstrip().startswith(args["prefill"]):
        return broken("", "a text that continues the prefill", shown(reading.text), where)
    if reading.text.startswith(args["goes_on"]):
        return held("", where)
    return unjudged("", "the model began anew in its own words", where)


@kind("round-trip", valid=True)
def round_trip(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """`words` come back as they were sent: no U+FFFD, no half of a character (a surrogate alone, as a stream has that
    cuts between two escapes), no misread character in their stead, and not all of them glued
    to one word, as who strips every piece of a text leaves them. What else stands between them is the model's choice.

    `artefacts` are what the first byte of such a character becomes. Alone each is a letter of some language, which a
    model that does not repeat the words may speak.
    """
    return _each_last(evidence, _came_back, args)


def _came_back(reading: Reading, args: Args, where: Where) -> Finding:
    if ill_encoded(reading):
        return unjudged("", "the bytes are no valid UTF-8, which is a fault of its own (HTTP-011, SSE-002)", where)
    text = reading.text
    repeated = all(word in text for word in args["words"])
    garbled = bool(_LOST.search(text)) or (not repeated and holds_misread(text, args["artefacts"]))
    glued = len(args["words"]) > 1 and "".join(args["words"]) in text.replace(SELECTOR, "")
    if garbled or glued:
        return broken("", "the characters that were sent", shown(text), where)
    return held("", where) if repeated else unjudged("", "the model did not repeat the words", where)


def holds_misread(text: str, marks: Iterable[str]) -> bool:
    """Whether one of the marks is followed by as many misread bytes as UTF-8 has behind such a first byte."""
    first = frozenset(marks)
    return any(letter in first and _goes_on_misread(text, place) for place, letter in enumerate(text))


def _goes_on_misread(text: str, place: int) -> bool:
    lead = ord(text[place])
    due = 1 + (lead >= THREE_BYTES) + (lead >= FOUR_BYTES)
    rest = text[place + 1 : place + 1 + due]
    return len(rest) == due and CONTINUATIONS.issuperset(rest)


def ill_encoded(reading: Reading) -> bool:
    """Whether the body is not valid UTF-8."""
    try:
        reading.body.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False
