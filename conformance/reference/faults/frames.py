"""Faults in the frames of a stream: names, data, blank lines, bytes."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.events import frame
from conformance.reference.faults._edit import Row, sequence, table
from conformance.reference.faults.streams import DELTA, ERROR_EVENT, LAST, MSG, START
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.transfer import Frame


def _bytes(edit: Callable[[bytes], bytes]) -> Apply:
    """Edit the bytes of every frame."""
    return sequence(lambda frames: tuple(Frame(edit(one.data), one.pause) for one in frames))


def _one(kind: str, edit: Callable[[bytes], bytes]) -> Apply:
    """Edit the bytes of the frames of one event type."""
    mark = f"event: {kind}\n".encode()
    return _bytes(lambda data: edit(data) if data.startswith(mark) else data)


def _added(data: bytes) -> Apply:
    return sequence(lambda frames: (*frames, Frame(data)))


def _renamed(kind: str, name: bytes) -> Apply:
    """Give the events of one type another name."""
    return _one(kind, lambda data: b"event: " + name + b"\n" + _nameless(data))


def _redata(kind: str, edit: Callable[[bytes], bytes]) -> Apply:
    """Edit the JSON text in the frames of one event type."""
    return _one(kind, lambda data: _DATA.sub(lambda found: b"data: " + edit(found[1]), data))


def _before_deltas(more: bytes) -> Apply:
    return _one(DELTA, lambda data: more + data)


def _error_frame(data: bytes) -> Apply:
    """The stream ends after three events with a frame that tells of a failure."""
    return sequence(lambda frames: (*frames[:3], Frame(data)))


def _in_quotes(text: bytes) -> bytes:
    return repr(json.loads(text)).encode()


def _half_characters(data: bytes) -> bytes:
    """The last byte of every character beyond ASCII is lost."""
    return _FAR.sub(lambda found: found[0][:-1], data)


_DATA = re.compile(rb"(?m)^data: (.*)$")
_FAR = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")


def _nameless(data: bytes) -> bytes:
    return data.partition(b"\n")[2]


def _broken_names(data: bytes) -> bytes:
    return b"event: message\n" + _nameless(data)


def _buffered(frames: Any, context: Context) -> Any:
    seconds = max(sum(one.pause for one in frames), 3.5 if len(frames) > 20 else 0.0)
    return (Frame(b"".join(one.data for one in frames), seconds),)


def _cut_by(count: int) -> Apply:
    """The last event loses bytes at its end."""
    return sequence(lambda frames: (*frames[:-1], replace(frames[-1], data=frames[-1].data[:-count])))


def _bom(frames: Any, context: Context) -> Any:
    return (replace(frames[0], data=b"\xef\xbb\xbf" + frames[0].data), *frames[1:])


def _nameless_error(frames: Any, context: Context) -> Any:
    return (*frames[:3], Frame(_nameless(frame(ERROR_EVENT).data)))


STOP = "message_stop"

FRAME_ROWS: tuple[Row, ...] = (
    ("event-names-missing", "SSE-005", "frames have no event: line", _bytes(_nameless)),
    ("event-names-foreign", "SSE-006", "every event is named message", _bytes(_broken_names)),
    (
        "data-cut",
        "SSE-007",
        "the data of content_block_start is half an object",
        _one(START, lambda d: d[:-12] + b"\n\n"),
    ),
    (
        "type-missing",
        "SSE-007",
        "the data of message_delta has no type",
        _one(LAST, lambda data: data.replace(b'"type":"message_delta",', b"", 1)),
    ),
    (
        "ping-of-other-type",
        "STRM-024",
        "a ping has the data of another type",
        _one("ping", lambda data: data.replace(b'{"type":"ping"}', b'{"type":"heartbeat"}')),
    ),
    ("done-sentinel", "SSE-008", "the stream ends with data: [DONE]", _added(b"data: [DONE]\n\n")),
    (
        "invalid-utf8",
        "SSE-002",
        "text deltas hold a byte that is not UTF-8",
        _one(DELTA, lambda d: d.replace(b'"}}', b'\xff"}}')),
    ),
    ("blank-lines-missing", "SSE-003", "events are separated by a single newline", _bytes(lambda d: d[:-1])),
    ("byte-order-mark", "SSE-004", "the stream begins with a byte order mark", _bom),
    ("last-blank-line-missing", "SSE-009", "the last event is not terminated", _cut_by(2)),
    ("buffered", "SSE-011", "the whole stream is sent at once at its end", _buffered),
    ("error-without-name", "STRM-025", "an in-stream error has no event name", _nameless_error),
)

ENCODING_ROWS: tuple[Row, ...] = (
    ("character-cut", "SSE-002", "characters beyond ASCII lose their last byte", _bytes(_half_characters)),
    (
        "latin-1-stream",
        "SSE-002",
        "a stream is written in Latin-1",
        _bytes(lambda data: data.decode().encode("latin-1", "ignore")),
    ),
)
"""What the bytes of characters are."""

GRAMMAR_ROWS: tuple[Row, ...] = (
    ("end-runs-into-stop", "SSE-003", "no blank line follows message_delta", _one(LAST, lambda data: data[:-1])),
    ("start-runs-into-ping", "SSE-003", "no blank line follows message_start", _one(MSG, lambda data: data[:-1])),
    ("delta-without-data", "SSE-003", "deltas are announced first without data", _before_deltas(b"event: x\n\n")),
    ("ping-without-data", "SSE-003", "a ping has no data", _one("ping", lambda data: b"event: ping\n\n")),
    ("two-names", "SSE-003", "an event has two names", _one(LAST, lambda data: b"event: end\n" + data)),
    ("last-line-end-missing", "SSE-009", "a single line end closes the last event", _cut_by(1)),
)
"""Lines and blank lines."""

NAME_ROWS: tuple[Row, ...] = (
    ("end-without-name", "SSE-005", "message_delta has no event: line", _one(LAST, _nameless)),
    ("ping-without-name", "SSE-005", "a ping has no event: line", _one("ping", _nameless)),
    ("event-names-empty", "SSE-005", "every event: line is empty", _bytes(lambda data: b"event:\n" + _nameless(data))),
    ("delta-named-shortly", "SSE-006", "content_block_delta has the name delta", _renamed(DELTA, b"delta")),
    ("stop-named-end", "SSE-006", "message_stop has the name end", _renamed("message_stop", b"end")),
    ("start-named-loudly", "SSE-006", "message_start has its name in capitals", _renamed(MSG, b"MESSAGE_START")),
)
"""What events are called."""

DATA_ROWS: tuple[Row, ...] = (
    (
        "data-an-array",
        "SSE-007",
        "the data of message_delta is an array",
        _redata(LAST, lambda data: b"[" + data + b"]"),
    ),
    ("data-twice", "SSE-007", "the data of message_delta is two objects", _redata(LAST, lambda data: data + data)),
    (
        "data-encoded-twice",
        "SSE-007",
        "the data of message_delta is a string of JSON",
        _redata(LAST, lambda data: json.dumps(data.decode()).encode()),
    ),
    ("data-in-quotes", "SSE-007", "the data of message_delta is not written as JSON", _redata(LAST, _in_quotes)),
    (
        "data-not-a-number",
        "SSE-007",
        "the data of message_delta holds NaN",
        _redata(LAST, lambda data: data[:-1] + b',"speed":NaN}'),
    ),
    (
        "type-null",
        "SSE-007",
        "the data of message_delta has type null",
        _redata(LAST, lambda data: data.replace(b'"type":"message_delta"', b'"type":null', 1)),
    ),
    ("done-for-stop", "SSE-008", "data: [DONE] comes for message_stop", _one(STOP, lambda data: b"data: [DONE]\n\n")),
    ("done-with-name", "SSE-008", "the stream ends with event: done", _added(b"event: done\ndata: [DONE]\n\n")),
    ("words-as-data", "SSE-008", "data: keep-alive comes before deltas", _before_deltas(b"data: keep-alive\n\n")),
    ("data-empty", "SSE-008", "a message without data comes before deltas", _before_deltas(b"event: x\ndata:\n\n")),
    ("ping-with-empty-object", "STRM-024", "the data of a ping is {}", _redata("ping", lambda data: b"{}")),
    ("ping-with-empty-data", "STRM-024", "the data of a ping is empty", _redata("ping", lambda data: b"")),
    ("ping-with-words", "STRM-024", "the data of a ping is a word", _redata("ping", lambda data: b"ping")),
    ("error-in-words", "STRM-025", "an in-stream error is a word", _error_frame(b"event: error\ndata: failed\n\n")),
    (
        "error-named-message",
        "STRM-025",
        "an in-stream error has the name message",
        _error_frame(b"event: message\n" + _nameless(frame(ERROR_EVENT).data)),
    ),
)
"""What the data is."""

FRAME_FAULTS: tuple[Fault, ...] = table(
    Seam.FRAMES, (*FRAME_ROWS, *ENCODING_ROWS, *GRAMMAR_ROWS, *NAME_ROWS, *DATA_ROWS)
)
