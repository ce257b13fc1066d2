"""Sends a plan concurrently, ahead of the tests, in a thread of its own; every exchange goes to the journal."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from conformance.evidence.journal import CannotWrite
from conformance.evidence.run import PLAIN, Record
from conformance.probing.partial import NOTHING, Carried
from conformance.probing.plan import Plan
from conformance.probing.preflight import Refusal, preflight_refusal
from conformance.probing.probe import Call, Probe, Shape
from conformance.probing.replies import REPLIES
from conformance.probing.sender import PREFLIGHT_FAILED, STOPPED, CapReached, Sender
from conformance.rules.reached import REACHED

#: What is still to be sent when the plan has ended, given the way to send it.
After = Callable[[Callable[[Probe, int, Call], Awaitable[Record]]], Awaitable[None]]


class Scheduler:
    """Runs a plan to its end. `refusal` is set when the pre-flight ended the run; `error` when the harness failed."""

    def __init__(
        self, plan: Plan, sender: Sender, concurrency: int, after: After | None = None, carried: Carried = NOTHING
    ) -> None:
        self._plan = plan
        self._carried = carried
        self._after = after
        self._sender = sender
        self._concurrency = concurrency
        sender.control = next((probe.calls[0] for probe in plan.first if probe.id == PLAIN), None)
        if plan.bracketed and sender.control is not None:
            sender.spending.reserve = sender.spending.worst(sender.desk, sender.control)
        self._done: set[str] = set(carried.done)
        self._awaited = {name: asyncio.Event() for name in plan.awaited.values()}
        self._reached: dict[str, Record] = {}
        self.refusal: Refusal | None = None
        self.error: BaseException | None = None
        self._preflown = threading.Event()
        self._thread = threading.Thread(target=self._run, name="conformance-scheduler", daemon=True)

    def start(self) -> Refusal | None:
        """Begin sending; returns once the pre-flight has ended, with the reason if it ended the run."""
        self._thread.start()
        self._preflown.wait()
        return self.refusal

    def wait(self) -> None:
        """Wait until the plan has been sent to its end."""
        self._thread.join()

    def stop(self) -> None:
        """Send nothing more and wait for what is in flight to be given up."""
        self._sender.stopping = True
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def running(self) -> bool:
        """Whether anything may still be sent."""
        return self._thread.is_alive()

    @property
    def target_gone(self) -> bool:
        """Whether the target stopped answering, the plain control included."""
        return self._sender.gone

    def _run(self) -> None:
        try:
            asyncio.run(self._all())
        except BaseException as error:
            self.error = _cause(error)
        finally:
            self._preflown.set()
            self._say_sent()

    def _say_sent(self) -> None:
        try:
            self._sender.journal.write("sent")
        except CannotWrite as error:
            self.error = self.error or error

    async def _all(self) -> None:
        work = asyncio.ensure_future(self._phases())
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=0.05)
                if self._sender.stopping:
                    work.cancel()
            if not work.cancelled():
                work.result()
        finally:
            await asyncio.gather(work, return_exceptions=True)
            await self._sender.transport.close()
            self._leave_word(self._plan.unsent)
            stopped = STOPPED if self.refusal is None else PREFLIGHT_FAILED
            self._leave_word({p.id: stopped for p in self._plan.probes if p.id not in self._done})

    async def _phases(self) -> None:
        if self._plan.sends:
            await self._preflight()
        self._preflown.set()
        if self.refusal is not None:
            return
        for phase in self._plan.phases[1:]:
            await self._concurrently(phase.probes, 1 if phase.alone else self._concurrency)
        if self._after is not None:
            await self._after(self._sender.deliver)

    async def _preflight(self) -> None:
        control = next(probe for probe in self._plan.first if probe.id == PLAIN)
        records = await self._probe(control)
        if records:
            self.refusal = preflight_refusal(records[-1].exchange)

    async def _concurrently(self, probes: Sequence[Probe], width: int) -> None:
        """Send probes in their order, as many as have room; what is sent all at once takes the room of each call."""
        room = asyncio.Semaphore(width)

        async def work(probe: Probe, size: int) -> None:
            try:
                await self._probe(probe)
            finally:
                for _ in range(size):
                    room.release()

        async with asyncio.TaskGroup() as group:
            for probe in probes:
                size = min(len(probe.calls), width) if probe.shape is Shape.TOGETHER else 1
                for _ in range(size):
                    await room.acquire()
                group.create_task(work(probe, size))
                await asyncio.sleep(0)  # what comes first takes its number first, all of what is sent at once included

    async def _probe(self, probe: Probe) -> list[Record]:
        """Send one probe; says why when it is not sent, or not to its end."""
        if self._carried.is_settled(probe.id):
            self._finish(probe)
            return []
        if (reason := self._sender.cut_off(probe)) and probe.id not in self._carried.done:
            self._leave_word({probe.id: reason})
            self._finish(probe)
            return []
        try:
            records = await self._conversation(probe)
        except CapReached as reason:
            self._leave_word({probe.id: str(reason)})
            records = []
        self._finish(probe)
        return records

    async def _conversation(self, probe: Probe) -> list[Record]:
        """Send the calls of a probe; of one that waits for an answer, once that is there and what it should be."""
        if probe.after is not None:
            name = self._plan.awaited[probe.id]
            await self._awaited[name].wait()
            if name not in self._reached:
                self._leave_word({probe.id: f"no attempt at {name!r} got the answer that this one replies to"})
                return []
            probe = replying(probe, self._reached[name])
        records = await _SENDERS[probe.shape](self._sender, probe, self._first_step(probe))
        if probe.id in self._awaited and records and REACHED[probe.until](records[-1].reading):
            self._reached[probe.id] = records[-1]
        return records

    def _finish(self, probe: Probe) -> None:
        if probe.id in self._awaited:
            self._awaited[probe.id].set()
        if probe.id not in self._done:
            self._done.add(probe.id)
            self._sender.journal.write("done", probe=probe.id)

    def _first_step(self, probe: Probe) -> int:
        """Repeated controls are further steps of the same probe."""
        return self._sender.control_step() if probe.id == PLAIN else 0

    def _leave_word(self, reasons: Mapping[str, str]) -> None:
        for probe, reason in reasons.items():
            self._sender.journal.write("unsent", probe=probe, reason=reason)


def replying(probe: Probe, answered: Record) -> Probe:
    """The probe with the bodies of its replies made from the answer they reply to."""
    calls = (replace(call, body=REPLIES[call.reply](answered.reading)) if call.reply else call for call in probe.calls)
    return replace(probe, calls=tuple(calls))


def _cause(error: BaseException) -> BaseException:
    """What a task group wraps."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _in_order(sender: Sender, probe: Probe, first: int) -> list[Record]:
    pin = probe.id if probe.shape is Shape.PINNED else ""
    return [await sender.deliver(probe, first + step, call, pin) for step, call in enumerate(probe.calls)]


async def _together(sender: Sender, probe: Probe, first: int) -> list[Record]:
    calls = (sender.deliver(probe, first + step, call) for step, call in enumerate(probe.calls))
    ended = await asyncio.gather(*calls, return_exceptions=True)  # what was sent is recorded before one may raise
    for error in ended:
        if isinstance(error, BaseException):
            raise error
    return [record for record in ended if isinstance(record, Record)]


async def _until(sender: Sender, probe: Probe, first: int) -> list[Record]:
    records: list[Record] = []
    for step, call in enumerate(probe.calls):
        records.append(await sender.deliver(probe, first + step, call))
        if REACHED[probe.until](records[-1].reading):
            break
    return records


_SENDERS = {
    Shape.IN_ORDER: _in_order,
    Shape.PINNED: _in_order,
    Shape.TOGETHER: _together,
    Shape.UNTIL: _until,
}
