"""`conformance prove`: what it prints and writes, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from processes import children, hears_interrupts

from conformance.cli import main
from conformance.proof import trial
from conformance.rules.all import load_rules
from conformance.rules.registry import MESSAGE_RULES


def prove(out: Path, *words: str) -> Result:
    """The command in this process, for one profile."""
    return CliRunner().invoke(main, ["prove", "--jobs", "1", "--out", str(out), "--profile", "myrouter", *words])


def test_a_fault_that_is_named_is_proved_and_written(tmp_path: Path) -> None:
    result = prove(tmp_path / "new" / "folder", "--fault", "id-empty", "--fault", "role-foreign")
    assert result.exit_code == 0
    assert "myrouter: 2 faults: 2 killed, 0 noted, 0 killed by something else, 0 survived" in result.output
    assert "\nproved\n" in result.output
    matrix = json.loads((tmp_path / "new" / "folder" / "matrix.json").read_text())
    assert [row["id"] for row in matrix["profiles"]["myrouter"]["faults"]] == ["id-empty", "role-foreign"]
    assert matrix["holds"] is True and matrix["complete"] is False and matrix["reduced"] is False
    assert "role-foreign" in (tmp_path / "new" / "folder" / "index.html").read_text()


@pytest.mark.parametrize("words", [("--out", "file"), ("--out", "new", "--field-reports", "file/page.md")])
def test_what_cannot_be_written_is_told_before_anything_is_tried(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr("conformance.proof.pool.prove", lambda *words: pytest.fail("it was tried"))
    result = CliRunner().invoke(main, ["prove", "--fault", "id-empty", *words])
    assert result.exit_code == 4
    assert f"cannot write into file: file is no folder; give another {words[-2]}" in result.output


def test_a_log_hears_of_every_tenth_of_the_way_and_the_matrix_of_the_reduced_form(tmp_path: Path) -> None:
    result = prove(tmp_path, "--reduced", "--fault", "id-empty", "--fault", "role-foreign", "--profile", "anthropic")
    assert [line for line in result.stderr.splitlines() if " of " in line] == ["1 of 2", "2 of 2"]
    assert json.loads((tmp_path / "matrix.json").read_text())["reduced"] is True
    assert "each in one profile, beside a few legal endpoints" in (tmp_path / "index.html").read_text()


def test_the_page_of_field_reports_says_what_came_of_their_faults(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    result = prove(tmp_path, "--fault", "message-stop-missing", "--field-reports", str(page))
    assert result.exit_code == 0 and f"wrote {page}" in result.output
    line = next(text for text in page.read_text().splitlines() if "looplj/axonhub#2000" in text)
    assert "`NO_MESSAGE_STOP`" in line and "`message-stop-missing` killed" in line


def test_a_rule_that_is_switched_off_leaves_its_requirement_unproved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_rules()
    rule = next(one for one in MESSAGE_RULES if one.requirements == ("RESP-003",))
    monkeypatch.setattr("conformance.rules.traffic.MESSAGE_RULES", [one for one in MESSAGE_RULES if one is not rule])
    result = prove(tmp_path, "--fault", "role-foreign")
    assert result.exit_code == 1
    assert "RESP-003 is unproved" in result.output
    assert "not proved: 1 of 1 attempts; unproved: RESP-003" in result.output


def test_a_crash_of_the_harness_ends_with_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "judged", lambda *args, **options: 1 / 0)
    result = prove(tmp_path, "--fault", "id-empty")
    assert result.exit_code == 3
    assert "the harness failed: ZeroDivisionError" in result.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--fault", "no-such-*"], "nothing matches: see `conformance serve --list-faults`"),
        (["--jobs", "0"], "0 is not in the range"),
    ],
)
def test_wrong_usage_ends_with_4(words: list[str], told: str, tmp_path: Path) -> None:
    result = prove(tmp_path, *words)
    assert result.exit_code == 4
    assert told in result.output


def test_a_file_that_cannot_be_written_ends_with_4(tmp_path: Path) -> None:
    (tmp_path / "matrix.json").mkdir()
    result = prove(tmp_path, "--fault", "id-empty")
    assert result.exit_code == 4
    assert f"cannot write {tmp_path / 'matrix.json'}" in result.output


#: What is there when Ctrl-C comes: processes that still import, or one that is in the midst of an attempt.
MOMENTS: dict[str, Callable[[int, Path], bool]] = {
    "importing": lambda process, files: len(children(process)) > 2,
    "trying": lambda process, files: any(files.rglob("journal.jsonl")),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_ends_every_process_without_a_word_and_leaves_no_files(moment: str, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    command = [sys.executable, "-m", "conformance", "prove", "--reduced", "--jobs", "2", "--out", str(tmp_path)]
    pipe, environment = subprocess.PIPE, os.environ | {"TMPDIR": str(files)}
    process = subprocess.Popen(
        command, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True, process_group=0,
        preexec_fn=hears_interrupts,
    )  # fmt: skip
    while not MOMENTS[moment](process.pid, files) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 2 and output.splitlines()[-1] == "interrupted" and "Traceback" not in output, output
    assert not list(files.iterdir()) and not (tmp_path / "matrix.json").exists()
