"""The only door to the network. Two implementations yield the same `Exchange`: httpx for almost everything, and a
socket for the few requests that httpx refuses to send or answers it would hide (see `sockets`)."""

import asyncio
import re
import ssl
import time
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol, TypeVar

import httpx

from conformance.probing.limits import Limits
from conformance.probing.tally import Tally
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Headers, Limit, Request

#: The end of a stream inside its bytes. A model that talks about it sends the quotes escaped.
_STOP = re.compile(rb'"type"\s*:\s*"message_stop"')
T = TypeVar("T")

_HEADER_FRAME = len(": \r\n")
#: How h11 names what is longer than it holds: a head, a trailer, or the line of a chunk.
TOO_LONG = "buffer too long"
_WINDOW = 64  #: bytes of earlier chunks in which the beginning of a searched text may lie


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request ready to be sent, credentials included; never stored."""

    request: Request
    hang_up: bytes = b""
    chunk_at: int = 0
    wire: bool = False
    pin: str = ""  #: requests with the same non-empty pin share one connection of their own


class Transport(Protocol):
    """What sends one request and returns everything that came back. Never raises for what a target does."""

    async def send(self, outgoing: Outgoing, limits: Limits) -> Exchange:
        """The exchange, with credentials still in it: redact before storing."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class Cut(Exception):
    """We stop reading; carries the end to be recorded."""

    def __init__(self, end: End) -> None:
        super().__init__(end.how.value)
        self.end = end


@dataclass(slots=True)
class Tape:
    """What has come so far in one exchange, with the limits that apply from here on."""

    outgoing: Outgoing
    limits: Limits
    started: float = field(default_factory=time.monotonic)
    status: int | None = None
    headers: Headers = ()
    chunks: list[Chunk] = field(default_factory=list)
    first_byte: float | None = None
    connection: str = ""
    surplus: bytes = b""
    version: str = "1.1"
    tally: Tally | None = None  #: from the headers on
    stopped_at: float | None = None
    _tail: bytes = b""

    def now(self) -> float:
        """Seconds since the request was begun."""
        return time.monotonic() - self.started

    def answer(self, status: int, headers: Headers, version: str) -> None:
        """The status line and headers arrived; raises `Cut` when there is too much of them."""
        self.status, self.headers, self.first_byte = status, headers, self.now()
        self.version = version.removeprefix("HTTP/")
        self.tally = Tally.of(headers, self.limits)
        if sum(len(name) + len(value) + _HEADER_FRAME for name, value in headers) > self.limits.header:
            raise Cut(End(Ending.CUT, Limit.HEADER))

    def add(self, data: bytes) -> None:
        """Some body arrived; raises `Cut` when a limit of its size or the probe says it is enough."""
        beyond, used = self.tally.add(data) if self.tally is not None else (None, len(data))
        data = data[:used]
        self.chunks.append(Chunk(self.now(), data))
        window = self._tail + data
        self._tail = window[-_WINDOW:]
        if self.stopped_at is None and _STOP.search(window):
            self.stopped_at = self.now()
        if self.outgoing.hang_up and self.outgoing.hang_up in window:
            raise Cut(End(Ending.HUNG_UP))
        if beyond is not None:
            raise Cut(End(Ending.CUT, beyond))

    def patience(self) -> tuple[float, Limit]:
        """How long to wait for the next bytes, and the limit that fires then."""
        if self.status is None:
            waits = [(self.limits.first_byte - self.now(), Limit.FIRST_BYTE)]
        elif self.stopped_at is not None:
            waits = [(self.stopped_at + self.limits.after_stop - self.now(), Limit.AFTER_STOP)]
        else:
            waits = [(self.limits.between_bytes, Limit.BETWEEN_BYTES)]
        waits.append((self.limits.whole - self.now(), Limit.WHOLE))
        return min(waits)

    def exchange(self, end: End) -> Exchange:
        """The exchange, now that it ended."""
        return Exchange(
            self.outgoing.request,
            self.status,
            self.headers,
            tuple(self.chunks),
            end,
            began=self.started,
            first_byte=self.first_byte,
            elapsed=self.now(),
            connection=self.connection,
            surplus=self.surplus,
            version=self.version,
        )


@cache
def trusted() -> ssl.SSLContext:
    """The authorities that httpx brings. Reading them takes longer than a probe, so all connections share them."""
    return httpx.create_ssl_context(trust_env=False)


class HttpxTransport:
    """HTTP/1.1 without retries, redirects, proxies or cookies; raw chunks with their arrival times.

    The part of httpx that sends and reads is used alone: its client would look at redirects and cookies.
    """

    def __init__(self, verify: ssl.SSLContext | None = None) -> None:
        self._verify = verify or trusted()
        self._pools: dict[str, httpx.AsyncHTTPTransport] = {}

    async def send(self, outgoing: Outgoing, limits: Limits) -> Exchange:
        """See `Transport.send`."""
        tape = Tape(outgoing, limits)
        try:
            await self._converse(self._pool(outgoing.pin), tape)
        except Cut as cut:
            return tape.exchange(cut.end)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return tape.exchange(_ending(error, tape.status is not None))
        return tape.exchange(End(Ending.COMPLETE))

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.aclose()

    def _pool(self, pin: str) -> httpx.AsyncHTTPTransport:
        if pin not in self._pools:
            limits = httpx.Limits(max_connections=1) if pin else httpx.Limits(max_connections=None)
            self._pools[pin] = httpx.AsyncHTTPTransport(verify=self._verify, limits=limits, retries=0, trust_env=False)
        return self._pools[pin]

    async def _converse(self, pool: httpx.AsyncHTTPTransport, tape: Tape) -> None:
        response = await within(tape, pool.handle_async_request(_httpx_request(tape)))
        try:
            tape.connection = _local_address(response)
            tape.answer(response.status_code, _decoded(response.headers.raw), response.http_version)
            chunks = response.aiter_raw()
            while True:
                data = await within(tape, anext(chunks, None))
                if data is None:
                    return
                tape.add(data)
        finally:
            await response.aclose()


async def within(tape: Tape, awaitable: Awaitable[T]) -> T:
    """Await no longer than the tape's patience; raises `Cut` with the limit that fired."""
    seconds, limit = tape.patience()
    if seconds <= 0:  # what trickles in without end would win every wait
        if isinstance(awaitable, Coroutine):
            awaitable.close()
        raise Cut(End(Ending.CUT, limit))
    try:
        return await asyncio.wait_for(awaitable, seconds)
    except TimeoutError:
        raise Cut(End(Ending.CUT, limit)) from None


def _httpx_request(tape: Tape) -> httpx.Request:
    request = tape.outgoing.request
    timeout = {"connect": tape.limits.connect, "pool": None, "read": None, "write": tape.limits.first_byte}
    return httpx.Request(
        request.method,
        request.url,
        headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers],
        content=request.body,
        extensions={"timeout": timeout},
    )


def _decoded(raw: list[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)


def _local_address(response: httpx.Response) -> str:
    stream = response.extensions.get("network_stream")
    address = stream.get_extra_info("client_addr") if stream else None
    return str(address[1]) if address else ""


def _ending(error: Exception, answered: bool) -> End:
    """The end that an httpx error stands for."""
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, httpx.ConnectTimeout):
        return End(Ending.NO_CONNECTION, Limit.CONNECT, detail)
    if isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return End(Ending.NO_CONNECTION, None, detail)
    if isinstance(error, httpx.RemoteProtocolError):
        words = str(error)
        if TOO_LONG in words:
            return End(Ending.CUT, Limit.HEADER)
        if "disconnected without" in words:
            return End(Ending.NO_ANSWER, None, detail)
        early = "closed connection without sending complete" in words
        return End(Ending.CLOSED_EARLY if early else Ending.MALFORMED, None, detail)
    return End(Ending.RESET if answered else Ending.NO_ANSWER, None, detail)
