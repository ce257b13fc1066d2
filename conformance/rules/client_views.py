"""What an official client makes of an answer before its caller gets it, and what a row of its needs consists of.

Four clients stand for all: of each language one of today and one of the time before 1.0. They read a body as events
because the request asked for a stream, whatever its label says, and skip events without a name. Source: contract.md
§5, tried with Python 2.14.0, 0.75.0 and TypeScript 1.12.0, 0.60.0. No client needs to be installed for this.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from conformance.rules.findings import shown
from conformance.wire.jsontext import JSON
from conformance.wire.reading import Reading
from conformance.wire.sse import Decoded, decode
from conformance.wire.stream_tables import EventType


class Client(StrEnum):
    """The clients by language and version."""

    PYTHON = "Python 2"
    PYTHON_LEGACY = "Python 0.75"
    TYPESCRIPT = "TypeScript 1"
    TYPESCRIPT_LEGACY = "TypeScript 0.60"


CURRENT = frozenset({Client.PYTHON, Client.TYPESCRIPT})
LEGACY = frozenset({Client.PYTHON_LEGACY, Client.TYPESCRIPT_LEGACY})
PYTHONS = frozenset({Client.PYTHON, Client.PYTHON_LEGACY})

#: Legacy clients look at the name of an event first and at its data only for these.
_NAMES = frozenset(EventType) - {EventType.PING, EventType.ERROR}

#: Blocks whose input comes in pieces.
TOOL_BLOCKS = frozenset({"tool_use", "server_tool_use"})


class Unread(StrEnum):
    """Stands for the value of a text that is no JSON to the client."""

    NO_JSON = "no JSON"


def read_json(text: str | bytes, client: Client) -> JSON:
    """The value a client reads; NO_JSON where it raises.

    Python's reader guesses UTF-16 and UTF-32 and takes NaN; the other one reads bytes as UTF-8 without ever failing.
    """
    try:
        if client in PYTHONS:
            return json.loads(text)
        words = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text
        return json.loads(words, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return Unread.NO_JSON


def _refuse(constant: str) -> JSON:
    raise ValueError(constant)


@dataclass(frozen=True, slots=True)
class Heard:
    """An event that a client does not skip: its number in the stream, name, value, and what it takes for its type."""

    number: int
    name: str
    value: JSON
    type: str = ""

    def member(self, key: str) -> JSON:
        """A member of the data; None where there is none."""
        return self.value.get(key) if isinstance(self.value, Mapping) else None


@dataclass(slots=True)
class Block:
    """A content block as a client keeps it."""

    start: Mapping[str, JSON]
    parts: list[str] = field(default_factory=list)  #: of the arguments of a tool
    last: int = 0  #: the event that brought the last part

    @property
    def type(self) -> JSON:
        """The block's type."""
        return self.start.get("type")


@dataclass(frozen=True, slots=True)
class Turn:
    """An event that names a block: how many there were, and the one its index points at."""

    event: Heard
    count: int
    block: Block | None


class View:
    """An answer through the eyes of one client. Total, like the reading it is made from."""

    def __init__(self, reading: Reading, client: Client) -> None:
        self.reading = reading
        self.client = client

    @property
    def streams(self) -> bool:
        """Whether the request asked for a stream."""
        return isinstance(self.reading.sent, Mapping) and self.reading.sent.get("stream") is True

    @cached_property
    def decoded(self) -> Decoded:
        """The body as events, whatever its label."""
        return self.reading.decoded if self.reading.is_stream else decode(self.reading.body)

    @cached_property
    def value(self) -> JSON:
        """The body as JSON."""
        return read_json(self.reading.body, self.client)

    @cached_property
    def events(self) -> tuple[Heard, ...]:
        """The events that this client looks at, the unterminated last one left out."""
        return tuple(self._heard())

    def _heard(self) -> Iterator[Heard]:
        for number, event in enumerate(self.decoded.events):
            name = event.name or ""
            if name == EventType.ERROR:
                yield Heard(number, name, None, name)
            elif self._listens(name, event.data):
                value = read_json(event.data, self.client)
                yield Heard(number, name, value, self._type(value, name))

    def _listens(self, name: str, data: str) -> bool:
        if self.client in LEGACY:
            return name in _NAMES
        return name not in ("", EventType.PING) and data != ""

    def _type(self, value: JSON, name: str) -> str:
        """Python 0.75 fills in a missing type from the name."""
        given = _type_of(value)
        if given is None and self.client is Client.PYTHON_LEGACY:
            return name
        return given if isinstance(given, str) else ""

    @cached_property
    def failures(self) -> tuple[JSON, ...]:
        """The error types of the events that are errors by name, or by type alone: those no client listens for."""
        read = ((event.name, read_json(event.data, self.client)) for event in self.decoded.events if self.streams)
        errors = (value for name, value in read if EventType.ERROR in (name, _type_of(value)))
        return tuple(_type_of(value.get("error")) if isinstance(value, Mapping) else None for value in errors)

    def of(self, kind: EventType) -> Iterator[Heard]:
        """The events of a type, from message_start on: what comes before it is passed over or was an error already."""
        return (event for event in self._message if event.type == kind)

    @cached_property
    def _message(self) -> tuple[Heard, ...]:
        starts = [place for place, event in enumerate(self.events) if event.type == EventType.MESSAGE_START]
        return self.events[starts[0] :] if starts else ()

    @cached_property
    def _course(self) -> tuple[list[Turn], list[Block]]:
        turns: list[Turn] = []
        blocks: list[Block] = []
        for event in self._message:
            if event.type == EventType.BLOCK_START:
                start = event.member("content_block")
                blocks.append(Block(start if isinstance(start, Mapping) else {}))
            elif event.type in (EventType.BLOCK_DELTA, EventType.BLOCK_STOP):
                block = _pointed(blocks, event.member("index"))
                turns.append(Turn(event, len(blocks), block))
                _keep_part(block, event)
        return turns, blocks

    @property
    def turns(self) -> list[Turn]:
        """The deltas and stops in order."""
        return self._course[0]

    @property
    def blocks(self) -> list[Block]:
        """Every block in the order of the starts, which is the order in which clients count them."""
        return self._course[1]


def _type_of(value: JSON) -> JSON:
    return value.get("type") if isinstance(value, Mapping) else None


def _pointed(blocks: list[Block], index: JSON) -> Block | None:
    """The block at an index, which clients count themselves: the `index` of a start means nothing to them."""
    if isinstance(index, str) and index.isdecimal():  # made a number on the way
        index = int(index[:9])
    if isinstance(index, float) and index.is_integer():
        index = int(index)
    if not isinstance(index, int) or not -len(blocks) <= index < len(blocks):
        return None
    return blocks[index]


def _keep_part(block: Block | None, event: Heard) -> None:
    delta = event.member("delta")
    part = delta.get("partial_json") if isinstance(delta, Mapping) else None
    if block is not None and block.type in TOOL_BLOCKS and isinstance(part, str):
        block.parts.append(part)
        block.last = event.number


Raises = Mapping[Client, str]


@dataclass(frozen=True, slots=True)
class Miss:
    """Where a need is not met: what was seen, at which event (None: nowhere, it never came), under which pointer."""

    seen: str
    event: int | None = None
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A row: what must hold, which exception each client raises otherwise, and where it does not hold."""

    name: str
    raises: Raises
    misses: Callable[[View], Iterable[Miss]]


def by(python: str = "", script: str = "", clients: Iterable[Client] = Client) -> Raises:
    """The exception for each client, by language; "" for a language that does not mind."""
    named = {client: python if client in PYTHONS else script for client in clients}
    return {client: exception for client, exception in named.items() if exception}


def told(value: JSON) -> str:
    """A value that a need is not met by."""
    return "nothing or null" if value is None else shown(value, 60)
