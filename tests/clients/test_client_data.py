"""The data of clients: what is ours is good, and whatever is wrong with somebody's is one sentence."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_clients import SCENARIOS, describe

from conformance.clients.data import FOLDER, load_clients, load_scenarios
from conformance.settings.resolve import UsageError


def test_our_own_clients_and_scenarios_are_as_they_must_be() -> None:
    clients, scenarios = load_clients(), load_scenarios()
    assert list(scenarios) == ["text", "stream", "tool-loop", "parallel-tools", "stop-sequence", "error", "thinking"]
    assert {"anthropic-python", "anthropic-python-0", "langchain-python", "litellm"} <= clients.keys()
    assert clients["claude-code"].by_name_only and not clients["anthropic-python"].by_name_only
    assert all(client.profiles == ("anthropic", "myrouter") for client in clients.values())
    assert clients["anthropic-python-0"].driver == FOLDER / "anthropic-python" / "driver.py"
    assert all(scenario.ask.keys() >= {"prompt", "tools", "max_tokens", "betas"} for scenario in scenarios.values())


def test_every_folder_of_ours_is_a_client() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == load_clients().keys()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"title": None}, "lacks 'title'", id="missing"),
        pytest.param({"title": " "}, "'title' must be a text", id="empty"),
        pytest.param({"colour": "red"}, "'colour' is unknown; known are title, language", id="unknown"),
        pytest.param({"language": "perl"}, "'language' must be one of python, node", id="language"),
        pytest.param({"language": ["python"]}, "'language' must be one of", id="language-a-list"),
        pytest.param({"packages": []}, "'packages' must be a list of texts", id="no-packages"),
        pytest.param({"packages": ["a>=1"]}, "'a>=1' names no package at one exact version", id="unpinned"),
        pytest.param({"packages": ["--index-url==1"]}, "names no package", id="an-option"),
        pytest.param({"base_url": "http://elsewhere"}, "'base_url' must be '{url}' or more", id="elsewhere"),
        pytest.param({"base_url": "{url}/{key}"}, "'base_url' must be", id="two-places"),
        pytest.param({"key": "MY KEY"}, "'key' must be the name of an environment variable", id="key"),
        pytest.param({"environment": {"A": 1}}, "'environment' must be an object of variables", id="environment"),
        pytest.param({"environment": {"A B": "x"}}, "'environment' must be", id="variable"),
        pytest.param({"by_name_only": "yes"}, "'by_name_only' must be true or false", id="flag"),
        pytest.param({"scenarios": ["sing"]}, "'scenarios' names 'sing', which is none of text", id="scenario"),
        pytest.param({"profiles": ["other"]}, "'profiles' names 'other', which is none of", id="profile"),
        pytest.param({"stop_reasons": {"stop": "end_turn"}}, "'stop_reasons' must be an object that", id="words"),
        pytest.param({"driver": "../x"}, "'driver' must be the name of another client", id="driver"),
        pytest.param({"driver": "absent"}, "there is no driver", id="no-driver"),
    ],
)
def test_a_bad_client_is_one_sentence(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    describe(tmp_path, **changes)
    with pytest.raises(UsageError) as error:
        load_clients(tmp_path)
    assert sentence in str(error.value) and "client.yaml" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("a: [", "is not YAML", id="no-yaml"),
        pytest.param("- 1", "must hold an object", id="a-list"),
        pytest.param("\x00", "is not YAML", id="control"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    describe(tmp_path)
    (tmp_path / "fake" / "client.yaml").write_text(text)
    with pytest.raises(UsageError, match=sentence):
        load_clients(tmp_path)


def test_a_folder_without_scenarios_or_with_a_bad_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*scenarios\.yaml"):
        load_clients(tmp_path)
    describe(tmp_path, "Bad Name")
    with pytest.raises(UsageError, match="must be named with small letters"):
        load_clients(tmp_path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"version": 2}, "'version' must be 1", id="version"),
        pytest.param({"version": True}, "'version' must be 1", id="version-true"),
        pytest.param({"defaults": []}, "'defaults' must be an object", id="defaults"),
        pytest.param({"scenarios": {"text": []}}, "scenario 'text' must be an object", id="no-object"),
        pytest.param({"scenarios": {1: {}}}, "scenario 1 must be an object", id="name"),
        pytest.param({"scenarios": {"text": {"title": "t"}}}, "lacks 'ask'", id="lacks"),
    ],
)
def test_bad_scenarios_are_one_sentence(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    describe(tmp_path)
    (tmp_path / "scenarios.yaml").write_text(yaml.safe_dump({**SCENARIOS, **changes}))
    with pytest.raises(UsageError, match=sentence):
        load_scenarios(tmp_path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"see": {"colour": 1}}, "'see' must be an object of some of text", id="see"),
        pytest.param({"see": {}}, "'see' must be", id="see-nothing"),
        pytest.param({"ask": {}}, "'ask' must hold a prompt", id="no-prompt"),
        pytest.param({"ask": {"prompt": "a", "colour": 1}}, "'ask' holds colour", id="ask"),
        pytest.param({"willing": "sing"}, "'willing' must be one of calls, stop_sequence", id="willing"),
    ],
)
def test_a_bad_scenario_is_one_sentence(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    describe(tmp_path)
    text = {**SCENARIOS["scenarios"]["text"], **changes}
    (tmp_path / "scenarios.yaml").write_text(yaml.safe_dump({**SCENARIOS, "scenarios": {"text": text}}))
    with pytest.raises(UsageError, match=sentence):
        load_scenarios(tmp_path)
