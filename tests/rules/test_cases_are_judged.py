"""When a case may be judged at all, and what becomes of a violation that was made smaller."""

from dataclasses import replace
from typing import Any

import pytest
from expectation_samples import exchange, expect, failed, message, said
from rule_samples import terms

from conformance.contract import Level
from conformance.evidence.run import PLAIN, Expect, Item, Record, Reduction, Run
from conformance.rules.cases import Evidence, bracketed, breaks, judge_case
from conformance.rules.expectations import answer_of
from conformance.rules.findings import Finding, Kind
from conformance.suite import accepted, refused, same_outcome, status
from conformance.wire.exchange import End, Ending, Exchange, Limit

SILENT = exchange(None, end=End(Ending.NO_ANSWER))
CUT = exchange(None, end=End(Ending.CUT, Limit.FIRST_BYTE))


def row(seq: int, probe: str, answer: Exchange, attempt: int = 1, step: int = 0) -> Record:
    return Record(seq, probe, step, attempt, answer)


def item(expected: Expect | dict[str, Expect], *probes: str, control: str = "") -> Item:
    terms_of = expected if isinstance(expected, dict) else {"*": expected}
    return Item("REQ-021", "absent", probes or ("p",), terms_of, control=control)


def run(case: Item, *rows: Record, **more: Any) -> Run:
    return Run(terms("anthropic"), (case,), rows, **more)


def told(case: Item, *rows: Record, **more: Any) -> list[Finding]:
    return list(judge_case(case, run(case, *rows, **more)))


def between(
    answer: Exchange, attempt: int = 1, before: Exchange | None = None, after: Exchange | None = None
) -> tuple[Record, ...]:
    return (row(1, PLAIN, before or said()), row(2, "p", answer, attempt), row(3, PLAIN, after or said()))


def test_a_profile_that_asks_nothing_leaves_the_case_open() -> None:
    (finding,) = told(item({"myrouter": refused}), *between(failed(400)))
    assert (finding.kind, finding.seen) == (Kind.UNJUDGED, "the profile anthropic asks nothing of this case")
    assert (finding.requirement, finding.case, finding.where.exchange) == ("REQ-021", "absent", 2)


def test_a_profile_has_its_own_expectation() -> None:
    case = item({"anthropic": status(401), "*": status(400)})
    assert [f.kind for f in told(case, *between(failed(401)))] == [Kind.HELD]
    assert [f.kind for f in told(case, *between(failed(400)))] == [Kind.BROKEN]
    assert [f.kind for f in told(item({"*": status(400)}), *between(failed(400)))] == [Kind.HELD]


def test_what_was_not_sent_is_not_judged() -> None:
    (finding,) = told(item(refused, "p", "q"), *between(failed(400)))
    assert (finding.kind, finding.seen, finding.where.exchange) == (Kind.UNJUDGED, "not sent", 2)
    (finding,) = told(item(refused), unsent={"p": "the cap was reached"})
    assert (finding.kind, finding.seen, finding.where.exchange) == (Kind.UNJUDGED, "the cap was reached", None)


def test_what_was_waited_for_in_vain_is_shown() -> None:
    rows = (row(1, PLAIN, said()), row(7, "first", said()))
    (finding,) = told(item(accepted), *rows, awaited={"p": "first"}, unsent={"p": "no call to reply to"})
    assert (finding.seen, finding.where.exchange) == ("no call to reply to", 7)


@pytest.mark.parametrize(
    ("controls", "reason"),
    [
        ((), "its control 'control' was not sent"),
        ((failed(400),), "its control 'control' was not accepted (status 400)"),
        ((said(), failed(422)), ""),
        ((said(),), ""),
    ],
)
def test_a_control_stands_beside_its_case(controls: tuple[Exchange, ...], reason: str) -> None:
    rows = [row(10 + n, "control", answer, step=n) for n, answer in enumerate(controls)]
    (finding,) = told(item(refused, control="control"), *between(failed(400)), *rows)
    assert (finding.kind, finding.seen) == ((Kind.UNJUDGED, reason) if reason else (Kind.HELD, ""))


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (said(), said(), Kind.HELD),
        (failed(500), said(), Kind.UNJUDGED),
        (said(), failed(500), Kind.UNJUDGED),
    ],
)
def test_a_negative_lies_between_two_accepted_controls(before: Exchange, after: Exchange, kind: Kind) -> None:
    (finding,) = told(item(refused), *between(failed(400), before=before, after=after))
    assert finding.kind is kind
    assert (kind is Kind.HELD) or finding.seen == "it does not lie between two accepted plain controls"


def test_the_controls_next_to_it_decide() -> None:
    far = (row(1, PLAIN, failed(500)), row(2, PLAIN, said(), step=1))
    near = (row(4, PLAIN, said(), step=2), row(5, PLAIN, failed(500), step=3))
    case = item(refused)
    assert [f.kind for f in told(case, *far, row(3, "p", failed(400)), *near)] == [Kind.HELD]
    swapped = (row(1, PLAIN, said()), row(2, PLAIN, failed(500), step=1), row(3, "p", failed(400)), *near)
    assert [f.kind for f in told(case, *swapped)] == [Kind.UNJUDGED]
    assert not bracketed(swapped[2], run(case, *swapped))


def test_a_control_stands_for_itself() -> None:
    case = item(accepted, PLAIN)
    for answer, stands in ((said(), True), (failed(500), False)):
        only = row(1, PLAIN, answer)
        assert bracketed(only, run(case, only)) is stands


@pytest.mark.parametrize(
    "rows", [(row(2, "p", failed(400)), row(3, PLAIN, said())), (row(1, PLAIN, said()), row(2, "p", failed(400)))]
)
def test_a_control_on_one_side_alone_is_not_enough(rows: tuple[Record, ...]) -> None:
    assert [f.kind for f in told(item(refused), *rows)] == [Kind.UNJUDGED]


@pytest.mark.parametrize(
    "trouble", [failed(503), failed(408), failed(504), SILENT, CUT], ids=["503", "408", "504", "silent", "cut"]
)
@pytest.mark.parametrize(("attempt", "settled"), [(1, False), (2, False), (3, True), (4, True)])
def test_the_same_trouble_three_times_is_the_answer(trouble: Exchange, attempt: int, settled: bool) -> None:
    (finding,) = told(item(accepted), *between(trouble, attempt))
    assert finding.kind is (Kind.BROKEN if settled else Kind.UNJUDGED)
    assert finding.where.exchange == 2


@pytest.mark.parametrize("patience", [429, 529])
def test_a_call_for_patience_is_never_the_answer(patience: int) -> None:
    assert [f.kind for f in told(item(accepted), *between(failed(patience), 9))] == [Kind.UNJUDGED]


@pytest.mark.parametrize(
    ("second", "step", "settled"),
    [
        (failed(529), 0, False),
        (failed(429), 0, False),
        (failed(503), 0, True),
        (SILENT, 0, True),
        (failed(529), 1, True),
    ],
    ids=["529", "429", "503", "silent", "529 to another step"],
)
def test_trouble_between_calls_for_patience_is_not_the_answer(second: Exchange, step: int, settled: bool) -> None:
    tries = [Record(seq, "p", at, seq - 1, answer, True) for seq, at, answer in ((2, 0, SILENT), (3, step, second))]
    rows = (row(1, PLAIN, said()), *tries, row(4, "p", SILENT, 3), row(5, PLAIN, said()))
    (finding,) = told(item(accepted), *rows)
    assert finding.kind is (Kind.BROKEN if settled else Kind.UNJUDGED)


@pytest.mark.parametrize("patience", [503, 504])
def test_trouble_that_the_control_had_too_is_not_the_answer(patience: int) -> None:
    rows = between(failed(patience), 3, after=failed(patience))
    assert [f.kind for f in told(item(accepted), *rows)] == [Kind.UNJUDGED]


@pytest.mark.parametrize("code", [500, 502])
def test_a_valid_request_that_a_server_fails_on_is_a_violation(code: int) -> None:
    (finding,) = told(item(expect("same-stop-reason")), *between(failed(code), 2))
    assert (finding.kind, finding.expected) == (Kind.BROKEN, "an answer to a valid request")
    assert (finding.seen, finding.where.exchange) == (f"status {code} on try 2", 2)


def test_each_failed_exchange_of_a_case_is_a_violation() -> None:
    rows = [*between(said()), row(4, "q", failed(500)), row(5, "r", failed(500)), row(6, PLAIN, said(), step=1)]
    found = told(item(expect("same-stop-reason"), "p", "q", "r"), *rows)
    assert [(f.kind, f.where.exchange) for f in found] == [(Kind.BROKEN, 4), (Kind.BROKEN, 5)]


def test_trouble_that_stays_is_a_failure_on_a_valid_request() -> None:
    (finding,) = told(item(expect("same-stop-reason")), *between(SILENT, 3))
    assert (finding.kind, finding.seen) == (Kind.BROKEN, "no answer (no-answer) on try 3")
    (finding,) = told(item(expect("same-stop-reason")), *between(SILENT, 2))
    assert (finding.kind, finding.seen) == (Kind.UNJUDGED, "no answer about the request: no-answer, try 2")


def test_an_invalid_request_that_a_server_fails_on_is_judged_by_its_expectation() -> None:
    (finding,) = told(item(refused), *between(failed(500)))
    assert (finding.kind, finding.expected) == (Kind.BROKEN, "a client error: the request is invalid")


def test_the_last_exchange_decides_where_there_is_one_question() -> None:
    case = item(same_outcome(), "p", "q")
    rows = (row(1, PLAIN, said()), row(2, "p", failed(400)), row(3, "q", failed(400)), row(4, PLAIN, said(), step=1))
    (finding,) = told(case, *rows)
    assert (finding.kind, finding.where.exchange) == (Kind.HELD, 3)
    evidence = Evidence(case, run(case, *rows), ((rows[1],), (rows[2],)))
    assert (evidence.last, evidence.records) == (rows[2], rows[1:3])


def test_different_outcomes_are_told_one_by_one() -> None:
    case = item(same_outcome(), "p", "q")
    rows = (row(1, PLAIN, said()), row(2, "p", failed(400)), row(3, "q", failed(422)), row(4, PLAIN, said(), step=1))
    (finding,) = told(case, *rows)
    wanted = "exchange 2: status 400, error.type 'invalid_request_error'; exchange 3: status 422, "
    assert finding.kind is Kind.BROKEN and finding.seen.startswith(wanted)


def test_where_there_is_nothing_to_see_the_case_stays_open() -> None:
    case = item(accepted, "p")
    assert [f.kind for f in told(replace(case, probes=()))] == [Kind.UNJUDGED]


REDUCED = {"REQ-021 absent": Reduction(9, False, 4)}
FLAKY = {"REQ-021 absent": Reduction(9, True, 4)}


def test_a_violation_is_shown_by_its_smallest_request() -> None:
    (finding,) = told(item(refused), *between(said()), reductions=REDUCED)
    assert (finding.kind, finding.where.exchange) == (Kind.BROKEN, 9)
    assert finding.seen == "status 200 (reduced from exchange 2)"


def test_a_violation_that_could_not_be_made_smaller_is_shown_as_it_is() -> None:
    (finding,) = told(item(refused), *between(said()), reductions={"REQ-021 absent": Reduction(2, False, 4)})
    assert (finding.kind, finding.where.exchange, finding.seen) == (Kind.BROKEN, 2, "status 200")


def test_a_violation_that_did_not_come_again_is_left_open() -> None:
    (finding,) = told(item(refused), *between(said()), reductions=FLAKY)
    assert (finding.kind, finding.case, finding.where.exchange) == (Kind.UNJUDGED, "absent", 2)
    assert finding.seen == "flaky: status 200 in exchange 2, but not when it was sent again (exchange 9)"


@pytest.mark.parametrize("reductions", [REDUCED, FLAKY])
def test_what_holds_is_not_reduced(reductions: dict[str, Reduction]) -> None:
    (finding,) = told(item(refused), *between(failed(400)), reductions=reductions)
    assert (finding.kind, finding.where.exchange) == (Kind.HELD, 2)


def test_a_reduction_belongs_to_one_case() -> None:
    (finding,) = told(item(refused), *between(said()), reductions={"REQ-021 other": Reduction(9, True, 4)})
    assert (finding.kind, finding.where.exchange) == (Kind.BROKEN, 2)


@pytest.mark.parametrize(
    ("expected", "answer", "outcome"),
    [
        (refused, said(), True),
        (refused, failed(400), False),
        (refused, failed(401), False),
        (accepted, failed(400), True),
        (accepted, failed(503), False),
        (accepted, SILENT, False),
        ({"myrouter": refused}, said(), False),
    ],
)
def test_whether_an_exchange_breaks_its_expectation(
    expected: Expect | dict[str, Expect], answer: Exchange, outcome: bool
) -> None:
    case = item(expected)
    assert breaks(case, row(5, "p", answer), run(case)) is outcome


@pytest.mark.parametrize(
    ("answer", "words"), [(said(), "status 200"), (SILENT, "no answer (no-answer)"), (CUT, "no answer (cut)")]
)
def test_an_answer_in_a_few_words(answer: Exchange, words: str) -> None:
    assert answer_of(answer) == words


def test_the_first_bad_status_decides_in_its_own_place() -> None:
    case = item(status(400, 404, absent_header="x-bad"))
    bad = exchange(418, b"{}", (("X-Bad", "1"),))
    found = told(case, *between(bad))
    assert [(f.kind, f.expected, f.seen, f.where.header) for f in found] == [
        (Kind.BROKEN, "status 400 or 404", "status 418", ""),
        (Kind.BROKEN, "no header x-bad", "x-bad: '1'", "x-bad"),
    ]


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        (failed(400, "not_found_error"), [Kind.HELD, Kind.BROKEN]),
        (failed(400), [Kind.HELD, Kind.HELD]),
        (failed(400, "version_missing_error"), [Kind.HELD, Kind.NOTE]),
        (failed(400, "BadRequestError"), [Kind.HELD, Kind.BROKEN]),
        (failed(400, ""), [Kind.HELD, Kind.BROKEN]),
        (exchange(400, b'{"type":"error","error":{"type":5,"message":"No."}}'), [Kind.HELD]),
        (exchange(400, b"no"), [Kind.HELD]),
        (said(), [Kind.BROKEN]),
    ],
)
def test_an_error_type_is_bound_where_there_is_one(answer: Exchange, kinds: list[Kind]) -> None:
    case = item(status(400, error_type="invalid_request_error"))
    assert [f.kind for f in told(case, *between(answer))] == kinds


@pytest.mark.parametrize(
    ("args", "code", "kind", "level"),
    [
        ({}, 400, Kind.HELD, None),
        ({}, 404, Kind.UNJUDGED, None),
        ({"also": [404]}, 404, Kind.HELD, None),
        ({"also": [401]}, 404, Kind.UNJUDGED, None),
        ({"noted": [200]}, 200, Kind.NOTE, None),
        ({"noted": [404]}, 404, Kind.NOTE, None),
        ({"lowered": [200]}, 200, Kind.BROKEN, Level.SHOULD),
        ({"lowered": [500]}, 200, Kind.BROKEN, None),
    ],
)
def test_the_terms_of_a_refusal(args: dict[str, Any], code: int, kind: Kind, level: Level | None) -> None:
    answer = said() if code == 200 else failed(code)
    (finding,) = told(item(expect("refused", args)), *between(answer))
    assert (finding.kind, finding.level) == (kind, level)


@pytest.mark.parametrize(
    ("args", "code", "kind", "level"),
    [
        ({}, 400, Kind.HELD, None),
        ({"noted": [422]}, 422, Kind.NOTE, None),
        ({"lowered": [422]}, 422, Kind.BROKEN, Level.SHOULD),
        ({"lowered": [404]}, 422, Kind.BROKEN, None),
    ],
)
def test_the_terms_of_a_status(args: dict[str, Any], code: int, kind: Kind, level: Level | None) -> None:
    wanted = {"ok": [400], "noted": [], "lowered": []} | args
    (finding,) = told(item(expect("status", wanted)), *between(failed(code)))
    assert (finding.kind, finding.level) == (kind, level)


def test_a_message_beside_a_null_error_is_no_error_in_disguise() -> None:
    assert [f.kind for f in told(item(accepted), *between(said(error=None)))] == [Kind.HELD]
    disguised = exchange(200, b'{"type":"error"}')
    (finding,) = told(item(accepted), *between(disguised))
    assert finding.kind is Kind.UNJUDGED and "RESP-012" in finding.seen
    assert message()["type"] == "message"
