"""Processes that tests start, and what those start themselves."""

import signal
from pathlib import Path


def hears_interrupts() -> None:
    """Before a process begins: a shell makes what it starts in the background deaf to them, and children inherit it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def children(parent: int) -> list[int]:
    """The processes that a process has started and that still run."""
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(word) for word in text.split()]
