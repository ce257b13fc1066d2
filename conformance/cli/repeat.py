"""`conformance run --repeat N`: whole runs one after another, each a process of its own, and what they come to."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.run import own_words_alone, run_suites, suite_words
from conformance.cli.runs import JOURNAL, REPEAT, Refused
from conformance.settings.options import OPTIONS
from conformance.verdicts.exits import PRECEDENCE, Exit

if TYPE_CHECKING:
    from conformance.gate.repeat import Attempt, Repeated
    from conformance.settings.resolve import Settings

_STOPPING = (signal.SIGINT, signal.SIGTERM)


def repeat_suites(url: str | None, options: Mapping[str, Any], words: tuple[str, ...], times: int) -> int:
    """So many runs with these options and pytest's own words, and a report of them all; the exit code.

    Raises Refused for wrong usage. Once interrupted, no further run begins.
    """
    settings = _settings(url, options)
    if settings.resume:
        raise Refused("--resume goes on with one run: it goes without --repeat")
    if settings.dry_run:
        click.echo(f"each of {times} runs:")
        return run_suites(url, options, *words)
    out = _new_folder(settings, times)
    codes: set[Exit] = set()
    attempts: list[Attempt] = []
    with _signals() as runner, own_words_alone():
        for number in range(1, times + 1):
            folder = out / str(number)
            click.echo(f"run {number} of {times}: {folder}")
            given = {**options, "conformance_out": str(folder)}
            code = runner.run([sys.executable, "-P", "-m", "conformance.cli.alone", *suite_words(url, given, *words)])
            codes.add(code)
            attempts += _attempts(number, folder, code)
            if runner.stopped or code is Exit.INTERRUPTED or not (folder / JOURNAL).exists():
                break
        codes |= {Exit.INTERRUPTED} if runner.stopped else set()
        return _told(out, times, attempts, _worst(codes))


def _settings(url: str | None, options: Mapping[str, Any]) -> "Settings":
    from conformance.settings.resolve import UsageError, resolve

    given = {option.name: options.get(option.dest) for option in OPTIONS} | {"target-url": url}
    try:
        return resolve(given, Path.cwd())
    except UsageError as error:
        raise Refused(str(error)) from None


def _new_folder(settings: "Settings", times: int) -> Path:
    """Where the runs go; a folder with earlier ones is refused, since theirs would be taken for ours."""
    from conformance.session.folder import reserve_folder

    out = reserve_folder(settings)
    if (out / REPEAT).exists() or any((out / str(number)).exists() for number in range(1, times + 1)):
        raise Refused(f"{out} holds a repeated run already; give another folder with --out")
    return out


@dataclass(slots=True)
class _Runner:
    """Runs one process after another, in a group of its own: a signal to this one reaches it once, and not us alone."""

    process: subprocess.Popen[bytes] | None = None
    stopped: bool = False

    def run(self, command: list[str]) -> Exit:
        """Run it to its end; the code it ended with."""
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
        if self.stopped:  # the signal came before there was anything to pass it on to
            self.pass_on(signal.SIGINT)
        try:
            return _exit(self.process.wait())
        finally:
            self.process = None

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Pass a signal on to what is running, and begin nothing more."""
        self.stopped = True
        self.pass_on(number)

    def pass_on(self, number: int) -> None:
        """Give the running process and those it started a signal, if they have not ended."""
        if self.process is not None and self.process.returncode is None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return


def _exit(status: int) -> Exit:
    """The code of a process; killed by a signal that asks for the end is interrupted, whatever else is an error."""
    if status in set(Exit):
        return Exit(status)
    return Exit.INTERRUPTED if -status in _STOPPING else Exit.HARNESS_ERROR


def _worst(codes: set[Exit]) -> Exit:
    """The first of them by the precedence of a single run."""
    return next((code for code in PRECEDENCE if code in codes), Exit.CONFORMS)


@contextmanager
def _signals() -> Iterator[_Runner]:
    """A runner that gets our signals; whoever had them before gets them again afterwards."""
    runner = _Runner()
    before: list[tuple[int, Callable[[int, FrameType | None], Any] | int | None]] = [
        (number, signal.signal(number, runner.stop)) for number in _STOPPING
    ]
    try:
        yield runner
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _attempts(number: int, folder: Path, code: Exit) -> Iterator["Attempt"]:
    """What a run came to; nothing where it did not come to its end."""
    from conformance.contract import Level
    from conformance.evidence.follow import read_run
    from conformance.evidence.journal import JournalError
    from conformance.gate.repeat import attempt_of
    from conformance.session.closing import settle

    if not (folder / JOURNAL).exists():
        return
    try:
        follower = read_run(folder / JOURNAL)
    except JournalError as error:
        click.echo(f"run {number} is left out: {error}", err=True)
        return
    if follower.footer and Exit.INTERRUPTED.name not in follower.footer.get("holding", ()):
        closing = settle(follower, Level(follower.header["level"]), None)
        yield attempt_of(number, closing.graded, replace(closing.facts, exit=code))


def _told(out: Path, times: int, attempts: list["Attempt"], code: Exit) -> int:
    """Write and print what the runs come to; the exit code."""
    from conformance.gate.repeat import Repeated

    if not attempts:
        click.echo("no run came to its end: there is nothing to compare")
        return code
    return _write(out, Repeated(times, tuple(attempts), code))


def _write(out: Path, found: "Repeated") -> int:
    from conformance.gate.repeat_forms import repeat_markdown, repeat_object, repeat_text
    from conformance.reporting import ReportError, json_file, write_file

    files = {REPEAT: json_file(repeat_object(found)), "repeat.md": repeat_markdown(found).encode()}
    code = found.exit
    try:
        for name, data in files.items():
            click.echo(f"wrote {write_file(out / name, data)}")
    except ReportError as error:
        click.echo(str(error), err=True)
        code = _worst({code, Exit.HARNESS_ERROR})
    click.echo(repeat_text(found))
    return code
