"""The connection to the target behind a client's."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Protocol, cast

_RESET = struct.pack("ii", 1, 0)


class Client(Protocol):
    """What the client's side does about the target's."""

    transport: asyncio.Transport | None

    def came(self, data: bytes) -> None:
        """The target sends."""

    def target_ended(self, error: Exception | None) -> None:
        """The target closed its connection, or reset it."""


class Target(asyncio.Protocol):
    """The connection to the target."""

    def __init__(self, relay: Client) -> None:
        self.relay = relay
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """The target sends."""
        self.relay.came(data)

    def connection_lost(self, error: Exception | None) -> None:
        """It ended, in order or with a reset."""
        self.relay.target_ended(error)

    def pause_writing(self) -> None:
        """The target reads more slowly than the client sends."""
        if self.relay.transport is not None:
            self.relay.transport.pause_reading()

    def resume_writing(self) -> None:
        """It has caught up."""
        if self.relay.transport is not None:
            self.relay.transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Send."""
        if self.transport is not None:
            self.transport.write(data)

    def reading(self, wanted: bool) -> None:
        """Whether more is to be read."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading() if wanted else self.transport.pause_reading()

    def hang_up(self) -> None:
        """Close at once: nobody listens any more."""
        if self.transport is not None:
            self.transport.abort()


def reset(transport: asyncio.Transport) -> None:
    """End a connection with a reset, not in order."""
    with suppress(OSError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
