"""What the benchmark of hostile targets makes of a journal and an output: each way not to hold is told."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from _hostile_checks import Journal, Seen, Spent, complaints, ended, held, journal_of, row, said, spent, written_rows

from conformance.evidence.journal import JournalWriter, record_line
from conformance.evidence.run import Record
from conformance.probing.limits import Limits
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Limit, Request

LIMITS = Limits(connect=1, first_byte=2, between_bytes=1, whole=3, after_stop=0.5)
STOP = Chunk(1.0, b'data: {"type": "message_stop"}\n\n')


@dataclass(frozen=True)
class Expected:
    """What belongs to the behaviour."""

    codes: frozenset[int] = frozenset({1})
    limits: frozenset[str] = frozenset({"body", "whole"})


GOOD = Seen(
    "flood", Expected(), Journal(3, (("body", 2),), Spent("whole", 3.0, 1.0)), 1,
    "3 requests, cut by our limits: body 2\ndoes not conform: 1 MUST violated\n1 failed", 200, 9.0,
)  # fmt: skip


def _exchange(limit: Limit | None, elapsed: float, *chunks: Chunk, first_byte: float | None = None) -> Exchange:
    how = Ending.CUT if limit else Ending.COMPLETE
    request = Request("POST", "http://h/", (), b"{}")
    return Exchange(request, 200, (), chunks, End(how, limit), first_byte=first_byte, elapsed=elapsed)


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (_exchange(None, 2.5), Spent("whole", 3, 2.5)),
        (_exchange(Limit.BODY, 2.5), Spent("whole", 3, 2.5)),
        (_exchange(Limit.CONNECT, 1.25), Spent("connect", 1, 1.25)),
        (_exchange(Limit.FIRST_BYTE, 2.25), Spent("first-byte", 2, 2.25)),
        (_exchange(Limit.BETWEEN_BYTES, 2.5, Chunk(1.0, b"a"), Chunk(1.5, b"b")), Spent("between-bytes", 1, 1.0)),
        (_exchange(Limit.BETWEEN_BYTES, 1.5, first_byte=0.25), Spent("between-bytes", 1, 1.25)),
        (_exchange(Limit.AFTER_STOP, 1.75, Chunk(0.5, b"a"), STOP, Chunk(1.25, b"b")), Spent("after-stop", 0.5, 0.75)),
    ],
)
def test_the_limit_that_cut_an_exchange_counts_from_where_it_begins(exchange: Exchange, expected: Spent) -> None:
    assert spent(exchange, LIMITS) == expected


def test_of_a_journal_the_exchange_that_went_furthest_is_told(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "journal.jsonl")
    ends = [_exchange(None, 2.9), _exchange(Limit.FIRST_BYTE, 2.25), _exchange(Limit.FIRST_BYTE, 2.0)]
    for seq, exchange in enumerate(ends, 1):
        writer.write("exchange", **record_line(Record(seq, "p", 0, 1, exchange)))
    writer.write(
        "unsent", probe="q", reason="not sent: the cap of 3 seconds of waiting was reached (our limit patience)"
    )
    writer.close()
    found = journal_of(tmp_path / "journal.jsonl", {"first-byte": 2, "whole": 3})
    assert found == Journal(3, (("first-byte", 2), ("patience", 1)), Spent("first-byte", 2, 2.25))
    assert found.beyond == 0.25 and journal_of(tmp_path / "none", {}) == Journal()


def test_what_holds_is_told_as_such() -> None:
    assert complaints(GOOD) == [] and held(row(GOOD))
    assert row(GOOD) == (
        "| `flood` | body 2 | 3 | 1.0 s of 3 s (whole) | 9 s | 200 | 1 | yes | does not conform: 1 MUST violated |"
    )
    other = replace(GOOD, expected=Expected(limits=frozenset()), journal=Journal())
    assert complaints(other) == [] and "| - | 0 | - |" in row(other)
    named = replace(GOOD, text="nothing was graded: no answer within our limit body")
    assert complaints(named) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"journal": Journal(3, (("body", 2),), Spent("whole", 3.0, 5.1))}, "2.1 s beyond its limit"),
        ({"memory": 401}, "more than 400 MB"),
        ({"text": f"{GOOD.text}\nTraceback (most recent call last):"}, "traceback"),
        ({"text": f"{GOOD.text}\nINTERNALERROR> x"}, "traceback"),
        ({"code": 3}, "exit code 3"),
        ({"journal": Journal(3)}, "its limit did not fire"),
        ({"text": "does not conform"}, "not named: body"),
        ({"text": "cut by our limits: events 2\nbody 2"}, "not named: body"),
    ],
)
def test_each_way_not_to_hold_is_told(change: dict[str, Any], words: str) -> None:
    seen = replace(GOOD, **change)
    assert complaints(seen) == [words] and not held(row(seen)) and f"**no**: {words}" in row(seen)


def test_rows_that_were_written_are_read_back_and_come_to_one_line(tmp_path: Path) -> None:
    bad = replace(GOOD, name="leak", memory=900)
    rows = {"flood": row(GOOD), "leak": row(bad)}
    page = tmp_path / "page.md"
    page.write_text(
        "# P\n\n## Other\n\n| `x` |\n\n## Hostile\n\nabout\n\n" + "\n".join(rows.values()) + "\n\n## More\n"
    )
    assert written_rows(page, "Hostile") == rows and written_rows(page, "Nothing") == {}
    assert ended(rows) == "1 of 2 behaviours did not hold: leak"
    assert ended({"flood": row(GOOD)}) == "all 1 behaviours held, with at most 200 MB"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x\nconforms to a\n3 passed", "conforms to a"),
        ("!! _pytest.outcomes.Exit: nothing was graded: gone !!\n1 passed", "nothing was graded: gone"),
        ("Error: what\n", "Error: what"),
        ("", ""),
    ],
)
def test_what_a_run_said_is_its_sentence(text: str, shown: str) -> None:
    assert said(text) == shown
