"""The history that a run is added to: seen to be usable before anything is sent."""

from pathlib import Path

from conformance.gate.store import HistoryError, prepare
from conformance.settings.resolve import UsageError


def ready_history(path: Path | None) -> None:
    """Make the file, or see that it is a history that can be written to. Raises UsageError."""
    try:
        if path is not None:
            prepare(path)
    except HistoryError as error:
        raise UsageError(str(error)) from None
