"""Reading contract files: YAML with refusals that name the file, the entry and the key."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Word = TypeVar("_Word", bound=StrEnum)


class ContractError(ValueError):
    """A contract file that contradicts itself or this package; the message is one sentence for its editor."""


def read_yaml(file: Path) -> Any:
    """Return the document in `file`; raise ContractError if it is missing or is no YAML."""
    try:
        return yaml.load(file.read_bytes(), Loader=_Loader)
    except FileNotFoundError:
        raise ContractError(f"{file} is missing.") from None
    except yaml.YAMLError as error:
        raise ContractError(f"{file} is not valid YAML: {' '.join(str(error).split())}.") from None


def frozen(mapping: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """A read-only view of a copy."""
    return MappingProxyType(dict(mapping))


class Entry:
    """One mapping of a contract file, read key by key; `where` names it in refusals."""

    __slots__ = ("data", "where")

    def __init__(self, data: Any, where: str) -> None:
        """Wrap `data`; raise ContractError unless it is a mapping."""
        self.where = where
        if not isinstance(data, Mapping):
            raise self.refusal("is not a mapping")
        self.data = data

    def refusal(self, what: str) -> ContractError:
        """A refusal of this entry, to be raised."""
        return ContractError(f"{self.where} {what}.")

    def only(self, known: Collection[str]) -> None:
        """Refuse keys outside `known`."""
        unknown = sorted(str(key) for key in self.data if key not in known)
        if unknown:
            raise self.refusal(f"has the unknown key {unknown[0]!r}")

    def value(self, key: str) -> Any:
        """The value of a key that must be there."""
        if key not in self.data:
            raise self.refusal(f"lacks the key {key!r}")
        return self.data[key]

    def text(self, key: str) -> str:
        """A non-empty string."""
        value = self.value(key)
        if not isinstance(value, str) or not value:
            raise self.refusal(f"needs a non-empty string as {key!r}")
        return value

    def optional_text(self, key: str) -> str | None:
        """A non-empty string, or None where the key is absent or null."""
        return None if self.data.get(key) is None else self.text(key)

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of distinct strings; `default` stands in for an absent key."""
        if default is not None and key not in self.data:
            return default
        value = self.value(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.refusal(f"needs a list of strings as {key!r}")
        if len(set(value)) != len(value):
            raise self.refusal(f"repeats a word in {key!r}")
        return tuple(value)

    def numbers(self, key: str) -> tuple[int, ...]:
        """A list of integers."""
        value = self.value(key)
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise self.refusal(f"needs a list of integers as {key!r}")
        return tuple(value)

    def word(self, key: str, words: type[_Word]) -> _Word:
        """A member of an enumeration."""
        return self.member(self.text(key), words, key)

    def member(self, word: Any, words: type[_Word], what: str) -> _Word:
        """`word` as a member of `words`; `what` says what kind of word it is."""
        try:
            return words(word)
        except ValueError:
            raise self.refusal(f"has the unknown {what} {word!r}") from None

    def entry(self, key: str) -> "Entry":
        """A mapping under a key."""
        return Entry(self.value(key), f"{self.where.rstrip(',')}, {key!r},")
