"""A plain deterministic tokenizer: pieces of at most four characters together with the white space before them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.reference.images import image_tokens

PIECE = re.compile(r"\s*\S{1,4}|\s+\Z")

TURN_TOKENS = 3
"""What a turn costs beside its text."""


def pieces(text: str) -> list[str]:
    """The tokens of a text; joined they are the text again."""
    return [found.group() for found in PIECE.finditer(text)]


def count(text: str) -> int:
    """The number of tokens of a text."""
    return sum(1 for _ in PIECE.finditer(text))


def input_tokens(body: Mapping[str, Any]) -> int:
    """The tokens of a request: its turns, the system text and the tools, streamed or not."""
    turns = [turn for turn in listed(body.get("messages")) if isinstance(turn, dict)]
    parts = [body.get("system"), *(turn.get("content") for turn in turns)]
    spoken = sum(count(text) for part in parts for text in texts(part))
    seen = sum(image_tokens(block) for turn in turns for block in images(turn.get("content")))
    tools = sum(count(text) for text in strings(body.get("tools")))
    return max(1, spoken + tools + seen + TURN_TOKENS * (len(turns) + 1))


def listed(value: Any) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def blocks(content: Any) -> list[dict[str, Any]]:
    """The blocks of a content; a string is one text block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in listed(content) if isinstance(block, dict)]


def images(content: Any) -> Iterator[dict[str, Any]]:
    """The image blocks of a content, those in tool results included."""
    for block in blocks(content):
        if block.get("type") == "image":
            yield block
        elif block.get("type") == "tool_result":
            yield from images(block.get("content"))


def texts(content: Any) -> Iterator[str]:
    """Every text a content says: text blocks, thinking, tool calls and their results, documents."""
    for block in blocks(content):
        match block.get("type"):
            case "text":
                yield from strings(block.get("text"))
            case "thinking":
                yield from strings(block.get("thinking"))
            case "tool_use":
                yield from strings([block.get("name"), block.get("input")])
            case "tool_result" | "search_result":
                yield from texts(block.get("content"))
            case "document":
                source = block.get("source")
                yield from strings([block.get("title"), source.get("data") if isinstance(source, dict) else None])


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value, keys of objects included; numbers count as their text."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif item is not None:
            yield str(item)
