"""What a reader sees of a run: terminal text, JSON report, JUnit, and the commands that repeat an exchange.

Every report is a pure function of the graded run and its `Facts`; only `write_reports` touches the disk.
"""

import json
from pathlib import Path

from conformance.reporting.breaches import BODIES, bodies
from conformance.reporting.curl import Names, curl
from conformance.reporting.entry import entry_text
from conformance.reporting.facts import EMBEDDED, Facts
from conformance.reporting.junit import junit
from conformance.reporting.markdown import markdown
from conformance.reporting.outcomes import OUTCOMES, Outcome, outcome, skip_reason
from conformance.reporting.report import report
from conformance.reporting.sentence import last_line, verdict_sentence
from conformance.reporting.text import first_line, summary, violation_text
from conformance.verdicts.fold import Graded

__all__ = [
    "EMBEDDED",
    "OUTCOMES",
    "Facts",
    "Names",
    "Outcome",
    "ReportError",
    "bodies",
    "curl",
    "entry_text",
    "first_line",
    "junit",
    "last_line",
    "markdown",
    "outcome",
    "report",
    "skip_reason",
    "summary",
    "verdict_sentence",
    "violation_text",
    "write_reports",
]


class ReportError(Exception):
    """A report cannot be written; one sentence with the path and the reason."""


def write_reports(folder: Path, graded: Graded, facts: Facts) -> tuple[Path, ...]:
    """Write report.json, junit.xml, summary.md and the bodies that commands read; return their paths.

    The folder is made if it is missing. Raises ReportError.
    """
    content = {
        "report.json": (json.dumps(report(graded, facts), indent=1) + "\n").encode("ascii"),
        "junit.xml": junit(graded, facts),
        "summary.md": markdown(graded, facts).encode("utf-8"),
        **{f"{BODIES}/{name}": data for name, data in bodies(graded).items()},
    }
    return tuple(_written(folder / name, data) for name, data in content.items())


def _written(path: Path, data: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise ReportError(f"cannot write the report {path}: {error.strerror or error}") from None
    return path
