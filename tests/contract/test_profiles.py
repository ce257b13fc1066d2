"""The two profiles as tables, and what their loader refuses."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance._paths import SCHEMAS
from conformance.contract import ContractError, load_profiles


def test_the_addresses_of_both_profiles() -> None:
    paths = {name: profile.path for name, profile in load_profiles().items()}
    assert paths == {"myrouter": "/anthropic/v1/messages", "anthropic": "/v1/messages"}
    assert all(profile.count_tokens_path == f"{profile.path}/count_tokens" for profile in load_profiles().values())
    assert all(
        profile.models_path == profile.path.replace("/messages", "/models") for profile in load_profiles().values()
    )


@pytest.mark.parametrize(("name", "refusals"), [("myrouter", (400, 422)), ("anthropic", (400,))])
def test_what_counts_as_a_refusal(name: str, refusals: tuple[int, ...]) -> None:
    assert load_profiles()[name].refusals == refusals


@pytest.mark.parametrize("name", ["myrouter", "anthropic"])
def test_common_words(name: str) -> None:
    profile = load_profiles()[name]
    assert profile.api_version == "2023-06-01"
    assert profile.included == ("streaming", "tools")
    assert "count-tokens" in profile.capabilities
    assert profile.error_status[529] == ("overloaded_error",)
    assert not set(profile.stop_reasons) & set(profile.foreign_stop_reasons)
    assert not set(profile.block_types) & set(profile.foreign_block_types)
    assert not set(profile.error_types) & set(profile.foreign_error_types)


def test_usage_names_differ() -> None:
    mine, upstream = (load_profiles()[name].usage for name in ("myrouter", "anthropic"))
    assert (mine.total, upstream.total) == ("total_tokens", None)
    assert (mine.cache_read, upstream.cache_read) == ("cache_read_tokens", "cache_read_input_tokens")
    assert upstream.reasoning == "output_tokens_details.thinking_tokens"
    assert not mine.nullable


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": ({"colour": "red"}, "has the unknown key 'colour'"),
    "numbers": ({"refusals": ["400"]}, "needs a list of integers as 'refusals'"),
    "version": ({"api_version": "1999-01-01"}, "unknown default API version '1999-01-01'"),
    "both": ({"optional": ["tools"]}, "lists the capability 'tools' as included and as optional"),
    "path": ({"path": "v1/messages"}, "has a path that does not begin with '/'"),
    "status": ({"error_status": {200: ["api_error"]}}, "needs HTTP error statuses as keys"),
    "error type": ({"error_status": {400: ["oops"]}}, "gives a status to the unknown error type 'oops'"),
    "usage": ({"usage": {"tokens": "tokens"}}, "'usage', has the unknown key 'tokens'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_profile_loader_refuses(case: str, tmp_path: Path) -> None:
    change, sentence = REFUSED[case]
    data = yaml.safe_load((SCHEMAS / "profiles.yaml").read_text("utf-8"))
    data["profiles"]["anthropic"].update(change)
    (tmp_path / "profiles.yaml").write_text(yaml.safe_dump(data), "utf-8")
    with pytest.raises(ContractError) as refusal:
        load_profiles(tmp_path)
    assert sentence in str(refusal.value)
    assert "profile 'anthropic'" in str(refusal.value)


def test_no_profile_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "profiles.yaml").write_text("common: {}\nprofiles: {}\n", "utf-8")
    with pytest.raises(ContractError, match="names no profile"):
        load_profiles(tmp_path)
