"""A client's connection, read from a copy of its bytes: where each request begins and ends. h11 does the reading."""

from dataclasses import dataclass

import h11

HEAD = 1024 * 1024  #: bytes of a request's head that are held until it is whole


@dataclass(frozen=True, slots=True)
class Head:
    """A request begins: its head as it came, and what it says."""

    raw: bytes
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """More of the body as it came, its transfer coding included, and what that says."""

    raw: bytes
    data: bytes
    ended: bool  #: whether the request is whole with it


class Requests:
    """The requests of one connection, one behind the other."""

    def __init__(self) -> None:
        self._parser = _parser()
        self._held = b""  #: of a head that is not whole
        self._inside = False
        self.wrong = ""

    def feed(self, data: bytes) -> list[Head | Body]:
        """What some more bytes come to, in their order; all of them but a head that is not whole.

        Where they are no HTTP, what came before, and `wrong` says what they are.
        """
        found: list[Head | Body] = []
        try:
            self._parser.receive_data(data)
            while data:
                data = self._body(data, found) if self._inside else self._head(data, found)
        except h11.RemoteProtocolError as error:
            self.wrong = str(error)
        return found

    def _head(self, data: bytes, found: list[Head | Body]) -> bytes:
        """Look for a head; what stands behind it."""
        event, raw = self._parser.next_event(), self._held + data
        if not isinstance(event, h11.Request):
            self._held = raw
            return b""
        size = len(raw) - len(self._parser.trailing_data[0])
        headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in event.headers.raw_items())
        found.append(Head(raw[:size], event.method.decode("ascii"), event.target.decode("latin-1"), headers))
        self._held, self._inside = b"", True
        if size == len(raw):  # a request without a body ends with its head
            self._body(b"", found)
        return raw[size:]

    def _body(self, data: bytes, found: list[Head | Body]) -> bytes:
        """Take a body; what stands behind it."""
        pieces = []
        while isinstance(event := self._parser.next_event(), h11.Data):
            pieces.append(bytes(event.data))
        if not isinstance(event, h11.EndOfMessage):
            found.extend([Body(data, b"".join(pieces), False)] if data else [])
            return b""
        rest = bytes(self._parser.trailing_data[0])
        found.append(Body(data[: len(data) - len(rest)], b"".join(pieces), True))
        self._parser, self._inside = _parser(), False
        if rest:  # no bytes would mean that the client has ended
            self._parser.receive_data(rest)
        return rest


def _parser() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD)
