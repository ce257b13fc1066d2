"""Reading requests from a connection. h11 parses; nothing is written with it."""

import asyncio
from dataclasses import dataclass, field

import h11

from conformance.reference.transfer import Request

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
READ_SIZE = 65_536
MAX_HEAD = 65_536
DRAINED = 64 * 1024 * 1024
"""Bytes of a body that are read and thrown away beyond the limit, so that the refusal reaches the client."""


class MalformedRequest(Exception):
    """What arrived is not HTTP; `status` is what to answer before closing."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request, the bytes behind it, and whether the connection ends after the answer."""

    request: Request
    leftover: bytes = b""
    last: bool = False


@dataclass(slots=True)
class Partial:
    """A request of which a part has arrived."""

    limit: int
    head: h11.Request | None = None
    size: int = 0
    body: bytearray = field(default_factory=bytearray)

    def add(self, data: bytes) -> None:
        """Keep the bytes up to the limit, count them all."""
        self.size += len(data)
        if self.size <= self.limit:
            self.body += data

    def complete(self, leftover: bytes = b"", cut_short: bool = False) -> Incoming:
        """The request as far as it is here."""
        assert self.head is not None
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in self.head.headers)
        version = self.head.http_version.decode("ascii")
        request = Request(
            method=self.head.method.decode("latin-1"),
            target=_origin_form(self.head.target.decode("latin-1")),
            headers=headers,
            body=bytes(self.body) if self.size <= self.limit else b"",
            size=self.size,
            http_version=version,
        )
        tokens = {token.strip().lower() for value in request.values("connection") for token in value.split(",")}
        return Incoming(request, leftover, cut_short or version != "1.1" or "close" in tokens)


def _origin_form(target: str) -> str:
    """The path and query of a request target, also if it is a whole URL (RFC 9112, section 3.2.2)."""
    scheme, separator, rest = target.partition("://")
    return "/" + rest.partition("/")[2] if separator and scheme.lower() in ("http", "https") else target


def _announced(head: h11.Request | None) -> int:
    values = [value for name, value in head.headers if name == b"content-length"] if head else []
    return int(values[0]) if values else 0


async def receive(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, leftover: bytes, limit: int
) -> Incoming | None:
    """The next request of a connection, or None when the client has gone. Raises MalformedRequest.

    A body longer than `limit` bytes is counted but not kept; one that is announced as too long with
    `Expect: 100-continue` is not read at all.
    """
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
    partial = Partial(limit)
    if leftover:
        parser.receive_data(leftover)
    while True:
        try:
            event = parser.next_event()
        except h11.RemoteProtocolError as error:
            raise MalformedRequest(error.error_status_hint or 400) from None
        if event is h11.NEED_DATA:
            if parser.they_are_waiting_for_100_continue:
                if _announced(partial.head) > limit:
                    partial.size = _announced(partial.head)
                    return partial.complete(cut_short=True)
                writer.write(CONTINUE)
            data = await reader.read(READ_SIZE)
            if not data:
                return None
            parser.receive_data(data)
        elif isinstance(event, h11.Request):
            partial.head = event
        elif isinstance(event, h11.Data):
            partial.add(event.data)
            if partial.size > limit + DRAINED:
                return partial.complete(cut_short=True)
        elif isinstance(event, h11.EndOfMessage):
            return partial.complete(bytes(parser.trailing_data[0]))
        else:
            return None
