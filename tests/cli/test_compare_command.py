"""`conformance compare`: what it reads, prints and ends with."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.evidence.chain import START, sealed
from conformance.proof.runs import judged
from conformance.verdicts.keys import violated_keys

ONLY = ("RESP-003", "REQ-021")


def _compare(*words: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, words)])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run without a fault, and one with two."""
    folder = tmp_path_factory.mktemp("runs")
    faults = ("role-foreign", "unchecked-max-tokens-present")
    for name, given in (("sound", ()), ("faulty", faults)):
        judged("myrouter", folder / name, *given, only=ONLY, level="must")
    return folder / "sound", folder / "faulty"


def test_folders_journals_and_reports_say_the_same(runs: tuple[Path, Path]) -> None:
    sound, faulty = runs
    told = []
    for left in (sound, sound / "journal.jsonl", sound / "report.json"):
        done = _compare(left, faulty, "--format", "json")
        assert done.exit_code == 0
        told.append(json.loads(done.output))
    assert told[0] == told[1]
    assert [each["runs"][0]["verdicts_from"] for each in told] == ["journal", "journal", "report"]
    assert told[0]["requirements"] == told[2]["requirements"]
    first = [row["id"] for row in told[0]["requirements"] if row["difference"] == "violation"]
    assert {"RESP-003", "REQ-021"} <= set(first) and first == [row["id"] for row in told[0]["requirements"]][
        : len(first)
    ]


def test_the_violated_cases_are_those_of_the_graded_run(runs: tuple[Path, Path], tmp_path: Path) -> None:
    closing = judged("myrouter", tmp_path, "role-foreign", "unchecked-max-tokens-present", only=ONLY, level="must")
    found = json.loads(_compare(tmp_path, runs[0], "--format", "json").output)
    keys = {case["case"] for row in found["requirements"] for case in (row["cells"][0] or {"violated": ()})["violated"]}
    scored = {row["id"] for row in found["requirements"] if row["cells"][0]["scored"]}
    assert {key for key in keys if key.split()[0] in scored} == set(violated_keys(closing.graded))


def test_every_form_is_written_and_the_code_is_zero(runs: tuple[Path, Path], tmp_path: Path) -> None:
    done = _compare(*runs, "--label", "staging", "--label", "production", "--out", tmp_path / "deep")
    assert done.exit_code == 0 and "comparison.html" in done.output and "2 runs differ about" in done.output
    assert {path.name for path in (tmp_path / "deep").iterdir()} == {
        "comparison.md", "comparison.json", "comparison.html",
    }  # fmt: skip
    assert "| requirement | staging | production |" in (tmp_path / "deep" / "comparison.md").read_text()
    assert (
        _compare(*runs, "--label", "staging", "--label", "production").output
        == (tmp_path / "deep" / "comparison.md").read_text()
    )


def test_differences_fail_where_that_is_asked_for(runs: tuple[Path, Path]) -> None:
    assert _compare(*runs, "--fail-on-difference").exit_code == 1
    assert _compare(runs[0], runs[0], "--fail-on-difference").exit_code == 0


def test_a_folder_without_a_journal_is_read_by_its_report(runs: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copy(runs[0] / "report.json", tmp_path)
    found = json.loads(_compare(tmp_path, runs[1], "--format", "json").output)
    assert [run["verdicts_from"] for run in found["runs"]] == ["report", "journal"]


def test_wrong_usage_is_told(runs: tuple[Path, Path], tmp_path: Path) -> None:
    for words, told in (
        ((runs[0],), "at least two"),
        ((*runs, "--label", "one"), "1 labels for 2 runs"),
        ((*runs, "--out", tmp_path, "--format", "md"), "leave out --format"),
    ):
        done = _compare(*words)
        assert done.exit_code == 4 and told in done.output


def _damaged(runs: tuple[Path, Path], folder: Path) -> dict[str, Path]:
    files = {name: folder / name for name in ("text", "report", "journal", "foreign", "other", "none")}
    files["text"].write_text("not a run")
    report = json.loads((runs[0] / "report.json").read_text())
    files["report"].write_text(json.dumps({**report, "version": 99}))
    lines = (runs[0] / "journal.jsonl").read_text().splitlines(keepends=True)
    files["journal"].write_text("".join((*lines[:3], *lines[4:])))
    files["foreign"].write_text('{"record": "header"}\n')
    files["other"].write_text(_resealed(lines, level="sometimes"))
    return {**files, "folder": folder}


def _resealed(lines: list[str], **changes: object) -> str:
    """A journal with another header, sealed as a harness of another version would."""
    values = [json.loads(line) for line in lines]
    values[0] |= changes
    digest, sealed_lines = START, []
    for value in values:
        text, digest = sealed({key: value[key] for key in value if key != "chain"}, digest)
        sealed_lines.append(text)
    return "\n".join([*sealed_lines, ""])


@pytest.mark.parametrize("name", ["text", "report", "journal", "foreign", "other", "none", "folder"])
def test_what_cannot_be_read_is_refused_in_one_sentence(name: str, runs: tuple[Path, Path], tmp_path: Path) -> None:
    path = _damaged(runs, tmp_path)[name]
    done = _compare(runs[0], path)
    assert done.exit_code == 4 and str(path) in done.output and len(done.output.strip().splitlines()) == 1
    assert "Traceback" not in done.output


def test_a_place_that_cannot_be_written_is_told(runs: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = _compare(*runs, "--out", tmp_path / "file")
    assert done.exit_code == 4 and "cannot write the report" in done.output
