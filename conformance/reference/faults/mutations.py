"""Small ways to spoil the order of events: an operator, and the events it is applied to. Nothing here knows a rule."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from conformance.reference.events import Event
from conformance.reference.events import events as told
from conformance.reference.faults._edit import BOTH, sequence
from conformance.reference.seams import Fault, Seam

Events = list[Event]
START, DELTA, STOP = "content_block_start", "content_block_delta", "content_block_stop"
FIRST, LAST, END = "message_start", "message_delta", "message_stop"


@dataclass(frozen=True, slots=True)
class Target:
    """Events of one type: `block` is the type of the block they belong to, `delta` that of their delta, "" for any."""

    name: str
    event: str
    block: str = ""
    delta: str = ""

    def says(self) -> str:
        """The target in words."""
        what = self.delta or self.event
        return f"the {what} of a {self.block} block" if self.block else f"the {what}"


TARGETS: tuple[Target, ...] = (
    Target("message-start", FIRST),
    Target("message-delta", LAST),
    Target("message-stop", END),
    Target("ping", "ping"),
    *(
        Target(f"{name}-{short}", event, block)
        for name, event in (("block-start", START), ("block-stop", STOP))
        for short, block in (("text", "text"), ("tool", "tool_use"), ("thinking", "thinking"))
    ),
    Target("delta-text", DELTA, "text", "text_delta"),
    Target("delta-tool", DELTA, "tool_use", "input_json_delta"),
    Target("delta-thinking", DELTA, "thinking", "thinking_delta"),
    Target("signature", DELTA, "thinking", "signature_delta"),
)


def kinds(events: Events) -> Mapping[Any, str]:
    """The type of each block, by its index."""
    return {
        event.get("index"): str(event["content_block"].get("type"))
        for event in events
        if event.get("type") == START and isinstance(event.get("content_block"), dict)
    }


def places(events: Events, target: Target) -> list[int]:
    """Where the events of a target stand."""
    known = kinds(events)
    return [place for place, event in enumerate(events) if _is_meant(event, target, known)]


def _is_meant(event: Event, target: Target, known: Mapping[Any, str]) -> bool:
    if event.get("type") != target.event or (target.block and known.get(event.get("index")) != target.block):
        return False
    return not target.delta or (event.get("delta") or {}).get("type") == target.delta


TEXT = {"type": "text", "text": "one two three four five six"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"left": 1, "right": 2}}
CONTENTS: Mapping[str, list[dict[str, Any]]] = MappingProxyType(
    {
        "text": [TEXT],
        "tool_use": [CALL, CALL],
        "thinking": [{"type": "thinking", "thinking": "first this, then that", "signature": "c2ln"}, TEXT],
    }
)
"""A message for each of them, to try a change on."""


def sample(block: str) -> Events:
    """The events of a conforming stream with a block of a type."""
    usage = {"input_tokens": 3, "output_tokens": 8}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": CONTENTS[block or "text"]}
    return told({**head, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}, usage)


Operator = Callable[[Events, int], Events]
"""Takes the events and the place of one of them, and gives the events with that one spoilt."""


def dropped(events: Events, at: int) -> Events:
    """Without the event."""
    return [*events[:at], *events[at + 1 :]]


def doubled(events: Events, at: int) -> Events:
    """With the event twice."""
    return [*events[: at + 1], deepcopy(events[at]), *events[at + 1 :]]


def swapped(events: Events, at: int) -> Events:
    """With the event behind the next one that is no ping."""
    follows = next((n for n in range(at + 1, len(events)) if events[n].get("type") != "ping"), at)
    return [*events[:at], *events[at + 1 : follows + 1], events[at], *events[follows + 1 :]]


def first(events: Events, at: int) -> Events:
    """With the event before all others."""
    return [events[at], *dropped(events, at)]


def last(events: Events, at: int) -> Events:
    """With the event behind all others."""
    return [*dropped(events, at), events[at]]


def onward(events: Events, at: int) -> Events:
    """With the event under the index of the next block."""
    return _under(events, at, 1)


def backward(events: Events, at: int) -> Events:
    """With the event under the index of the block before it, where there is one."""
    return _under(events, at, -1) if events[at].get("index") else events


def _under(events: Events, at: int, step: int) -> Events:
    if not isinstance(events[at].get("index"), int):
        return events
    return [*events[:at], {**events[at], "index": events[at]["index"] + step}, *events[at + 1 :]]


OPERATORS: Mapping[str, tuple[Operator, str]] = MappingProxyType(
    {
        "drop": (dropped, "{} is left out"),
        "double": (doubled, "{} is sent twice"),
        "swap": (swapped, "{} comes behind the event that should follow it"),
        "first": (first, "{} comes before all other events"),
        "last": (last, "{} comes behind all other events"),
        "onward": (onward, "{} names the next block"),
        "backward": (backward, "{} names the block before"),
    }
)


def mutation(operator: Operator, target: Target) -> Callable[[Events], Events]:
    """The operator applied to the last event of a target, where there is one."""

    def edit(events: Events) -> Events:
        found = places(events, target)
        return operator(events, found[-1]) if found else events

    return edit


def behind_starts(block: str, delta: Mapping[str, Any]) -> Callable[[Events], Events]:
    """A delta more behind the start of every block of a type."""

    def edit(events: Events) -> Events:
        return list(_with_delta(events, block, delta))

    return edit


def _with_delta(events: Events, block: str, delta: Mapping[str, Any]) -> Iterator[Event]:
    for event in events:
        yield event
        if event.get("type") == START and event["content_block"].get("type") == block:
            yield {"type": DELTA, "index": event["index"], "delta": dict(delta)}


def changed(target: Target, part: str, edit: Callable[[dict[str, Any]], Any]) -> Callable[[Events], Events]:
    """One member of every event of a target put anew."""

    def change(events: Events) -> Events:
        meant = set(places(events, target))
        return [
            {**event, part: edit(deepcopy(event[part]))}
            if place in meant and isinstance(event.get(part), dict)
            else event
            for place, event in enumerate(events)
        ]

    return change


def event_fault(
    name: str,
    requirement: str,
    text: str,
    edit: Callable[[Events], Events],
    also: tuple[str, ...] = (),
    profiles: tuple[str, ...] = BOTH,
) -> Fault:
    """A fault in the events of a stream."""
    return Fault(name, Seam.EVENTS, requirement, text, sequence(edit), profiles=profiles, also=also)


SHORT: Mapping[str, str] = MappingProxyType({"text": "text", "tool_use": "tool", "thinking": "thinking"})
"""The block types that this endpoint sends, and how they are called in the id of a fault."""


_KINDS = tuple(SHORT.values())

SAME: Mapping[str, str] = MappingProxyType(
    {
        "drop-message-start": "message-start-missing",
        "double-message-start": "message-start-twice",
        "swap-message-start": "message-start-late",
        "drop-message-delta": "message-delta-missing",
        "last-message-delta": "swap-message-delta",
        "drop-message-stop": "message-stop-missing",
        "double-message-stop": "message-stop-twice",
        "swap-block-stop-text": "message-delta-early",
        "swap-block-stop-tool": "message-delta-early",
        "onward-delta-text": "delta-other-index",
        "onward-delta-tool": "delta-other-index",
        "last-signature": "swap-signature",
        "signature-delta-in-thinking": "double-signature",
        "start-text-text-missing": "start-without-text",
        "text-delta-in-text-null": "delta-text-null",
        "thinking-delta-in-text": "delta-of-other-kind",
    }
    | {f"first-block-start-{kind}": "message-start-late" for kind in _KINDS}
    | {f"swap-block-start-{kind}": "delta-before-start" for kind in _KINDS}
    | {f"last-block-start-{kind}": f"drop-block-start-{kind}" for kind in _KINDS}
    | {f"first-block-stop-{kind}": "first-block-stop-text" for kind in _KINDS[1:]}
    | {f"last-block-stop-{kind}": "last-block-stop-text" for kind in _KINDS[1:]}
    | {f"first-{name}": "first-delta-text" for name in ("delta-tool", "delta-thinking", "signature")}
    | {"last-delta-thinking": "last-delta-text"}
)
"""Changes that make the same breach as another fault: one written by hand, or one of the tables themselves."""

BEYOND: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "swap-message-delta": ("EQV-001",),
        "last-delta-tool": ("STRM-028",),
        "backward-delta-tool": ("STRM-028",),
        "onward-block-start-tool": ("STRM-029",),
    }
    | {f"signature-delta-in-thinking-{name}": ("THINK-003",) for name in ("missing", "null", "number")}
)
"""What the same events break that the tables know nothing of: arguments, and the message that is put together."""
