"""The endpoint as a function: from a request, through plan, message, events and frames, to the steps on the wire."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from conformance.reference.acceptance import (
    BODY_RULES,
    CREDENTIAL_RULES,
    PERMISSION_RULES,
    VERSION_RULES,
    enforce,
)
from conformance.reference.cache import counted
from conformance.reference.decoding import decode_body, readable_body
from conformance.reference.events import dump, events, frames
from conformance.reference.plan import make_plan, message, usage
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Context, Seam, Seams, Traffic
from conformance.reference.settings import VERSIONS, Settings
from conformance.reference.tokens import input_tokens
from conformance.reference.transfer import Answer, Headers, Request, Step, steps
from conformance.reference.validation import validate

Handler = Callable[[Context], Answer]

_ECHOED = re.compile(r"[A-Za-z0-9._~:/+=@-]{1,256}")
REQUESTS_PER_MINUTE = 4000


def new_context(request: Request, settings: Settings, seams: Seams, traffic: Traffic | None = None) -> Context:
    """The context of a fresh request, with a request id of its own."""
    return Context(settings, seams, traffic or Traffic(), request, f"req_{secrets.token_hex(12)}")


def perform(context: Context, last: bool = False) -> tuple[Step, ...]:
    """Everything that is written for a request, in order."""
    result = answer(context)
    request = context.request
    written = steps(result, request.method, request.http_version, last)
    changed: tuple[Step, ...] = context.seams.apply(Seam.BYTES, written, replace(context, body=_seen(context)))
    return changed


def _seen(context: Context) -> Mapping[str, Any]:
    """The body as far as it can be read, for the seams behind the answer; not read when nothing sits there."""
    return {} if context.seams.empty else readable_body(context)


def answer(context: Context) -> Answer:
    """The answer to a request; a refusal becomes the documented envelope."""
    try:
        request = context.seams.apply(Seam.REQUEST, context.request, context)
        result = route(replace(context, request=request))
    except Refusal as refusal:
        result = refuse(refusal, context)
    except Exception:
        result = refuse(Refusal(500, "an unexpected condition was met"), context)
    changed: Answer = context.seams.apply(Seam.ANSWER, result, replace(context, body=_seen(context)))
    return changed


def route(context: Context) -> Answer:
    """The answer of the handler for path and method. Raises Refusal (404, 405) where there is none."""
    base = context.profile.base
    path = context.request.path
    if not path.startswith(f"{base}/v1/"):
        raise Refusal(404, "no such path", "path")
    handlers = _handlers(context, path)
    if context.request.method == "OPTIONS" and handlers:
        return Answer(204, (*common_headers(context), ("allow", ", ".join((*handlers, "OPTIONS")))))
    enforce(CREDENTIAL_RULES, context)
    if not handlers:
        raise Refusal(404, "no such path", "path")
    method = context.request.method
    handler = handlers.get("GET" if method == "HEAD" else method)
    if handler is None:
        raise Refusal(405, "Method Not Allowed", "method", allow=tuple(handlers))
    enforce((*PERMISSION_RULES, *VERSION_RULES), context)
    given = (context.request.header("anthropic-version") or "").strip()
    return handler(replace(context, version=given if given in VERSIONS else VERSIONS[0]))


def _handlers(context: Context, path: str) -> Mapping[str, Handler]:
    messages = context.profile.messages_path
    models = f"{context.profile.base}/v1/models"
    table: Mapping[str, Mapping[str, Handler]] = {
        messages: {"POST": create},
        f"{messages}/count_tokens": {"POST": count_tokens},
        models: {"GET": list_models},
        f"{models}/{context.settings.model}": {"GET": show_model},
    }
    return table.get(path, {})


def accepted(context: Context, counting: bool = False) -> Context:
    """The context with the body of the request in it. Raises Refusal where the body is not acceptable."""
    enforce(BODY_RULES, context)
    body = decode_body(context)
    validate(body, context, counting)
    return replace(context, body=context.seams.apply(Seam.BODY, body, context))


def create(context: Context) -> Answer:
    """One message, as JSON or as a stream."""
    context = accepted(context)
    seams = context.seams
    made = make_plan(context.body, context.settings)
    heard = replace(made.counts, input=_rated(made.counts.input, context))
    made = replace(made, counts=counted(heard, context.body, context.traffic.prompts))
    plan = seams.apply(Seam.PLAN, made, context)
    whole = seams.apply(Seam.MESSAGE, message(plan, context), context)
    if not context.streaming:
        return json_answer(200, seams.apply(Seam.JSON, whole, context), context)
    start = usage(context.profile.usage, plan.counts.at_start())
    told = seams.apply(Seam.EVENTS, events(whole, start), context)
    sent = seams.apply(Seam.FRAMES, frames(told, context.settings.event_interval), context)
    stream_headers = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))
    return Answer(200, (*stream_headers, *common_headers(context), *_limits(context)), sent)


def count_tokens(context: Context) -> Answer:
    """The input tokens of a request (contract, OPT-001)."""
    context = accepted(context, counting=True)
    return json_answer(200, {"input_tokens": _rated(input_tokens(context.body), context)}, context)


def _rated(tokens: int, context: Context) -> int:
    return round(tokens * context.settings.token_rate)


def _model(context: Context) -> dict[str, Any]:
    return {
        "type": "model",
        "id": context.settings.model,
        "display_name": "Reference 1",
        "created_at": "2026-01-01T00:00:00Z",
    }


def list_models(context: Context) -> Answer:
    """The list of the one model (contract, OPT-003)."""
    name = context.settings.model
    page = {"data": [_model(context)], "has_more": False, "first_id": name, "last_id": name}
    return json_answer(200, page, context)


def show_model(context: Context) -> Answer:
    """The one model."""
    return json_answer(200, _model(context), context)


def json_answer(status: int, value: Any, context: Context, extra: Headers = ()) -> Answer:
    """A JSON body with the headers that every response has."""
    limits = _limits(context) if status == 200 else ()
    headers = (("content-type", "application/json"), *common_headers(context), *limits, *extra)
    return Answer(status, headers, dump(value).encode())


def refuse(refusal: Refusal, context: Context) -> Answer:
    """The error response for a refusal."""
    refusal = context.seams.apply(Seam.REFUSAL, refusal, context)
    envelope = context.seams.apply(Seam.ENVELOPE, refusal.envelope(context.request_id), context)
    allow = (("allow", ", ".join(refusal.allow)),) if refusal.allow else ()
    return json_answer(refusal.status, envelope, context, allow)


def common_headers(context: Context) -> Headers:
    """`date`, `request-id`, and the caller's own id where it is harmless."""
    own = context.request.header("x-request-id")
    echo = (("x-request-id", own),) if own and _ECHOED.fullmatch(own) else ()
    now = format_datetime(datetime.now(UTC), usegmt=True)
    return (("date", now), ("request-id", context.request_id), *echo)


def _limits(context: Context) -> Headers:
    if not context.profile.rate_limits:
        return ()
    reset = (datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {"limit": str(REQUESTS_PER_MINUTE), "remaining": str(REQUESTS_PER_MINUTE - 1), "reset": reset}
    return tuple((f"anthropic-ratelimit-requests-{name}", value) for name, value in values.items())
