"""Content codings are undone within a limit, and every departure is a fault, never an exception."""

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.content import MAX_MEMBERS, decoded_body

PLAIN = b'{"type":"message"}' * 20
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)
BARE = RAW.compress(PLAIN) + RAW.flush()


@pytest.mark.parametrize(
    ("body", "encodings"),
    [
        (PLAIN, []),
        (PLAIN, ["identity"]),
        (PLAIN, ["", " , "]),
        (gzip.compress(PLAIN, mtime=0), ["GZip"]),
        (gzip.compress(PLAIN, mtime=0), ["x-gzip"]),
        (gzip.compress(PLAIN[:50], mtime=0) + gzip.compress(PLAIN[50:], mtime=0), ["gzip"]),
        (zlib.compress(PLAIN), ["deflate"]),
        (BARE, ["deflate"]),
        (gzip.compress(zlib.compress(PLAIN), mtime=0), ["deflate, gzip"]),
        (gzip.compress(zlib.compress(PLAIN), mtime=0), ["deflate", "gzip"]),
    ],
)
def test_codings(body: bytes, encodings: list[str]) -> None:
    assert decoded_body(body, encodings, 10_000) == (PLAIN, None)


@pytest.mark.parametrize(
    ("body", "encodings", "fault"),
    [
        (PLAIN, ["br"], "'br'"),
        (PLAIN, ["gzip"], "gzip: "),
        (gzip.compress(PLAIN, mtime=0)[:-9], ["gzip"], "cut short"),
        (gzip.compress(PLAIN, mtime=0) + b"more", ["gzip"], "gzip: "),
        (zlib.compress(PLAIN) + b"more", ["deflate"], "4 bytes behind"),
        (gzip.compress(b"\0" * 10**6, mtime=0), ["gzip"], "more than 10000 bytes"),
        (gzip.compress(b"", mtime=0) * (MAX_MEMBERS + 1), ["gzip"], "bytes behind"),
        (PLAIN, ["gzip"] * 9, "9 content codings"),
    ],
)
def test_faults(body: bytes, encodings: list[str], fault: str) -> None:
    decoded, said = decoded_body(body, encodings, 10_000)
    assert said is not None
    assert fault in said
    assert len(decoded) <= 10_000


def test_nothing_needs_no_decoding() -> None:
    assert decoded_body(b"", ["gzip"], 10) == (b"", None)


@settings(deadline=None)  # a loaded machine is no fault
@given(st.binary(max_size=50), st.lists(st.sampled_from(["gzip", "deflate", "br", "a,b", ""]), max_size=3))
def test_any_bytes(body: bytes, encodings: list[str]) -> None:
    decoded, fault = decoded_body(body, encodings, 100)
    assert len(decoded) <= 100
    assert fault is None or fault
