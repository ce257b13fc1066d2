"""Freedoms in what messages, counts and errors tell: how text is divided, which counts there are, how errors speak."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.reference.plan import Plan
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.variations._rows import MYROUTER, Row, table

Message = dict[str, Any]

LARGER = 9  #: tokens that a server counts beyond those of the words
SYNONYMS = (
    ("cache_read_input_tokens", "cache_read_tokens"),
    ("cache_creation_input_tokens", "cache_write_tokens"),
)
COMPLETE: Mapping[str, Any] = {
    "server_tool_use": {"web_search_requests": 0},
    "service_tier": "standard",
    "inference_geo": "not_available",
}


def _divided(message: Message, context: Context) -> Message:
    """Every text in two blocks, as with citations."""
    parts = [part for block in message.get("content") or [] for part in _halves(block)]
    return {**message, "content": parts} if parts else message


def _halves(block: dict[str, Any]) -> list[dict[str, Any]]:
    text = block.get("text")
    words = text.rsplit(" ", 1) if block.get("type") == "text" and isinstance(text, str) else []
    if len(words) < 2 or not words[0].strip() or not words[1].strip():
        return [block]
    return [{**block, "text": f"{words[0]} "}, {**block, "text": words[1]}]


def _counted(message: Message, **more: Any) -> Message:
    usage = message.get("usage")
    return {**message, "usage": {**usage, **more}} if isinstance(usage, dict) else message


def _both_namings(message: Message, context: Context) -> Message:
    usage = message.get("usage")
    if not isinstance(usage, dict):
        return message
    both = {other: usage[name] for pair in SYNONYMS for name, other in (pair, pair[::-1]) if name in usage}
    return _counted(message, **both)


def _upstream_namings(message: Message, context: Context) -> Message:
    """Cache counts as upstream calls them, and not as the profile does (section 3, usage mapping)."""
    usage = message.get("usage")
    if not isinstance(usage, dict):
        return message
    names = {plain: upstream for upstream, plain in SYNONYMS}
    return {**message, "usage": {names.get(name, name): value for name, value in usage.items()}}


def _minimal(message: Message, context: Context) -> Message:
    usage = message.get("usage")
    if not isinstance(usage, dict):
        return message
    return {**message, "usage": {name: usage[name] for name in ("input_tokens", "output_tokens") if name in usage}}


def _unstopped(message: Message, context: Context) -> Message:
    if message.get("stop_sequence") is not None:
        return message
    return {name: value for name, value in message.items() if name != "stop_sequence"}


def _larger(plan: Plan, context: Context) -> Plan:
    return replace(plan, counts=replace(plan.counts, input=plan.counts.input + LARGER))


def _begun_with_nothing(plan: Plan, context: Context) -> Plan:
    return replace(plan, counts=replace(plan.counts, begun=0))


def _said(refusal: Any, context: Context, message: str) -> Any:
    return Refusal(refusal.status, message, refusal.rule, refusal.kind, refusal.allow)


def _hidden(refusal: Any, context: Context) -> Any:
    """405 as 404, which the contract tolerates (HTTP-002)."""
    return Refusal(404, "no such path", refusal.rule) if refusal.status == 405 else refusal


def _media(refusal: Any, context: Context) -> Any:
    """415 as 400 (HDR-008)."""
    return Refusal(400, refusal.message, refusal.rule) if refusal.status == 415 else refusal


def _no_request_id(envelope: Any, context: Context) -> Any:
    return {name: value for name, value in envelope.items() if name != "request_id"}


MESSAGE_ROWS: tuple[Row, ...] = (
    ("text-divided", (), "a text of several words comes in two blocks", _divided),
    ("both-namings", (16,), "cache counts have the names of both profiles", _both_namings),
    ("usage-minimal", (), "usage is the two counts that every answer has", _minimal),
    ("usage-complete", (9,), "usage has every field that is documented", lambda m, _: _counted(m, **COMPLETE)),
)
PLAN_ROWS: tuple[Row, ...] = (
    ("input-counted-larger", (), "nine tokens more are counted than the words have", _larger),
    ("output-0-at-start", (3,), "message_start counts no output yet", _begun_with_nothing),
)
REFUSAL_ROWS: tuple[Row, ...] = (
    ("errors-terse", (), "every error says: bad request", lambda r, c: _said(r, c, "bad request")),
    (
        "errors-in-german",
        (),
        "errors speak another language",
        lambda r, c: _said(r, c, f"Die Anfrage ist ungültig – bitte prüfen ({r.status})"),
    ),
    ("methods-hidden", (), "other methods get 404", _hidden),
    ("media-type-400", (), "other media types get 400", _media),
)

TELLING_VARIATIONS: tuple[Variation, ...] = (
    *table(Seam.MESSAGE, MESSAGE_ROWS),
    *table(
        Seam.MESSAGE,
        [
            ("stop-sequence-untold", (), "stop_sequence is left out where there is none", _unstopped),
            ("upstream-namings", (), "cache counts have their upstream names alone", _upstream_namings),
        ],
        MYROUTER,
    ),
    *table(Seam.PLAN, PLAN_ROWS),
    *table(Seam.REFUSAL, REFUSAL_ROWS),
    *table(
        Seam.ENVELOPE, [("error-request-id-untold", (), "errors do not repeat the id of the request", _no_request_id)]
    ),
)
