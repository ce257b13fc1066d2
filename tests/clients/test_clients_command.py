"""`conformance clients` as it is typed: its options, its sentences, its exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_clients import HONEST, describe, installed

from conformance.cli import main


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONFORMANCE_API_KEY", raising=False)
    describe(tmp_path / "clients", scenarios=["text"])
    describe(tmp_path / "clients", "named", scenarios=["text", "stream"], by_name_only=True)
    installed(tmp_path / "clients", tmp_path / "cache")


def clients(*words: str) -> Result:
    return CliRunner().invoke(main, ["clients", "--describe", "clients", "--cache", "cache", *words])


def test_without_a_url_the_embedded_endpoint_is_talked_to() -> None:
    result = clients("--out", "run")
    assert result.exit_code == 0, result.output
    assert "Fake: plain text" in result.stderr and "WORKS       Fake (1.2)" in result.stdout
    assert [row["name"] for row in json.loads(Path("run/clients.json").read_text())["clients"]] == ["fake"]


def test_what_is_chosen_by_name_alone_is_run_with_a_fault() -> None:
    result = clients("--out", "run", "--client", "named", "--scenario", "stream", "--fault", "start-usage-missing")
    assert result.exit_code == 1 and "stream: broken: KeyError: 'usage'" in result.stdout
    assert "STRM-006 (MUST, sdk-implied): expected an object, seen nothing" in result.stdout


def test_install_sends_nothing() -> None:
    result = clients("--install", "--out", "run")
    assert (result.exit_code, result.stdout) == (0, "every client is installed\n") and not Path("run").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(["--client", "x"], "there is no client 'x'; there are fake, named", id="client"),
        pytest.param(["--scenario", "x"], "there is no scenario 'x'", id="scenario"),
        pytest.param(["--seconds", "0"], "--seconds must be more than 0, not 0", id="seconds"),
        pytest.param(["--fault", "x"], "unknown fault 'x'", id="fault"),
        pytest.param(["--api-key-env", "a key"], "--api-key-env takes the name", id="key"),
        pytest.param(["http://127.0.0.1:9", "--no-auth", "--fault", "usage-missing"], "--fault is about", id="both"),
        pytest.param(["--capability", "x"], "--capability takes one of", id="capability"),
        pytest.param(["--out", "clients/scenarios.yaml/x", "--scenario", "text"], "cannot write the run", id="out"),
    ],
)
def test_wrong_usage_is_one_sentence(words: list[str], sentence: str) -> None:
    result = clients(*words)
    assert result.exit_code == 4 and sentence in result.stderr.replace("\n", " "), result.output


def test_a_target_that_is_not_there_is_unreachable() -> None:
    result = clients("http://127.0.0.1:9", "--model", "m")
    assert result.exit_code == 6 and "cannot be reached" in result.output


def test_a_client_that_cannot_be_installed_is_not_checked_and_the_others_are(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    changes = {"language": "node", "packages": ["b@1.2.3"], "scenarios": ["text"]}
    describe(tmp_path / "clients", "noded", HONEST, **changes)
    (tmp_path / "clients" / "noded" / "driver.mjs").write_text("")
    result = CliRunner(env={"PATH": str(tmp_path / "bin")}).invoke(
        main, ["clients", "--describe", "clients", "--cache", "cache", "--out", "run"]
    )
    assert result.exit_code == 3 and "needs npm, which is not installed here" in result.stdout
    assert "NOT CHECKED Fake (b@1.2.3)" in result.stdout and "WORKS       Fake (1.2)" in result.stdout
