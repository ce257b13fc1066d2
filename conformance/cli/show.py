"""`conformance requirements`: the catalogue, what tests each entry, and what runs said of it."""

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.options import PATH
from conformance.cli.runs import JOURNAL as JOURNAL
from conformance.cli.runs import Refused as Refused
from conformance.cli.runs import graded_run

if TYPE_CHECKING:
    from conformance.contract import Requirement
    from conformance.verdicts.graded import Graded


@click.command()
@click.argument("pattern", default="*")
@click.option("--profile", type=click.Choice(["myrouter", "anthropic"]), help="whose levels (JSON default: myrouter)")
@click.option("--format", "form", type=click.Choice(["table", "json", "md"]), help="json and md say what tests each")
@click.option("--run", "runs", multiple=True, metavar="RUN", type=PATH,
              help="the folder or journal of a run, to say what came of each; one for each profile")  # fmt: skip
@click.option("--out", metavar="FILE", type=PATH, help="write there instead of printing")
@click.option("--check", metavar="FILE", type=PATH, help="say whether FILE is up to date")
def requirements(
    pattern: str, profile: str | None, form: str | None, runs: tuple[Path, ...], out: Path | None, check: Path | None
) -> None:
    """Print the requirements whose id matches PATTERN, such as STRM-014 or 'REQ-*': one in full, many a line each."""
    from conformance.contract import load_catalogue

    found = load_catalogue().select([pattern])
    if not found:
        raise click.UsageError(f"no requirement matches {pattern!r}; the ids look like STRM-014")
    if out and check:
        raise click.UsageError("--check compares and --out writes: give one of them")
    graded = _graded(runs)
    full = len(found) == 1 and form is None and not runs
    text = _entry(found[0]) if full else FORMS[form or "table"](found, profile, graded)
    if check:
        _compare(text, check, _command(pattern, profile, form, runs, check))
    elif out:
        _write(out, text)
    else:
        click.echo(text, nl=False)


def _entry(requirement: "Requirement") -> str:
    from conformance.reporting import entry_text

    return f"{entry_text(requirement)}\n"


def _table(found: "tuple[Requirement, ...]", profile: str | None, graded: "Mapping[str, Graded]") -> str:
    from conformance.contract import load_catalogue, load_profiles
    from conformance.reporting.traceability import traces, traces_table

    rows = traces(load_catalogue(), found, {}, graded)
    return f"{traces_table(rows, [profile] if profile else load_profiles())}\n"


def _json(found: "tuple[Requirement, ...]", profile: str | None, graded: "Mapping[str, Graded]") -> str:
    from conformance.contract import load_catalogue
    from conformance.reporting.traceability import traces, traces_object
    from conformance.suite_index import suite_index

    name, catalogue = profile or "myrouter", load_catalogue()
    rows = traces(catalogue, found, suite_index(name), graded)
    return f"{json.dumps(traces_object(catalogue, name, rows), indent=1, ensure_ascii=False)}\n"


def _md(found: "tuple[Requirement, ...]", profile: str | None, graded: "Mapping[str, Graded]") -> str:
    from conformance.contract import load_catalogue, load_profiles
    from conformance.reporting.requirements_page import requirements_page
    from conformance.reporting.traceability import traces
    from conformance.suite_index import joined, suite_index

    names, catalogue = [profile] if profile else list(load_profiles()), load_catalogue()
    rows = traces(catalogue, found, joined(suite_index(name) for name in names), graded)
    return requirements_page(catalogue, rows, names)


FORMS: "Mapping[str, Callable[[tuple[Requirement, ...], str | None, Mapping[str, Graded]], str]]" = {
    "table": _table, "json": _json, "md": _md,
}  # fmt: skip


def _graded(runs: Iterable[Path]) -> "Mapping[str, Graded]":
    """The runs, graded, by profile in the order of profiles. Refused when one cannot be read or two are of one."""
    from conformance.contract import load_profiles

    found: dict[str, Graded] = {}
    for path in runs:
        graded = graded_run(path)
        name = graded.run.terms.profile.name
        if name in found:
            raise Refused(f"two of the runs are of the profile {name}, {path} and another: give one for each profile")
        found[name] = graded
    return {name: found[name] for name in load_profiles() if name in found}


def _command(pattern: str, profile: str | None, form: str | None, runs: tuple[Path, ...], file: Path) -> str:
    """The command that writes the file anew."""
    words = ["conformance", "requirements", *([] if pattern == "*" else [pattern])]
    words += [
        word for name, value in (("profile", profile), ("format", form)) if value for word in (f"--{name}", value)
    ]
    words += [word for run in runs for word in ("--run", str(run))]
    return shlex.join([*words, "--out", str(file)])


def _compare(text: str, file: Path, command: str) -> None:
    """Exit with 1 and the first difference when the file says something else."""
    try:
        kept = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Refused(f"cannot read {file}: {reason}") from None
    if kept == text:
        click.echo(f"{file} is up to date")
        return
    raise click.ClickException(f"{file} is out of date: {_difference(kept, text)}; write it anew with `{command}`")


def _difference(kept: str, text: str) -> str:
    old, new = kept.split("\n"), text.split("\n")
    shortest = min(len(old), len(new))
    number = next((n for n in range(shortest) if old[n] != new[n]), shortest)
    told = [_shown(lines[number]) if number < len(lines) else "the end" for lines in (old, new)]
    return f"line {number + 1} is {told[0]} and would be {told[1]}"


def _shown(line: str, most: int = 120) -> str:
    return repr(line if len(line) <= most else f"{line[:most]}…")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise Refused(f"cannot write {file}: {error.strerror}") from None
    click.echo(f"wrote {file}")
