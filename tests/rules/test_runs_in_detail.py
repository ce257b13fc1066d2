"""Ids of a run and streams against JSON, at their bounds: what is compared, where it is told, and how much it binds."""

import pytest
from rule_samples import BLOCK, MESSAGE, SENT, STOP, USAGE, Data, ends, exchange, own, record, run, start, streamed

from conformance.contract import Level
from conformance.evidence.run import Run
from conformance.rules.findings import Finding, Kind


def told(requirement: str, found: Run) -> list[Finding]:
    return [f for f in own(found) if f.requirement == requirement]


def test_a_repeated_id_does_not_hold_beside_another() -> None:
    answers = [exchange(MESSAGE | {"id": name}) for name in ("msg_1", "msg_1", "msg_2")]
    found = told("RESP-002", run(*answers))
    (repeated,) = [f for f in found if f.kind is Kind.BROKEN]
    assert (repeated.where.exchange, repeated.seen) == (2, "'msg_1', as in exchange 1")
    assert [f.where.exchange for f in found if f.kind is Kind.HELD] == [1, 2, 3], "each is an id, and no more is said"


@pytest.mark.parametrize("name", ["", None, 5], ids=str)
def test_what_is_no_id_is_not_compared(name: object) -> None:
    found = told("RESP-002", run(*[exchange(MESSAGE | {"id": name})] * 2))
    assert [(f.kind, f.expected) for f in found] == [(Kind.BROKEN, "a non-empty string")] * 2


def test_request_ids_are_told_at_their_header() -> None:
    named = [exchange(headers={"request-id": name}) for name in ("a", "b")]
    found = [f for f in told("HDR-012", run(*named)) if f.where.exchange == 2 and f.where.header]
    assert [(f.kind, f.where.header) for f in found][-1] == (Kind.HELD, "request-id")
    (same,) = [f for f in told("HDR-012", run(*named[:1] * 2)) if f.kind is Kind.BROKEN]
    assert (same.where.exchange, same.where.header, same.seen) == (2, "request-id", "'a', as in exchange 1")


def test_another_name_of_the_request_id_is_noted() -> None:
    plain, other = exchange(), exchange(headers={"request-id": None, "x-request-id": "r"})
    (noted,) = [f for f in told("HDR-012", run(plain, other, profile="myrouter")) if f.kind is Kind.NOTE]
    assert (noted.expected, noted.seen) == ("the header request-id", "only x-request-id")
    assert (noted.where.exchange, noted.where.header) == (2, "x-request-id")


def equal(found: Run) -> list[tuple[Kind, Level | None, str]]:
    return [(f.kind, f.level, f.seen.partition(" ")[0]) for f in told("EQV-001", found)]


def test_what_json_breaks_too_is_no_difference() -> None:
    stopped = streamed(start(), *BLOCK, ends("stop"), STOP)
    assert equal(run(exchange(), stopped)) == [(Kind.BROKEN, Level.MUST, "RESP-010")]
    assert equal(run(exchange(), exchange(MESSAGE | {"stop_reason": "stop"}), stopped)) == [(Kind.HELD, None, "")]


def test_what_is_only_noted_of_a_stream_is_no_difference() -> None:
    above = streamed(start(), *BLOCK, ends(usage={"output_tokens": 65}), STOP)
    assert equal(run(exchange(), above)) == [(Kind.HELD, None, "")]
    assert equal(run(exchange(sent=SENT | {"max_tokens": 2}), above)) == [(Kind.HELD, None, "")]


def test_a_difference_binds_no_more_than_what_it_breaks() -> None:
    details: Data = {"type": "refusal"}
    odd = streamed(start(stop_details=details), *BLOCK, ends(), STOP)
    assert equal(run(exchange(), odd)) == [(Kind.BROKEN, Level.SHOULD, "RESP-010")]


def test_a_repeated_try_is_not_compared() -> None:
    stopped = streamed(start(usage=USAGE), *BLOCK, ends("stop"), STOP)
    assert equal(run(record(1, exchange()), record(2, stopped, repeated=True), record(3, streamed()))) == [
        (Kind.HELD, None, "")
    ]
