"""What SIGINT and SIGTERM do to a run: the first ends it in order, with its reports; the second ends it at once."""

import os
import signal
import threading
from _thread import interrupt_main
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.session.live import Live

INTERRUPTED = 2  #: `Exit.INTERRUPTED`, spelt out since this is loaded before all else, in order to listen meanwhile
#: Only what nobody else handles is handled here: a process that was told to be deaf to a signal stays so. The command
#: lets SIGTERM do what Ctrl-C does.
_HANDLED: tuple[tuple[signal.Signals, tuple[Any, ...]], ...] = (
    (signal.SIGINT, (signal.default_int_handler,)), (signal.SIGTERM, (signal.SIG_DFL, signal.default_int_handler)),
)  # fmt: skip
_UNDISTURBED = (0, 1, 5)  #: what pytest ends with when all it was to do is done
_AT_ONCE = {
    True: b"\nended at once: the journal holds what was answered, and `conformance grade` reads it\n",
    False: b"\nended at once: nothing was tested\n",
}


@dataclass(slots=True)
class Interrupts:
    """From `install` to `restore` signals end the run. `say` writes where a user looks, whatever is captured."""

    say: Callable[[bytes], object]
    heard: bool = False
    begun: bool = False  #: there may be a journal
    closing: bool = False  #: the run has ended, and its reports are being written: there is nothing to end in order
    _before: dict[signal.Signals, Any] = field(default_factory=dict)

    def install(self) -> None:
        """Begin to listen, in the main thread of the process; elsewhere nothing can."""
        if threading.current_thread() is threading.main_thread():
            for number, untouched in _HANDLED:
                if signal.getsignal(number) in untouched:
                    self._before[number] = signal.signal(number, self._hear)

    def restore(self) -> None:
        """Leave the signals as they were found."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def recall(self) -> None:
        """Raise again what was heard. Python drops what a signal raises where it comes during a callback, that of a
        weak reference or of the collector of garbage, and what was to end would go on."""
        if self.heard and not self.closing:
            raise KeyboardInterrupt

    def status(self, found: int) -> int:
        """How pytest ends, which knows nothing of an interrupt that got lost."""
        return INTERRUPTED if self.heard and found in _UNDISTURBED else found

    def watch(self, live: "Live") -> None:
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
            self.say(_AT_ONCE[self.begun])
            os._exit(INTERRUPTED)
        self.heard = True
        self.recall()
