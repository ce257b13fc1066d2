"""What a client saw, against what a scenario says must be seen: a table with a row for each word of `see`.

What the model said is not judged, but what was on the wire and never reached the user is lost.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance.clients.data import Client, Scenario
from conformance.clients.driving import How, Ran
from conformance.evidence.run import Record
from conformance.rules.answers import blocks


class State(StrEnum):
    """What a client comes to, in a scenario and altogether.

    Open: the model did not do what the scenario needs. Not asked: the client or the target does not claim it.
    """

    WORKS = "works"
    DEGRADED = "degraded"
    BROKEN = "broken"
    OPEN = "open"
    NOT_ASKED = "not asked"
    NOT_CHECKED = "not checked"


#: Which state of a scenario makes the state of its client, the first wins.
WORST_FIRST = (State.BROKEN, State.DEGRADED, State.NOT_CHECKED, State.WORKS, State.OPEN, State.NOT_ASKED)


@dataclass(frozen=True, slots=True)
class Judged:
    """A state, and why where it is not `works`."""

    state: State
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wire:
    """What the answers to a client held: the text of the last one, and the tool calls of all."""

    text: str = ""
    calls: int = 0


def wire_of(records: Sequence[Record]) -> Wire:
    """What these exchanges held."""
    readings = [record.reading for record in sorted(records, key=lambda record: record.seq)]
    messages = [reading.accumulated if reading.is_stream else reading.message for reading in readings]
    calls = sum(1 for message in messages if message is not None for _ in blocks(message, "tool_use"))
    return Wire(readings[-1].text if readings else "", calls)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a driver told, read defensively, with the words of its client translated; and what was there to be seen."""

    seen: Mapping[str, Any]
    client: Client
    see: Mapping[str, Any]
    wire: Wire

    @property
    def calls(self) -> list[Mapping[str, Any]]:
        """The tool calls that are objects."""
        calls = self.seen.get("tool_calls")
        return [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []

    @property
    def stop_reasons(self) -> tuple[Any, ...]:
        """All that the client's word for the end may stand for."""
        word = self.seen.get("stop_reason")
        return self.client.stop_reasons.get(word, (word,)) if isinstance(word, str) else (word,)


def judge(ran: Ran, scenario: Scenario, client: Client, wire: Wire = Wire()) -> Judged:
    """What a scenario comes to for a client that was answered with this."""
    if ran.how is How.UNSUPPORTED:
        return Judged(State.NOT_ASKED, (str(ran.error.get("message") or "the client cannot do this"),))
    if "status" in scenario.see:
        return _surfaced(ran, scenario.see["status"])
    if ran.how is not How.COMPLETED:
        return Judged(State.BROKEN, (ended(ran),))
    sight = Sight(ran.seen, client, scenario.see, wire)
    if scenario.willing and UNWILLING[scenario.willing](sight):
        return Judged(State.OPEN, (f"the model made none of what the scenario is about ({scenario.title})",))
    reasons = tuple(_complaints(sight))
    return Judged(State.DEGRADED if reasons else State.WORKS, reasons)


def ended(ran: Ran) -> str:
    """How a process ended, in words; of an exception its name and what it says."""
    if ran.how is How.EXCEPTION:
        return f"{ran.error.get('type') or 'an exception'}: {ran.error.get('message') or ''}".rstrip(": ")
    return f"{ran.how}: {ran.why}" if ran.why else str(ran.how)


def _surfaced(ran: Ran, statuses: Sequence[int]) -> Judged:
    """An error that had to come: whether it did, with its status and in words."""
    if ran.how is How.COMPLETED:
        return Judged(State.DEGRADED, ("an error of the target came out as an answer",))
    if ran.how is not How.EXCEPTION:
        return Judged(State.BROKEN, (ended(ran),))
    status, lost = ran.error.get("status"), []
    if status not in statuses:
        lost.append(f"the error tells the status {status}, not {' or '.join(map(str, statuses))}: {ended(ran)}")
    if not ran.error.get("message"):
        lost.append("the error has no words")
    return Judged(State.DEGRADED if lost else State.WORKS, tuple(lost))


def _complaints(sight: Sight) -> Iterator[str]:
    for word, wanted in sight.see.items():
        if word not in sight.client.cannot_tell:
            yield from SEEN[word](sight, wanted)


def _some(word: str) -> "Look":
    def look(sight: Sight, wanted: Any) -> Iterator[str]:
        said = sight.seen.get(word)
        if not (isinstance(said, str) and said.strip()):
            yield f"no {word} was seen"

    return look


def _text(sight: Sight, wanted: Any) -> Iterator[str]:
    yield from _some("text")(sight, wanted)
    said, held = str(sight.seen.get("text") or "").strip(), sight.wire.text.strip()
    if said and len(said) < len(held):
        yield f"{len(said)} of {len(held)} characters of the text were seen"


def _calls(sight: Sight, wanted: int) -> Iterator[str]:
    calls = sight.calls
    if len(calls) < wanted:
        yield f"{len(calls)} of {wanted} tool calls were seen"
    ids = [call.get("id") for call in calls]
    if not all(isinstance(one, str) and one for one in ids) or len(set(map(str, ids))) < len(ids):
        yield "tool calls have no ids of their own"


_TYPES: Mapping[str, type] = {"integer": int, "string": str}


def _input(sight: Sight, wanted: Mapping[str, str]) -> Iterator[str]:
    for call in sight.calls:
        given = call.get("input")
        given = given if isinstance(given, dict) else {}
        for word, kind in wanted.items():
            value = given.get(word)
            if not isinstance(value, _TYPES[kind]) or isinstance(value, bool):
                yield f"a call of {call.get('name')} has no {kind} {word} in its input"


def _turns(sight: Sight, wanted: int) -> Iterator[str]:
    if sight.seen.get("turns") != wanted:
        yield f"{sight.seen.get('turns')} turns were had, not {wanted}"


def _stop_reasons(sight: Sight, wanted: Sequence[str]) -> Iterator[str]:
    if not set(wanted).intersection(word for word in sight.stop_reasons if isinstance(word, str)):
        yield f"the stop reason is {sight.seen.get('stop_reason')!r}, not {' or '.join(wanted)}"


def _stop_sequence(sight: Sight, wanted: str) -> Iterator[str]:
    if sight.seen.get("stop_sequence") != wanted:
        yield f"the stop sequence is {sight.seen.get('stop_sequence')!r}, not {wanted!r}"


def _usage(sight: Sight, wanted: Sequence[str]) -> Iterator[str]:
    usage = sight.seen.get("usage")
    for word in wanted:
        count = usage.get(word) if isinstance(usage, dict) else None
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            yield f"usage tells {count!r} {word}"


def _judged_apart(sight: Sight, wanted: Any) -> Iterator[str]:
    return iter(())


Look = Callable[[Sight, Any], Iterator[str]]
SEEN: Mapping[str, Look] = {
    "text": _text,
    "thinking": _some("thinking"),
    "calls": _calls,
    "input": _input,
    "turns": _turns,
    "stop_reasons": _stop_reasons,
    "stop_sequence": _stop_sequence,
    "usage": _usage,
    "status": _judged_apart,
}
_ENDED = {"end_turn", "max_tokens", "refusal"}
#: Whether the model left out what a scenario is about, by the word of `willing`.
UNWILLING: Mapping[str, Callable[[Sight], bool]] = {
    "calls": lambda sight: (
        not sight.calls and not sight.wire.calls and bool(_ENDED.intersection(map(str, sight.stop_reasons)))
    ),
    "stop_sequence": lambda sight: (
        "stop_sequence" not in sight.stop_reasons and bool(_ENDED.intersection(map(str, sight.stop_reasons)))
    ),
}


def together(states: Sequence[State]) -> State:
    """What a client comes to when its scenarios come to these."""
    return next((state for state in WORST_FIRST if state in states), State.NOT_ASKED)
