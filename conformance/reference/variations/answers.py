"""Freedoms in an answer as a whole: its headers, the way its JSON is written, the page of an edge, its connection."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults._edit import header
from conformance.reference.seams import Apply, Context, Seam, Variation
from conformance.reference.transfer import Answer, Ending, Step, set_header
from conformance.reference.variations._rows import Row, table
from conformance.reference.variations.frames import ascii_text, backwards, indented, written_anew

EVERY = 11
"""Each request of this number, the eleventh, the twenty-second, …, may get a page of the edge."""
STREAM = "text/event-stream"


def _written(write: Callable[[Any], str]) -> Apply:
    """Write JSON answers in another way."""

    def apply(answer: Answer, context: Context) -> Answer:
        return replace(answer, body=written_anew(answer.body, write)) if isinstance(answer.body, bytes) else answer

    return apply


def labelled(old: str, new: str) -> Apply:
    """Another content type for answers of one media type."""

    def apply(answer: Answer, context: Context) -> Answer:
        given = dict(answer.headers).get("content-type", "")
        if given.partition(";")[0] != old:
            return answer
        return replace(answer, headers=set_header(answer.headers, "content-type", new))

    return apply


def _page(status: int, title: str) -> Answer:
    page = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>\r\n"
    return Answer(status, (("content-type", "text/html"),), page.encode())


def _edge_limit(answer: Answer, context: Context) -> Answer:
    return _page(413, "Request Entity Too Large") if answer.status == 413 else answer


def _edge_timeout(answer: Answer, context: Context) -> Answer:
    """Never twice for one request: whoever asks again is served."""
    known, request = context.traffic.timed_out, (context.request.target, context.request.body)
    turn = context.traffic.served and context.traffic.served % EVERY == 0
    if not turn or answer.status != 200 or request in known:
        return answer
    known.add(request)
    return _page(504, "Gateway Time-out")


def _compressed(answer: Answer, context: Context) -> Answer:
    codings = [value.strip().lower() for value in (context.request.header("accept-encoding") or "").split(",")]
    if "gzip" not in codings or not isinstance(answer.body, bytes) or not answer.body:
        return answer
    headers = set_header(set_header(answer.headers, "content-encoding", "gzip"), "vary", "accept-encoding")
    return replace(answer, headers=headers, body=gzip.compress(answer.body, mtime=0))


def rewritten_head(steps: Any, edit: Callable[[bytes], bytes]) -> tuple[Step, ...]:
    """The steps with another head."""
    head, separator, body = steps[0].data.partition(b"\r\n\r\n")
    return (replace(steps[0], data=edit(head) + separator + body), *steps[1:])


def closing(steps: Any, context: Context) -> Any:
    """The connection ends with this answer, as announced."""
    if not steps or steps[-1].ending is not Ending.GO_ON:
        return steps
    return (*rewritten_head(steps, lambda head: head + b"\r\nconnection: close"), Step(ending=Ending.CLOSE))


def _capitals(head: bytes) -> bytes:
    first, *lines = head.split(b"\r\n")
    names = (line.partition(b":") for line in lines)
    return b"\r\n".join([first, *(name.title() + colon + value for name, colon, value in names)])


def _title_case(steps: Any, context: Context) -> Any:
    return rewritten_head(steps, _capitals) if steps else steps


ANSWER_ROWS: tuple[Row, ...] = (
    ("edge-limit-page", (11,), "413 comes from an edge, as a web page", _edge_limit),
    (
        "edge-timeout-page",
        (11,),
        "one request in eleven gets 504 from an edge, as a web page, and is served when asked again",
        _edge_timeout,
    ),
    ("stream-without-charset", (13,), "streams are text/event-stream without a charset", labelled(STREAM, STREAM)),
    (
        "stream-charset-capital",
        (13,),
        "streams name their charset in capitals",
        labelled(STREAM, f"{STREAM};charset=UTF-8"),
    ),
    (
        "json-with-charset",
        (),
        "JSON answers name their charset",
        labelled("application/json", "application/json; charset=utf-8"),
    ),
    ("json-pretty", (), "JSON answers are indented, over many lines", _written(indented)),
    ("json-escaped", (), "JSON answers are ASCII, the rest is escaped", _written(ascii_text)),
    ("json-keys-reversed", (), "the members of JSON answers come in reverse order", _written(backwards)),
    ("compressed", (), "JSON answers are compressed where the client accepts gzip", _compressed),
    ("further-headers", (), "answers have headers of a proxy", header("via", "1.1 edge")),
)

BYTES_ROWS: tuple[Row, ...] = (
    ("connection-closed", (), "the connection is closed after every answer, as announced", closing),
    ("header-names-capital", (), "the names of headers have capitals", _title_case),
)

ANSWER_VARIATIONS: tuple[Variation, ...] = (
    *table(Seam.ANSWER, ANSWER_ROWS),
    *table(Seam.BYTES, BYTES_ROWS),
)
