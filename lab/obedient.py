"""A plain, obedient language model without a network: the mind of ``lab/upstream.py``.

It does what an ordinary instruction-following model does: repeats what it is asked to repeat, counts, recalls a
codeword, calls the tool it is told to call, and otherwise tells a story. It knows no harness. Messages and tools are
those of the OpenAI chat-completions format.
"""

from __future__ import annotations

import json
import re
from typing import Any

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
STORY = (
    "Once upon a time a keeper lived in a lighthouse at the edge of a quiet sea. Every evening she climbed "
    "the stairs, lit the lamp and watched the ships go by. One night the fog came in so thick that the light "
    "could not reach the water, so she rang the old bell until morning. "
)
STORY_TIMES = 12
GREETING = "I understand. What should I do next?"
PIECE = re.compile(r"\s*\w{1,6}|\s*[^\w\s]|\s+")
QUOTED = re.compile(r"[\"“`']([^\"”`']+)[\"”`']")
REPEAT = re.compile(
    r"\b(?:repeat|say|reply|respond|answer|output|write|print|echo)\b(?P<how>[^:\n]*?):\s*(?P<text>.+)",
    re.I | re.S,
)
REPEAT_BARE = re.compile(r"\b(?:repeat|say|reply with|respond with|answer with|output|echo|print)\s+(.+)", re.I | re.S)
NUMBER = r"\d+|[a-z]+(?:-[a-z]+)?(?: hundred(?: and)?(?: [a-z]+(?:-[a-z]+)?)?)?"
RANGE = re.compile(
    rf"\bcount\b.*?\bfrom\s+({NUMBER})\s+(?:up\s+|down\s+)?(?:to|through|until)\s+({NUMBER})", re.I | re.S
)
UP_TO = re.compile(rf"\bcount\b()[^.:]*?\bto\s+({NUMBER})", re.I)
TIMES = re.compile(rf"\s*\b({NUMBER})\s+times\b[\s,.:]*", re.I)
TELLING = re.compile(r"\b(?:story|tale|essay|poem|tell|write|describe|explain|list|long|detail\w*|paragraphs?)\b", re.I)
SECRET = re.compile(
    r"\b(code ?word|password|secret word|passphrase|secret|code|name)\s*(?:is|:|=)\s*[\"'`“]?([\w-]+)", re.I
)
ASKED = re.compile(r"\b(code ?word|password|secret word|passphrase|secret|code|name)\b", re.I)
SEVERAL = re.compile(r"\b(?:both|each|twice|parallel|at once|same time|two calls|two times)\b", re.I)
RETICENT = re.compile(r"\b(?:do not|don't|without|never)\s+(?:call|use|using|calling)\b", re.I)


def pieces(text: str) -> list[str]:
    """Tokens of a text; joined again they give the text."""
    return PIECE.findall(text)


def text_of(message: dict[str, Any]) -> str:
    """The plain text of a message, whatever form its content takes."""
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def in_words(number: int) -> str:
    """A number from 0 to 999 in English words; others in digits."""
    if not 0 <= number < 1000:
        return str(number)
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    rest = f" {in_words(number % 100)}" if number % 100 else ""
    return f"{ONES[number // 100]} hundred{rest}"


SEPARATORS = {"\n": re.compile(r"per line|new ?line|own line|each on", re.I), ", ": re.compile("comma", re.I)}
FILLER = re.compile(r"^(?:(?:exactly|only|just|back|with|the|words?|text|single)\s+)+", re.I)
WORD_VALUES = {in_words(n): n for n in range(1000)}


def number_of(phrase: str) -> int | None:
    """The number a phrase begins with, in digits or in words ("two hundred and six apples" gives 206)."""
    words = phrase.lower().replace(" and ", " ").split()
    tries = (" ".join(words[:length]) for length in range(len(words), 0, -1))
    return next((int(t) if t.isdecimal() else WORD_VALUES[t] for t in tries if t.isdecimal() or t in WORD_VALUES), None)


def counted(prompt: str) -> str | None:
    """The counting a prompt asks for, in words if it says so or uses words itself."""
    if not (found := RANGE.search(prompt) or UP_TO.search(prompt)):
        return None
    first, last = number_of(found[1] or "1"), number_of(found[2])
    if first is None or last is None or abs(last - first) > 5000:
        return None
    spelled = "word" in prompt.lower() or not f"{found[1]}{found[2]}".isdecimal()
    step = 1 if last >= first else -1
    glue = next((glue for glue, asked in SEPARATORS.items() if asked.search(prompt)), " ")
    return glue.join(in_words(n) if spelled else str(n) for n in range(first, last + step, step))


def repeated(prompt: str) -> str | None:
    """The text a prompt asks to have repeated, as many times as it says."""
    asked = TIMES.search(prompt)
    times = min(number_of(asked[1]) or 1, 5000) if asked else 1
    text = wanted(TIMES.sub(" ", prompt).strip() if asked else prompt)
    return None if text is None else " ".join([text] * times)


def wanted(prompt: str) -> str | None:
    """The text after the colon, in quotation marks, or after the verb itself."""
    if found := REPEAT.search(prompt):
        text = found["text"].strip()
        quoted = QUOTED.fullmatch(text)
        return quoted[1] if quoted else text
    if found := REPEAT_BARE.search(prompt):
        quoted = QUOTED.search(found[1])
        return quoted[1] if quoted else FILLER.sub("", found[1].strip()).rstrip(".!")
    return None


def recalled(prompt: str, earlier: str) -> str | None:
    """The codeword told earlier, when the prompt asks for it."""
    told = {re.sub(" ", "", kind.lower()): value for kind, value in SECRET.findall(earlier)}
    asked = [re.sub(" ", "", kind.lower()) for kind in ASKED.findall(prompt)]
    return next((told[kind] for kind in asked if kind in told), None)


def spoken(messages: list[dict[str, Any]]) -> str:
    """The model's whole text for a conversation, before limits and stop sequences."""
    last = messages[-1]
    if last["role"] in {"tool", "function"}:
        return f"The result is {text_of(last)}."
    users = [i for i, message in enumerate(messages) if message["role"] == "user"]
    at = users[-1] if users else len(messages) - 1
    prompt, earlier = text_of(messages[at]), "\n".join(text_of(message) for message in messages[:at])
    system = "\n".join(text_of(message) for message in messages if message["role"] in {"system", "developer"})
    said = recalled(prompt, f"{earlier}\n{prompt}") or counted(prompt) or repeated(prompt) or repeated(system)
    text = said or (STORY * STORY_TIMES if TELLING.search(prompt) else GREETING)
    prefill = text_of(last) if last["role"] == "assistant" else ""
    return text.removeprefix(prefill).lstrip() if prefill else text


def sample(schema: dict[str, Any], prompt: str, nth: int) -> Any:
    """A value for a JSON Schema, from the prompt where it names one; ``nth`` picks its nth number or quote."""
    if "const" in schema or schema.get("enum"):
        return schema.get("const", (schema.get("enum") or [None])[0])
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required", ())
        return {name: sample(schema.get("properties", {}).get(name, {}), prompt, nth) for name in wanted}
    if kind == "array":
        return [sample(schema.get("items", {}), prompt, nth)]
    numbers, quoted = re.findall(r"(?<![\w.])\d+(?!\w|\.\d)", prompt), QUOTED.findall(prompt)
    number = int(numbers[nth % len(numbers)]) if numbers else 1
    text = quoted[nth % len(quoted)] if quoted else (re.findall(r"[A-Z]\w+", prompt) or ["value"])[-1]
    return {"integer": number, "number": number, "boolean": True, "null": None}.get(str(kind), text)


def called(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The tool calls the model makes: those it is forced to make, or told to in the last user turn."""
    functions = [tool["function"] for tool in body.get("tools") or () if tool.get("type") == "function"]
    choice, last = body.get("tool_choice") or "auto", body["messages"][-1]
    if not functions or choice == "none":
        return ()
    prompt = text_of(next((m for m in reversed(body["messages"]) if m["role"] == "user"), last))
    if isinstance(choice, dict):
        picked = [f for f in functions if f["name"] == choice.get("function", {}).get("name")]
    else:
        picked = [f for f in functions if re.search(rf"\b{re.escape(f['name'])}\b", prompt)]
        picked = picked or (
            functions[:1] if re.search(r"\b(?:use|call|using|calling)\b.*\btools?\b", prompt, re.I) else []
        )
        if choice == "required":
            picked = picked or functions[:1]
        elif last["role"] != "user" or RETICENT.search(prompt):
            return ()
    several = bool(SEVERAL.search(prompt)) and body.get("parallel_tool_calls", True)
    if several and len(picked) == 1:
        picked = picked * 2
    picked = picked if several else picked[:1]
    return tuple(
        (f["name"], json.dumps(sample({"type": "object"} | f.get("parameters", {}), prompt, i)))
        for i, f in enumerate(picked)
    )
