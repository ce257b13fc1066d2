"""What a rule has to say: that a clause was put to the test and held, that it was broken, or that it stayed open."""

from dataclasses import dataclass
from enum import StrEnum

from conformance.contract import Level


class Kind(StrEnum):
    """What a finding can be."""

    HELD = "held"
    BROKEN = "broken"
    NOTE = "note"  #: free in the contract, but a reader should know
    UNJUDGED = "unjudged"  #: a declared case that could not be judged; the reason is in `seen`
    CRASHED = "crashed"  #: the rule itself failed, which is an error of the harness; the rule is named in `seen`


@dataclass(frozen=True, slots=True)
class Where:
    """The place: exchange (order of sending), JSON pointer, event number, byte offset in the body, header name."""

    exchange: int | None = None
    pointer: str = ""
    event: int | None = None
    byte: int | None = None
    header: str = ""

    def __str__(self) -> str:
        parts = [
            f"exchange {self.exchange}" if self.exchange is not None else "",
            f"event {self.event}" if self.event is not None else "",
            self.pointer,
            f"header {self.header}" if self.header else "",
            f"byte {self.byte}" if self.byte is not None else "",
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation about one requirement. `level` is set only where a test line lowers the requirement's own."""

    requirement: str
    kind: Kind
    expected: str = ""
    seen: str = ""
    where: Where = Where()
    level: Level | None = None
    case: str = ""

    def at(self, exchange: int) -> "Finding":
        """The same finding, placed in an exchange unless it already names one."""
        where = self.where
        if where.exchange is not None:
            return self
        # Written out: `dataclasses.replace` takes five times as long, and most of a run's findings come here.
        placed = Where(exchange, where.pointer, where.event, where.byte, where.header)
        return Finding(self.requirement, self.kind, self.expected, self.seen, placed, self.level, self.case)


def held(requirement: str, where: Where | None = None) -> Finding:
    """The clause was put to the test here and held."""
    return Finding(requirement, Kind.HELD, where=where or Where())


def broken(
    requirement: str, expected: str, seen: str, where: Where | None = None, level: Level | None = None
) -> Finding:
    """The clause was broken here."""
    return Finding(requirement, Kind.BROKEN, expected, seen, where or Where(), level)


def note(requirement: str, expected: str, seen: str, where: Where | None = None) -> Finding:
    """Something the contract leaves free; never an alarm."""
    return Finding(requirement, Kind.NOTE, expected, seen, where or Where())


def unjudged(requirement: str, reason: str, where: Where | None = None) -> Finding:
    """A declared case that could not be judged, with the reason."""
    return Finding(requirement, Kind.UNJUDGED, seen=reason, where=where or Where())


def check(
    requirement: str,
    holds: bool,
    expected: str,
    seen: str,
    where: Where | None = None,
    level: Level | None = None,
) -> Finding:
    """`held` or `broken`, by a condition."""
    return held(requirement, where) if holds else broken(requirement, expected, seen, where, level)


def shown(value: object, limit: int = 120) -> str:
    """A value as a reader should see it: its repr, cut in the middle when longer than `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 20]}…{text[-18:]}"
