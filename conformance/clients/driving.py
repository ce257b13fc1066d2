"""One scenario in a process of its own: started, fed through a pipe, waited for, and ended with all that it started.

What the process says goes into files in a folder of its own, which is its home as well, empty at first.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

#: The variables that a client is given of ours; HOME is its own, and its key comes beside them.
KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
#: What keeps a client from going through somebody's proxy to reach this machine.
FIXED = {"NO_PROXY": "*", "no_proxy": "*"}
LOOK = 0.05  #: seconds between two looks at a process
MOST = 4 * 1024 * 1024  #: bytes that a process may say
TOLD = 64 * 1024  #: bytes at the end of what it said that are read


class How(StrEnum):
    """How a process ended: the first three are what a driver says of itself."""

    COMPLETED = "completed"
    EXCEPTION = "exception"
    UNSUPPORTED = "unsupported"
    HANG = "hang"
    CRASH = "crash"
    GARBAGE = "garbage"
    FLOOD = "flood"


SAID = (How.COMPLETED, How.EXCEPTION, How.UNSUPPORTED)


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a process: how it ended, in words why, and what its driver said of it (empty unless it did)."""

    how: How
    why: str = ""
    error: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """What is run: the words, the folder it is run in, and the variables beside those that every client is given."""

    words: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str] = field(repr=False)


def drive(command: Command, order: Mapping[str, Any], seconds: float) -> Ran:
    """Run a driver with an order for at most so many seconds. Raises OSError where it cannot be started at all."""
    with tempfile.TemporaryDirectory(prefix="client-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        said, complained = home / ".said", home / ".complained"
        with said.open("wb") as out, complained.open("wb") as err, _started(command, home, out, err) as process:
            assert process.stdin is not None
            with suppress(BrokenPipeError), process.stdin as pipe:  # one that has ended already says so by its code
                pipe.write(json.dumps(order).encode("ascii"))
            over = _waited(process, (said, complained), seconds)
        return over or _told(process.returncode, _end(said), _end(complained))


@contextmanager
def _started(command: Command, home: Path, out: Any, err: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """The process, in a group of its own, of which nothing is left in the end."""
    process = subprocess.Popen(
        command.words, stdin=subprocess.PIPE, stdout=out, stderr=err, cwd=command.folder,
        env=environment(os.environ, home, command.variables), start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def environment(given: Mapping[str, str], home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """What a client gets of an environment: a few words of it, a home of its own, and what is its own alone."""
    kept = {name: given[name] for name in KEPT if name in given}
    return kept | FIXED | {"HOME": str(home), "TMPDIR": str(home)} | dict(variables)


def _waited(process: "subprocess.Popen[bytes]", files: tuple[Path, ...], seconds: float) -> Ran | None:
    """Wait for the end of a process; how it was ended where it did not by itself."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if any(path.stat().st_size > MOST for path in files):
            return Ran(How.FLOOD, f"it said more than {MOST} bytes")
        if time.monotonic() > deadline:
            return Ran(How.HANG, f"no end within {seconds:g} s")
        time.sleep(LOOK)
    return None


def _end(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TOLD))
        return file.read().decode("utf-8", "replace")


def _told(code: int, said: str, complained: str) -> Ran:
    """What the last line of a process says, or that there is none."""
    lines, complaints = said.strip().splitlines(), complained.strip().splitlines()
    if code:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Ran(How.CRASH, ": ".join([how, *complaints[-1:]]))
    verdict = _parsed(lines[-1]) if lines else None
    if verdict is None:
        return Ran(How.GARBAGE, f"its last line is no verdict: {lines[-1]}" if lines else "it said nothing")
    error = verdict.get("error")
    return Ran(How(verdict["outcome"]), "", error or {}, verdict.get("seen") or {}, str(verdict.get("version") or ""))


def _parsed(line: str) -> dict[str, Any] | None:
    """A verdict of a driver, or None where a line is none."""
    try:
        verdict = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(verdict, dict) or verdict.get("outcome") not in SAID:
        return None
    kinds = all(isinstance(verdict.get(word) or {}, dict) for word in ("seen", "error"))
    needed = {How.COMPLETED: "seen", How.EXCEPTION: "error"}.get(verdict["outcome"])
    return verdict if kinds and (needed is None or verdict.get(needed)) else None
