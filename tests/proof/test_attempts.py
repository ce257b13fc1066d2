"""One attempt at one endpoint: what is sent, what is said, and that nothing escapes as an exception."""

from dataclasses import replace

import pytest

from conformance import reference
from conformance.contract import load_catalogue
from conformance.proof import pool, runs, trial
from conformance.proof.matrix import State, weighed
from conformance.proof.runs import EVERYTHING, costly
from conformance.proof.subjects import PROFILES, Choice, Kind, Subject, clean, combined, faulty, varied
from conformance.proof.trial import Outcome, attempt

#: One fault at every seam, by id, with the requirement that must name it.
ONE_PER_SEAM = {
    "unchecked-messages-empty": "REQ-004",
    "one-at-a-time": "LOAD-002",
    "json-for-stream": "SSE-001",
    "answers-leak": "LOAD-001",
    "id-constant": "RESP-002",
    "openai-envelope": "ERR-001",
    "message-start-missing": "STRM-001",
    "done-sentinel": "SSE-008",
    "stream-reset": "STRM-023",
}


def subject(name: str, profile: str) -> Subject:
    """The subject with this fault."""
    return next(one for one in faulty(profile) if one.name == name)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("fault", ONE_PER_SEAM)
def test_a_fault_is_named_by_what_its_requirement_needs(fault: str, profile: str) -> None:
    outcome = attempt(subject(fault, profile), whole=False)
    row = weighed(outcome, load_catalogue())
    assert (row.why, row.state) == ("", State.KILLED)
    assert outcome.subject.requirement == ONE_PER_SEAM[fault]
    assert not outcome.whole and 0 < outcome.requests < 40


def test_the_faults_stand_at_different_seams() -> None:
    seams = {fault.seam for fault in reference.faults() if fault.id in ONE_PER_SEAM}
    assert len(seams) >= 8


@pytest.mark.parametrize("profile", PROFILES)
def test_the_conforming_endpoint_is_left_alone_by_the_whole_suite(profile: str) -> None:
    outcome = attempt(clean(profile), whole=False)
    assert (outcome.found, outcome.exit, outcome.error) == ({}, 0, "")
    assert outcome.whole and outcome.requests > 200 and outcome.output_tokens > 500


def test_the_whole_suite_names_a_fault_as_well() -> None:
    outcome = attempt(subject("message-stop-missing", "myrouter"), whole=True)
    assert weighed(outcome, load_catalogue()).good and outcome.whole
    assert outcome.evidence["STRM-023"].startswith("expected message_stop")


def test_where_the_few_probes_say_nothing_the_whole_suite_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    one = subject("message-stop-missing", "myrouter")
    monkeypatch.setattr(trial, "needed", lambda subject, budget: Outcome(subject, requests=7))
    outcome = attempt(one, whole=False)
    assert weighed(outcome, load_catalogue()).good and outcome.whole
    assert outcome.found["STRM-023"] == "failed" and outcome.requests > 200 + 7


def test_what_differs_in_streams_alone_is_tried_with_streams_alone() -> None:
    one = next(one for one in varied("anthropic") if one.name == "comments")
    outcome = attempt(one, whole=False)
    assert one.streams and (outcome.found, outcome.exit, outcome.whole) == ({}, 0, False)
    assert 40 < outcome.requests < attempt(clean("anthropic"), whole=False).requests / 2
    assert not next(one for one in varied("anthropic") if one.name == "json-pretty").streams


def test_a_crash_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise KeyError("gone")

    monkeypatch.setattr(trial, "judged", fail)
    assert attempt(clean("myrouter"), whole=True).error == "the harness failed: KeyError: 'gone'"


def test_costly_probes_are_sent_where_nothing_else_shows_the_requirement() -> None:
    assert costly("HTTP-010", "myrouter") and costly("REQ-052", "anthropic")
    assert not costly("REQ-004", "myrouter") and not costly("RESP-001", "anthropic")


def test_everything_is_claimed() -> None:
    assert {item.requirement for item in runs.declared("anthropic")} == set(load_catalogue().requirements)
    assert set(EVERYTHING["capability"]) == {"thinking", "vision", "caching", "count-tokens", "models"}


def test_one_process_and_several_say_the_same() -> None:
    two = (subject("id-empty", "myrouter"), subject("role-missing", "anthropic"))
    heard: list[Outcome] = []
    alone = pool.prove(two, False, 1, heard.append)
    assert [outcome.subject for outcome in alone] == list(two) and len(heard) == 2
    several = pool.prove(two, False, 2)
    assert [set(outcome.found) for outcome in several] == [set(outcome.found) for outcome in alone]


def test_a_process_that_dies_is_an_outcome_of_its_subjects(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = replace(clean("myrouter"), profile=Unreadable("myrouter"))
    (outcome,) = pool.prove((broken,), True, 2)
    assert outcome.error.startswith("its process died: ")


class Unreadable(str):
    """A profile's name that cannot be sent to another process."""

    __slots__ = ()

    def __reduce__(self) -> str:
        raise TypeError("not to be sent")


def test_a_choice_without_patterns_is_everything() -> None:
    chosen = Choice().subjects()
    assert Choice().everything and {one.kind for one in chosen} == set(Kind)
    for profile in PROFILES:
        own = [one for one in chosen if one.profile == profile]
        assert own == [clean(profile), *faulty(profile), *varied(profile), *combined(profile)]


def test_patterns_choose_faults_by_name_and_requirement_and_habits_by_name() -> None:
    faults = Choice(("myrouter",), ("id-*",), requirements=("RESP-*",)).subjects()
    assert {one.name for one in faults} >= {"id-constant", "id-empty"}
    assert all(one.name.startswith("id-") and one.requirement.startswith("RESP-") for one in faults)
    habits = Choice(variations=("comments",)).subjects()
    assert [(one.name, one.profile) for one in habits] == [("comments", "myrouter"), ("comments", "anthropic")]
    assert all(one.kind is Kind.FAULT for one in Choice(requirements=("AUTH-*",)).subjects())
    assert Choice(faults=("nothing",)).subjects() == ()


def test_an_attempt_writes_no_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.session.closing.write_reports", lambda *given: 1 / 0)
    outcome = attempt(subject("id-constant", "myrouter"), whole=False)
    assert outcome.error == "" and "RESP-002" in outcome.found


def test_the_reduced_form_tries_each_fault_once_and_the_habits_many_at_a_time() -> None:
    chosen = Choice(reduced=True).subjects()
    faults = [one.name for one in chosen if one.kind is Kind.FAULT]
    assert sorted(faults) == sorted(fault.id for fault in reference.faults())
    assert {one.kind for one in chosen} == {Kind.CLEAN, Kind.FAULT, Kind.ROW}
    rows = [one.name for one in chosen if one.kind is Kind.ROW]
    assert len(rows) == len(set(rows)) and 8 <= len(rows) < len(combined("anthropic"))
    assert {one.profile for one in chosen if one.kind is Kind.FAULT} == set(PROFILES)
