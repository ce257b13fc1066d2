"""The named limits of one exchange, and of what a run keeps of all of them. All times in seconds, sizes in bytes.

What is read of an answer is limited elsewhere, because a journal must mean the same to everybody: see `wire.content`
and `wire.jsontext`.
"""

import sys
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults are what a patient client grants; each can be set in the configuration under `limits`."""

    connect: float = 10.0
    first_byte: float = 30.0  #: from the beginning of the request, connecting included, to the status line
    between_bytes: float = 20.0
    whole: float = 120.0
    after_stop: float = 10.0  #: from `message_stop` to the end of the body (SSE-012)
    header: int = 64 * 1024  #: status line and headers; what h11 takes at once, some 160 KB, is above it
    body: int = 1024 * 1024  #: as it comes, and with its content coding undone
    chunks: int = 100_000  #: pieces of one body, as its transfer coding cuts it
    lines: int = 100_000  #: of one stream of events
    events: int = 5_000  #: of one stream, counted by the blank lines that end them
    answers: int = 96 * 1024 * 1024  #: about the memory that all answers of a run take with what is read of them
    patience: float = 1800.0  #: that a run waits in all because its target asks for it, or refuses for the moment


WHOLE_NUMBERS = frozenset({"header", "body", "chunks", "lines", "events", "answers"})
LARGE = 1_000_000  #: bytes; a smaller body is sent in no time
UPLOAD = 250_000  #: bytes a second that the way to the target carries at least


def with_upload(limits: Limits, size: int) -> Limits:
    """The limits with the time that a large body of `size` bytes needs on its way."""
    if size < LARGE:
        return limits
    longer = size / UPLOAD
    return replace(limits, first_byte=limits.first_byte + longer, whole=limits.whole + longer)


def limits_from(table: dict[str, Any]) -> Limits:
    """Limits from a configuration table with dashed names; ValueError in one sentence for anything odd."""
    known = {item.name.replace("_", "-"): item.name for item in fields(Limits)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise ValueError(f"unknown limit {key!r}; the limits are {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= sys.float_info.max:
            raise ValueError(f"limit {key!r} must be a positive number, not {value!r}")
        if known[key] in WHOLE_NUMBERS and value % 1:
            raise ValueError(f"limit {key!r} must be a whole number, not {value!r}")
        values[known[key]] = int(value) if known[key] in WHOLE_NUMBERS else float(value)
    return Limits(**values)
