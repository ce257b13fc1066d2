"""What was given as an option, in whatever way, in the kind of that option."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.settings.config_file import UsageError
from conformance.settings.options import Option


def from_text(option: Option, text: str) -> Any:
    """The value of an environment variable as an option would be given it."""
    if option.kind == "many":
        return [part.strip() for part in text.split(",") if part.strip()]
    return (
        {"1": True, "true": True, "0": False, "false": False, "": False}.get(text.lower(), text)
        if (option.kind == "flag")
        else text
    )


def converted(option: Option, value: Any, place: str) -> Any:
    """The value in the kind of its option, and one of its choices. Raises UsageError, which names the place."""
    try:
        found = _CONVERTERS[option.kind](value)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{place} takes {_KINDS[option.kind]}, not {value!r}") from None
    if option.choices and not set(found if option.kind == "many" else [found]) <= set(option.choices):
        raise UsageError(f"{place} takes one of {', '.join(option.choices)}, not {value!r}")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    if "\0" in value:
        raise ValueError
    return value


def _path(value: Any) -> Path:
    if isinstance(value, str) and not _text(value).strip():
        raise ValueError  # it would be the folder of the process
    return Path(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _many(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str | list | tuple):
        raise TypeError
    texts = [_text(item) for item in ([value] if isinstance(value, str) else value)]
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def _whole(value: Any) -> int:
    if isinstance(value, bool | float):
        raise TypeError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    if math.isinf(number := float(value)):
        raise ValueError
    return number


_CONVERTERS: Mapping[str, Any] = {
    "text": _text, "flag": _flag, "many": _many, "whole": _whole, "number": _number, "folder": _path, "file": _path,
}  # fmt: skip
_KINDS = {
    "text": "a text", "flag": "true or false", "many": "a list of texts", "whole": "a whole number",
    "number": "a number", "folder": "a folder", "file": "a file",
}  # fmt: skip
