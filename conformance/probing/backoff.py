"""One pace for all senders: no faster than the run may go, and when the target asks for patience, everybody waits."""

import asyncio
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from conformance.wire.exchange import Exchange

FIRST = 0.5  #: seconds before the second try; doubled for each further one
LONGEST = 60.0  #: seconds; whoever asks for more is not asked again
#: What a target may limit, as its headers `anthropic-ratelimit-NAME-remaining` and `-reset` name it.
LIMITED = ("requests", "tokens", "input-tokens", "output-tokens")
BELIEVED = 3  #: so often in a row a limit is waited for that never has anything remaining


@dataclass(slots=True)
class Backoff:
    """The time before which nobody sends. `gap`: seconds between two beginnings; nobody waits beyond `deadline`.

    `patience`: seconds that everybody together is held at most. A wait that does not fit in any more is not begun, and
    neither is any later one.
    """

    gap: float = 0.0
    deadline: float = math.inf
    patience: float = math.inf
    held: float = 0.0  #: seconds that all waits so far come to
    spent: bool = False  #: whether a wait did not fit in any more
    _until: float = 0.0
    _next: float = 0.0
    _heeded: set[tuple[str, str]] = field(default_factory=set)
    _empty: dict[str, int] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def wait(self) -> None:
        """Return when the next request may be begun."""
        async with self._turn:
            while (left := min(max(self._until, self._next), self.deadline) - time.monotonic()) > 0:
                await asyncio.sleep(left)
            self._next = time.monotonic() + self.gap

    def trouble(self, exchange: Exchange, attempt: int) -> None:
        """A transient answer came to try number `attempt`: wait as long as it says, or exponentially."""
        asked = retry_after(exchange.header("retry-after"), time.time())
        self._hold(FIRST * 2 ** (attempt - 1) if asked is None else asked)

    def heed(self, exchange: Exchange) -> None:
        """An answer came: where it says that nothing remains of a limit, wait until that is reset.

        Once for each reset, and not for ever: a target whose headers never say that anything remains serves all the
        same.
        """
        for name, remaining, reset in _limits(exchange):
            if remaining > 0:
                self._empty.pop(name, None)
            elif (name, reset) not in self._heeded and self._empty.get(name, 0) < BELIEVED:
                ahead = until_reset(reset, exchange.header("date"), time.time())
                if ahead is not None and ahead > 0:
                    self._heeded.add((name, reset))
                    self._empty[name] = self._empty.get(name, 0) + 1
                    self._hold(ahead)

    def _hold(self, seconds: float) -> None:
        now = time.monotonic()
        until = now + min(seconds, LONGEST)
        longer = max(0.0, until - max(self._until, now))
        self.spent = self.spent or self.held + longer > self.patience
        if not self.spent:
            self.held += longer
            self._until = max(self._until, until)


def _limits(exchange: Exchange) -> Iterator[tuple[str, int, str]]:
    """What the rate-limit headers of an answer say that make sense: limit, what remains of it, when it is reset."""
    for name in LIMITED:
        remaining = exchange.header(f"anthropic-ratelimit-{name}-remaining") or ""
        reset = exchange.header(f"anthropic-ratelimit-{name}-reset") or ""
        if remaining.isascii() and remaining.isdigit() and len(remaining) < 19 and reset:
            yield name, int(remaining), reset


def until_reset(reset: str, date: str | None, now: float) -> float | None:
    """Seconds until a time in RFC 3339, by the clock of the target where the answer tells it; None when senseless."""
    try:
        at = datetime.fromisoformat(reset)
        if at.tzinfo is None:
            return None
        theirs = None if (date or "").isdigit() else retry_after(date, 0.0)
        return at.timestamp() - (theirs or now)
    except (ValueError, OverflowError):
        return None


def beyond_patience(exchange: Exchange) -> bool:
    """Whether the target asks for more time than a run has."""
    asked = retry_after(exchange.header("retry-after"), time.time())
    return asked is not None and asked > LONGEST


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait by a `retry-after` value (seconds or an HTTP date); None when absent or senseless."""
    if value is None:
        return None
    try:
        return max(0.0, float(value)) if float(value) == float(value) else None
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None
