"""After three streams in a row that the same limit cut, the rest would only cost their users time.

The same holds for answers that are no streams; of those under a status other than 200 more are endured, since what is
behind them decides less.
"""

from dataclasses import dataclass, field

from conformance.wire.exchange import Ending, Exchange, Limit

STRIKES = 3
REFUSAL_STRIKES = 20
#: After `message_stop` the answer is complete: such streams are still sent, and cut at once.
CUT_AT_ONCE = 0.05


@dataclass(slots=True)
class StreamBreaker:
    """Counts streams, or answers of another kind, in the order in which they end."""

    kind: str = "streams"
    strikes: int = STRIKES
    _streak: list[Limit] = field(default_factory=list)

    def saw(self, exchange: Exchange) -> None:
        """Take note of a finished streamed exchange."""
        limit = exchange.end.limit if exchange.end.how is Ending.CUT else None
        if self.tripped is not None:
            return
        if limit is None or (self._streak and self._streak[-1] is not limit):
            self._streak.clear()
        if limit is not None:
            self._streak.append(limit)

    @property
    def tripped(self) -> Limit | None:
        """The limit that cut as many in a row as are endured, or None."""
        return self._streak[-1] if len(self._streak) >= self.strikes else None

    @property
    def reason(self) -> str:
        """Why no further stream is sent, or ""."""
        if self.tripped is None or self.tripped is Limit.AFTER_STOP:
            return ""
        return f"not sent: {self.strikes} {self.kind} in a row were cut by our limit {self.tripped.value}"


@dataclass(slots=True)
class AnswerBreaker:
    """The same for answers that are no streams, those under status 200 apart from all others."""

    _served: StreamBreaker = field(default_factory=lambda: StreamBreaker("answers"))
    _others: StreamBreaker = field(default_factory=lambda: StreamBreaker("refusals", REFUSAL_STRIKES))

    def saw(self, exchange: Exchange) -> None:
        """Take note of a finished exchange; one without a status line belongs to neither."""
        if exchange.status is not None:
            (self._served if exchange.status == 200 else self._others).saw(exchange)

    @property
    def reason(self) -> str:
        """Why no further request for such an answer is sent, or ""."""
        return self._served.reason or self._others.reason
