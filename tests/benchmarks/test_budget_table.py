"""Budgets beside what people would otherwise use: the table, and the official SDK as the only check."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from _budget_table import Contender, Terms, caught, counted, lines, required, share
from _sdk_alone import STEPS, run
from budgets import OURS, PART, SDK, asked, prepared, reports_of, terms_of, tried_on, with_full

from conformance.suite_budgets import FULL

TERMS = Terms(
    {"a": "REQ-001", "b": "REQ-001", "c": "REQ-002", "d": ""}, [(3, ["a"]), (2, ["a", "c"]), (1, ["outside"])]
)
WHOLE = Contender("quick", 2, 50, 64, ("a", "b", "c", "d"), frozenset("abcd") | {"outside"}, frozenset({"a", "d"}))
SAMPLED = Contender("other", 4, None, None, ("b", "d"), frozenset("abcd"), frozenset({"a", "c"}))


def test_a_table_tells_rates_over_all_faults_for_a_request_and_for_tokens() -> None:
    assert list(lines([WHOLE, SAMPLED], TERMS))[2:] == [
        "| quick | 2 | 50 | 64 | 2 of 4 (50 %) | 1.00 | 4 | 1 of 2 (50 %) | 3 of 6 (50 %) |",
        "| other | 4 | – | – | 0 of 2 (0 %) | 0.00 | – | 0 of 1 (0 %) | 5 of 5 (100 %) |",
    ]


def test_a_requirement_counts_once_and_a_may_not_at_all() -> None:
    assert required(WHOLE, TERMS) == (1, 2)
    assert required(SAMPLED, TERMS) == (0, 1)


def test_a_report_is_caught_when_every_fault_of_it_is_noticed_and_counts_when_all_were_tried() -> None:
    assert caught(WHOLE, TERMS) == (3, 6)
    assert caught(SAMPLED, TERMS) == (5, 5)
    assert caught(replace(SAMPLED, tried=frozenset("ab")), TERMS) == (3, 3)


def test_the_faults_of_each_requirement_are_counted() -> None:
    assert counted(["REQ-002", "AUTH-001", "REQ-002"]) == "AUTH-001 1, REQ-002 2"


@pytest.mark.parametrize(("part", "whole", "text"), [(0, 0, "–"), (1, 3, "1 of 3 (33 %)")])
def test_a_share_says_what_it_is_of(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


def test_the_whole_harness_is_read_from_the_matrix() -> None:
    matrix = {"profiles": {"myrouter": {"faults": [{"id": "a", "state": "killed"}, {"id": "b", "state": "survived"}]}}}
    rows = with_full("myrouter", {"quick": {"requests": 1}, FULL: {"requests": 9, "sample": [], "noticed": []}}, matrix)
    assert rows[FULL] == {"requests": 9, "sample": ["a", "b"], "tried": ["a", "b"], "noticed": ["a"]}
    assert list(rows) == ["quick", FULL]


def test_our_budgets_meet_every_fault_and_the_others_a_sample_and_what_was_reported() -> None:
    every, none = list(terms_of("anthropic").requirements), list[str]()
    reported = {name for _, names in reports_of("anthropic")[::PART] for name in names}
    assert {name: tried_on(name, "anthropic", 16) for name in OURS} == dict.fromkeys(OURS, (every, none))
    assert tried_on(FULL, "anthropic", 16) == (none, none)
    for name in (SDK, "plain Schemathesis, 400 requests"):
        sample, more = tried_on(name, "anthropic", 16)
        assert sample == every[::16] and more and reported == {*more, *reported.intersection(sample)}
    assert tried_on("plain Schemathesis, 2000 requests", "anthropic", 16, reports=False) == (every[::64], none)


def test_what_was_not_tried_for_the_reports_says_nothing_about_them() -> None:
    row = next(iter([*lines([replace(SAMPLED, tried=frozenset())], TERMS)][2:]))
    assert row.endswith("| 0 of 1 (0 %) | – |")


@pytest.mark.parametrize(("name", "number"), [("plain Schemathesis, 20 requests", 20), (SDK, 0), ("quick", 0)])
def test_the_requests_stand_in_the_name(name: str, number: int) -> None:
    assert asked(name) == number


@pytest.mark.parametrize("profile", ["myrouter", "anthropic"])
def test_the_sdk_is_content_with_the_clean_endpoint_and_stumbles_over_a_lost_start(profile: str) -> None:
    clean, requests, tokens = run(profile)
    assert requests == len(STEPS) + 1
    assert tokens > 0
    assert clean[-2:] == ("BadRequestError", "BadRequestError")
    assert all(told.startswith("[") for told in clean[:-2])
    assert run(profile, ["message-start-missing"])[0] != clean


def test_what_our_budgets_cost_is_what_their_runs_sent() -> None:
    found = {name: prepared(name, "anthropic")[0] for name in (*OURS, FULL)}
    assert found["quick"]["requests"] <= 25
    assert 0 < found["quick"]["tokens"] <= found["quick"]["ceiling"]
    assert found["quick"]["requests"] < found["standard"]["requests"] < found["full"]["requests"]


def test_what_schemathesis_costs_is_what_its_own_run_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    import _plain_schemathesis as plain

    call = plain.Call("positive", plain.PHASES[0], 1, 19)
    monkeypatch.setattr(plain, "settled", lambda profile, number: plain.Setting(f"{profile} {number}", (call,)))
    monkeypatch.setattr(plain, "run", lambda setting, faults=(), first=True: plain.Reply((), 0, 0.0, 7))
    about, tried = prepared("plain Schemathesis, 20 requests", "anthropic")
    assert about == {"requests": 19, "tokens": 7, "ceiling": None}
    assert tried.args[0].profile == "anthropic 20"  # type: ignore[attr-defined]
