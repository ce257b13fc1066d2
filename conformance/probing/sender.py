"""Delivering one call: tries, back-off, redaction, and the line in the journal."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from conformance.evidence.journal import JournalWriter, record_line
from conformance.evidence.run import CAPPED, PLAIN, Record
from conformance.evidence.spent import Tokens
from conformance.probing.backoff import Backoff, beyond_patience
from conformance.probing.breaker import CUT_AT_ONCE, AnswerBreaker, StreamBreaker
from conformance.probing.limits import Limits, with_upload
from conformance.probing.probe import Call, Probe, asks_for_stream
from conformance.probing.redaction import Redactor
from conformance.probing.render import Desk
from conformance.probing.spending import Spending
from conformance.probing.tally import weight
from conformance.probing.transport import Transport
from conformance.rules.cases import TRIES
from conformance.rules.outcome import ASK_AGAIN_STATUSES, PATIENCE_STATUSES, is_garbled, is_transient, trouble
from conformance.wire.exchange import Ending, Exchange, Limit
from conformance.wire.reading import Reading

#: After so many answers in a row that say nothing but "not now", or none at all, the plain control decides whether the
#: target still serves: silence costs the whole first-byte limit each time, a refusal only a moment.
STRIKES = 3
BUSY_STRIKES = 20
STOPPED = "not sent: the run was stopped"
PREFLIGHT_FAILED = "not sent: the pre-flight failed"
GONE = "not sent: the target stopped serving, the plain control included"


class CapReached(Exception):
    """The run may send no more; carries the reason given for everything unsent."""


@dataclass(slots=True)
class Sender:
    """Everything needed to deliver calls. `count` is the number of requests sent so far."""

    desk: Desk
    limits: Limits
    transport: Transport
    wire: Transport
    redactor: Redactor
    journal: JournalWriter
    began: float
    spending: Spending = field(default_factory=Spending)
    stopping: bool = False
    control: Call | None = None  #: the plain control, asked when the target falls silent
    controls: int = 0  #: how often the plain control was sent: each is a further step of one probe
    unanswered: int = 0
    unserved: int = 0
    gone: bool = False
    width: int = 1_000_000  #: requests in flight at once; halved whenever the target limits the rate
    in_flight: int = 0
    count: int = 0
    breaker: StreamBreaker = field(default_factory=StreamBreaker)
    answers: AnswerBreaker = field(default_factory=AnswerBreaker)
    kept: int = 0  #: about how many bytes of memory the answers so far take
    backoff: Backoff = field(default_factory=Backoff)
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: the tries of each step of a probe that an earlier run has made, in order: they are not made again
    earlier: Mapping[tuple[str, int], tuple[Record, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for record in (record for rows in self.earlier.values() for record in rows):
            self._note(record.exchange, _asked(record))

    async def deliver(self, probe: Probe, step: int, call: Call, pin: str = "") -> Record:
        """Send a call as often as its answers ask for; return the record that counts. Raises CapReached."""
        earlier = self.earlier.get((probe.id, step), ())
        if earlier and not earlier[-1].repeated:
            return earlier[-1]
        failures, fresh = sum(record.exchange.status in ASK_AGAIN_STATUSES for record in earlier), ""
        attempt = len(earlier)
        while True:
            attempt += 1
            await self._still_there()
            seq = await self._turn(probe, call)
            exchange = await self._counted(call, pin or fresh, seq)
            self.backoff.heed(exchange)
            self._note(exchange, asks_for_stream(call))
            failures += exchange.status in ASK_AGAIN_STATUSES
            again = self._again(exchange, call, attempt, failures) or (not pin and not fresh and is_garbled(exchange))
            record = Record(seq, probe.id, step, attempt, exchange, repeated=again)
            self.journal.write("exchange", **record_line(record))
            if not again:
                return record
            if is_garbled(exchange):  # what another answer left on the connection is not this one's fault
                fresh = f"{probe.id} {step} alone"
            else:
                self.backoff.trouble(exchange, attempt)

    def _note(self, exchange: Exchange, asked: bool) -> None:
        """How an exchange ended, for the breakers, and what it takes to keep it."""
        if exchange.end.how is not Ending.HUNG_UP:
            (self.breaker if asked or _is_stream(exchange) else self.answers).saw(exchange)
        self.kept += weight(exchange, Reading(exchange).body)

    def cut_off(self, probe: Probe) -> str:
        """Why a probe is not begun any more after what our limits cut before, or ""."""
        if probe.id == PLAIN:
            return ""
        return self.breaker.reason if probe.streamed else self.answers.reason

    def control_step(self) -> int:
        """The step under which the plain control is sent next."""
        self.controls += 1
        return self.controls - 1

    async def _still_there(self) -> None:
        """Where several requests in a row went unanswered, ask the plain control; without an answer send no more."""
        if self.control is None or not self._doubtful() or self.backoff.spent:
            return
        async with self.asking:
            if not self._doubtful() or self.gone:
                return
            for attempt in range(1, TRIES + 1):
                await self.backoff.wait()
                exchange = await self._ask_control()
                if not trouble(exchange):
                    self.unanswered = self.unserved = 0
                    return
                if exchange.status is None or beyond_patience(exchange):
                    break
                self.backoff.trouble(exchange, attempt + TRIES)  # a limit by the minute wants more than seconds
            self.gone = True

    async def _ask_control(self) -> Exchange:
        assert self.control is not None
        seq = self._take(self.spending.worst(self.desk, self.control), control=True)
        exchange = await self._once(self.control, "still there", seq)
        record = Record(seq, PLAIN, self.control_step(), 1, exchange)
        self.journal.write("exchange", **record_line(record))
        return exchange

    def _doubtful(self) -> bool:
        return self.unanswered >= STRIKES or self.unserved >= BUSY_STRIKES

    async def _turn(self, probe: Probe, call: Call) -> int:
        """Wait until a request may be sent, by the pace of the run, the requests in flight and what they may cost.

        Those of a probe that is sent all at once go together. Raises CapReached.
        """
        control, worst = probe.id == PLAIN, self.spending.worst(self.desk, call)
        while True:
            while self._crowded(probe, worst, control):
                await asyncio.sleep(0.01)
            self._admit(worst, control)  # what is not to be sent need not wait for its turn
            await self.backoff.wait()
            if not self._crowded(probe, worst, control):
                return self._take(worst, control)

    def _crowded(self, probe: Probe, worst: Tokens, control: bool) -> bool:
        """Whether a request has to wait for the end of others."""
        return not probe.alone and (self.in_flight >= self.width or self.spending.waits(worst, control))

    async def _counted(self, call: Call, pin: str, seq: int) -> Exchange:
        """Send, and take note of how it went for everybody."""
        self.in_flight += 1
        try:
            exchange = await self._once(call, pin, seq)
        finally:
            self.in_flight -= 1
        self.unanswered = 0 if exchange.status is not None else self.unanswered + 1
        self.unserved = self.unserved + 1 if trouble(exchange) else 0
        if exchange.status in PATIENCE_STATUSES:
            self.width = max(1, min(self.width, self.in_flight + 1) // 2)
        return exchange

    async def _once(self, call: Call, pin: str, seq: int) -> Exchange:
        outgoing = self.desk.outgoing(call, pin, seq)
        limits = with_upload(self.limits, len(outgoing.request.body))
        if self.breaker.tripped is Limit.AFTER_STOP:
            limits = replace(limits, after_stop=CUT_AT_ONCE)
        exchange = None
        try:
            exchange = await (self.wire if outgoing.wire else self.transport).send(outgoing, limits)
        finally:
            self.spending.end(seq, exchange)
        return self.redactor.exchange(replace(exchange, began=exchange.began - self.began))

    def _take(self, worst: Tokens, control: bool = False) -> int:
        self._admit(worst, control)
        self.count += 1
        self.spending.begin(self.count, worst)
        return self.count

    def _admit(self, worst: Tokens, control: bool) -> None:
        if self.stopping:
            raise CapReached(STOPPED)
        refusal = GONE if self.gone else self._refusal(worst, control)
        if refusal:
            raise CapReached(refusal)

    def _refusal(self, worst: Tokens, control: bool) -> str:
        """Which cap or limit of the run forbids a request. The control, by which all else is judged, needs no wait."""
        refusal = self.spending.refusal(worst, time.monotonic(), control)
        if not refusal and self.kept > self.limits.answers:
            return f"{CAPPED} {self.limits.answers} bytes to be kept was reached (our limit answers)"
        if not refusal and self.backoff.spent and not control:
            return f"{CAPPED} {self.limits.patience:g} seconds of waiting was reached (our limit patience)"
        return refusal

    def _again(self, exchange: Exchange, call: Call, attempt: int, failures: int) -> bool:
        """Whether to ask again. A first failure of the server is asked about once more, whatever came before it."""
        failed = exchange.status in ASK_AGAIN_STATUSES
        if self.stopping or (attempt >= TRIES and not failed) or beyond_patience(exchange):
            return False
        if asks_for_stream(call) and self.breaker.reason and self.breaker.tripped is not Limit.FIRST_BYTE:
            return False  # three tries without a first byte are an answer (HTTP-012): what was begun is brought to it
        if is_transient(exchange):
            return True
        if failed:
            return call.expects_answer and failures < 2
        if attempt >= 2:
            return False
        if exchange.end.how is Ending.RESET:
            return True
        return _went_silent(exchange) and not (self.breaker if asks_for_stream(call) else self.answers).reason


def _is_stream(exchange: Exchange) -> bool:
    return (exchange.header("content-type") or "").lower().startswith("text/event-stream")


def _asked(record: Record) -> bool:
    """Whether a recorded request asked for a stream."""
    sent = record.reading.sent
    return isinstance(sent, dict) and sent.get("stream") is True


def _went_silent(exchange: Exchange) -> bool:
    """A stream that has begun and then stays silent beyond a limit is asked for once more."""
    return exchange.status == 200 and exchange.end.how is Ending.CUT and exchange.end.limit is Limit.BETWEEN_BYTES
