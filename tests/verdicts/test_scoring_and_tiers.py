"""What counts, what is shown without counting, and what a run says of each tier."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from test_fold import MESSAGE, _bracketed, _graded, _item, _passive, _record, _terms

from conformance.contract import Level, ProbeClass, load_catalogue, load_tiers
from conformance.evidence.run import Terms
from conformance.rules.findings import Finding, Kind
from conformance.verdicts import Exit, Graded, State, TierState, Verdict, exit_code, tier_states, uncooperative
from conformance.verdicts.exits import why_ungradable
from conformance.verdicts.fold import NOTHING_SEEN


def _changed(identifier: str, **changes: Any) -> Terms:
    """Terms under a catalogue in which one entry is changed."""
    terms = _terms()
    entries = dict(terms.catalogue.requirements)
    entries[identifier] = replace(entries[identifier], **changes)
    return replace(terms, catalogue=replace(terms.catalogue, requirements=MappingProxyType(entries)))


BAD = [_record(1, "plain", 200, MESSAGE | {"role": "model"}), *_bracketed(200, MESSAGE)[1:]]


@pytest.mark.parametrize("gate", [Level.MUST, Level.SHOULD])
def test_a_later_requirement_is_judged_and_does_not_count(gate: Level) -> None:
    items = [_item(), _passive("RESP-003")]
    counted = _graded(items, BAD, everything=False)
    shown = _graded([_passive("RESP-003")], BAD, _changed("RESP-003", since=2), everything=False)
    assert counted.judgements["RESP-003"].scored and counted.violated(Verdict.FAILED) == 2
    judgement = shown.judgements["RESP-003"]
    assert (judgement.verdict, judgement.scored, len(judgement.violations)) == (Verdict.FAILED, False, 1)
    assert not shown.items[0].scored and shown.items[0].verdict is Verdict.FAILED
    assert shown.violations == () and shown.violated(Verdict.FAILED) == 0 and shown.count(Verdict.FAILED) == 1
    assert exit_code(counted, gate) is Exit.VIOLATION and exit_code(shown, gate) is Exit.CONFORMS


def test_a_later_requirement_counts_once_the_catalogue_has_its_version() -> None:
    terms = _changed("RESP-003", since=2)
    raised = replace(terms, catalogue=replace(terms.catalogue, version=2))
    graded = _graded([_passive("RESP-003")], BAD, raised, everything=False)
    assert graded.judgements["RESP-003"].scored and exit_code(graded, Level.MUST) is Exit.VIOLATION


def test_a_later_requirement_is_not_missed_among_the_musts() -> None:
    items = [_item(), _item("REQ-002", probe="x"), _item("REQ-003", probe="y")]
    assert why_ungradable(_graded(items, _bracketed(400), everything=False))
    assert not why_ungradable(_graded(items, _bracketed(400), _changed("REQ-002", since=2), everything=False))


def test_an_excluded_requirement_is_not_run_for_its_reason() -> None:
    terms, reason = _changed("RESP-003", excluded="No answer shows it."), "No answer shows it."
    for items, everything in (([_passive("RESP-003"), _item()], False), ([_item()], True)):
        graded = _graded(items, BAD, terms, everything=everything)
        judgement = graded.judgements["RESP-003"]
        assert (judgement.verdict, judgement.reason, judgement.scored) == (Verdict.NOT_RUN, reason, False)
        assert (judgement.violations, judgement.notes, judgement.observations) == ((), (), 0)
        assert all(
            (result.verdict, result.reason, result.findings) == (Verdict.NOT_RUN, reason, ())
            for result in graded.items
            if result.item.requirement == "RESP-003"
        )


def _rows(
    verdicts: Mapping[str, tuple[Verdict, str]],
    broken: Mapping[str, Level] = MappingProxyType({}),
    capabilities: Sequence[str] = ("streaming", "tools"),
    terms: Terms | None = None,
) -> Graded:
    """A run in which all requirements passed but these."""
    graded = _graded([], [], replace(terms or _terms(), capabilities=frozenset(capabilities)))
    judgements = {}
    for identifier, row in graded.judgements.items():
        verdict, reason = verdicts.get(identifier, (Verdict.PASSED, ""))
        level = broken.get(identifier)
        violations = () if level is None else (Finding(identifier, Kind.BROKEN, "a", "b", level=level),)
        judgements[identifier] = replace(row, verdict=verdict, reason=reason, violations=violations)
    return replace(graded, judgements=judgements)


def _state(name: str, graded: Graded, gate: Level = Level.MUST) -> TierState:
    return next(row for row in tier_states(graded, gate) if row.tier.name == name)


def test_what_is_claimed_and_seen_holds() -> None:
    states = {row.tier.name: row.state for row in tier_states(_rows({}), Level.SHOULD)}
    claimed = {"core", "streaming", "tools"}
    assert list(states) == list(load_tiers(1))
    assert states == {n: State.HOLDS if n in claimed else State.NOT_CLAIMED for n in states}
    everything = _rows({}, capabilities=list(load_tiers(1)))
    assert {row.state for row in tier_states(everything, Level.MUST)} == {State.HOLDS}


@pytest.mark.parametrize(
    ("level", "gate", "state"),
    [
        (Level.MUST, Level.MUST, State.VIOLATED),
        (Level.SHOULD, Level.MUST, State.HOLDS),
        (Level.SHOULD, Level.SHOULD, State.VIOLATED),
    ],
)
def test_a_violation_at_the_gate_violates_its_tier_alone(level: Level, gate: Level, state: State) -> None:
    verdict = Verdict.FAILED if level is Level.MUST else Verdict.WARNED
    graded = _rows({"STRM-001": (verdict, "")}, {"STRM-001": level})
    row = _state("streaming", graded, gate)
    assert row.state is state and row.violated == (("STRM-001",) if state is State.VIOLATED else ())
    assert _state("core", graded, gate).state is State.HOLDS


def test_a_violation_is_not_hidden_by_claiming_nothing() -> None:
    graded = _rows({"STRM-001": (Verdict.FAILED, "")}, {"STRM-001": Level.MUST}, capabilities=["tools"])
    assert _state("streaming", graded).state is State.VIOLATED and exit_code(graded, Level.MUST) is Exit.VIOLATION


def test_a_violation_that_is_not_scored_violates_no_tier() -> None:
    graded = _rows({"STRM-001": (Verdict.FAILED, "")}, {"STRM-001": Level.MUST})
    row = replace(graded.judgements["STRM-001"], scored=False)
    unscored = replace(graded, judgements={**graded.judgements, "STRM-001": row})
    assert _state("streaming", unscored).state is State.HOLDS


OPEN: list[tuple[str, str, Verdict, str]] = [
    ("tools", "TOOL-017", Verdict.INCONCLUSIVE, "no tool was called"),
    ("tools", "TOOL-017", Verdict.INCONCLUSIVE, NOTHING_SEEN),
    ("tools", "TOOL-017", Verdict.NOT_RUN, "not sent"),
    ("tools", "TOOL-008", Verdict.NOT_RUN, "no test of it in this run"),
    ("streaming", "STRM-002", Verdict.INCONCLUSIVE, NOTHING_SEEN),
    ("streaming", "STRM-027", Verdict.INCONCLUSIVE, "cut off"),
    ("streaming", "STRM-027", Verdict.NOT_RUN, "not sent"),
    ("core", "SEM-002", Verdict.INCONCLUSIVE, "the model stopped by itself"),
]


@pytest.mark.parametrize(("tier", "identifier", "verdict", "reason"), OPEN)
def test_what_could_be_seen_and_was_not_opens_its_tier(
    tier: str, identifier: str, verdict: Verdict, reason: str
) -> None:
    row = _state(tier, _rows({identifier: (verdict, reason)}))
    assert (row.state, row.open, row.unseen) == (State.OPEN, (identifier,), ())


NEVER_DUE: list[tuple[str, str, Verdict, str]] = [
    ("streaming", "STRM-025", Verdict.INCONCLUSIVE, NOTHING_SEEN),
    (
        "streaming",
        "STRM-027",
        Verdict.INCONCLUSIVE,
        f"{NOTHING_SEEN} (inconclusive when: Fewer than three text deltas.)",
    ),
    ("streaming", "SSE-011", Verdict.INCONCLUSIVE, NOTHING_SEEN),
    ("core", "USG-004", Verdict.INCONCLUSIVE, "free in the contract: another sum"),
    ("core", "AUTH-010", Verdict.NOT_RUN, "only with --restricted-key-env, which names a second key"),
    ("core", "HTTP-010", Verdict.NOT_RUN, "only with --include large-body: it sends 33 MB"),
    ("core", "REQ-052", Verdict.NOT_RUN, "only with --include long-context"),
]


@pytest.mark.parametrize(("tier", "identifier", "verdict", "reason"), NEVER_DUE)
def test_what_never_came_due_is_named_and_opens_nothing(
    tier: str, identifier: str, verdict: Verdict, reason: str
) -> None:
    row = _state(tier, _rows({identifier: (verdict, reason)}), Level.SHOULD)
    assert (row.state, row.open, row.unseen) == (State.HOLDS, (), (identifier,))


def test_below_the_gate_nothing_opens_a_tier() -> None:
    graded = _rows({"TOOL-018": (Verdict.INCONCLUSIVE, "cut off")})
    assert load_catalogue().requirements["TOOL-018"].level("myrouter") is Level.SHOULD
    assert _state("tools", graded, Level.MUST).state is State.HOLDS
    assert _state("tools", graded, Level.SHOULD).state is State.OPEN


def test_what_is_excluded_opens_nothing() -> None:
    terms = _changed("TOOL-008", excluded="No answer shows it.")
    base = _graded([], [], terms).judgements["TOOL-008"]
    assert base.verdict is Verdict.NOT_RUN and not base.scored
    graded = _rows({"TOOL-008": (Verdict.NOT_RUN, "No answer shows it.")}, terms=terms)
    row = _state("tools", graded)
    assert (row.state, row.open, row.unseen) == (State.HOLDS, (), ())


def test_a_tier_of_which_nothing_was_seen_does_not_hold() -> None:
    """Under the gate `must` nothing binds in it, and nothing was tried either."""
    capabilities = ["streaming", "tools", "models"]
    assert load_tiers(1)["models"].requirements == ("OPT-003",)
    for verdict in (Verdict.NOT_RUN, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE):
        row = _state("models", _rows({"OPT-003": (verdict, "")}, capabilities=capabilities))
        open_ = () if verdict is Verdict.NOT_APPLICABLE else ("OPT-003",)
        assert (row.state, row.open) == (State.OPEN, open_)
    assert _state("models", _rows({}, capabilities=capabilities)).state is State.HOLDS


@pytest.mark.parametrize("status", [200, 429])
def test_what_waits_for_the_model_is_counted_apart(status: int) -> None:
    assert load_catalogue().requirements["TOOL-017"].probe is ProbeClass.COOP
    items = [_item("TOOL-017", probe="p"), _item("TOOL-016", probe="unsent"), _item("SSE-011", probe="p")]
    graded = _graded(items, _bracketed(status, MESSAGE))
    open_ = {
        name: replace(graded.judgements[name], verdict=verdict)
        for name, verdict in (
            ("TOOL-017", Verdict.INCONCLUSIVE),
            ("TOOL-016", Verdict.NOT_RUN),
            ("SSE-011", Verdict.INCONCLUSIVE),
        )
    }
    graded = replace(graded, judgements={**graded.judgements, **open_})
    assert uncooperative(graded) == (("TOOL-017",) if status == 200 else ()), "it answered, and did not do it"
