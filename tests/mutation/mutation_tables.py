"""Operators over tables: from any constant of a module, the constants that differ from it in one place."""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import FunctionType, MappingProxyType
from typing import Any, Final

from mutation_operators import WORD

#: (where in the table, what was done, the whole table anew)
Variant = tuple[str, str, Any]

NOTHING: Final[Sequence[Any]] = ()


def silent(*_: Any, **__: Any) -> tuple[()]:
    """Stands in for a rule or a kind of expectation that is switched off."""
    return ()


def variants(value: Any, peers: Sequence[Any] = NOTHING) -> Iterator[Variant]:
    """Every value that differs in one place. `peers` are what stands in the same place of the other rows."""
    if isinstance(value, Mapping):
        yield from _of_mapping(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from _of_row(value, peers)
    elif isinstance(value, (set, frozenset)):
        yield from (("", f"drop {shown(one)}", type(value)(value - {one})) for one in sorted(value, key=shown))
        yield from _neighbours(value, peers)
    elif isinstance(value, (tuple, list)):
        yield from _of_sequence(value, peers)
    else:
        yield from _of_scalar(value, peers)


def _of_mapping(table: Mapping[Any, Any]) -> Iterator[Variant]:
    rebuilt = MappingProxyType if isinstance(table, MappingProxyType) else dict
    for key, value in table.items():
        row = f"[{shown(key)}]"
        yield row, "drop", rebuilt({other: kept for other, kept in table.items() if other != key})
        others = [kept for other, kept in table.items() if other != key]
        for place, done, new in variants(value, others):
            yield row + place, done, rebuilt({**table, key: new})


def _of_row(row: Any, peers: Sequence[Any]) -> Iterator[Variant]:
    alike = [peer for peer in peers if type(peer) is type(row)]
    for field in dataclasses.fields(row):
        if field.name == "lowered" and not getattr(row, "breaks", ""):
            continue  # a level says something only beside what is broken
        others = [getattr(peer, field.name) for peer in alike]
        for place, done, new in variants(getattr(row, field.name), others):
            yield f".{field.name}{place}", done, dataclasses.replace(row, **{field.name: new})


def _of_sequence(row: Sequence[Any], peers: Sequence[Any]) -> Iterator[Variant]:
    rebuilt = list if isinstance(row, list) else tuple
    for number, value in enumerate(row):
        name = f"[{shown(value)}]"
        yield name, "drop", rebuilt([*row[:number], *row[number + 1 :]])
        if not isinstance(value, str):
            others = [*row[:number], *row[number + 1 :]]
            for place, done, new in variants(value, others):
                yield name + place, done, rebuilt([*row[:number], new, *row[number + 1 :]])


def _of_scalar(value: Any, peers: Sequence[Any]) -> Iterator[Variant]:
    if isinstance(value, Enum):
        yield from (("", f"{shown(value)} -> {shown(other)}", other) for other in type(value) if other is not value)
    elif isinstance(value, bool):
        yield "", f"-> {not value}", not value
    elif isinstance(value, int):
        yield from (("", f"{value} -> {value + step}", value + step) for step in (1, -1))
    elif isinstance(value, re.Pattern):
        yield from _of_pattern(value)
    elif isinstance(value, str) and (not value or WORD.fullmatch(value)):
        yield from [("", f"blank {value}", "")] if value else []
        yield from _neighbours(value, peers)
    elif isinstance(value, FunctionType):
        yield "", "silence", silent


def _neighbours(value: Any, peers: Sequence[Any]) -> Iterator[Variant]:
    """The nearest other value that a field of this kind has in the table."""
    other = next((peer for peer in peers if type(peer) is type(value) and peer and peer != value), None)
    if other is not None:
        yield "", f"{shown(value)} -> neighbour's {shown(other)}", other


def _of_pattern(pattern: re.Pattern[Any]) -> Iterator[Variant]:
    """The pattern without one of its alternatives, outside and inside of groups."""
    text = pattern.pattern
    if isinstance(text, str):
        for begin, end, cut in _alternatives(text):
            yield f"/{text[begin:end]}/", "drop", re.compile(text[: cut[0]] + text[cut[1] :], pattern.flags)


def _alternatives(text: str) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """(begin, end, what to cut) of each alternative of a regular expression that has others beside it."""
    for group in _groups(text):
        for number, (begin, end) in enumerate(group if len(group) > 1 else []):
            yield begin, end, (begin, end + 1) if number == 0 else (begin - 1, end)


def _groups(text: str) -> list[list[tuple[int, int]]]:
    done, open_groups = [], [[0]]  # of each open group the places where its alternatives begin
    places = (match for match in re.finditer(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?[:=!]|\?<[=!])?|[|)]", text))
    for match in places:
        mark = match.group()
        if mark.startswith("("):
            open_groups.append([match.end()])
        elif mark == "|":
            open_groups[-1].append(match.end())
        elif mark == ")":
            done.append(_spans(open_groups.pop(), match.start()))
    return [*done, _spans(open_groups[0], len(text))]


def _spans(begins: list[int], end: int) -> list[tuple[int, int]]:
    return [*zip(begins, [begin - 1 for begin in begins[1:]] + [end], strict=True)]


def shown(value: Any) -> str:
    """A short, stable name of a row, a key or a member."""
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return ",".join(shown(part) for part in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        judge = getattr(value, "judge", None)
        return judge.__name__ if judge else _first_field(value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (set, frozenset)):
        return "{" + ",".join(sorted(map(shown, value))) + "}"
    return getattr(value, "__name__", None) or str(value)[:60]


def _first_field(row: Any) -> str:
    return shown(getattr(row, dataclasses.fields(row)[0].name))
