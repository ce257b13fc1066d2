"""Freedoms in the shape of the message: what is unknown, what is newer, how ids look, what the model is called."""

import copy
import secrets
from collections.abc import Callable
from typing import Any

from conformance.reference.faults._edit import both, put
from conformance.reference.seams import Apply, Context, Seam, Variation
from conformance.reference.variations._rows import ANTHROPIC, Row, table

Message = dict[str, Any]
Blocks = list[dict[str, Any]]

SNAPSHOT = "-20260101"
FALLBACK = {"type": "fallback", "from": {"model": "reference-0"}, "to": {"model": "reference-1"}}
UNKNOWN = {"type": "notice_2027", "notice": {"tone": "plain", "weights": [1, 2.5, None]}}


def _content(edit: Callable[[Blocks], Blocks]) -> Apply:
    """Edit a content that is not empty."""

    def apply(message: Message, context: Context) -> Message:
        content = message.get("content")
        return {**message, "content": edit(copy.deepcopy(content))} if content else message

    return apply


def _first(block: dict[str, Any]) -> Apply:
    """Put a block in front of everything but thinking."""

    def edit(content: Blocks) -> Blocks:
        at = sum(1 for one in content if one["type"] in ("thinking", "redacted_thinking"))
        return [*content[:at], copy.deepcopy(block), *content[at:]]

    return _content(edit)


def _texts(**fields: Any) -> Apply:
    """Add fields to the text blocks."""
    return _content(lambda content: [{**one, **fields} if one["type"] == "text" else one for one in content])


def _identified(message: Message, context: Context) -> Message:
    """Ids of another style, for the message and its calls."""
    calls = _content(
        lambda content: [
            {**one, "id": f"call-{secrets.token_urlsafe(9)}"} if one["type"] == "tool_use" else one for one in content
        ]
    )
    return {**calls(message, context), "id": secrets.token_hex(16).upper()}


UNKNOWN_BLOCKS: tuple[Row, ...] = (
    ("unknown-block-first", (7, 4), "a block of an unknown type opens the answer", _first(UNKNOWN)),
    (
        "unknown-block-last",
        (7, 4),
        "a block of an unknown type closes the answer",
        _content(lambda content: [*content, copy.deepcopy(UNKNOWN)]),
    ),
    ("fallback-block", (4,), "a fallback block, without deltas, says that another model took over", _first(FALLBACK)),
)

UNKNOWN_FIELDS: tuple[Row, ...] = (
    (
        "unknown-fields",
        (7,),
        "message, text blocks and usage have fields that are not documented",
        both(
            lambda message, _: {**message, "latency_class": None, "trace": {"hops": [1, 2]}},
            _texts(mood="calm"),
            put("usage.joules", 12.5),
        ),
    ),
)

MESSAGE_ROWS: tuple[Row, ...] = (
    (
        "newer-keys",
        (9,),
        "container, stop_details and diagnostics are null, text has citations: null",
        both(
            lambda message, _: {**message, "container": None, "stop_details": None, "diagnostics": None},
            _texts(citations=None),
        ),
    ),
    ("other-ids", (), "ids have another style", _identified),
)

SNAPSHOT_ROWS: tuple[Row, ...] = (
    (
        "model-snapshot",
        (8,),
        "model is the snapshot that the requested alias stands for",
        lambda message, _: {**message, "model": f"{message['model']}{SNAPSHOT}"},
    ),
)

SHAPE_VARIATIONS: tuple[Variation, ...] = (
    *table(Seam.MESSAGE, UNKNOWN_BLOCKS, admits=(UNKNOWN["type"], FALLBACK["type"])),  # type: ignore[arg-type]
    *table(Seam.MESSAGE, UNKNOWN_FIELDS, admits=("mood",)),
    *table(Seam.MESSAGE, MESSAGE_ROWS),
    *table(Seam.MESSAGE, SNAPSHOT_ROWS, ANTHROPIC),
)
