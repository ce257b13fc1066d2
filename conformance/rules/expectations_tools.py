"""Kinds of expectation about tool calls: a model that may answer in words leaves a case open and never breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from conformance.rules.answers import asked, at, blocks
from conformance.rules.calls import declared_names, ended_early, finished_calls, odd_blocks, whole_message
from conformance.rules.expectations import answer_of, kind
from conformance.rules.expectations_meaning import SELECTOR, holds_misread, ill_encoded
from conformance.rules.findings import Finding, Where, broken, check, held, shown, unjudged
from conformance.rules.outcome import is_served
from conformance.wire.reading import Reading

if TYPE_CHECKING:
    from conformance.evidence.run import Record
    from conformance.rules.cases import Evidence

Args = Mapping[str, Any]
Message = Mapping[str, Any]

#: Choices that a model which thinks may refuse (contract.md §6).
FORCED = frozenset({"any", "tool"})
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def _of_last(evidence: Evidence, judge: Callable[[Record, Message], Finding]) -> Iterable[Finding]:
    """Judge the message that the last probe ended with, where one came with content; earlier ones led up to it."""
    record = evidence.probes[-1][-1]
    message = whole_message(record.reading)
    if message is None or not isinstance(message.get("content"), list):
        yield unjudged("", f"no message to judge: {answer_of(record.exchange)}", Where(record.seq))
    elif odd := odd_blocks(message, evidence.run.terms.profile.foreign_block_types):
        seen = f"a block of which nobody can say what it is: {shown(odd[0])}"
        yield unjudged("", seen, Where(record.seq, "/content"))
    else:
        yield judge(record, message)


@kind("calls-tool", valid=True)
def calls_tool(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """The last answer calls the tool `name`, or any declared one: at least once, or `exactly` so often.

    With `coop` the model was free to call, so that a call too few leaves the case open. A name that nobody declared is
    TOOL-015's question, a stop reason that the contract does not know RESP-010's.
    """
    known = evidence.run.terms.profile.stop_reasons

    def judge(record: Record, message: Message) -> Finding:
        return _wrong_calls(record, message, args) or _enough_calls(record, message, args, known)

    return _of_last(evidence, judge)


def _wrong_calls(record: Record, message: Message, args: Args) -> Finding | None:
    """What is wrong with the calls there are, or None."""
    declared, wanted, where = declared_names(record.reading), args.get("name"), Where(record.seq, "/content")
    found = [block.get("name") for _, block in blocks(message, "tool_use")]
    names = [name for name in found if isinstance(name, str) and (declared is None or name in {*declared, wanted})]
    if wanted and (others := [name for name in names if name != wanted]):
        return broken("", f"a call of {wanted}", f"a call of {shown(others[0])}", where)
    if len(names) < len(found):
        return unjudged("", f"calls of {shown(found)}, not all of which are declared (TOOL-015)", where)
    exactly = args.get("exactly")
    if exactly is not None and len(names) > exactly:
        return broken("", f"exactly {_times(exactly)}", _times(len(names)), where)
    return None


def _enough_calls(record: Record, message: Message, args: Args, known: Collection[str]) -> Finding:
    least, reason = args.get("exactly", 1), message.get("stop_reason")
    count, where = len(finished_calls(message)), Where(record.seq, "/content")
    if count >= least:
        return held("", where)
    if ended_early(message) or reason not in known:
        return unjudged("", f"{_times(count)} before stop_reason {shown(reason)}", where)
    if args.get("coop"):
        return unjudged("", f"the model answered with {_times(count)}", where)
    told = _times(least) if "exactly" in args else "at least 1 call"
    expected = f"{told} of {args.get('name', 'a declared tool')}: the choice is forced"
    return broken("", expected, f"{_times(count)}, stop_reason {shown(reason)}", where)


def _times(count: int) -> str:
    return f"{count} call{'' if count == 1 else 's'}"


@kind("calls-no-tool", valid=True)
def calls_no_tool(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """The last answer holds no tool_use block and does not end with `tool_use`."""
    return _of_last(evidence, _no_call)


def _no_call(record: Record, message: Message) -> Finding:
    where, reason = Where(record.seq, "/content"), message.get("stop_reason")
    calls = [block.get("name") for _, block in blocks(message, "tool_use")]
    if calls or reason == "tool_use":
        expected = "no tool_use block and another stop_reason than tool_use"
        return broken("", expected, f"calls of {shown(calls)}, stop_reason {shown(reason)}", where)
    if not message["content"] and ended_early(message):
        return unjudged("", f"nothing came before stop_reason {shown(reason)}", where)
    return held("", where)


@kind("accepts-choice", valid=True)
def accepts_choice(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Status 200; a 400 that names thinking leaves a forced choice open. Source: contract.md TOOL-008."""
    for record in evidence.probes[-1]:
        where = Where(record.seq)
        if record.exchange.status == 400 and _is_forced(record.reading) and _names_thinking(record.reading):
            yield unjudged("", "this model thinks, and refuses a forced choice for it", where)
        else:
            expected = f"status 200: tool_choice {shown(asked(record.reading).get('tool_choice'))} is valid"
            yield check("", is_served(record.exchange), expected, answer_of(record.exchange), where)


def _is_forced(reading: Reading) -> bool:
    choice = at(asked(reading), "tool_choice.type")
    return isinstance(choice, str) and choice in FORCED


def _names_thinking(reading: Reading) -> bool:
    message = (reading.error or {}).get("message")
    return "thinking" in (message if isinstance(message, str) else reading.body.decode("utf-8", "replace")).lower()


@kind("arguments-streamed", valid=True)
def arguments_streamed(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """Two probes force the same call, the second as a stream: arguments that come in JSON are not lost there.

    A call without arguments in both, or none, is the model's. So are as many of several as in JSON.
    """
    told, streamed = (finished_calls(whole_message(rows[-1].reading) or {}) for rows in evidence.probes)
    given = next((call["input"] for call in told if call.get("input")), None)
    bare, as_many = _bare(streamed), _bare(told)
    garbled = any(breach.requirement == "STRM-028" for breach in evidence.last.reading.walk.breaches)
    where = Where(evidence.last.seq)
    if not streamed or garbled or (bare and (given is None or bare <= as_many)):
        yield unjudged("", "no call with arguments to compare", where)
    else:
        seen = f"{bare} of {len(streamed)} calls with {{}} in the end, {as_many} of {len(told)} in JSON"
        yield check("", not bare, f"arguments, as in JSON: {shown(given)}", seen, where)


def _bare(calls: Iterable[Message]) -> int:
    return sum(call.get("input") == {} for call in calls)


@kind("arguments-round-trip", valid=True)
def arguments_round_trip(evidence: Evidence, args: Args) -> Iterable[Finding]:
    """`value`, fixed by the tool's schema, comes back whole in the member `path` (dotted) of a call's input.

    It is broken by what a wrong decoding leaves in its stead: U+FFFD, any of `artefacts`, its bytes read as another
    encoding, characters beyond the BMP left out, or any letters beyond ASCII and nothing else. Another value is the
    model's, and so is one that is escaped once too often: models write such, and nobody can tell whether a server did.
    """
    for rows in evidence.probes:
        yield _came_whole(rows[-1], args)


def _came_whole(record: Record, args: Args) -> Finding:
    where, message = Where(record.seq), whole_message(record.reading)
    if message is None:
        return unjudged("", f"no message to judge: {answer_of(record.exchange)}", where)
    if ill_encoded(record.reading):
        return unjudged("", "the bytes are no valid UTF-8, which is a fault of its own (HTTP-011, SSE-002)", where)
    given = [at(block.get("input"), args["path"]) for block in finished_calls(message)]
    values = [value for value in given if isinstance(value, str)]
    if spoilt := next((value for value in values if is_spoilt(value, args["value"], args["artefacts"])), None):
        return broken("", f"the characters that were asked for, {shown(args['value'])}", shown(spoilt), where)
    if any(args["value"] in value for value in values):
        return held("", where)
    return unjudged("", "the model did not give the value", where)


def is_spoilt(value: str, wanted: str, artefacts: Iterable[str] = ()) -> bool:
    """Whether a value is the wanted one after a wrong decoding."""
    if "\ufffd" in value.replace(wanted, "") or _SURROGATE.search(value):
        return True
    if wanted in value:
        return False
    return (
        holds_misread(value, artefacts)
        or value in _misread(wanted)
        or _plain(value) in _thinned(wanted)
        or _lacks_letters(value, wanted)
    )


def _misread(text: str) -> set[str]:
    """What a text becomes when its UTF-8 is read as another encoding."""
    return {text.encode().decode(name, "replace") for name in ("latin-1", "cp1252", "cp437")} - {text}


def _thinned(text: str) -> set[str]:
    """What is left of a text where characters beyond the BMP, or beyond ASCII, cannot be held."""
    kept = {_ASTRAL.sub(stand_in, text) for stand_in in ("", "?", "??")}
    return {_plain(found) for found in kept | {text.encode("ascii", "replace").decode()}} - {"", _plain(text)}


def _lacks_letters(value: str, wanted: str) -> bool:
    """Whether letters of the BMP beyond ASCII fell out and all else is as it was: pieces of them were thrown away. A
    model may leave out a rare sign, and does not leave out letters within words.
    """
    kept = iter(wanted)
    in_order = all(letter in kept for letter in value)
    return in_order and _ascii(value) == _ascii(wanted) and len(_letters(value)) < len(_letters(wanted))


def _ascii(text: str) -> str:
    return text.encode("ascii", "ignore").decode()


def _letters(text: str) -> str:
    return "".join(letter for letter in text if not letter.isascii() and letter <= "\uffff" and letter.isalpha())


def _plain(text: str) -> str:
    """The text without selectors, and with single spaces where something fell out between two."""
    return " ".join(text.replace(SELECTOR, "").split())
