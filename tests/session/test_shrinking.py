"""A failing generated case is sent again, reduced within its requests, and told by its smallest request; one that does
not fail again is flaky, with its exchanges."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.follow import Follower, header_terms
from conformance.evidence.journal import JournalWriter, item_line, record_line
from conformance.evidence.run import Expect, Item, Record, Run, Terms
from conformance.probing.probe import Call, Probe
from conformance.probing.sender import CapReached
from conformance.session.shrinking import reduce_failures
from conformance.verdicts import ItemResult, Verdict, judge_item
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

GOOD: dict[str, Any] = {"model": "m", "max_tokens": 32, "messages": [{"role": "user", "content": "Say hello, please."}]}
BAD = GOOD | {"max_tokens": 7.5, "system": "You are a long-winded assistant."}
ITEM = Item("REQ-024", "/max_tokens type number", ("drawn",), {"*": Expect("refused")}, "plain", generated=True)
TERMS = Terms(load_profiles()["anthropic"], load_catalogue(), "2023-06-01", "m", frozenset({"streaming", "tools"}))


def record(seq: int, probe: str, body: Any, status: int = 200) -> Record:
    request = Request("POST", "http://127.0.0.1:1/v1/messages", (), json.dumps(body).encode())
    answer = Exchange(request, status, (), (Chunk(0.1, b"{}"),), End(Ending.COMPLETE))
    return Record(seq, probe, 0, 1, answer)


def begun(folder: Path, *items: Item) -> JournalWriter:
    """The journal of a run in which the drawn case was served, between two accepted controls."""
    writer = JournalWriter(folder / "journal.jsonl")
    writer.write("header", terms=header_terms(TERMS))
    writer.write("plan", items=[item_line(item) for item in items], aliases={}, generated=["drawn"])
    for row in (record(1, "plain", GOOD), record(2, "drawn", BAD), record(3, "plain", GOOD)):
        writer.write("exchange", **record_line(row))
    return writer


def reduced(
    folder: Path, serves: Callable[[int, Any], bool], requests: int = 20, *items: Item
) -> tuple[Run, list[Any]]:
    """The run after reducing against a server that serves what the predicate says, and the bodies that were sent."""
    writer = begun(folder, *(items or (ITEM,)))
    sent: list[Any] = []

    async def deliver(probe: Probe, step: int, call: Call) -> Record:
        sent.append(call.body)
        row = record(3 + len(sent), probe.id, call.body, 200 if serves(len(sent), call.body) else 400)
        writer.write("exchange", **record_line(row))
        return row

    asyncio.run(reduce_failures(writer, deliver, requests))
    writer.close()
    follower = Follower(writer.path)
    follower.poll()
    return follower.run(), sent


def fractional(_: int, body: Any) -> bool:
    return isinstance(body["max_tokens"], float) and not body["max_tokens"].is_integer()


def result(run: Run, item: Item = ITEM) -> ItemResult:
    return judge_item(item, run)


def test_the_violation_is_shown_by_its_smallest_request(tmp_path: Path) -> None:
    run, sent = reduced(tmp_path, fractional)
    found = result(run)
    smallest = next(row for row in run.records if row.seq == found.findings[0].where.exchange)
    assert found.verdict is Verdict.FAILED
    assert "reduced from exchange 2" in found.findings[0].seen
    assert "system" not in json.loads(smallest.exchange.request.body)
    assert sent[0] == BAD and 1 < len(sent) <= 20
    assert run.reductions[ITEM.key].requests == len(sent)


def test_no_more_requests_than_allowed_are_spent(tmp_path: Path) -> None:
    run, sent = reduced(tmp_path, fractional, 3)
    assert len(sent) == 3 and result(run).verdict is Verdict.FAILED


def test_what_does_not_fail_again_is_flaky_with_both_exchanges(tmp_path: Path) -> None:
    run, sent = reduced(tmp_path, lambda count, body: False)
    found = result(run)
    assert len(sent) == 1 and found.verdict is Verdict.INCONCLUSIVE
    assert "flaky" in found.reason and "exchange 2" in found.reason and "exchange 4" in found.reason


def test_one_case_of_each_requirement_is_reduced(tmp_path: Path) -> None:
    other = Item("REQ-024", "/max_tokens type again", ("drawn",), ITEM.expect, "plain", generated=True)
    run, _ = reduced(tmp_path, fractional, 5, ITEM, other)
    assert set(run.reductions) == {ITEM.key}


def test_nothing_is_sent_where_a_hand_written_case_fails_as_well(tmp_path: Path) -> None:
    hand = Item("REQ-024", "hand", ("drawn",), ITEM.expect, "plain")
    run, sent = reduced(tmp_path, fractional, 5, ITEM, hand)
    assert sent == [] and result(run).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    "item",
    [
        Item("REQ-024", "hand", ("drawn",), ITEM.expect, "plain"),
        Item("REQ-024", "held", ("plain",), {"*": Expect("accepted")}, generated=True),
        Item("REQ-024", "two", ("drawn", "plain"), ITEM.expect, "plain", generated=True),
        Item("REQ-024", "unsent", ("nowhere",), ITEM.expect, "plain", generated=True),
    ],
    ids=lambda item: item.case,
)
def test_nothing_is_sent_for_what_cannot_be_reduced(item: Item, tmp_path: Path) -> None:
    run, sent = reduced(tmp_path, fractional, 5, item)
    assert sent == [] and run.reductions == {}


def test_a_cap_ends_the_reduction_and_leaves_the_violation(tmp_path: Path) -> None:
    writer = begun(tmp_path, ITEM)

    async def deliver(probe: Probe, step: int, call: Call) -> Record:
        raise CapReached("not sent: the cap was reached")

    asyncio.run(reduce_failures(writer, deliver, 5))
    writer.close()
    follower = Follower(writer.path)
    follower.poll()
    assert result(follower.run()).verdict is Verdict.FAILED and follower.run().reductions == {}


def test_a_valid_case_is_reduced_to_a_valid_request(tmp_path: Path) -> None:
    item = Item("REQ-010", "accepted", ("drawn",), {"*": Expect("accepted")}, generated=True)
    writer = JournalWriter(tmp_path / "journal.jsonl")
    writer.write("header", terms=header_terms(TERMS))
    writer.write("plan", items=[item_line(item)], aliases={}, generated=["drawn"])
    valid = GOOD | {"system": "Be brief.", "stop_sequences": ["END"], "max_tokens": 8}
    for row in (record(1, "plain", GOOD), record(2, "drawn", valid, 400), record(3, "plain", GOOD)):
        writer.write("exchange", **record_line(row))

    async def deliver(probe: Probe, step: int, call: Call) -> Record:
        return record(4 + step, probe.id, call.body, 400 if "system" in call.body else 200)

    asyncio.run(reduce_failures(writer, deliver, 20))
    writer.close()
    follower = Follower(writer.path)
    follower.poll()
    assert follower.reductions[item.key].flaky is False
