"""`conformance history`: what changed from run to run, from the file that `--history` keeps."""

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.options import PATH
from conformance.cli.runs import Refused

if TYPE_CHECKING:
    from conformance.gate.nights import Series


@click.command()
@click.argument("file", type=PATH)
@click.option("--target", metavar="GLOB", default="*", help="only targets whose address matches this pattern")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True,
              help="html is one page with latencies as a plot")  # fmt: skip
@click.option("--out", metavar="FILE", type=PATH, help="write there instead of printing")
def history(file: Path, target: str, form: str, out: Path | None) -> None:
    """Say what changed since the last run of each target and profile, since when each violation exists, and how quick
    the answers were. FILE is what `conformance run --history FILE` keeps."""
    from conformance.gate.nights import series
    from conformance.gate.store import HistoryError, read_history
    from conformance.reporting import ReportError, write_file

    try:
        nights = [night for night in read_history(file) if fnmatchcase(night.target, target)]
    except HistoryError as error:
        raise Refused(str(error)) from None
    if not nights:
        raise Refused(f"{file} holds no run of a target that matches {target!r}; '*' matches every one")
    text = FORMS[form](series(nights))
    if out is None:
        click.echo(text)
        return
    try:
        path = write_file(out, f"{text}\n".encode())
    except ReportError as error:
        raise Refused(str(error)) from None
    click.echo(f"wrote {path}")


def _text(found: "tuple[Series, ...]") -> str:
    from conformance.gate.history_text import history_text

    return history_text(found)


def _json(found: "tuple[Series, ...]") -> str:
    from conformance.gate.history_text import history_object

    return json.dumps(history_object(found), indent=1)


def _html(found: "tuple[Series, ...]") -> str:
    from conformance.gate.history_page import history_page

    return history_page(found).rstrip("\n")


FORMS: "Mapping[str, Callable[[tuple[Series, ...]], str]]" = {"text": _text, "json": _json, "html": _html}
