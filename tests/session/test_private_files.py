"""What holds whole exchanges is its owner's alone, however wide the umask; a folder that exists is left as it is."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import reporting
from conformance.certificates.keys import new_key
from conformance.cli import main
from conformance.proof.runs import judged


@pytest.fixture(autouse=True)
def _wide() -> Iterator[None]:
    """Everybody may do everything, unless we say otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _run(folder: Path) -> None:
    judged("myrouter", folder, "role-foreign", only=("RESP-003",))


def test_the_folder_of_a_run_and_what_holds_exchanges_are_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "bodies", lambda graded: {"exchange-1.bin": b"{}"})
    run = tmp_path / "reports" / "run"
    _run(run)
    assert _mode(run) == 0o700
    private = [run / "journal.jsonl", run / "exchanges.har", run / "bodies" / "exchange-1.bin"]
    assert {_mode(path) for path in private} == {0o600}
    assert _mode(run / "report.html") == _mode(run / "report.json") == 0o666


def test_a_folder_that_exists_keeps_its_mode_and_its_reports_can_be_published(tmp_path: Path) -> None:
    run = tmp_path / "site"
    run.mkdir(mode=0o755)
    _run(run)
    assert _mode(run) == 0o755 and _mode(run / "journal.jsonl") == 0o600 and _mode(run / "summary.md") == 0o666


def test_reports_of_a_journal_are_as_private_as_those_of_a_run(tmp_path: Path) -> None:
    _run(tmp_path / "run")
    again = tmp_path / "again"
    assert CliRunner().invoke(main, ["grade", str(tmp_path / "run"), "--out", str(again)]).exit_code == 1
    assert _mode(again) == 0o700 and _mode(again / "exchanges.har") == 0o600


def test_keys_and_a_proposed_configuration_are_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = new_key(tmp_path / "keys")
    assert {_mode(made.private), _mode(made.trusted)} == {0o600} and _mode(made.private.parent) == 0o700
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["doctor", "--write", "proposed.toml"]).exit_code == 0
    assert _mode(tmp_path / "proposed.toml") == 0o600
