"""Faults in how a served answer is coded and labelled: content codings, characters, statuses, media types."""

import zlib
from collections.abc import Callable
from dataclasses import replace

from conformance.reference.faults._edit import Row, asks_for_stream, refuse_when, table
from conformance.reference.faults.wires import HAS_BLOCKS
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.transfer import Answer, set_header


def _coded(name: str, code: Callable[[bytes], bytes], streamed: bool) -> Apply:
    """Declare a content coding for the bodies of served messages, and apply it or something else."""

    def change(answer: Answer, context: Context) -> Answer:
        if answer.status != 200 or isinstance(answer.body, bytes) is streamed:
            return answer
        headers = set_header(answer.headers, "content-encoding", name)
        if isinstance(answer.body, bytes):
            return Answer(200, headers, code(answer.body))
        whole = b"".join(frame.data for frame in answer.body)
        return Answer(200, headers, (replace(answer.body[0], data=code(whole)),))

    return change


def _gzip(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=31)
    return coder.compress(data) + coder.flush()


CODING_ROWS: tuple[Row, ...] = (
    ("stream-labelled-gzip", "HDR-011", "plain streams are labelled as gzip", _coded("gzip", bytes, True)),
    ("stream-labelled-brotli", "HDR-011", "plain streams are labelled as br", _coded("br", bytes, True)),
    ("json-gzip-cut", "HDR-011", "gzip bodies lack their end", _coded("gzip", lambda data: _gzip(data)[:-9], False)),
    ("json-gzip-unasked", "HDR-011", "bodies are gzip whatever was offered", _coded("gzip", _gzip, False)),
    ("stream-gzip-unasked", "HDR-011", "streams are gzip whatever was offered", _coded("gzip", _gzip, True)),
)
"""Content codings."""


def _body(edit: Callable[[bytes], bytes]) -> Apply:
    """Edit the body of a JSON answer with status 200."""

    def change(answer: Answer, context: Context) -> Answer:
        if answer.status != 200 or not isinstance(answer.body, bytes):
            return answer
        return replace(answer, body=edit(answer.body))

    return change


def _latin(body: bytes) -> bytes:
    return body.decode().encode("latin-1", "ignore")


def _half_character(body: bytes) -> bytes:
    return body.replace(b'"id":"msg_', b'"id":"msg_\xe2\x82', 1)


def _created(answer: Answer, context: Context) -> Answer:
    return replace(answer, status=201) if isinstance(answer.body, tuple) else answer


def _as_stream(answer: Answer, context: Context) -> Answer:
    told = answer.status == 200 and isinstance(answer.body, bytes) and HAS_BLOCKS in answer.body
    return replace(answer, headers=set_header(answer.headers, "content-type", "text/event-stream")) if told else answer


def _untyped(answer: Answer, context: Context) -> Answer:
    streamed = isinstance(answer.body, tuple)
    return replace(answer, headers=set_header(answer.headers, "content-type", None)) if streamed else answer


TEXT_ROWS: tuple[Row, ...] = (
    ("json-in-latin-1", "HTTP-011", "JSON is written in Latin-1", _body(_latin)),
    ("json-half-character", "HTTP-011", "the id of a message holds half a character", _body(_half_character)),
    ("stream-untyped", "SSE-001", "a stream comes without content-type", _untyped),
)
"""The text of an answer, and what its head says of it."""

CODING_FAULTS: tuple[Fault, ...] = (
    *table(Seam.ANSWER, (*CODING_ROWS, *TEXT_ROWS)),
    Fault(
        "json-as-event-stream",
        Seam.ANSWER,
        "HDR-014",
        "a JSON message is labelled as an event stream",
        _as_stream,
        also=("REQ-029", "SSE-009", "STRM-001"),
    ),
    Fault("stream-created", Seam.ANSWER, "SSE-001", "a stream comes with the status 201", _created),
    Fault("streams-crash", Seam.BODY, "SSE-001", "every stream gets 500", refuse_when(asks_for_stream, 500)),
)
