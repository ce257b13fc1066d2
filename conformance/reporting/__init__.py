"""What a reader sees of a run: terminal text, report files, and the commands that repeat an exchange.

Every report is a pure function of the graded run and its `Facts`; only `write_reports` touches the disk.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from conformance.reporting.annotations import annotations, printed
from conformance.reporting.badge import endpoint, svg
from conformance.reporting.breaches import BODIES, bodies
from conformance.reporting.ctrf import ctrf
from conformance.reporting.curl import Names, curl
from conformance.reporting.entry import entry_text
from conformance.reporting.facts import EMBEDDED, Facts
from conformance.reporting.har import har
from conformance.reporting.html import page
from conformance.reporting.junit import junit
from conformance.reporting.markdown import markdown
from conformance.reporting.outcomes import OUTCOMES, Outcome, outcome, skip_reason
from conformance.reporting.report import report
from conformance.reporting.sarif import sarif
from conformance.reporting.sentence import last_line, verdict_sentence
from conformance.reporting.text import first_line, summary, violation_text
from conformance.rules.guard import raised
from conformance.verdicts.graded import Graded

__all__ = [
    "EMBEDDED",
    "OUTCOMES",
    "REPORTS",
    "Facts",
    "Names",
    "Outcome",
    "ReportError",
    "annotations",
    "bodies",
    "curl",
    "entry_text",
    "first_line",
    "json_file",
    "junit",
    "last_line",
    "markdown",
    "outcome",
    "printed",
    "report",
    "report_file",
    "report_files",
    "skip_reason",
    "summary",
    "verdict_sentence",
    "violation_text",
    "write_file",
    "write_reports",
]


class ReportError(Exception):
    """A report cannot be written; one sentence with the path and the reason."""


def json_file(value: Any) -> bytes:
    """JSON in the one form in which reports are written."""
    return f"{json.dumps(value, indent=1)}\n".encode("ascii")


#: Every report, by the name of its file.
REPORTS: Mapping[str, Callable[[Graded, Facts], bytes]] = MappingProxyType(
    {
        "report.json": lambda graded, facts: json_file(report(graded, facts)),
        "junit.xml": junit,
        "summary.md": lambda graded, facts: markdown(graded, facts).encode("utf-8"),
        "ctrf.json": lambda graded, facts: json_file(ctrf(graded, facts)),
        "report.sarif": lambda graded, facts: json_file(sarif(graded, facts)),
        "exchanges.har": lambda graded, facts: json_file(har(graded, facts)),
        "badge.json": lambda graded, facts: json_file(endpoint(graded, facts)),
        "badge.svg": svg,
        "report.html": page,
    }
)


_PRIVATE = ("exchanges.har", f"{BODIES}/")
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def report_file(name: str, graded: Graded, facts: Facts) -> bytes:
    """One report as it stands in its file; its commands are to be run in the folder of the file."""
    return REPORTS[name](graded, replace(facts, folder=""))


def report_files(graded: Graded, facts: Facts) -> dict[str, bytes]:
    """Every report and the bodies that commands read, by file name."""
    return {name: data for _, make in _parts(graded, facts) for name, data in make().items()}


def _parts(graded: Graded, facts: Facts) -> Iterator[tuple[str, Callable[[], dict[str, bytes]]]]:
    """Each report by its name, with what makes it, and the bodies that commands read."""
    for name in REPORTS:
        yield name, partial(lambda name: {name: report_file(name, graded, facts)}, name)
    yield BODIES, lambda: {f"{BODIES}/{name}": data for name, data in bodies(graded).items()}


def write_reports(folder: Path, graded: Graded, facts: Facts) -> tuple[Path, ...]:
    """Write every report; return the paths. A folder that is missing is made for its owner alone, and so are the files
    that hold whole exchanges, as the journal does. Raises ReportError; one that cannot be made for an error of ours
    keeps no other from being written."""
    written, failed = list[Path](), list[str]()
    with suppress(OSError):  # whatever is wrong with it, the first file tells
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part, make in _parts(graded, facts):
        try:
            files = make()
        except Exception as error:
            failed.append(f"cannot make the report {part}: {raised(error)}")
        else:
            written += [write_file(folder / name, data, name.startswith(_PRIVATE)) for name, data in files.items()]
    if failed:
        raise ReportError("\n".join(failed))
    return tuple(written)


def write_file(path: Path, data: bytes, private: bool = False) -> Path:
    """Write a file and the folders above it; its path. A new `private` one is its owner's alone. Raises ReportError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, _WRITE, 0o600 if private else 0o666), "wb") as file:
            file.write(data)
    except OSError as error:
        raise ReportError(f"cannot write the report {path}: {error.strerror or error}") from None
    return path
