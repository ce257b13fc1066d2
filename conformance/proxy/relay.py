"""One connection of a client and the one to the target behind it: bytes go through as they come, both ways.

Each event of a socket is passed on before anything else is done with it. What is kept is read from a copy.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import cast

from conformance.probing.transport import trusted
from conformance.proxy.desk import Desk, Ticket
from conformance.proxy.exchanging import Exchanging
from conformance.proxy.requests import Body, Head, Requests
from conformance.proxy.upstream import Target, reset
from conformance.wire.exchange import End, Ending, Limit, Request

#: Seconds that the end of a stream may take when its client left after `message_stop`: it is read, and goes nowhere.
LINGER = 0.5
#: What marks an answer as ours, and no answer of the target's.
MARK = "x-conformance-proxy"
HOLD = 0.02  #: seconds between looks at whether enough is recorded
MOST_WAITING = 1024 * 1024  #: bytes that are held while the target is being connected


class Relay(asyncio.Protocol):
    """The client's side. Ends both connections when either ends, in the way in which it did."""

    def __init__(self, desk: Desk, open_ones: set["Relay"]) -> None:
        self.desk, self._open = desk, open_ones
        self.requests = Requests()
        self.passing: deque[Exchanging] = deque()  #: answers are due in this order
        self.current: Exchanging | None = None  #: whose body is being sent
        self.transport: asyncio.Transport | None = None
        self.target: Target | None = None
        self.opening: asyncio.Task[None] | None = None
        self.waiting = bytearray()  #: for the connection to the target
        self.failure: End | None = None
        self.gone = False

    # What the client does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connects."""
        self.transport = cast(asyncio.Transport, transport)
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        """It sends. What it sent is forwarded in one piece, and looked at more closely when it is on its way."""
        if self.gone:
            return
        began, sent, forwarded = time.monotonic(), bytearray(), list[Callable[[], None]]()
        for part in self.requests.feed(data):
            if isinstance(part, Body):
                sent += part.raw
                forwarded.append(partial(self._body, part))
            elif self.failure is None:
                ticket = self.desk.admit()
                if ticket is None:
                    self.end()
                    break
                path = self.desk.address.path(part.target)
                sent += self.desk.address.head(part.raw, path)
                forwarded.append(partial(self._head, part, path, ticket, began))
        self._forward(bytes(sent))
        for note in forwarded:
            note()
        if self.requests.wrong:
            self._refuse(self.requests.wrong)
        elif self.failure is not None:
            self._fail()
        if self.desk.behind():
            self._hold()

    def _hold(self) -> None:
        """Read nothing more of this client until enough is recorded."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.desk.behind():
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(HOLD, self._hold)
        else:
            self.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone: so is the connection to the target, at once or after the last bytes of a stream."""
        first = self.passing[0] if self.passing else None
        if first and first.tape.stopped_at is not None and not first.over and self.target and not self.gone:
            self.gone = True
            asyncio.get_running_loop().call_later(LINGER, self.hang_up)
        else:
            self.hang_up()

    def pause_writing(self) -> None:
        """It reads more slowly than the target sends."""
        if self.target:
            self.target.reading(False)

    def resume_writing(self) -> None:
        """It has caught up."""
        if self.target:
            self.target.reading(True)

    def _head(self, head: Head, path: str, ticket: Ticket, began: float) -> None:
        request = Request(head.method, self.desk.address.origin + path, head.headers, b"")
        self.current = self.desk.keep(ticket, request, self._port(), began)
        self.passing.append(self.current)

    def _body(self, body: Body) -> None:
        if self.current is not None:
            self.current.sent(body.data, body.ended)

    def _refuse(self, why: str) -> None:
        """A client that speaks no HTTP is told so, unless another answer is due first."""
        self.desk.refused(why)
        if self.passing:
            self.hang_up()
        else:
            self.answer(400, "invalid_request_error", f"the pass-through cannot read this request: {why}")

    def _port(self) -> str:
        assert self.transport is not None
        return str(self.transport.get_extra_info("peername")[1])

    # To the target

    def _forward(self, data: bytes) -> None:
        if self.target is not None:
            self.target.write(data)
        elif self.failure is None and data:
            self.waiting += data
            if len(self.waiting) > MOST_WAITING and self.transport is not None:
                self.transport.pause_reading()
            if self.opening is None:
                self.opening = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        desk, address, loop = self.desk, self.desk.address, asyncio.get_running_loop()
        verify = (desk.verify or trusted()) if address.scheme == "https" else None
        try:
            async with asyncio.timeout(desk.limits.connect):
                _, target = await loop.create_connection(lambda: Target(self), address.host, address.port, ssl=verify)
        except (OSError, ValueError) as error:
            limit = Limit.CONNECT if isinstance(error, TimeoutError) else None
            self.failure = End(Ending.NO_CONNECTION, limit, f"{type(error).__name__}: {error}")
            self.waiting.clear()
            self._read_on()
            self._fail()
            return
        if self.transport is None or self.transport.is_closing():
            target.hang_up()
            return
        self.target = target
        target.write(bytes(self.waiting))
        self.waiting.clear()
        self._read_on()

    def _read_on(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def _fail(self) -> None:
        """Tell the client that the target cannot be reached, when it has said what it has to say."""
        assert self.failure is not None
        if self.current is None or self.current.whole or self.current.expects:
            why = f"the pass-through cannot reach the target: {self.failure.detail}"
            told = End(self.failure.how, self.failure.limit, f"{self.failure.detail} (502 by the pass-through)")
            for passing in self.passing:
                passing.end(told)
            self.answer(502, "api_error", why)

    def answer(self, status: int, kind: str, why: str) -> None:
        """An answer of ours, marked as that, and the end of the connection."""
        body = json.dumps({"type": "error", "error": {"type": kind, "message": why}}).encode()
        words = {400: "Bad Request", 502: "Bad Gateway"}[status]
        head = (
            f"HTTP/1.1 {status} {words}\r\n{MARK}: answered-here\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(head.encode("ascii") + body)
        self.end()

    # What comes back

    def came(self, data: bytes) -> None:
        """The target sends."""
        if self.transport is not None and not self.gone:
            self.transport.write(data)
        while data and self.passing:
            data = self.passing[0].hear(data, last=len(self.passing) == 1)
            if not self.passing[0].over:
                return
            self.passing.popleft()
        if self.gone and not self.passing:
            self.hang_up()

    def target_ended(self, error: Exception | None) -> None:
        """The target closed its connection, or reset it: the client's ends in the same way."""
        while self.passing:
            passing = self.passing.popleft()
            if error is None:
                passing.hear(b"", last=not self.passing)
            else:
                passing.broke(error)
        if error is None:
            self.end()
        elif self.transport is not None:
            reset(self.transport)

    # The end

    def end(self) -> None:
        """Close the client's connection when everything is written."""
        self.gone = True
        if self.transport is not None:
            self.transport.close()

    def hang_up(self, detail: str = "") -> None:
        """End everything now; what was passing through is recorded as far as it came."""
        self.gone = True
        self._open.discard(self)
        if self.opening is not None:
            self.opening.cancel()
        if self.target is not None:
            self.target.hang_up()
        while self.passing:
            passing = self.passing.popleft()
            passing.end(self.failure) if self.failure else passing.left(detail)
        if self.transport is not None:
            self.transport.abort()
