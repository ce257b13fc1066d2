"""What walking a stream takes in and gives out: events, breaches, and the ledger that collects them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from conformance.wire.jsontext import JSON
from conformance.wire.stream_tables import FieldType, Lowered

#: Stands for a member that is not there (None is JSON null).
MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One server-sent event, its data read as JSON. `data` is None where that is not one JSON object."""

    index: int  #: the number of the event in the stream, from 0, pings and unknown ones counted
    name: str | None  #: the `event` field
    type: str | None  #: `type` in the data, if it is a string
    data: Mapping[str, JSON] | None
    offset: int = 0  #: byte offset in the body
    at: float | None = None  #: seconds since the request began, of the chunk that completed the event
    terminated: bool = True  #: False for a last event that lacks its blank line but is otherwise whole


@dataclass(frozen=True, slots=True)
class Breach:
    """One clause broken: where (event number, JSON pointer into its data), what was expected and what was seen.

    `lowered` is the lower level that the requirement's test line gives to this case, "" for its own.
    """

    requirement: str
    event: int | None  #: None where the fault is that something never came
    pointer: str
    expected: str
    seen: str
    lowered: Lowered = ""


@dataclass(slots=True)
class Ledger:
    """Collects the breaches and the requirements that were put to the test."""

    breaches: list[Breach] = field(default_factory=list)
    observed: set[str] = field(default_factory=set)

    def saw(self, *requirements: str) -> None:
        """These clauses were put to the test."""
        self.observed.update(requirements)

    def broke(self, breach: Breach) -> None:
        """A clause was put to the test and broken; a note alone is no test."""
        self.breaches.append(breach)
        if breach.lowered != "note":
            self.observed.add(breach.requirement)

    def drop(self, requirement: str) -> None:
        """This clause turns out not to apply here."""
        self.breaches = [breach for breach in self.breaches if breach.requirement != requirement]
        self.observed.discard(requirement)

    def expect(self, holds: bool, breach: Breach) -> bool:
        """The clause of this breach was put to the test; the breach counts only if it does not hold."""
        if holds:
            self.observed.add(breach.requirement)
        else:
            self.broke(breach)
        return holds


def is_count(value: JSON) -> bool:
    """An integer as JSON Schema has it: 32 and 32.0, not true."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def has_type(value: JSON, wanted: FieldType) -> bool:
    """Whether a JSON value is of the wanted type."""
    return isinstance(value, str if wanted is FieldType.STRING else (dict, Mapping))


def member(data: Mapping[str, JSON] | None, key: str) -> Mapping[str, JSON] | None:
    """The member if it is an object, else None."""
    value = None if data is None else data.get(key)
    return value if isinstance(value, (dict, Mapping)) else None  # asking for dict first spares the slow question


def shown(value: JSON) -> str:
    """A value in a few words, safe for any depth and length."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, Mapping):
        return f"an object with {_listed(value)}" if value else "an empty object"
    if isinstance(value, (list, tuple)):
        return f"an array of {len(value)}"
    text = json.dumps(value[:60] if isinstance(value, str) else value, default=repr)
    return text[:80]


def _listed(value: Mapping[str, JSON]) -> str:
    keys = ", ".join(json.dumps(str(key)[:20]) for key in list(value)[:6])
    return keys if len(value) <= 6 else f"{keys} and {len(value) - 6} more"
