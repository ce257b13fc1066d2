"""One exchange in the HTML report: the marked place in body, headers and timeline."""

import gzip
import json
from dataclasses import replace

import pytest
from html_runs import EVENTS, VIOLATED, Element, of, read, stream
from reporting_runs import broken, record

from conformance.evidence.run import Record
from conformance.reporting.html import page
from conformance.reporting.html.exchange import AROUND, BEGINNING, MOST_HEADERS, WHOLE, WITHIN, window
from conformance.reporting.html.places import LARGEST, Mark, aligned, event_span, mark
from conformance.reporting.html.timeline import MOST_EVENTS
from conformance.rules.findings import Where
from conformance.wire.exchange import Chunk, End, Ending, Limit


def shown(row: Record, where: Where) -> Element:
    """The exchange as it is drawn below a violation at this place."""
    run = of(broken("STRM-003", "a", "b", replace(where, exchange=row.seq)), row)
    (found,) = read(page(run, VIOLATED)).all("article", id="STRM-003")[0].all("details")
    return found


def answered(body: bytes) -> Record:
    plain = record(1)
    return replace(plain, exchange=replace(plain.exchange, chunks=(Chunk(0.1, body),)))


def text_of(row: Record, span: tuple[int, int] | None) -> bytes:
    assert span is not None
    return row.reading.body[slice(*span)]


@pytest.mark.parametrize("number", range(3))
def test_the_event_that_is_meant_is_marked_in_body_and_timeline(number: int) -> None:
    name, data = EVENTS[number]
    details = shown(stream(), Where(event=number))
    (marked,) = details.all("mark")
    assert marked.text.rstrip("\n") == f"event: {name}\ndata: {json.dumps(data)}"
    (tick,) = details.all("rect", class_="marked")
    assert tick.text.startswith(f"event {number}: {name} at ")
    assert len(details.all("rect", class_="tick")) == 3
    assert len(details.all("path", class_="pointer")) == 1
    assert f"marked: event {number}, {name} at " in details.all("figcaption")[0].text


def test_ticks_stand_where_their_chunks_came() -> None:
    ticks = shown(stream(), Where(event=0)).all("rect", class_="tick")
    places = [int(tick.attributes["x"]) for tick in ticks]
    times = [tick.text.split(" at ")[1] for tick in ticks]
    assert times == [f"{(event.at or 0) * 1000:.1f} ms" for event in stream().reading.events]
    assert places == sorted(places) and len(set(places)) == len(set(times)) > 1


def test_events_of_one_moment_are_stacked() -> None:
    ticks = shown(stream(pieces=1), Where()).all("rect", class_="tick")
    assert len({tick.attributes["x"] for tick in ticks}) == 1
    assert len({tick.attributes["y"] for tick in ticks}) == 3


def test_what_an_event_calls_itself_is_escaped_below_the_picture() -> None:
    row = stream(3, b"event: <i>\ndata: x\n\n", 1)
    details = shown(row, Where(event=0))
    assert details.all("i") == [] and "event 0, <i> at " in details.all("figcaption")[0].text
    assert "event 0, <i> at " in details.all("svg")[0].attributes["aria-label"]


def test_inside_the_event_the_value_is_marked() -> None:
    details = shown(stream(), Where(event=0, pointer="/message/role", byte=0))
    assert [part.text for part in details.all("mark", class_="spot")] == ['"bot"']
    assert details.all("mark", class_="event")[0].all("mark", class_="spot")


@pytest.mark.parametrize("pointer", ["/message/nowhere/deeper", "/message"])
def test_a_value_that_is_missing_marks_what_should_hold_it(pointer: str) -> None:
    found = mark(stream().reading, Where(event=0, pointer=pointer)).spot
    assert text_of(stream(), found) == json.dumps({"role": "bot", "id": "m"}).encode()


def test_data_may_come_before_the_name() -> None:
    row = stream(3, b'data: {"type":"ping","a":[1,{"b":2}]}\nevent: ping\n\n')
    assert text_of(row, mark(row.reading, Where(event=0, pointer="/a/1/b")).spot) == b"2"


def test_a_byte_inside_the_event_is_marked() -> None:
    body = 'event: ping\ndata: {"type":"ping","a":"é"}\n\n'.encode()
    row, place = stream(3, body, 1), body.index("é".encode())
    for byte in (place, place + 1):
        assert text_of(row, mark(row.reading, Where(event=0, byte=byte)).spot) == "é".encode()


def test_an_event_whose_data_is_not_json_marks_itself_alone() -> None:
    row = stream(3, b"event: a\ndata: nothing\n\ndata\n\n")
    found = mark(row.reading, Where(event=0, pointer="/x"))
    assert text_of(row, found.event).startswith(b"event: a\ndata: nothing\n") and found.spot is None
    assert mark(row.reading, Where(event=1, pointer="/x")).spot is None


def test_an_event_without_its_blank_line_can_be_meant() -> None:
    row = stream(3, b'data: {"type":"a"}\n\ndata: {"type":"b"}')
    assert text_of(row, event_span(row.reading, 1)) == b'data: {"type":"b"}'
    assert event_span(row.reading, 2) is None


def test_an_event_that_is_not_there_marks_nothing() -> None:
    details = shown(record(1), Where(event=7))
    assert details.all("mark") == [] and details.all("path", class_="pointer") == []


@pytest.mark.parametrize(
    ("body", "pointer", "expected"),
    [
        (b'{"a": {"b": [10, "x"]}}', "/a/b/1", b'"x"'),
        (b' { "a" : 1 , "a" : 2 } ', "/a", b"2"),
        (b'{"a~/b": true}', "/a~0~1b", b"true"),
        ('{"é": "ü", "z": "ö"}'.encode(), "/z", '"ö"'.encode()),
        (b'{"a": {}}', "/a/b", b"{}"),
    ],
    ids=["nested", "repeated", "escaped", "beyond-ascii", "missing"],
)
def test_the_value_at_a_pointer_is_marked(body: bytes, pointer: str, expected: bytes) -> None:
    row = answered(body)
    assert text_of(row, mark(row.reading, Where(pointer=pointer)).spot) == expected


NO_VALUE = {
    "empty": b"",
    "word": b"x",
    "brace": b"{",
    "name": b'{"a"',
    "colon": b'{"a":',
    "open": b"[1",
    "bytes": b"\xff",
    "number": b"1",
    "other": b'{"b":1}',
    "deep": b"[" * 100_000,
    "large": b'{"a":1}' + b" " * LARGEST,
}


@pytest.mark.parametrize("kind", NO_VALUE)
def test_a_body_without_the_value_marks_nothing(kind: str) -> None:
    assert mark(answered(NO_VALUE[kind]).reading, Where(pointer="/a")) == Mark()


def test_the_byte_is_marked() -> None:
    details = shown(answered(b'{"a": \xff1}'), Where(byte=6))
    assert [part.text for part in details.all("mark")] == ["\\xff"]
    assert mark(answered(b"abc").reading, Where(byte=3)) == Mark()


def test_no_character_is_cut() -> None:
    body = "aé€😀".encode()
    assert [aligned(body, place, -1) for place in range(len(body) + 1)] == [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10]
    assert [aligned(body, place, 1) for place in range(len(body) + 1)] == [0, 1, 3, 3, 6, 6, 6, 10, 10, 10, 10]
    assert aligned(b"\x80" * 9, 4, 1) == 4


def test_a_long_body_is_cut_around_the_mark_and_that_is_said() -> None:
    body = b'{"a":"' + b"x" * 10_000 + b'","b":"HERE","c":"' + b"y" * 10_000 + b'"}'
    details = shown(answered(body), Where(pointer="/b"))
    told, place = details.all("pre", class_="body")[0], body.index(b'"HERE"')
    assert [part.text for part in told.all("mark")] == ['"HERE"']
    assert len(told.text) == 2 * AROUND + len('"HERE"')
    assert f"bytes {place - AROUND} to {place + 5 + AROUND} of {len(body)}; the rest is in the journal" in details.text


def test_a_long_mark_is_cut_too() -> None:
    body = b'{"a":"' + b"x" * 10_000 + b'"}'
    assert window(body, (5, 10_007)) == (0, 5 + WITHIN + AROUND)
    told = shown(answered(body), Where(pointer="/a")).all("pre", class_="body")[0]
    assert len(told.all("mark")[0].text) == WITHIN + AROUND


def test_without_a_mark_the_beginning_is_shown() -> None:
    assert window(b"x" * (WHOLE + 1), None) == (0, BEGINNING)
    assert window(b"x" * WHOLE, None) == (0, WHOLE)


def test_the_header_is_marked_even_among_too_many() -> None:
    plain = record(1)
    many = tuple((f"x-{number}", "v") for number in range(MOST_HEADERS + 5))
    row = replace(plain, exchange=replace(plain.exchange, headers=(*many, ("Cache-Control", "public"))))
    details = shown(row, Where(header="cache-control"))
    assert [part.text for part in details.all("mark")] == ["Cache-Control: public"]
    assert "6 more header lines are in the journal" in details.text


def test_a_header_whose_name_is_too_long_to_be_shown_is_not_compared() -> None:
    plain, name = record(1), "x" * 10_000
    row = replace(plain, exchange=replace(plain.exchange, headers=((name, "v"),)))
    details = shown(row, Where(header=name))
    assert details.all("mark") == [] and "characters left out" in details.text


def test_only_so_many_events_are_drawn_the_marked_one_among_them() -> None:
    row = stream(3, b'data: {"type":"ping"}\n\n' * 1000, 50)
    details = shown(row, Where(event=501))
    assert len(details.all("rect", class_="tick")) == 201 <= MOST_EVENTS
    assert details.all("rect", class_="marked")[0].text.startswith("event 501: ")
    assert "1000 events; 201 of them drawn" in details.text


def test_a_content_coding_hides_when_events_came() -> None:
    row = stream()
    headers = (*row.exchange.headers, ("content-encoding", "gzip"))
    chunks = (Chunk(0.1, gzip.compress(row.exchange.body, mtime=0)),)
    details = shown(replace(row, exchange=replace(row.exchange, chunks=chunks, headers=headers)), Where(event=1))
    assert "hidden by the content coding" in details.text and details.all("rect") == []
    assert details.all("mark")[0].text.startswith("event: ping")


def test_an_exchange_without_an_answer_says_how_it_ended() -> None:
    plain = record(1)
    cut = End(Ending.CUT, Limit.FIRST_BYTE, "nothing came")
    row = replace(plain, exchange=replace(plain.exchange, status=None, headers=(), chunks=(), end=cut, elapsed=2.0))
    details = shown(row, Where())
    assert details.all("summary")[0].text == "Exchange 1: no status, cut"
    assert "cut by our limit first-byte: nothing came" in details.text
    assert "The answer had no body." in details.text and "0 chunks in 2000.0 ms" in details.text
    assert details.all("svg") == []


def test_bytes_behind_the_framing_are_counted() -> None:
    plain = record(1)
    row = replace(plain, exchange=replace(plain.exchange, surplus=b"12345"))
    assert "behind the framing5 bytes" in shown(row, Where()).text
