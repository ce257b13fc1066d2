"""Faults in errors: the envelope, the status, the order of the checks."""

import json
from dataclasses import replace
from typing import Any

from conformance.reference.acceptance import CREDENTIAL_RULES, enforce
from conformance.reference.decoding import readable_body
from conformance.reference.faults._edit import Row, asks_for_stream, put, table, when
from conformance.reference.pipeline import accepted
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.transfer import Request


def _openai(envelope: Any, context: Context) -> Any:
    error = envelope["error"]
    return {"error": {"message": error["message"], "type": error["type"], "param": None, "code": None}}


def _detail(envelope: Any, context: Context) -> Any:
    return {"detail": [{"loc": ["body"], "msg": envelope["error"]["message"], "type": "value_error"}]}


ENVELOPE_ROWS: tuple[Row, ...] = (
    ("openai-envelope", "ERR-001", "errors have the OpenAI shape", _openai),
    ("detail-envelope", "ERR-001", "errors have the FastAPI shape", _detail),
    ("error-type-foreign", "ERR-003", "error.type is a class name", put("error.type", "BadRequestError")),
    ("error-message-empty", "ERR-004", "error.message is empty", put("error.message", "")),
)
REQUEST_ID_ROWS: tuple[Row, ...] = (
    (
        "error-request-id-differs",
        "ERR-008",
        "request_id in the body is not the header's",
        put("request_id", "req_other"),
    ),
)


def _kind(status: int, kind: str) -> Apply:
    def apply(refusal: Any, context: Context) -> Any:
        return replace(refusal, kind=kind) if refusal.status == status else refusal

    return apply


def _renumbered(old: int, new: int) -> Apply:
    def apply(refusal: Any, context: Context) -> Any:
        return replace(refusal, status=new, kind="invalid_request_error") if refusal.status == old else refusal

    return apply


def _offers(context: Context) -> bool:
    return "tools" in readable_body(context)


def _traceback(refusal: Any, context: Context) -> Any:
    trace = 'Traceback (most recent call last): File "/usr/lib/app/handler.py", line 12, in handle'
    return replace(refusal, message=f"{refusal.message}: {trace}")


def _echoed(refusal: Any, context: Context) -> Any:
    given = context.request.header("authorization") or context.request.header("x-api-key") or ""
    return replace(refusal, message=f"invalid key: {given}") if refusal.status == 401 else refusal


REFUSAL_ROWS: tuple[Row, ...] = (
    ("error-type-mismatch", "ERR-005", "a 401 has the type invalid_request_error", _kind(401, "invalid_request_error")),
    ("validation-422", "ERR-007", "invalid bodies get 422", _renumbered(400, 422)),
    ("tool-refusals-422", "ERR-007", "invalid bodies with tools get 422", when(_offers, _renumbered(400, 422))),
    ("traceback-leaked", "ERR-010", "error messages hold a traceback", _traceback),
    ("credential-echoed", "AUTH-009", "a 401 repeats the credential", _echoed),
    ("stream-refusals-differ", "EQV-002", "an invalid body gets another status when it asks for a stream",
     when(asks_for_stream, _renumbered(400, 404))),
    ("streams-of-unknown-models-differ", "EQV-002", "an unknown model gets 400 when a stream is asked for",
     when(asks_for_stream, _renumbered(404, 400))),
)  # fmt: skip


def _validated_first(request: Request, context: Context) -> Request:
    """Body validation before authentication."""
    try:
        enforce(CREDENTIAL_RULES, context)
    except Refusal:
        if request.method == "POST":
            accepted(context)
    return request


def _as_post(request: Request, context: Context) -> Request:
    return replace(request, method="POST") if request.method in ("PUT", "PATCH", "DELETE") else request


def _limited(request: Request, context: Context) -> Request:
    if context.traffic.served % 10 == 2:
        raise Refusal(429, "too many requests", kind="rate_limit_error")
    return request


def _first_value(request: Request, context: Context) -> Request:
    """The body up to the end of its first JSON value, as decoders of streams read it."""
    try:
        text = request.body.decode()
        return replace(request, body=text[: json.JSONDecoder().raw_decode(text)[1]].encode())
    except (ValueError, RecursionError):
        return request


REQUEST_ROWS: tuple[Row, ...] = (
    ("surplus-ignored", "REQ-047", "what stands behind the JSON of a body is not looked at", _first_value),
    ("body-before-credential", "AUTH-008", "the body is validated before the credential", _validated_first),
    ("put-generates", "HTTP-004", "PUT, PATCH and DELETE are treated as POST", _as_post),
    ("rate-limit-without-retry-after", "HDR-016", "every tenth request gets 429 without retry-after", _limited),
)


ERROR_FAULTS: tuple[Fault, ...] = (
    *table(Seam.ENVELOPE, ENVELOPE_ROWS),
    *table(Seam.ENVELOPE, REQUEST_ID_ROWS),
    *table(Seam.REFUSAL, REFUSAL_ROWS),
    *table(Seam.REQUEST, REQUEST_ROWS),
)
