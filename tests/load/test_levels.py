"""What a load took, rung by rung."""

import json
from typing import Any

import pytest

from conformance.evidence.ranks import percentile
from conformance.evidence.run import Record
from conformance.load.latency import Rung, at_once, levels, levels_json, levels_text
from conformance.load.merging import merged
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

REQUEST = Request("POST", "http://127.0.0.1:1/v1/messages", (), b"{}")
JSON = (("content-type", "application/json"),)
STREAM = (("content-type", "text/event-stream"),)


def event(kind: str) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind})}\n\n".encode()


def answer(seq: int, began: float, elapsed: float, status: int | None = 200, **changes: Any) -> Record:
    words: dict[str, Any] = {"headers": JSON, "chunks": (Chunk(elapsed, b"{}"),), "end": End(Ending.COMPLETE)} | changes
    return Record(seq, "p", seq, 1, Exchange(REQUEST, status, began=began, elapsed=elapsed, **words))


def stream(
    seq: int, began: float, *arrived: float, last: str = "message_stop", how: Ending = Ending.COMPLETE
) -> Record:
    kinds = ["message_start", *["ping"] * (len(arrived) - 2), last]
    chunks = tuple(Chunk(at, event(kind)) for at, kind in zip(arrived, kinds, strict=True))
    return answer(seq, began, arrived[-1], headers=STREAM, chunks=chunks, end=End(how))


def test_an_exchange_belongs_to_the_rung_in_which_it_was_begun() -> None:
    records = [answer(1, 0.5, 3), answer(2, 1.9, 1), answer(3, 2.0, 1), answer(4, 9.0, 1)]
    found = levels(records, [Rung(2, 1.0), Rung(4, 2.0)], frozenset({3, 77}))
    assert [(level.users, level.requests, level.broken, level.in_flight) for level in found] == [
        (2, 2, 0, 2),
        (4, 2, 1, 1),
    ]


def test_what_is_not_served_to_its_end_is_counted_apart_and_not_timed() -> None:
    records = [
        answer(1, 0, 1),
        answer(2, 0, 9, 429),
        answer(3, 0, 9, 529),
        answer(4, 0, 9, 500),
        answer(5, 0, 9, None, end=End(Ending.NO_ANSWER)),
        stream(6, 0, 0.5, 9, last="ping"),
        stream(7, 0, 0.5, 9, how=Ending.CLOSED_EARLY),
    ]
    (level,) = levels(records, [Rung(1, 0)], frozenset())
    assert (level.requests, level.served, level.limited, level.failed) == (7, 1, 2, 4)
    assert level.times["whole"] == {50: 1, 90: 1, 99: 1}
    assert level.times["first event"] == {50: None, 90: None, 99: None}


def test_times_of_streams() -> None:
    (level,) = levels([stream(1, 0, 0.5, 0.75, 1.75), stream(2, 0, 1.5, 2.0)], [Rung(1, 0)], frozenset())
    assert level.times["first event"] == {50: 0.5, 90: 1.5, 99: 1.5}
    assert level.times["between events"] == {50: 0.5, 90: 1.0, 99: 1.0}


@pytest.mark.parametrize(("percent", "value"), [(50, 5), (90, 9), (99, 10)])
def test_percentiles_are_values_that_were_seen(percent: int, value: int) -> None:
    assert percentile(range(1, 11), percent) == value
    assert percentile([], percent) is None


def test_one_that_ends_as_another_begins_is_not_beside_it() -> None:
    assert at_once([answer(1, 0, 1), answer(2, 1, 1)]) == 1
    assert at_once([answer(1, 0, 2), answer(2, 1, 2), answer(3, 1.5, 0.1)]) == 3
    assert at_once([]) == 0


def test_levels_are_told_as_json_and_as_a_table() -> None:
    found = levels([answer(1, 0, 1.23456789), stream(2, 0, 0.0031, 0.02)], [Rung(4, 0)], frozenset({2}))
    (row,) = levels_json(found)
    assert row["users"] == 4 and row["broken"] == 1
    assert row["seconds"]["whole"] == {"p50": 0.02, "p90": 1.234568, "p99": 1.234568}
    assert row["seconds"]["first_event"]["p50"] == 0.0031
    head, line, note = levels_text(found).splitlines()
    assert head.split()[:3] == ["users", "in", "flight"] and note.startswith("times in milliseconds")
    assert line.split() == ["4", "2", "2", "2", "0", "0", "1", *["3.1"] * 3, *["17"] * 3, "20", "1235", "1235"]
    assert levels_text(levels([], [Rung(1, 0)], frozenset())).splitlines()[1].split()[7:] == ["-"] * 9


def test_the_exchanges_of_workers_are_one_row_with_steps_apart() -> None:
    rows = merged([[answer(1, 0.3, 1), answer(2, 0.1, 1)], [answer(1, 0.2, 1)]], 7)
    assert [(row.seq, row.exchange.began) for row in rows] == [(8, 0.1), (9, 0.2), (10, 0.3)]
    assert len({row.step for row in rows}) == 3
    assert merged([], 3) == ()
