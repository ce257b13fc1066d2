"""The file of prices: what a million tokens of a model cost. Schema: `schemas/json/prices.json`."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from conformance.contract.documents import json_schema
from conformance.contract.written import parsed, text_of
from conformance.evidence.spent import Price
from conformance.settings.resolve import UsageError

FORM = "write `currency: USD` and `models: {NAME: {input: 3, output: 15}}`, prices for a million tokens"


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by pattern, in the order of the file."""

    file: Path
    models: tuple[tuple[str, Price], ...]

    def has(self, model: str) -> bool:
        """Whether any pattern matches a model."""
        return any(fnmatchcase(model, pattern) for pattern, _ in self.models)

    def of(self, model: str) -> Price:
        """The price of a model: the first pattern that matches. Raises UsageError."""
        found = next((price for pattern, price in self.models if fnmatchcase(model, pattern)), None)
        if found is None:
            raise UsageError(f"--prices {self.file} has no price for the model {model!r}; add it, or a pattern")
        return found


def read_prices(file: Path | None) -> Prices | None:
    """The prices in a file, None without one. Raises UsageError."""
    if file is None:
        return None
    data = _data(file)
    problem = next(_problems(data), "")
    if problem:
        raise UsageError(f"--prices {file}: {problem}; {FORM}")
    return Prices(file, tuple((name, Price(data["currency"], **row)) for name, row in data["models"].items()))


def _data(file: Path) -> Any:
    try:
        return parsed(text_of(file))
    except OSError as error:
        raise UsageError(f"cannot read --prices {file}: {error.strerror}; name a YAML or JSON file") from None
    except ValueError:
        raise UsageError(f"--prices {file} is neither YAML nor JSON; {FORM}") from None


def _problems(data: Any) -> Iterator[str]:
    """What keeps a document from being one of prices."""
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data.get("models") or {}):
        yield "it maps no names to prices"
    for error in Draft202012Validator(json_schema("prices")).iter_errors(data):
        place = " ".join(map(str, error.absolute_path))
        yield f"{place or 'the file'} is not in the form of a price file"
    numbers = (n for row in data["models"].values() for n in row.values())
    if not all(math.isfinite(number) for number in numbers):
        yield "a price is no finite number"
