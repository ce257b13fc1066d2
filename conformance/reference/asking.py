"""What a user asks of the tools: which are called, how often, and with which numbers."""

import re
from collections.abc import Mapping
from typing import Any

from conformance.reference.arguments import arguments
from conformance.reference.model import Conversation
from conformance.reference.tokens import listed
from conformance.reference.words import NUMBER_WORDS, to_number

Tool = dict[str, Any]
Call = tuple[str, dict[str, Any]]

_ASKED = re.compile(
    r"\b(?:use|using|call|calling|invoke|run|with|through|via)\b[^.!?]{0,40}\b(?:tools?|functions?)\b", re.I
)
_FORBIDDEN = re.compile(
    r"\b(?:not|don['’]t|never|without)\s+(?:us(?:e|ing)|call(?:ing)?|invok(?:e|ing))\b"
    r"|\b(?:no|without)\s+(?:(?:any|the|your)\s+)?(?:tools?|functions?)\b",
    re.I,
)
_TWICE = re.compile(r"\b(?:twice|both|parallel)\b|\b(?:two|2)\s+(?:\w+\s+)?(?:times|calls)\b", re.I)
_PAIR = re.compile(r"\d[^\d.!?]{0,30}\band\b[^\d.!?]{0,30}\d", re.I)
_DIGITS = re.compile(r"(?<![\w.])-?\d{1,9}(?!\w|\.\d)")
_WORD = rf"(?:{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))})"
_PHRASE = rf"{_WORD}(?:[\s-]+(?:and\s+)?{_WORD})*"
_IN_WORDS = re.compile(rf"\b{_PHRASE}\b", re.I)
_COMMON = frozenset(
    ["and", "any", "can", "for", "from", "get", "give", "the", "this", "that", "tool", "use", "with", "you"]
)


def calls(body: Mapping[str, Any], talk: Conversation, uncooperative: bool = False) -> list[Call]:
    """The tool calls of a turn, as pairs of name and arguments; empty when the model answers in text.

    Each tool that the prompt names is called once, in the order they are named. An uncooperative model calls one
    when it is forced to, and hears nothing of what the user wants from it.
    """
    tools = [tool for tool in listed(body.get("tools")) if isinstance(tool, dict) and "input_schema" in tool]
    choice = body.get("tool_choice")
    choice = choice if isinstance(choice, dict) else {"type": choice if isinstance(choice, str) else "auto"}
    prompt = "" if uncooperative else talk.prompt
    chosen = _chosen(tools, choice, prompt)
    if choice.get("disable_parallel_tool_use"):
        return _made(chosen[:1], prompt, 1)
    return _made(chosen, prompt, _times(chosen, prompt))


def _made(chosen: list[Tool], prompt: str, times: int) -> list[Call]:
    turns = [tool for tool in chosen for _ in range(times)]
    return [
        (str(tool.get("name", "tool")), arguments(tool["input_schema"], _heard(tool, chosen, prompt, turn)))
        for turn, tool in enumerate(turns)
    ]


def _heard(tool: Tool, chosen: list[Tool], prompt: str, turn: int) -> list[int]:
    """The numbers meant for a call: those said by name or between this tool's name and the next, else all."""
    if len(chosen) == 1:
        numbers = numbers_in(prompt)
        return _own(tool, prompt) or numbers[turn:] or numbers
    others = [str(one.get("name")) for one in chosen if one is not tool]
    part = prompt.partition(str(tool.get("name")))[2]
    for other in others:
        part = part.partition(other)[0]
    return _own(tool, part) or numbers_in(part) or numbers_in(prompt)


def _times(chosen: list[Tool], prompt: str) -> int:
    """How often a tool is called: twice if the prompt says so, or names two numbers for one argument."""
    if len(chosen) != 1:
        return 1
    pair = len(_properties(chosen[0])) == 1 and _PAIR.search(prompt)
    return 2 if pair or _TWICE.search(prompt) else 1


def _properties(tool: Tool) -> list[str]:
    schema = tool["input_schema"]
    known = schema.get("properties") if isinstance(schema, dict) else None
    return list(known) if isinstance(known, dict) else []


def _chosen(tools: list[Tool], choice: Mapping[str, Any], prompt: str) -> list[Tool]:
    match choice.get("type"):
        case "none":
            return []
        case "tool":
            return [tool for tool in tools if tool.get("name") == choice.get("name")][:1]
        case "any":
            return named(tools, prompt) or nearest(tools, prompt)
    if _FORBIDDEN.search(prompt):
        return []
    return named(tools, prompt) or (nearest(tools, prompt) if _ASKED.search(prompt) else [])


def named(tools: list[Tool], prompt: str) -> list[Tool]:
    """The tools whose names stand in the prompt, in their order there."""
    places = [(re.search(rf"(?<![\w-]){re.escape(str(tool.get('name')))}(?![\w-])", prompt), tool) for tool in tools]
    return [tool for found, tool in sorted(((f, t) for f, t in places if f), key=lambda pair: pair[0].start())]


def nearest(tools: list[Tool], prompt: str) -> list[Tool]:
    """The one tool whose name and description share most words with the prompt, the first of equals."""
    heard = _words(prompt)
    shared = {number: len(heard & _words(f"{t.get('name')} {t.get('description')}")) for number, t in enumerate(tools)}
    return [tools[max(shared, key=lambda number: shared[number])]] if tools else []


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", text.lower())) - _COMMON


def numbers_in(text: str) -> list[int]:
    """The integers a text names, in digits, else in words; a lone "one" counts only where there is no other."""
    if digits := _DIGITS.findall(text):
        return [int(number) for number in digits]
    spoken = [number for words in _IN_WORDS.findall(text) if (number := to_number(words)) is not None]
    return [number for number in spoken if number != 1] or spoken


def _own(tool: Tool, prompt: str) -> list[int]:
    """The numbers said of a tool's properties by name, as in "n = seven"; empty unless each is said once."""
    found = [
        re.findall(rf"(?<!\w){re.escape(name)}\s*(?:=|:|\b(?:is|of|to|as)\b)\s*(-?\d{{1,9}}|{_PHRASE})\b", prompt, re.I)
        for name in _properties(tool)
    ]
    return [_value(said[0]) for said in found] if all(len(said) == 1 for said in found) else []


def _value(text: str) -> int:
    return int(text) if text.lstrip("-").isdigit() else to_number(text) or 0
