"""Which answers the rules about messages apply to."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from conformance.wire.exchange import Ending, Exchange, Limit
from conformance.wire.reading import Reading

#: Endings after which nothing that is missing can be held against the target: we stopped listening.
OURS = frozenset({Ending.CUT, Ending.HUNG_UP})


def asks_for_message(exchange: Exchange) -> bool:
    """Whether the request was a POST to a messages endpoint (the path ends in `/messages`, a query is allowed)."""
    return exchange.request.method == "POST" and path_of(exchange.request.url).endswith("/messages")


def path_of(url: str) -> str:
    """The path of an address, "" where it is none."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _stopped_listening(exchange: Exchange) -> bool:
    """Whether we stopped before the answer was all there; behind `message_stop` nothing more was to come."""
    return exchange.end.how in OURS and exchange.end.limit is not Limit.AFTER_STOP


def judged_messages(reading: Reading) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The message of a 200 answer with the way it came, "json" or "stream"; nothing when there is none to judge."""
    exchange = reading.exchange
    if exchange.status != 200 or not asks_for_message(exchange) or _stopped_listening(exchange):
        return
    message = reading.accumulated if reading.is_stream else reading.message
    if message is not None:
        yield ("stream" if reading.is_stream else "json"), message
