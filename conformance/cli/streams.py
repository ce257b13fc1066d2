"""Standard streams that outlast whoever reads them: what a command is about goes on where its output cannot be written,
and no file it opens takes the place of a stream that was closed."""

import errno
import io
import os
import sys
from typing import Any

_NAMES = ("stdin", "stdout", "stderr")  #: by their numbers


class Lasting(io.FileIO):
    """A stream that takes whatever is written, also where it cannot be; `lost` is the first error."""

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        """The number of bytes written, or lost."""
        try:
            return super().write(data)
        except OSError as error:
            self.lost = self.lost or error
            return memoryview(data).nbytes


def outlast() -> None:
    """Let the output of this process outlast its readers, and its closed streams be open to nothing. What somebody has
    put in the place of a stream stays."""
    while (number := os.open(os.devnull, os.O_RDWR)) < len(_NAMES):
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    for number, name in enumerate(_NAMES[1:], 1):
        if getattr(sys, name) is getattr(sys, f"__{name}__"):
            setattr(sys, name, _lasting(number, getattr(sys, name)))


def _lasting(number: int, before: Any) -> io.TextIOWrapper:
    """The same stream; one that was closed has lost all that will be written."""
    raw = Lasting(number, "w", closefd=False)
    if before is None:
        raw.lost = OSError(errno.EBADF, "it is closed")
        return io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)
    at_once = bool(before.write_through)
    buffer: Any = raw if at_once else io.BufferedWriter(raw)
    ways = {"line_buffering": before.line_buffering, "write_through": at_once}
    return io.TextIOWrapper(buffer, before.encoding, before.errors, **ways)


def output_lost() -> str:
    """Why the output could not be written, or "". Who closes a pipe has read enough of it: nothing is lost."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    lost = getattr(getattr(buffer, "raw", buffer), "lost", None)
    return "" if lost is None or lost.errno == errno.EPIPE else str(lost.strerror)
