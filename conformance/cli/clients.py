"""`conformance clients`: real clients against an endpoint, each in an environment of its own."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from conformance.cli.options import PATH, click_option
from conformance.cli.usage import WRONG_USAGE
from conformance.settings.options import BY_NAME

#: The options of a run that matter here.
NAMES = ("profile", "api-version", "model", "level", "capability", "without", "api-key-env", "no-auth", "out",
         "ca-bundle", "timeout", "config")  # fmt: skip
UNREACHABLE = 6


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for name in reversed(NAMES):
        command = click_option(BY_NAME[name])(command)
    return command


@click.command()
@click.argument("url", required=False)
@click.option("--client", "names", multiple=True, metavar="NAME", help="only this one; repeatable")
@click.option("--scenario", "scenarios", multiple=True, metavar="NAME", help="only this one; repeatable")
@click.option("--install", is_flag=True, help="make the environments of the clients, and send nothing")
@click.option("--cache", type=PATH, metavar="DIR", help="where the environments are (default: in "
              "the user's cache folder)")  # fmt: skip
@click.option("--fault", "faults", multiple=True, metavar="ID", help="a breach of the embedded endpoint; repeatable")
@click.option("--seconds", default=120.0, metavar="S", help="end a scenario after this time (default: 120)")
@click.option("--describe", "folder", type=PATH, metavar="DIR", help="clients and scenarios of "
              "your own, in place of ours")  # fmt: skip
@_with_options
def clients(
    url: str | None,
    names: tuple[str, ...],
    scenarios: tuple[str, ...],
    install: bool,
    cache: Path | None,
    faults: tuple[str, ...],
    seconds: float,
    folder: Path | None,
    **options: Any,
) -> None:
    """Let real clients talk to the endpoint at URL, and say which of them work, and what breaks the others.

    Without URL they talk to the embedded reference endpoint. A client that is missing is installed first, from the
    registry that pip or npm is set up for; nothing else but the target is contacted.
    """
    from conformance.clients.checks import Choice
    from conformance.clients.checks import install as make
    from conformance.clients.data import FOLDER
    from conformance.clients.environments import default_cache
    from conformance.reporting.clean import clean
    from conformance.session.target import Ungradable
    from conformance.settings.resolve import UsageError

    given = {name: options.get(BY_NAME[name].dest) for name in NAMES} | {"target-url": url}
    try:
        if not seconds > 0:
            raise UsageError(f"--seconds must be more than 0, not {seconds:g}")
        choice = Choice((cache or default_cache()).absolute(), names, scenarios, seconds, folder or FOLDER)
        done = make(choice, _say) if install else _checked(given, choice, faults)
    except (UsageError, Ungradable) as error:
        click.echo(f"Error: {clean(str(error), 1000)}", err=True)
        sys.exit(WRONG_USAGE if isinstance(error, UsageError) else UNREACHABLE)
    click.echo(done.text)
    sys.exit(int(done.code))


def _checked(given: dict[str, Any], choice: Any, faults: tuple[str, ...]) -> Any:
    from conformance.clients.checks import check
    from conformance.settings.resolve import resolve

    return check(resolve(given, Path.cwd()), choice, _say, faults=faults)


def _say(text: str) -> None:
    click.echo(text, err=True)
