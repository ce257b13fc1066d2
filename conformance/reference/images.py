"""Images as far as their first bytes tell: what they are, and how wide and high (PNG, GIF89a, JFIF, RFC 9649)."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

PIXELS_PER_TOKEN = 750
UNSEEN_TOKENS = 85
"""What an image costs that is only named, by its address or as a file."""

Size = tuple[int, int]

_PNG, _GIF87, _GIF89, _JPEG = b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"\xff\xd8\xff"
_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})
"""Markers in the range of JPEG's frame headers that are none: Huffman tables, extensions, arithmetic coding."""


def media_type(data: bytes) -> str | None:
    """The media type that the first bytes are of, or None."""
    if data.startswith(_PNG):
        return "image/png"
    if data.startswith((_GIF87, _GIF89)):
        return "image/gif"
    if data.startswith(_JPEG):
        return "image/jpeg"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def size(data: bytes) -> Size:
    """Width and height in pixels from the header; (0, 0) where the header does not reach that far."""
    measure = _MEASURES.get(media_type(data) or "")
    return measure(data) if measure else (0, 0)


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _png(data: bytes) -> Size:
    return _big(data[16:20]), _big(data[20:24])


def _gif(data: bytes) -> Size:
    return _little(data[6:8]), _little(data[8:10])


def _jpeg(data: bytes) -> Size:
    """The size in the first frame header; the segments before it are stepped over by their lengths."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            return _big(data[at + 7 : at + 9]), _big(data[at + 5 : at + 7])
        at += 2 + _big(data[at + 2 : at + 4]) if marker != 0xFF else 1
    return 0, 0


def _webp(data: bytes) -> Size:
    kind = data[12:16]
    if kind == b"VP8X":
        return _little(data[24:27]) + 1, _little(data[27:30]) + 1
    if kind == b"VP8L":
        bits = _little(data[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return _little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF


_MEASURES: Mapping[str, Callable[[bytes], Size]] = {
    "image/png": _png,
    "image/gif": _gif,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
}


def decoded(source: Any) -> bytes | None:
    """The bytes of a base64 source; None for another source, and for data that is not base64."""
    data = source.get("data") if isinstance(source, dict) and source.get("type") == "base64" else None
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):
        return None


def image_tokens(block: Mapping[str, Any]) -> int:
    """The input tokens of an image block: its pixels by 750, at least one."""
    data = decoded(block.get("source"))
    if data is None:
        return UNSEEN_TOKENS
    width, height = size(data)
    return max(1, -(-width * height // PIXELS_PER_TOKEN))
