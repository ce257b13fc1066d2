"""Freedoms of pace and patience: slow starts, slow streams, a request in so many that must be asked again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from conformance.reference.events import dump
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.transfer import Answer, set_header

EVERY = 41
"""Each request of this number is put off."""
OFTEN = 13
"""Each request of this number may meet something in front of the endpoint."""
SLOW_START, SLOW_EVENT = 0.05, 0.02  #: seconds
PACED = 20
"""About so many pauses a stream has: there are streams of thousands of events."""

Wait = Callable[[], str]


def _soon() -> str:
    """A date one second from now (RFC 9110, section 10.2.3)."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


def _put_off(status: int, kind: str, wait: Wait) -> Callable[[Any, Context], Answer]:
    """An error that asks for another try, now and then; the next request is served."""

    def apply(answer: Answer, context: Context) -> Answer:
        turn = context.traffic.served and context.traffic.served % EVERY == 0
        if not turn or answer.status != 200 or not _first_trouble(context):
            return answer
        error = {"type": kind, "message": "try again in a moment"}
        body = dump({"type": "error", "error": error, "request_id": context.request_id}).encode()
        headers = set_header(set_header(answer.headers, "content-type", "application/json"), "retry-after", wait())
        return Answer(status, tuple(pair for pair in headers if pair[0] != "cache-control"), body)

    return apply


def _first_trouble(context: Context) -> bool:
    """Whether this request met no trouble before; from now on it did. Whoever asks again is served."""
    known, request = context.traffic.timed_out, (context.request.target, context.request.body)
    fresh = request not in known
    known.add(request)
    return fresh


def _once(status: int, body: bytes, kind: str) -> Callable[[Any, Context], Answer]:
    """An answer of something in front of the endpoint, now and then, never twice for one request."""

    def apply(answer: Answer, context: Context) -> Answer:
        turn = context.traffic.served and context.traffic.served % OFTEN == 0
        if not turn or answer.status != 200 or not _first_trouble(context):
            return answer
        return Answer(status, (("content-type", kind), ("request-id", context.request_id)), body)

    return apply


def _paced(frames: Any, context: Context) -> Any:
    """Pauses all the way, before each event but the first, or before each of so many in a long stream."""
    every = max(1, len(frames) // PACED)
    slow = (number and number % every == 0 for number in range(len(frames)))
    return tuple(replace(one, pause=SLOW_EVENT) if late else one for one, late in zip(frames, slow, strict=True))


_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><hr>edge/1.0</body></html>\r\n"
_BUSY = dump({"type": "error", "error": {"type": "api_error", "message": "Service Unavailable"}}).encode()
_LIMITED, _LOADED = "rate_limit_error", "overloaded_error"

PACE_VARIATIONS: tuple[Variation, ...] = (
    Variation("slow-starts", Seam.ANSWER, "every answer takes its time to begin", changes={"delay": SLOW_START}),
    Variation("slow-streams", Seam.FRAMES, "events come at a pace", _paced),
    Variation("uncooperative", Seam.PLAN, "the model never does as it is told", changes={"uncooperative": True}),
    Variation(
        "edge-gateway-page",
        Seam.ANSWER,
        "one request in thirteen gets 502 from an edge, as a web page, and is served when asked again",
        _once(502, _PAGE, "text/html"),
        (11,),
    ),
    Variation(
        "now-and-then-503",
        Seam.ANSWER,
        "one request in thirteen gets 503, and is served when asked again",
        _once(503, _BUSY, "application/json"),
    ),
    Variation(
        "now-and-then-429",
        Seam.ANSWER,
        "one request in forty-one gets 429, to be sent again after a second",
        _put_off(429, _LIMITED, lambda: "1"),
    ),
    Variation(
        "now-and-then-429-by-date",
        Seam.ANSWER,
        "one request in forty-one gets 429, to be sent again at a date",
        _put_off(429, _LIMITED, _soon),
    ),
    Variation(
        "now-and-then-529",
        Seam.ANSWER,
        "one request in forty-one gets 529, to be sent again at once",
        _put_off(529, _LOADED, lambda: "0"),
    ),
)
