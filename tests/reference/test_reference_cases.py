"""Every kind of mistake is one of a rule, and every declared case that no fault can break alone says why."""

import re

import pytest
from reference_corpus import item, status_of, written

from conformance.proof import runs
from conformance.reference import PROFILES, faults
from conformance.reference.faults.kinds_refused import BY_NAME, CRASHES, SIMPLE
from conformance.reference.faults.kinds_served import ALONE, MISTAKES
from conformance.reference.faults.mistakes import OWNERS

BY_PASSIVE = "the rule for all traffic judges the same answer"
BY_GENERATED = "the frozen corpus holds a request of the same kind"
BY_PREFLIGHT = "the pre-flight ends a run that meets it"
BY_CONTROL = "it is its own control: HTTP-001 speaks of it"
SAME_BYTES = "white space behind a value is no part of it (RFC 9110, section 5.5)"
NARROWER = "what breaks it breaks the narrower cases of the requirement, too"

INSEPARABLE: dict[str, str] = {
    "AUTH-006 scheme_alone": SAME_BYTES,
    "AUTH-006 scheme_and_space": SAME_BYTES,
    "ERR-006 no_model": BY_PASSIVE,
    "ERR-006 string": BY_PASSIVE,
    "ERR-006 fraction": BY_PASSIVE,
    "ERR-006 system": BY_PASSIVE,
    "ERR-006 by_budget": BY_PASSIVE,
    "ERR-006 of_either_kind": BY_PASSIVE,
    "HTTP-007 path": BY_PREFLIGHT,
    "HTTP-012 plain": BY_PREFLIGHT,
    "REQ-010 string": BY_CONTROL,
    "REQ-010 two_blocks": BY_GENERATED,
    "REQ-046 in_block": BY_GENERATED,
    "REQ-053 one_hour": NARROWER,
    "TOOL-001 one": BY_GENERATED,
    "TOOL-005 longest": BY_GENERATED,
    "TOOL-017 json": NARROWER,
}
"""Cases of which no server could break this one alone, and why."""

MENTIONED = {"USG-010 three_times": "myrouter"}
"""Cases that a profile only mentions: no answer breaks them there."""


@pytest.mark.parametrize("profile", PROFILES)
def test_what_cannot_be_broken_alone_is_declared(profile: str) -> None:
    assert {*INSEPARABLE, *MENTIONED} <= {one.key for one in runs.declared(profile)}


def test_a_case_that_is_mentioned_alone_has_no_fault_in_its_profile() -> None:
    (wandering,) = (fault for fault in faults() if fault.id == "count-wanders")
    assert MENTIONED[f"{wandering.requirement} three_times"] not in wandering.profiles


def test_every_mistake_is_one_of_a_rule_and_has_its_fault() -> None:
    known = {fault.id: fault for fault in faults()}
    assert len(BY_NAME) == len(MISTAKES) > 100
    assert all(mistake.rule in OWNERS for mistake in MISTAKES)
    assert {f"{name}-served" for name in BY_NAME.keys() - ALONE} <= known.keys()
    assert all(known[f"{name}-crashes"].requirement == BY_NAME[name].requirement for name in CRASHES)
    assert all(re.fullmatch(r"[A-Z]+-\d{3}", mistake.requirement) and mistake.says for mistake in MISTAKES)


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_second_refusal_differs_where_a_fault_says_so(name: str, profile: str) -> None:
    assert f"{name}-differs-each-second-time" in {fault.id for fault in faults() if profile in fault.profiles}


KINDS = [
    ("model-null-served", "model-None", "model-1"),
    ("max-tokens-boolean-served", "limit-True", "limit-32"),
    ("role-tool-served", "role-tool", "role-User"),
    ("content-null-served", "content-None", "content-5"),
    ("tool-name-with-space-served", "tool-name-a b", "tool-name-a.b"),
    ("budget-small-served", "thinking-{'type': 'enabled', 'budget_tokens': 10}", "thinking-{'type': 'enabled'}"),
    ("call-unanswered-served", "unanswered", "half-answered"),
    ("body-null-served", "raw-b'null'", "raw-b'[]'"),
]


@pytest.mark.parametrize(("fault", "served", "refused"), KINDS, ids=[row[0] for row in KINDS])
@pytest.mark.parametrize("profile", PROFILES)
def test_one_kind_is_served_and_its_neighbour_is_not(fault: str, served: str, refused: str, profile: str) -> None:
    assert status_of(written(item(served), profile, fault)) == 200
    assert status_of(written(item(refused), profile, fault)) == 400
