"""What is kept of the exchanges that pass through: redacted and handed on in a thread of its own, so that bytes need
not wait for it."""

import time
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from conformance.evidence.run import CLIENT, Record
from conformance.probing.tally import CHUNK
from conformance.proxy.credentials import Keyring
from conformance.proxy.pace import Pace
from conformance.wire.exchange import Exchange

Sink = Callable[[Record], None]
MOST_BEHIND = 64 * 1024 * 1024  #: bytes that have passed and are not recorded, beyond which requests have to wait


class Window:
    """The exchanges that begin between two moments, in the order in which they ended.

    All of them are there when the window is closed. `probe` is the name of their probe in the journal.
    """

    def __init__(self, label: str = "") -> None:
        self.probe = f"{CLIENT} {label}".strip()
        self.keeps = bool(label)  #: of what is in no window nothing is kept here
        self.records: list[Record] = []
        self.open = 0  #: exchanges of it that have begun and are not recorded


class Recorder:
    """Takes in exchanges as they end; `sink` gets their records, without credentials, one at a time.

    Whatever the sink raises is kept as `error`, and nothing more is given to it.
    """

    def __init__(self, sink: Sink, keys: Keyring, began: float, count: int, pace: Pace) -> None:
        self.sink, self.keys, self.began, self.count, self.pace = sink, keys, began, count, pace
        self.error: Exception | None = None
        self.window = Window()  #: that what begins now belongs to
        self.open = 0  #: exchanges that have begun and are not recorded
        self.recorded = 0
        self._behind = 0
        self._counting = Lock()
        self._waiting: list[SimpleQueue[None]] = []  # whoever waits is told here of every exchange
        self._ended: SimpleQueue[tuple[int, Window, Exchange] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="conformance-proxy-recorder", daemon=True)
        self._thread.start()

    def begin(self) -> tuple[int, Window]:
        """An exchange begins: its place in the order of sending, and the window that it belongs to."""
        with self._counting:
            self.count += 1
            self.open += 1
            self.window.open += 1
            return self.count, self.window

    def end(self, seq: int, window: Window, exchange: Exchange) -> None:
        """It has ended."""
        with self._counting:
            self._behind += _size(exchange)
        self._ended.put((seq, window, exchange))

    @property
    def behind(self) -> bool:
        """Whether more has passed than was recorded by now, by more than may be held."""
        return self._behind > MOST_BEHIND

    def close(self) -> None:
        """Record what has ended; nothing may come afterwards."""
        self._ended.put(None)
        self._thread.join()

    def wait(self, until: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait until something is so that exchanges change; whether it is.

        No lock is held meanwhile, so that a signal may raise out of it at any moment, as Ctrl-C does.
        """
        news: SimpleQueue[None] = SimpleQueue()
        end = None if seconds is None else time.monotonic() + seconds
        self._waiting.append(news)
        try:
            while not until():
                news.get(timeout=None if end is None else max(0.0, end - time.monotonic()))
            return True
        except Empty:
            return until()
        finally:
            self._waiting.remove(news)

    def _run(self) -> None:
        while (entry := self._ended.get()) is not None:
            seq, window, exchange = entry
            try:
                self._record(seq, window, exchange)
            except Exception as error:  # whoever opened this one tells
                self.error = self.error or error
            with self._counting:
                self.open -= 1
                self.recorded += 1
                self._behind -= _size(exchange)
                window.open -= 1
            for news in tuple(self._waiting):
                news.put(None)

    def _record(self, seq: int, window: Window, exchange: Exchange) -> None:
        self.pace.begin()
        kept = self.keys.redacted(replace(exchange, began=exchange.began - self.began))
        record = Record(seq, window.probe, seq, 1, kept)
        if window.keeps:
            window.records.append(record)
        if self.error is None:
            self.sink(record)


def _size(exchange: Exchange) -> int:
    return len(exchange.request.body) + sum(CHUNK + len(chunk.data) for chunk in exchange.chunks)
