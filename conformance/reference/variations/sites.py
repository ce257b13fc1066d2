"""Legal habits of servers, proxies and frameworks that the other tables do not have.

HTTP (RFC 9110, RFC 9112): media types without regard to case, fields on several lines,
HTTP/1.0, what is said of connections, redirects that keep the method. JSON (RFC 8259): white space around a text.
Event streams (section 4.6 of the contract): comments of any length, empty data lines, and fields that
stand alone. A named event without data is none of them: official clients read it as one with empty data (SSE-003).
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults._edit import sequence
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.transfer import Answer, Ending, Frame, Headers, Request, Step
from conformance.reference.variations._rows import Row, table
from conformance.reference.variations.answers import closing, labelled, rewritten_head
from conformance.reference.variations.wires import CHUNKED, without_chunks

JSON, STREAM = "application/json", "text/event-stream"
PADDING = b": " + b" " * 2048 + b"\n\n"
LONG = (
    ("content-security-policy", "; ".join(f"connect-src https://host-{number}.example" for number in range(120))),
    ("server-timing", "edge;dur=1, origin;dur=12"),
    ("x-empty", ""),
)
REPEATED = (
    ("vary", "origin"),
    ("vary", "accept-encoding"),
    ("cache-control", "no-store"),
    ("cache-control", "private"),
)
_LENGTH = re.compile(rb"\r\ncontent-length: \d+")
_STATUS = re.compile(rb"\A(HTTP/1\.[01] \d{3})[^\r]*")
_SIZE = re.compile(rb"\A([0-9a-f]+)\r\n")
TURNS = 3
"""Each answer of this number ends its connection."""


def _more(headers: Headers) -> Callable[[Any, Context], Answer]:
    return lambda answer, context: replace(answer, headers=(*answer.headers, *headers))


def _spaced(answer: Answer, context: Context) -> Answer:
    """White space around a JSON text (RFC 8259, section 2), as of a server that keeps connections awake."""
    if not isinstance(answer.body, bytes) or not answer.body:
        return answer
    return replace(answer, body=b"\n \r\n\t" + answer.body + b" \r\n")


def _redirected(answer: Answer, context: Context) -> Answer:
    """308 keeps method and body (RFC 9110, section 15.4.9; HTTP-007 allows it)."""
    path, _, query = context.request.target.partition("?")
    if answer.status != 404 or path.rstrip("/") != context.profile.messages_path or not path.endswith("/"):
        return answer
    kept = tuple(pair for pair in answer.headers if pair[0] != "content-type")
    return Answer(308, (*kept, ("location", path.rstrip("/") + (f"?{query}" if query else ""))))


def _slash_served(request: Request, context: Context) -> Request:
    path, mark, query = request.target.partition("?")
    return replace(request, target=path.rstrip("/") + mark + query) if path.endswith("/") else request


def _heads_refused(request: Request, context: Context) -> Request:
    """HEAD and OPTIONS may be refused as other methods are (HTTP-005)."""
    if request.method in ("HEAD", "OPTIONS") and request.path == context.profile.messages_path:
        raise Refusal(405, "Method Not Allowed", "method", allow=("POST",))
    return request


def _allow_in_lines(answer: Answer, context: Context) -> Answer:
    """Each method in a field line of its own (RFC 9110, section 5.3)."""
    lines = [
        (name, part) for name, value in answer.headers for part in (value.split(", ") if name == "allow" else [value])
    ]
    return replace(answer, headers=tuple(lines))


def _challenged(answer: Answer, context: Context) -> Answer:
    """RFC 9110, section 15.5.2."""
    told = _more((("www-authenticate", 'Bearer realm="api", error="invalid_token"'),))
    return told(answer, context) if answer.status == 401 else answer


def _advised(answer: Answer, context: Context) -> Answer:
    """Section 4.2 of the contract: x-should-retry."""
    again = answer.status in (408, 409, 429) or answer.status >= 500
    told = _more((("x-should-retry", "true" if again else "false"),))
    return told(answer, context) if answer.status >= 400 else answer


def _old_http(steps: Any, context: Context) -> Any:
    """An HTTP/1.0 server: no chunks, and the connection ends with each answer (RFC 9112, section 9.3)."""
    if not steps or any(step.ending is not Ending.GO_ON for step in steps):
        return steps
    plain = without_chunks(steps, b"") if CHUNKED in steps[0].data else (*steps, Step(ending=Ending.CLOSE))
    return (replace(plain[0], data=plain[0].data.replace(b"HTTP/1.1", b"HTTP/1.0", 1)), *plain[1:])


def _ends_with_connection(steps: Any, context: Context) -> Any:
    """No answer has a length or chunks: each ends with its connection, as announced (RFC 9112, section 6.3)."""
    if not steps or any(step.ending is not Ending.GO_ON for step in steps) or context.request.method == "HEAD":
        return steps
    if CHUNKED in steps[0].data:
        return without_chunks(steps, b"connection: close")
    return (
        *rewritten_head(steps, lambda head: _LENGTH.sub(b"", head) + b"\r\nconnection: close"),
        Step(ending=Ending.CLOSE),
    )


def _closing_after_errors(steps: Any, context: Context) -> Any:
    return closing(steps, context) if steps and b" 4" in steps[0].data[8:11] else steps


def _closing_by_turns(steps: Any, context: Context) -> Any:
    turn = context.traffic.served and context.traffic.served % TURNS == 0
    return closing(steps, context) if turn else steps


def _kept_alive(steps: Any, context: Context) -> Any:
    if not steps or b"\r\nconnection: " in steps[0].data or b"HTTP/1.1" not in steps[0].data[:8]:
        return steps
    told = b"\r\nconnection: keep-alive\r\nkeep-alive: timeout=65, max=1000"
    return rewritten_head(steps, lambda head: head + told)


def _capital_sizes(steps: Any, context: Context) -> Any:
    if not steps or CHUNKED not in steps[0].data:
        return steps
    return (steps[0], *(replace(one, data=_SIZE.sub(lambda m: m[0].upper(), one.data)) for one in steps[1:]))


def _processing(steps: Any, context: Context) -> Any:
    fits = steps and steps[0].data.startswith(b"HTTP/1.1 2") and context.request.http_version != "1.0"
    return (Step(b"HTTP/1.1 102 Processing\r\n\r\n" * 2), *steps) if fits else steps


def _other_reason(steps: Any, context: Context) -> Any:
    """Reason phrases are free (RFC 9112, section 4)."""
    return (
        rewritten_head(steps, lambda head: _STATUS.sub(lambda m: m[1] + b" As it \xfcsually is", head))
        if steps
        else steps
    )


def _padded(frames: Any, context: Context) -> Any:
    return (Frame(PADDING + frames[0].data, frames[0].pause), *frames[1:]) if frames else frames


ANSWER_ROWS: tuple[Row, ...] = (
    ("json-type-capital", (), "the media type of JSON has capitals", labelled(JSON, "Application/JSON")),
    ("json-charset-quoted", (), "the charset of JSON is quoted", labelled(JSON, f'{JSON};charset="UTF-8"')),
    ("stream-type-capital", (13,), "the media type of streams has capitals", labelled(STREAM, "Text/Event-Stream")),
    ("json-white-space", (), "white space surrounds every JSON answer", _spaced),
    ("headers-long", (), "answers have a header of several kilobytes, and one without a value", _more(LONG)),
    ("headers-repeated", (), "headers that are lists stand on several lines", _more(REPEATED)),
    ("slash-redirected", (), "the path with a slash at its end gets 308", _redirected),
    ("allow-in-lines", (), "every method that is allowed has a line of its own", _allow_in_lines),
    ("challenge-told", (), "401 comes with a challenge", _challenged),
    ("retry-advice", (), "errors say whether to try again", _advised),
)
REQUEST_ROWS: tuple[Row, ...] = (
    ("slash-served", (), "a slash at the end of a path is read past", _slash_served),
    ("heads-refused", (), "HEAD and OPTIONS get 405", _heads_refused),
)
BYTES_ROWS: tuple[Row, ...] = (
    ("answers-in-http-1-0", (), "answers are HTTP/1.0", _old_http),
    (
        "all-until-closed",
        (),
        "every answer ends with its connection, as announced, and has no length",
        _ends_with_connection,
    ),
    ("closed-after-errors", (), "the connection is closed after 4xx, as announced", _closing_after_errors),
    ("closed-by-turns", (), "every third answer closes its connection, as announced", _closing_by_turns),
    ("keep-alive-told", (), "answers say that the connection is kept", _kept_alive),
    ("chunk-sizes-capital", (), "sizes of chunks have capital digits", _capital_sizes),
    ("processing-twice", (), "two interim responses 102 come before a success", _processing),
    ("reason-other", (), "the status line has a phrase of its own, not in ASCII", _other_reason),
)
FRAME_ROWS: tuple[Row, ...] = (
    ("comment-padding", (14,), "a stream begins with a comment of two kilobytes", _padded),
    (
        "data-line-empty",
        (),
        "an empty data line follows the data of every event",
        sequence(lambda frames: tuple(replace(one, data=one.data[:-1] + b"data:\n\n") for one in frames)),
    ),
    (
        "retry-alone",
        (),
        "fields of id and retry stand alone before every event, and dispatch nothing",
        sequence(lambda frames: tuple(replace(one, data=b"retry: 3000\n\nid: 7\n\n" + one.data) for one in frames)),
    ),
)

SITE_VARIATIONS: tuple[Variation, ...] = (
    *table(Seam.ANSWER, ANSWER_ROWS),
    *table(Seam.REQUEST, REQUEST_ROWS),
    *table(Seam.BYTES, BYTES_ROWS),
    *table(Seam.FRAMES, FRAME_ROWS),
    Variation(
        "idle-connections-closed",
        Seam.BYTES,
        "connections on which nothing happens are closed soon",
        changes={"idle": 0.5},
    ),
)
