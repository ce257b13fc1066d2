"""The form of a journal's lines: the published schema of one (`schemas/json/journal.json`), compiled into functions.

A journal may come from anywhere, and its chain says nothing of who wrote it. Whatever grades one relies on its members
being there and of their kinds. Only the words that this schema uses are known here; a validator of the whole language
takes a hundred times as long, and an exchange may have thousands of chunks.
"""

import json
import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial, reduce
from typing import Any
from urllib.parse import urlsplit

from conformance._paths import SCHEMAS

Fits = Callable[[Any], bool]
"""Whether a value is of a form."""

LARGEST = 10.0**15  #: of a number; beyond it a sum of times no longer tells them apart


_TYPES: Mapping[str, Fits] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int and -LARGEST < value < LARGEST,
    "number": lambda value: type(value) in (float, int) and -LARGEST < value < LARGEST,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _parses(read: Callable[[str], object], value: Any) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


_FORMATS: Mapping[str, Fits] = {
    "date-time": partial(_parses, datetime.fromisoformat),
    "uri": partial(_parses, urlsplit),
}


def fits(line: Mapping[str, Any]) -> bool:
    """Whether a line of a kind that is known here has the members of its kind, each of its form. More of them are a
    later version's, and so are other kinds."""
    form = _forms().get(line["record"])
    return form is None or form(line)


@cache
def _forms() -> Mapping[str, Fits]:
    schema = json.loads((SCHEMAS / "json" / "journal.json").read_text("utf-8"))
    names = [row["$ref"].rpartition("/")[2] for row in schema["oneOf"]]
    lines = {name: {**schema["$defs"][name], "additionalProperties": True} for name in names}
    return {name: _compiled(line, schema["$defs"]) for name, line in lines.items()}


def _compiled(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Fits:
    """One function for a schema: what it says of the value itself, then of its parts."""
    if "$ref" in schema:
        return _compiled(defs[schema["$ref"].rpartition("/")[2]], defs)
    parts = [make(schema, defs) for word, make in _WORDS.items() if word in schema]
    return reduce(_both, [part for part in parts if part is not _anything] or [_anything])


def _anything(value: Any) -> bool:
    return True


def _both(one: Fits, other: Fits) -> Fits:
    return lambda value: one(value) and other(value)


def _either(one: Fits, other: Fits) -> Fits:
    return lambda value: one(value) or other(value)


def _any_of(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Fits:
    return reduce(_either, [_compiled(row, defs) for row in schema["anyOf"]])


def _type(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Fits:
    names = schema["type"]
    return _TYPES[names] if isinstance(names, str) else reduce(_either, [_TYPES[name] for name in names])


def _items(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Fits:
    if schema["items"] is False:  # see `_prefix`
        return _anything
    form = _compiled(schema["items"], defs)
    return lambda value: all(map(form, value))


def _fewest(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Fits:
    least = schema["minItems"]
    return _anything if "prefixItems" in schema else lambda value: len(value) >= least


def _prefix(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Fits:
    """Pairs: nothing else is there."""
    first, second = (_compiled(row, defs) for row in schema["prefixItems"])
    return lambda value: len(value) == 2 and first(value[0]) and second(value[1])


def _members(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Fits:
    """Those that are named; of others that none is there, unless they are allowed."""
    forms = {name: _compiled(row, defs) for name, row in schema["properties"].items()}
    if schema.get("additionalProperties") is not False:
        return lambda value: all(form(value[name]) for name, form in forms.items() if name in value)
    return lambda value: all(name in forms and forms[name](member) for name, member in value.items())


def _others(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Fits:
    if isinstance(schema["additionalProperties"], bool):  # see `_members`
        return _anything
    form = _compiled(schema["additionalProperties"], defs)
    return lambda value: all(map(form, value.values()))


def _required(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Fits:
    names = frozenset(schema["required"])
    return lambda value: names <= value.keys()


def _pattern(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Fits:
    search = re.compile(schema["pattern"].replace("$", r"\Z")).search
    return lambda value: search(value) is not None


#: What a word of a schema makes of a value; the first ones guard those behind them.
_WORDS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Fits]] = {
    "type": _type,
    "const": lambda schema, defs: partial(operator.eq, schema["const"]),
    "enum": lambda schema, defs: partial(operator.contains, schema["enum"]),
    "anyOf": _any_of,
    "minimum": lambda schema, defs: partial(operator.le, schema["minimum"]),
    "minItems": _fewest,
    "pattern": _pattern,
    "format": lambda schema, defs: _FORMATS[schema["format"]],
    "required": _required,
    "properties": _members,
    "additionalProperties": _others,
    "prefixItems": _prefix,
    "items": _items,
}
