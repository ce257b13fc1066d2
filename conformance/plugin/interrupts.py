"""What SIGINT and SIGTERM do to a run: the first ends it in order, with its reports; the second ends it at once."""

import os
import signal
import threading
from _thread import interrupt_main
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from conformance.session.live import Live
from conformance.verdicts import Exit

#: Only what nobody else handles is handled here: a process that was told to be deaf to a signal stays so.
_HANDLED: tuple[tuple[signal.Signals, Any], ...] = (
    (signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL),
)  # fmt: skip


@dataclass(slots=True)
class Interrupts:
    """From `install` to `restore` signals end the run. `say` writes where a user looks, whatever is captured."""

    say: Callable[[bytes], object]
    heard: bool = False
    closing: bool = False  #: the run has ended, and its reports are being written: there is nothing to end in order
    _before: dict[signal.Signals, Any] = field(default_factory=dict)

    def install(self) -> None:
        """Begin to listen, in the main thread of the process; elsewhere nothing can."""
        if threading.current_thread() is threading.main_thread():
            for number, untouched in _HANDLED:
                if signal.getsignal(number) == untouched:
                    self._before[number] = signal.signal(number, self._hear)

    def restore(self) -> None:
        """Leave the signals as they were found."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def watch(self, live: Live) -> None:
        """End the run, as a first signal would, once the journal cannot say that nothing more is to come: workers of
        pytest-xdist, which know of the run what stands there, would wait for it for ever."""

        def wait() -> None:
            if live.scheduler is not None:
                live.scheduler.wait()
            if live.unwritable and not self.heard:
                interrupt_main(signal.SIGTERM)

        threading.Thread(target=wait, name="conformance-watch", daemon=True).start()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.heard:
            self.say(b"\nended at once: the journal holds what was answered, and `conformance grade` reads it\n")
            os._exit(Exit.INTERRUPTED)
        self.heard = True
        if not self.closing:
            raise KeyboardInterrupt
