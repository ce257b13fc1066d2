"""What the plugin writes beside the summary of a run."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.session.live import Live


def say(reporter: Any, line: str) -> None:
    """A line between the marks of the items; nothing where there is no terminal."""
    if reporter is not None:
        reporter.ensure_newline()
        reporter.write_line(line)


def section(reporter: Any, title: str, *lines: str) -> None:
    """Lines under a title of their own."""
    reporter.section(title, "=")
    for line in lines:
        reporter.write_line(line)


def say_at_once(config: pytest.Config, words: bytes) -> None:
    """Write to where the terminal of pytest writes, around what captures the output."""
    file = getattr(config.get_terminal_writer(), "_file", sys.stderr)
    with suppress(OSError, ValueError):
        os.write(file.fileno(), words)


def dry_lines(live: "Live") -> Iterator[str]:
    """What a run would send: each probe with its number of requests, and how many there are of all."""
    least, most = live.plan.requests
    span = f"{least}" if least == most else f"{least} to {most}"
    yield from (f"{len(probe.calls):4d}  {probe.id}" for probe in live.plan.probes)
    yield f"would send {span} requests, {len(live.plan.generated())} of them generated"
