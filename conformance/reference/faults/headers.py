"""Faults in headers, media types and the use of HTTP."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.events import frame
from conformance.reference.faults._edit import ANTHROPIC, MYROUTER, Row, asks_for_stream, header, table
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.transfer import Answer, set_header


def _on(test: Callable[[Answer, Context], Any], edit: Callable[[Answer, Context], Answer]) -> Apply:
    return lambda answer, context: edit(answer, context) if test(answer, context) else answer


def _is_error(answer: Answer, context: Context) -> bool:
    return answer.status >= 400


def _html(status: int | None = None) -> Callable[[Answer, Context], Answer]:
    page = b"<!doctype html><html><body><h1>Welcome</h1></body></html>"

    def edit(answer: Answer, context: Context) -> Answer:
        headers = set_header(answer.headers, "content-type", "text/html")
        return Answer(status or answer.status, headers, page)

    return edit


def _error_stream(answer: Answer, context: Context) -> Answer:
    """The error as an event of a 200 stream."""
    event = json.loads(answer.body) if isinstance(answer.body, bytes) else {}
    return Answer(200, set_header(answer.headers, "content-type", "text/event-stream"), (frame(event),))


def _streamed_error(statuses: Callable[[int], bool]) -> Apply:
    return _on(lambda answer, context: statuses(answer.status) and asks_for_stream(context), _error_stream)


def _body(edit: Callable[[bytes], bytes]) -> Apply:
    def apply(answer: Answer, context: Context) -> Answer:
        return replace(answer, body=edit(answer.body)) if isinstance(answer.body, bytes) else answer

    return apply


def _redirect(answer: Answer, context: Context) -> Answer:
    target = context.request.path.rstrip("/")
    return Answer(301, (*set_header(answer.headers, "content-type", None), ("location", target)))


def _streams_only(edit: Apply) -> Apply:
    return lambda answer, context: edit(answer, context) if isinstance(answer.body, tuple) else answer


def _json_only(edit: Apply) -> Apply:
    return lambda answer, context: answer if isinstance(answer.body, tuple) else edit(answer, context)


def _get(answer: Answer, context: Context) -> bool:
    return context.request.method == "GET" and answer.status == 405


def _unknown(answer: Answer, context: Context) -> bool:
    return answer.status == 404 and context.request.path != context.profile.messages_path


def _optional(answer: Answer, context: Context) -> bool:
    return _unknown(answer, context) and context.request.path.endswith(("/batches", "/ct-none"))


ANSWER_ROWS: tuple[Row, ...] = (
    ("html-errors", "ERR-002", "errors are HTML pages", _on(_is_error, _html())),
    (
        "errors-in-200-streams",
        "ERR-009",
        "refusals of streams are 200 event streams",
        _streamed_error(lambda s: s == 400),
    ),
    ("denial-in-200-stream", "AUTH-011", "a 401 becomes a 200 event stream", _streamed_error(lambda s: s == 401)),
    ("get-serves-a-page", "HTTP-002", "GET answers 200 with a web page", _on(_get, _html(200))),
    ("allow-missing", "HTTP-003", "a 405 has no Allow header", header("allow", None)),
    ("page-for-unknown-path", "HTTP-006", "an unknown path answers 200 with a web page", _on(_unknown, _html(200))),
    ("page-for-optional-path", "OPT-004", "an optional path answers 200 with a web page", _on(_optional, _html(200))),
    (
        "slash-redirects",
        "HTTP-007",
        "a trailing slash is redirected with 301",
        _on(lambda _, context: context.request.path.endswith("/messages/"), _redirect),
    ),
    ("json-not-a-number", "HTTP-011", "JSON answers hold NaN", _json_only(_body(lambda b: b[:-1] + b',"score":NaN}'))),
    (
        "json-byte-order-mark",
        "HTTP-011",
        "JSON answers begin with a byte order mark",
        _json_only(_body(lambda b: b"\xef\xbb\xbf" + b)),
    ),
    (
        "json-as-plain-text",
        "HDR-014",
        "JSON answers are labelled text/plain",
        _json_only(header("content-type", "text/plain")),
    ),
    ("labelled-gzip", "HDR-011", "plain bytes are labelled gzip", header("content-encoding", "gzip")),
    ("request-id-missing", "HDR-012", "responses have no request-id", header("request-id", None)),
    ("request-id-constant", "HDR-012", "every response has the same request-id", header("request-id", "req_1")),
    (
        "stream-as-plain-text",
        "SSE-001",
        "streams are labelled text/plain",
        _streams_only(header("content-type", "text/plain")),
    ),
    (
        "stream-charset-foreign",
        "SSE-002",
        "streams declare another charset",
        _streams_only(header("content-type", "text/event-stream; charset=iso-8859-1")),
    ),
    (
        "stream-cacheable",
        "SSE-010",
        "streams may be cached",
        _streams_only(header("cache-control", "public, max-age=60")),
    ),
)
MYROUTER_ANSWER_ROWS: tuple[Row, ...] = (
    (
        "other-request-id-echoed",
        "HDR-013",
        "the response has another x-request-id than the caller's",
        _on(lambda _, context: context.request.header("x-request-id"), header("x-request-id", "someone-elses")),
    ),
)
ANTHROPIC_ANSWER_ROWS: tuple[Row, ...] = (
    (
        "rate-limit-reset-foreign",
        "HDR-015",
        "the reset time is a duration",
        header("anthropic-ratelimit-requests-reset", "6m0s"),
    ),
    (
        "rate-limit-remaining-large",
        "HDR-015",
        "more requests remain than the limit allows",
        header("anthropic-ratelimit-requests-remaining", "1000000"),
    ),
)

COUNT_ROWS: tuple[Row, ...] = (
    (
        "count-zero",
        "OPT-001",
        "count_tokens always answers 0",
        _on(
            lambda a, c: a.status == 200 and c.request.path.endswith("/count_tokens"),
            _body(lambda _: b'{"input_tokens":0}'),
        ),
    ),
    (
        "count-too-small",
        "OPT-002",
        "count_tokens answers 1 for everything",
        _on(
            lambda a, c: a.status == 200 and c.request.path.endswith("/count_tokens"),
            _body(lambda _: b'{"input_tokens":1}'),
        ),
    ),
    (
        "models-foreign",
        "OPT-003",
        "the list of models is empty and has another shape",
        _on(
            lambda a, c: a.status == 200 and c.request.path.endswith("/models"),
            _body(lambda _: b'{"object":"list","models":[]}'),
        ),
    ),
)

HEADER_FAULTS: tuple[Fault, ...] = (
    *table(Seam.ANSWER, ANSWER_ROWS),
    *table(Seam.ANSWER, MYROUTER_ANSWER_ROWS, MYROUTER),
    *table(Seam.ANSWER, ANTHROPIC_ANSWER_ROWS, ANTHROPIC),
    *table(Seam.ANSWER, COUNT_ROWS),
)
