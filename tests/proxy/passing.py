"""Clients made of sockets, and the pass-through that they talk to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from conformance.evidence.run import Record
from conformance.probing.limits import Limits
from conformance.proxy import Passthrough
from conformance.wire.exchange import Exchange

LIMITS = replace(Limits(), connect=5.0)


@dataclass(slots=True)
class Kept:
    """What a sink was given."""

    records: list[Record] = field(default_factory=list)

    @property
    def exchanges(self) -> list[Exchange]:
        return [record.exchange for record in self.records]


def through(target: str, kept: Kept, **more: Any) -> Passthrough:
    return Passthrough(target, kept.records.append, **{"limits": LIMITS, **more})


def connected(proxy: Passthrough) -> socket.socket:
    parts = urlsplit(proxy.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)


def request(path: str = "/v1/messages", body: bytes = b"{}", method: str = "POST", *lines: str) -> bytes:
    """A request with a declared length; no other header but `lines`."""
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines]
    head += [f"content-length: {len(body)}"] if body else []
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def until(client: socket.socket, end: bytes) -> bytes:
    """What comes until these bytes did, or the connection ended."""
    data = b""
    while end not in data and (more := client.recv(65536)):
        data += more
    return data


def rest(client: socket.socket) -> bytes:
    """What comes until the connection ends in order."""
    pieces = []
    while more := client.recv(1 << 20):
        pieces.append(more)
    return b"".join(pieces)


def asked(proxy: Passthrough, data: bytes) -> bytes:
    """What comes back on a connection that is closed by the other side."""
    with connected(proxy) as client:
        client.sendall(data)
        return rest(client)


def told(event: Event) -> Callable[[], Awaitable[object]]:
    """A step of a script that waits for an event of a test."""
    return lambda: asyncio.to_thread(event.wait, 30)
