"""Freedoms in what is refused: what newer models do without, and what an error says besides the documented."""

from collections.abc import Mapping
from typing import Any

from conformance.reference.refusal import Refusal
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.tokens import listed
from conformance.reference.variations._rows import ANTHROPIC, Row, table

Body = Mapping[str, Any]

DEFAULTS = {"temperature": (1, 1), "top_p": (0.99, 1), "top_k": (0, 0)}
"""The sampling values that newer models accept, from lowest to highest (contract, section 4.3)."""
UNBOUND: Mapping[int, str] = {405: "method_not_supported_error", 415: "media_type_error"}
"""Statuses that the documentation gives no error type, and types it does not know."""


def _kind(value: Any) -> str:
    return str(value.get("type", "")) if isinstance(value, dict) else ""


def _prefill(body: Body, context: Context) -> Body:
    final = (listed(body.get("messages")) or [{}])[-1]
    if isinstance(final, dict) and final.get("role") == "assistant":
        raise Refusal(400, "messages: this model supports no prefill, the last message must be of the user")
    return body


def _forced(body: Body, context: Context) -> Body:
    thinks = _kind(body.get("thinking")) not in ("", "disabled")
    if thinks and _kind(body.get("tool_choice")) in ("any", "tool"):
        raise Refusal(400, "thinking: this model does not think when tool_choice forces a tool")
    return body


def _sampling(body: Body, context: Context) -> Body:
    for name, (low, high) in DEFAULTS.items():
        if name in body and not low <= body[name] <= high:
            raise Refusal(400, f"{name}: this model supports the default alone")
    return body


def _integral_float(body: Body, context: Context) -> Body:
    if isinstance(body.get("max_tokens"), float):
        raise Refusal(400, "max_tokens: an integer is written without a fraction")
    return body


def _typed(refusal: Any, context: Context) -> Any:
    kind = UNBOUND.get(refusal.status, refusal.kind)
    return Refusal(refusal.status, refusal.message, refusal.rule, kind, refusal.allow)


def _detailed(envelope: Any, context: Context) -> Any:
    error = envelope.get("error") if isinstance(envelope, dict) else None
    if not isinstance(error, dict):
        return envelope
    details = {"error_code": "request_not_served", "retryable": False}
    return {**envelope, "error": {**error, "details": details, "param": None}, "documentation": None}


BODY_ROWS: tuple[Row, ...] = (
    ("prefill-refused", (12,), "a final assistant message gets 400, as with newer models", _prefill),
    ("forced-thinking-refused", (12,), "a forced tool gets 400 beside thinking of any kind", _forced),
    (
        "integral-float-refused",
        (10,),
        "max_tokens 32.0, an integer as JSON Schema sees it, gets 400; without this it is served",
        _integral_float,
    ),
)

SAMPLING_ROW: Row = (
    "sampling-refused-by-name",
    (12,),
    "sampling values other than the default get 400 that names the field, as with newer models",
    _sampling,
)

REFUSAL_VARIATIONS: tuple[Variation, ...] = (
    *table(Seam.BODY, BODY_ROWS),
    *table(Seam.BODY, [SAMPLING_ROW], ANTHROPIC),
    *table(Seam.REFUSAL, [("unknown-error-type", (7,), "405 and 415 have error types of their own", _typed)]),
    *table(Seam.ENVELOPE, [("error-details", (7,), "errors have details and further fields", _detailed)]),
)
