"""`conformance proxy`: sit between any client and an endpoint, and judge what passes."""

import signal
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
NAMES = ("profile", "model", "level", "capability", "without", "out", "ca-bundle", "max-requests", "max-seconds",
         "baseline", "history", "config")  # fmt: skip
#: What an option means here, where that is not what it means for a run.
HELP = {
    "model": "judge by what is known of this model (default: whatever the clients ask for)",
    "max-requests": "end after this many requests",
    "max-seconds": "end after this many seconds",
}


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for name in reversed(NAMES):
        option = BY_NAME[name]
        command = click_option(replace(option, help=HELP.get(name, option.help)))(command)
    return command


@click.command()
@click.argument("url", required=False)
@click.option("--target-url", "target", metavar="URL", help="the same as URL")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="the port to listen on at "
              "127.0.0.1 (default: a free one)")  # fmt: skip
@click.option("--quiet", is_flag=True, help="say nothing of single exchanges")
@_with_options
def proxy(url: str | None, target: str | None, port: int, quiet: bool, **options: Any) -> None:
    """Forward what clients send to the endpoint at URL, byte for byte, and judge every exchange as it ends.

    Clients bring their own keys, which are never kept. End it with Ctrl-C: then the usual reports are written, and the
    exit code is that of a run.
    """
    from conformance.reporting.clean import clean
    from conformance.session.target import Ungradable
    from conformance.settings.resolve import UsageError

    if url is not None and target is not None and url != target:
        raise click.UsageError("URL and --target-url name two targets; give one")
    given = {name: options.get(BY_NAME[name].dest) for name in NAMES} | {"target-url": target if url is None else url}
    try:
        sys.exit(_forwarded(given, port, quiet))
    except (UsageError, Ungradable) as error:
        click.echo(f"Error: {clean(str(error), 1000)}", err=True)
        sys.exit(WRONG_USAGE if isinstance(error, UsageError) else 6)


def _forwarded(given: dict[str, Any], port: int, quiet: bool) -> int:
    """Forward until the end, and print what came of it; the exit code."""
    from conformance.proxy.run import proxy as run
    from conformance.settings.resolve import resolve

    def say(text: str) -> None:
        click.echo(text, err=True)

    settings = resolve(given, Path.cwd())
    # Either way it ends in order; a shell that puts it into the background has SIGINT ignored.
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        done = run(settings, port, say, (lambda text: None) if quiet else say)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    click.echo(done.text)
    return int(done.closing.code)
