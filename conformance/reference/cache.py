"""The cache of prompts: the prefix up to the last `cache_control` is written once and read from then on."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from conformance.reference.plan import Counts
from conformance.reference.tokens import blocks, count, listed, strings

LEAST = 1024
"""Tokens; a shorter prefix is not cached."""


def counted(counts: Counts, body: Mapping[str, Any], seen: set[str]) -> Counts:
    """The counts with the marked prefix as read from the cache, or as written to it where `seen` does not know it."""
    prefix = marked_prefix(body)
    size = min(counts.input, sum(count(text) for text in strings([_spoken(block) for block in prefix])))
    if size < LEAST:
        return counts
    key = hashlib.sha256(json.dumps([body.get("model"), prefix]).encode()).hexdigest()
    if key in seen:
        return replace(counts, cached=size)
    seen.add(key)
    return replace(counts, written=size)


def marked_prefix(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tools and blocks of a request, in the order in which they are read, up to the last one that is marked."""
    parts = list(_parts(body))
    marked = [place for place, part in enumerate(parts) if isinstance(part.get("cache_control"), dict)]
    return parts[: marked[-1] + 1] if marked else []


def _parts(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (tool for tool in listed(body.get("tools")) if isinstance(tool, dict))
    yield from blocks(body.get("system"))
    for turn in listed(body.get("messages")):
        if isinstance(turn, dict):
            yield from blocks(turn.get("content"))


def _spoken(part: Mapping[str, Any]) -> Any:
    """What of a block or tool costs tokens here: the text of a text block, of a tool all of it."""
    return part.get("text") if part.get("type") == "text" else {k: v for k, v in part.items() if k != "cache_control"}
