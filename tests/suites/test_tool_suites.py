"""The suites about tools: complete, within their budget, negatives that differ from an accepted request in one place,
and verdicts that name each breach of the reference endpoint and are silent about what is free."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conformance import reference
from conformance._paths import suite_files
from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.run import PLAIN, STREAM, Item
from conformance.generation.draws import Draw
from conformance.generation.hosts import BY_ID
from conformance.probing.probe import Probe
from conformance.rules.expectations import NEGATIVE_KINDS
from conformance.session.closing import Closing, close_run
from conformance.session.live import open_live
from conformance.settings.resolve import resolve
from conformance.suite_items import index
from conformance.suite_tools import CHARACTERS, GET_CODE
from conformance.verdicts import Exit, Graded, Verdict

PROFILES = sorted(load_profiles())
SUITES = {"test_tools_definitions", "test_tools_calls", "test_tools_history", "test_semantics", "test_stream"}
#: What other suites declare that needs these requests.
OTHERS = {"SEM-003", "SEM-004", "SEM-013", "STRM-015", "STRM-028", "STRM-029"}
BUDGET = 55  #: requests on a target whose model does as it is told, beside the controls that every run sends
#: Requests of the selected items that have nothing to do with tools: words beyond ASCII, in both modes.
ELSEWHERE = {PLAIN, STREAM, "words beyond ASCII", "words beyond ASCII, streamed"}
BROKEN = {Verdict.FAILED, Verdict.WARNED}
KEY = "tool-suites-key-0123456789"


@cache
def declared(profile: str) -> tuple[tuple[Item, ...], Mapping[str, Probe]]:
    """The items that need tools, and all probes of their suites."""
    files = [path for path in suite_files() if path.stem in SUITES]
    items, probes = index(files, Draw(profile, "2023-06-01", frozenset(), 0, 1))
    chosen = (item for item in items.values() if item.requirement.startswith("TOOL-") or item.requirement in OTHERS)
    return tuple(chosen), probes


def closing(profile: str, folder: Path, given_up: tuple[str, ...] = (), **endpoint: Any) -> Closing:
    """The end of a run of these items against a reference endpoint with these settings."""
    items, probes = declared(profile)
    with reference.Endpoint(reference.Settings(profile, KEY, **endpoint)) as server:
        given = {"target-url": server.url, "profile": profile, "model": "reference-1", "out": folder / "run"}
        settings = resolve({**given, "level": "should", "without": given_up}, folder, {})
        live = open_live(settings, items, probes, True, {"CONFORMANCE_API_KEY": KEY})
        live.begin()
        assert live.scheduler is not None
        live.scheduler.wait()
        return close_run(live, 0, "")


def graded(found: Closing) -> Graded:
    """What a run came to."""
    assert found.graded is not None
    return found.graded


def verdicts(found: Closing) -> dict[str, Verdict]:
    """The verdict of each requirement that was selected."""
    named = {item.requirement for item in graded(found).run.items}
    return {name: graded(found).judgements[name].verdict for name in sorted(named)}


def broken(found: Closing) -> set[str]:
    """Every requirement that is violated, selected or not."""
    return {name for name, row in graded(found).judgements.items() if row.verdict in BROKEN}


def left_open(found: Closing) -> set[str]:
    """The selected requirements that could not be judged."""
    return {name for name, verdict in verdicts(found).items() if verdict is Verdict.INCONCLUSIVE}


def negatives(profile: str) -> list[Item]:
    """The items whose request must be refused in a profile."""
    items, _ = declared(profile)
    wanted = [(item, item.expect.get(profile, item.expect.get("*"))) for item in items]
    return [item for item, expect in wanted if expect is not None and expect.kind == "refused"]


def places(one: Any, other: Any) -> int:
    """In how many places two JSON values differ; a run of elements put in, left out or exchanged is one place."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys, absent = {*one, *other}, object()
        return sum(places(one.get(key, absent), other.get(key, absent)) for key in keys)
    if not (isinstance(one, list) and isinstance(other, list)):
        return int(type(one) is not type(other) or one != other)
    left, right = trimmed(one, other)
    return places(left[0], right[0]) if len(left) == len(right) == 1 else int(bool(left or right))


def trimmed(one: list[Any], other: list[Any]) -> tuple[list[Any], list[Any]]:
    """Two lists without the elements that both begin with, and those that both end with."""
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return one, other


@pytest.mark.parametrize("profile", PROFILES)
def test_every_requirement_has_an_item_with_an_expectation(profile: str) -> None:
    items, _ = declared(profile)
    wanted = {id_ for id_, entry in load_catalogue().requirements.items() if entry.area == "TOOL"} | OTHERS
    assert {item.requirement for item in items} == wanted
    assert all({profile, "*"} & set(item.expect) for item in items if item.active)


def test_what_sends_tools_says_that_it_needs_them_and_what_streams_says_so() -> None:
    _, probes = declared("anthropic")
    for probe in probes.values():
        offers = any(isinstance(call.body, dict) and "tools" in call.body for call in probe.calls)
        assert not offers or "tools" in probe.capabilities, probe.id
        assert probe.streamed == ("streaming" in probe.capabilities), probe.id


def test_no_other_probe_has_an_id_of_these() -> None:
    for name, probe in declared("anthropic")[1].items():
        assert BY_ID.get(name, probe) == probe, "an accepted request of the generated suites has this id"


def test_places_are_counted() -> None:
    base = {"a": 1, "b": [{"c": 1, "d": 2}, "x"]}
    assert places(base, base) == 0
    assert places(base, base | {"a": True}) == 1
    assert places(base, base | {"a": 2, "z": None}) == 2
    assert places(base, base | {"b": [{"c": 1, "d": 2}, "y", "x"]}) == 1
    assert places(base, base | {"b": [{"c": 2, "d": 3}, "x"]}) == 2
    assert places(base, base | {"b": ["x", {"c": 1, "d": 2}]}) == 1
    assert places([], [1]) == places({}, {"a": None}) == places("a", ["a"]) == 1


@pytest.mark.parametrize("profile", PROFILES)
def test_a_refused_request_differs_from_its_control_in_one_place(profile: str) -> None:
    _, probes = declared(profile)
    found = negatives(profile)
    assert len(found) >= 20
    for item in found:
        (call,) = probes[item.probes[0]].calls
        served = probes[item.control].calls[0]
        assert item.control not in {PLAIN, STREAM}, item.key
        assert "tools" in served.body, item.key
        assert places(call.body, served.body) == 1, item.key


def test_a_bad_tool_stands_beside_the_good_one_under_a_name_of_its_own() -> None:
    _, probes = declared("anthropic")
    found = [item for item in negatives("anthropic") if item.requirement in {"TOOL-003", "TOOL-004", "TOOL-006"}]
    assert len(found) == 11
    for item in found:
        good, bad = probes[item.probes[0]].calls[0].body["tools"]
        assert good == GET_CODE, item.key
        assert bad.get("name") != GET_CODE["name"], "two tools of one name are refused for that alone"


def test_negatives_and_controls_belong_together_in_every_profile() -> None:
    items, probes = declared("myrouter")
    for item in items:
        negative = any(expect.kind in NEGATIVE_KINDS for expect in item.expect.values())
        needed = {word for name in item.probes for word in probes[name].capabilities}
        assert not negative or needed == set(probes[item.control].capabilities), item.key


def test_the_forced_text_holds_what_is_escaped_and_characters_of_every_plane_in_use() -> None:
    assert set('"\\\n\t') <= set(CHARACTERS)
    assert {ord(letter) >> 16 for letter in CHARACTERS} == {0, 1, 2, 14}
    names = {unicodedata.name(letter, "") for letter in CHARACTERS}
    assert {"MUSICAL SYMBOL G CLEF", "WHITE SUN BEHIND CLOUD WITH RAIN", "WAVING BLACK FLAG", "CANCEL TAG"} <= names


@pytest.mark.parametrize("profile", PROFILES)
def test_all_of_it_passes_on_a_conforming_endpoint_within_the_budget(profile: str, tmp_path: Path) -> None:
    found = closing(profile, tmp_path)
    sent = [record for record in graded(found).run.records if record.probe not in ELSEWHERE]
    replies = [record for record in sent if record.probe in graded(found).run.awaited]
    assert broken(found) == set()
    assert set(verdicts(found).values()) == {Verdict.PASSED}
    assert found.code is Exit.CONFORMS
    assert len(sent) <= BUDGET
    assert len(replies) == 4


def test_a_choice_given_as_a_string_is_free_under_the_profile_that_does_not_type_it() -> None:
    items, _ = declared("myrouter")
    (item,) = (item for item in items if item.requirement == "TOOL-009")
    assert {profile: expect.kind for profile, expect in item.expect.items()} == {
        "myrouter": "never-5xx",
        "anthropic": "refused",
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_a_model_that_calls_no_tool_by_itself_breaks_nothing(profile: str, tmp_path: Path) -> None:
    found = closing(profile, tmp_path, uncooperative=True)
    assert broken(found) == set()
    assert left_open(found) == {"TOOL-017", "SEM-013", "STRM-015", "STRM-029"}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_model_that_refuses_to_speak_breaks_nothing(profile: str, tmp_path: Path) -> None:
    found = closing(profile, tmp_path, variations=("refusal",))
    assert broken(found) == set()
    assert {f"TOOL-{number:03}" for number in range(11, 18)} <= left_open(found)


@pytest.mark.parametrize("profile", PROFILES)
def test_without_tools_nothing_is_sent_that_holds_any(profile: str, tmp_path: Path) -> None:
    found = closing(profile, tmp_path, given_up=("tools",))
    about_tools = {name for name in verdicts(found) if load_catalogue().requirements[name].capability == "tools"}
    bodies = [record.reading.sent for record in graded(found).run.records]
    assert broken(found) == set()
    assert {verdicts(found)[name] for name in about_tools} == {Verdict.NOT_APPLICABLE}
    assert not any("tools" in body for body in bodies if isinstance(body, dict))


def test_without_streaming_the_other_mode_is_judged_alone(tmp_path: Path) -> None:
    found = closing("myrouter", tmp_path, given_up=("streaming",))
    own = {name: verdict for name, verdict in verdicts(found).items() if name.startswith("TOOL-")}
    assert broken(found) == set()
    assert not any(record.reading.is_stream for record in graded(found).run.records)
    assert {name for name, verdict in own.items() if verdict is not Verdict.PASSED} == set()
