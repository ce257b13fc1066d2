"""Processes that tests start, and what those start themselves."""

import os
import signal
import subprocess
import sys
from pathlib import Path


def hears_interrupts() -> None:
    """Before a process begins: a shell makes what it starts in the background deaf to them, and children inherit it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def children(parent: int) -> list[int]:
    """The processes that a process has started and that still run."""
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(word) for word in text.split()]


def commanded(folder: Path, *words: str, redirected: str = "", **more: str) -> tuple[int, str]:
    """The exit code of our command in a shell with these redirections, in a folder and without settings of ours but
    `more`, and what it wrote that was not redirected."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONFORMANCE", "PYTEST"))}
    shell = ["bash", "-o", "pipefail", "-c", f'"$@" {redirected}', "bash"]
    command = [*shell, sys.executable, "-P", "-m", "conformance", *words]
    done = subprocess.run(command, cwd=folder, env=kept | more, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr
