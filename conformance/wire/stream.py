"""Walks the events of a streamed message through the grammar's tables and says which clauses held and which broke.

Judges STRM-001 to STRM-031 but STRM-007, which needs a profile's field names. One fault breaks one requirement as
far as the grammar lets it: an event that belongs to no open block is judged for that alone, a stream that breaks
off is judged for that alone, and after an error nothing is missing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.wire.jsontext import JSON
from conformance.wire.stream_breach import MISSING, Breach, Ledger, StreamEvent, member, shown
from conformance.wire.stream_checks import (
    check_block_start,
    check_delta,
    check_delta_usage,
    check_error,
    check_message_start,
    check_ping,
    classify,
)
from conformance.wire.stream_ends import Block, Facts, check_ends, note_message_delta
from conformance.wire.stream_tables import (
    BLOCK_STEPS,
    CLOSES,
    DELTAS,
    ORDER_TESTS,
    OVER,
    STEPS,
    STRAY,
    BlockInput,
    BlockState,
    EventType,
    State,
    Step,
)

__all__ = ["Block", "Breach", "State", "StreamEvent", "Walk", "walk"]

_EXPECTED: Final = {
    "STRM-001": "message_start as the first event",
    "STRM-011": "the index of the open block",
    "STRM-015": "a block that starts after the one before it stopped",
    "STRM-016": "no event for a block that has stopped",
    "STRM-018": "no content block after message_delta",
    "STRM-023": "message_stop once, as the last event",
    "STRM-026": "nothing more of the message after the error",
}


@dataclass(frozen=True, slots=True)
class Walk:
    """The outcome. `observed` are the requirements whose clause was put to the test, held or broken."""

    breaches: tuple[Breach, ...]
    observed: frozenset[str]
    state: State  #: where the stream stood at its end
    unknown: tuple[int, ...]  #: numbers of the events the grammar does not know, JSON or not
    blocks: tuple[Block, ...]  #: in the order of their last start
    stop_reason: JSON  #: the last one that was not null


def walk(events: Iterable[StreamEvent], *, whole: bool = True, eager: frozenset[str] = frozenset()) -> Walk:
    """Judge the events of one stream. Never raises.

    `whole` is False when we stopped reading ourselves: then nothing is missing because it did not come.
    `eager` names the tools declared with eager_input_streaming, whose arguments need not be JSON (STRM-028).
    """
    walker = _Walker()
    walker.facts.eager = eager
    for event in events:
        walker.take(event)
    return walker.finish(whole)


class _Walker:
    def __init__(self) -> None:
        self.state = State.EMPTY
        self.ledger = Ledger()
        self.facts = Facts()
        self.blocks: dict[int, Block] = {}
        self.latest: Block | None = None  # the block started last
        self.strays: set[int] = set()
        self.last_index = -1
        self.unknown: list[int] = []

    def take(self, event: StreamEvent) -> None:
        kind = classify(event)
        if kind is None:
            self.unknown.append(event.index)
            if self.state is State.DONE and event.type is not None:  # free anywhere before, but this is the end
                seen = shown(event.type)
                self.ledger.broke(Breach("STRM-023", event.index, "/type", "nothing but pings after it", seen))
        elif kind is EventType.PING:
            check_ping(event, self.ledger)
        else:
            self._step(kind, event)

    def _step(self, kind: EventType, event: StreamEvent) -> None:
        before, step = self.state, STEPS[self.state, kind]
        self.state = step.after
        if kind is EventType.ERROR:
            self._failed(event)
        elif before in OVER:
            self._broke(step, kind, event)
        else:
            self.ledger.saw(*ORDER_TESTS.get(kind, ()))
            if _HANDLERS[kind](self, event) or before is State.EMPTY:
                self._broke(step, kind, event)
            else:
                self.state = before  # a stray event moves nothing

    def _broke(self, step: Step, kind: EventType, event: StreamEvent) -> None:
        if step.breaks:
            expected = _EXPECTED[step.breaks]
            self.ledger.broke(Breach(step.breaks, event.index, "/type", expected, kind, step.lowered))

    def _failed(self, event: StreamEvent) -> None:
        self.facts.failed = True
        self.ledger.saw("STRM-026")
        check_error(event, self.ledger)

    def message_start(self, event: StreamEvent) -> bool:
        self.facts.starts += 1
        if self.facts.starts > 1:
            seen = f"message_start number {self.facts.starts}"
            self.ledger.broke(Breach("STRM-002", event.index, "/type", "one message_start", seen))
            return True
        self.facts.start = event
        check_message_start(event, self.ledger)
        return True

    def block_start(self, event: StreamEvent) -> bool:
        index = _index(event)
        self._check_sequence(event, index)
        check_block_start(event, self.ledger)
        if index is None:
            index = self.last_index + 1  # one fault: the events that follow most likely mean this one
        if self.latest is not None:  # of those before it none can be open without being overlapped
            other = self.latest
            other.state = BLOCK_STEPS[other.state, BlockInput.OTHER_START].after
        self.last_index = max(self.last_index, index)
        start = member(event.data, "content_block") or {}
        kind = start.get("type")
        block = Block(index, kind if isinstance(kind, str) else None, start, event.index)
        block.strayed = index in self.strays
        self.blocks.pop(index, None)
        if self.blocks:
            self.ledger.saw("STRM-015")
        self.blocks[index] = self.latest = block
        return True

    def _check_sequence(self, event: StreamEvent, index: int | None) -> None:
        """STRM-008. After a gap or a repeat the count goes on from the highest index seen.

        An index in use whose start never came (STRM-011) counts as started.
        """
        expected = self.last_index + 1
        while expected in self.strays and expected != index:
            expected += 1
        seen = shown((event.data or {}).get("index", MISSING))
        self.ledger.expect(index == expected, Breach("STRM-008", event.index, "/index", str(expected), seen))

    def block_delta(self, event: StreamEvent) -> bool:
        block = self._open_block(event, BlockInput.DELTA)
        if block is None:
            return False
        if delta_type := check_delta(event, block.type, self.ledger):
            value = (member(event.data, "delta") or {}).get(DELTAS[delta_type].payload)
            block.deltas.append((delta_type, value))
        return True

    def block_stop(self, event: StreamEvent) -> bool:
        block = self._open_block(event, BlockInput.STOP)
        if block is None:
            return False
        block.stopped = event.index
        return True

    def _open_block(self, event: StreamEvent, what: BlockInput) -> Block | None:
        """The block an event belongs to, moved on by it; None for a stray event."""
        index = _index(event)
        block = None if index is None else self.blocks.get(index)
        step = BLOCK_STEPS[BlockState.ABSENT if block is None else block.state, what]
        if step.breaks:
            seen = shown((event.data or {}).get("index", MISSING))
            self.ledger.broke(Breach(step.breaks, event.index, "/index", _EXPECTED[step.breaks], seen))
        if step.breaks in STRAY:
            self._strayed(index, block)
            return None
        if block is not None:
            block.state = step.after
        return block

    def _strayed(self, index: int | None, block: Block | None) -> None:
        if index is not None:
            self.strays.add(index)
        if block is not None:
            block.strayed = True

    def message_delta(self, event: StreamEvent) -> bool:
        check_delta_usage(event, self.ledger)
        if note_message_delta(event, self.facts, self.ledger):
            self.state = CLOSES
        return True

    def message_stop(self, event: StreamEvent) -> bool:
        self.facts.done = True
        return True

    def finish(self, whole: bool) -> Walk:
        facts = self.facts
        facts.blocks = list(self.blocks.values())
        if facts.failed:
            self.ledger.drop("STRM-023")  # its test is on streams without an error
        elif whole and not facts.done:
            self._ended_early()
        check_ends(facts, self.ledger)
        return Walk(
            breaches=tuple(self.ledger.breaches),
            observed=frozenset(self.ledger.observed),
            state=self.state,
            unknown=tuple(self.unknown),
            blocks=tuple(facts.blocks),
            stop_reason=facts.stop_reason,
        )

    def _ended_early(self) -> None:
        """A stream in which nothing of a message came breaks STRM-001; one that lacks its end breaks STRM-023."""
        requirement = "STRM-001" if self.state is State.EMPTY else "STRM-023"
        seen = "the stream ends without it"
        self.ledger.broke(Breach(requirement, None, "", _EXPECTED[requirement], seen))


#: Each says whether the event belonged where it came (a stray one breaks nothing else and moves nothing).
_HANDLERS: Final = {
    EventType.MESSAGE_START: _Walker.message_start,
    EventType.BLOCK_START: _Walker.block_start,
    EventType.BLOCK_DELTA: _Walker.block_delta,
    EventType.BLOCK_STOP: _Walker.block_stop,
    EventType.MESSAGE_DELTA: _Walker.message_delta,
    EventType.MESSAGE_STOP: _Walker.message_stop,
}


def _index(event: StreamEvent) -> int | None:
    """The event's block index if it is an integer."""
    data: Mapping[str, JSON] = event.data or {}
    index = data.get("index")
    return index if isinstance(index, int) and not isinstance(index, bool) else None
