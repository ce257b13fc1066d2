"""`conformance estimate`: the plan of a run with the same options, told and not sent."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from loopback import always, message

from conformance.cli import main
from conformance.settings.options import OPTIONS

SMALL = ("--requirement", "RESP-003", "--fuzz", "0")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and no key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONFORMANCE_API_KEY", raising=False)
    return tmp_path


def _estimate(*words: str) -> Result:
    return CliRunner().invoke(main, ["estimate", *words])


def test_it_takes_the_options_of_a_run() -> None:
    listing = _estimate("--help").output
    assert all(f"--{option.name}" in listing for option in OPTIONS if option.name != "target-url")


def test_nothing_is_sent_and_nothing_is_written(folder: Path) -> None:
    (folder / "prices.json").write_text('{"currency": "USD", "models": {"m*": {"input": 3, "output": 15}}}')
    with always(message()) as server:
        result = _estimate(
            server.url, *SMALL, "--no-auth", "--model", "m-1", "--prices", "prices.json", "--format", "json"
        )
        assert result.exit_code == 0 and not server.received
    found = json.loads(result.stdout)
    assert found["target"]["url"].startswith(server.url) and found["model"] == "m-1" and found["currency"] == "USD"
    assert found["all"]["requests"] == {"least": 2, "most": 2} and 0 < found["all"]["cost"] < 0.01
    assert [path.name for path in folder.iterdir()] == ["prices.json"]


def test_the_models_are_not_asked_for_either() -> None:
    with always(message()) as server:
        result = _estimate(server.url, *SMALL, "--no-auth", "--latency", "2")
        assert result.exit_code == 0 and not server.received
    assert "in all" in result.stdout and "nothing was sent" in result.stdout and "2 s for each answer" in result.stdout


def test_the_embedded_endpoint_can_be_estimated() -> None:
    result = _estimate(*SMALL)
    assert result.exit_code == 0 and "embedded reference endpoint" in result.stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--latency", "nan"), 4, "Error: --latency takes seconds, from 0 to 86400, not nan"),
        (("--latency", "-1"), 4, "Error: --latency takes seconds, from 0 to 86400, not -1"),
        (("--max-cost", "1"), 4, "ERROR: --max-cost needs --prices FILE, which says what the tokens of the model cost"),
        (("--prices", "none.yaml"), 4, "ERROR: cannot read --prices none.yaml: No such file or directory; name a YAML"),
        (("--fuzz", "0", "-k", "no_such_case"), 5, "deselected"),
    ],
)
def test_what_cannot_be_estimated_is_told(
    words: tuple[str, ...], code: int, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    result = _estimate(*words)
    told = result.output + capfd.readouterr().err
    assert result.exit_code == code and sentence in told and "Traceback" not in told and "in all" not in told
