"""One exchange while it passes through: what is kept of it, and how it will have ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import h11

from conformance.probing.limits import Limits
from conformance.probing.sockets import heard, parser_for, protocol_end
from conformance.probing.transport import Cut, Outgoing, Tape
from conformance.proxy.pace import Pace
from conformance.rules.client_requests import PARTIAL
from conformance.wire.exchange import End, Ending, Exchange, Headers, Limit, Request

MOST_SENT = 32 * 1024 * 1024  #: bytes of a request that are kept; no server of this API takes more
#: Headers of one connection: they say nothing of the request, and whoever repeats it sends their own.
_CONNECTION = frozenset({"host", "connection", "keep-alive", "content-length", "transfer-encoding", "expect"})


class _Unheard(Tape):
    """Takes in nothing more."""

    def answer(self, status: int, headers: Headers, version: str) -> None:
        """Leave it."""

    def add(self, data: bytes) -> None:
        """Leave it."""


@dataclass(slots=True)
class Exchanging:
    """A request on its way and the answer to it. `ended` gets the exchange, once, when it is over for the journal;
    its bytes may go on passing through: a limit cuts what is kept, never what is forwarded."""

    request: Request
    limits: Limits
    ended: Callable[[Exchange], None]
    connection: str = ""
    began: float = field(default_factory=time.monotonic)
    pace: Pace = field(default_factory=Pace)
    answered: bool = False  #: whether its client waits for the first bytes no more
    body: bytearray = field(default_factory=bytearray)
    whole: bool = False  #: whether the request is all there
    kept: bool = True  #: whether all that came of it is
    over: bool = False  #: whether the answer has ended
    told: bool = False  #: whether `ended` was called
    expects: bool = False  #: whether its client waits for a word before it sends the body
    tape: Tape = field(init=False)
    parser: h11.Connection = field(init=False)

    def __post_init__(self) -> None:
        self.expects = any(name.lower() == "expect" for name, _ in self.request.headers)
        kept = tuple(pair for pair in self.request.headers if pair[0].lower() not in _CONNECTION)
        self.request = replace(self.request, headers=kept)
        self.tape = Tape(Outgoing(self.request), self.limits, self.began, connection=self.connection)
        self.parser = parser_for(self.tape)
        self.pace.waiting += 1

    def sent(self, data: bytes, ended: bool) -> None:
        """Some of the request's body passed."""
        self.kept = self.kept and len(self.body) + len(data) <= MOST_SENT
        self.body += data[: MOST_SENT - len(self.body)]
        self.whole = ended

    def hear(self, data: bytes, last: bool) -> bytes:
        """Some of the answer passed, or, without bytes, the connection ended in order; what stands behind the answer.

        It belongs to the next one, or where this was the `last` that is due, to none. Never raises: what is no HTTP
        ends the exchange as that.
        """
        self._answer()
        try:
            self.parser.receive_data(data)
            self._hear()
        except h11.RemoteProtocolError as error:
            self.end(protocol_end(error, self.tape))
            self.over = True
            return b""
        rest = bytes(self.parser.trailing_data[0]) if self.over else b""
        if self.over:
            self.tape.surplus = rest if last else b""
            self.end(End(Ending.COMPLETE))
        return rest

    def _hear(self) -> None:
        """Keep what is within the limits; read on in any case, since the next answer begins where this one ends."""
        while True:
            try:
                self.over = heard(self.parser, self.tape)
                return
            except Cut as cut:
                self.end(cut.end)
                self.tape = _Unheard(self.tape.outgoing, self.limits)

    def end(self, end: End) -> None:
        """It is over, unless it was before."""
        self._answer()
        if self.told:
            return
        self.told = True
        if not (self.whole and self.kept):
            end = replace(end, detail=": ".join(filter(None, (PARTIAL, end.detail))))
        exchange = self.tape.exchange(end)
        self.ended(replace(exchange, request=replace(self.request, body=bytes(self.body))))

    def _answer(self) -> None:
        self.pace.waiting -= not self.answered
        self.answered = True

    def left(self, detail: str = "") -> None:
        """The client is gone. Where it had waited longer than a limit of ours, that limit says for what."""
        limit = _waited(self.tape)
        self.end(End(Ending.CUT if limit else Ending.HUNG_UP, limit, detail))

    def broke(self, error: Exception | None) -> None:
        """The target's connection was reset."""
        how = Ending.RESET if self.tape.status else Ending.NO_ANSWER
        self.end(End(how, None, f"{type(error).__name__}: {error}" if error else ""))


def _waited(tape: Tape) -> Limit | None:
    """The limit that the client has waited beyond."""
    now, limits = tape.now(), tape.limits
    if tape.status is None:
        beyond = Limit.FIRST_BYTE if now >= limits.first_byte else None
    elif tape.stopped_at is not None:
        beyond = Limit.AFTER_STOP if now - tape.stopped_at >= limits.after_stop else None
    else:
        last = tape.chunks[-1].at if tape.chunks else tape.first_byte or 0.0
        beyond = Limit.BETWEEN_BYTES if now - last >= limits.between_bytes else None
    return beyond or (Limit.WHOLE if now >= limits.whole else None)
