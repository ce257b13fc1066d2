"""Rules for the messages: turns, roles, content blocks, images."""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.reference.images import decoded, media_type
from conformance.reference.seams import Context
from conformance.reference.settings import VERSIONS
from conformance.reference.tokens import listed
from conformance.reference.validation._types import (
    Body,
    Rule,
    first,
    system_blocks,
    turns,
    typed_blocks,
)

ROLES = ("user", "assistant")
MEDIA_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")

_RESULTS = [
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
]
BLOCK_FIELDS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text", "citations"}),
    "image": frozenset({"source", "transformations"}),
    "document": frozenset({"source", "citations", "context", "title"}),
    "search_result": frozenset({"source", "citations", "content", "title"}),
    "container_upload": frozenset({"file_id"}),
    "thinking": frozenset({"thinking", "signature"}),
    "redacted_thinking": frozenset({"data"}),
    "tool_use": frozenset({"id", "name", "input", "caller", "toolset_name"}),
    "server_tool_use": frozenset({"id", "name", "input", "caller"}),
    "tool_result": frozenset({"tool_use_id", "content", "is_error", "toolset_name"}),
} | {name: frozenset({"tool_use_id", "content", "caller"}) for name in _RESULTS}
COMMON_FIELDS = frozenset({"type", "cache_control"})


def messages_type(body: Body, context: Context) -> str | None:
    return None if isinstance(body.get("messages"), list) else "messages: an array is required"


def messages_empty(body: Body, context: Context) -> str | None:
    return "messages: at least one message is required" if body.get("messages") == [] else None


def message_object(body: Body, context: Context) -> str | None:
    good = all(isinstance(turn, dict) for turn in listed(body.get("messages")))
    return None if good else "messages: every message must be an object"


def role_present(body: Body, context: Context) -> str | None:
    return first(f"{place}.role: Field required" for place, turn in turns(body) if "role" not in turn)


def role_known(body: Body, context: Context) -> str | None:
    known = (*ROLES, "system")
    bad = (place for place, turn in turns(body) if turn.get("role", "user") not in known)
    return first(f"{place}.role: must be user or assistant" for place in bad)


def role_system(body: Body, context: Context) -> str | None:
    bad = (place for place, turn in turns(body) if turn.get("role") == "system")
    return first(f"{place}.role: role 'system' is not supported on this model" for place in bad)


def content_present(body: Body, context: Context) -> str | None:
    return first(f"{place}.content: Field required" for place, turn in turns(body) if "content" not in turn)


def content_type(body: Body, context: Context) -> str | None:
    bad = (place for place, turn in turns(body) if not isinstance(turn.get("content", ""), str | list))
    return first(f"{place}.content: must be a string or an array of blocks" for place in bad)


def content_blank(body: Body, context: Context) -> str | None:
    last = len(listed(body.get("messages"))) - 1
    for place, turn in turns(body):
        content, final = turn.get("content"), place == f"messages.{last}" and turn.get("role") == "assistant"
        if content == [] and not final:
            return f"{place}.content: must have at least one block"
        if isinstance(content, str) and not content.strip() and not (final and content == ""):
            return f"{place}.content: must contain non-whitespace text"
    blank = (place for place, block in typed_blocks(body, "text") if isinstance(block.get("text"), str))
    texts = {place: block.get("text") for place, block in typed_blocks(body, "text")}
    return first(f"{place}.text: must contain non-whitespace text" for place in blank if not str(texts[place]).strip())


def prefill_space(body: Body, context: Context) -> str | None:
    final = (listed(body.get("messages")) or [None])[-1]
    if not isinstance(final, dict) or final.get("role") != "assistant":
        return None
    content = final.get("content")
    tail = (
        content[-1].get("text") if isinstance(content, list) and content and isinstance(content[-1], dict) else content
    )
    trailing = isinstance(tail, str) and tail.strip() and tail != tail.rstrip()
    return "messages: final assistant content cannot end with trailing whitespace" if trailing else None


def block_type(body: Body, context: Context) -> str | None:
    for place, turn in turns(body):
        for index, block in enumerate(listed(turn.get("content"))):
            kind = block.get("type") if isinstance(block, dict) else None
            if not isinstance(kind, str) or kind not in BLOCK_FIELDS.keys() | context.seams.admitted():
                return f"{place}.content.{index}: must be a block of a known type"
    return None


def text_type(body: Body, context: Context) -> str | None:
    bad = (place for place, block in typed_blocks(body, "text") if not isinstance(block.get("text"), str))
    return first(f"{place}.text: a string is required" for place in bad)


def image_source(body: Body, context: Context) -> str | None:
    bad = (place for place, block in _images(body) if not _good_image(block.get("source")))
    return first(f"{place}.source: must be a supported image" for place in bad)


def image_bytes(body: Body, context: Context) -> str | None:
    """The bytes are of the media type that is named; what cannot be read at all is another rule's."""
    for place, block in _images(body):
        source = block.get("source")
        data, named = decoded(source), source.get("media_type") if isinstance(source, dict) else None
        if data and named in MEDIA_TYPES and media_type(data) != named:
            return f"{place}.source: the image is not of the type {named}"
    return None


def _images(body: Body) -> Iterator[tuple[str, dict[str, Any]]]:
    """The image blocks of the turns, those in tool results included, each with its place in the body."""
    yield from typed_blocks(body, "image")
    for place, result in typed_blocks(body, "tool_result"):
        for index, block in enumerate(listed(result.get("content"))):
            if isinstance(block, dict) and block.get("type") == "image":
                yield f"{place}.content.{index}", block


def _good_image(source: Any) -> bool:
    if not isinstance(source, dict):
        return False
    if source.get("type") != "base64":
        place = {"url": "url", "file": "file_id"}.get(str(source.get("type")), "")
        return isinstance(source.get(place), str)
    return bool(decoded(source)) and source.get("media_type") in MEDIA_TYPES


def unknown_nested(body: Body, context: Context) -> str | None:
    for place, turn in turns(body):
        if turn.keys() - {"role", "content"}:
            return f"{place}: Extra inputs are not permitted"
    for place, block in (*typed_blocks(body), *system_blocks(body)):
        known = BLOCK_FIELDS.get(str(block.get("type")))
        if known is not None and block.keys() - known - COMMON_FIELDS - context.seams.admitted():
            return f"{place}: Extra inputs are not permitted"
    return None


def document_assistant(body: Body, context: Context) -> str | None:
    return first(f"{place}: no document here" for place, _ in typed_blocks(body, "document", "assistant"))


def citations_user(body: Body, context: Context) -> str | None:
    cited = (place for place, block in typed_blocks(body, "text", "user") if block.get("citations"))
    return first(f"{place}.citations: not supported by this API version" for place in cited)


CLOSED = ("anthropic",)
NEW = VERSIONS[1:]

MESSAGE_RULES = (
    Rule("messages-type", "REQ-003", messages_type),
    Rule("messages-empty", "REQ-004", messages_empty),
    Rule("message-object", "REQ-005", message_object),
    Rule("role-present", "REQ-006", role_present),
    Rule("role-known", "REQ-008", role_known),
    Rule("role-system", "REQ-009", role_system),
    Rule("content-present", "REQ-007", content_present),
    Rule("content-type-json", "REQ-016", content_type),
    Rule("content-blank", "REQ-015", content_blank),
    Rule("block-type", "REQ-017", block_type),
    Rule("text-type", "REQ-018", text_type),
    Rule("image-source", "REQ-020", image_source),
    Rule("image-bytes", "REQ-020", image_bytes),
    Rule("unknown-nested", "REQ-046", unknown_nested, profiles=CLOSED),
    Rule("prefill-space", "REQ-014", prefill_space),
    Rule("document-assistant", "REQ-042", document_assistant, versions=NEW),
    Rule("citations-user", "REQ-042", citations_user, versions=NEW),
)
