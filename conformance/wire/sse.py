"""Server-sent events from bytes, to the letter of the WHATWG grammar (HTML §9.2.5, §9.2.6).

The decoder forgives exactly what the grammar forgives and reports the rest, each with the offset of its first
byte. It works on bytes because only bytes show a byte order mark, a bad UTF-8 sequence and what a line end
really is; and it gives equal results wherever the body was cut into chunks. Time and memory are linear.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.wire.sse_events import LEGAL, Decoded, Malformation, MalformationKind, ServerSentEvent

__all__ = [
    "BOM", "LEGAL", "Decoded", "Decoder", "Malformation", "MalformationKind", "ServerSentEvent", "decode",
    "decode_chunks",
]  # fmt: skip

BOM = b"\xef\xbb\xbf"
FIELDS = frozenset({"event", "data", "id", "retry"})

#: CR, LF and CRLF end a line; U+0085, U+2028 and U+2029 do not.
_LINE_END = re.compile(rb"\r\n?|\n")
_MAX_RETRY_DIGITS = 18


@dataclass(slots=True)
class _Pending:
    """The fields of the event under construction."""

    offset: int | None = None
    name: str | None = None
    data: list[str] = field(default_factory=list)
    retry: int | None = None


class Decoder:
    """Takes the body in any chunks: `feed` gives the events each one completes, `finish` the whole."""

    def __init__(self) -> None:
        self._events: list[ServerSentEvent] = []
        self._faults: list[Malformation] = []
        self._comments = 0
        self._id = ""
        self._pending = _Pending()
        self._partial = bytearray()  # the line not yet ended
        self._line_offset = 0
        self._size = 0
        self._after_cr = False  # an LF that comes next belongs to the line end already seen

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events completed by these bytes."""
        if not data:
            return []
        already, base = len(self._events), self._size
        start = 1 if self._after_cr and data.startswith(b"\n") else 0
        if start:
            self._line_offset += 1
        usual = b"\r" not in data
        start = self._take_usual(data, start) if usual else start
        while ending := _LINE_END.search(data, start):
            self._partial += data[start : ending.start()]
            self._end_line(base + ending.start() + 1)
            start = ending.end()
            self._line_offset = base + start
            start = self._take_usual(data, start) if usual else start
        self._partial += data[start:]
        self._after_cr = data.endswith(b"\r")
        self._size += len(data)
        return self._events[already:]

    def finish(self) -> Decoded:
        """What the whole body says; call it once, after the last `feed`."""
        tail = self._tail()
        return Decoded(tuple(self._events), tuple(self._faults), self._comments, tail, self._size)

    def _take_usual(self, data: bytes, start: int) -> int:
        """Take the events that begin here, as long as they are what nearly all are: one name and one line of data, LF
        behind each line, none other under construction. Gives the place behind them; no CR is among the bytes.
        """
        if self._partial or self._pending.offset is not None:
            return start
        while data.startswith(b"event:", start):
            middle = data.find(b"\n", start)
            end = data.find(b"\n", middle + 1)
            if min(middle, end) < 0:
                break
            if not (data.startswith(b"data:", middle + 1) and data.startswith(b"\n", end + 1)):
                break
            try:
                name, text = data[start + 6 : middle].decode("utf-8"), data[middle + 6 : end].decode("utf-8")
            except UnicodeDecodeError:
                break
            name, text, begun, start = name.removeprefix(" "), text.removeprefix(" "), self._size + start, end + 2
            self._line_offset = self._size + start
            self._events.append(ServerSentEvent(name, text, 1, self._id, None, begun, self._line_offset))
        return start

    def _end_line(self, completed: int) -> None:
        line, offset = self._take_line()
        if not line:
            self._dispatch(completed)
        elif line.startswith(b":"):
            self._comments += 1
            self._text(line, offset)
        else:
            self._field(self._text(line, offset), offset)

    def _take_line(self) -> tuple[bytes, int]:
        """The bytes of the line and the offset of the first, a byte order mark left out."""
        line = bytes(self._partial)
        self._partial.clear()
        if self._line_offset or not line.startswith(BOM):
            return line, self._line_offset
        self._report(MalformationKind.BOM, 0, "the body begins with a UTF-8 byte order mark")
        return line[len(BOM) :], len(BOM)

    def _text(self, line: bytes, offset: int, *, cut: bool = False) -> str:
        """A character cut in two by the end of the body is no fault of its own."""
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            if cut and error.reason == "unexpected end of data":
                return line[: error.start].decode("utf-8")
            detail = f"{error.reason}: byte 0x{line[error.start]:02x}"
            self._report(MalformationKind.INVALID_UTF8, offset + error.start, detail)
            return line.decode("utf-8", "replace")

    def _field(self, line: str, offset: int) -> None:
        name, colon, value = line.partition(":")
        if name not in FIELDS:
            self._report(MalformationKind.UNKNOWN_FIELD, offset, f"field {name[:80]!r}")
            return
        if not colon:
            self._report(MalformationKind.NO_COLON, offset, f"field {name!r} without a colon")
        if self._pending.offset is None:
            self._pending.offset = offset
        self._set(name, value.removeprefix(" "), offset)

    def _set(self, name: str, value: str, offset: int) -> None:
        pending = self._pending
        match name:
            case "data":
                pending.data.append(value)
            case "event":
                if pending.name is not None:
                    self._report(MalformationKind.REPEATED_EVENT, offset, f"{pending.name[:80]!r}, then {value[:80]!r}")
                pending.name = value
            case "id":
                self._set_id(value, offset)
            case _:
                self._set_retry(value, offset)

    def _set_id(self, value: str, offset: int) -> None:
        if "\0" in value:
            self._report(MalformationKind.NUL_IN_ID, offset, "the id holds U+0000")
        else:
            self._id = value

    def _set_retry(self, value: str, offset: int) -> None:
        if value.isascii() and value.isdigit() and len(value) <= _MAX_RETRY_DIGITS:
            self._pending.retry = int(value)
        else:
            self._report(MalformationKind.BAD_RETRY, offset, f"retry {value[:40]!r} is not a number of milliseconds")

    def _dispatch(self, completed: int) -> None:
        pending, self._pending = self._pending, _Pending()
        if pending.offset is None:
            return
        if not pending.data:
            if pending.name is not None:
                self._report(MalformationKind.EVENT_WITHOUT_DATA, pending.offset, f"event {pending.name[:80]!r}")
            return
        if len(pending.data) > 1:
            self._report(MalformationKind.SEVERAL_DATA_LINES, pending.offset, f"{len(pending.data)} data lines")
        self._events.append(self._event(pending, pending.offset, completed))

    def _event(self, pending: _Pending, offset: int, end: int) -> ServerSentEvent:
        data = "\n".join(pending.data)
        return ServerSentEvent(pending.name, data, len(pending.data), self._id, pending.retry, offset, end)

    def _tail(self) -> ServerSentEvent | None:
        """Read the last, unended line as far as it goes, without faulting what may only be cut short."""
        self._take_cut_line()
        pending, self._pending = self._pending, _Pending()
        if pending.offset is None:
            return None
        self._report(MalformationKind.UNTERMINATED, pending.offset, "the body ends before the blank line")
        return self._event(pending, pending.offset, self._size)

    def _take_cut_line(self) -> None:
        line, offset = self._take_line()
        if not line or line.startswith(b":"):
            return
        if self._pending.offset is None:
            self._pending.offset = offset
        name, _, value = self._text(line, offset, cut=True).partition(":")
        if name == "data":
            self._pending.data.append(value.removeprefix(" "))
        elif name == "event":
            self._pending.name = value.removeprefix(" ")

    def _report(self, kind: MalformationKind, offset: int, detail: str) -> None:
        self._faults.append(Malformation(kind, offset, detail))


def decode(data: bytes) -> Decoded:
    """What a whole body says. Never raises."""
    return decode_chunks((data,))


def decode_chunks(chunks: Iterable[bytes]) -> Decoded:
    """The same for a body in pieces; where it was cut makes no difference."""
    decoder = Decoder()
    for chunk in chunks:
        decoder.feed(chunk)
    return decoder.finish()
