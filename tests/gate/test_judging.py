"""What a baseline makes of a run."""

from datetime import date

import pytest
from gate_runs import LATER, TODAY, baseline, broken, entry, graded, held, silent

from conformance.contract import Level
from conformance.gate.baseline import Baseline
from conformance.gate.judging import judged, waived_keys
from conformance.gate.known import is_known
from conformance.gate.sightings import sightings
from conformance.reporting.facts import Baselined
from conformance.verdicts import Exit, Graded, exit_code

ARRAY = "REQ-024 live /max_tokens type array"
OBJECT = "REQ-024 live conversation /max_tokens type object 3"


def _judged(run: Graded, known: Baseline, today: date = TODAY, gate: Level = Level.MUST) -> Baselined:
    return judged(run, known, today, gate, lambda row: is_known(row, run.run.items))


def test_a_listed_violation_fails_nothing() -> None:
    run = graded(broken("REQ-021 absent"), broken("RESP-003"), held("REQ-022 zero"))
    found = _judged(run, baseline("REQ-021 absent", "RESP-003"))
    assert found == Baselined(frozenset({"REQ-021 absent", "RESP-003"}), 2)
    assert exit_code(run, Level.MUST) is Exit.VIOLATION
    assert exit_code(run, Level.MUST, waived=found.waived) is Exit.CONFORMS


def test_an_unlisted_violation_fails() -> None:
    run = graded(broken("REQ-021 absent"), broken("RESP-003"))
    found = _judged(run, baseline("REQ-021 absent"))
    assert found.unlisted == ("RESP-003",) and found.violated == 1
    assert found.failures == (
        "RESP-003 is violated and not in the baseline: repair it, or accept it in an entry with requirement RESP-003 "
        "and no case",
    )
    assert exit_code(run, Level.MUST, waived=found.waived) is Exit.VIOLATION


def test_an_entry_speaks_of_its_own_case_alone() -> None:
    run = graded(broken("REQ-021 absent"), broken("REQ-021 null"), broken("REQ-021"))
    assert _judged(run, baseline("REQ-021 absent")).unlisted == ("REQ-021 null", "REQ-021")
    assert _judged(run, baseline("REQ-021")).unlisted == ("REQ-021 absent", "REQ-021 null")


@pytest.mark.parametrize("gate", [Level.MUST, Level.SHOULD])
def test_what_is_below_the_gate_need_not_be_listed(gate: Level) -> None:
    run = graded(broken("RESP-003", Level.SHOULD), held("REQ-021 absent"))
    found = _judged(run, baseline(), gate=gate)
    assert bool(found.failures) is bool(found.unlisted) is (gate is Level.SHOULD)
    assert exit_code(run, gate, waived=found.waived) is (Exit.VIOLATION if found.failures else Exit.CONFORMS)


@pytest.mark.parametrize(("today", "fails"), [(date(2026, 12, 31), False), (date(2027, 1, 1), True)])
def test_an_entry_holds_until_the_end_of_its_last_day(today: date, fails: bool) -> None:
    run = graded(broken("RESP-003"), held("REQ-021 absent"))
    found = _judged(run, Baseline((entry("RESP-003", LATER, issue="https://h/7"),)), today)
    told = "RESP-003 expired on 2026-12-31: repair it and remove the entry, or give it a later date (https://h/7)"
    assert found.failures == ((told,) if fails else ())
    assert exit_code(run, Level.MUST, waived=found.waived) is (Exit.VIOLATION if fails else Exit.CONFORMS)
    assert not found.unlisted


def test_an_expired_entry_fails_although_nothing_was_seen_of_it() -> None:
    assert _judged(graded(), Baseline((entry("RESP-003"),)), date(2027, 1, 1)).failures
    assert _judged(graded(), Baseline((), (entry("RESP-003"),)), date(2027, 1, 1)).failures


@pytest.mark.parametrize("key", ["REQ-021 absent", "RESP-003"])
def test_an_entry_that_is_gone_fails(key: str) -> None:
    found = _judged(graded(held(key)), baseline(key))
    assert found.failures == (f"{key} is gone, it was observed and held: remove the entry, or move it to flaky",)
    assert not found.remarks and not found.violated


@pytest.mark.parametrize("key", ["REQ-021 absent", "RESP-003"])
def test_an_entry_of_which_nothing_was_seen_is_told_and_fails_nothing(key: str) -> None:
    for run in (graded(), graded(silent(key))):
        found = _judged(run, baseline(key))
        assert found.remarks == (f"{key} was not observed in this run: the entry stays",) and not found.failures


@pytest.mark.parametrize("run", [
    graded(held("RESP-003"), everything=False),
    graded(held("RESP-003"), unsent="not sent: the cap on requests was reached"),
], ids=["selected", "capped"])  # fmt: skip
def test_less_traffic_does_not_show_that_a_passive_violation_is_gone(run: Graded) -> None:
    found = _judged(run, baseline("RESP-003"))
    assert not found.failures and "not observed" in found.remarks[0]


def test_what_the_target_does_not_claim_leaves_a_run_whole() -> None:
    run = graded(held("RESP-003"), unsent="the target does not claim vision")
    assert _judged(run, baseline("RESP-003")).failures


def test_a_case_that_was_not_asked_for_in_a_run_of_others_is_gone_when_it_held() -> None:
    assert _judged(graded(held("REQ-021 absent"), everything=False), baseline("REQ-021 absent")).failures


def test_a_held_case_says_nothing_of_what_all_traffic_shows() -> None:
    found = _judged(graded(held("REQ-021 absent")), baseline("REQ-021"))
    assert not found.failures and found.remarks == ("REQ-021 was not observed in this run: the entry stays",)


def test_a_generated_violation_is_listed_by_its_constraint() -> None:
    run = graded(broken(ARRAY, generated=True), broken(OBJECT, generated=True), held("REQ-021 absent"))
    found = _judged(run, baseline("REQ-024 /max_tokens type"))
    assert not found.failures and found.violated == 1
    assert exit_code(run, Level.MUST, waived=found.waived) is Exit.CONFORMS


def test_a_constraint_is_gone_when_everything_that_broke_it_was_drawn_and_held() -> None:
    run = graded(held(ARRAY, generated=True))
    for kinds, told in (([], "is gone"), (["array"], "is gone"), (["array", "object"], "but not with object in")):
        found = _judged(run, Baseline((entry("REQ-024 /max_tokens type", kinds=kinds),)))
        assert told in (*found.failures, *found.remarks)[0]
        assert bool(found.failures) is (told == "is gone")


def test_a_constraint_is_not_gone_while_anything_breaks_it() -> None:
    run = graded(held(ARRAY, generated=True), broken(OBJECT, generated=True))
    seen = sightings(run)["REQ-024 /max_tokens type"]
    assert seen.broken == {"object"} and seen.held == {"array"} and not seen.is_gone(["array"])
    assert not _judged(run, Baseline((entry("REQ-024 /max_tokens type", kinds=["array"]),))).failures


@pytest.mark.parametrize("key", ["REQ-999", "REQ-021 absnt", "REQ-024 /max_tokns type"])
def test_an_entry_that_names_nothing_fails(key: str) -> None:
    for known in (baseline(key), baseline(flaky=[key])):
        told = _judged(graded(), known).failures
        assert told == (f"{key} names nothing in the catalogue: correct the entry, or remove it",)


@pytest.mark.parametrize(("run", "seen"), [
    (graded(broken("RESP-003")), "violated"),
    (graded(held("RESP-003")), "observed and held"),
    (graded(), "not observed"),
], ids=["violated", "held", "silent"])  # fmt: skip
def test_a_flaky_entry_fails_nothing(run: Graded, seen: str) -> None:
    found = _judged(run, baseline(flaky=["RESP-003"]))
    assert not found.failures and found.remarks == (f"RESP-003 is known to be flaky: {seen} in this run",)
    assert exit_code(run, Level.MUST, waived=found.waived) is not Exit.VIOLATION


def test_an_entry_for_another_profile_says_nothing() -> None:
    known = Baseline((entry("RESP-003", profile="anthropic"), entry("REQ-999", profile="anthropic")))
    assert _judged(graded(held("RESP-003")), known) == Baselined()
    assert _judged(graded(broken("RESP-003")), known).unlisted == ("RESP-003",)
    assert waived_keys(known, "anthropic", TODAY) == {"RESP-003", "REQ-999"}


def test_a_violation_that_does_not_count_keeps_its_entry_and_needs_none() -> None:
    run = graded(broken("RESP-003"), unscored=["RESP-003"])
    assert _judged(run, baseline()) == Baselined()
    assert _judged(run, baseline("RESP-003")) == Baselined(frozenset({"RESP-003"}))
