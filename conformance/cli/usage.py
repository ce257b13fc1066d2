"""What every command does about wrong usage."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

#: `Exit.USAGE`, where click would end with 2, which means interrupted. Spelt out here since loading the verdicts would
#: slow down every command.
WRONG_USAGE = 4


@contextmanager
def _ending_with_4() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        error.show()
        raise SystemExit(WRONG_USAGE) from None


class Group(click.Group):
    """Ends with 4 for every kind of wrong usage, its own and that of the commands below it, whoever found it."""

    def make_context(self, *words: Any, **more: Any) -> click.Context:
        with _ending_with_4():
            return super().make_context(*words, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with _ending_with_4():
            return super().invoke(ctx)
