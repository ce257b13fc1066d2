"""The event grammar of a streamed message as tables, each row beside the requirement it stands for.

Two machines run side by side. `STEPS` follows the stream: which event may come in which state. `BLOCK_STEPS`
follows each content block by its index. What the events must hold is in `BLOCKS`, `DELTAS` and the field tables.
Pings and events of unknown types belong to neither machine: they may come anywhere and change nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

Lowered = Literal["", "SHOULD", "note"]


class EventType(StrEnum):
    """The event types of the grammar."""

    MESSAGE_START = "message_start"
    BLOCK_START = "content_block_start"
    BLOCK_DELTA = "content_block_delta"
    BLOCK_STOP = "content_block_stop"
    MESSAGE_DELTA = "message_delta"
    MESSAGE_STOP = "message_stop"
    PING = "ping"
    ERROR = "error"


class State(StrEnum):
    """Where a stream stands."""

    EMPTY = "empty"  #: nothing but pings so far
    STREAMING = "streaming"  #: the message has begun; blocks run
    PAUSED = "paused"  #: a `message_delta` without stop_reason came last
    CLOSING = "closing"  #: a `message_delta` with stop_reason came
    DONE = "done"  #: `message_stop` came
    SURPLUS = "surplus"  #: something came behind `message_stop`
    FAILED = "failed"  #: an error came
    GOING_ON = "going-on"  #: content came behind the error


#: States in which the message is over: what still comes is not judged by its content.
OVER: Final = frozenset({State.DONE, State.SURPLUS, State.FAILED, State.GOING_ON})


@dataclass(frozen=True, slots=True)
class Step:
    """The state after an event, and the requirement that the event breaks by coming here."""

    after: State
    breaks: str = ""
    lowered: Lowered = ""


_CONTENT: Final = (EventType.BLOCK_START, EventType.BLOCK_DELTA, EventType.BLOCK_STOP)
_MESSAGE: Final = (EventType.MESSAGE_START, *_CONTENT, EventType.MESSAGE_DELTA)
_ORDERED: Final = (*_MESSAGE, EventType.MESSAGE_STOP)


def _rows(state: State, types: tuple[EventType, ...], step: Step) -> dict[tuple[State, EventType], Step]:
    return {(state, event_type): step for event_type in types}


#: A `message_delta` leads to PAUSED here and to CLOSING when it carries a stop_reason (see `CLOSES`).
#: A second `message_start` (STRM-002) is counted, since it may also be a first one that comes late.
STEPS: Final[Mapping[tuple[State, EventType], Step]] = MappingProxyType(
    _rows(State.EMPTY, _CONTENT, Step(State.STREAMING, "STRM-001"))
    | {
        (State.EMPTY, EventType.MESSAGE_START): Step(State.STREAMING),
        (State.EMPTY, EventType.MESSAGE_DELTA): Step(State.PAUSED, "STRM-001"),
        (State.EMPTY, EventType.MESSAGE_STOP): Step(State.DONE, "STRM-001"),
        (State.STREAMING, EventType.MESSAGE_START): Step(State.STREAMING),
        (State.STREAMING, EventType.MESSAGE_DELTA): Step(State.PAUSED),
        (State.STREAMING, EventType.MESSAGE_STOP): Step(State.DONE),
        (State.PAUSED, EventType.MESSAGE_START): Step(State.PAUSED),
        (State.PAUSED, EventType.MESSAGE_DELTA): Step(State.PAUSED),
        (State.PAUSED, EventType.MESSAGE_STOP): Step(State.DONE),
        (State.CLOSING, EventType.MESSAGE_START): Step(State.CLOSING),
        (State.CLOSING, EventType.MESSAGE_DELTA): Step(State.CLOSING),
        (State.CLOSING, EventType.MESSAGE_STOP): Step(State.DONE),
    }
    | _rows(State.STREAMING, _CONTENT, Step(State.STREAMING))
    | _rows(State.PAUSED, _CONTENT, Step(State.STREAMING, "STRM-018", "SHOULD"))
    | _rows(State.CLOSING, _CONTENT, Step(State.STREAMING, "STRM-018"))
    | _rows(State.DONE, _ORDERED, Step(State.SURPLUS, "STRM-023"))
    | _rows(State.SURPLUS, _ORDERED, Step(State.SURPLUS))
    | _rows(State.FAILED, _MESSAGE, Step(State.GOING_ON, "STRM-026"))
    | {(State.FAILED, EventType.MESSAGE_STOP): Step(State.GOING_ON, "STRM-026", "SHOULD")}
    | _rows(State.GOING_ON, _ORDERED, Step(State.GOING_ON))
    | {(state, EventType.ERROR): Step(State.FAILED) for state in State if state is not State.GOING_ON}
    | {(State.GOING_ON, EventType.ERROR): Step(State.GOING_ON)}
)

#: The state after a `message_delta` that carries a stop_reason, in the place of PAUSED.
CLOSES: Final = State.CLOSING

#: Order requirements that an event puts to the test merely by coming (those it breaks are tested too).
ORDER_TESTS: Final[Mapping[EventType, tuple[str, ...]]] = MappingProxyType(
    {
        EventType.MESSAGE_START: ("STRM-001", "STRM-002"),
        EventType.BLOCK_DELTA: ("STRM-011",),
        EventType.BLOCK_STOP: ("STRM-011", "STRM-016"),
        EventType.MESSAGE_DELTA: ("STRM-018",),
        EventType.MESSAGE_STOP: ("STRM-023",),
    }
)


class BlockState(StrEnum):
    """Where one content block stands."""

    ABSENT = "absent"
    OPEN = "open"
    OVERLAPPED = "overlapped"  #: another block started while this one was open
    LATE = "late"  #: still in use after that
    STOPPED = "stopped"


class BlockInput(StrEnum):
    """What an event means to one block."""

    START = "start"
    DELTA = "delta"
    STOP = "stop"
    OTHER_START = "other-start"  #: a block with another index starts


@dataclass(frozen=True, slots=True)
class BlockStep:
    """The block's state after an event, and the requirement that the event breaks."""

    after: BlockState
    breaks: str = ""


#: A repeated start breaks STRM-008, which is judged on the sequence of all starts. A block that is never closed
#: breaks STRM-014 at the end; it overlaps (STRM-015) only if it is used again after the next one started.
BLOCK_STEPS: Final[Mapping[tuple[BlockState, BlockInput], BlockStep]] = MappingProxyType(
    {
        (BlockState.ABSENT, BlockInput.START): BlockStep(BlockState.OPEN),
        (BlockState.ABSENT, BlockInput.DELTA): BlockStep(BlockState.ABSENT, "STRM-011"),
        (BlockState.ABSENT, BlockInput.STOP): BlockStep(BlockState.ABSENT, "STRM-011"),
        (BlockState.ABSENT, BlockInput.OTHER_START): BlockStep(BlockState.ABSENT),
        (BlockState.OPEN, BlockInput.START): BlockStep(BlockState.OPEN),
        (BlockState.OPEN, BlockInput.DELTA): BlockStep(BlockState.OPEN),
        (BlockState.OPEN, BlockInput.STOP): BlockStep(BlockState.STOPPED),
        (BlockState.OPEN, BlockInput.OTHER_START): BlockStep(BlockState.OVERLAPPED),
        (BlockState.OVERLAPPED, BlockInput.START): BlockStep(BlockState.OPEN),
        (BlockState.OVERLAPPED, BlockInput.DELTA): BlockStep(BlockState.LATE, "STRM-015"),
        (BlockState.OVERLAPPED, BlockInput.STOP): BlockStep(BlockState.STOPPED, "STRM-015"),
        (BlockState.OVERLAPPED, BlockInput.OTHER_START): BlockStep(BlockState.OVERLAPPED),
        (BlockState.LATE, BlockInput.START): BlockStep(BlockState.OPEN),
        (BlockState.LATE, BlockInput.DELTA): BlockStep(BlockState.LATE),
        (BlockState.LATE, BlockInput.STOP): BlockStep(BlockState.STOPPED),
        (BlockState.LATE, BlockInput.OTHER_START): BlockStep(BlockState.LATE),
        (BlockState.STOPPED, BlockInput.START): BlockStep(BlockState.OPEN),
        (BlockState.STOPPED, BlockInput.DELTA): BlockStep(BlockState.STOPPED, "STRM-016"),
        (BlockState.STOPPED, BlockInput.STOP): BlockStep(BlockState.STOPPED, "STRM-016"),
        (BlockState.STOPPED, BlockInput.OTHER_START): BlockStep(BlockState.STOPPED),
    }
)

#: Requirements that make an event stray: it belongs to no open block, so nothing else of it is judged.
STRAY: Final = frozenset({"STRM-011", "STRM-016"})


class FieldType(StrEnum):
    """The JSON type a field must have."""

    STRING = "a string"
    OBJECT = "an object"


@dataclass(frozen=True, slots=True)
class BlockKind:
    """Start fields (STRM-009), the one that must start empty (STRM-010), and the allowed deltas (STRM-012)."""

    fields: Mapping[str, FieldType]
    starts_empty: str = ""
    deltas: frozenset[str] = frozenset()


_STRING, _OBJECT = FieldType.STRING, FieldType.OBJECT
_TOOL_FIELDS: Final = {"id": _STRING, "name": _STRING, "input": _OBJECT}
_RESULTS: Final = (
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
    "container_upload",
)

#: Blocks whose kind is not listed are a server's freedom: nothing of theirs is judged here.
BLOCKS: Final[Mapping[str, BlockKind]] = MappingProxyType(
    {
        "text": BlockKind({"text": _STRING}, "text", frozenset({"text_delta", "citations_delta"})),
        "tool_use": BlockKind(_TOOL_FIELDS, "input", frozenset({"input_json_delta"})),
        "server_tool_use": BlockKind(_TOOL_FIELDS, "", frozenset({"input_json_delta"})),
        "thinking": BlockKind({"thinking": _STRING}, "thinking", frozenset({"thinking_delta", "signature_delta"})),
        "redacted_thinking": BlockKind({"data": _STRING}),
    }
    | {kind: BlockKind({}) for kind in _RESULTS}
)


@dataclass(frozen=True, slots=True)
class DeltaKind:
    """The field that holds a delta's payload and its type (STRM-013)."""

    payload: str
    type: FieldType


DELTAS: Final[Mapping[str, DeltaKind]] = MappingProxyType(
    {
        "text_delta": DeltaKind("text", _STRING),
        "citations_delta": DeltaKind("citation", _OBJECT),
        "input_json_delta": DeltaKind("partial_json", _STRING),
        "thinking_delta": DeltaKind("thinking", _STRING),
        "signature_delta": DeltaKind("signature", _STRING),
    }
)

#: Counts that a `message_delta` may repeat, never smaller than at the start (STRM-021); both profiles' names.
INPUT_COUNTS: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
)

#: stop_reasons after which the last block may be cut in the middle (STRM-014, STRM-028, STRM-030).
CUT_REASONS: Final = frozenset({"max_tokens", "model_context_window_exceeded"})
