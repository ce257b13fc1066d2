"""Faults in the frames of a stream: names, data, blank lines, bytes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.events import frame
from conformance.reference.faults._edit import Row, sequence, table
from conformance.reference.faults.streams import DELTA, ERROR_EVENT, LAST, START
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


def _nameless(data: bytes) -> bytes:
    return data.partition(b"\n")[2]


def _broken_names(data: bytes) -> bytes:
    return b"event: message\n" + _nameless(data)


def _buffered(frames: Any, context: Context) -> Any:
    seconds = max(sum(one.pause for one in frames), 3.5 if len(frames) > 20 else 0.0)
    return (Frame(b"".join(one.data for one in frames), seconds),)


def _last_cut(frames: Any, context: Context) -> Any:
    return (*frames[:-1], replace(frames[-1], data=frames[-1].data.rstrip(b"\n")))


def _bom(frames: Any, context: Context) -> Any:
    return (replace(frames[0], data=b"\xef\xbb\xbf" + frames[0].data), *frames[1:])


def _nameless_error(frames: Any, context: Context) -> Any:
    return (*frames[:3], Frame(_nameless(frame(ERROR_EVENT).data)))


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
    ("last-blank-line-missing", "SSE-009", "the last event is not terminated", _last_cut),
    ("buffered", "SSE-011", "the whole stream is sent at once at its end", _buffered),
    ("error-without-name", "STRM-025", "an in-stream error has no event name", _nameless_error),
)

FRAME_FAULTS: tuple[Fault, ...] = table(Seam.FRAMES, FRAME_ROWS)
