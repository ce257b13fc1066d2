"""Recording makes way for what passes: both share one interpreter."""

import time
from dataclasses import dataclass

LONGEST = 0.1  #: seconds that recording one exchange may be put off
NAP = 0.0005  #: seconds between looks


@dataclass(slots=True)
class Pace:
    """`waiting` counts the clients that wait for the first bytes of an answer."""

    waiting: int = 0
    deadline: float = 0.0

    def begin(self) -> None:
        """Another exchange is about to be recorded."""
        self.deadline = time.monotonic() + LONGEST
        self.pause()

    def pause(self) -> None:
        """Let clients that wait have theirs first, as long as that may take."""
        while self.waiting and time.monotonic() < self.deadline:
            time.sleep(NAP)
