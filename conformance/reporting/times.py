"""Times of a journal, in the forms in which reports want them. A time that cannot be read is the start of 1970."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 10.0**10  #: seconds; within what a date can hold


def moment(text: str) -> datetime | None:
    """The moment that ISO 8601 text names; without an offset it is taken as UTC. None where it names none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def later(start: str, seconds: float) -> str:
    """ISO 8601 with milliseconds and offset, so many seconds after the start."""
    since = timedelta(seconds=min(max(seconds, 0.0), _LONGEST))
    try:
        found = (moment(start) or _EPOCH) + since
    except OverflowError:
        found = _EPOCH + since
    return found.isoformat(timespec="milliseconds")


def milliseconds(text: str) -> int:
    """Milliseconds since the start of 1970; 0 where the text names no moment."""
    found = moment(text)
    return round(found.timestamp() * 1000) if found else 0


def date(text: str) -> str:
    """The date in the text's own offset, or "no date"."""
    found = moment(text)
    return found.date().isoformat() if found else "no date"
