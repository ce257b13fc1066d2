"""Faults made from the tables of the event grammar, so that none of its rows goes without a breach.

Order: every operator on every kind of event, as long as the tables say that a requirement is broken by it. Content:
every field of a starting block and every payload of a delta, wrong in several ways, and every delta in a block that
may not hold it. This is the one module of the package that reads the tables of those who judge: breaches are made on
purpose, and nothing that conforms comes from here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from conformance.reference.events import Event
from conformance.reference.faults.mutations import (
    BEYOND,
    DELTA,
    OPERATORS,
    SAME,
    SHORT,
    START,
    TARGETS,
    Events,
    Target,
    behind_starts,
    changed,
    event_fault,
    mutation,
    sample,
)
from conformance.reference.seams import Fault
from conformance.wire.stream_tables import (
    BLOCK_STEPS,
    BLOCKS,
    CLOSES,
    DELTAS,
    OVER,
    STEPS,
    STRAY,
    BlockInput,
    BlockState,
    EventType,
    FieldType,
    State,
)


class _Blocks:
    """The second machine: each block by its index, with what it has held so far."""

    def __init__(self) -> None:
        self.states: dict[Any, BlockState] = {}
        self.types: dict[Any, str] = {}
        self.deltas: dict[Any, list[str]] = {}
        self.strays: set[Any] = set()

    def take(self, event: Event) -> Iterator[str]:
        """What an event of a block breaks."""
        index, what = event["index"], INPUTS[event["type"]]
        step = BLOCK_STEPS[self.states.get(index, BlockState.ABSENT), what]
        if what is BlockInput.START:
            yield from self._start(index, event["content_block"])
        elif step.breaks:
            yield step.breaks
        if step.breaks in STRAY:
            self.strays.add(index)
        elif what is BlockInput.DELTA:
            yield from self._delta(index, event["delta"])
        if step.after is not BlockState.ABSENT:
            self.states[index] = step.after

    def _start(self, index: Any, block: Mapping[str, Any]) -> Iterator[str]:
        due = len(self.states)  # one that was in use before counts as started
        if index < due or not self.strays.issuperset(range(due, index)):
            yield "STRM-008"
        for other in self.states:
            self.states[other] = BLOCK_STEPS[self.states[other], BlockInput.OTHER_START].after
        self.types[index], self.deltas[index] = block["type"], []
        kind = BLOCKS[block["type"]]
        if any(not _has_type(block.get(key), wanted) for key, wanted in kind.fields.items()):
            yield "STRM-009"
        elif kind.starts_empty and block[kind.starts_empty]:
            yield "STRM-010"

    def _delta(self, index: Any, delta: Mapping[str, Any]) -> Iterator[str]:
        if delta["type"] not in BLOCKS[self.types[index]].deltas:
            yield "STRM-012"
        elif not _has_type(delta.get(DELTAS[delta["type"]].payload), DELTAS[delta["type"]].type):
            yield "STRM-013"
        self.deltas[index].append(delta["type"])

    def ends(self) -> Iterator[str]:
        """What is wrong with blocks at the end of the stream. A block that lost events is judged for that alone."""
        for index, state in self.states.items():
            if state is not BlockState.STOPPED:
                yield "STRM-014"
            elif self.types[index] == "thinking" and index not in self.strays and _unsigned(self.deltas[index]):
                yield "STRM-030"


INPUTS: Mapping[str, BlockInput] = MappingProxyType(
    {
        EventType.BLOCK_START: BlockInput.START,
        EventType.BLOCK_DELTA: BlockInput.DELTA,
        EventType.BLOCK_STOP: BlockInput.STOP,
    }
)


def _has_type(value: Any, wanted: FieldType) -> bool:
    return isinstance(value, str if wanted is FieldType.STRING else dict)


def _unsigned(deltas: Sequence[str]) -> bool:
    return deltas.count("signature_delta") != 1 or deltas[-1] != "signature_delta"


def breaches(events: Events) -> Iterator[str]:
    """The requirements that a stream breaks by the tables, in the order in which it does."""
    state, seen, blocks = State.EMPTY, set[EventType](), _Blocks()
    for event in events:
        kind = EventType(event["type"])
        if kind is EventType.PING:
            continue
        step = STEPS[state, kind]
        if step.breaks:
            yield step.breaks
        if state not in OVER:
            if kind is EventType.MESSAGE_START and kind in seen:
                yield "STRM-002"
            if kind in INPUTS:
                yield from blocks.take(event)
            seen.add(kind)
        closes = kind is EventType.MESSAGE_DELTA and step.after is State.PAUSED and event["delta"]["stop_reason"]
        state = CLOSES if closes else step.after
    yield from _ends(state, seen, blocks)


def _ends(state: State, seen: set[EventType], blocks: _Blocks) -> Iterator[str]:
    if state not in OVER:
        yield "STRM-023"
    elif EventType.MESSAGE_DELTA not in seen:
        yield "STRM-017"
    yield from blocks.ends()


def broken(block: str, edit: Callable[[Events], Events]) -> tuple[str, ...]:
    """The requirements that a change of the sample breaks, each once, in the order in which it does."""
    return tuple(dict.fromkeys(breaches(edit(sample(block)))))


def _made(name: str, block: str, text: str, edit: Callable[[Events], Events]) -> Iterator[Fault]:
    """A fault about what is broken first; what follows from the same events is broken also."""
    first, *rest = broken(block, edit) or ("",)
    if first and name not in SAME:
        yield event_fault(name, first, text, edit, (*rest, *BEYOND.get(name, ())))


def _orders() -> Iterator[Fault]:
    for target in TARGETS:
        for name, (operator, text) in OPERATORS.items():
            edit = mutation(operator, target)
            yield from _made(f"{name}-{target.name}", target.block, text.format(target.says()), edit)


WRONG: Mapping[str, Any] = MappingProxyType({"null": None, "number": 7})
"""Values that are neither a string nor an object, by the ends of fault ids."""


def _without(key: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda value: {name: old for name, old in value.items() if name != key}


def _with(key: str, new: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda value: {**value, key: new}


def _wrongs(key: str) -> Iterator[tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]]:
    yield "missing", _without(key)
    yield from ((name, _with(key, value)) for name, value in WRONG.items())


def _starts() -> Iterator[Fault]:
    """Every field of a starting block, left out and of wrong types, and what must start empty but does not."""
    for block, short in SHORT.items():
        kind, target = BLOCKS[block], Target("", START, block)
        for key in kind.fields:
            for name, edit in _wrongs(key):
                text = f"{block} blocks start with {key} {name}"
                yield from _made(f"start-{short}-{key}-{name}", block, text, changed(target, "content_block", edit))


SINGLE = frozenset({"signature_delta"})
"""Deltas of which a block has one: it is spoilt itself."""


def _payloads() -> Iterator[Fault]:
    """Every payload of a delta, left out and of wrong types, in a delta that a block gets beyond its own."""
    for block, short in SHORT.items():
        for delta in sorted(BLOCKS[block].deltas):
            for name, edit in _wrongs(DELTAS[delta].payload):
                whole = changed(Target("", DELTA, block, delta), "delta", edit)
                more = whole if delta in SINGLE else behind_starts(block, edit({"type": delta}))
                text = f"{block} blocks get a {delta} with {DELTAS[delta].payload} {name}"
                yield from _made(f"{_dashed(delta)}-in-{short}-{name}", block, text, more)


def _strangers() -> Iterator[Fault]:
    """Every delta in every block that may not hold it."""
    for block, short in SHORT.items():
        for delta in DELTAS:
            more = behind_starts(block, {"type": delta, DELTAS[delta].payload: _payload(delta)})
            yield from _made(f"{_dashed(delta)}-in-{short}", block, f"{block} blocks get a {delta}", more)


def _payload(delta: str) -> Any:
    return "hm" if DELTAS[delta].type is FieldType.STRING else {"type": "char_location", "cited_text": "hm"}


def _dashed(name: str) -> str:
    return name.replace("_", "-")


MACHINE_FAULTS: tuple[Fault, ...] = (*_orders(), *_starts(), *_payloads(), *_strangers())
