"""A server on 127.0.0.1 that answers badly on purpose: sockets, a thread for each connection, a table of behaviours.

A behaviour is a short function that gets the connection and the request that came on it. The modules
`hostile_silence`, `hostile_frames` and `hostile_content` fill the table; `behaviours` gives all of it.
"""

import importlib
import json
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from loopback import message

MODULES = ("hostile_silence", "hostile_frames", "hostile_content")
READ = 65_536
PATIENCE = 600.0  #: seconds after which a connection is given up even here


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    head: bytes
    body: bytes

    @property
    def is_stream(self) -> bool:
        """Whether it asks for a stream."""
        try:
            said = json.loads(self.body)
        except ValueError:
            return False
        return isinstance(said, dict) and said.get("stream") is True


class Gone(Exception):
    """The client left, or the endpoint is being stopped."""


class Line:
    """One connection, seen from the server. Everything raises `Gone` once nobody listens any more."""

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        self.sock = sock
        self.sent = 0  #: bytes given to the system
        self._stopping = stopping
        self._left = b""

    def asked(self) -> Asked:
        """The next request, head and body."""
        while b"\r\n\r\n" not in self._left:
            self._left += self._more()
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        lengths = [row.partition(b":")[2] for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:")]
        size = int(lengths[0]) if lengths else 0
        while len(self._left) < size:
            self._left += self._more()
        body, self._left = self._left[:size], self._left[size:]
        return Asked(head, body)

    def _more(self) -> bytes:
        try:
            data = self.sock.recv(READ)
        except (OSError, ValueError):
            raise Gone from None
        if not data:
            raise Gone
        return data

    def send(self, data: bytes) -> None:
        """Write bytes, as fast as they are taken."""
        try:
            self.sock.sendall(data)
        except (OSError, ValueError):
            raise Gone from None
        self.sent += len(data)

    def endless(self, data: bytes, pause: float = 0.0) -> None:
        """Write the same bytes until the client goes, with a pause in seconds before each."""
        while not self._stopping.is_set():
            if pause:
                self.wait(pause)
            self.send(data)
        raise Gone

    def wait(self, seconds: float = PATIENCE) -> None:
        """Say nothing for that long, or until the client goes."""
        try:
            readable = select.select([self.sock], [], [], seconds)[0]
        except (OSError, ValueError):
            raise Gone from None
        if readable:
            self._left += self._more()

    def half_close(self) -> None:
        """End our direction alone."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End the connection with a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone


Act = Callable[[Line, Asked], None]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the endpoint does. `streams`: only to requests for a stream, all others being answered well.

    `unasked`: without reading a request first. `secure`: how TLS is spoken ("expired", "foreign"), or "plain" where the
    address says https and none is.
    """

    name: str
    act: Act
    streams: bool = False
    unasked: bool = False
    secure: str = ""


_TABLE: dict[str, Behaviour] = {}


def behaves(name: str, **more: Any) -> Callable[[Act], Act]:
    """Put a function into the table."""

    def register(act: Act) -> Act:
        assert name not in _TABLE, name
        _TABLE[name] = Behaviour(name, act, **more)
        return act

    return register


def behaviours() -> Mapping[str, Behaviour]:
    """All of them by name, in the order of the modules."""
    for module in MODULES:
        importlib.import_module(module)
    return _TABLE


@dataclass(slots=True)
class Hostile:
    """The endpoint with one behaviour, for the time of a `with` block. `certificates`: a folder to make them in."""

    behaviour: Behaviour
    certificates: Path | None = None
    url: str = ""
    requests: list[Asked] = field(default_factory=list)
    connections: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket = field(init=False)
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: set[socket.socket] = field(default_factory=set)

    def __enter__(self) -> "Hostile":
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        scheme = "https" if self.behaviour.secure else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for sock in (self._listener, *tuple(self._open)):
            _shut(sock)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _start(self, target: Callable[..., None], *given: Any) -> None:
        thread = threading.Thread(target=target, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        context = _context(self.behaviour.secure, self.certificates)
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(sock)
            self.connections += 1
            self._start(self._serve, sock, context)

    def _serve(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        try:
            sock = context.wrap_socket(sock, server_side=True) if context else sock
            self._open.add(sock)
            self._converse(Line(sock, self._stopping))
        except (Gone, OSError):
            pass
        finally:
            self._open.discard(sock)
            sock.close()

    def _converse(self, line: Line) -> None:
        if self.behaviour.unasked:
            self.behaviour.act(line, Asked(b"", b""))
            return
        while True:
            asked = line.asked()
            self.requests.append(asked)
            if self.behaviour.streams and not asked.is_stream:
                line.send(message())
                continue
            self.behaviour.act(line, asked)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        sock.close()


def _context(secure: str, folder: Path | None) -> ssl.SSLContext | None:
    if secure in ("", "plain"):
        return None
    from hostile_certificates import certificate

    assert folder is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder, secure))
    return context
