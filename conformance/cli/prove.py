"""`conformance prove`."""

import json
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.options import PATH
from conformance.cli.runs import see_writable

if TYPE_CHECKING:
    from conformance.proof.record import Matrix
    from conformance.proof.trial import Outcome

_CHOICES: dict[str, Any] = {"multiple": True}


@click.command()
@click.option(
    "--profile", "profiles", multiple=True, type=click.Choice(["myrouter", "anthropic"]), help="only this one"
)
@click.option("--fault", "faults", metavar="GLOB", help="only faults whose id matches, and nothing legal", **_CHOICES)
@click.option("--variation", "variations", metavar="GLOB", help="only legal habits whose name matches", **_CHOICES)
@click.option("--requirement", "requirements", metavar="GLOB", help="only faults of such requirements", **_CHOICES)
@click.option("--reduced", is_flag=True, help="each fault in one profile, and some rows of many habits")
@click.option("--whole", is_flag=True, help="the whole suite against each fault, not only what its requirement needs")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="processes (default: two for each core)")
@click.option("--out", type=PATH, default=Path("reports/proof"), help="where the matrix is written")
@click.option("--field-reports", type=PATH, metavar="FILE", help="write the page of reports there")
def prove(out: Path, jobs: int | None, whole: bool, field_reports: Path | None, **chosen: Any) -> None:
    """Prove the harness on the reference endpoint: every fault is named by its requirement, no legal habit is blamed.

    Writes matrix.json and index.html. Ends with 1 when anything is left unproved.
    """
    from conformance.proof import pool
    from conformance.proof.record import lines, matrix_of
    from conformance.proof.subjects import PROFILES, Choice

    choice = Choice(**{**chosen, "profiles": chosen["profiles"] or PROFILES})
    subjects = choice.subjects()
    if not subjects:
        raise click.UsageError("nothing matches: see `conformance serve --list-faults` and `--list-variations`")
    see_writable(out)
    if field_reports is not None:
        see_writable(field_reports.parent, "--field-reports")
    began = time.monotonic()
    with click.progressbar(length=len(subjects), label=f"{len(subjects)} endpoints", file=sys.stderr) as bar:
        told = (lambda outcome: bar.update(1)) if sys.stderr.isatty() else _logged(len(subjects))
        outcomes = pool.prove(subjects, whole, jobs or pool.JOBS, told)
    matrix = matrix_of(outcomes, whole, choice.everything, choice.reduced)
    for line in lines(matrix, time.monotonic() - began):
        click.echo(line)
    _write(matrix, out, field_reports)
    sys.exit(_code(matrix))


def _logged(total: int) -> Callable[["Outcome"], None]:
    """What tells a log, which shows no bar, of every tenth of the way."""
    numbers, step = count(1), max(1, total // 10)

    def told(outcome: "Outcome") -> None:
        number = next(numbers)
        if number % step == 0:
            click.echo(f"{number} of {total}", err=True)

    return told


def _code(matrix: "Matrix") -> int:
    """0, 1 or 3, as a run ends when it conforms, when it does not, and when the harness fails."""
    if any(row.outcome.error for row in matrix.rows):
        return 3
    return 0 if matrix.holds else 1


def _write(matrix: "Matrix", out: Path, field_reports: Path | None) -> None:
    from conformance.proof.page import page
    from conformance.proof.record import record

    texts = {out / "matrix.json": json.dumps(record(matrix), indent=1) + "\n", out / "index.html": page(matrix)}
    if field_reports is not None:
        texts[field_reports] = _reports_page(matrix)
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.UsageError(f"cannot write {path}: {error.strerror or error}") from None
        click.echo(f"wrote {path}")


def _reports_page(matrix: "Matrix") -> str:
    from conformance import reference
    from conformance.proof.field_reports import load_field_reports, page
    from conformance.proof.record import states

    return page(load_field_reports(), reference.faults(), states(matrix))
