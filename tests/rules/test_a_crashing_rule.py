"""A rule that raises leaves what it was to judge open, ends the run with code 3, and changes nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.certificates.statement import Uncertifiable, grant
from conformance.contract import Level
from conformance.evidence.follow import Follower, read_run
from conformance.proof.runs import judged
from conformance.reporting.outcomes import skip_reason
from conformance.rules import cases, traffic
from conformance.rules.expectations import KINDS
from conformance.rules.findings import Finding, Kind, Where, held
from conformance.rules.guard import CRASHED, guarded
from conformance.rules.registry import EXCHANGE_RULES, MESSAGE_RULES, RUN_RULES, RunRule
from conformance.session.closing import settle
from conformance.verdicts import Exit, Graded, Verdict, grade, judge_item

ONLY = ("RESP-003", "REQ-021", "REQ-044", "STRM-001", "AUTH-003", "HTTP-002", "IDEM-001")
FAMILIES: Mapping[str, list[Any]] = {
    "EXCHANGE_RULES": EXCHANGE_RULES, "MESSAGE_RULES": MESSAGE_RULES, "RUN_RULES": RUN_RULES,
}  # fmt: skip


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Follower, Graded]:
    """A run against an endpoint with one fault, and its grading."""
    folder = tmp_path_factory.mktemp("recorded")
    judged("myrouter", folder, "role-foreign", only=ONLY, reports=False)
    follower = read_run(folder / "journal.jsonl")
    return follower, grade(replace(follower.run(), everything=True))


def raises(*given: Any) -> Iterator[Finding]:
    """A rule with a bug in it, whatever it is given."""
    raise KeyError("no such member")
    yield held("RESP-003")


def crashed(graded: Graded) -> set[str]:
    return {name for name, row in graded.judgements.items() if row.crashes}


@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_rule_crashes_the_others_say_what_they_say(
    family: str, recorded: tuple[Follower, Graded], monkeypatch: pytest.MonkeyPatch
) -> None:
    follower, whole = recorded
    run = replace(follower.run(), everything=True)
    for place, rule in enumerate(list(FAMILIES[family])):
        with monkeypatch.context() as patch:
            rules = list(FAMILIES[family])
            rules[place] = replace(rule, judge=raises, **({"fold": None} if family == "RUN_RULES" else {}))
            patch.setattr(traffic, family, rules)
            graded = grade(run)
        named = crashed(graded)
        assert named <= set(rule.requirements) and (named or family == "MESSAGE_RULES")
        for name, row in graded.judgements.items():
            if name in named:
                assert row.verdict in {Verdict.INCONCLUSIVE, Verdict.FAILED, Verdict.WARNED}
                said = row.crashes[0].seen
                told = "KeyError at test_a_crashing_rule.py, line "
                assert said.startswith(f"{CRASHED}rule test_a_crashing_rule.raises raised {told}")
                assert "no such member" not in said
            elif name not in rule.requirements:
                assert row == whole.judgements[name]


def test_every_message_rule_is_named_where_no_message_can_be_made(
    recorded: tuple[Follower, Graded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "judged_messages", raises)
    graded = grade(replace(recorded[0].run(), everything=True))
    named = {name for rule in MESSAGE_RULES for name in rule.requirements}
    assert crashed(graded) == {name for name in named if not graded.judgements[name].requirement.excluded}


def test_a_crashed_expectation_leaves_its_cases_open_and_the_run_ends_with_3(
    recorded: tuple[Follower, Graded], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    follower, whole = recorded
    before = {row.item.key: row.verdict for row in whole.items}
    monkeypatch.setitem(KINDS, "refused", raises)
    closing = settle(follower, Level.MUST, tmp_path / "out")
    assert closing.code is Exit.HARNESS_ERROR
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"report.json", "junit.xml", "report.html"}
    found = []
    for row in closing.graded.items:
        expect = cases.expectation(row.item, closing.graded.run)
        if expect is None or expect.kind != "refused":
            assert row.verdict is before[row.item.key]
        elif before[row.item.key] is Verdict.PASSED:
            found.append(row.item)
            assert skip_reason(row).startswith(f"inconclusive: {CRASHED}expectation refused raised KeyError")
            assert judge_item(row.item, closing.graded.run) == row
    assert found and not cases.breaks(found[0], follower.records[0], closing.graded.run)
    assert f"{found[0].requirement}: {CRASHED}expectation refused raised KeyError" in closing.text
    assert "not judged for an error in the harness, none of the target's:" in closing.text
    assert closing.text.splitlines()[-1].startswith("error in the harness: no verdict; 2 MUST")


def test_what_was_seen_before_the_crash_stays_true() -> None:
    def half(given: str) -> Iterator[Finding]:
        yield held("RESP-003")
        raise RecursionError(given)

    seen = list(guarded(["RESP-003", "RESP-004"], half, "x" * 9999))
    assert [(row.requirement, row.kind) for row in seen] == [
        ("RESP-003", Kind.HELD), ("RESP-003", Kind.CRASHED), ("RESP-004", Kind.CRASHED),
    ]  # fmt: skip
    assert all("x" * 99 not in row.seen and "RecursionError at " in row.seen for row in seen[1:])


def test_a_run_with_a_crashed_rule_certifies_nothing(tmp_path: Path, recorded: tuple[Follower, Graded]) -> None:
    follower, whole = recorded
    crash = Finding("RESP-001", Kind.CRASHED, seen=f"{CRASHED}rule a.b raised KeyError: 'x'")
    judgements = {name: replace(row, crashes=(crash,)) if name == "RESP-001" else row
                  for name, row in whole.judgements.items()}  # fmt: skip
    with pytest.raises(Uncertifiable, match="the harness failed to judge RESP-001"):
        grant(replace(whole, judgements=judgements), follower)


class Falls:
    """A rule that looks at every exchange and falls over the second."""

    def __init__(self, run: Any) -> None:
        self.seen: list[int] = []

    def take(self, record: Any) -> None:
        self.seen.append(record.seq)
        if len(self.seen) == 2:
            raise RuntimeError("no further")

    def findings(self) -> list[Finding]:
        return [held("RESP-002", Where(seq)) for seq in self.seen]


def test_a_rule_that_falls_over_an_exchange_looks_no_further(
    recorded: tuple[Follower, Graded], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recorded[0].run()
    monkeypatch.setattr(traffic, "RUN_RULES", [RunRule(("RESP-002",), raises, Falls)])
    monkeypatch.setattr(traffic, "EXCHANGE_RULES", [])
    monkeypatch.setattr(traffic, "MESSAGE_RULES", [])
    *before, last = traffic.traffic_findings(run)
    assert [finding.where.exchange for finding in before] == [record.seq for record in run.records[:2]]
    assert (last.kind, last.requirement) == (Kind.CRASHED, "RESP-002") and "RuntimeError at " in last.seen
