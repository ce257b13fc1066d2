"""The sending half of a worker: our sender in an event loop of a thread of its own, beside Locust's greenlets.

A greenlet gives a conversation to `Crew.begin` and waits for the future; the exchange itself, its times and its line in
the journal are made as in every other run. Nothing of gevent is needed here, and nothing is patched.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from itertools import cycle
from typing import Any, TypeVar

from conformance.evidence.journal import JournalWriter
from conformance.evidence.run import Record
from conformance.load.orders import Orders
from conformance.load.talks import Talk, new_word, spoken
from conformance.probing.backoff import Backoff
from conformance.probing.probe import Probe
from conformance.probing.scheduler import replying
from conformance.probing.sender import CapReached, Sender
from conformance.probing.sockets import SocketTransport
from conformance.probing.spending import Spending
from conformance.probing.transport import HttpxTransport
from conformance.rules.reached import REACHED

T = TypeVar("T")


class Crew:
    """Has conversations, as many at once as are asked for, within the share of each rung."""

    def __init__(self, orders: Orders) -> None:
        """Start the thread and the journal. OSError where that cannot be written."""
        self._orders = orders
        self._rung = -1
        self._left = 0  #: requests of this rung that no conversation has taken yet
        self._begun = 0  #: conversations; changed by the thread that asks for them alone
        self._ended = 0  #: changed by the event loop's thread alone
        self._talks = cycle(orders.talks)
        self._journal = JournalWriter(orders.journal)
        self._sender = _sender(orders, self._journal)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="conformance-load", daemon=True)
        self._thread.start()
        self.over = ""  #: why nothing more may be sent, once that is so
        self.error = ""  #: what the harness itself failed at

    @property
    def rung(self) -> int:
        """The rung that conversations are taken from now."""
        return self._rung

    @property
    def idle(self) -> bool:
        """Whether the share of the rung is used up and every conversation has ended."""
        return self._begun == self._ended and (self._left <= 0 or bool(self.over or self.error))

    def climb(self, rung: int) -> None:
        """Begin a rung with its share of requests; what is left of the one before is given up."""
        if rung > self._rung:
            self._rung, self._left = rung, self._orders.ladder.share(rung, self._orders.worker)

    def next_talk(self) -> Talk | None:
        """The next conversation that the share has room for, taken from it; None when it is used up.

        The last request of a share goes to the first kind of conversation, which takes no more than one.
        """
        if self._left <= 0 or self.over or self.error:
            return None
        talk = next(self._talks)
        if talk.requests > self._left:
            talk = self._orders.talks[0]
        self._left -= talk.requests
        return talk

    def begin(self, talk: Talk) -> "Future[list[Record]]":
        """Have a conversation; its exchanges, in order, once it has ended. The future never raises: see `error`."""
        self._begun += 1
        return self._do(self._have(talk, self._begun))

    def close(self) -> None:
        """Begin nothing more, wait for what is in flight, which the limits of an exchange bound, and stop."""
        self._sender.stopping = True
        self._do(self._finished()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._journal.close()

    def _do(self, work: "Coroutine[Any, Any, T]") -> "Future[T]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _have(self, talk: Talk, number: int) -> list[Record]:
        word, records = new_word(), list[Record]()
        try:
            for probe in talk.probes:
                if not _may_follow(probe, records):
                    break
                told = replying(probe, records[-1]) if records else probe
                for call in told.calls:
                    said = call if call.reply else spoken(call, word)
                    records.append(await self._sender.deliver(told, number, said))
        except CapReached as reason:
            self.over = str(reason)
        except Exception as error:
            self.error = self._orders.redactor.text(f"{type(error).__name__}: {error}")
        finally:
            self._ended += 1
        return records

    async def _finished(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        await self._sender.transport.close()
        await self._sender.wire.close()


def _may_follow(probe: Probe, records: list[Record]) -> bool:
    """Whether what a reply replies to was reached."""
    return probe.after is None or bool(records and REACHED[probe.after.until](records[-1].reading))


def _sender(orders: Orders, journal: JournalWriter) -> Sender:
    verify = ssl.create_default_context(cafile=str(orders.ca_bundle)) if orders.ca_bundle else None
    spending = Spending(orders.caps, usage=orders.usage, began=time.monotonic())
    return Sender(
        orders.desk,
        orders.limits,
        HttpxTransport(verify),
        SocketTransport(verify),
        orders.redactor,
        journal,
        began=orders.began,
        spending=spending,
        control=orders.control,
        backoff=Backoff(deadline=spending.deadline, patience=orders.limits.patience),
    )
