"""Freedoms of HTTP (RFC 9110, RFC 9112) in how an answer is written: framing, coding, heads, interim responses."""

import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.transfer import LAST_CHUNK, Answer, Ending, Frame, Step, set_header
from conformance.reference.variations._rows import ANTHROPIC, MYROUTER, Row, table

Steps = tuple[Step, ...]

PIECE, PIECES = 5, 400  #: bytes in a chunk, and chunks of an answer: enough for every member of a message
CHUNKED = b"transfer-encoding: chunked"
EARLY = b"HTTP/1.1 103 Early Hints\r\nlink: </v1>; rel=preconnect\r\n\r\n"
_SIZE = re.compile(rb"\A([0-9a-f]+)\r\n")
LIMITS = (
    ("anthropic-ratelimit-tokens-limit", "80000"),
    ("anthropic-ratelimit-tokens-remaining", "79000"),
    ("anthropic-ratelimit-tokens-reset", "2030-01-01T00:00:00Z"),
)
HABITS = (
    ("server", "edge/1.0"),
    ("set-cookie", "session=1; Path=/; HttpOnly"),
    ("set-cookie", "shard=7"),
    ("strict-transport-security", "max-age=63072000"),
    ("x-content-type-options", "nosniff"),
    ("keep-alive", "timeout=60"),
)


def _accepts(context: Context, coding: str) -> bool:
    given = (context.request.header("accept-encoding") or "").split(",")
    return coding in [value.strip().lower() for value in given]


def _squeezed(answer: Answer, coding: str, bits: int) -> Answer:
    """Compressed as a whole, or frame by frame with what there is of each sent at once."""
    packer = zlib.compressobj(wbits=bits)
    headers = set_header(answer.headers, "content-encoding", coding)
    if isinstance(answer.body, bytes):
        return replace(answer, headers=headers, body=packer.compress(answer.body) + packer.flush())
    packed = [
        replace(one, data=packer.compress(one.data) + packer.flush(zlib.Z_SYNC_FLUSH))
        for one in answer.body
        if one.data
    ]
    return replace(answer, headers=headers, body=(*packed, Frame(packer.flush())))


def _compressed_stream(answer: Answer, context: Context) -> Answer:
    fits = isinstance(answer.body, tuple) and answer.body and _accepts(context, "gzip")
    return _squeezed(answer, "gzip", 31) if fits else answer


def _deflated_stream(answer: Answer, context: Context) -> Answer:
    fits = isinstance(answer.body, tuple) and answer.body and _accepts(context, "deflate")
    return _squeezed(answer, "deflate", 15) if fits else answer


def _deflated(answer: Answer, context: Context) -> Answer:
    fits = isinstance(answer.body, bytes) and answer.body and _accepts(context, "deflate")
    return _squeezed(answer, "deflate", 15) if fits else answer


def _pieces(size: int) -> Callable[[Any, Context], Answer]:
    """JSON answers in the chunked transfer coding; what is left after so many chunks comes in one."""

    def apply(answer: Answer, context: Context) -> Answer:
        body = answer.body
        if not isinstance(body, bytes) or not body or answer.status == 204:
            return answer
        cuts = (*range(0, len(body), size)[:PIECES], len(body))
        parts = tuple(Frame(body[at:end]) for at, end in pairwise(cuts))
        return replace(answer, headers=set_header(answer.headers, "content-length", None), body=parts)

    return apply


def _line_end(answer: Answer, context: Context) -> Answer:
    return replace(answer, body=answer.body + b"\n") if isinstance(answer.body, bytes) and answer.body else answer


def _more_headers(more: tuple[tuple[str, str], ...]) -> Callable[[Any, Context], Answer]:
    return lambda answer, context: replace(answer, headers=(*answer.headers, *more))


def _unlimited(answer: Answer, context: Context) -> Answer:
    return replace(answer, headers=tuple(pair for pair in answer.headers if "ratelimit" not in pair[0]))


def _other_request_ids(answer: Answer, context: Context) -> Answer:
    """Every id of a request as the digits of a UUID, in headers and bodies alike."""
    old = context.request_id
    new = f"{old[4:12]}-{old[12:16]}-4abc-8def-{old[16:]}"
    headers = tuple((name, new if value == old else value) for name, value in answer.headers)
    body = answer.body.replace(old.encode(), new.encode()) if isinstance(answer.body, bytes) else answer.body
    return replace(answer, headers=headers, body=body)


def _as_router(answer: Answer, context: Context) -> Answer:
    """The id of a request in x-request-id alone, that of the caller where there is one, whoever wrote the answer."""
    value = dict(answer.headers).get("x-request-id") or context.request.header("x-request-id") or context.request_id
    return replace(answer, headers=set_header(set_header(answer.headers, "request-id", None), "x-request-id", value))


def _headed(edit: Callable[[bytes], bytes]) -> Callable[[Any, Context], Any]:
    """Another head for every answer."""

    def apply(steps: Any, context: Context) -> Any:
        if not steps or b"\r\n\r\n" not in steps[0].data:
            return steps
        head, separator, body = steps[0].data.partition(b"\r\n\r\n")
        return (replace(steps[0], data=edit(head) + separator + body), *steps[1:])

    return apply


def _lines(edit: Callable[[bytes, bytes], bytes]) -> Callable[[Any, Context], Any]:
    """Every header line written anew from its name and value."""

    def head(text: bytes) -> bytes:
        first, *lines = text.split(b"\r\n")
        pairs = (line.partition(b": ") for line in lines)
        return b"\r\n".join([first, *(edit(name, value) for name, _, value in pairs)])

    return _headed(head)


def _unspoken(head: bytes) -> bytes:
    first, separator, rest = head.partition(b"\r\n")
    return b" ".join(first.split(b" ")[:2]) + b" " + separator + rest


def _chunks(edit: Callable[[bytes], bytes]) -> Callable[[Any, Context], Any]:
    """Every chunk of a chunked body written anew."""

    def apply(steps: Any, context: Context) -> Any:
        if not steps or CHUNKED not in steps[0].data:
            return steps
        return (steps[0], *(replace(step, data=edit(step.data)) if step.data else step for step in steps[1:]))

    return apply


def _trailed(data: bytes) -> bytes:
    return b"0\r\nx-checksum: none\r\n\r\n" if data == LAST_CHUNK else data


def without_chunks(steps: Any, told: bytes) -> Any:
    """A chunked answer without its chunks, which ends with the connection; a header line may tell so."""
    line = b"\r\n" + told if told else b""
    head = replace(steps[0], data=steps[0].data.replace(b"\r\n" + CHUNKED, line))
    bodies = (replace(step, data=_SIZE.sub(b"", step.data)[:-2]) for step in steps[1:] if step.data != LAST_CHUNK)
    return (head, *bodies, Step(ending=Ending.CLOSE))


def _until_closed(steps: Any, context: Context) -> Any:
    """A stream that is not chunked, and ends with the connection (RFC 9112, section 6.3)."""
    if not steps or CHUNKED not in steps[0].data or any(step.ending is not Ending.GO_ON for step in steps):
        return steps
    return without_chunks(steps, b"connection: close")


def _hinted(steps: Any, context: Context) -> Any:
    fits = steps and steps[0].data.startswith(b"HTTP/1.1") and context.request.http_version != "1.0"
    return (Step(EARLY), *steps) if fits else steps


WIRE_ANSWERS: tuple[Row, ...] = (
    (
        "deflated-stream",
        (),
        "streams are deflated, event by event, where the client accepts it",
        _deflated_stream,
    ),
    (
        "compressed-stream",
        (),
        "streams are compressed, event by event, where the client accepts gzip",
        _compressed_stream,
    ),
    ("deflated", (), "JSON answers are deflated where the client accepts it", _deflated),
    ("json-chunked", (), "JSON answers come in one chunk, without a length", _pieces(1 << 20)),
    ("json-in-pieces", (), "JSON answers come in chunks of five bytes", _pieces(PIECE)),
    ("json-line-end", (), "a line feed follows every JSON answer", _line_end),
    ("headers-of-a-site", (), "answers have cookies and the usual headers of a web site", _more_headers(HABITS)),
    ("other-request-ids", (), "ids of requests are UUIDs", _other_request_ids),
)
WIRE_BYTES: tuple[Row, ...] = (
    ("header-names-shout", (), "the names of headers are all capitals", _lines(lambda n, v: n.upper() + b": " + v)),
    (
        "header-values-padded",
        (),
        "white space surrounds the values of headers",
        _lines(lambda n, v: n + b":\t " + v + b" "),
    ),
    ("header-values-bare", (), "no space follows the colon of a header", _lines(lambda n, v: n + b":" + v)),
    ("reason-missing", (), "the status line has no reason phrase", _headed(_unspoken)),
    ("early-hints", (), "an interim response 103 comes first", _hinted),
    ("chunk-extensions", (), "every chunk has an extension", _chunks(lambda d: _SIZE.sub(rb"\1;seq=1\r\n", d))),
    ("chunk-sizes-padded", (), "sizes of chunks have leading zeros", _chunks(lambda d: _SIZE.sub(rb"000\1\r\n", d))),
    ("trailers", (), "a trailer field follows the last chunk", _chunks(_trailed)),
    ("stream-until-closed", (), "a stream ends with its connection, as announced, and is not chunked", _until_closed),
)

WIRE_VARIATIONS: tuple[Variation, ...] = (
    *table(Seam.ANSWER, WIRE_ANSWERS),
    *table(
        Seam.ANSWER,
        [("request-id-of-a-router", (), "the id of a request stands in x-request-id alone", _as_router)],
        MYROUTER,
    ),
    *table(
        Seam.ANSWER,
        [("token-limits-told", (), "answers tell a limit of tokens as well", _more_headers(LIMITS))],
        ANTHROPIC,
    ),
    *table(Seam.ANSWER, [("limits-untold", (), "answers tell no limits", _unlimited)], ANTHROPIC),
    *table(Seam.BYTES, WIRE_BYTES),
)
