"""Small pictures for requests, as pure functions: PNG from its three necessary chunks (PNG third edition §5, §11)."""

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

Colour = tuple[int, int, int]  #: red, green and blue, 0 to 255

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SIDE = 64  #: pixels; some models refuse pictures that are smaller

RED: Colour = (200, 30, 30)
BLUE: Colour = (30, 30, 200)


def png(rows: Iterable[Iterable[Colour]]) -> bytes:
    """A picture of eight bits for each of three colours; all rows have the same length, and there is at least one."""
    lines = [b"".join(map(bytes, row)) for row in rows]
    head = struct.pack(">IIBBBBB", len(lines[0]) // 3, len(lines), 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines), 9)  # 0: the line is not filtered
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def halves(left: Colour, right: Colour, side: int = SIDE) -> bytes:
    """A square of `side` pixels, an even number, whose halves have one colour each."""
    return png([[left] * (side // 2) + [right] * (side // 2)] * side)


def image(data: str, media_type: str = "image/png") -> dict[str, Any]:
    """An image block; `data` is base64, or what is tried in its place."""
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


#: A picture that a model can speak of, in base64.
PICTURE = b64encode(halves(RED, BLUE)).decode("ascii")
