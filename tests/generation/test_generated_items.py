"""What is drawn for a run: how much, under which names, and that each request is what it claims to be."""

import re
from collections import Counter
from copy import deepcopy
from typing import Any

import pytest
from generation_draws import PROFILES, by_expectation, draw_for, everything

from conformance._paths import suite_files
from conformance.contract import Level, load_catalogue
from conformance.contract.violations import value_at, violations
from conformance.evidence.run import Expect, Item
from conformance.generation import generated
from conformance.generation.conversations import PLANES, conversation_items
from conformance.generation.corpus import corpus_items
from conformance.generation.draws import Draw
from conformance.generation.hosts import put
from conformance.generation.live import live_items
from conformance.generation.naming import is_free_of_doubt, key_of, shares, varied
from conformance.generation.selection import LIMIT
from conformance.probing.plan import plan
from conformance.probing.probe import Probe
from conformance.probing.render import Desk
from conformance.suite import PLAIN_CONTROL, declared, probe
from conformance.suite_items import index, item_id

DESK = Desk("http://127.0.0.1:1/v1/messages", "2023-06-01", "m", "k" * 20, "w" * 24, "n")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seed", [1, 20261125])
def test_every_negative_differs_from_its_control_in_one_place_and_breaks_one_constraint(
    profile: str, seed: int
) -> None:
    refused = by_expectation(everything(draw_for(profile, seed=seed)), "refused")
    assert len(refused) > 50
    for item, own, control in refused:
        body, good = own.calls[0].body, control.calls[0].body
        (violation,) = violations(profile, body)
        assert violations(profile, good) == ()
        assert violation.requirement == item.requirement, item.key
        assert control.id == item.control
        (member,) = _changed(good, body)
        before, after = (value_at(each, (member,)) for each in (good, body))
        if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            assert len(_changed(before, after)) == 1, item.key


def _changed(good: Any, body: Any) -> list[Any]:
    """The members of two objects, or the elements of two lists, that are not the same."""
    names = {**good, **body} if isinstance(good, dict) else range(max(len(good), len(body)))
    return [name for name in names if value_at(good, (name,)) != value_at(body, (name,))]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seed", [1, 20261125])
def test_every_positive_keeps_the_contract_and_away_from_what_it_leaves_free(profile: str, seed: int) -> None:
    accepted = by_expectation(everything(draw_for(profile, seed=seed)), "accepted")
    assert len(accepted) >= 5 + 10 + 13
    for item, own, _ in accepted:
        body = own.calls[0].body
        assert violations(profile, body) == (), item.key
        assert is_free_of_doubt(body), item.key
        assert 1 <= body["max_tokens"] <= 16
        assert "\0" not in key_of(body)
        assert {"temperature", "top_p", "top_k"} & set(body) == set()


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_asked_that_the_profile_leaves_open_or_the_target_does_not_claim(profile: str) -> None:
    known = load_catalogue().requirements
    plain = Draw(profile, "2023-06-01", frozenset(), 50, 1)
    for item, probes in everything(plain):
        assert known[item.requirement].level(profile) is not Level.MAY, item.key
        assert not any(one.streamed or "tools" in one.calls[0].body for one in probes), item.key
    assert len(live_items(plain)) + len(conversation_items(plain)) > 40


def test_sampling_values_are_left_alone_under_a_version_that_has_none() -> None:
    newer = Draw("anthropic", "2026-10-21", frozenset(["tools"]), 40, 1)
    pointers = {item.case for item, _ in everything(newer) if "/t" in item.case}
    assert not [name for name in pointers if re.search(r"/(temperature|top_p|top_k)", name)]
    assert len(everything(newer)) > 60


@pytest.mark.parametrize("profile", PROFILES)
def test_names_are_of_constraints_unique_and_plain_ascii(profile: str) -> None:
    items = [item for item, _ in everything(draw_for(profile))]
    assert max(Counter(item.key for item in items).values()) == 1
    assert max(Counter(item_id(item) for item in items).values()) == 1
    assert all(item.key.isascii() and item.generated for item in items)
    live = [item for item in items if item.case.startswith("live ")]
    assert len(live) == 50
    assert {item.scored for item in live} == {False}
    assert {item.scored for item in items if item not in live} == {True}


@pytest.mark.parametrize("count", [0, 1, 2, 7, 50, 120])
def test_a_run_draws_as_many_live_cases_as_asked_for(count: int) -> None:
    draw = draw_for("myrouter", count=count)
    share = shares(count)
    assert share.accepted + share.refused + share.served + share.broken == count
    assert len(live_items(draw)) + len(conversation_items(draw)) == count


def test_another_seed_draws_other_requests() -> None:
    first, second = (
        {key_of(probes[0].calls[0].body) for _, probes in (*live_items(draw), *conversation_items(draw))}
        for draw in (draw_for("myrouter"), draw_for("myrouter", seed=20261125))
    )
    assert len(first - second) > 25


@pytest.mark.parametrize("profile", PROFILES)
def test_the_whole_run_stays_within_its_budget_of_requests(profile: str) -> None:
    draw = draw_for(profile)
    items, probes = index(suite_files(), draw)
    planned = plan(list(items.values()), probes, DESK, draw.capabilities)
    assert len(planned.generated()) <= 140
    assert planned.requests[0] <= 410 and planned.requests[1] <= 450
    assert len(corpus_items(draw)) <= LIMIT


@pytest.mark.parametrize("profile", PROFILES)
def test_conversations_speak_every_plane_and_both_shapes_of_content(profile: str) -> None:
    items = conversation_items(draw_for(profile, count=200))
    text = "".join(key_of(probes[0].calls[0].body) for _, probes in items)
    words = text.encode().decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16")
    assert {ord(letter) >> 16 for letter in words} >= {first >> 16 for first, _ in PLANES}
    bodies = [probes[0].calls[0].body for item, probes in items if item.expect["*"].kind == "accepted"]
    assert {len(body["messages"]) for body in bodies} == {1, 3, 5}
    assert {type(turn["content"]) for body in bodies for turn in body["messages"]} == {str, list}
    assert {type(body.get("system")) for body in bodies} == {str, list, type(None)}
    assert {body["max_tokens"] for body in bodies} == {1, 2, 15, 16}
    assert {body.get("stream") for body in bodies} == {True, False, None}


def test_the_control_of_a_broken_conversation_is_a_valid_one_of_the_same_run() -> None:
    items = conversation_items(draw_for("myrouter"))
    valid = {probes[0].id for item, probes in items if item.expect["*"].kind == "accepted"}
    broken = [item for item, _ in items if item.expect["*"].kind == "refused"]
    assert len(broken) == 12
    assert {item.control for item in broken} <= valid


def test_a_generated_function_stands_for_each_item_once() -> None:
    item = Item("REQ-010", "a", ("p",), {"*": Expect("accepted")})

    @generated(lambda draw: [(item, (probe("p", {}),)), (deepcopy(item), (probe("p", {}),))])
    def test_some_duty_holds() -> None:
        """Never called."""

    generator = declared(test_some_duty_holds).generator
    assert generator is not None
    items, probes = generator(draw_for("myrouter"))
    assert [(one.case, one.about, one.generated) for one in items] == [("a", "some duty holds", True)]
    assert list(probes) == ["p"]


def test_two_probes_of_one_name_are_refused() -> None:
    one, other = (Item("REQ-010", case, ("p",), {"*": Expect("accepted")}) for case in "ab")

    @generated(lambda draw: [(one, (Probe("p", ()),)), (other, (PLAIN_CONTROL, probe("p", {})))])
    def test_duty() -> None:
        """Never called."""

    generator = declared(test_duty).generator
    assert generator is not None
    with pytest.raises(ValueError, match="two different probes are called 'p'"):
        generator(draw_for("myrouter"))


def test_what_is_alike_comes_after_what_is_not() -> None:
    assert varied(["a1", "a2", "b1", "a3", "b2"], lambda word: word[0]) == ["a1", "b1", "a2", "b2", "a3"]


@pytest.mark.parametrize(
    ("path", "fits"), [((), False), (("a", 5), False), (("b",), True), (("c", "d"), False), (("a", "x"), False)]
)
def test_a_value_is_put_where_there_is_room_for_it(path: tuple[str | int, ...], fits: bool) -> None:
    assert put({"a": [1]}, path, 2) is fits
