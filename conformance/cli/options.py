"""The options of the table as click takes them."""

from collections.abc import Callable
from typing import Any

import click

from conformance.settings.options import Option

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
