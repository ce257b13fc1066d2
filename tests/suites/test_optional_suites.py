"""The suites of what a target may have beyond the included: thinking, images, surfaces, and what an operator allows."""

import struct
import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conformance import reference
from conformance._paths import suite_files
from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.run import PLAIN, STREAM, Item
from conformance.generation.draws import Draw
from conformance.probing import operator
from conformance.probing.operator import COSTLY, NEEDS
from conformance.probing.probe import Probe
from conformance.reference import validation
from conformance.reference.validation import Rule
from conformance.reference.validation._types import typed_blocks
from conformance.rules.expectations import NEGATIVE_KINDS
from conformance.session.closing import close_run
from conformance.session.live import open_live
from conformance.settings.resolve import resolve
from conformance.suite_images import PICTURE, SIDE
from conformance.suite_items import index
from conformance.verdicts import Graded, Verdict

PROFILES = sorted(load_profiles())
SUITES = {"test_thinking", "test_images", "test_optional_surfaces", "test_operator"}
OTHERS = {"ERR-006", "REQ-019", "REQ-020", "AUTH-010", "HDR-006", "HTTP-010", "REQ-052", "STRM-030", "STRM-031"}
ON_REQUEST = {"AUTH-010", "HDR-006", "HTTP-010", "REQ-052"}
CLAIMS = ("thinking", "vision", "count-tokens", "models")
#: Least requests beside the controls, without the two replies that a cooperative model gets, and with them.
LEAST, MOST = 30, 32
BROKEN = {Verdict.FAILED, Verdict.WARNED}

KEY, SECOND_KEY = "optional-key-0123456789", "restricted-key-0123456789"
#: Bytes and tokens: limits small enough that reaching them takes no time.
LARGE, BODY_LIMIT, WINDOW = 400_000, 200_000, 2_000
OPERATOR: Mapping[str, Any] = {
    "include": COSTLY,
    "restricted-key-env": "SECOND_KEY",
    "accepted-betas": ("beta-one", "beta-two"),
    "context-window": WINDOW,
}


@cache
def declared(profile: str) -> tuple[tuple[Item, ...], Mapping[str, Probe]]:
    """The items of these suites, and their probes."""
    files = [path for path in suite_files() if path.stem in SUITES]
    items, probes = index(files, Draw(profile, "2023-06-01", frozenset(), 0, 1))
    return tuple(items.values()), probes


def judged(
    profile: str, folder: Path, *faults: str, claims: tuple[str, ...] = CLAIMS, given: Mapping[str, Any] = OPERATOR
) -> Graded:
    """A run of these suites against the reference endpoint with these faults."""
    items, probes = declared(profile)
    limits: Mapping[str, Any] = {"context_window": WINDOW, "body_limit": BODY_LIMIT}
    endpoint = reference.Settings(profile, KEY, faults=faults, restricted_key=SECOND_KEY, **limits)
    with reference.Endpoint(endpoint) as server:
        options = {"target-url": server.url, "profile": profile, "model": endpoint.model, "out": folder / "run"}
        settings = resolve({**options, "capability": claims, **given}, folder, {})
        keys = {"CONFORMANCE_API_KEY": KEY, "SECOND_KEY": SECOND_KEY}
        live = open_live(settings, items, probes, True, keys)
        live.begin()
        assert live.scheduler is not None
        live.scheduler.wait()
        graded = close_run(live, 0, "").graded
    assert graded is not None
    return graded


def verdicts(graded: Graded) -> dict[str, Verdict]:
    """The verdict of each requirement that these suites declare."""
    named = {item.requirement for item in graded.run.items}
    return {name: graded.judgements[name].verdict for name in sorted(named)}


def broken(graded: Graded) -> set[str]:
    """Every requirement that is violated, whoever declares it."""
    return {name for name, row in graded.judgements.items() if row.verdict in BROKEN}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large body that is no larger than it must be."""
    monkeypatch.setattr(operator, "LARGE", LARGE)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_requirement_has_an_item_with_an_expectation(profile: str) -> None:
    items, _ = declared(profile)
    wanted = {id_ for id_, entry in load_catalogue().requirements.items() if entry.area in {"THINK", "OPT"}} | OTHERS
    assert {item.requirement for item in items} == wanted
    assert all({profile, "*"} & set(item.expect) for item in items if item.active)


def test_what_needs_a_capability_or_the_operator_says_so() -> None:
    items, probes = declared("anthropic")
    for item in items:
        capability = load_catalogue().requirements[item.requirement].capability
        own = [probes[name] for name in item.probes if name not in {PLAIN, STREAM}]
        assert not item.active or capability is None or all(capability in p.capabilities for p in own), item.key
        assert (item.requirement in ON_REQUEST) == all(p.needs in NEEDS for p in own), item.key


def test_negatives_have_a_control_that_carries_the_same() -> None:
    items, probes = declared("anthropic")
    for item in items:
        negative = any(expect.kind in NEGATIVE_KINDS for expect in item.expect.values())
        needed = {word for name in item.probes for word in probes[name].capabilities}
        if negative and item.requirement != "ERR-006":
            assert needed == set(probes[item.control].capabilities), item.key


def bodies(probe: Probe) -> list[Mapping[str, Any]]:
    """What a probe sends."""
    return [call.body for call in probe.calls]


@pytest.mark.parametrize("requirement", ["THINK-001", "THINK-002", "THINK-005"])
def test_a_refused_request_differs_from_its_control_in_one_member(requirement: str) -> None:
    items, probes = declared("anthropic")
    for item in (item for item in items if item.requirement == requirement):
        (body,) = bodies(probes[item.probes[0]])
        served = bodies(probes[item.control])[0]
        assert sum(body.get(key) != served.get(key) for key in {*body, *served}) == 1, item.key


@pytest.mark.parametrize("requirement", ["THINK-001", "THINK-005"])
def test_what_is_about_budgets_has_a_control_with_a_budget_alone(requirement: str) -> None:
    items, probes = declared("anthropic")
    controls = {item.control for item in items if item.requirement == requirement}
    assert {body["thinking"]["type"] for name in controls for body in bodies(probes[name])} == {"enabled"}


@pytest.mark.parametrize("profile", PROFILES)
def test_everything_passes_on_a_conforming_endpoint_within_the_budget(profile: str, tmp_path: Path) -> None:
    graded = judged(profile, tmp_path)
    assert broken(graded) == set()
    silent = {name for name, verdict in verdicts(graded).items() if verdict is not Verdict.PASSED}
    assert silent == {"STRM-031"}, "no redacted thinking is to be seen"
    sent = [record for record in graded.run.records if record.probe not in {PLAIN, STREAM}]
    replies = [record for record in sent if record.probe in graded.run.awaited]
    assert len(replies) == 2
    assert len(sent) <= MOST
    assert len(sent) - len(replies) <= LEAST


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_neither_claimed_nor_allowed_is_not_sent(profile: str, tmp_path: Path) -> None:
    graded = judged(profile, tmp_path, claims=(), given={})
    found = verdicts(graded)
    assert {name for name, verdict in found.items() if verdict is Verdict.PASSED} == {"OPT-004", "THINK-006"}
    assert {name for name, verdict in found.items() if verdict is Verdict.NOT_RUN} == ON_REQUEST
    assert all(graded.judgements[name].reason.startswith("only with ") for name in ON_REQUEST)
    assert {record.probe for record in graded.run.records} == {PLAIN, STREAM, "batches", "a model that is not there"}


def thinks_by(kinds: set[str]) -> Callable[[Any, Any], str | None]:
    """The rule of a model that refuses these kinds of thinking, as many do."""

    def check(body: Mapping[str, Any], context: object) -> str | None:
        value = body.get("thinking")
        refused = isinstance(value, dict) and value.get("type") in kinds
        return "thinking: not supported on this model" if refused else None

    return check


def sees_nothing(body: Mapping[str, Any], context: object) -> str | None:
    """The rule of a model without vision."""
    return "image: not supported on this model" if any(typed_blocks(body, "image")) else None


#: What a model may do without, and the requirements that are then left open.
MODELS: Mapping[str, tuple[Callable[[Any, Any], str | None], set[str]]] = {
    "adaptive-alone": (thinks_by({"enabled"}), {"THINK-001", "THINK-004", "THINK-005", "THINK-007", "THINK-008"}),
    "budget-alone": (thinks_by({"adaptive"}), set()),
    "no-thinking": (
        thinks_by({"enabled", "adaptive"}),
        {*(f"THINK-{number:03}" for number in (1, 2, 3, 4, 5, 7, 8)), "STRM-030"},
    ),
    "no-vision": (sees_nothing, {"REQ-019", "REQ-020"}),
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", MODELS)
def test_what_a_model_cannot_do_is_left_open(
    name: str, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, left_open = MODELS[name]
    monkeypatch.setattr(validation, "RULES", (Rule("model", "REQ-002", check), *validation.RULES))
    graded = judged(profile, tmp_path, given={})
    assert broken(graded) == set()
    silent = {key for key, verdict in verdicts(graded).items() if verdict is Verdict.INCONCLUSIVE}
    assert silent == left_open | {"STRM-031"}


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG whose checksums hold."""
    found, place = [], 8
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        content, check = data[place + 8 : place + 8 + size], data[place + 8 + size : place + 12 + size]
        assert struct.pack(">I", zlib.crc32(kind + content)) == check
        found.append((kind, content))
        place += 12 + size
    return found


def test_the_picture_is_a_small_png_of_two_halves() -> None:
    data = b64decode(PICTURE, validate=True)
    (_, head), (_, pixels), (_, end) = parts = chunks(data)
    raw = zlib.decompress(pixels)
    rows = {raw[start : start + 1 + 3 * SIDE] for start in range(0, len(raw), 1 + 3 * SIDE)}
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert [kind for kind, _ in parts] == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", head) == (SIDE, SIDE, 8, 2, 0, 0, 0)
    assert len(raw) == SIDE * (1 + 3 * SIDE)
    assert rows == {bytes([0, *[200, 30, 30] * (SIDE // 2), *[30, 30, 200] * (SIDE // 2)])}
    assert end == b""
    assert len(data) < 1000
