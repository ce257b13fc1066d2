"""A file that one process alone writes, for as long as it has it open: a process that dies lets go of it."""

import os
from itertools import count
from pathlib import Path
from typing import TextIO

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # not on Windows, where nothing is held
    flock = None  # type: ignore[assignment]

_NEW = os.O_WRONLY | os.O_CREAT | os.O_APPEND


class Taken(Exception):
    """Another process holds the file."""


def new_file(path: Path) -> TextIO:
    """A new file that only its owner may read, held until it is closed.

    What is there already keeps its content under the next free name: runs never share a file. Raises Taken and OSError.
    """
    if path.exists():
        _set_aside(path)
    file = os.fdopen(os.open(path, _NEW, 0o600), "a", encoding="utf-8")
    try:
        _hold(file.fileno())
    except Taken:
        file.close()
        raise
    return file


def _hold(file: int) -> None:
    if flock is None:
        return
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise Taken from None
    except OSError:
        return  # a file system that knows no locks


def _set_aside(path: Path) -> None:
    old = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        _hold(old)
        if os.path.samestat(os.fstat(old), path.stat()):  # else another process has done so meanwhile
            numbered = (path.with_name(f"{path.stem}.{number}{path.suffix}") for number in count(1))
            path.rename(next(free for free in numbered if not free.exists()))
    finally:
        os.close(old)
