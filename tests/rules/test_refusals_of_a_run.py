"""ERR-006 and ERR-007: which exchanges of a run are refusals of a mistake, and that each is told of once."""

import pytest
from rule_samples import error as refusal
from rule_samples import exchange, own, record, run

from conformance.evidence.run import PLAIN, Expect, Item, Record
from conformance.rules.findings import Kind
from conformance.suite import accepted, refused
from conformance.wire.exchange import Exchange

Told = list[tuple[str, Kind, int | None]]


def item(requirement: str, *probes: str, expected: Expect = refused, profile: str = "*", control: str = "") -> Item:
    return Item(requirement, "case", probes, {profile: expected}, control=control)


def told(items: tuple[Item, ...], *middle: Record) -> Told:
    """What is told of exchanges between two accepted plain controls, as exchanges 2 and up."""
    rows = (record(1, exchange(), PLAIN), *middle, record(99, exchange(), PLAIN))
    found = own(run(*rows, items=items))
    return [(f.requirement, f.kind, f.where.exchange) for f in found if f.requirement in ("ERR-006", "ERR-007")]


def test_a_refusal_without_a_control_of_its_own_is_judged() -> None:
    assert told((item("REQ-021", "p"),), record(2, refusal(), "p")) == [
        ("ERR-006", Kind.HELD, 2),
        ("ERR-007", Kind.HELD, 2),
    ]


def test_what_the_profile_does_not_ask_is_no_mistake() -> None:
    assert told((item("REQ-021", "p", profile="myrouter"),), record(2, refusal(), "p")) == []


def test_an_exchange_that_two_cases_share_is_told_of_once() -> None:
    cases = (item("REQ-021", "p"), item("REQ-022", "p"))
    assert told(cases, record(2, refusal(500), "p")) == [("ERR-006", Kind.BROKEN, 2)]


def test_a_case_of_another_area_does_not_hide_the_next_one() -> None:
    cases = (item("HTTP-001", "p"), item("REQ-021", "q", expected=accepted), item("REQ-022", "q"))
    found = told(cases, record(2, refusal(), "p"), record(3, refusal(), "q"))
    assert [row for row in found if row[0] == "ERR-007"] == [("ERR-007", Kind.HELD, 3)]


@pytest.mark.parametrize(
    ("controls", "judged"),
    [((), False), ((refusal(),), False), ((exchange(),), True), ((exchange(), refusal()), True)],
    ids=["not sent", "refused", "accepted", "accepted once"],
)
def test_one_accepted_control_is_enough(controls: tuple[Exchange, ...], judged: bool) -> None:
    rows = [Record(10 + step, "c", step, 1, answer) for step, answer in enumerate(controls)]
    found = told((item("REQ-021", "p", control="c"),), record(2, refusal(), "p"), *rows)
    assert found == ([("ERR-006", Kind.HELD, 2), ("ERR-007", Kind.HELD, 2)] if judged else [])
