"""One shared back-off for all senders: when the target asks for patience, everybody waits."""

import asyncio
import time
from email.utils import parsedate_to_datetime

from conformance.wire.exchange import Exchange

FIRST = 0.5  #: seconds before the second try; doubled for each further one
LONGEST = 60.0  #: seconds; whoever asks for more is not asked again


class Backoff:
    """The time before which nobody sends."""

    def __init__(self) -> None:
        self._until = 0.0

    async def wait(self) -> None:
        """Return when sending is allowed again."""
        while (left := self._until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def trouble(self, exchange: Exchange, attempt: int) -> None:
        """A transient answer came to try number `attempt`: wait as long as it says, or exponentially."""
        asked = retry_after(exchange.header("retry-after"), time.time())
        pause = FIRST * 2 ** (attempt - 1) if asked is None else asked
        self._until = max(self._until, time.monotonic() + min(pause, LONGEST))


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
