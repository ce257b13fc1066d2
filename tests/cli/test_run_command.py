"""What `conformance run`, `estimate` and a repeated run do is told by their own words alone."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from processes import commanded

from conformance.cli import main
from conformance.cli.run import TOLD_ELSEWHERE

FEW = ("--requirement", "RESP-003", "--out", "run")


@pytest.mark.parametrize("words", [("run",), ("estimate",), ("run", "--repeat", "2")], ids=" ".join)
def test_what_every_pytest_is_told_does_not_reach_ours(words: tuple[str, ...], tmp_path: Path) -> None:
    told = {"PYTEST_ADDOPTS": "--no-such-option", "PYTEST_PLUGINS": "no_such_plugin"}
    code, output = commanded(tmp_path, *words, *FEW, **told)
    assert code == 0 and "no-such" not in output, output


def test_and_is_there_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []
    for name in TOLD_ELSEWHERE:
        monkeypatch.setenv(name, "told")

    def call(words: list[str]) -> int:
        seen.extend(map(os.environ.get, TOLD_ELSEWHERE))
        return 0

    monkeypatch.setattr(pytest, "main", call)
    assert CliRunner().invoke(main, ["run"]).exit_code == 0
    assert seen == [None, None] and [os.environ[name] for name in TOLD_ELSEWHERE] == ["told", "told"]


def test_each_run_of_a_repeated_one_outlasts_its_output(tmp_path: Path) -> None:
    code, _ = commanded(tmp_path, "run", "--repeat", "2", *FEW, redirected="| true")
    assert code == 0 and (tmp_path / "run" / "2" / "report.json").is_file()
