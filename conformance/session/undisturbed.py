"""Steps of a run that no signal may cut in half."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_HELD = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def undisturbed() -> Iterator[None]:
    """SIGINT and SIGTERM that come meanwhile come at the end of the step. No other thread than the main one gets any,
    and a handler that is not Python's own stays where it is."""
    came: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    before = {number: handler for number in _HELD if main and (handler := signal.getsignal(number)) is not None}
    try:
        for number in before:
            signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
