"""Freedoms of pace and patience: slow starts, slow streams, a request in so many that must be asked again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from conformance.reference.events import dump
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.transfer import Answer, set_header

EVERY = 41
"""Each request of this number is put off."""
SLOW_START, SLOW_EVENT = 0.15, 0.02  #: seconds

Wait = Callable[[], str]


def _soon() -> str:
    """A date one second from now (RFC 9110, section 10.2.3)."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


def _put_off(status: int, kind: str, wait: Wait) -> Callable[[Any, Context], Answer]:
    """An error that asks for another try, now and then; the next request is served."""

    def apply(answer: Answer, context: Context) -> Answer:
        if not context.traffic.served or context.traffic.served % EVERY or answer.status != 200:
            return answer
        error = {"type": kind, "message": "try again in a moment"}
        body = dump({"type": "error", "error": error, "request_id": context.request_id}).encode()
        headers = set_header(set_header(answer.headers, "content-type", "application/json"), "retry-after", wait())
        return Answer(status, tuple(pair for pair in headers if pair[0] != "cache-control"), body)

    return apply


_LIMITED, _LOADED = "rate_limit_error", "overloaded_error"

PACE_VARIATIONS: tuple[Variation, ...] = (
    Variation("slow-starts", Seam.ANSWER, "every answer takes its time to begin", changes={"delay": SLOW_START}),
    Variation("slow-streams", Seam.FRAMES, "events come at a pace", changes={"event_interval": SLOW_EVENT}),
    Variation("uncooperative", Seam.PLAN, "the model never does as it is told", changes={"uncooperative": True}),
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
