"""Outputs that are closed, full, or no longer read: a run goes on, and a command that prints says that it could not."""

import json
from pathlib import Path

import pytest
from processes import commanded

FULL = Path("/dev/full")
RUN = ("run", "--requirement", "RESP-003", "--out", "run")
SAID = "Error: cannot write the output: "


@pytest.mark.parametrize(
    "redirected",
    ["| head -n 1", "| true", ">&-", "2>&-", "<&- >&- 2>&-", "> /dev/full", "> /dev/full 2>&1"],
)
def test_a_run_goes_on_where_its_output_does_not(redirected: str, tmp_path: Path) -> None:
    if "full" in redirected and not FULL.exists():
        pytest.skip("this system has no /dev/full")
    code, told = commanded(tmp_path, *RUN, redirected=redirected)
    assert code == 0 and "rror" not in told and "Traceback" not in told, told
    assert json.loads((tmp_path / "run" / "report.json").read_text())["verdict"]["exit"] == "conforms"
    assert json.loads((tmp_path / "run" / "journal.jsonl").read_text().splitlines()[-1])["holding"] == []


def test_the_code_of_a_run_is_its_own_whatever_becomes_of_the_output(tmp_path: Path) -> None:
    assert commanded(tmp_path, "run", "--level", "none", redirected=">&-")[0] == 4
    assert commanded(tmp_path, "run", "http://127.0.0.1:9", "--no-auth", redirected="| true")[0] == 6


@pytest.mark.parametrize("words", [("requirements",), ("estimate",), ("serve", "--list-faults"), ("--help",)])
def test_a_command_that_prints_says_what_it_could_not_write(words: tuple[str, ...], tmp_path: Path) -> None:
    assert commanded(tmp_path, *words, redirected=">&-") == (3, f"{SAID}it is closed\n")
    assert commanded(tmp_path, *words, redirected="| true") == (0, "")
    if FULL.exists():
        assert commanded(tmp_path, *words, redirected="> /dev/full") == (3, f"{SAID}No space left on device\n")


def test_wrong_usage_stays_wrong_usage(tmp_path: Path) -> None:
    code, told = commanded(tmp_path, "requirements", "NOPE", redirected=">&-")
    assert code == 4 and SAID not in told and "no requirement matches 'NOPE'" in told
