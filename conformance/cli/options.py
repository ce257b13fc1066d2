"""The options of the table as click takes them, and paths."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from conformance.settings.options import Option


class Name(click.Path):
    """The path of a file or a folder. An empty one is refused: it would be the folder of the process."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path that was written."""
        if not str(value).strip():
            self.fail("it is empty; name a file or a folder", param, ctx)
        return super().convert(value, param, ctx)


class Seconds(click.FloatRange):
    """A number of seconds, not less than none and not more than a day."""

    name = "seconds"

    def __init__(self) -> None:
        super().__init__(0, 86_400)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number that was written; nan is none."""
        number = super().convert(value, param, ctx)
        return number if number == number else self.fail(f"{value!r} is no number of seconds", param, ctx)


PATH = Name(path_type=Path)
_TYPES: dict[str, Any] = {"whole": int, "number": float}


def click_option(option: Option) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The decorator that gives a command this option, under its plain name."""
    words: dict[str, Any] = {"default": None, "help": option.help, "metavar": option.metavar or None}
    if option.kind == "flag":
        words = {"is_flag": True, "default": False, "help": option.help}
    elif option.choices and option.kind != "many":  # a list may come with commas; `resolve` looks at its parts
        words |= {"type": click.Choice(option.choices), "metavar": None}
    else:
        words |= {"type": _TYPES.get(option.kind, str), "multiple": option.kind == "many"}
    return click.option(f"--{option.name}", option.dest, **words)
