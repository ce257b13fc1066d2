"""Legal habits of content codings and of what is whole before it is sent (RFC 9110, sections 8.4 and 8.6; RFC 1952)."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.transfer import Answer, Frame
from conformance.reference.variations._rows import Row, table

MEMBER = 4096  #: bytes


def _shouted_coding(answer: Answer, context: Context) -> Answer:
    """Content codings are case-insensitive (RFC 9110, section 8.4.1)."""
    accepted = (context.request.header("accept-encoding") or "").split(",")
    if "gzip" not in [one.strip() for one in accepted] or not isinstance(answer.body, bytes) or not answer.body:
        return answer
    headers = (*answer.headers, ("content-encoding", "GZIP"), ("vary", "Accept-Encoding"))
    return replace(answer, headers=headers, body=_member(answer.body))


def _member(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


def _members(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Every frame sent at once; a member ends with the frame that makes it MEMBER bytes."""
    packer, size = zlib.compressobj(wbits=31), 0
    for one in frames:
        size += len(one.data)
        yield replace(one, data=packer.compress(one.data) + packer.flush(zlib.Z_SYNC_FLUSH))
        if size >= MEMBER:
            yield Frame(packer.flush())
            packer, size = zlib.compressobj(wbits=31), 0
    if size:
        yield Frame(packer.flush())


def _in_members(answer: Answer, context: Context) -> Answer:
    """A body of several gzip members (RFC 1952, section 2.2)."""
    accepted = (context.request.header("accept-encoding") or "").split(",")
    frames = answer.body
    if "gzip" not in [one.strip() for one in accepted] or not isinstance(frames, tuple):
        return answer
    packed = tuple(_members(one for one in frames if one.data))
    return replace(answer, headers=(*answer.headers, ("content-encoding", "gzip")), body=packed)


def _known_length(answer: Answer, context: Context) -> Answer:
    """A stream that was complete before it was sent, with its length."""
    if not isinstance(answer.body, tuple):
        return answer
    return replace(answer, body=b"".join(one.data for one in answer.body))


CODING_ROWS: tuple[Row, ...] = (
    ("compressed-capital", (), "the coding of compressed JSON answers is GZIP", _shouted_coding),
    ("compressed-in-members", (), "a compressed stream is several gzip members", _in_members),
    ("stream-with-length", (), "a stream comes at once, with its length", _known_length),
)

CODING_VARIATIONS: tuple[Variation, ...] = table(Seam.ANSWER, CODING_ROWS)
