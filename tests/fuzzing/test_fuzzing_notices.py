"""The fuzzing can fail: mutations change what they are given, the oracle tells good from bad, defects are noticed."""

import json
from pathlib import Path
from random import Random

import pytest
from fuzz_frame import TooMuch, bounded, cuttings
from fuzz_runs import check_journal, check_resealed, resealed, unsealed, whole
from fuzz_surfaces import SURFACES
from fuzz_wire import answers, check_answer, check_json, check_stream, streams
from mutations import KINDS, LARGEST, SCALE, Edit, mutated
from stream_oracle import rejected_message, rejected_stream

from conformance.evidence import follow
from conformance.evidence.follow import read_run
from conformance.rules import traffic
from conformance.verdicts import grade
from conformance.wire import content, jsontext
from conformance.wire.sse import Decoder


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_edit_changes_something_and_nothing_grows_without_end(kind: str) -> None:
    draw, data = Random(5), streams()[0]
    edits = [Edit(kind, draw.randrange(SCALE), draw.randrange(SCALE)) for _ in range(16)]
    assert any(mutated(data, answers()[0], [edit]) != data for edit in edits)
    assert len(mutated(data, answers()[0], edits)) <= LARGEST
    assert isinstance(mutated(b"", b"", edits), bytes)


def test_cuttings_lose_nothing() -> None:
    for data in (b"", b"a", *streams()):
        assert {b"".join(pieces) for pieces in cuttings(data)} == {data}


def test_shares_of_a_nightly_run_come_to_a_whole() -> None:
    assert 100 <= sum(surface.share for surface in SURFACES.values()) <= 105


def test_what_never_ends_is_stopped_by_a_count() -> None:
    with pytest.raises(TooMuch), bounded(1000):
        while True:
            len("")


def test_the_oracle_tells_good_from_bad() -> None:
    assert {rejected_stream(body) for body in streams()} == {""}
    events = streams()[0].split(b"\n\n")
    lacking = {rejected_stream(b"\n\n".join(events[:place] + events[place + 1 :])) for place in (0, 2, 6, 7, 8)}
    assert "" not in lacking
    for old, new in ((b'"index": 0', b'"index": 1'), (b"data: {", b"data: "), (b"\xc3", b"\xff"), (b": ping", b":")):
        assert rejected_stream(streams()[0].replace("é".encode(), b"\xc3\xa9").replace(old, new)) or old == b"\xc3"
    bodies = [answer.partition(b"\n\n")[2] for answer in answers()]
    assert rejected_message(bodies[0]) == rejected_message(bodies[1]) == ""
    assert rejected_message(bodies[0].replace(b"assistant", b"user")) and rejected_message(bodies[0][:-1])


def test_a_decoder_that_depends_on_how_bytes_were_cut_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Decoder.feed
    monkeypatch.setattr(Decoder, "feed", lambda self, data: plain(self, data.replace(b"e\n", b"e")))
    with pytest.raises(AssertionError):
        check_stream(streams()[0].replace(b"\n\n", b"\r\re\n"))


def test_a_short_way_that_says_something_else_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsontext._PLAIN, "raw_decode", lambda text: ({"a": 2}, len(text)))
    with pytest.raises(AssertionError):
        check_json(b'{"a":1}')
    monkeypatch.undo()
    monkeypatch.setattr(Decoder, "_take_usual", lambda self, data, start: len(data))
    with pytest.raises(AssertionError):
        check_stream(streams()[0])


def test_rules_that_say_nothing_and_rules_that_crash_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = streams()[0].replace(b'"index": 0', b'"index": 1', 1)
    check_stream(broken)
    for rules in ("EXCHANGE_RULES", "MESSAGE_RULES", "RUN_RULES"):
        monkeypatch.setattr(traffic, rules, [])
    with pytest.raises(AssertionError):
        check_stream(broken)
    monkeypatch.undo()
    monkeypatch.setattr(content, "_codings", lambda values: 1 / 0)
    with pytest.raises((AssertionError, ZeroDivisionError)):
        check_answer(answers()[0])


def test_a_reader_that_overlooks_damage_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = whole()[0].splitlines(keepends=True)
    shortened = b"".join(lines[:3] + lines[4:])
    check_journal(shortened)
    monkeypatch.setattr(follow, "parse_line", lambda line, where, previous: json.loads(line))
    with pytest.raises(AssertionError):
        check_journal(shortened)


def test_exchanges_cut_into_other_chunks_are_the_same_evidence(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in unsealed()[0].splitlines()]
    for row in rows:
        if row["record"] == "exchange":
            chunks = row["response"]["chunks"]
            row["response"]["chunks"] = [[at, char] for at, data in chunks for char in data]
    path = tmp_path / "journal.jsonl"
    path.write_bytes(resealed(b"".join(json.dumps(row).encode() + b"\n" for row in rows)))
    found, known = grade(read_run(path).run()), whole()[1]
    assert [row.verdict for row in found.items] == [row.verdict for row in known.items]
    assert {name: row.violations for name, row in found.judgements.items()} == {
        name: row.violations for name, row in known.judgements.items()
    }


def test_a_reader_that_takes_any_form_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    mistyped = unsealed()[0].replace(b'"status": 200', b'"status": "200"')
    check_resealed(mistyped)
    monkeypatch.setattr(follow, "fits", lambda line: True)
    with pytest.raises((AssertionError, TypeError)):
        check_resealed(mistyped)
