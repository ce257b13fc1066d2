"""How large an answer has become, in every measure that has a limit; and what it costs to hold one.

Counting goes on while the bytes come, so that what an answer would grow into never has to be there first.
"""

from dataclasses import dataclass, field

from conformance.probing.limits import Limits
from conformance.wire.content import Undoing, undoing
from conformance.wire.exchange import Exchange, Headers, Limit

#: Bytes that are looked at together: a cut keeps no more than these behind a limit, and what codings make of them.
PLAIN_STEP, CODED_STEP = 4096, 256
#: Bytes of memory that a header, a chunk, a line, and a bracket or comma of JSON cost beside their own length, about.
HEADER, CHUNK, LINE, MARK, ESCAPED = 200, 128, 128, 64, 16
MARKS = (b"{", b"[", b",")
COPIES = 3  #: of the bytes themselves: exchange, text, and the journal or a report while it is written
_PLAIN = bytes(range(32, 127)) + b"\n"


@dataclass(slots=True)
class Tally:
    """Sizes of one body: bytes as they come and as they mean, chunks, and of a stream lines and events."""

    limits: Limits
    is_stream: bool = False
    size: int = 0
    chunks: int = 0
    decoded: int = 0
    lines: int = 0
    events: int = 0
    _undoing: Undoing | None = None
    _held: bytes = field(default=b"")  # a CR that may be half of a line end
    _last: bytes = field(default=b"")

    @classmethod
    def of(cls, headers: Headers, limits: Limits) -> "Tally":
        """For a body under these headers."""
        values = [value for name, value in headers if name.lower() == "content-encoding"]
        kinds = [value.lower() for name, value in headers if name.lower() == "content-type"]
        return cls(
            limits, any(kind.lstrip().startswith("text/event-stream") for kind in kinds), _undoing=undoing(values)
        )

    def add(self, data: bytes) -> tuple[Limit | None, int]:
        """Some more came; the limit that it goes beyond, if any, and how much of it is within or just beyond."""
        self.chunks += 1
        step = PLAIN_STEP if self._undoing is None else CODED_STEP
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            self._take(piece)
            beyond = next((limit for limit, passed in self._measures() if passed), None)
            if beyond is not None:
                return beyond, start + len(piece)
        return None, len(data)

    def _take(self, data: bytes) -> None:
        self.size += len(data)
        plain = data if self._undoing is None else self._undoing.feed(data, self.limits.body + 1 - self.decoded)
        self.decoded += len(plain)
        if self.is_stream:
            self._count(plain)

    def _measures(self) -> tuple[tuple[Limit, bool], ...]:
        limits = self.limits
        swollen = self._undoing is not None and self._undoing.swollen
        return (
            (Limit.EVENTS, self.events > limits.events),
            (Limit.LINES, self.lines > limits.lines),
            (Limit.BODY, max(self.size, self.decoded) > limits.body or swollen),
            (Limit.CHUNKS, self.chunks > limits.chunks),
        )

    def _count(self, data: bytes) -> None:
        """CR, LF and CRLF end a line, a blank line an event, wherever the pieces were cut."""
        data = self._held + data
        self._held = b"\r" if data.endswith(b"\r") else b""
        lines = data.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self.lines += lines.count(b"\n")
        self.events += (self._last + lines).count(b"\n\n")
        self._last = lines[-1:] or self._last


def weight(exchange: Exchange, decoded: bytes) -> int:
    """About how many bytes of memory an exchange costs together with all that is read of its body."""
    marks = sum(map(decoded.count, MARKS))
    headers = sum(len(name) + len(value) for name, value in exchange.headers)
    pieces = HEADER * len(exchange.headers) + CHUNK * len(exchange.chunks) + LINE * decoded.count(b"\n")
    escaped = ESCAPED * len(decoded.translate(None, _PLAIN))
    return headers + pieces + escaped + MARK * marks + COPIES * (len(exchange.surplus) + len(decoded))
