"""Which exchange a case is told of: what does not name one itself, and what leaves a case open."""

from typing import Any

import pytest
from expectation_samples import exchange, expect, failed, said, told

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.run import PLAIN, STREAM, Expect, Item, Record, Run, Terms
from conformance.rules.cases import breaks, judge_case
from conformance.rules.findings import Finding, Kind
from conformance.suite import accepted, refused, status
from conformance.wire.exchange import End, Ending, Exchange


def row(seq: int, probe: str, answer: Exchange) -> Record:
    return Record(seq, probe, 0, 1, answer)


def item(expected: Expect, *probes: str, control: str = "") -> Item:
    return Item("REQ-021", "absent", probes, {"*": expected}, control=control)


def run(case: Item, *rows: Record, **more: Any) -> Run:
    terms = Terms(load_profiles()["anthropic"], load_catalogue(), "2023-06-01", "m", frozenset())
    return Run(terms, (case,), rows, **more)


def only(case: Item, *rows: Record, **more: Any) -> Finding:
    (finding,) = judge_case(case, run(case, *rows, **more))
    return finding


def test_a_finding_without_a_place_is_told_of_the_last_exchange() -> None:
    rows = (row(1, STREAM, said()), row(2, "p", said()), row(3, "q", said()))
    finding = only(item(expect("streamed"), "p", "q", control=STREAM), *rows)
    assert (finding.kind, finding.seen) == (Kind.UNJUDGED, "the streamed control is no event stream either")
    assert finding.where.exchange == 3


def test_a_case_without_a_control_is_told_of_its_last_exchange() -> None:
    finding = only(item(accepted, "p", "q", control="c"), row(1, "p", said()), row(2, "q", said()))
    assert (finding.kind, finding.where.exchange) == (Kind.UNJUDGED, 2)


def test_what_was_sent_of_a_case_stands_before_what_it_waited_for() -> None:
    rows = (row(1, PLAIN, said()), row(2, "p", failed(400)), row(7, "first", said()))
    finding = only(item(refused, "p", "q"), *rows, awaited={"q": "first"}, unsent={"q": "no call to reply to"})
    assert (finding.seen, finding.where.exchange) == ("no call to reply to", 2)


@pytest.mark.parametrize(("code", "header", "outcome"), [(400, "x-bad", True), (400, "x-good", False)])
def test_one_breach_among_what_held_is_enough(code: int, header: str, outcome: bool) -> None:
    case = item(status(400, absent_header="x-bad"), "p")
    answer = exchange(code, b"{}", ((header, "1"),))
    assert breaks(case, row(5, "p", answer), run(case)) is outcome


def test_why_a_case_is_left_open_is_told() -> None:
    finding = only(item(expect("accepted", {"open": [501]}), "p"), row(1, "p", failed(501)))
    assert (finding.kind, finding.seen) == (Kind.UNJUDGED, "status 501: this model may not know it")
    garbled = exchange(None, end=End(Ending.MALFORMED))
    finding = only(item(expect("answer-begins"), "p"), row(1, "p", garbled))
    assert (finding.kind, finding.seen) == (Kind.UNJUDGED, "no answer (malformed): not a matter of time")


def test_a_stream_is_judged_by_the_streamed_control_of_its_own_case_alone() -> None:
    rows = (row(1, STREAM, said()), row(2, PLAIN, said()), row(3, "p", told()))
    assert only(item(expect("streamed"), "p", control=PLAIN), *rows).kind is Kind.HELD
    assert only(item(expect("streamed"), "p", control=STREAM), *rows).kind is Kind.UNJUDGED
