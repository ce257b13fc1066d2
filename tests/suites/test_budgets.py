"""The budgets: what their lists hold, and what a run under them sends, says and may not certify."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.certificates.statement import incomplete
from conformance.contract import Level, load_catalogue
from conformance.evidence.follow import read_run
from conformance.evidence.run import PLAIN, STREAM, Expect, Item
from conformance.proof.runs import COSTLY, EVERYTHING, broken, declared, declared_probes, judged
from conformance.reporting.facts import output_tokens
from conformance.session.closing import Closing
from conformance.suite_budgets import load_budgets, read_budgets, within

PROFILES = ("myrouter", "anthropic")
MOST = {"quick": 25, "standard": 200}


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("budget", MOST)
def test_a_list_names_probes_that_are_declared_and_what_they_reply_to(budget: str, profile: str) -> None:
    listed, probes = load_budgets()[budget][profile], declared_probes(profile)
    assert listed <= {PLAIN, STREAM, *probes}
    assert {PLAIN, STREAM} <= listed
    awaited = {probe.after.id for name in listed if (probe := probes.get(name)) and probe.after}
    assert awaited <= listed
    assert not any(probes[name].needs in COSTLY for name in listed if name in probes)


def test_a_greater_budget_holds_the_smaller(profile: str) -> None:
    lists = load_budgets()
    assert lists["quick"][profile] < lists["standard"][profile]


def test_standard_has_a_case_of_every_must_and_should(profile: str) -> None:
    catalogue, probes = load_catalogue(), declared_probes(profile)
    kept = {item.requirement for item in within(declared(profile), "standard", profile) if item.active}
    for item in declared(profile):
        entry = catalogue.requirements[item.requirement]
        binds = not entry.excluded and entry.level(profile) is not Level.MAY
        if binds and item.active and not any(probes[name].needs in COSTLY for name in item.probes):
            assert item.requirement in kept


def test_full_is_everything(profile: str) -> None:
    assert within(declared(profile), "full", profile) == tuple(declared(profile))


def test_what_rides_on_all_traffic_stays_and_asks_for_nothing_that_is_not_listed(profile: str) -> None:
    before = [item.key for item in declared(profile) if not item.active]
    kept = within(declared(profile), "quick", profile)
    assert [item.key for item in kept if not item.active] == before
    assert {name for item in kept for name in item.probes} <= load_budgets()["quick"][profile]


def test_a_case_of_which_one_probe_is_left_out_is_left_out() -> None:
    both = Item("REQ-001", "two", (PLAIN, "no such probe"), {"*": Expect("accepted")})
    one = Item("REQ-001", "one", (PLAIN,), {"*": Expect("accepted")})
    assert within([both, one], "quick", "myrouter") == (one,)


def test_a_profile_without_a_list_is_refused() -> None:
    with pytest.raises(ValueError, match="no list 'quick' for the profile foreign"):
        within([], "quick", "foreign")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("quick: {myrouter: [a]}", "lacks the key 'standard'"),
        ("[]", "is not a mapping"),
        ("quick: []\nstandard: {}", "quick is not a mapping"),
        ("quick: {myrouter: a}\nstandard: {}", "needs a list of strings as 'myrouter'"),
    ],
)
def test_a_file_of_another_form_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "budgets.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_budgets(file)


@pytest.fixture
def run_of(profile: str, tmp_path: Path) -> Callable[..., Closing]:
    def run(budget: str, *faults: str) -> Closing:
        return judged(profile, tmp_path, *faults, budget=budget, reports=False, **EVERYTHING)

    return run


@pytest.mark.parametrize("budget", MOST)
def test_a_run_keeps_within_its_budget_and_raises_no_alarm(budget: str, run_of: Callable[..., Closing]) -> None:
    closing = run_of(budget)
    assert closing.code == 0
    assert 0 < len(closing.graded.run.records) <= MOST[budget]
    if budget == "quick":
        assert output_tokens(closing.graded.run) <= 600


def test_the_quick_look_finds_what_breaks_in_the_wild(run_of: Callable[..., Closing]) -> None:
    assert "STRM-023" in broken(run_of("quick", "message-stop-missing").graded)


def test_nothing_less_than_everything_can_certify(run_of: Callable[..., Closing], tmp_path: Path) -> None:
    closing = run_of("quick")
    why = incomplete(closing.graded.run, read_run(tmp_path / "journal.jsonl"))
    assert why == "only a part of the suite was selected"
