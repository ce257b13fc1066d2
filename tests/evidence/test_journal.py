"""A journal gives back what was written into it, however it is read, and says where it is damaged."""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.chain import START, sealed
from conformance.evidence.follow import Follower, header_terms, read_run, terms_from
from conformance.evidence.journal import (
    CannotWrite,
    JournalError,
    JournalWriter,
    item_from,
    item_line,
    packed,
    parse_line,
    record_from,
    record_line,
    unpacked,
)
from conformance.evidence.run import Expect, Item, Record, Terms
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Limit, Request

FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
seconds = st.floats(0, 1000).map(lambda value: round(value, 6))
headers = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
ends = st.builds(End, st.sampled_from(Ending), st.none() | st.sampled_from(Limit), texts)
exchanges = st.builds(
    Exchange,
    st.builds(Request, texts, texts.map(lambda path: f"http://127.0.0.1/{path}"), headers, st.binary(max_size=30)),
    st.none() | st.integers(100, 599),
    headers,
    st.lists(st.builds(Chunk, seconds, st.binary(max_size=20)), max_size=4).map(tuple),
    ends,
    seconds,
    st.none() | seconds,
    seconds,
    texts,
    st.binary(max_size=10),
    st.sampled_from(["1.0", "1.1"]),
)
records = st.builds(
    Record, st.integers(1, 99), st.sampled_from(["plain", "a", "b"]), st.integers(0, 3), st.integers(1, 3), exchanges,
    st.booleans(),
)  # fmt: skip
values = st.none() | st.booleans() | st.integers() | texts
expects = st.builds(Expect, texts, st.dictionaries(texts, values, max_size=2))
items = st.builds(
    Item, texts, texts, st.lists(texts, max_size=3).map(tuple), st.dictionaries(texts, expects, max_size=2), texts,
    texts, st.booleans(), st.booleans(),
)  # fmt: skip


NOW = "2026-01-02T03:04:05+00:00"
HEADER = {
    "harness": "1", "target": "t", "embedded": True, "level": "MUST", "started": NOW, "seeds": {}, "options": {},
    "header_envs": {}, "api_key_env": "KEY", "restricted_key_env": "", "challenge": None,
}  # fmt: skip


def _terms(**changes: Any) -> Terms:
    profile = load_profiles()["anthropic"]
    terms = Terms(profile, load_catalogue(), "2023-06-01", "m-1", frozenset({"tools", "streaming"}), False, False)
    return replace(terms, **changes)


def _append(path: Path, content: dict[str, Any]) -> None:
    """One more line, which follows from the last."""
    last = json.loads(path.read_bytes().splitlines()[-1])["chain"]
    path.write_bytes(path.read_bytes() + sealed(content, last)[0].encode() + b"\n")


def _written(folder: Path, rows: list[Record] | None = None, terms: Terms | None = None, end: bool = True) -> Path:
    path = folder / "deep" / "journal.jsonl"
    path.unlink(missing_ok=True)
    writer = JournalWriter(path)
    writer.write("header", version=2, terms=header_terms(terms or _terms()), everything=False, **HEADER)
    item = Item("REQ-001", "a", ("a",), {"*": Expect("accepted")})
    writer.write("plan", items=[item_line(item)], aliases={"b": "a"}, awaited={}, generated=["a"])
    for row in rows or []:
        writer.write("exchange", **record_line(row))
    writer.write("unsent", probe="c", reason="not sent: for a reason")
    writer.write("done", probe="a")
    if end:
        writer.write("sent")
        writer.write("footer", ended=NOW, complete=True, holding=[], ungradable="", refused=False)
    writer.close()
    return path


@given(record=records)
def test_a_record_survives_json(record: Record) -> None:
    line = json.loads(json.dumps(record_line(record)))
    assert record_from(line) == record
    del line["response"]["version"]
    assert record_from(line).exchange.version == "1.1", "older journals do not tell it"


@given(item=items)
def test_an_item_survives_json(item: Item) -> None:
    assert item_from(json.loads(json.dumps(item_line(item)))) == item


@given(data=st.binary())
def test_bytes_survive_json(data: bytes) -> None:
    assert unpacked(json.loads(json.dumps(packed(data)))) == data


@pytest.mark.parametrize("name", list(load_profiles()))
def test_terms_survive_json(name: str) -> None:
    terms = _terms(profile=load_profiles()[name], authenticated=name == "anthropic")
    assert terms_from(json.loads(json.dumps(header_terms(terms)))) == terms


@FILES
@given(rows=st.lists(records, max_size=4))
def test_a_whole_journal_gives_the_run_back(tmp_path: Path, rows: list[Record]) -> None:
    follower = read_run(_written(tmp_path, rows))
    run = follower.run()
    assert run.records == tuple(sorted(rows, key=lambda row: row.seq)) and run.terms == _terms()
    assert run.items == (Item("REQ-001", "a", ("a",), {"*": Expect("accepted")}),)
    assert (run.aliases, run.unsent, run.finished, run.everything) == ({"b": "a"}, follower.unsent, True, False)
    assert follower.generated == {"a"} and follower.done == {"a"} and follower.sent
    assert run.why_unsent("c") == "not sent: for a reason" and run.why_unsent("a") == ""
    counting = [row for row in rows if row.probe == "a" and not row.repeated]
    assert sorted(run.sent("b"), key=id) == sorted(run.sent("a"), key=id) and len(run.sent("a")) == len(counting)


@FILES
@given(data=st.data())
def test_a_journal_read_in_pieces_is_the_same(tmp_path: Path, data: st.DataObject) -> None:
    whole = _written(tmp_path, data.draw(st.lists(records, max_size=3)))
    content = whole.read_bytes()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=5)))
    growing = tmp_path / "growing.jsonl"
    growing.unlink(missing_ok=True)
    follower = Follower(growing)
    assert follower.poll() is False
    for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        with growing.open("ab") as file:
            file.write(content[start:end])
        lines = content[:end].count(b"\n") - content[:start].count(b"\n")
        assert follower.poll() == (lines > 0)
    assert follower.run() == read_run(whole).run()
    assert follower.poll() is False


def test_a_run_without_a_footer_is_not_finished(tmp_path: Path) -> None:
    follower = read_run(_written(tmp_path, end=False))
    assert follower.run().finished is False and follower.sent is False


def test_lines_of_an_unknown_kind_are_passed_over(tmp_path: Path) -> None:
    path = _written(tmp_path)
    before = read_run(path).run()
    _append(path, {"record": "signature", "of": "a later version"})
    assert read_run(path).run() == before


DAMAGES = [
    (b"{", "is not JSON: the journal was damaged"),
    (b"\xff\xfe", "is not JSON"),
    (b"", "is not JSON"),
    (b"[]", "is not a journal record"),
    (b'{"a":1}', "is not a journal record"),
    (b'{"record":5}', "is not a journal record"),
    (b'{"record":"exchange","seq":1}', "is of another version of the harness"),
    (b'{"record":"done","probe":"b","chain":"' + b"0" * 64 + b'"}', "does not follow from the line before"),
    (b'{"record":"done","probe":"b","chain":5}', "does not follow from the line before"),
]
STRANGE: list[dict[str, Any]] = [
    {"record": "exchange", "seq": 1},
    {"record": "plan", "items": 5, "aliases": {}, "generated": []},
    {"record": "plan", "items": [5], "aliases": {}, "generated": []},
    {"record": "plan", "items": [], "aliases": [], "generated": None},
    {"record": "done"},
    {"record": "unsent", "probe": "a"},
]


@pytest.mark.parametrize("content", STRANGE, ids=str)
def test_a_sealed_line_of_another_shape_is_told_by_file_and_number(tmp_path: Path, content: dict[str, Any]) -> None:
    path = _written(tmp_path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    _append(path, content)
    with pytest.raises(JournalError, match="line 3 is damaged or of another version"):
        read_run(path)


@pytest.mark.parametrize(("line", "words"), DAMAGES)
def test_a_damaged_line_is_told_by_file_and_number(tmp_path: Path, line: bytes, words: str) -> None:
    path = _written(tmp_path)
    kept = path.read_bytes().splitlines()[:2]
    path.write_bytes(b"\n".join([*kept, line, b""]))
    with pytest.raises(JournalError) as error:
        read_run(path)
    assert f"{path}, line 3 {words}" in str(error.value) and "\n" not in str(error.value)


@given(line=st.binary(max_size=40))
def test_no_bytes_are_more_than_a_damaged_line(line: bytes) -> None:
    try:
        value = parse_line(line, "somewhere, line 7", START)
    except JournalError as error:
        assert str(error).startswith("somewhere, line 7 ")
    else:
        assert isinstance(value["record"], str)


def test_a_journal_that_is_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal at"):
        read_run(tmp_path / "nowhere.jsonl")
    with pytest.raises(JournalError, match="cannot read the journal"):
        Follower(tmp_path).poll()


def test_a_journal_without_a_header_is_none(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"")
    with pytest.raises(JournalError, match="has no header"):
        read_run(path)


def _record(seq: int, probe: str, repeated: bool = False) -> Record:
    exchange = Exchange(Request("POST", "http://h/", (), b"{}"), 200, (), (), End(Ending.COMPLETE))
    return Record(seq, probe, 0, 1, exchange, repeated)


ACTIVE = Item("REQ-001", "a", ("a", "b"), {"*": Expect("refused")})
PASSIVE = Item("RESP-003", "", ("plain",))
CLOSED = [_record(1, "plain"), _record(2, "a"), _record(3, "b"), _record(4, "plain")]
ALIASED = [_record(2, "a"), _record(3, "plain"), _record(4, "c")]
SETTLED: list[tuple[str, dict[str, Any], bool]] = [
    ("nothing yet", {}, False),
    ("half of its probes", {"done": {"a"}, "records": CLOSED}, False),
    ("all of its probes and a control", {"done": {"a", "b"}, "records": CLOSED}, True),
    ("all of its probes and no control", {"done": {"a", "b"}}, False),
    ("one done, one unsent", {"done": {"a"}, "unsent": {"b": "why"}, "records": CLOSED}, True),
    ("all unsent and a control", {"unsent": {"a": "why", "b": "why"}, "records": CLOSED[:1]}, True),
    ("by its alias", {"done": {"a", "c"}, "aliases": {"b": "c"}, "records": [*ALIASED, _record(5, "plain")]}, True),
    ("no control after its alias", {"done": {"a", "c"}, "aliases": {"b": "c"}, "records": ALIASED}, False),
    ("no control after it", {"done": {"a", "b"}, "records": CLOSED[:3]}, False),
    ("a control before its last probe", {"done": {"a", "b"}, "records": [*ALIASED[:2], _record(4, "b")]}, False),
    (
        "a control that is asked for again",
        {"done": {"a", "b"}, "records": [_record(2, "a"), _record(3, "plain", repeated=True)]},
        False,
    ),
    ("all is over", {"sent": True}, True),
]


@pytest.mark.parametrize("kind", ["refused", "accepted"])
@pytest.mark.parametrize(("state", "settled"), [r[1:] for r in SETTLED], ids=[r[0] for r in SETTLED])
def test_an_item_is_settled_when_all_it_rests_on_is_there(state: dict[str, Any], settled: bool, kind: str) -> None:
    item = replace(ACTIVE, expect={"*": Expect(kind)})
    assert _follower(**state).settled(item) is settled


def _follower(records: Iterable[Record] = (), **state: Any) -> Follower:
    follower = Follower(Path("journal.jsonl"), **state)
    for place, record in enumerate(records):
        follower.records.add(place, 1, record)
    return follower


def test_a_passive_item_waits_for_the_end() -> None:
    assert Follower(Path("j"), done={"plain"}).settled(PASSIVE) is False
    assert _follower([_record(1, "plain")], done={"plain"}).settled(PASSIVE) is False
    assert Follower(Path("j"), done={"plain"}, sent=True).settled(PASSIVE) is True


def test_the_name_of_an_item_outlives_a_run() -> None:
    assert (ACTIVE.key, PASSIVE.key, ACTIVE.active, PASSIVE.active) == ("REQ-001 a", "RESP-003", True, False)


def test_the_last_try_of_each_step_counts() -> None:
    rows = [_record(1, "a", repeated=True), replace(_record(3, "a"), step=1), _record(2, "a")]
    run = replace(_run(), records=tuple(rows))
    assert [(row.step, row.seq) for row in run.sent("a")] == [(0, 2), (1, 3)] and run.sent("nobody") == ()
    assert rows[0].reading is rows[0].reading


def _run() -> Any:
    return Follower(Path("j"), header={"terms": header_terms(_terms())}).run()


def test_an_unknown_requirement_is_a_key_error() -> None:
    assert _terms().requirement("REQ-001").id == "REQ-001"
    with pytest.raises(KeyError):
        _terms().requirement("NOPE-001")


HOLDING = "import sys, pathlib\nfrom conformance.evidence.journal import JournalWriter\n\
writer = JournalWriter(pathlib.Path(sys.argv[1]))\nwriter.write('header')\nprint('held', flush=True)\nsys.stdin.read()"


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is held there")
def test_a_journal_that_is_being_written_is_not_taken_away_and_a_dead_process_holds_none(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    command = [sys.executable, "-c", HOLDING, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        before = path.read_bytes()
        with pytest.raises(CannotWrite, match=r"another run is writing .*journal\.jsonl; wait for its end, or name"):
            JournalWriter(path)
        assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["journal.jsonl"]
        other.kill()
    JournalWriter(path).close()
    assert (tmp_path / "journal.1.jsonl").read_bytes() == before
