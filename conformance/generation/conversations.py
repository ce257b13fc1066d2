"""Hypothesis strategies for conversations that must be served, and for the same ones broken in one drawn place.

Left out is what the contract leaves free: a first or last turn by the assistant, empty or blank text, U+0000, lone
surrogates, sampling values. Loading this module does not load Hypothesis.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.contract.violations import ABSENT, Path, Violation, violations
from conformance.evidence.run import Expect, Item
from conformance.generation.corpus import applies
from conformance.generation.declare import Drawn
from conformance.generation.draws import Draw
from conformance.generation.engine import drawn
from conformance.generation.hosts import put
from conformance.generation.naming import accepted_by, key_of, kinds_of, numbered, shares, varied
from conformance.generation.selection import binds, kind_at, name_of
from conformance.probing.probe import Probe
from conformance.suite import MODEL, PLAIN_CONTROL, STREAM_CONTROL, probe

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

#: Characters by plane, first and last: letters of many scripts, emoji, ideographs, tags, private use, and the
#: planes in which nothing is assigned yet. Non-characters end every plane and are left out.
PLANES: tuple[tuple[int, int], ...] = (
    (0x21, 0x7E),
    (0xA1, 0x24F),
    (0x370, 0x373),
    (0x5D0, 0x5EA),
    (0x627, 0x64A),
    (0x905, 0x939),
    (0x4E00, 0x9FA5),
    (0xE000, 0xF8FF),
    (0x10330, 0x1034A),
    (0x1F300, 0x1F64F),
    (0x20000, 0x2A6D6),
    (0x30000, 0x3134A),
    *((plane << 16, (plane << 16) + 0xFFFD) for plane in range(4, 14)),
    (0xE0100, 0xE01EF),
    (0xF0000, 0xFFFFD),
    (0x100000, 0x10FFFD),
)
LIMITS = (1, 2, 15, 16)  #: values of max_tokens: the boundary, and what an answer may cost here

#: What is put in place of something valid, by the last step of the place; ABSENT removes it.
WRONG: dict[str, tuple[Any, ...]] = {
    "role": ("tool", "function", "USER", "", None, 1, [], {}, ABSENT),
    "content": (5, True, None, {}, {"type": "text", "text": "a"}, ABSENT),
    "type": ("ct_unknown", "Text", "", None, 1, {}, ABSENT),
    "text": (1, None, False, [], {}, ["a"], ABSENT),
    "system": (5, True, {}, [5], [{"type": "image"}]),
    "max_tokens": (0, -1, -(2**31), 1.5, 0.5, None, [], {}, "many", ABSENT),
    "stream": ({}, [], "banana"),
    "messages": (ABSENT, [], {}, "hi", None, 7),
    "turn": ("hi", None, [], 7, True),
    "block": ("hi", None, [], 7, True),
}


def texts() -> "SearchStrategy[str]":
    """Text that begins with a letter and goes on with characters of any plane."""
    from hypothesis import strategies as st

    letters = st.sampled_from("AKZakz")
    others = st.builds(_character, st.sampled_from(PLANES), st.integers(0, 0xFFFF))
    return st.builds(lambda first, rest: first + "".join(rest), letters, st.lists(others, max_size=16))


def _character(span: tuple[int, int], offset: int) -> str:
    first, last = span
    return chr(first + offset % (last - first + 1))


def contents() -> "SearchStrategy[Any]":
    """The content of a turn: a string, or one to three text blocks."""
    from hypothesis import strategies as st

    blocks = st.lists(texts().map(lambda words: {"type": "text", "text": words}), min_size=1, max_size=3)
    return st.one_of(texts(), blocks)


def conversations() -> "SearchStrategy[dict[str, Any]]":
    """Requests that every good server serves."""
    from hypothesis import strategies as st

    content, yes = contents(), st.booleans()  # built once: building takes longer than drawing

    @st.composite
    def build(draw: "DrawFn") -> dict[str, Any]:
        turns = draw(st.sampled_from((1, 3, 5)))
        body: dict[str, Any] = {
            "model": MODEL,
            "max_tokens": draw(st.sampled_from(LIMITS)),
            "messages": [
                {"role": ("user", "assistant")[number % 2], "content": draw(content)} for number in range(turns)
            ],
        }
        optional = {"system": content, "stream": yes}
        return body | {name: draw(values) for name, values in optional.items() if draw(yes)}

    return build()


def places(body: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Every place of a conversation that can be broken, with the row of WRONG that says how."""
    yield from (((name,), name) for name in ("max_tokens", "messages", "stream", "system") if name in body)
    for number, turn in enumerate(body["messages"]):
        place: Path = ("messages", number)
        yield place, "turn"
        yield (*place, "role"), "role"
        yield (*place, "content"), "content"
        for index, _ in enumerate(turn["content"] if isinstance(turn["content"], list) else ()):
            yield (*place, "content", index), "block"
            yield (*place, "content", index, "type"), "type"
            yield (*place, "content", index, "text"), "text"


def broken_conversations() -> "SearchStrategy[tuple[dict[str, Any], dict[str, Any]]]":
    """A valid conversation, and the same one broken in exactly one place."""
    from hypothesis import strategies as st

    valid = conversations()

    @st.composite
    def build(draw: "DrawFn") -> tuple[dict[str, Any], dict[str, Any]]:
        body = draw(valid)
        path, row = draw(st.sampled_from(list(places(body))))
        other = deepcopy(body)
        put(other, path, draw(st.sampled_from(WRONG[row])))
        return body, other

    return build()


@dataclass(frozen=True, slots=True)
class Pair:
    """A valid conversation, and what it breaks in its broken form."""

    valid: dict[str, Any]
    broken: dict[str, Any]
    violation: Violation

    @property
    def about(self) -> str:
        """The constraint that is broken, and by what kind of value."""
        return name_of(self.violation, kind_at(self.broken, self.violation.path))


@cache
def conversation_items(draw: Draw) -> tuple[Drawn, ...]:
    """The conversations of a run: valid ones, and broken ones whose control is the valid one they came from."""
    share = shares(draw.count)
    pairs = _pairs(draw, share.served) if draw.count > 0 and share.served else []
    named = [(accepted_by(pair.valid, draw.profile), f"live conversation {kinds_of(pair.valid)}") for pair in pairs]
    valid = [
        _served(pair, requirement, name)
        for pair, (requirement, _), name in zip(pairs, named, numbered(named), strict=True)
    ]
    half = list(zip(pairs, valid, strict=True))[: share.broken]
    names = numbered((str(pair.violation.requirement), f"live conversation {pair.about}") for pair, _ in half)
    return (*valid, *(_refused(pair, own, name) for (pair, (_, (own, _))), name in zip(half, names, strict=True)))


def _pairs(draw: Draw, count: int) -> list[Pair]:
    """Drawn pairs that suit the run, each valid conversation once, and different constraints before equal ones."""
    found: dict[str, Pair] = {}
    for body, other in drawn(broken_conversations(), 3 * count, draw.seed):
        streamed = body.get("stream") is True and "streaming" not in draw.capabilities
        if not streamed and (violation := _violation(other, draw)):
            found.setdefault(key_of(body), Pair(body, other, violation))
    return varied(found.values(), lambda pair: pair.about)[:count]


def _violation(body: dict[str, Any], draw: Draw) -> Violation | None:
    """What a broken conversation breaks, if that is one thing that somebody has to refuse under the draw's terms."""
    found = violations(draw.profile, body)
    if len(found) != 1 or not binds(found[0], body, draw.profile):
        return None
    return found[0] if applies(str(found[0].requirement), found[0].pointer, draw) else None


def _served(pair: Pair, requirement: str, name: str) -> Drawn:
    control = STREAM_CONTROL if pair.valid.get("stream") is True else PLAIN_CONTROL
    own = probe(f"{requirement} {name}", pair.valid, capabilities=control.capabilities)
    item = Item(requirement, name, (own.id,), {"*": Expect("accepted")}, control.id, scored=False, generated=True)
    return item, (own, control)


def _refused(pair: Pair, control: Probe, name: str) -> Drawn:
    requirement = str(pair.violation.requirement)
    own = probe(f"{requirement} {name}", pair.broken, capabilities=control.capabilities)
    item = Item(requirement, name, (own.id,), {"*": Expect("refused")}, control.id, scored=False, generated=True)
    return item, (own, control)
