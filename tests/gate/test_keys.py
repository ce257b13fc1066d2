"""Keys outlive a run: they say nothing of seed or draw."""

import re

import pytest
from gate_runs import broken, entry, graded, held

from conformance.contract import load_catalogue, load_profiles
from conformance.gate.known import is_known
from conformance.generation.conversations import conversation_items
from conformance.generation.corpus import corpus_items
from conformance.generation.draws import Draw
from conformance.generation.live import live_items
from conformance.verdicts.keys import constraint_of, drawn_cases, key_of, violated_keys

NAMES = {
    "/messages type boolean": ("/messages type", "boolean"),
    "/tools accepted no-description": ("/tools accepted", "no-description"),
    "live /max_tokens type number": ("/max_tokens type", "number"),
    "live /max_tokens type array 12": ("/max_tokens type", "array"),
    "live conversation /messages/0/role required absent 2": ("/messages/0/role required", "absent"),
    "live accepted 2 turns, metadata, system": ("accepted", "2 turns, metadata, system"),
    "live accepted 1 turn 3": ("accepted", "1 turn"),
    "live conversation 5 turns, stream 2": ("accepted", "5 turns, stream"),
    "something else 2": ("something else 2", ""),
    "/only two": ("/only two", ""),
    "live other 2": ("other", ""),
}


@pytest.mark.parametrize("case", NAMES)
def test_the_name_of_a_generated_case_tells_its_constraint_and_its_kind(case: str) -> None:
    assert constraint_of(case) == NAMES[case]
    assert key_of("REQ-024", case, generated=True) == f"REQ-024 {NAMES[case][0]}"


def test_other_cases_and_passive_findings_are_called_what_they_are() -> None:
    assert key_of("REQ-021", "live absent 2") == "REQ-021 live absent 2"
    assert key_of("RESP-003", "") == key_of("RESP-003", "", generated=True) == "RESP-003"


@pytest.mark.parametrize("profile", load_profiles())
@pytest.mark.parametrize("seed", [1, 20260304])
def test_what_is_drawn_has_the_key_of_a_constraint_that_can_be_listed(profile: str, seed: int) -> None:
    terms = load_profiles()[profile]
    draw = Draw(profile, terms.api_version, frozenset(terms.capabilities), 40, seed)
    cases = [item for source in (corpus_items, live_items, conversation_items) for item, _ in source(draw)]
    assert len(cases) >= 40
    for item in cases:
        case, kind = constraint_of(item.case)
        assert re.fullmatch(r"accepted|/\S+ [A-Za-z]+", case) and kind, item.key
        assert is_known(entry(f"{item.requirement} {case}", profile=profile)), item.key


def test_violations_are_gathered_by_key() -> None:
    run = graded(
        broken("REQ-024 live /max_tokens type array", generated=True),
        broken("REQ-024 live conversation /max_tokens type object", generated=True),
        broken("RESP-003"),
        held("REQ-021 absent"),
    )
    found = violated_keys(run)
    assert {key: len(rows) for key, rows in found.items()} == {"REQ-024 /max_tokens type": 2, "RESP-003": 1}
    assert drawn_cases(run) == {
        ("REQ-024", "live /max_tokens type array"), ("REQ-024", "live conversation /max_tokens type object")
    }  # fmt: skip


def test_a_violation_that_does_not_count_has_no_key() -> None:
    assert not violated_keys(graded(broken("RESP-003"), unscored=["RESP-003"]))


KNOWN = {
    "RESP-003": True, "REQ-999": False, "NOPE-1": False, "REQ-021 absent": True, "REQ-021 absnt": False,
    "REQ-024 /max_tokens type": True, "REQ-021 /max_tokens type": False, "REQ-024 /max_tokns type": False,
    "REQ-025 /max_tokens type": True, "REQ-032 /system/0/text required": True, "REQ-010 accepted": True,
    "REQ-021 accepted": False, "REQ-003 /messages type": True, "REQ-024 /max_tokens": False,
}  # fmt: skip


@pytest.mark.parametrize("key", KNOWN)
def test_an_entry_names_something_or_nothing(key: str) -> None:
    assert is_known(entry(key)) is KNOWN[key]


def test_what_belongs_to_the_run_is_known_whoever_declared_it() -> None:
    run = graded(held("REQ-021 a case of somebody's own"))
    assert is_known(entry("REQ-021 a case of somebody's own"), run.run.items)
    assert not is_known(entry("REQ-021 a case of somebody's own"))


def test_every_requirement_can_be_listed() -> None:
    assert all(is_known(entry(name)) for name in load_catalogue().requirements)
