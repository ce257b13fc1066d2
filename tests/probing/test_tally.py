"""What an answer grows into is counted while it comes, wherever it is cut."""

import gzip
import zlib
from collections.abc import Callable

import pytest

from conformance.probing.limits import Limits
from conformance.probing.tally import CODED_STEP, Tally, weight
from conformance.wire.content import MAX_LAYERS, undoing
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Headers, Limit, Request

STREAM: Headers = (("Content-Type", " Text/Event-Stream; charset=utf-8"),)


def _bare(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_and_events_are_counted_alike_wherever_the_pieces_are_cut(end: str, size: int) -> None:
    body = f"event: a{end}data: 1{end}{end}: no{end}{end}data: 2{end}{end}x".encode()
    tally = Tally.of(STREAM, Limits())
    for start in range(0, len(body), size):
        assert tally.add(body[start : start + size]) == (None, len(body[start : start + size]))
    assert (tally.lines, tally.events, tally.size) == (7, 3, len(body))


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", _bare),
        ("gzip", lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
        ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data))),
    ],
)  # fmt: skip
def test_a_coded_body_is_counted_as_what_it_says(coding: str, pack: Callable[[bytes], bytes]) -> None:
    body = b"data: 1\n\n" * 50
    tally = Tally.of((*STREAM, ("content-encoding", coding)), Limits())
    assert tally.add(pack(body)) == (None, len(pack(body)))
    assert (tally.decoded, tally.events) == (len(body), 50)
    small = Tally.of((*STREAM, ("content-encoding", coding)), Limits(body=100))
    assert small.add(pack(body))[0] is Limit.BODY


def test_a_bomb_is_cut_in_the_piece_in_which_it_goes_off() -> None:
    packed = gzip.compress(b" " * 10_000_000)
    tally = Tally.of((("content-encoding", "gzip"),), Limits(body=100_000))
    limit, used = tally.add(packed)
    assert limit is Limit.BODY and used <= 2 * CODED_STEP < len(packed) and tally.decoded <= 100_001


def test_what_is_no_such_coding_is_counted_as_it_comes() -> None:
    tally = Tally.of((("content-encoding", "gzip"),), Limits())
    assert tally.add(b"no gzip at all") == (None, 14) and tally.decoded == 14
    broken = Tally.of((("content-encoding", "deflate"),), Limits())
    assert broken.add(zlib.compress(b"a" * 999)[:9] + b"\xff" * 2_000)[0] is None


def test_only_codings_that_would_be_undone_are_undone() -> None:
    assert undoing([]) is None and undoing(["identity"]) is None and undoing(["br"]) is None
    assert undoing(["gzip, br"]) is None and undoing(["gzip"] * (MAX_LAYERS + 1)) is None
    assert undoing(["gzip"] * MAX_LAYERS) is not None


def test_each_measure_has_its_limit() -> None:
    assert Tally.of(STREAM, Limits(events=2)).add(b"data: 1\n\n" * 3) == (Limit.EVENTS, 27)
    assert Tally.of(STREAM, Limits(lines=2)).add(b"data: 1\n" * 3)[0] is Limit.LINES
    assert Tally.of((), Limits(lines=2, events=2)).add(b"\n\n" * 9)[0] is None, "of a stream alone"
    chunked = Tally.of((), Limits(chunks=2))
    assert [chunked.add(b"a")[0] for _ in range(3)] == [None, None, Limit.CHUNKS]


def test_what_costs_more_weighs_more() -> None:
    def heavy(body: bytes, headers: Headers = (), pieces: int = 1) -> int:
        chunks = tuple(Chunk(0.0, body[n::pieces]) for n in range(pieces))
        return weight(Exchange(Request("GET", "/", (), b""), 200, headers, chunks, End(Ending.COMPLETE)), body)

    plain = heavy(b"a" * 30)
    for costly in (heavy(b"{" * 30), heavy(b"\n" * 30), heavy(b"\0" * 30), heavy(b"a" * 30, pieces=30)):
        assert costly > plain
    assert heavy(b"a" * 30, (("x", "y"),)) > plain > 30
