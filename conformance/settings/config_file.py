"""The configuration file: the table of our options in it, or one sentence about what is wrong with it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.contract.written import text_of
from conformance.settings.options import OPTIONS
from conformance.settings.withheld import withheld

TABLES = ("limits", "headers")  #: what a configuration holds besides options
LARGEST = 1_000_000  #: bytes of a configuration file
LONGEST = 1000  #: characters of a sentence that repeats what somebody wrote; the remedy at its end is kept


class UsageError(Exception):
    """Wrong usage: one sentence with the remedy; ends with exit code 4. It holds no credential of this process, and is
    cut after those are taken out."""

    def __init__(self, sentence: str) -> None:
        text = withheld(sentence)
        super().__init__(text if len(text) <= LONGEST else f"{text[: LONGEST - 250]}…{text[-249:]}")


def read_config(path: str | None, folder: Path) -> dict[str, Any]:
    """The configuration table; empty when there is no file. Raises UsageError for a broken or unknown one."""
    if path is not None:
        table = _toml(Path(path))
        return _known(_ours(table, table), path)
    if (folder / "conformance.toml").is_file():
        return _known(_toml(folder / "conformance.toml"), "conformance.toml")
    if (folder / "pyproject.toml").is_file():
        return _known(_ours(_toml(folder / "pyproject.toml"), {}), "[tool.conformance] in pyproject.toml")
    return {}


def _ours(table: Mapping[str, Any], other: Mapping[str, Any]) -> Any:
    """The table `tool.conformance` of a file, or the other one where there is none."""
    tool = table.get("tool", {})
    return tool.get("conformance", other) if isinstance(tool, dict) else other


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text_of(path, LARGEST))
    except OSError as error:
        raise UsageError(f"cannot read the configuration file {path}: {error.strerror}") from None
    except ValueError as error:  # no UTF-8, no TOML, or a number of thousands of digits
        raise UsageError(f"{path} is not valid TOML: {error}") from None
    except RecursionError:
        raise UsageError(f"{path} is not valid TOML: it is nested too deeply") from None


def _known(table: Any, place: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise UsageError(f"{place} must be a table of options")
    names = {option.name for option in OPTIONS} | set(TABLES)
    for key in table:
        if key not in names:
            raise UsageError(f"unknown option {key!r} in {place}; see `conformance run --help`")
    return table
