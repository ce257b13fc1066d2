"""The exchanges of a journal as a sequence: in order, decoded when asked for, whatever is kept of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence import follow, records
from conformance.evidence.follow import Follower, header_terms
from conformance.evidence.journal import JournalError, JournalWriter, record_line
from conformance.evidence.records import Lines, Records, joined
from conformance.evidence.run import Record, Terms
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

PROFILE = load_profiles()["myrouter"]
TERMS = Terms(PROFILE, load_catalogue(), PROFILE.api_version, "m-1", frozenset(PROFILE.included))


def row(seq: int, probe: str = "plain", step: int = 0, repeated: bool = False, status: int = 200) -> Record:
    asked = Request("POST", "http://127.0.0.1:1/v1/messages", (), b"{}")
    answer = Exchange(asked, status, (), (Chunk(0.5, f"answer {seq}".encode()),), End(Ending.COMPLETE))
    return Record(seq, probe, step, 1, answer, repeated)


ROWS = (row(2, "a", 1), row(1), row(3, "a", 0), row(5, "b", repeated=True), row(4, "b"), row(6, status=401))
ORDERED = tuple(sorted(ROWS, key=lambda record: record.seq))


@pytest.fixture(params=[8 * 1024 * 1024, 900, 1], ids=["all kept", "a few kept", "one kept"])
def journal(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of the rows, read with room for all, some or one of them."""
    monkeypatch.setattr(records, "MOST_BYTES", request.param)
    monkeypatch.setattr(follow, "BLOCK", 100)
    return written(tmp_path / "journal.jsonl")


def written(path: Path) -> Path:
    writer = JournalWriter(path)
    writer.write("header", terms=header_terms(TERMS))
    for record in ROWS:
        writer.write("exchange", **record_line(record))
    writer.close()
    return path


def read(path: Path) -> Follower:
    follower = Follower(path)
    assert follower.poll() is True and follower.poll() is False
    return follower


def test_the_order_is_that_of_sending(journal: Path) -> None:
    found = read(journal).records
    assert found == ORDERED and list(reversed(found)) == list(reversed(ORDERED)) and len(found) == 6
    assert (found[0], found[-1], found[1:3], found[::-2]) == (ORDERED[0], ORDERED[-1], ORDERED[1:3], ORDERED[::-2])
    assert found != ORDERED[:-1] and found != (*ORDERED[:-1], row(7)) and found != 6
    with pytest.raises(IndexError):
        found[6]


def test_a_run_says_the_same_of_a_journal_and_of_a_tuple(journal: Path) -> None:
    lazy = read(journal).run()
    plain = replace(lazy, records=ORDERED, aliases={"c": "a"})
    lazy = replace(lazy, aliases={"c": "a"})
    assert list(lazy.by_probe) == list(plain.by_probe) == ["plain", "a", "b"]
    for probe in ("plain", "a", "b", "c", "nobody"):
        assert tuple(lazy.sent(probe)) == tuple(plain.sent(probe)), probe
    assert [record.seq for record in lazy.sent("a")] == [3, 2]
    assert tuple(lazy.probes) == tuple(plain.probes)
    assert [lazy.at(seq) for seq in range(8)] == [plain.at(seq) for seq in range(8)]
    for run in (lazy, plain):
        assert (list(run.controls[0]), run.controls[1]) == ([1, 6], [True, False])


def test_the_exchanges_of_several_probes_behind_one_another(journal: Path) -> None:
    run = read(journal).run()
    a, b = run.sent("a"), run.sent("b")
    assert joined([a]) is a and joined([a, b]) == (*a, *b) and joined([(), b]) == b
    assert joined([a, (ROWS[1],)]) == (*a, ROWS[1]) and joined([]) == () == joined([(), ()])
    assert a[:1] == (ORDERED[2],) and a[-1] == ORDERED[1] and a != b


def test_a_run_does_not_grow_while_it_is_judged(journal: Path) -> None:
    follower = read(journal)
    before = follower.run()
    with journal.open("rb") as file:
        follower.records.add(0, len(file.readline()), row(7))
    assert len(before.records) == 6 and len(follower.records) == 7 == len(follower.run().records)
    assert before.at(7) is None


def test_a_journal_that_is_moved_or_deleted_is_still_read(journal: Path) -> None:
    found = read(journal).records
    journal.rename(journal.with_name("another.jsonl"))
    written(journal).unlink()
    assert found == ORDERED


def test_an_exchange_that_is_kept_is_decoded_once(tmp_path: Path) -> None:
    found = read(written(tmp_path / "journal.jsonl")).records
    assert found[0] is found[0] and found[0].reading is found[0].reading


def test_a_journal_that_changes_while_it_is_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_BYTES", 1)
    path = written(tmp_path / "journal.jsonl")
    found = read(path).records
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(JournalError, match=r"journal\.jsonl was changed while it was read"):
        list(found)


def test_what_counts_of_a_probe_and_what_came_last(journal: Path) -> None:
    found: Records = read(journal).records
    assert [list(found.places(probe)) for probe in ("plain", "b", "nobody")] == [[1, 6], [4], []]
    assert [found.latest(probes) for probes in ({"b"}, {"a", "plain"}, {"nobody"}, set[str]())] == [5, 6, 0, 0]


def test_at_most_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_RECORDS", 2)
    found = read(written(tmp_path / "journal.jsonl")).records
    first = found[0]
    assert found[0] is first and [found[place].seq for place in (1, 2, 0)] == [2, 3, 1]
    assert found[0] is not first


def test_who_passes_by_every_exchange_drives_none_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_RECORDS", 2)
    found = read(written(tmp_path / "journal.jsonl")).records
    first, second = found[0], found[1]
    assert [record.seq for record in found] == [1, 2, 3, 4, 5, 6]
    passed = list(found)
    assert passed[0] is first is found[0] and passed[1] is second is found[1] and passed[2] is not found[2]


def test_a_line_that_two_decode_at_once_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Lines(written(tmp_path / "journal.jsonl"), lambda line: row(1))
    monkeypatch.setattr(records, "MOST_BYTES", 100)
    first = lines.keep(0, 60, row(1))
    assert lines.keep(0, 60, row(1)) is first and lines.keep(60, 40, row(2)).seq == 2
    assert lines.record(0, 60) is first
