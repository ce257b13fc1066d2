"""Which requirement a drawn request stands for, and what it is called."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from conformance.contract import Level, load_catalogue

T = TypeVar("T")

LONGEST = 600  #: characters of a drawn value as JSON; longer ones are costly, and no clearer


@dataclass(frozen=True, slots=True)
class Shares:
    """How a number of live cases is split among the ways of drawing them."""

    accepted: int  #: by Schemathesis, to be served
    refused: int  #: by Schemathesis, broken in one place
    served: int  #: conversations by Hypothesis
    broken: int  #: the same conversations, broken in one place


def shares(count: int) -> Shares:
    """Half of the cases each way; two fifths of Schemathesis' are to be served, and half of the conversations."""
    talks = count // 2
    accepted = (count - talks) * 2 // 5
    return Shares(accepted, count - talks - accepted, talks - talks // 2, talks // 2)


def _roles(body: Mapping[str, Any]) -> list[Any]:
    return [turn["role"] for turn in body["messages"]]


#: The requirements that `accepted_by` knows of.
DRAWN_AS_VALID = frozenset(
    {"TOOL-001", "REQ-034", "REQ-043", "REQ-031", "REQ-030", "REQ-011", "REQ-012", "REQ-010", "REQ-026"}
)


def accepted_by(body: Mapping[str, Any], profile: str) -> str:
    """The requirement that obliges a server to serve a valid request: that of its rarest feature."""
    roles = _roles(body)
    features = {
        "TOOL-001": "tools" in body,
        "REQ-034": "stop_sequences" in body,
        "REQ-043": "metadata" in body,
        "REQ-031": isinstance(body.get("system"), list),
        "REQ-030": "system" in body,
        "REQ-011": any(one == other for one, other in pairwise(roles)),
        "REQ-012": len(roles) > 2,
        "REQ-010": any(isinstance(turn["content"], list) for turn in body["messages"]),
        "REQ-026": body["max_tokens"] == 1,
    }
    known = load_catalogue().requirements
    bound = (name for name, here in features.items() if here and known[name].level(profile) is not Level.MAY)
    return next(bound, "REQ-010")


def kinds_of(body: Mapping[str, Any]) -> str:
    """What a valid request is made of, in a few words: `three turns, system, tools`."""
    turns = len(body["messages"])
    others = [name for name in body if name not in ("model", "max_tokens", "messages")]
    return ", ".join([f"{turns} turn{'s' * (turns > 1)}", *sorted(others)])


def numbered(names: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The second of each pair (requirement, name), with its number behind it where the pair came before."""
    seen: Counter[tuple[str, str]] = Counter()
    for pair in names:
        seen[pair] += 1
        yield pair[1] if seen[pair] == 1 else f"{pair[1]} {seen[pair]}"


def varied(found: Iterable[T], about: Callable[[T], str]) -> list[T]:
    """All of them, those about different things before a second one about the same."""
    groups: dict[str, list[T]] = {}
    for each in found:
        groups.setdefault(about(each), []).append(each)
    ranks = [(rank, each) for group in groups.values() for rank, each in enumerate(group)]
    return [each for _, each in sorted(ranks, key=lambda pair: pair[0])]


def is_plain_json(value: Any) -> bool:
    """Whether a drawn value can be sent as it is: short JSON without U+0000, surrogates or our placeholders."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError):
        return False
    return len(text) <= LONGEST and "\\u0000" not in text and "{model}" not in text and "{nonce}" not in text


def key_of(body: Any) -> str:
    """The body in one spelling, to tell equal ones."""
    return json.dumps(body, sort_keys=True)


def is_free_of_doubt(body: Mapping[str, Any]) -> bool:
    """Whether a valid request keeps away from what servers may refuse: a first or last turn by the assistant, and
    empty or blank text."""
    roles = _roles(body)
    contents = [turn["content"] for turn in body["messages"]] + [body[name] for name in ("system",) if name in body]
    blocks = [block for content in contents if isinstance(content, list) for block in content]
    words = [content for content in contents if isinstance(content, str)] + [block.get("text", "x") for block in blocks]
    return roles[0] == roles[-1] == "user" and [] not in contents and all(word.strip() for word in words)
