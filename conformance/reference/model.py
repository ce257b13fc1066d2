"""The model: deterministic, and obedient to plain instructions as any ordinary model would be.

It reads a conversation and says one text. It knows nothing of who asks.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.reference.tokens import blocks, listed, texts
from conformance.reference.words import ALPHABET, CAPITALS, GARDENS, in_words, story, to_number

_SAY = r"(?:repeat|say|reply|respond|answer|echo|write|print|output|return|give|send)"
_AFTER_COLON = re.compile(
    rf"\b(?:{_SAY}|text|string|word|words|sentence|line|phrase|exactly)\b[^:?\n]{{0,120}}:\s*(.+)", re.I | re.S
)
_SPEAK = re.compile(rf"\b{_SAY}\b", re.I)
_QUOTED = re.compile(
    r"\"([^\"]+)\"|“([^”]{1,9000})”|„([^“”]{1,9000})[“”]|«([^»]{1,9000})»|`([^`]+)`|(?<!\w)'([^'\n]+)'(?!\w)", re.S
)
_BARE = re.compile(
    rf"\b{_SAY}\s+(?:back\s+)?(?:only\s+|just\s+|exactly\s+)?(?:with\s+)?(?:only\s+|just\s+|exactly\s+)?"
    r"(?:the\s+|this\s+|one\s+|a\s+)?(?:single\s+)?(?:word\s+|string\s+)?([^\s.,;:!?]+)",
    re.I,
)
_TAIL = re.compile(
    r"[\s,.]{0,9}\b(?:and|with)\s+nothing\s+(?:else|more)\b.*\Z|\s{0,9}\bNothing else\b.*\Z", re.I | re.S
)
_SECRET = r"(?:code\s?-?word|pass\s?word|pass\s?phrase|pass\s?code|secret(?:\s+(?:word|code))?|magic\s+word|code\b)"
_TOLD = re.compile(rf"\b{_SECRET}\s*(?:(?:for\s+\w+\s+)?(?:is|was|=|:))?\s*[\"'“‘`:]?\s*([\w-]{{3,}})", re.I)
_ASKED = re.compile(rf"\b{_SECRET}", re.I)
_SPAN = re.compile(
    r"\b([\w-]{1,30})\s+(?:to|through|until|up to)\s+([\w-]{1,30}(?:\s+(?:hundred|thousand|and)\b[\w \-]{0,60})?)", re.I
)
_LENGTH = re.compile(r"(\d{1,6})[\s-]*words?\b", re.I)
_TELL = re.compile(r"\b(?:story|tale|essay|poem|article|novel|describe|explain|paragraphs?|long)\b", re.I)
_SUM = re.compile(r"(\d{1,9})\s*(\+|plus|-|minus|\*|times|x)\s*(\d{1,9})", re.I)
_CAPITAL = re.compile(r"capital\s+of\s+([a-z]+)", re.I)
_FILLER = frozenset(
    [
        "is",
        "was",
        "the",
        "for",
        "and",
        "you",
        "please",
        "that",
        "which",
        "what",
        "only",
        "with",
        "now",
        "there",
        "here",
        "this",
        "word",
        "from",
    ]
)
_DEFAULT_STORY = 400


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the model sees: the last thing the user said, all that was said before, and a begun answer."""

    prompt: str
    earlier: str = ""
    prefill: str = ""
    results: tuple[str, ...] = ()


def conversation(body: Mapping[str, Any]) -> Conversation:
    """The conversation of a request body, whatever shape its parts have."""
    turns = [turn for turn in listed(body.get("messages")) if isinstance(turn, dict)]
    prefill = ""
    if turns and turns[-1].get("role") == "assistant":
        prefill = "\n".join(_said(turns[-1]))
        turns = turns[:-1]
    start = len(turns)
    while start and turns[start - 1].get("role") != "assistant":
        start -= 1
    last = [block for turn in turns[start:] for block in blocks(turn.get("content"))]
    before = [*texts(body.get("system")), *(text for turn in turns[:start] for text in texts(turn.get("content")))]
    results = [block for block in last if block.get("type") == "tool_result"]
    return Conversation(
        prompt="\n".join(texts([block for block in last if block.get("type") != "tool_result"])),
        earlier="\n".join(before),
        prefill=prefill,
        results=tuple(" ".join(texts(block.get("content"))) for block in results),
    )


def _said(turn: Mapping[str, Any]) -> list[str]:
    return [block["text"] for block in blocks(turn.get("content")) if isinstance(block.get("text"), str)]


def speak(talk: Conversation, uncooperative: bool = False) -> str:
    """The whole text the model would say, without any limit; never empty."""
    if uncooperative:
        return GARDENS
    answer = next((text for skill in SKILLS if (text := skill(talk)) and text.strip()), "Certainly.")
    return _continued(answer, talk.prefill) if talk.prefill else answer


def _continued(answer: str, prefill: str) -> str:
    begun = prefill.strip()
    if answer.startswith(begun) and len(answer) > len(begun):
        return answer[len(begun) :]
    return " and so it goes on, one step after the other."


def recall(talk: Conversation) -> str | None:
    """A codeword told earlier, when the user asks for it; the last one told counts."""
    if talk.results or not _ASKED.search(talk.prompt):
        return None
    told = [word for word in _TOLD.findall(talk.earlier) if word.lower() not in _FILLER]
    return str(told[-1]) if told else None


def report(talk: Conversation) -> str | None:
    """What a tool answered, when that is all there is to speak about."""
    return None if talk.prompt.strip() else results(talk)


def results(talk: Conversation) -> str | None:
    """What a tool answered, when the user asks for nothing that is better known."""
    if not talk.results:
        return None
    said = ", ".join(result for result in talk.results if result.strip())
    return f"The tool answered: {said}." if said else "The tool has finished."


def repeat(talk: Conversation) -> str | None:
    """The text the user wants back: after a colon, in quotation marks, or the single word named."""
    prompt = talk.prompt
    if colon := _AFTER_COLON.search(prompt):
        rest = colon.group(1).strip()
        if quoted := _QUOTED.match(rest):
            return str(next(filter(None, quoted.groups())))
        single = re.search(r"\b(?:single|one) word\b", colon.group(0)[: -len(colon.group(1))], re.I)
        wanted = rest.split()[0].rstrip(".,;!") if single else _TAIL.sub("", rest)
        return wanted or rest
    if _SPEAK.search(prompt) and (quoted := _QUOTED.search(prompt)):
        return str(next(filter(None, quoted.groups())))
    return None


def single_word(talk: Conversation) -> str | None:
    """A word to be said that stands without colon or quotation marks."""
    found = _BARE.search(talk.prompt)
    word = found.group(1) if found else ""
    return word if len(word) > 1 and word.lower() not in _FILLER | {"me", "us", "in", "to", "about"} else None


def recite(talk: Conversation) -> str | None:
    """The alphabet."""
    return ALPHABET if re.search(r"\balphabet\b", talk.prompt, re.I) else None


def count_up(talk: Conversation) -> str | None:
    """The numbers of a range, in words if the user speaks in words."""
    for first, last in _SPAN.findall(talk.prompt):
        low, high = to_number(first), _longest_number(last)
        if low is not None and high is not None and low <= high:
            wordy = not first.isdigit() or re.search(r"\bin (?:english )?words\b", talk.prompt, re.I)
            return ", ".join(in_words(number) if wordy else str(number) for number in range(low, high + 1))
    return None


def _longest_number(text: str) -> int | None:
    words = text.split()
    lengths = range(len(words), 0, -1)
    return next((n for size in lengths if (n := to_number(" ".join(words[:size]))) is not None), None)


def tell(talk: Conversation) -> str | None:
    """A story of the wanted number of words."""
    length = _LENGTH.search(talk.prompt)
    if length is None and not _TELL.search(talk.prompt):
        return None
    return story(min(int(length.group(1)), 200_000) if length else _DEFAULT_STORY)


def know(talk: Conversation) -> str | None:
    """Small sums and a few capitals."""
    if found := _SUM.search(talk.prompt):
        left, sign, right = int(found.group(1)), found.group(2).lower(), int(found.group(3))
        results = {"+": left + right, "plus": left + right, "-": left - right, "minus": left - right}
        return str(results.get(sign, left * right))
    country = _CAPITAL.search(talk.prompt)
    city = CAPITALS.get(country.group(1).lower()) if country else None
    return f"The capital of {country.group(1).title()} is {city}." if country and city else None


def converse(talk: Conversation) -> str:
    """A short polite sentence about what the user wrote."""
    heard = " ".join(re.findall(r"[^\W\d_]+", talk.prompt)[:6])
    return f"Thank you for writing about {heard}; I am glad to help with it." if heard else "I am glad to help."


SKILLS: Sequence[Callable[[Conversation], str | None]] = (
    recall,
    report,
    recite,
    count_up,
    repeat,
    tell,
    know,
    results,
    single_word,
    converse,
)
"""What the model can do, tried in this order."""
