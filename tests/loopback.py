"""A server on 127.0.0.1 that answers with exactly the bytes a test gives it, and remembers what it was sent."""

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

CLOSE = "close"  #: end the connection in order
RESET = "reset"  #: end it with a reset
HANG = "hang"  #: say nothing more until the client goes

#: Bytes to write, seconds to pause, something to wait for, or an ending. Without one the connection is kept.
Step = bytes | float | str | Callable[[], Awaitable[object]]
Script = Sequence[Step]


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came over the wire, and the client's port."""

    head: bytes
    body: bytes
    port: int

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def response(body: bytes = b"{}", status: int = 200, **headers: str) -> bytes:
    """An answer with a declared length; underscores in header names are dashes."""
    named = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *(f"{n}: {v}" for n, v in named.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def message(**changes: Any) -> bytes:
    """An answer with a message, changed in some members."""
    return response(json.dumps(MESSAGE | changes).encode())


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; of nothing: its end."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m-1",
    "content": [{"type": "text", "text": "pong"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 1, "total_tokens": 4},
}
STOP_EVENT = b'event: message_stop\ndata: {"type": "message_stop"}\n\n'


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass(slots=True)
class Loopback:
    """Serves for the time of a `with` block; `answer` maps a request and its number, from 0, to what is written."""

    answer: Callable[[Received, int], Script]
    received: list[Received] = field(default_factory=list)
    url: str = ""
    _stop: Callable[[], object] = field(init=False)
    _thread: threading.Thread = field(init=False)
    _ready: threading.Event = field(default_factory=threading.Event)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    def __enter__(self) -> "Loopback":
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._thread.join()

    async def _main(self) -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        self._stop = lambda: loop.call_soon_threadsafe(done.set)
        listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        self._ready.set()
        await done.wait()
        await asyncio.sleep(0.01)  # a connection that is being accepted while the listener closes is never closed
        listener.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await asyncio.sleep(0)  # closed transports say so in the next round of the loop

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._converse(reader, writer):
                pass
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        request = Received(head, await _body(reader, head.lower()), writer.get_extra_info("peername")[1])
        self.received.append(request)
        for step in self.answer(request, len(self.received) - 1):
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, float):
                await asyncio.sleep(step)
            elif callable(step):
                await step()
            else:
                await _end(step, reader, writer)
                return False
        return True


def always(*script: Step) -> Loopback:
    """A server that answers every request in the same way."""
    return Loopback(lambda request, number: script)


def in_turn(*scripts: Script) -> Loopback:
    """A server with one script for each request; the last one serves for all that follow."""
    return Loopback(lambda request, number: scripts[min(number, len(scripts) - 1)])


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if b"transfer-encoding: chunked" in head:
        return await reader.readuntil(b"0\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    return await reader.readexactly(int(lengths[0])) if lengths else b""


async def _end(how: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if how == HANG:
        await reader.read()
    elif how == RESET:
        linger = struct.pack("ii", 1, 0)  # with this a close is a reset
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
