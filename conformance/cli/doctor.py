"""`conformance doctor`: a few requests, what they showed, and the configuration that follows."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from conformance.cli.options import click_option
from conformance.cli.usage import WRONG_USAGE
from conformance.settings.options import BY_NAME

#: The options of a run that matter here.
NAMES = (
    "profile", "api-version", "model", "api-key-env", "credential", "no-auth", "ca-bundle", "timeout", "out", "config",
)  # fmt: skip
#: What an option means here, where that is not what it means for a run.
HELP = {"out": "keep the journal in this folder (default: it is removed)"}


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for name in reversed(NAMES):
        option = BY_NAME[name]
        command = click_option(replace(option, help=HELP.get(name, option.help)))(command)
    return command


@click.command()
@click.argument("url", required=False)
@_with_options
@click.option("--write", "file", metavar="FILE", help="write the proposed configuration into this new file")
def doctor(url: str | None, file: str | None, **options: Any) -> None:
    """Ask the endpoint at URL with a few requests what it offers, and propose a configuration for it.

    Without URL it asks the target of the configuration file, or else the embedded reference endpoint.
    """
    from conformance.reporting.clean import clean
    from conformance.session.doctor import AskingFailed
    from conformance.session.target import Ungradable
    from conformance.settings.resolve import UsageError

    given = {name: options.get(BY_NAME[name].dest) for name in NAMES} | {"target-url": url}
    codes: dict[type[BaseException], int] = {UsageError: WRONG_USAGE, AskingFailed: 3, KeyboardInterrupt: 2}
    try:
        sys.exit(_diagnose(given, file))
    except (UsageError, Ungradable, AskingFailed, KeyboardInterrupt) as error:
        click.echo(f"Error: {clean(str(error), 1000) or 'interrupted'}", err=True)
        sys.exit(next((code for kind, code in codes.items() if isinstance(error, kind)), 6))


def _diagnose(given: dict[str, Any], file: str | None) -> int:
    """Ask, write and print; the exit code."""
    from conformance.reporting.diagnosis import diagnosis_text, toml
    from conformance.session.doctor import diagnose
    from conformance.settings.resolve import resolve

    if file is not None:
        _check_new(Path(file))
    settings = resolve(given, Path.cwd())
    diagnosis = diagnose(settings)
    written = file if diagnosis.complete else None
    if written is not None:
        _write(Path(written), toml(diagnosis.proposal))
    click.echo(diagnosis_text(diagnosis, written))
    if settings.out is not None:
        click.echo(f"The journal is in {settings.out}.")
    return 0 if diagnosis.complete else 6


def _check_new(file: Path) -> None:
    """Refuse before anything is sent what could not be written afterwards."""
    from conformance.settings.resolve import UsageError

    if file.exists() or file.is_symlink():
        raise UsageError(f"--write {file} exists already; name a new file, or remove that one")
    if not file.parent.is_dir():
        raise UsageError(f"--write {file} lies in a folder that does not exist; make it first")


def _write(file: Path, text: str) -> None:
    from conformance.settings.resolve import UsageError

    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as new:
            new.write(text)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the text has no UTF-8"
        raise UsageError(f"--write cannot write {file}: {reason}") from None
