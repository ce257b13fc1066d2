"""What every command does about wrong usage, and commands that are loaded when they are asked for."""

import io
import signal
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from conformance.cli.streams import outlast, output_lost

#: `Exit.USAGE`, where click would end with 2, and `Exit.INTERRUPTED` and `Exit.HARNESS_ERROR`, where it or Python would
#: end with 1, which means a violation. Spelt out here since loading the verdicts would slow down every command.
WRONG_USAGE, INTERRUPTED, HARNESS_ERROR = 4, 2, 3
LONGEST = 2000  #: characters of one line of what is told of wrong usage


@contextmanager
def _terminating_in_order() -> Iterator[None]:
    """SIGTERM does meanwhile what Ctrl-C does, unless somebody has seen to it already, or the process is deaf to it."""
    plain = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    ours = plain and threading.current_thread() is threading.main_thread()
    if ours:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _ending_as_told() -> Iterator[None]:
    try:
        with _terminating_in_order():
            yield
    except click.ClickException as error:
        click.echo(_shown(error), err=True, nl=False)
        raise SystemExit(WRONG_USAGE if isinstance(error, click.UsageError) else error.exit_code) from None
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        raise SystemExit(INTERRUPTED) from None
    except (click.Abort, click.exceptions.Exit):
        raise
    except Exception as error:
        from conformance.rules.guard import CRASHED, raised

        click.echo(f"Error: {CRASHED}{raised(error)}", err=True)
        raise SystemExit(HARNESS_ERROR) from None


def _shown(error: click.ClickException) -> str:
    """What click would print, which repeats what was given: without credentials, and nothing in it acts."""
    from conformance.reporting.clean import clean
    from conformance.settings.withheld import withheld

    told = io.StringIO()
    error.show(told)
    return "\n".join(clean(line, LONGEST) for line in withheld(told.getvalue()).split("\n"))


class Group(click.Group):
    """Ends with 4 for every kind of wrong usage, its own and that of the commands below it, whoever found it, and with
    2 where it is interrupted, by Ctrl-C or SIGTERM. An error of ours ends it with 3, and so does output that could not
    be written where a command is there to print: one of `printing`, None for the group itself.

    `rows` names commands that are not loaded yet: by the name of each the module that holds it, under that name or the
    one behind a colon, and what it is for in a few words. Only the command that is asked for is loaded; what all of
    them are for is told from the table.
    """

    def __init__(
        self,
        *words: Any,
        rows: Mapping[str, tuple[str, str]] | None = None,
        printing: Collection[str | None] = (),
        **more: Any,
    ) -> None:
        super().__init__(*words, **more)
        self.rows, self.printing = dict(rows or {}), printing
        self._asked: str | None = None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, in the order of the table."""
        return [*self.rows, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, loaded now; None for an unknown name."""
        if cmd_name not in self.rows:
            return super().get_command(ctx, cmd_name)
        module, _, name = self.rows[cmd_name][0].partition(":")
        found: click.Command = getattr(import_module(module), name or cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table as the help shows it; nothing is loaded for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in self.rows.items()])

    def make_context(self, *words: Any, **more: Any) -> click.Context:
        with _ending_as_told():
            return super().make_context(*words, **more)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _ending_as_told():
                return super().invoke(ctx)
        finally:
            self._asked = ctx.invoked_subcommand

    def main(self, *words: Any, **more: Any) -> Any:
        """The command as it is called from a shell."""
        outlast()
        try:
            return super().main(*words, **more)
        except SystemExit as end:
            if not end.code and self._asked in self.printing and (lost := output_lost()):
                click.echo(f"Error: cannot write the output: {lost}", err=True)
                raise SystemExit(HARNESS_ERROR) from None
            raise
