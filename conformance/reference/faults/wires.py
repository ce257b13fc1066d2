"""Faults that reach the socket: chunks and lengths that do not hold, and connections that end too soon."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults._edit import Row, table
from conformance.reference.faults.connections import Steps, is_stream, silent_after, streams
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.transfer import LAST_CHUNK, Ending, Step

HAS_BLOCKS = b'"content":[{'
"""What no other JSON body than that of a message with blocks holds."""

HEAD_END = b"\r\n\r\n"


def _chunk(edit: Callable[[bytes], bytes]) -> Apply:
    """Edit the chunk in the middle of a stream, its size and line ends included."""

    def change(steps: Steps) -> Steps:
        at = len(steps) // 2
        return (*steps[:at], replace(steps[at], data=edit(steps[at].data)), *steps[at + 1 :])

    return streams(change)


def _resized(by: int) -> Callable[[bytes], bytes]:
    """Another size than the chunk has."""

    def edit(data: bytes) -> bytes:
        size, _, rest = data.partition(b"\r\n")
        return b"%x\r\n%b" % (int(size, 16) + by, rest)

    return edit


def _unsized(data: bytes) -> bytes:
    return b"chunk\r\n" + data.partition(b"\r\n")[2]


def _ended(count: Callable[[Steps], int], ending: Ending) -> Apply:
    """A stream of which so many steps are written."""
    return streams(lambda steps: (*steps[: count(steps)], Step(ending=ending)))


def _place(mark: bytes) -> Callable[[Steps], int]:
    """The number of steps up to the first that holds a mark, that one not counted."""
    return lambda steps: next((place for place, step in enumerate(steps) if mark in step.data), len(steps))


def _without_last(steps: Steps) -> int:
    return len([step for step in steps if step.data != LAST_CHUNK and step.ending is Ending.GO_ON])


def _endless(steps: Steps) -> Steps:
    """Words where the size of the last chunk should stand."""
    return tuple(replace(step, data=b"end\r\n\r\n") if step.data == LAST_CHUNK else step for step in steps)


def _message(edit: Callable[[bytes, bytes], Steps]) -> Apply:
    """Write a message in JSON that has blocks anew, from its head and its body."""

    def change(steps: Steps, context: Context) -> Steps:
        head, _, body = steps[0].data.partition(HEAD_END)
        served = head.startswith(b"HTTP/1.1 200") and HAS_BLOCKS in body
        return edit(head + HEAD_END, body) if served and not is_stream(steps) else steps

    return change


def _length(by: int, ending: Ending) -> Apply:
    """Another content-length than the body has."""

    def edit(head: bytes, body: bytes) -> Steps:
        told, real = b"content-length: %d" % (len(body) + by), b"content-length: %d" % len(body)
        return (Step(head.replace(real, told) + body, ending=ending),)

    return _message(edit)


def _half_sent(ending: Ending) -> Apply:
    return _message(lambda head, body: (Step(head + body[: len(body) // 2]), Step(ending=ending)))


def _head_alone(ending: Ending) -> Apply:
    return _message(lambda head, body: (Step(head), Step(ending=ending)))


def _behind(more: bytes, ending: Ending = Ending.GO_ON) -> Apply:
    """Something behind a whole stream."""
    return streams(lambda steps: (*steps, Step(more, ending=ending)))


def _closed_behind(steps: Any, context: Context) -> Any:
    served = steps[0].data.startswith(b"HTTP/1.1 200") and not is_stream(steps)
    return (*steps, Step(ending=Ending.CLOSE)) if served else steps


CHUNK_ROWS: tuple[Row, ...] = (
    ("chunk-too-small", "STRM-023", "a chunk is longer than its size says", _chunk(_resized(-3))),
    ("chunk-too-large", "STRM-023", "a chunk is shorter than its size says", _chunk(_resized(3))),
    ("chunk-without-size", "STRM-023", "the size of a chunk is a word", _chunk(_unsized)),
    ("chunk-without-end", "STRM-023", "no line end follows a chunk", _chunk(lambda data: data[:-2])),
    ("stream-closed-after-head", "STRM-001", "a stream closes behind its headers", _ended(lambda _: 1, Ending.CLOSE)),
    ("stream-reset-after-head", "STRM-001", "a stream is reset behind its headers", _ended(lambda _: 1, Ending.RESET)),
    (
        "stream-closed-before-stop",
        "STRM-023",
        "a stream closes before message_stop",
        _ended(_place(b"event: message_stop"), Ending.CLOSE),
    ),
    (
        "stream-reset-before-end",
        "STRM-023",
        "a stream is reset before message_delta",
        _ended(_place(b"event: message_delta"), Ending.RESET),
    ),
    (
        "stream-reset-at-its-end",
        "SSE-012",
        "a stream is reset before its last chunk",
        _ended(_without_last, Ending.RESET),
    ),
    ("last-chunk-in-words", "SSE-012", "a word comes for the last chunk", streams(_endless)),
    (
        "silent-in-block",
        "STRM-023",
        "every stream falls silent in its first block",
        streams(silent_after(b"event: content_block_delta")),
    ),
    (
        "silent-before-stop",
        "STRM-023",
        "every stream falls silent after message_delta",
        streams(silent_after(b"event: message_delta")),
    ),
    ("leftover-behind-stream", "HTTP-009", "bytes follow the last chunk of a stream", _behind(b"0\r\n\r\n")),
    ("stream-closes-undeclared", "HTTP-009", "the connection closes after a stream", _behind(b"", Ending.CLOSE)),
)
"""Streams, of which every event is a chunk."""

LENGTH_ROWS: tuple[Row, ...] = (
    ("json-cut", "HTTP-011", "the connection closes inside a JSON body", _half_sent(Ending.CLOSE)),
    ("json-reset", "HTTP-011", "the connection is reset inside a JSON body", _half_sent(Ending.RESET)),
    ("json-closed-after-head", "HTTP-011", "the connection closes behind the headers", _head_alone(Ending.CLOSE)),
    ("success-closes-undeclared", "HTTP-009", "the connection closes after a success", _closed_behind),
)
"""JSON answers."""


WIRE_FAULTS: tuple[Fault, ...] = (
    *table(Seam.BYTES, (*CHUNK_ROWS, *LENGTH_ROWS)),
    Fault(
        "stream-unanswered",
        Seam.BYTES,
        "HDR-003",
        "the connection is reset in the place of a stream",
        _ended(lambda _: 0, Ending.RESET),
        also=("HDR-004", "LOAD-002"),
    ),
    Fault(
        "length-too-large",
        Seam.BYTES,
        "HTTP-009",
        "content-length is more than the body has",
        _length(9, Ending.CLOSE),
        also=("EQV-004",),
    ),
    Fault(
        "length-too-small",
        Seam.BYTES,
        "HTTP-011",
        "content-length is less than the body has, and the connection closes",
        _length(-9, Ending.CLOSE),
        also=("HTTP-009",),
    ),
)
