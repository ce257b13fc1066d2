"""The pass-through: listens on loopback in a thread of its own, and forwards to one target."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from ssl import SSLContext
from types import TracebackType

from conformance.probing.limits import Limits
from conformance.proxy.address import address_of
from conformance.proxy.credentials import Keyring
from conformance.proxy.desk import Desk, Ticket
from conformance.proxy.exchanging import Exchanging
from conformance.proxy.pace import Pace
from conformance.proxy.recording import Recorder, Sink, Window
from conformance.proxy.relay import Relay
from conformance.wire.exchange import Request

LOOPBACK = "127.0.0.1"
#: Seconds that a thread may keep the interpreter while bytes wait: recording must not delay them.
SWITCH = 0.0002
SETTLE = 5.0  #: seconds that exchanges may take to end when their window is closed


class Passthrough:
    """Serves for the time of a `with` block at `url`, which a client takes in place of the target's URL.

    `sink` gets the record of every exchange when it has ended, without its credentials, in a thread that is neither
    the caller's nor the one that forwards. `count` and `began` (of the monotonic clock) are those of the run that it
    belongs to. Raises AddressError for a target that is none, OSError where the port cannot be had.
    """

    def __init__(
        self,
        target_url: str,
        sink: Sink,
        *,
        port: int = 0,
        verify: SSLContext | None = None,
        limits: Limits | None = None,
        count: int = 0,
        began: float | None = None,
        most: int | None = None,
        refused: Callable[[str], None] = lambda why: None,
    ) -> None:
        """`most` requests are taken, `refused` is told of what is no HTTP."""
        self.address = address_of(target_url)
        self.most, self._port, self._first = most, port, count
        self.keys, self.pace = Keyring(target_url), Pace()
        self.recorder = Recorder(sink, self.keys, time.monotonic() if began is None else began, count, self.pace)
        self._desk = Desk(
            self.address, verify, limits or Limits(), self._admit, self._keep, refused, lambda: self.recorder.behind
        )
        self._relays: set[Relay] = set()
        self._thread = threading.Thread(target=self._serve, name="conformance-proxy", daemon=True)
        self._ready = threading.Event()
        self._problem: OSError | None = None
        self._stop: Callable[[], object] = lambda: None
        self.url = ""

    @property
    def error(self) -> Exception | None:
        """What the sink, or taking out the credentials, raised first."""
        return self.recorder.error

    def __enter__(self) -> "Passthrough":
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(min(SWITCH, self._interval))
        self._thread.start()
        self._ready.wait()
        if self._problem is not None:
            self._close()
            raise self._problem
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it: what is still passing through is cut and recorded as far as it came."""
        self._stop()
        self._close()

    def _close(self) -> None:
        self._thread.join()
        self.recorder.close()
        sys.setswitchinterval(self._interval)

    @contextmanager
    def window(self, label: str) -> Iterator[Window]:
        """What begins from now on, until the block ends. Waits at its end until that is recorded; one at a time."""
        before, opened = self.recorder.window, Window(label)
        self.recorder.window = opened
        try:
            yield opened
        finally:
            self.recorder.window = before
            self.recorder.wait(lambda: not opened.open, SETTLE)

    @property
    def full(self) -> bool:
        """Whether it has recorded as many requests as it takes."""
        return self.most is not None and self.recorder.recorded >= self.most

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is full, something failed, or the time is over; whether one of the first two is so."""
        return self.recorder.wait(lambda: self.full or self.error is not None, seconds)

    def settle(self) -> None:
        """Wait until what has ended is recorded."""
        self.recorder.wait(lambda: not self.recorder.open, SETTLE)

    def _admit(self) -> Ticket | None:
        full = self.most is not None and self.recorder.count - self._first >= self.most
        return None if full else self.recorder.begin()

    def _keep(self, ticket: Ticket, request: Request, connection: str, began: float) -> Exchanging:
        self.keys.learn(request)
        return Exchanging(request, self._desk.limits, partial(self.recorder.end, *ticket), connection, began, self.pace)

    def _serve(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        self._stop = lambda: loop.call_soon_threadsafe(done.set)
        try:
            listener = await loop.create_server(lambda: Relay(self._desk, self._relays), LOOPBACK, self._port)
        except OSError as error:
            self._problem = error
            self._ready.set()
            return
        port = listener.sockets[0].getsockname()[1]
        self.url = f"http://{LOOPBACK}:{port}{self.address.base}"
        self._ready.set()
        await done.wait()
        listener.close()
        for relay in tuple(self._relays):
            relay.hang_up("the pass-through was ended")
        await asyncio.sleep(0)  # closed transports say so in the next round of the loop
        await asyncio.sleep(0)
