"""The event decoder fed piece by piece: every way of cutting a body in two, and what each piece completes."""

import pytest

from conformance.wire.sse import Decoder, MalformationKind, decode, decode_chunks

BODIES = {
    "LF": b"event: a\ndata: 1\n\nevent: b\ndata: 2\n\n",
    "CRLF": b"event: a\r\ndata: 1\r\n\r\nfoo: x\r\ndata: 2\r\n\r\n",
    "CR": b"event: a\rdata: 1\r\rdata: 2\r\r",
    "mixed": b"data: 1\r\n\rdata: 2\r\n\n\r\nfoo\rdata: \xe2\x82\xac\n\r\n",
}


@pytest.mark.parametrize("name", BODIES)
def test_where_a_body_is_cut_makes_no_difference(name: str) -> None:
    body = BODIES[name]
    whole = decode(body)
    assert [event.data for event in whole.events][:2] == ["1", "2"]
    for place in range(len(body) + 1):
        assert decode_chunks((body[:place], body[place:])) == whole, place
    assert decode_chunks(bytes((byte,)) for byte in body) == whole


def test_a_piece_gives_the_events_that_it_completes() -> None:
    decoder = Decoder()
    assert decoder.feed(b"") == []
    assert decoder.feed(b"data: 1\n") == []
    assert [event.data for event in decoder.feed(b"\ndata: 2\n\ndata: 3")] == ["1", "2"]
    assert [event.data for event in decoder.feed(b"\n\n")] == ["3"]


@pytest.mark.parametrize(
    ("body", "text", "faults"),
    [
        (b"data: a\xe2\x82", "a", []),
        (b"data: a\xff", "a\ufffd", [MalformationKind.INVALID_UTF8]),
        (b"data: a\xff\xe2\x82", "a\ufffd\ufffd", [MalformationKind.INVALID_UTF8]),
    ],
    ids=["cut in two", "wrong", "wrong before the cut"],
)
def test_a_character_at_the_end_of_a_body(body: bytes, text: str, faults: list[MalformationKind]) -> None:
    found = decode(body)
    assert found.tail is not None and found.tail.data == text
    assert [fault.kind for fault in found.malformations] == [*faults, MalformationKind.UNTERMINATED]


def test_a_character_cut_by_the_end_of_a_line_is_a_fault() -> None:
    found = decode(b"data: a\xe2\x82\n\n")
    assert [(fault.kind, fault.offset) for fault in found.malformations] == [(MalformationKind.INVALID_UTF8, 7)]
    assert [event.data for event in found.events] == ["a\ufffd"]
