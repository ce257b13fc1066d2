"""Kinds of mistakes in a request, one by one: the place a rule looks at, and the kind of value that stands there.

A server rarely forgets a whole rule. It forgets null beside the other types, or takes a boolean for a number. Each
mistake here is one such kind; what is done about it, to serve it, to crash, to answer otherwise in a stream, is for
others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.reference.acceptance import HEADER_RULES
from conformance.reference.faults._edit import BOTH
from conformance.reference.seams import Context
from conformance.reference.validation import RULES

ABSENT = object()
"""Stands for a member that is not there."""

Body = Mapping[str, Any]
Place = Callable[[Body], Iterable[Any]]
Kind = Callable[[Any], bool]

DECODING = {
    "body-encoding": "HDR-017",
    "body-charset": "REQ-049",
    "body-present": "REQ-048",
    "body-json": "REQ-047",
    "body-unicode": "REQ-049",
    "body-object": "REQ-048",
}
"""The stages of decoding that refuse, and the requirements about them."""

OWNERS: Mapping[str, str] = (
    {rule.name: rule.requirement for rule in HEADER_RULES} | {rule.name: rule.requirement for rule in RULES} | DECODING
)
SPOKEN: Mapping[str, tuple[str, ...]] = {rule.name: rule.profiles for rule in RULES}
"""The profiles in which a rule about the body is known."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a rule refuses for one reason. `made` looks at what the rule looks at, and at the request."""

    name: str
    rule: str
    says: str
    made: Callable[[Any, Context], bool]
    about: str = ""

    @property
    def requirement(self) -> str:
        """The requirement that the rule stands for, unless another one is meant."""
        return self.about or OWNERS[self.rule]

    @property
    def profiles(self) -> tuple[str, ...]:
        """Where the rule is known."""
        return SPOKEN.get(self.rule, BOTH)


Line = tuple[str, str, Kind]
"""The end of a name, its words, and a kind."""


def at(place: Place, rule: str, name: str, what: str, *kinds: Line, about: str = "") -> Iterator[Mistake]:
    """The mistakes of several kinds at one place of the body."""
    for end, words, kind in kinds:
        yield Mistake(f"{name}-{end}", rule, f"{what} {words}", found(place, kind), about)


def found(place: Place, kind: Kind) -> Callable[[Any, Context], bool]:
    """Whether a value of a kind stands at a place of the body."""
    return lambda body, context: isinstance(body, dict) and any(kind(value) for value in place(body))


def root(name: str) -> Place:
    """A member of the body."""
    return lambda body: [body.get(name, ABSENT)]


def is_number(value: Any) -> bool:
    """A number, and no boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """A number without a fraction."""
    return is_number(value) and value == int(value)


def has(what: type) -> Kind:
    """A value of a type of Python."""
    return lambda value: isinstance(value, what)


def text(test: Callable[[str], bool]) -> Kind:
    """A string that passes a test."""
    return lambda value: isinstance(value, str) and test(value)


NONE: Line = ("absent", "left out", lambda value: value is ABSENT)
NULL: Line = ("null", "null", lambda value: value is None)
NUMBER: Line = ("number", "a number", is_number)
BOOLEAN: Line = ("boolean", "a boolean", has(bool))
STRING: Line = ("string", "a string", has(str))
ARRAY: Line = ("array", "an array", has(list))
OBJECT: Line = ("object", "an object", has(dict))
FRACTION: Line = ("fraction", "a fraction", lambda value: is_number(value) and not is_whole(value))
EMPTY: Line = ("empty", "empty", lambda value: value == "")
BELOW: Line = ("below", "below 0", lambda value: is_number(value) and value < 0)


def _items(name: str) -> Place:
    return lambda body: body[name] if isinstance(body.get(name), list) else []


ROOT_MISTAKES: tuple[Mistake, ...] = (
    *at(root("model"), "model-type", "model", "model", NONE, NUMBER, NULL, OBJECT, ARRAY),
    *at(
        root("model"),
        "model-known",
        "model",
        "model",
        ("unknown", "unknown to the server", lambda value: isinstance(value, str) and 0 < len(value) <= 256),
        ("empty", "an empty string", lambda value: value == ""),
        ("too-long", "of more than 256 characters", lambda value: isinstance(value, str) and len(value) > 256),
    ),
    *at(root("messages"), "messages-type", "messages", "messages", NONE, STRING, OBJECT, NULL, NUMBER),
    *at(
        root("messages"),
        "messages-empty",
        "messages",
        "messages",
        ("empty", "an empty array", lambda value: value == []),
    ),
    *at(root("max_tokens"), "max-tokens-present", "max-tokens", "max_tokens", NONE),
    *at(root("max_tokens"), "max-tokens-type", "max-tokens", "max_tokens", FRACTION, NULL, ARRAY, OBJECT),
    *at(root("max_tokens"), "max-tokens-type", "max-tokens", "max_tokens", ("word", "a word", has(str))),
    *at(root("max_tokens"), "max-tokens-coerced", "max-tokens", "max_tokens", STRING, BOOLEAN),
    *at(root("max_tokens"), "max-tokens-negative", "max-tokens", "max_tokens", BELOW),
    *at(root("stream"), "stream-type", "stream", "stream", OBJECT, ARRAY, ("word", "a word", has(str))),
    *at(root("stream"), "stream-coerced", "stream", "stream", STRING, NUMBER),
    *at(root("system"), "system-type", "system", "system", NUMBER, OBJECT),
    *at(
        _items("system"),
        "system-type",
        "system-block",
        "a system block",
        ("foreign", "that is no text", lambda value: isinstance(value, dict) and value.get("type", "text") != "text"),
    ),
    *at(root("stop_sequences"), "stop-sequences-type", "stop-sequences", "stop_sequences", STRING, OBJECT),
    *at(_items("stop_sequences"), "stop-sequences-type", "stop-sequence", "a stop sequence", NUMBER),
    *at(
        _items("stop_sequences"),
        "stop-sequences-blank",
        "stop-sequence",
        "a stop sequence",
        ("empty", "without a character", lambda value: value == ""),
        ("blank", "of white space", lambda value: isinstance(value, str) and value.isspace()),
    ),
    *at(root("temperature"), "temperature-type", "temperature", "temperature", STRING, OBJECT, ARRAY),
    *at(
        root("temperature"),
        "temperature-range",
        "temperature",
        "temperature",
        BELOW,
        ("above", "above 1 with a fraction", lambda value: is_number(value) and value > 1 and not is_whole(value)),
        ("above-whole", "a whole number above 1", lambda value: is_whole(value) and value > 1),
    ),
    *at(root("top_p"), "top-p-type", "top-p", "top_p", STRING),
    *at(
        root("top_p"),
        "top-p-range",
        "top-p",
        "top_p",
        BELOW,
        ("above", "above 1", lambda value: is_number(value) and value > 1),
    ),
    *at(root("top_k"), "sampling-coerced", "top-k", "top_k", STRING),
    *at(root("top_k"), "top-k-type", "top-k", "top_k", FRACTION),
    *(
        Mistake(f"removed-{name.replace('_', '-')}", "sampling-removed", f"{name} under the newer version", made)
        for name in ("temperature", "top_p", "top_k")
        for made in [found(root(name), lambda value: value is not ABSENT)]
    ),
    *at(root("metadata"), "metadata-type", "metadata", "metadata", STRING, ARRAY, NUMBER),
)
"""Members of the body."""
