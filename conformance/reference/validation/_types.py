"""The form of a validation rule, and the small questions the rules ask of JSON values.

Every rule looks at one thing and passes over what another rule is about: left out alone, it lets exactly its own
breach through.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.reference.seams import Context
from conformance.reference.tokens import listed

Body = Mapping[str, Any]
Check = Callable[[Body, Context], str | None]
"""Gives the sentence for the caller when the body breaks the rule."""

EVERYWHERE = ("anthropic", "myrouter")


@dataclass(frozen=True, slots=True)
class Rule:
    """A named condition on a body, the requirement a breach is about, and where it applies.

    `status` and the error type belong together; `versions` empty means every API version.
    """

    name: str
    requirement: str
    check: Check
    status: int = 400
    profiles: tuple[str, ...] = EVERYWHERE
    versions: tuple[str, ...] = ()

    def applies(self, context: Context) -> bool:
        """Whether this profile and API version know the rule."""
        return context.settings.profile in self.profiles and (not self.versions or context.version in self.versions)


def is_number(value: Any) -> bool:
    """A JSON number (true and false are none)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integer(value: Any) -> bool:
    """An integer as JSON Schema means it: 32.0 and -0.0 are integers."""
    return is_number(value) and float(value).is_integer() if not isinstance(value, int) else is_number(value)


def is_numeral(value: Any) -> bool:
    """A boolean, or a string that reads as a number: what lax servers would coerce."""
    if not isinstance(value, str):
        return isinstance(value, bool)
    try:
        float(value)
    except ValueError:
        return False
    return True


def turns(body: Body) -> Iterator[tuple[str, dict[str, Any]]]:
    """The messages that are objects, each with its place in the body."""
    for index, turn in enumerate(listed(body.get("messages"))):
        if isinstance(turn, dict):
            yield f"messages.{index}", turn


def typed_blocks(body: Body, kind: str = "", role: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The content blocks that are objects, of one type or role if given, each with its place in the body."""
    for place, turn in turns(body):
        if role and turn.get("role") != role:
            continue
        for index, block in enumerate(listed(turn.get("content"))):
            if isinstance(block, dict) and kind in ("", block.get("type")):
                yield f"{place}.content.{index}", block


def system_blocks(body: Body) -> Iterator[tuple[str, dict[str, Any]]]:
    """The text blocks of a system prompt given as an array."""
    for index, block in enumerate(listed(body.get("system"))):
        if isinstance(block, dict):
            yield f"system.{index}", block


def tools(body: Body) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tools that are objects, each with its place in the body."""
    for index, tool in enumerate(listed(body.get("tools"))):
        if isinstance(tool, dict):
            yield f"tools.{index}", tool


def first(problems: Iterator[str]) -> str | None:
    """The first of the problems, or None."""
    return next(problems, None)
