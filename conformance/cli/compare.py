"""`conformance compare`: runs beside each other, requirement by requirement."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.options import PATH
from conformance.cli.runs import JOURNAL, Refused

if TYPE_CHECKING:
    from conformance.comparison import Column, Comparison

REPORT = "report.json"
STEM = "comparison"


@click.command()
@click.argument("runs", nargs=-1, type=PATH, metavar="RUN RUN…")
@click.option("--label", "labels", multiple=True, metavar="NAME",
              help="what to call a run, once for each in their order (default: target and time)")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["md", "json", "html"]), help="print it as this (default: md)")
@click.option("--out", metavar="DIR", type=PATH, help=f"write {STEM}.md, .json and .html there")
@click.option("--fail-on-difference", is_flag=True, help="end with 1 where the runs differ about a requirement")
def compare(
    runs: tuple[Path, ...], labels: tuple[str, ...], form: str | None, out: Path | None, fail_on_difference: bool
) -> None:
    """Set runs beside each other. RUN is the folder of a run, its journal, or a report.json.

    A journal is graded with the rules of this version; a report is taken as it says. Ends with 0 whatever the
    differences are, unless --fail-on-difference is given.
    """
    from conformance.comparison import FORMS
    from conformance.comparison import compare as compared

    if len(runs) < 2:
        raise click.UsageError("give at least two runs to compare")
    if labels and len(labels) != len(runs):
        raise click.UsageError(f"{len(labels)} labels for {len(runs)} runs: give one for each, in their order")
    if form and out:
        raise click.UsageError("--out writes every format: leave out --format")
    found = compared(_columns(runs, labels))
    if out is None:
        click.echo(FORMS[form or "md"](found).decode(), nl=False)
    else:
        _write(found, out)
    sys.exit(1 if fail_on_difference and found.differing else 0)


def _columns(runs: tuple[Path, ...], labels: tuple[str, ...]) -> "tuple[Column, ...]":
    from conformance.comparison import named

    names = labels or ("",) * len(runs)
    return named([_column(path, name) for path, name in zip(runs, names, strict=True)])


def _write(found: "Comparison", out: Path) -> None:
    from conformance.comparison import FORMS
    from conformance.reporting import ReportError, write_file

    try:
        for form, made in FORMS.items():
            click.echo(f"wrote {write_file(out / f'{STEM}.{form}', made(found))}")
    except ReportError as error:
        raise Refused(str(error)) from None
    click.echo(found.sentence)


def _column(path: Path, name: str) -> "Column":
    from conformance.comparison import Source, column

    file = _file(path)
    report = _report_in(file)
    if report is not None:
        return column(report, Source.REPORT, name)
    return column(_graded(file), Source.JOURNAL, name)


def _file(path: Path) -> Path:
    """The journal in a folder, its report where there is no journal, or the file that was named."""
    if not path.is_dir():
        return path
    found = next((path / name for name in (JOURNAL, REPORT) if (path / name).is_file()), None)
    if found is None:
        raise Refused(f"{path} holds neither {JOURNAL} nor {REPORT}: name the folder of a run")
    return found


def _report_in(file: Path) -> dict[str, Any] | None:
    """The report in a file, None where it is something else. Raises Refused for a report that this version cannot
    read."""
    from conformance.comparison.reading import NotAReport, report_in

    try:
        return report_in(file.read_bytes())
    except OSError as error:
        raise Refused(f"cannot read {file}: {error.strerror or error}") from None
    except NotAReport as error:
        raise Refused(f"{file} {error}; compare the journal of that run instead") from None


def _graded(file: Path) -> dict[str, Any]:
    """The report that a journal gives under the rules of this version."""
    from conformance.contract import Level
    from conformance.evidence.follow import read_run
    from conformance.evidence.journal import JournalError
    from conformance.reporting import report
    from conformance.session.closing import settle

    try:
        follower = read_run(file)
        closing = settle(follower, Level(follower.header["level"]), None)
    except JournalError as error:
        raise Refused(str(error)) from None
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Refused(f"{file} is of another version of the harness or damaged; run again") from None
    return report(closing.graded, closing.facts)
