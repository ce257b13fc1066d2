"""The tiers that travel with the package, and what their loader refuses."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance._paths import SCHEMAS
from conformance.contract import ContractError, Level, load_catalogue, load_profiles, load_tiers

#: Of each version's lists. A published list never changes; a new requirement carries `since` instead.
DIGESTS = {1: "7af8898e482900cea522436e97b6ce8057fa00189509a8309a248d7ab29b0e9c"}


def _digest(version: int) -> str:
    rows = {tier.name: [tier.requirements, sorted(tier.occasional)] for tier in load_tiers(version).values()}
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


@pytest.mark.parametrize("version", DIGESTS)
def test_the_tiers_of_a_version_never_change(version: int) -> None:
    assert _digest(version) == DIGESTS[version]


def test_every_version_has_tiers_and_a_digest() -> None:
    versions = {int(file.stem) for file in (SCHEMAS / "tiers").glob("*.yaml")}
    assert versions == set(DIGESTS) == set(range(1, load_catalogue().version + 1))


def test_there_is_a_tier_for_the_core_and_one_for_each_capability() -> None:
    tiers = load_tiers(1)
    capabilities = [word for word in tiers if word != "core"]
    assert next(iter(tiers)) == "core" and tiers["core"].capability is None
    assert all(sorted(profile.capabilities) == sorted(capabilities) for profile in load_profiles().values())
    assert all(tiers[word].capability == word for word in capabilities)
    assert tiers["count-tokens"].title == "token counting"


def test_every_requirement_that_counts_is_in_exactly_one_tier() -> None:
    catalogue = load_catalogue()
    placed = [name for tier in load_tiers(catalogue.version).values() for name in tier.requirements]
    assert sorted(placed) == sorted(name for name in catalogue.requirements if catalogue.counts(name))


def test_a_requirement_is_in_the_tier_of_its_capability() -> None:
    found = load_catalogue().requirements
    for tier in load_tiers(1).values():
        if tier.name != "caching":
            assert {found[name].capability for name in tier.requirements} <= {tier.capability}


def test_the_tier_of_caching_hides_no_must() -> None:
    found = load_catalogue().requirements
    assert load_tiers(1)["caching"].requirements == ("REQ-051", "USG-007")
    for name in load_tiers(1)["caching"].requirements:
        assert found[name].capability is None and Level.MUST not in found[name].levels.values()


def test_nothing_that_the_model_must_do_is_occasional() -> None:
    found = load_catalogue().requirements
    occasional = {name for tier in load_tiers(1).values() for name in tier.occasional}
    assert occasional and {found[name].probe.value for name in occasional} <= {"wire", "gen"}


Change = Callable[[dict[str, Any]], Any]


def _folder(tmp_path: Path, change: Change, area: Change = lambda entries: None) -> Path:
    """A copy of the schemas whose tiers went through `change` and whose AUTH entries went through `area`."""
    for name in ("profiles.yaml", "catalogue.yaml"):
        shutil.copy(SCHEMAS / name, tmp_path / name)
    for name in ("requirements", "tiers"):
        shutil.copytree(SCHEMAS / name, tmp_path / name)
    for file, edit in ((tmp_path / "tiers" / "1.yaml", change), (tmp_path / "requirements" / "auth.yaml", area)):
        data = yaml.safe_load(file.read_text("utf-8"))
        edit(data)
        file.write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")
    return tmp_path


REFUSED: dict[str, tuple[Change, str]] = {
    "unknown": (
        lambda data: data["tiers"]["core"]["requirements"].append("AUTH-404"),
        "the tier 'core' names the unknown requirement 'AUTH-404'",
    ),
    "in two tiers": (
        lambda data: data["tiers"]["tools"]["requirements"].append("AUTH-001"),
        "AUTH-001 is in two tiers, 'core' and 'tools'",
    ),
    "twice": (
        lambda data: data["tiers"]["core"]["requirements"].append("AUTH-001"),
        "repeats a word in 'requirements'",
    ),
    "in none": (
        lambda data: data["tiers"]["core"]["requirements"].remove("AUTH-001"),
        "AUTH-001 is in no tier; a new requirement needs `since: 2`",
    ),
    "no core": (lambda data: data["tiers"].update(hull=data["tiers"].pop("core")), "there is no tier 'core'"),
    "another version": (lambda data: data.update(version=2), "holds the tiers of version 2"),
    "unknown key": (lambda data: data["tiers"]["core"].update(colour="red"), "has the unknown key 'colour'"),
    "no title": (lambda data: data["tiers"]["core"].pop("title"), "lacks the key 'title'"),
    "strange occasion": (
        lambda data: data["tiers"]["core"]["occasional"].append("STRM-001"),
        "calls STRM-001 occasional, which it does not hold",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_loader_refuses(case: str, tmp_path: Path) -> None:
    change, sentence = REFUSED[case]
    with pytest.raises(ContractError) as refusal:
        load_tiers(1, _folder(tmp_path, change))
    assert sentence in str(refusal.value) and "1.yaml" in str(refusal.value)
    assert str(refusal.value).endswith(".") and "\n" not in str(refusal.value)


def test_a_later_requirement_is_in_no_tier(tmp_path: Path) -> None:
    def later(data: dict[str, Any]) -> None:
        data["requirements"][0]["since"] = 2

    kept = tmp_path / "kept"
    taken = tmp_path / "taken"
    for folder in (kept, taken):
        folder.mkdir()
    with pytest.raises(ContractError, match="'core' names AUTH-001, which counts from version 2 on"):
        load_tiers(1, _folder(kept, lambda data: None, later))
    tiers = load_tiers(1, _folder(taken, lambda data: data["tiers"]["core"]["requirements"].remove("AUTH-001"), later))
    assert "AUTH-001" not in tiers["core"].requirements


def test_earlier_tiers_need_not_hold_what_came_later(tmp_path: Path) -> None:
    folder = _folder(tmp_path, lambda data: data["tiers"]["core"]["requirements"].remove("AUTH-001"))
    head = folder / "catalogue.yaml"
    head.write_text(head.read_text("utf-8").replace("version: 1", "version: 2"), "utf-8")
    assert "AUTH-001" not in load_tiers(1, folder)["core"].requirements
    with pytest.raises(ContractError, match=r"2\.yaml is missing"):
        load_tiers(2, folder)


def test_loading_twice_gives_the_same_object() -> None:
    assert load_tiers(1) is load_tiers(1)
