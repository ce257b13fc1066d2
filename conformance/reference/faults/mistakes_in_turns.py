"""Kinds of mistakes in the conversation, one by one."""

from collections.abc import Iterator
from typing import Any

from conformance.reference.faults.mistakes import (
    ABSENT,
    ARRAY,
    BOOLEAN,
    EMPTY,
    NONE,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Body,
    Kind,
    Mistake,
    Place,
    at,
    found,
    root,
    text,
)
from conformance.reference.images import decoded
from conformance.reference.tokens import listed
from conformance.reference.validation._types import turns, typed_blocks
from conformance.reference.validation.messages import BLOCK_FIELDS, MEDIA_TYPES, ROLES

FOREIGN_ROLES = ("tool", "function", "developer")
"""Roles of other protocols."""


def _turn(name: str) -> Place:
    return lambda body: [turn.get(name, ABSENT) for _, turn in turns(body)]


def _last(name: str) -> Place:
    return lambda body: [turn.get(name, ABSENT) for _, turn in list(turns(body))[-1:]]


def _earlier(name: str) -> Place:
    return lambda body: [turn.get(name, ABSENT) for _, turn in list(turns(body))[:-1]]


def _by_assistant(name: str) -> Place:
    return lambda body: [turn.get(name, ABSENT) for _, turn in turns(body) if turn.get("role") == "assistant"]


def _block(name: str, kind: str = "") -> Place:
    return lambda body: [block.get(name, ABSENT) for _, block in typed_blocks(body, kind)]


def _extra(keys: set[str]) -> Kind:
    return lambda value: isinstance(value, dict) and bool(value.keys() - keys)


def _marks(body: Body) -> Iterator[Any]:
    yield from (mark for mark in _block("cache_control")(body) if isinstance(mark, dict))


def _word_but(name: str, *known: str) -> Kind:
    """A mark of which one member is a string that nobody knows."""
    return lambda mark: isinstance(mark.get(name), str) and mark[name] not in known


def _is_word(*words: str) -> Kind:
    return lambda value: value in words if isinstance(value, str) else False


def _unknown_role(value: Any) -> bool:
    return isinstance(value, str) and value.lower() not in (*ROLES, *FOREIGN_ROLES)


TURN_MISTAKES: tuple[Mistake, ...] = (
    *at(lambda body: listed(body.get("messages")), "message-object", "message", "a message", STRING, NULL, ARRAY),
    *at(_earlier("content"), "content-present", "earlier-content", "content before the last turn", NONE),
    *at(_last("content"), "content-present", "last-content", "content of the last turn", NONE),
    *at(
        _turn("role"),
        "role-known",
        "role",
        "a role",
        ("tool", "tool", _is_word("tool")),
        ("function", "function", _is_word("function")),
        ("capital", "in capitals", text(lambda role: role not in ROLES and role.lower() in ROLES)),
        ("unknown", "of no protocol", _unknown_role),
        NUMBER,
    ),
    *at(
        _turn("content"),
        "content-blank",
        "content",
        "content",
        ("empty-string", "an empty string", lambda value: value == ""),
        ("empty-array", "an empty array", lambda value: value == []),
    ),
    *at(
        _block("text", "text"),
        "content-blank",
        "text",
        "the text of a block",
        EMPTY,
        ("blank", "of white space", text(str.isspace)),
    ),
    *at(_turn("content"), "content-type-json", "content", "content", NUMBER, BOOLEAN, NULL, OBJECT),
    *at(_by_assistant("content"), "content-type-json", "assistant-content", "content of the assistant", NULL),
    *at(
        _block("type"),
        "block-type",
        "block-type",
        "the type of a block",
        NONE,
        NUMBER,
        ("unknown", "unknown", text(lambda kind: kind not in BLOCK_FIELDS)),
    ),
    *at(_block("text", "text"), "text-type", "text", "the text of a block", NONE, NUMBER),
    *at(
        _block("source", "image"),
        "image-source",
        "image",
        "an image",
        ("of-another-type", "of another media type", lambda value: value.get("media_type") not in MEDIA_TYPES),
        ("not-base64", "that is no Base64", lambda value: not decoded(value)),
    ),
    Mistake(
        "name-in-message",
        "unknown-nested",
        "the name of the speaker in a message",
        found(_turn("name"), text(bool)),
    ),
    Mistake(
        "member-of-block-unknown",
        "unknown-nested",
        "an unknown member of a block",
        found(lambda body: [block for _, block in typed_blocks(body, "text")], _extra({"type", "text", "citations"})),
    ),
    *at(
        _marks,
        "cache-control",
        "cache-control",
        "cache_control",
        ("of-another-type", "of another type", _word_but("type", "ephemeral")),
        ("of-another-age", "with another ttl", _word_but("ttl", "5m", "1h")),
    ),
    *at(root("thinking"), "thinking-type", "thinking", "thinking", STRING, OBJECT),
)
"""The conversation, its blocks, and thinking about it."""
