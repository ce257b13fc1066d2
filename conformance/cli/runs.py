"""Runs as commands are given them: a folder or its journal. What cannot be read is refused in one sentence."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.usage import WRONG_USAGE

if TYPE_CHECKING:
    from conformance.evidence.follow import Follower
    from conformance.verdicts.graded import Graded

JOURNAL = "journal.jsonl"
REPEAT = "repeat.json"  #: in the folder of a repeated run; it names the folders of its runs


class Refused(click.ClickException):
    """What was given cannot be used; one sentence."""

    exit_code = WRONG_USAGE


def see_writable(folder: Path, option: str = "--out") -> None:
    """Refuse a folder that cannot be made or written into, before anything is done for what will be. Raises Refused."""
    above = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return
    reason = "may not be written to" if above.is_dir() else "is no folder"
    raise Refused(f"cannot write into {folder}: {above} {reason}; give another {option}")


def journal_of(path: Path) -> Path:
    """The journal in the folder of a run, or the file that was named."""
    return path / JOURNAL if path.is_dir() else path


def runs_of(path: Path) -> tuple[Path, ...]:
    """The runs that came to their end in the folder of a repeated run; else what was named. Raises Refused."""
    file = path / REPEAT
    if not file.is_file():
        return (path,)
    try:
        return tuple(path / str(int(run["folder"])) for run in json.loads(file.read_bytes())["runs"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise Refused(f"{file} is damaged; name the folders of its runs instead") from None


def finished_run(path: Path) -> "Follower":
    """The journal of a run that came to its end. Raises Refused."""
    from conformance.evidence.follow import read_run
    from conformance.evidence.journal import JournalError

    journal = journal_of(path)
    try:
        follower = read_run(journal)
    except JournalError as error:
        raise Refused(str(error)) from None
    if not follower.footer:
        raise Refused(f"{journal} breaks off before the end of the run; run again")
    return follower


def graded_run(path: Path) -> "Graded":
    """The same, graded. Raises Refused."""
    from conformance.verdicts import grade

    return grade(finished_run(path).run())
