"""The whole catalogue on an endpoint that keeps the contract: with everything claimed, with each capability given up,
under the other API version, and with a model that never does as it is told."""

from pathlib import Path

import pytest
from proving import COSTLY, EVERYTHING, broken, judged

from conformance.contract import Level, ProbeClass, load_catalogue, load_profiles
from conformance.verdicts import Exit, Graded, Verdict
from conformance.verdicts.tiers import State, tier_states

PROFILES = ("myrouter", "anthropic")
CAPABILITIES = sorted({*load_profiles()["anthropic"].included, *load_profiles()["anthropic"].optional})
#: What a conforming endpoint gives nothing to see of, in either profile: rate limits, errors inside a stream, pace,
#: fields that one of the profiles does not have, and departures from a MAY that are notes.
OPEN = {"HDR-015", "HDR-016", "SSE-011", "STRM-025", "STRM-026", "STRM-031", "USG-003", "USG-004", "USG-006", "USG-007"}
#: Not run without the operator's word.
ON_REQUEST = {"HTTP-010", "REQ-052"}
MOST, MOST_GENERATED, MOST_UNCOOPERATIVE = 450, 140, 600


def verdicts(graded: Graded | None) -> dict[str, Verdict]:
    """The verdict of each requirement."""
    assert graded is not None
    return {name: row.verdict for name, row in graded.judgements.items()}


def states(graded: Graded | None) -> dict[str, State]:
    """What a run says of each tier."""
    assert graded is not None
    return {row.tier.name: row.state for row in tier_states(graded, Level.SHOULD)}


def requests(graded: Graded | None) -> tuple[int, int]:
    """All requests of a run, and those that only generated items needed."""
    assert graded is not None
    drawn = {probe for item in graded.run.items if item.generated for probe in item.probes}
    by_hand = {probe for item in graded.run.items if not item.generated for probe in (*item.probes, item.control)}
    records = graded.run.records
    return len(records), sum(record.probe in drawn - by_hand for record in records)


@pytest.mark.parametrize("profile", PROFILES)
def test_all_of_it_passes_on_a_conforming_endpoint_within_the_budget(profile: str, tmp_path: Path) -> None:
    closing = judged(profile, tmp_path, fuzz=50, include=COSTLY, **EVERYTHING)
    found = verdicts(closing.graded)
    assert broken(closing.graded) == {}
    assert closing.code is Exit.CONFORMS
    assert {name for name, verdict in found.items() if verdict is not Verdict.PASSED} <= OPEN
    assert set(states(closing.graded).values()) == {State.HOLDS}
    total, drawn = requests(closing.graded)
    assert total <= MOST and drawn <= MOST_GENERATED, (total, drawn)


@pytest.mark.parametrize("profile", PROFILES)
def test_under_the_newer_version_all_of_it_passes_as_well(profile: str, tmp_path: Path) -> None:
    closing = judged(profile, tmp_path, **{**EVERYTHING, "api-version": "2026-10-21"})
    assert closing.graded is not None
    sent = [dict(record.exchange.request.headers) for record in closing.graded.run.records]
    other = sum(headers.get("anthropic-version") == "2023-06-01" for headers in sent)
    assert broken(closing.graded) == {}
    assert closing.code is Exit.CONFORMS
    assert other < 30, "the other version gets its controls and what is bound to it, no more"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("capability", CAPABILITIES)
def test_what_is_not_claimed_is_not_applicable_and_never_fails(capability: str, profile: str, tmp_path: Path) -> None:
    claimed = tuple(word for word in EVERYTHING["capability"] if word != capability)
    given_up = (capability,) if capability in load_profiles()[profile].included else ()
    closing = judged(profile, tmp_path, **{**EVERYTHING, "capability": claimed, "without": given_up})
    bound = {name for name, row in load_catalogue().requirements.items() if row.capability == capability}
    found = verdicts(closing.graded)
    assert broken(closing.graded) == {}
    assert closing.code is Exit.CONFORMS
    assert {found[name] for name in bound} <= {Verdict.NOT_APPLICABLE}
    assert states(closing.graded)[capability] is State.NOT_CLAIMED
    assert not any(verdict is Verdict.NOT_RUN for name, verdict in found.items() if name not in ON_REQUEST)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_model_that_never_does_as_it_is_told_breaks_nothing(profile: str, tmp_path: Path) -> None:
    closing = judged(profile, tmp_path, endpoint={"uncooperative": True}, fuzz=50, **EVERYTHING)
    found = verdicts(closing.graded)
    coop = {name for name, row in load_catalogue().requirements.items() if row.probe is ProbeClass.COOP}
    left_open = {name for name in coop if found[name] is Verdict.INCONCLUSIVE}
    assert broken(closing.graded) == {}
    assert closing.code is Exit.CONFORMS
    assert left_open
    assert states(closing.graded)["tools"] is State.OPEN
    assert f"{len(left_open)} inconclusive because the model did not cooperate" in closing.text.splitlines()[-1]
    total, drawn = requests(closing.graded)
    assert total <= MOST_UNCOOPERATIVE and drawn <= MOST_GENERATED, (total, drawn)
