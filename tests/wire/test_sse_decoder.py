"""The event decoder: the grammar, its malformations with offsets, and indifference to chunk boundaries."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.sse import Decoded, Decoder, decode, decode_chunks

PIECES = [
    b"event: ping\n", b"data: {}\n", b"data:x\r", b"data: \xe2\x82\xac\r\n", b"\n", b"\r", b"\r\n", b": hi\n",
    b"id: 7\n", b"id: a\0b\n", b"retry: 10\n", b"retry: +5\n", b"data\n", b"foo: bar\n", b"data: \xff\n",
    b"\xef\xbb\xbf", b"data: \xe2\x80\xa8\xc2\x85\n", b"\x00", b"event:\n",
]  # fmt: skip
BODIES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=12).map(b"".join)


def kinds(decoded: Decoded) -> list[tuple[str, int]]:
    return [(fault.kind.value, fault.offset) for fault in decoded.malformations]


def shown(body: bytes) -> list[tuple[str | None, str]]:
    return [(event.name, event.data) for event in decode(body).events]


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b"event: a\ndata: 1\n\n", [("a", "1")]),
        (b"event: a\r\ndata: 1\r\n\r\n", [("a", "1")]),
        (b"event: a\rdata: 1\r\r", [("a", "1")]),
        (b"event: a\rdata: 1\r\n\r", [("a", "1")]),
        (b"data:1\n\n", [(None, "1")]),
        (b"data:  1\n\n", [(None, " 1")]),
        (b"event:\ndata: 1\n\n", [("", "1")]),
        (b"data: 1\ndata\ndata: 2\n\n", [(None, "1\n\n2")]),
        (b"data\n\n", [(None, "")]),
        (b"data: a:b\n\n", [(None, "a:b")]),
        (b"data: \xe2\x80\xa8\xc2\x85\x0b\n\n", [(None, "\u2028\x85\x0b")]),
        (b": c\n\n\n\nid: 1\n\nretry: 5\n\n", []),
        (b"event: a\n\ndata: 1\n\n", [(None, "1")]),
        (b"data: 1\nevent: a\n\n", [("a", "1")]),
        (b"data: 1\n", []),
        (b"data: 1", []),
        (b"", []),
    ],
)
def test_the_grammar(body: bytes, events: list[tuple[str | None, str]]) -> None:
    assert shown(body) == events


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\xef\xbb\xbfdata: 1\n\n", [("byte-order-mark", 0)]),
        (b"data: 1\n\n\xef\xbb\xbfdata: 1\n\n", [("unknown-field", 9)]),
        (b"data: a\xffb\n\n", [("invalid-utf-8", 7)]),
        (b": \xff\n", [("invalid-utf-8", 2)]),
        (b"data: 1\nfoo: 2\n\n", [("unknown-field", 8)]),
        (b"Data: 1\n\n", [("unknown-field", 0)]),
        (b"data\n\n", [("no-colon", 0)]),
        (b"event: a\n\n", [("event-without-data", 0)]),
        (b"event: a\nevent: b\ndata: 1\n\n", [("repeated-event-field", 9)]),
        (b"data: 1\ndata: 2\n\n", [("several-data-lines", 0)]),
        (b"retry: +5\n\n", [("bad-retry", 0)]),
        (b"retry: 1_000\n\n", [("bad-retry", 0)]),
        (b"retry:\n\n", [("bad-retry", 0)]),
        (b"retry: \xd9\xa5\n\n", [("bad-retry", 0)]),
        (b"id: a\0\n\n", [("nul-in-id", 0)]),
        (b"data: 1\n\ndata: 2\n", [("unterminated-event", 9)]),
        (b"data: 1\n\ndata: 2", [("unterminated-event", 9)]),
        (b"data: 1\n\n: bye", []),
        (b"id: 1\n\nretry: 5\n\n", []),
    ],
)
def test_malformations_have_offsets(body: bytes, expected: list[tuple[str, int]]) -> None:
    assert kinds(decode(body)) == expected


def test_event_offsets_frame_the_event() -> None:
    body = b": c\r\nevent: a\r\ndata: 1\r\n\r\ndata: 2\n\n"
    first, second = decode(body).events
    assert (first.offset, first.end) == (5, body.index(b"\r\n\r\n") + 3)
    assert (second.offset, second.end) == (body.index(b"data: 2"), len(body))


def test_ids_stay_in_force_and_retry_does_not() -> None:
    first, second = decode(b"id: 7\nretry: 10\ndata: 1\n\ndata: 2\n\n").events
    assert (first.id, first.retry) == ("7", 10)
    assert (second.id, second.retry) == ("7", None)


def test_the_tail_keeps_what_was_discarded() -> None:
    tail = decode(b"event: message_stop\ndata: {}").tail
    assert tail is not None
    assert (tail.name, tail.data, tail.end) == ("message_stop", "{}", 28)


def test_a_character_cut_by_the_end_is_only_unterminated() -> None:
    decoded = decode(b"data: a\xe2\x82")
    assert kinds(decoded) == [("unterminated-event", 0)]
    assert decoded.tail is not None
    assert decoded.tail.data == "a"


@pytest.mark.parametrize(
    ("body", "name", "data"),
    [
        (b"data: 1\nevent: a", "a", "1"),
        (b"data: 1\nretry: 5", None, "1"),
        (b"data: 1\n: c", None, "1"),
        (b"xyz", None, ""),
    ],
)
def test_the_tail_goes_as_far_as_the_body(body: bytes, name: str | None, data: str) -> None:
    tail = decode(body).tail
    assert tail is not None
    assert (tail.name, tail.data) == (name, data)


@pytest.mark.parametrize("rest", [b"event: b", b"event: b\ndata: 2", b"event: b\ndata: 2\n", b"event: b\nid: 1\n\n"])
def test_what_is_not_whole_behind_whole_events(rest: bytes) -> None:
    body = b"data: 1\n\nevent: a\ndata: 1\n\n" + rest
    assert shown(body) == [(None, "1"), ("a", "1")]


def test_a_bad_byte_in_an_event_like_all_others() -> None:
    body = b"event: a\ndata: 1\n\nevent: a\ndata: \xff\n\nevent: \xff\ndata: 2\n\n"
    assert shown(body) == [("a", "1"), ("a", "\ufffd"), ("\ufffd", "2")]
    assert kinds(decode(body)) == [("invalid-utf-8", 33), ("invalid-utf-8", 43)]


def test_comments_are_counted() -> None:
    assert decode(b": a\n:\n\n: b\n").comments == 3


@settings(deadline=None)  # a loaded machine is no fault
@given(BODIES, st.data())
def test_every_split_gives_the_same(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    bounds = [0, *cuts, len(body)]
    chunks = [body[a:b] for a, b in itertools.pairwise(bounds)]
    assert decode_chunks(chunks) == decode(body)


@settings(deadline=None)  # a loaded machine is no fault
@given(BODIES)
def test_single_bytes_give_the_same(body: bytes) -> None:
    decoder = Decoder()
    fed = [event for byte in body for event in decoder.feed(bytes([byte]))]
    whole = decoder.finish()
    assert whole == decode(body)
    assert tuple(fed) == whole.events


@settings(deadline=None)  # a loaded machine is no fault
@given(st.binary(max_size=200))
def test_any_bytes_are_decoded(body: bytes) -> None:
    decoded = decode(body)
    assert decoded.size == len(body)
    assert all(0 <= fault.offset <= len(body) for fault in decoded.malformations)
    assert all(0 <= event.offset < event.end <= len(body) for event in decoded.events)


def test_a_line_in_a_million_pieces() -> None:
    decoder = Decoder()
    decoder.feed(b"data: ")
    for _ in range(1_000_000):
        decoder.feed(b"x")
    assert len(decoder.feed(b"\n\n")[0].data) == 1_000_000
    assert not decoder.finish().malformations
