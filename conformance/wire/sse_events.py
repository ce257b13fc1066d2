"""What a decoder of server-sent events gives out: the events, and the departures from the grammar."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class MalformationKind(StrEnum):
    """What the bytes do that a reader should know."""

    BOM = "byte-order-mark"  #: legal for a browser, loses the first event in clients
    INVALID_UTF8 = "invalid-utf-8"  #: at most one for each line
    UNKNOWN_FIELD = "unknown-field"  #: ignored by the grammar
    NO_COLON = "no-colon"  #: a field name alone: legal, its value is empty
    REPEATED_EVENT = "repeated-event-field"  #: two names in one event, usually a forgotten blank line
    SEVERAL_DATA_LINES = "several-data-lines"  #: legal, joined by LF
    EVENT_WITHOUT_DATA = "event-without-data"  #: named but not dispatched
    BAD_RETRY = "bad-retry"  #: not ASCII digits alone: ignored
    NUL_IN_ID = "nul-in-id"  #: ignored
    UNTERMINATED = "unterminated-event"  #: discarded: the body ends before its blank line


#: Kinds that the grammar allows: worth a note, never a breach of the grammar. A value that says nothing is ignored.
LEGAL = frozenset(
    {
        MalformationKind.UNKNOWN_FIELD,
        MalformationKind.NO_COLON,
        MalformationKind.SEVERAL_DATA_LINES,
        MalformationKind.BAD_RETRY,
        MalformationKind.NUL_IN_ID,
    }
)


@dataclass(frozen=True, slots=True)
class Malformation:
    """One departure; `offset` counts bytes from the start of the body."""

    kind: MalformationKind
    offset: int
    detail: str


class ServerSentEvent(NamedTuple):
    """One event. `offset` is the byte of its first field line, `end` the byte behind its completing one.

    A blank line that ends in CRLF completes its event with the CR: the LF adds nothing.
    """

    name: str | None  #: None when there was no `event` field; "" when it was empty
    data: str
    data_lines: int
    id: str  #: the last event id in force, "" when none was sent yet
    retry: int | None  #: milliseconds, if this event sets them
    offset: int
    end: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """Everything a body says. `tail` is the discarded event at its end, as far as it goes."""

    events: tuple[ServerSentEvent, ...]
    malformations: tuple[Malformation, ...]
    comments: int
    tail: ServerSentEvent | None
    size: int
