"""`conformance load`: many conversations at once, more and more of them."""

import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from conformance.cli.options import click_option
from conformance.cli.usage import WRONG_USAGE
from conformance.settings.options import BY_NAME

#: The options of a run that matter here.
NAMES = ("profile", "api-version", "model", "level", "capability", "without", "api-key-env", "credential", "no-auth",
         "out", "ca-bundle", "timeout", "max-output-tokens", "config")  # fmt: skip
#: What an option means here, where that is not what it means for a run.
HELP = {"max-output-tokens": "send nothing more that could cost more output tokens; every worker has its part"}
MISSING = "conformance load needs Locust; install it with: pip install 'messages-conformance[load]'"


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for name in reversed(NAMES):
        option = BY_NAME[name]
        command = click_option(replace(option, help=HELP.get(name, option.help)))(command)
    return command


@click.command()
@click.argument("url", required=False)
@click.option("--users", default=8, metavar="N", help="users at once in the end (default: 8)")
@click.option("--step", default=0, metavar="N", help="users more on each rung (default: a quarter of all)")
@click.option("--spawn-rate", default=10.0, metavar="R", help="users begun in a second (default: 10)")
@click.option("--requests", default=200, metavar="N", help="requests of all users together at most (default: 200)")
@click.option("--seconds", default=60.0, metavar="S", help="begin nothing after this time (default: 60)")
@click.option("--workers", default=1, metavar="N", help="processes that send, under one master (default: 1)")
@_with_options
def load(
    url: str | None,
    users: int,
    step: int,
    spawn_rate: float,
    requests: int,
    seconds: float,
    workers: int,
    **options: Any,
) -> None:
    """Have more and more conversations at once with the endpoint at URL, and judge every exchange of them.

    Without URL they are had with the embedded reference endpoint.
    """
    if find_spec("locust") is None:
        raise click.UsageError(MISSING)
    from conformance.load.orders import Ladder
    from conformance.reporting.clean import clean
    from conformance.session.target import Ungradable
    from conformance.settings.resolve import UsageError

    given = {name: options.get(BY_NAME[name].dest) for name in NAMES} | {"target-url": url}
    try:
        sys.exit(_loaded(given, Ladder(users, step, spawn_rate, requests, seconds, workers)))
    except (UsageError, Ungradable) as error:
        click.echo(f"Error: {clean(str(error), 1000)}", err=True)
        sys.exit(WRONG_USAGE if isinstance(error, UsageError) else 6)


def _loaded(given: dict[str, Any], ladder: Any) -> int:
    """Run it and print what came of it; the exit code."""
    from conformance.load.run import load as run
    from conformance.settings.resolve import resolve

    settings = resolve(given, Path.cwd())
    done = run(settings, ladder, lambda text: click.echo(text, err=True))
    click.echo(done.text)
    return int(done.closing.code)
