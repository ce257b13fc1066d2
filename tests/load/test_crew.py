"""The sending half of a worker, without Locust: shares of rungs, words, the journal, and what ends it."""

from collections import Counter
from pathlib import Path

import pytest
from load_orders import KEY, converse, orders, settings

from conformance import reference
from conformance.evidence.journal import CannotWrite
from conformance.evidence.run import Record
from conformance.load.crew import Crew
from conformance.load.merging import written_by
from conformance.load.orders import Ladder
from conformance.load.talks import CALL, PLAIN, RESULT, STREAMED, talks_for
from conformance.probing.spending import Caps
from conformance.rules.crowds import _WORD_BYTES


def sent(folder: Path, ladder: Ladder, *faults: str, rungs: int = 1, **changes: object) -> tuple[Crew, list[Record]]:
    """A crew that has climbed so many rungs, and what it wrote."""
    with reference.Endpoint(settings(*faults)) as server:
        crew = Crew(orders(server.url, folder, ladder, **changes))
        for rung in range(rungs):
            converse(crew, rung)
        crew.close()
    return crew, sorted(written_by(folder / "worker-1.jsonl"), key=lambda record: record.seq)


def test_conversations_come_in_their_shares_and_reply_to_what_came(tmp_path: Path) -> None:
    crew, records = sent(tmp_path, Ladder(users=1, step=1, requests=15))
    assert Counter(record.probe for record in records) == {PLAIN.id: 3, STREAMED.id: 6, CALL.id: 3, RESULT.id: 3}
    assert {record.exchange.status for record in records} == {200}
    assert (crew.idle, crew.over, crew.error) == (True, "", "")
    replies = [record for record in records if record.probe == RESULT.id]
    assert all(b'"tool_result"' in record.exchange.request.body for record in replies)


def test_every_conversation_has_a_word_of_its_own(tmp_path: Path) -> None:
    _, records = sent(tmp_path, Ladder(users=1, step=1, requests=10))
    words = {record.step: set(_WORD_BYTES.findall(record.exchange.request.body)) for record in records}
    assert all(len(found) == 1 for found in words.values())
    assert len(set.union(*words.values())) == len(words) == 8


def test_what_is_written_holds_no_key(tmp_path: Path) -> None:
    _, records = sent(tmp_path, Ladder(users=1, step=1, requests=4))
    assert records and KEY not in (tmp_path / "worker-1.jsonl").read_text()


def test_a_rung_begins_with_its_own_share(tmp_path: Path) -> None:
    _, records = sent(tmp_path, Ladder(users=2, step=1, requests=9), rungs=2)
    assert len(records) == 9
    crew, records = sent(tmp_path, Ladder(users=2, step=1, requests=9), rungs=1)
    assert len(records) == 4 and crew.rung == 0
    crew.climb(0)
    assert crew.next_talk() is None


def test_the_last_request_of_a_share_is_one_request(tmp_path: Path) -> None:
    _, records = sent(tmp_path, Ladder(users=1, step=1, requests=4))
    assert [record.probe for record in records].count(PLAIN.id) == 2 and len(records) == 4


def test_a_reply_is_left_out_where_there_is_nothing_to_reply_to(tmp_path: Path) -> None:
    talk = talks_for({"streaming", "tools"})[-1]
    with reference.Endpoint(settings(uncooperative=True)) as server:
        crew = Crew(orders(server.url, tmp_path, talks=(talk,)))
        crew.climb(0)
        records = crew.begin(talk).result(30)
        crew.close()
    assert [record.probe for record in records] in ([CALL.id], [CALL.id, RESULT.id])
    assert all(record.exchange.status == 200 for record in records)


def test_a_cap_ends_it_and_says_so(tmp_path: Path) -> None:
    crew, records = sent(tmp_path, Ladder(users=1, step=1, requests=9), caps=Caps(output_tokens=64 * 2))
    assert 0 < len(records) < 9
    assert crew.over.startswith("not sent: the cap of 128 output tokens") and crew.idle


def test_an_error_of_the_harness_is_kept_without_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*words: object) -> Record:
        raise CannotWrite(f"no room for {KEY}")

    monkeypatch.setattr("conformance.probing.sender.Sender.deliver", broken)
    crew, records = sent(tmp_path, Ladder(users=1, step=1, requests=3))
    assert crew.error.startswith("CannotWrite: no room for ") and KEY not in crew.error
    assert crew.idle and records == []
