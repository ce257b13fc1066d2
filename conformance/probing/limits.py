"""The named limits of one exchange. All times in seconds, sizes in bytes."""

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
    body: int = 8 * 1024 * 1024


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
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise ValueError(f"limit {key!r} must be a positive number, not {value!r}")
        values[known[key]] = int(value) if known[key] == "body" else float(value)
    return Limits(**values)
