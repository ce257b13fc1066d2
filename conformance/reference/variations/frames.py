"""Freedoms in the bytes of a stream: line ends, fields, white space in the data, and where the chunks are cut."""

import json
import re
from collections.abc import Callable
from typing import Any

from conformance.reference.faults._edit import sequence
from conformance.reference.seams import Apply, Context, Seam, Variation
from conformance.reference.transfer import Frame
from conformance.reference.variations._rows import Row, table

Frames = tuple[Frame, ...]

_DATA = re.compile(rb"(?m)^data: (.*)$")
_OBJECT_END = re.compile(rb"(?m)^(data: \{.*)\}$")
_NAMED = re.compile(rb"\A(event: [^\n]*\n)(data: [^\n]*\n)")
_SPACE = re.compile(rb"(?m)^(\w+): ")

SINGLE_BYTES = 2048
"""So much of a stream comes byte by byte: enough for every kind of event, without a thousand writes a sentence."""
ODD = 7
RETRY = 3000


def _bytes(edit: Callable[[bytes], bytes]) -> Apply:
    """Edit the bytes of every frame."""
    return sequence(lambda frames: tuple(Frame(edit(one.data), one.pause) for one in frames))


def written_anew(text: bytes, write: Callable[[Any], str]) -> bytes:
    """A JSON text written in another way; what is no JSON stays as it is."""
    try:
        return write(json.loads(text)).encode()
    except (ValueError, RecursionError):
        return text


def _data(write: Callable[[Any], str]) -> Apply:
    """Write the JSON of every event in another way; one data line becomes as many as it takes."""

    def lines(found: re.Match[bytes]) -> bytes:
        return b"\n".join(b"data: " + line for line in written_anew(found[1], write).split(b"\n"))

    return _bytes(lambda data: _DATA.sub(lines, data))


def reversed_keys(value: Any) -> Any:
    """The same value with the members of every object in reverse order."""
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(item) for item in value] if isinstance(value, list) else value


def ascii_text(value: Any) -> str:
    """JSON text in which every character beyond ASCII is escaped, and those that mean something in HTML.

    None of them stands outside the strings of a JSON text.
    """
    text = json.dumps(value, separators=(",", ":")).replace("/", "\\/")
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def indented(value: Any) -> str:
    """JSON text over many lines."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def backwards(value: Any) -> str:
    """JSON text with its members in reverse order."""
    return json.dumps(reversed_keys(value), ensure_ascii=False)


def _numbered(frames: Frames, context: Context) -> Frames:
    return tuple(
        Frame(b"id: %d\nretry: %d\n" % (number, RETRY) + one.data, one.pause) for number, one in enumerate(frames)
    )


def _joined(frames: Frames, context: Context) -> Frames:
    return (Frame(b"".join(one.data for one in frames)),)


def _single(frames: Frames, context: Context) -> Frames:
    result: list[Frame] = []
    sent = 0
    for one in frames:
        size = 1 if sent < SINGLE_BYTES else max(1, len(one.data))
        result += _cut(one, size)
        sent += len(one.data)
    return tuple(result)


def _cut(one: Frame, size: int) -> list[Frame]:
    """A frame in pieces of `size` bytes; the pause stays before the first."""
    starts = range(0, len(one.data), size)
    return [Frame(one.data[at : at + size], 0.0 if at else one.pause) for at in starts]


def _odd(frames: Frames, context: Context) -> Frames:
    """Chunks that hold the end of one event and the beginning of the next."""
    rest, result = b"", []
    for one in frames:
        data = rest + one.data
        whole = len(data) - len(data) % ODD
        result += _cut(Frame(data[:whole], one.pause), whole or 1)
        rest = data[whole:]
    return (*result, Frame(rest)) if rest else tuple(result)


def _padded(data: bytes) -> bytes:
    return _OBJECT_END.sub(rb"\1    }", data)


def _swapped(data: bytes) -> bytes:
    return _NAMED.sub(rb"\2\1", data)


def _commented(data: bytes) -> bytes:
    return b":\n\n: still here\n" + data


FRAME_ROWS: tuple[Row, ...] = (
    ("data-padded", (1,), "white space stands before the last brace of the data", _bytes(_padded)),
    ("data-before-event", (13,), "the data line comes before the event line", _bytes(_swapped)),
    ("comments", (14,), "comment lines come before every event, alone and within it", _bytes(_commented)),
    (
        "unknown-sse-fields",
        (14,),
        "every event has fields that the grammar does not know, one of them without a colon",
        _bytes(lambda data: b"trace: 7\nflush\n" + data),
    ),
    ("lines-end-in-cr", (), "lines of a stream end in CR", _bytes(lambda data: data.replace(b"\n", b"\r"))),
    ("lines-end-in-crlf", (), "lines of a stream end in CRLF", _bytes(lambda data: data.replace(b"\n", b"\r\n"))),
    ("no-space-after-colon", (), "no space follows the colon of a field", _bytes(lambda d: _SPACE.sub(rb"\1:", d))),
    ("several-data-lines", (), "the data of an event is spread over several data lines", _data(indented)),
    ("data-escaped", (), "the data of a stream is ASCII, the rest is escaped", _data(ascii_text)),
    ("data-keys-reversed", (), "the members of the data come in reverse order", _data(backwards)),
    ("ids-and-retry", (), "every event has an id and a retry field", _numbered),
    ("retry-in-words", (), "the time to retry is a word, which readers ignore", _bytes(lambda d: b"retry: soon\n" + d)),
    ("id-with-nul", (), "the id of an event holds NUL, so that readers ignore it", _bytes(lambda d: b"id: a\0b\n" + d)),
    ("one-byte-chunks", (), "a stream comes in chunks of one byte", _single),
    ("odd-chunks", (), "chunks end anywhere, within events and within characters", _odd),
    ("one-chunk", (), "a whole stream comes in one chunk, as soon as it is complete", _joined),
)

FRAME_VARIATIONS: tuple[Variation, ...] = table(Seam.FRAMES, FRAME_ROWS)
