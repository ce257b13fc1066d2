"""HTTP as values: a request that has arrived, an answer, and the exact bytes the answer is written as."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]

LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """A complete request; header names are lower case, values Latin-1 text; `size` counts the body as sent."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    size: int = 0
    http_version: str = "1.1"

    @property
    def path(self) -> str:
        """The path without the query string."""
        return self.target.split("?", 1)[0]

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of the header `name`, one for each header line."""
        return tuple(value for key, value in self.headers if key == name)

    def header(self, name: str) -> str | None:
        """The first value of the header `name`, or None."""
        return next(iter(self.values(name)), None)


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes of a stream that are sent at once, and the seconds to wait before them."""

    data: bytes
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A response before it is bytes; a tuple of frames is a stream."""

    status: int
    headers: Headers
    body: bytes | tuple[Frame, ...] = b""


class Ending(StrEnum):
    """What happens to the connection after a step."""

    GO_ON = "go on"
    CLOSE = "close"
    RESET = "reset"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Step:
    """Bytes to write after a pause in seconds, and what follows them."""

    data: bytes = b""
    pause: float = 0.0
    ending: Ending = Ending.GO_ON


def set_header(headers: Headers, name: str, value: str | None) -> Headers:
    """The headers with `name` set to `value`, or without it when `value` is None."""
    rest = tuple(pair for pair in headers if pair[0] != name)
    return rest if value is None else (*rest, (name, value))


def steps(answer: Answer, method: str = "POST", http_version: str = "1.1", last: bool = False) -> tuple[Step, ...]:
    """The bytes of an answer (RFC 9112): one step for a plain body, one for each frame of a stream.

    `last` announces that the connection closes afterwards. A stream to an HTTP/1.0 client is not chunked and ends
    with the connection.
    """
    streamed = isinstance(answer.body, tuple)
    chunked = streamed and http_version != "1.0"
    closing = last or (streamed and not chunked)
    framing = _framing(answer, chunked, streamed)
    head = _head(answer.status, answer.headers + framing + ((("connection", "close"),) if closing else ()))
    body = () if method == "HEAD" else tuple(_body_steps(answer.body, chunked))
    if body and not streamed:
        head, body = head + body[0].data, ()
    ending = (Step(ending=Ending.CLOSE),) if closing else ()
    return (Step(head), *body, *ending)


def _framing(answer: Answer, chunked: bool, streamed: bool) -> Headers:
    if chunked:
        return (("transfer-encoding", "chunked"),)
    if streamed or answer.status == HTTPStatus.NO_CONTENT:
        return ()
    return (("content-length", str(len(answer.body))),)


def _head(status: int, headers: Headers) -> bytes:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Overloaded" if status == 529 else ""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _body_steps(body: bytes | tuple[Frame, ...], chunked: bool) -> Iterator[Step]:
    if isinstance(body, bytes):
        yield Step(body)
        return
    for frame in body:
        yield Step(chunk(frame.data) if chunked else frame.data, frame.pause)
    if chunked:
        yield Step(LAST_CHUNK)


def chunk(data: bytes) -> bytes:
    """One chunk of the chunked transfer coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)
