"""The hand-written suites as a whole: complete, without repetition, within their budget of requests."""

import importlib.util
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.run import Expect, Item
from conformance.probing.operator import COSTLY, NEEDS, Operator
from conformance.probing.plan import plan
from conformance.probing.probe import Probe, Shape
from conformance.probing.render import Desk
from conformance.probing.replies import REPLIES
from conformance.rules.all import load_rules
from conformance.rules.expectations import KINDS
from conformance.rules.reached import REACHED
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL, Declared

SUITES = Path(__file__).parents[2] / "suites"
#: Requests to a cooperative target, without the repeated controls that generated cases ask for: of what the profiles
#: include, and of everything there is to claim and to allow.
BUDGET, WHOLE_BUDGET = 308, 341
OPERATOR = Operator("second-key", ("a", "b"), 100, frozenset(COSTLY))

FILES = sorted(path for path in SUITES.glob("test_*.py") if not path.name.startswith("test_generated"))


@cache
def module(path: Path) -> ModuleType:
    """A suite file, imported under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"suite_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def functions(path: Path) -> Iterator[tuple[str, Declared]]:
    """The test functions of a file with what they declare."""
    for name, value in vars(module(path)).items():
        if name.startswith("test_"):
            yield name, value.__conformance__


def declarations() -> Iterator[Declared]:
    """What all test functions declare."""
    return (declared for path in FILES for _, declared in functions(path))


def items() -> tuple[Item, ...]:
    """Every declared item."""
    return tuple(item for declared in declarations() for item in declared.items)


def probes() -> dict[str, Probe]:
    """Every probe by its id."""
    return {name: probe for declared in declarations() for name, probe in declared.probes.items()}


def expectations() -> Iterator[Expect]:
    """Every expectation of every item."""
    return (expect for item in items() for expect in item.expect.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_a_page_with_a_first_sentence_and_named_duties(path: Path) -> None:
    assert module(path).__doc__
    for name, declared in functions(path):
        assert len({item.requirement for item in declared.items}) == 1, name
        assert not declared.pending, name


@pytest.mark.parametrize("profile", sorted(load_profiles()))
def test_every_requirement_that_is_not_excluded_has_an_item(profile: str) -> None:
    wanted = {id_ for id_, entry in load_catalogue().requirements.items() if not entry.excluded}
    assert {item.requirement for item in items() if not item.active or {profile, "*"} & set(item.expect)} == wanted


def test_no_two_items_have_the_same_key() -> None:
    counts = Counter(item.key for item in items())
    assert [key for key, count in counts.items() if count > 1] == []


def test_a_probe_id_names_one_probe() -> None:
    named: dict[str, Probe] = {PLAIN_CONTROL.id: PLAIN_CONTROL, STREAM_CONTROL.id: STREAM_CONTROL}
    for declared in declarations():
        for name, probe in declared.probes.items():
            assert named.setdefault(name, probe) == probe, name


@pytest.mark.parametrize("profile", sorted(load_profiles()))
def test_every_case_has_an_expectation_under_every_profile(profile: str) -> None:
    for item in items():
        assert not item.active or {profile, "*"} & set(item.expect), item.key


def test_every_kind_of_expectation_exists() -> None:
    load_rules()
    assert {expect.kind for expect in expectations()} <= set(KINDS)


def test_a_passive_item_names_probes_and_an_item_only_known_ones() -> None:
    known = probes()
    for item in items():
        assert item.probes, item.key
        assert {*item.probes, item.control} - {""} <= set(known), item.key


def test_a_negative_that_asks_for_a_stream_has_a_control_that_does() -> None:
    known = probes()
    for item in items():
        negative = any(expect.kind == "error-before-stream" for expect in item.expect.values())
        assert not negative or known[item.control].streamed, item.key


def test_a_probe_that_streams_says_that_it_needs_streaming() -> None:
    for probe in probes().values():
        assert not probe.streamed or "streaming" in probe.capabilities, probe.id


def test_a_probe_of_several_wordings_names_a_known_predicate() -> None:
    for probe in probes().values():
        assert (probe.shape is Shape.UNTIL) == bool(probe.until), probe.id
        assert not probe.until or probe.until in REACHED, probe.id


def test_a_probe_that_waits_names_what_it_waits_for() -> None:
    for probe in probes().values():
        assert not probe.needs or probe.needs in NEEDS, probe.id
        assert (probe.after is not None) == any(call.reply for call in probe.calls), probe.id
        assert probe.after is None or probe.after.until in REACHED, probe.id
        assert {call.reply for call in probe.calls} - {""} <= set(REPLIES), probe.id


def test_all_is_sent_within_the_budget() -> None:
    profile = load_profiles()["anthropic"]
    known = {PLAIN_CONTROL.id: PLAIN_CONTROL, STREAM_CONTROL.id: STREAM_CONTROL, **probes()}
    endpoint = ("http://127.0.0.1:1/v1/messages", "2023-06-01", "m", "k" * 24, "w" * 24, "0123456789")
    included = plan(items(), known, Desk(*endpoint), frozenset(profile.included))
    whole = plan(items(), known, Desk(*endpoint, operator=OPERATOR), frozenset(profile.capabilities))
    assert whole.unsent == {}
    assert set(included.unsent) == {
        probe.id for probe in known.values() if probe.needs or set(probe.capabilities) - set(profile.included)
    }
    assert (included.requests[0] <= BUDGET, whole.requests[0] <= WHOLE_BUDGET) == (True, True)


def test_bad_credentials_are_sent_last() -> None:
    bad = {"AUTH-003", "AUTH-004", "AUTH-005", "AUTH-006", "AUTH-008", "AUTH-011"}
    known = probes()
    for item in items():
        if item.requirement in bad:
            assert all(known[name].last for name in item.probes), item.key
