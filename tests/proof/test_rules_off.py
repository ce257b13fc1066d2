"""A rule that is switched off leaves its requirement unproved, and the proof says so."""

from random import Random

import pytest
from switches import Switch, bound, noticed_by, off

from conformance.contract import Level, load_catalogue
from conformance.proof.matrix import GOOD, weighed
from conformance.proof.subjects import PROFILES, faulty
from conformance.proof.trial import needed

#: Rules beside declared cases that see the same in what the requirement needs; `switches.py` tries these, too.
BESIDE_CASES = {"ERR-006", "ERR-007", "LOAD-001", "LOAD-002"}


def some(profile: str) -> list[Switch]:
    """Five rules of the registry about what the profile binds to, the same ones every time."""
    rows = load_catalogue().requirements
    free = {name for name, row in rows.items() if row.level(profile) is Level.MAY} | BESIDE_CASES
    rules = [one for one in bound(profile) if one.kind == "rule" and not free.intersection(one.requirements)]
    return Random(profile).sample(rules, 5)


@pytest.mark.parametrize(
    ("profile", "switch"),
    [(profile, switch) for profile in PROFILES for switch in some(profile)],
    ids=str,
)
def test_a_rule_that_is_off_is_missed(profile: str, switch: Switch) -> None:
    fault = noticed_by(switch, profile)
    subject = next(one for one in faulty(profile) if one.name == fault)
    with off(switch, profile):
        row = weighed(needed(subject), load_catalogue())
    assert row.state not in GOOD
    assert row.why.startswith(f"{subject.requirement} is unproved: ")
    assert weighed(needed(subject), load_catalogue()).why == ""


@pytest.mark.parametrize("profile", PROFILES)
def test_a_case_that_is_off_is_missed(profile: str) -> None:
    cases = [one for one in bound(profile) if one.kind == "case" and one.requirements == ("REQ-004",)]
    kinds = [one for one in bound(profile) if one.kind == "expectation" and one.name == "streamed"]
    assert cases and kinds
    assert all(noticed_by(one, profile) for one in (*cases, *kinds))
