"""What every command does about wrong usage, and commands that are loaded when they are asked for."""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

#: `Exit.USAGE`, where click would end with 2, and `Exit.INTERRUPTED`, where it would end with 1, which means a
#: violation. Spelt out here since loading the verdicts would slow down every command.
WRONG_USAGE, INTERRUPTED = 4, 2


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
    except click.UsageError as error:
        error.show()
        raise SystemExit(WRONG_USAGE) from None
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        raise SystemExit(INTERRUPTED) from None


class Group(click.Group):
    """Ends with 4 for every kind of wrong usage, its own and that of the commands below it, whoever found it, and with
    2 where it is interrupted, by Ctrl-C or SIGTERM.

    `rows` names commands that are not loaded yet: by the name of each the module that holds it, under that name or the
    one behind a colon, and what it is for in a few words. Only the command that is asked for is loaded; what all of
    them are for is told from the table.
    """

    def __init__(self, *words: Any, rows: Mapping[str, tuple[str, str]] | None = None, **more: Any) -> None:
        super().__init__(*words, **more)
        self.rows = dict(rows or {})

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
        with _ending_as_told():
            return super().invoke(ctx)
