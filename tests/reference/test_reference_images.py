"""Images are measured by their headers, and refused when their bytes are of another type."""

import base64
import json
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from reference_corpus import CALL, Item, assistant, bad, good, user
from reference_reading import reading, varied

from conformance.reference import PROFILES
from conformance.reference.images import image_tokens, media_type, size
from conformance.reference.tokens import input_tokens


def png(width: int, height: int) -> bytes:
    """The beginning of a PNG."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)


def gif(width: int, height: int) -> bytes:
    """The beginning of a GIF."""
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0"


def jpeg(width: int, height: int) -> bytes:
    """The beginning of a JPEG: a JFIF segment, a fill byte, a Huffman table, a progressive frame."""
    jfif = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9)
    table = b"\xff\xff\xc4" + struct.pack(">H", 4) + bytes(2)
    return b"\xff\xd8" + jfif + table + b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3)


def webp(kind: bytes, width: int, height: int) -> bytes:
    """The beginning of a WebP of one of its three kinds."""
    heads = {
        b"VP8 ": bytes(6) + struct.pack("<HH", width | 0x4000, height),
        b"VP8L": b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14),
        b"VP8X": bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
    }
    return b"RIFF" + bytes(4) + b"WEBP" + kind + bytes(4) + heads[kind]


SAMPLES: dict[str, tuple[str, Callable[[int, int], bytes]]] = {
    "png": ("image/png", png),
    "gif": ("image/gif", gif),
    "jpeg": ("image/jpeg", jpeg),
    "vp8": ("image/webp", partial(webp, b"VP8 ")),
    "vp8l": ("image/webp", partial(webp, b"VP8L")),
    "vp8x": ("image/webp", partial(webp, b"VP8X")),
}


def image(data: bytes, kind: str) -> dict[str, Any]:
    """An image block."""
    source = {"type": "base64", "media_type": kind, "data": base64.b64encode(data).decode()}
    return {"type": "image", "source": source}


@pytest.mark.parametrize("name", SAMPLES)
def test_header_tells_type_and_size(name: str) -> None:
    kind, make = SAMPLES[name]
    assert media_type(make(640, 480)) == kind
    assert size(make(640, 480)) == (640, 480)
    assert image_tokens(image(make(640, 480), kind)) == 410
    assert image_tokens(image(make(1, 1), kind)) == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_a_header_cut_anywhere_is_no_error(name: str) -> None:
    kind, make = SAMPLES[name]
    whole = make(640, 480)
    for end in range(len(whole)):
        assert media_type(whole[:end]) in (kind, None)
        assert image_tokens(image(whole[:end], kind)) >= 1
    assert media_type(b"") is None and size(b"BM") == (0, 0)


def test_images_that_are_only_named_have_a_fixed_price() -> None:
    assert image_tokens({"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}) == 85
    assert image_tokens({"type": "image"}) == 85
    assert image_tokens({"type": "image", "source": {"type": "base64", "data": "%%%"}}) == 85


def asking(data: bytes, kind: str) -> dict[str, Any]:
    """A request with an image."""
    return {"messages": [user([{"type": "text", "text": "Say hello"}, image(data, kind)])]}


def status(one: Item, profile: str) -> tuple[int | None, Any]:
    """Status and body of an answer."""
    seen = reading(one, profile, varied(one, profile))
    return seen.exchange.status, json.loads(seen.body)


@pytest.mark.parametrize("profile", PROFILES)
def test_usage_grows_with_the_image(profile: str) -> None:
    small, large = (status(good("image", asking(png(side, side), "image/png")), profile) for side in (10, 1500))
    assert small[0] == large[0] == 200
    assert large[1]["usage"]["input_tokens"] - small[1]["usage"]["input_tokens"] == 3000 - 1


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", SAMPLES)
def test_bytes_of_another_type_are_refused(name: str, profile: str) -> None:
    kind, make = SAMPLES[name]
    other = "image/png" if kind != "image/png" else "image/jpeg"
    assert status(good("right", asking(make(9, 9), kind)), profile)[0] == 200
    answer = status(bad("wrong", asking(make(9, 9), other)), profile)
    assert answer[0] == 400 and answer[1]["error"]["type"] == "invalid_request_error"
    assert other in answer[1]["error"]["message"]


def result_with(block: dict[str, Any]) -> dict[str, Any]:
    """A request whose tool result holds a block."""
    result = {"type": "tool_result", "tool_use_id": CALL["id"], "content": [block]}
    return {"messages": [user("Hi"), assistant([CALL]), user([result])]}


@pytest.mark.parametrize("profile", PROFILES)
def test_images_in_tool_results_are_seen(profile: str) -> None:
    good_one, bad_one = result_with(image(gif(750, 100), "image/gif")), result_with(image(b"BMxx", "image/gif"))
    assert input_tokens(good_one) - input_tokens(result_with(image(gif(1, 1), "image/gif"))) == 99
    assert status(good("right", good_one), profile)[0] == 200
    assert status(bad("wrong", bad_one), profile)[0] == 400
