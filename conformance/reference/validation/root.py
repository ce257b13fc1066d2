"""Rules for the fields at the root of the body, except messages and tools."""

from typing import Any

from conformance.reference.seams import Context
from conformance.reference.settings import VERSIONS
from conformance.reference.tokens import input_tokens, listed
from conformance.reference.validation._types import (
    Body,
    Check,
    Rule,
    first,
    is_integer,
    is_number,
    is_numeral,
    system_blocks,
)

ROOT_FIELDS = frozenset(
    [
        "model",
        "messages",
        "max_tokens",
        "stream",
        "system",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "tools",
        "tool_choice",
        "metadata",
        "thinking",
        "cache_control",
        "container",
        "context_management",
        "diagnostics",
        "inference_geo",
        "mcp_servers",
        "output_config",
        "service_tier",
        "speed",
        "user_profile_id",
        "workspace_id",
    ]
)
SAMPLING = ("temperature", "top_p", "top_k")


def model_type(body: Body, context: Context) -> str | None:
    return None if isinstance(body.get("model"), str) else "model: a string is required"


def model_known(body: Body, context: Context) -> str | None:
    model = body.get("model")
    return "model: no such model" if isinstance(model, str) and model != context.settings.model else None


def max_tokens_present(body: Body, context: Context) -> str | None:
    return None if "max_tokens" in body else "max_tokens: Field required"


def max_tokens_type(body: Body, context: Context) -> str | None:
    value = body.get("max_tokens", 1)
    return None if is_integer(value) or is_numeral(value) else "max_tokens: must be an integer"


def max_tokens_coerced(body: Body, context: Context) -> str | None:
    return "max_tokens: must be an integer" if is_numeral(body.get("max_tokens")) else None


def max_tokens_zero(body: Body, context: Context) -> str | None:
    zero = is_integer(body.get("max_tokens")) and body["max_tokens"] == 0
    return "max_tokens: must be at least 1" if zero and not context.profile.prewarm else None


def max_tokens_negative(body: Body, context: Context) -> str | None:
    value = body.get("max_tokens")
    return "max_tokens: must not be negative" if is_integer(value) and body["max_tokens"] < 0 else None


def max_tokens_limit(body: Body, context: Context) -> str | None:
    value, most = body.get("max_tokens"), context.settings.max_output_tokens
    over = is_integer(value) and body["max_tokens"] > most and not context.profile.clamps
    return f"max_tokens: more than {most}, the maximum allowed number of output tokens" if over else None


def _stream_coercible(value: Any) -> bool:
    words = ("true", "false", "yes", "no", "on", "off", "1", "0")
    return is_number(value) or (isinstance(value, str) and value.lower() in words)


def stream_type(body: Body, context: Context) -> str | None:
    value = body.get("stream", False)
    return None if isinstance(value, bool) or _stream_coercible(value) else "stream: must be a boolean"


def stream_coerced(body: Body, context: Context) -> str | None:
    return "stream: must be a boolean" if _stream_coercible(body.get("stream")) else None


def system_type(body: Body, context: Context) -> str | None:
    value = body.get("system", "")
    texts = isinstance(value, list) and all(
        isinstance(block, dict) and block.get("type") == "text" and isinstance(block.get("text"), str)
        for block in value
    )
    return None if isinstance(value, str) or texts else "system: must be a string or an array of text blocks"


def system_blank(body: Body, context: Context) -> str | None:
    blank = (place for place, block in system_blocks(body) if _is_blank(block.get("text")))
    return first(f"{place}.text: must contain non-whitespace text" for place in blank)


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def stop_sequences_type(body: Body, context: Context) -> str | None:
    value = body.get("stop_sequences", [])
    good = isinstance(value, list) and all(isinstance(stop, str) for stop in value)
    return None if good else "stop_sequences: must be an array of strings"


def stop_sequences_blank(body: Body, context: Context) -> str | None:
    blank = any(_is_blank(stop) for stop in listed(body.get("stop_sequences")))
    return "stop_sequences: each stop sequence must contain non-whitespace" if blank else None


def number_type(name: str, integer: bool = False) -> Check:
    """The rule that a field is a number, or an integer; numerals are another rule's."""
    valid = is_integer if integer else is_number

    def check(body: Body, context: Context) -> str | None:
        value = body.get(name, 1)
        return None if valid(value) or is_numeral(value) else f"{name}: must be a{'n integer' * integer or ' number'}"

    return check


def sampling_coerced(body: Body, context: Context) -> str | None:
    return first(f"{name}: must be a number" for name in SAMPLING if is_numeral(body.get(name)))


def number_range(name: str, high: float) -> Check:
    """The rule that a number lies between 0 and `high`."""

    def check(body: Body, context: Context) -> str | None:
        value = body.get(name)
        return f"{name}: out of range" if is_number(value) and not 0 <= body[name] <= high else None

    return check


def sampling_removed(body: Body, context: Context) -> str | None:
    return first(f"{name}: not supported by this API version" for name in SAMPLING if name in body)


def metadata_type(body: Body, context: Context) -> str | None:
    return None if isinstance(body.get("metadata", {}), dict) else "metadata: must be an object"


def _metadata(body: Body) -> dict[str, Any]:
    value = body.get("metadata")
    return value if isinstance(value, dict) else {}


def metadata_keys(body: Body, context: Context) -> str | None:
    extra = _metadata(body).keys() - {"user_id"}
    return "metadata: Extra inputs are not permitted" if extra else None


def metadata_user(body: Body, context: Context) -> str | None:
    good = isinstance(_metadata(body).get("user_id"), str | None)
    return None if good else "metadata.user_id: must be a string"


def unknown_fields(body: Body, context: Context) -> str | None:
    return "the body has unknown fields: Extra inputs are not permitted" if body.keys() - ROOT_FIELDS else None


def context_window(body: Body, context: Context) -> str | None:
    size, window = input_tokens(body), context.settings.context_window
    return f"prompt is too long: {size} tokens > {window} maximum" if size > window else None


OLD, NEW = VERSIONS[:1], VERSIONS[1:]
CLOSED = ("anthropic",)

ROOT_RULES = (
    Rule("model-type", "REQ-001", model_type),
    Rule("max-tokens-present", "REQ-021", max_tokens_present),
    Rule("max-tokens-type", "REQ-024", max_tokens_type),
    Rule("max-tokens-coerced", "REQ-025", max_tokens_coerced),
    Rule("max-tokens-zero", "REQ-022", max_tokens_zero, profiles=("myrouter",)),
    Rule("max-tokens-negative", "REQ-023", max_tokens_negative),
    Rule("max-tokens-limit", "REQ-027", max_tokens_limit, profiles=CLOSED),
    Rule("stream-type", "REQ-028", stream_type),
    Rule("stream-coerced", "REQ-025", stream_coerced),
    Rule("system-type", "REQ-032", system_type),
    Rule("system-blank", "REQ-015", system_blank),
    Rule("stop-sequences-type", "REQ-033", stop_sequences_type),
    Rule("stop-sequences-blank", "REQ-035", stop_sequences_blank),
    Rule("temperature-type", "REQ-039", number_type("temperature")),
    Rule("top-p-type", "REQ-039", number_type("top_p")),
    Rule("top-k-type", "REQ-039", number_type("top_k", integer=True)),
    Rule("sampling-coerced", "REQ-025", sampling_coerced),
    Rule("temperature-range", "REQ-037", number_range("temperature", 1), versions=OLD),
    Rule("top-p-range", "REQ-038", number_range("top_p", 1), versions=OLD),
    Rule("top-k-range", "REQ-038", number_range("top_k", float("inf")), versions=OLD),
    Rule("sampling-removed", "REQ-041", sampling_removed, versions=NEW),
    Rule("metadata-type", "REQ-043", metadata_type),
    Rule("metadata-keys", "REQ-044", metadata_keys, profiles=CLOSED),
    Rule("metadata-user", "REQ-043", metadata_user, profiles=CLOSED),
    Rule("unknown-fields", "REQ-045", unknown_fields, profiles=CLOSED),
)
MODEL_RULES = (
    Rule("model-known", "REQ-002", model_known, status=404),
    Rule("context-window", "REQ-052", context_window),
)
