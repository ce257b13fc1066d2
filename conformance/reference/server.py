"""The socket side: reads requests, writes the steps of their answers byte by byte as they are."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType

from conformance.reference.faults import select
from conformance.reference.pipeline import new_context, perform, refuse
from conformance.reference.receiving import READ_SIZE, MalformedRequest, receive
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Seams, Traffic
from conformance.reference.settings import Settings
from conformance.reference.transfer import Ending, Request, Step, steps
from conformance.reference.variations import select_variations

LINGER_SECONDS = 1.0
START_SECONDS = 30.0


class Server:
    """Serves connections; holds the settings, what sits at the seams and the tally of requests."""

    def __init__(self, settings: Settings) -> None:
        """Raise ValueError for a fault or variation that does not exist or does not belong to the profile."""
        self.seams = Seams(select(settings), select_variations(settings))
        for changes in (one.changes for row in (self.seams.variations, self.seams.faults) for one in row):
            settings = replace(settings, **changes)
        self.settings = settings
        self.traffic = Traffic()
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen on an address; port 0 takes a free one."""
        return await asyncio.start_server(self._connected, host, port, backlog=256)

    async def stop(self, listener: asyncio.Server) -> None:
        """Stop listening and drop every open connection at once."""
        listener.close()
        open_connections = list(self._connections)
        for task in open_connections:
            task.cancel()
        await asyncio.gather(*open_connections, return_exceptions=True)
        await asyncio.sleep(0)  # closed transports let go of their sockets in the loop's next turn

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._converse(reader, writer)
        except (OSError, asyncio.CancelledError):  # what is not connected any more cannot be ended either
            self.traffic.hangups += 1
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        leftover, going_on = b"", True
        while going_on:
            try:
                incoming = await receive(reader, writer, leftover, self.settings.body_limit)
            except MalformedRequest as error:
                await write(self._malformed(error.status), reader, writer)
                return
            if incoming is None:
                return
            leftover = incoming.leftover
            going_on = await self._respond(incoming.request, incoming.last, reader, writer)
            if going_on and not leftover and self.settings.idle:
                leftover = await waited(reader, self.settings.idle)
                going_on = bool(leftover)

    async def _respond(
        self, request: Request, last: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        context = new_context(request, self.settings, self.seams, self.traffic)
        self.traffic.served += 1
        self.traffic.in_flight[context.request_id] = request
        try:
            if self.settings.delay:
                await asyncio.sleep(self.settings.delay)
            return await write(perform(context, last), reader, writer)
        finally:
            self.traffic.in_flight.pop(context.request_id, None)

    def _malformed(self, status: int) -> tuple[Step, ...]:
        context = new_context(Request("", "", ()), self.settings, self.seams, self.traffic)
        return steps(refuse(Refusal(status, "the request is not valid HTTP"), context), last=True)


async def waited(reader: asyncio.StreamReader, seconds: float) -> bytes:
    """The first bytes of a next request; none when it does not begin in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await reader.read(READ_SIZE)
    return b""


async def write(written: Sequence[Step], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Write steps in order; True when the connection may carry another request."""
    for step in written:
        if step.pause:
            await asyncio.sleep(step.pause)
        if step.data:
            writer.write(step.data)
            await writer.drain()
        if step.ending is not Ending.GO_ON:
            await finish(step.ending, reader, writer)
            return False
    return True


async def finish(ending: Ending, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End a connection: with a FIN, with a reset, or by silence until the client goes."""
    if ending is Ending.RESET:
        writer.transport.abort()
        return
    if ending is Ending.CLOSE:
        writer.write_eof()
    # Unread input would turn the close into a reset, and the client might lose the end of the answer.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS if ending is Ending.CLOSE else None):
            while await reader.read(65_536):
                pass


async def serve(
    settings: Settings, host: str = "127.0.0.1", port: int = 0, listening: Callable[[str, int], object] | None = None
) -> None:
    """Serve in the foreground until cancelled; `listening` is told the address, once there is one.

    Raises ValueError for an unknown fault or variation, and OSError where nothing can listen there.
    """
    server = Server(settings)
    listener = await server.start(host, port)
    try:
        if listening is not None:
            listening(*listener.sockets[0].getsockname()[:2])
        await listener.serve_forever()
    finally:
        await server.stop(listener)


class Endpoint:
    """A reference endpoint on 127.0.0.1 in a thread of its own, for the time of a `with` block."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Raise ValueError for a fault or variation that does not exist or does not belong to the profile."""
        self._server = Server(settings or Settings())
        self._thread = threading.Thread(target=self._run, name="reference-endpoint", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._done: asyncio.Event | None = None
        self._port = 0

    @property
    def settings(self) -> Settings:
        """The settings in force, changes by faults and variations included."""
        return self._server.settings

    @property
    def url(self) -> str:
        """The base URL, without a path."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> int:
        """The number of requests read so far."""
        return self._server.traffic.served

    def __enter__(self) -> "Endpoint":
        self._thread.start()
        if not self._ready.wait(START_SECONDS) or not self._port:
            raise RuntimeError("the reference endpoint did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._done is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        listener = await self._server.start("127.0.0.1", 0)
        self._port = int(listener.sockets[0].getsockname()[1])
        self._ready.set()
        await self._done.wait()
        await self._server.stop(listener)
