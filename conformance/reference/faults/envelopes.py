"""Faults in single members of the error envelope, in the type of a single status, and in what a message gives away."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from conformance.reference.faults._edit import BOTH, Row, put, table, without
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.transfer import Answer, set_header


def _text_alone(envelope: Any, context: Context) -> Any:
    return {"type": "error", "error": envelope["error"]["message"]}


def _bare(envelope: Any, context: Context) -> Any:
    return {"error": envelope["error"]["message"]}


def _flat(envelope: Any, context: Context) -> Any:
    return {"type": "error", **{f"error_{name}": value for name, value in envelope["error"].items()}}


def _in_array(envelope: Any, context: Context) -> Any:
    return [envelope]


def _google(envelope: Any, context: Context) -> Any:
    return {"error": {"code": 400, "message": envelope["error"]["message"], "status": "INVALID_ARGUMENT"}}


def _when_is(kind: str, edit: Apply) -> Apply:
    """An edit of the envelopes of one error type."""
    return lambda envelope, context: edit(envelope, context) if envelope["error"]["type"] == kind else envelope


ENVELOPE_ROWS: tuple[Row, ...] = (
    ("error-type-member-missing", "ERR-001", "the envelope has no type", without("type")),
    ("error-of-no-error-type", "ERR-001", "the envelope has the type message", put("type", "message")),
    ("error-object-missing", "ERR-001", "the envelope has no error", without("error")),
    ("error-told-as-string", "ERR-001", "the error is a string", _text_alone),
    ("error-bare", "ERR-001", "the body is an error as string alone", _bare),
    ("error-flat", "ERR-001", "the members of the error stand beside its type", _flat),
    ("error-in-array", "ERR-002", "the envelope is the item of an array", _in_array),
    ("error-of-google", "ERR-001", "errors have the shape of another protocol", _google),
    ("error-kind-missing", "ERR-001", "the error has no type", without("error.type")),
    ("error-message-missing", "ERR-004", "the error has no message", without("error.message")),
    ("error-kind-a-number", "ERR-001", "the type of the error is its status", put("error.type", 400)),
    ("error-kind-null", "ERR-001", "the type of the error is null", put("error.type", None)),
    ("error-message-an-object", "ERR-004", "the message is an object", put("error.message", lambda old: {"text": old})),
    ("error-message-blank", "ERR-004", "the message is white space", put("error.message", " ")),
    ("error-kind-nil", "ERR-003", "the type of the error is <nil>", put("error.type", "<nil>")),
    (
        "error-kind-internal",
        "ERR-003",
        "an invalid request is an internal_error",
        _when_is("invalid_request_error", put("error.type", "internal_error")),
    ),
    (
        "not-found-of-a-class",
        "ERR-003",
        "what is not found is a NotFoundError",
        _when_is("not_found_error", put("error.type", "NotFoundError")),
    ),
)
REQUEST_ID_ROWS: tuple[Row, ...] = (
    ("error-id-constant", "ERR-008", "request_id in every error is the same", put("request_id", "req_0")),
)


def _kind(status: int, kind: str) -> Apply:
    return lambda refusal, context: replace(refusal, kind=kind) if refusal.status == status else refusal


def _told(words: str) -> Apply:
    return lambda refusal, context: replace(refusal, message=f"{refusal.message}: {words}")


REFUSAL_ROWS: tuple[Row, ...] = (
    ("invalid-as-api-error", "ERR-005", "a 400 has the type api_error", _kind(400, "api_error")),
    ("denied-as-permission", "ERR-005", "a 401 has the type permission_error", _kind(401, "permission_error")),
    ("missing-as-invalid", "ERR-005", "a 404 has the type invalid_request_error", _kind(404, "invalid_request_error")),
    ("forbidden-as-denied", "ERR-005", "a 403 has the type authentication_error", _kind(403, "authentication_error")),
    (
        "path-leaked",
        "ERR-010",
        "messages name a file of the server",
        _told("see /usr/local/lib/python3.12/site-packages/app/main.py"),
    ),
    ("frames-leaked", "ERR-010", "messages hold a stack", _told("at handle (/app/node_modules/x/i.js:1:2)")),
    ("host-leaked", "ERR-010", "messages name an inner host", _told("connect to 10.20.30.40:8000 failed")),
    (
        "upstream-key-leaked",
        "ERR-010",
        "messages hold an upstream key",
        _told("key sk-proj-abcdefghijklmnop0123456789"),
    ),
    ("source-leaked", "ERR-010", "messages name a place in the sources", _told("at app.Body.parse(Body.java:88)")),
    ("service-leaked", "ERR-010", "messages name a service", _told("dial vllm-7.prod.svc.cluster.local:8000")),
)


def _with_body(edit: Callable[[Answer], Answer]) -> Apply:
    """An edit of the answers that are errors with a body."""
    return lambda answer, context: edit(answer) if answer.status >= 400 and answer.body else answer


def _plain(answer: Answer) -> Answer:
    told = json.loads(answer.body)["error"]["message"] if isinstance(answer.body, bytes) else ""
    return replace(answer, headers=set_header(answer.headers, "content-type", "text/plain"), body=str(told).encode())


def _labelled(answer: Answer) -> Answer:
    return replace(answer, headers=set_header(answer.headers, "content-type", "text/html"))


def _empty(answer: Answer) -> Answer:
    return replace(answer, headers=set_header(answer.headers, "content-type", None), body=b"")


def _page(status: int) -> Apply:
    """A page of a proxy for one status."""
    page = b"<html><head><title>Error</title></head><body><center><h1>Error</h1></center></body></html>"

    def change(answer: Answer, context: Context) -> Answer:
        if answer.status != status or not answer.body:
            return answer
        return replace(answer, headers=set_header(answer.headers, "content-type", "text/html"), body=page)

    return change


def _success(status: int) -> Apply:
    """An error under the status 200."""
    return lambda answer, context: replace(answer, status=200) if answer.status == status else answer


def _pages() -> Iterator[Row]:
    for status in (400, 401, 404, 405):
        yield f"page-for-{status}", "ERR-002", f"a {status} is a page of HTML", _page(status)


ANSWER_ROWS: tuple[Row, ...] = (
    ("errors-in-plain-text", "ERR-002", "errors are their message alone", _with_body(_plain)),
    ("errors-labelled-html", "ERR-002", "errors are labelled text/html", _with_body(_labelled)),
    ("errors-without-body", "ERR-002", "errors have no body", _with_body(_empty)),
    *_pages(),
    ("denials-in-200", "RESP-012", "a missing or unknown credential gets 200 and an error", _success(401)),
)

ENVELOPE_FAULTS: tuple[Fault, ...] = (
    *table(Seam.ENVELOPE, ENVELOPE_ROWS, BOTH),
    *table(Seam.ENVELOPE, REQUEST_ID_ROWS, BOTH),
    *table(Seam.REFUSAL, REFUSAL_ROWS, BOTH),
    *table(Seam.ANSWER, ANSWER_ROWS, BOTH),
)
