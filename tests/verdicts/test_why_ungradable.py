"""What keeps a run that tested something from being called conforming."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from test_fold import MESSAGE, _bracketed, _graded, _item, _passive, _record, _terms

from conformance.contract import Level
from conformance.evidence.run import Item, Record
from conformance.rules.outcome import UNRELATED_STATUSES
from conformance.verdicts import Exit, Graded, Verdict, exit_code
from conformance.verdicts.exits import FEW, why_ungradable
from conformance.wire.exchange import End, Ending

ITEMS = [_item(), _passive("RESP-003")]
BUSY = {"type": "error", "error": {"type": "api_error", "message": "no"}}


def _selected(items: Sequence[Item], records: Sequence[Record]) -> Graded:
    return _graded(items, records, everything=False)


def _told(graded: Graded) -> tuple[str, Exit]:
    return why_ungradable(graded), exit_code(graded, Level.MUST)


@pytest.mark.parametrize("status", sorted(UNRELATED_STATUSES))
def test_a_control_that_is_refused_at_the_end_leaves_the_run_ungraded(status: int) -> None:
    graded = _selected(ITEMS, [*_bracketed(400), _record(4, "plain", status, BUSY)])
    reason = f"the plain control was served at first and refused later (status {status})"
    assert graded.items[0].verdict is Verdict.PASSED and _told(graded) == (reason, Exit.UNGRADABLE)


def test_a_control_that_is_not_answered_at_the_end_leaves_the_run_ungraded() -> None:
    last = _record(4, "plain")
    mute = replace(last, exchange=replace(last.exchange, status=None, chunks=(), end=End(Ending.NO_ANSWER)))
    reason, code = _told(_selected(ITEMS, [*_bracketed(400), mute]))
    assert reason.startswith("the plain control was served at first and refused later (") and code is Exit.UNGRADABLE


def test_a_control_that_came_back_was_not_lost() -> None:
    rows = [*_bracketed(400), _record(4, "plain", 429, BUSY), _record(5, "plain")]
    assert why_ungradable(_selected(ITEMS, rows)) == ""


@pytest.mark.parametrize("status", [400, 422, 500])
def test_a_control_that_is_refused_for_its_own_sake_is_graded(status: int) -> None:
    assert why_ungradable(_selected(ITEMS, [*_bracketed(400), _record(4, "plain", status, BUSY)])) == ""


@pytest.mark.parametrize("rows", [[], [_record(1, "plain", 401, BUSY)], [_record(1, "plain")]])
def test_a_control_that_was_sent_once_at_most_was_not_lost(rows: list[Record]) -> None:
    assert why_ungradable(_selected([], rows)) == ""
    twice = [_record(1, "plain", 401, BUSY), _record(2, "plain", 401, BUSY)]
    assert why_ungradable(_selected([], twice)) == "", "nor one that never was served"


def test_a_violation_outranks_a_lost_control() -> None:
    rows = [_record(1, "plain"), _record(2, "p"), _record(3, "plain"), _record(4, "plain", 401, BUSY)]
    reason, code = _told(_selected([_item()], rows))
    assert "refused later" in reason and code is Exit.VIOLATION


def _whole() -> list[Record]:
    """A refusal between two controls that break nothing, not even over a whole run."""
    return [_record(1, "plain"), _record(2, "p", 400, BUSY | {"error": REFUSED}), _record(3, "plain", 200, OTHER)]


REFUSED = {"type": "invalid_request_error", "message": "no"}
OTHER = MESSAGE | {"id": "msg_2"}
UNSEEN = [*ITEMS, _item("STRM-001", kind="accepted", probe="s"), _passive("SSE-001")]


def test_an_included_capability_of_which_nothing_was_judged_leaves_the_run_ungraded() -> None:
    assert _told(_graded(UNSEEN, _whole())) == ("nothing of streaming could be judged", Exit.UNGRADABLE)


def test_one_judged_requirement_of_a_capability_is_enough() -> None:
    graded = _graded(UNSEEN, [*_bracketed(400)[:2], _record(3, "s"), _record(4, "plain")])
    assert graded.items[2].verdict is Verdict.PASSED and "streaming" not in why_ungradable(graded)


def test_a_capability_is_not_missed_in_a_selection_without_a_claim_or_without_a_test() -> None:
    assert "streaming" not in why_ungradable(_selected(UNSEEN, _bracketed(400)))
    assert "streaming" not in why_ungradable(_graded(UNSEEN, _bracketed(400), _terms(without="streaming")))
    assert _told(_graded(ITEMS, _whole())) == ("", Exit.CONFORMS)


def test_fewer_than_half_is_too_few() -> None:
    items = [_item(), _item("REQ-002", probe="x"), _item("REQ-003", probe="y")]
    assert _told(_selected(items, _bracketed(400))) == (FEW, Exit.UNGRADABLE)
    assert _told(_selected(items[:2], _bracketed(400))) == ("", Exit.CONFORMS), "half is enough"
