"""One request and everything that came back, as plain data.

Times are seconds since the request was begun, on a monotonic clock; sizes are bytes. Nothing here decodes,
judges or sends: see `reading` for what the bytes say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

Headers = tuple[tuple[str, str], ...]


class Ending(StrEnum):
    """How an exchange ended, and by whose hand."""

    COMPLETE = "complete"  #: the target finished its answer as its framing announced
    CLOSED_EARLY = "closed-early"  #: the target closed the connection inside its answer
    RESET = "reset"  #: the connection was reset inside the answer
    NO_CONNECTION = "no-connection"  #: refused, unreachable, no such name, no TLS
    NO_ANSWER = "no-answer"  #: the connection ended before a status line
    MALFORMED = "malformed"  #: what came is not HTTP
    CUT = "cut"  #: we stopped reading because a limit of ours was reached
    HUNG_UP = "hung-up"  #: we stopped reading because the probe asks for it


class Limit(StrEnum):
    """The limit of ours that cut an exchange."""

    CONNECT = "connect"  #: no connection, TLS included, in time: the ending is NO_CONNECTION
    FIRST_BYTE = "first-byte"
    BETWEEN_BYTES = "between-bytes"
    WHOLE = "whole"
    AFTER_STOP = "after-stop"  #: the stream stayed open after `message_stop`
    HEADER = "header"  #: bytes of the status line and headers, of a trailer or of the line of a chunk
    BODY = "body"  #: bytes of the body, as it comes or with its content coding undone
    CHUNKS = "chunks"
    LINES = "lines"  #: of a stream of events
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class End:
    """The ending with the limit that fired (when CUT, or for lack of a connection) and the transport's own words."""

    how: Ending
    limit: Limit | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of the body as they arrived, before any content decoding."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What was sent. Credential values are replaced by markers of the same length (see `probing.redaction`)."""

    method: str
    url: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer; `status` is None when no status line arrived."""

    request: Request
    status: int | None
    headers: Headers
    chunks: tuple[Chunk, ...]
    end: End
    began: float = 0.0  #: seconds since the run began
    first_byte: float | None = None  #: when the status line arrived
    elapsed: float = 0.0  #: when the exchange ended
    connection: str = ""  #: which connection carried it; equal values mean the same one
    surplus: bytes = b""  #: body bytes behind what the framing allows (only the socket transport sees them)
    version: str = "1.1"  #: of HTTP, as the status line says

    @property
    def body(self) -> bytes:
        """The body as it came, content encoding still applied."""
        return b"".join(chunk.data for chunk in self.chunks)

    def header(self, name: str) -> str | None:
        """The first value of a response header, or None. Names are compared without case (RFC 9110 §5.1)."""
        return next(self.header_values(name), None)

    def header_values(self, name: str) -> Iterator[str]:
        """Every value of a response header, in the order they came."""
        wanted = name.lower()
        return (value for key, value in self.headers if key.lower() == wanted)
