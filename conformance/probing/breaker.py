"""After three streams in a row that the same limit cut, the rest would only cost their users time."""

from dataclasses import dataclass, field

from conformance.wire.exchange import Ending, Exchange, Limit

STRIKES = 3
#: After `message_stop` the answer is complete: such streams are still sent, and cut at once.
CUT_AT_ONCE = 0.05


@dataclass(slots=True)
class StreamBreaker:
    """Counts streams in the order in which they end."""

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
        """The limit that cut three streams in a row, or None."""
        return self._streak[-1] if len(self._streak) >= STRIKES else None

    @property
    def reason(self) -> str:
        """Why no further stream is sent, or ""."""
        if self.tripped is None or self.tripped is Limit.AFTER_STOP:
            return ""
        return f"not sent: {STRIKES} streams in a row were cut by our limit {self.tripped.value}"
