"""What a target is asked to find out what it offers, and what its answers say about that.

An inquiry is a probe with a pure predicate over the answers. What a target shows is offered; what it refuses, while it
accepts the plain request, is not; everything else is unclear, most of all what it accepts and perhaps ignores.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.contract import Profile, load_profiles
from conformance.probing.probe import Call, Probe, Shape
from conformance.reporting.clean import clean
from conformance.reporting.diagnosis import LONGEST_WORDS, Answered, Offer
from conformance.rules.answers import at, blocks, is_count
from conformance.rules.expectations_surfaces import ABSENT
from conformance.rules.outcome import trouble
from conformance.session.models import listed_models
from conformance.suite import PLAIN, PLAIN_CONTROL, STREAM_CONTROL, text, user, without
from conformance.suite_bodies import CACHED_PROMPT
from conformance.suite_images import RED, SIDE, image, png
from conformance.suite_tools import GET_CODE
from conformance.wire.reading import Reading

Answers = Sequence[Reading]
#: What shows that the thing is there, in words, or ""; from the answers and that of the plain control.
Evidence = Callable[[Answers, Reading | None], str]

#: Client errors of any kind but credentials, payment, timing and rate: this request is not served here.
REFUSALS = frozenset(range(400, 500)) - {401, 402, 407, 408, 429} | {501}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One thing to find out. `doubt` says what an answer is that accepts and shows nothing."""

    name: str
    probe: Probe
    evidence: Evidence
    doubt: str
    capability: str = ""  #: the one that is claimed when the thing is offered
    #: ABSENT for a surface: another client error may come from one that is there and asks for more.
    refusals: frozenset[int] = REFUSALS
    alone: bool = False  #: whether a refusal speaks for itself, whatever became of the plain request


def answered(inquiry: Inquiry, answers: Answers, plain: Reading | None, unsent: str = "") -> Answered:
    """The outcome of an inquiry; `unsent` says why there are no answers."""
    if found := inquiry.evidence(answers, plain):
        return Answered(inquiry.name, Offer.OFFERED, found)
    if not answers:
        return Answered(inquiry.name, Offer.UNCLEAR, unsent or "not sent")
    last = answers[-1]
    if all(reading.exchange.status in inquiry.refusals for reading in answers):
        return _refused(inquiry, last, plain)
    if any(reading.exchange.status == 200 for reading in answers):
        return Answered(inquiry.name, Offer.UNCLEAR, inquiry.doubt)
    odd = next((r for r in reversed(answers) if r.exchange.status not in inquiry.refusals), last)
    return Answered(inquiry.name, Offer.UNCLEAR, ending(odd))


def _refused(inquiry: Inquiry, last: Reading, plain: Reading | None) -> Answered:
    """A refusal says something about what was asked only where the plain request is accepted."""
    if inquiry.alone or (plain is not None and plain.exchange.status == 200):
        return Answered(inquiry.name, Offer.NOT_OFFERED, ending(last))
    return Answered(inquiry.name, Offer.UNCLEAR, f"{ending(last)} (as is the plain request)")


def ending(reading: Reading) -> str:
    """How a request was answered that was not served: the status and the target's message, cleaned and cut."""
    exchange = reading.exchange
    if exchange.status is None:
        return trouble(exchange) or exchange.end.how.value
    message = (reading.error or {}).get("message")
    said = message if isinstance(message, str) else reading.body.decode("utf-8", "replace")
    said = clean(" ".join(said[:4096].split()), LONGEST_WORDS)
    return f"status {exchange.status}: {said}" if said else f"status {exchange.status}"


def message_shown(reading: Reading) -> Mapping[str, Any]:
    """The message a request was answered with, empty where there is none with content."""
    if reading.exchange.status != 200:
        return {}
    message = (reading.accumulated if reading.is_stream else reading.message) or {}
    return message if isinstance(message.get("content"), list) else {}


def output_tokens(reading: Reading) -> int:
    """The output tokens an answer says it cost."""
    value = at(message_shown(reading), "usage.output_tokens")
    return value if is_count(value) else 0


def _said(reading: Reading, member: str) -> str:
    """The `type` that a member of the request had, for the reader who wonders which wording did it."""
    return str(at(reading.sent, f"{member}.type"))


# What shows it


def _message(answers: Answers, plain: Reading | None) -> str:
    return "a message" if any(message_shown(reading) for reading in answers) else ""


def _events(answers: Answers, plain: Reading | None) -> str:
    for reading in answers:
        types = [event.type for event in reading.events] if reading.exchange.status == 200 else []
        if "message_start" in types:
            return f"a stream of {len(types)} events from message_start to {types[-1]}"
    return ""


def _tool_use(answers: Answers, plain: Reading | None) -> str:
    kinds = (_said(reading, "tool_choice") for reading in answers if any(blocks(message_shown(reading), "tool_use")))
    return next((f"a tool_use block under tool_choice {kind}" for kind in kinds), "")


def _thinking(answers: Answers, plain: Reading | None) -> str:
    found = (
        f"a {block} block, asked for as {_said(reading, 'thinking')}"
        for reading in answers
        for block in ("thinking", "redacted_thinking")
        if any(blocks(message_shown(reading), block))
    )
    return next(found, "")


def _image(answers: Answers, plain: Reading | None) -> str:
    """The answer names the colour, or the image was counted: its text is shorter than that of the plain request."""
    for reading in answers:
        if message_shown(reading) and re.search(r"\bred\b", reading.text, re.IGNORECASE):
            return "an answer that names the colour of the image"
        heard, usual = _input(reading), _input(plain)
        if usual is not None and heard is not None and heard > usual:
            return f"{heard} input tokens, where the plain request has {usual}"
    return ""


def _input(reading: Reading | None) -> int | None:
    value = None if reading is None else at(message_shown(reading), "usage.input_tokens")
    return value if is_count(value) else None


def _cache(answers: Answers, plain: Reading | None) -> str:
    wrote = max((_count(reading, _cache_fields("cache_write")) for reading in answers), default=0)
    read = max((_count(reading, _cache_fields("cache_read")) for reading in answers), default=0)
    return f"{wrote} tokens written to a cache, {read} read from it" if wrote or read else ""


def _cache_fields(name: str) -> Iterator[str]:
    """The names that any profile gives to a count: a target may speak another dialect in its usage."""
    return (field for profile in load_profiles().values() if (field := getattr(profile.usage, name)))


def _count(reading: Reading, names: Iterator[str]) -> int:
    counts = (at(message_shown(reading), f"usage.{name}") for name in names)
    return max((count for count in counts if is_count(count)), default=0)


def _counted(answers: Answers, plain: Reading | None) -> str:
    counts = (at(reading.json.value, "input_tokens") for reading in answers if reading.exchange.status == 200)
    return next((f"input_tokens {count}" for count in counts if is_count(count) and count > 0), "")


def _models(answers: Answers, plain: Reading | None) -> str:
    names = [name for reading in answers for name in listed_models(reading.exchange)]
    return f"a list of {len(names)}: {', '.join(names)}" if names else ""


# What is sent


_IMAGE = image(b64encode(png([[RED] * SIDE] * SIDE)).decode("ascii"))
_SHOWN = PLAIN | {"messages": [user([_IMAGE, text("Which colour? One word.")])]}

_WITH_TOOL = PLAIN | {
    "max_tokens": 256,
    "messages": [user("Use the get_code tool to look up the code for n = 7.")],
    "tools": [GET_CODE],
}

_THOUGHTFUL = PLAIN | {"max_tokens": 2048, "messages": [user("How many prime numbers lie between 30 and 60?")]}

_TOOLS = (Call(_WITH_TOOL | {"tool_choice": {"type": "tool", "name": "get_code"}}),
          Call(_WITH_TOOL | {"tool_choice": {"type": "auto"}}))  # fmt: skip
_THOUGHTS = (Call(_THOUGHTFUL | {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
             Call(_THOUGHTFUL | {"thinking": {"type": "adaptive"}}))  # fmt: skip

IGNORED = "accepted and perhaps ignored"
MODELS_ID = "models"  #: the id under which a run's own request for the list of models is recorded

INQUIRIES: tuple[Inquiry, ...] = (
    Inquiry("messages", PLAIN_CONTROL, _message, "status 200, but no message came", alone=True),
    Inquiry("streaming", STREAM_CONTROL, _events, f"{IGNORED}: no stream from message_start on came", "streaming"),
    Inquiry("tools", Probe("tools", _TOOLS, Shape.UNTIL, "calls-tool"), _tool_use,
            f"{IGNORED}: no tool_use block came", "tools"),
    Inquiry("thinking", Probe("thinking", _THOUGHTS, Shape.UNTIL, "thinks"), _thinking,
            f"{IGNORED}: no thinking block came", "thinking"),
    Inquiry("vision", Probe("vision", (Call(_SHOWN),)), _image,
            f"{IGNORED}: the answer does not name the colour, and usage does not count the image", "vision"),
    Inquiry("caching", Probe("caching", (Call(CACHED_PROMPT), Call(CACHED_PROMPT))), _cache,
            f"{IGNORED}: no usage counts tokens of a cache", "caching"),
    Inquiry("count-tokens", Probe("count-tokens", (Call(without(PLAIN, "max_tokens"), path="/count_tokens"),)),
            _counted, "status 200, but no positive input_tokens came", "count-tokens", ABSENT, True),
    Inquiry("models", Probe(MODELS_ID, (Call(method="GET", path="~models"),)), _models,
            "status 200, but no list of models came", "models", ABSENT, True),
)  # fmt: skip


def inquiries(profile: Profile) -> tuple[Inquiry, ...]:
    """Everything to find out: the table, as far as the profile knows the capability, and its API versions."""
    known = (row for row in INQUIRIES if not row.capability or row.capability in profile.capabilities)
    return (*known, *(version_inquiry(version) for version in profile.api_versions))


def version_inquiry(version: str) -> Inquiry:
    """Whether the plain request is served under an API version. The default one's request is the control itself."""
    call = Call(PLAIN, headers=(("anthropic-version", version),))
    name = f"version {version}"
    return Inquiry(name, Probe(name, (call,)), _message, "status 200, but no message came", alone=True)
