"""`conformance baseline`, and runs that are given one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance.cli import main
from conformance.contract import Level
from conformance.contract.documents import json_schema
from conformance.evidence.follow import read_run
from conformance.gate.baseline import Baseline, baseline_text, read_baseline
from conformance.proof.runs import judged
from conformance.reference import Endpoint, Settings
from conformance.session.closing import Closing, settle
from conformance.settings.resolve import UsageError
from conformance.verdicts import Exit

FAULTS = ("role-foreign", "unchecked-max-tokens-present")
ONLY = ("RESP-003", "REQ-021", "STRM-003")
BROKEN = {"REQ-021 absent", "RESP-003", "STRM-003"}


def _baseline(*words: object) -> Result:
    return CliRunner().invoke(main, ["baseline", *map(str, words)])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of an endpoint with two faults, and one of an endpoint with none."""
    base = tmp_path_factory.mktemp("runs")
    judged("myrouter", base / "faulty", *FAULTS, only=ONLY, level="must")
    judged("myrouter", base / "good", only=ONLY, level="must")
    return {"faulty": base / "faulty", "good": base / "good"}


@pytest.fixture
def written(runs: dict[str, Path], tmp_path: Path) -> Path:
    """The baseline of the faulty run."""
    file = tmp_path / "baseline.yaml"
    assert _baseline("write", runs["faulty"], "--baseline", file).exit_code == 0
    return file


def _keys(file: Path) -> set[str]:
    return {entry.key for entry in read_baseline(file).violations}


def test_every_violation_is_written(runs: dict[str, Path], written: Path) -> None:
    found = read_baseline(written)
    assert _keys(written) == BROKEN and not found.flaky
    began = read_run(runs["faulty"] / "journal.jsonl").header["started"][:10]
    assert {entry.reason for entry in found.violations} == {f"violated on {began}, cause not known yet"}
    assert {entry.profile for entry in found.violations} == {"myrouter"}
    assert all((entry.expires.isoformat() > began) for entry in found.violations)


def test_what_was_written_about_an_entry_stays(runs: dict[str, Path], written: Path) -> None:
    text = written.read_text().replace("violated on", "the parser, since", 1)
    written.write_text(text.replace("  profile: myrouter\n", "  issue: https://h/7\n", 1))
    before = read_baseline(written).violations[0]
    result = _baseline("write", runs["faulty"], "--baseline", written)
    assert result.output == f"wrote {written}: 0 new, 3 kept, 0 not observed, 0 gone and left out\n"
    assert read_baseline(written).violations[0] == before and before.issue == "https://h/7"


def test_what_is_given_is_written_of_every_entry(runs: dict[str, Path], written: Path) -> None:
    words = ("--expires", "2031-05-06", "--reason", "the old gateway")
    assert _baseline("write", runs["faulty"], "--baseline", written, *words).exit_code == 0
    told = {(entry.reason, entry.expires.isoformat()) for entry in read_baseline(written).violations}
    assert told == {("the old gateway", "2031-05-06")}


def test_what_is_gone_is_left_out_and_what_was_not_observed_stays(runs: dict[str, Path], written: Path) -> None:
    extra = "- {requirement: TOOL-001, reason: r, expires: 2031-01-01}\n- {requirement: REQ-999, reason: r, expires: " \
        "2031-01-01}\n- {requirement: RESP-004, profile: anthropic, reason: r, expires: 2031-01-01}\n"  # fmt: skip
    flaky = "flaky:\n- {requirement: SSE-012, reason: r, expires: 2031-01-01}\n"
    written.write_text(written.read_text() + extra + flaky)
    result = _baseline("write", runs["good"], "--baseline", written)
    first, *others = result.output.splitlines()
    assert first == f"wrote {written}: 0 new, 0 kept, 1 not observed, 4 gone and left out"
    assert set(others) == {f"  left out  {key}" for key in BROKEN | {"REQ-999"}}
    assert _keys(written) == {"TOOL-001", "RESP-004"}
    assert [entry.key for entry in read_baseline(written).flaky] == ["SSE-012"]


def test_a_flaky_violation_gets_no_second_entry(runs: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    file.write_text("version: 1\nviolations: []\nflaky: [{requirement: RESP-003, reason: r, expires: 2031-01-01}]\n")
    assert _baseline("write", runs["faulty"], "--baseline", file).exit_code == 0
    assert _keys(file) == BROKEN - {"RESP-003"}
    result = _baseline("check", runs["faulty"], "--baseline", file)
    assert "RESP-003 is known to be flaky: violated in this run" in result.output and result.exit_code == 0


def test_a_run_whose_violations_are_listed_passes(runs: dict[str, Path], written: Path) -> None:
    result = _baseline("check", runs["faulty"], "--baseline", written)
    lines = result.output.splitlines()
    assert result.exit_code == 0 and lines[0] == "baseline: 3 violations waived, 0 to be looked at"
    assert lines[-1].startswith("conforms apart from 3 baselined violations, at level must;")
    assert "conforms to" not in result.output


def test_without_the_entry_the_run_fails(runs: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    file.write_text(baseline_text(Baseline()))
    result = _baseline("check", runs["faulty"] / "journal.jsonl", "--baseline", file)
    assert result.exit_code == Exit.VIOLATION
    told = "RESP-003 is violated and not in the baseline: repair it, or accept it in an entry with requirement"
    assert (
        told in result.output and "does not conform: 3 MUST and 0 SHOULD violated, 3 cases not in the" in result.output
    )


def test_what_is_gone_fails(runs: dict[str, Path], written: Path) -> None:
    result = _baseline("check", runs["good"], "--baseline", written)
    assert result.exit_code == Exit.VIOLATION
    assert {line.split(" is gone")[0] for line in result.output.splitlines()[1:-1]} == {f"  fails  {k}" for k in BROKEN}
    assert "the baseline is out of date, 3 entries to be looked at: 0 MUST" in result.output


@pytest.mark.parametrize(("day", "code"), [("2031-05-06", 0), ("2031-05-07", 1)])
def test_an_entry_holds_until_it_expires(day: str, code: int, runs: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    assert _baseline("write", runs["faulty"], "--baseline", file, "--expires", "2031-05-06").exit_code == 0
    result = _baseline("check", runs["faulty"], "--baseline", file, "--today", day, "--level", "should")
    assert result.exit_code == code and ("expired on 2031-05-06" in result.output) is bool(code)


def test_a_run_without_violations_conforms_whatever_the_baseline(runs: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    file.write_text(baseline_text(Baseline()))
    result = _baseline("check", runs["good"], "--baseline", file)
    assert result.exit_code == 0 and "\nconforms to myrouter at level must" in result.output


@pytest.mark.parametrize("command", ["write", "check"])
def test_what_cannot_be_used_is_refused(command: str, runs: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    file.write_text("version: 1")
    for run, told in ((runs["good"], "it lacks 'violations'"), (tmp_path / "none", "")):
        result = _baseline(command, run, "--baseline", file)
        assert result.exit_code == 4 and told in result.output and file.read_text() == "version: 1"
    file.write_text(baseline_text(Baseline()))
    cut = tmp_path / "journal.jsonl"
    cut.write_bytes(b"".join((runs["good"] / "journal.jsonl").read_bytes().splitlines(keepends=True)[:-1]))
    assert "breaks off before the end of the run" in _baseline(command, cut, "--baseline", file).output
    assert _baseline(command, runs["good"], "--baseline", tmp_path).exit_code == 4
    word = "--expires" if command == "write" else "--today"
    wrong = _baseline(command, runs["good"], "--baseline", file, word, "soon")
    assert wrong.exit_code == 4 and "'soon' is no date; write it as 2027-01-31" in wrong.output


def test_a_missing_file_is_named_and_the_default_lies_here(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _baseline("check", runs["good"])
    assert result.exit_code == 4 and "no baseline at conformance-baseline.yaml; make one with" in result.output
    assert _baseline("write", runs["good"]).exit_code == 0
    assert read_baseline(tmp_path / "conformance-baseline.yaml") == Baseline()
    nowhere = _baseline("write", runs["good"], "--baseline", tmp_path / "none" / "b.yaml")
    assert nowhere.exit_code == 4 and "cannot write" in nowhere.output


def test_a_run_that_graded_nothing_gives_no_baseline(tmp_path: Path) -> None:
    elsewhere: dict[str, Any] = {"target-url": "http://127.0.0.1:9"}
    judged("myrouter", tmp_path / "run", only=("RESP-003",), **elsewhere)
    result = _baseline("write", tmp_path / "run", "--baseline", tmp_path / "b.yaml")
    assert result.exit_code == 4 and "ended before anything was graded" in result.output
    (tmp_path / "b.yaml").write_text(baseline_text(Baseline()))
    assert _baseline("check", tmp_path / "run", "--baseline", tmp_path / "b.yaml").exit_code == Exit.UNGRADABLE


# Runs that are given a baseline


def _run(folder: Path, baseline: Path, *faults: str, **options: Any) -> Closing:
    return judged("myrouter", folder, *faults, only=ONLY, level="must", baseline=baseline, **options)


def test_a_run_with_a_baseline_ends_as_its_journal_does(written: Path, tmp_path: Path) -> None:
    closing = _run(tmp_path / "run", written, *FAULTS)
    assert closing.code is Exit.CONFORMS and "conforms apart from 3 baselined" in closing.text.splitlines()[-1]
    again = settle(read_run(tmp_path / "run" / "journal.jsonl"), Level.MUST, None)
    assert again.code is Exit.CONFORMS and again.text.splitlines()[-1] == closing.text.splitlines()[-1]
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["verdict"]["exit_code"] == 0 and "apart from 3 baselined" in report["verdict"]["sentence"]
    assert report["baseline"] == {"waived": 3, "unlisted": [], "failures": [], "remarks": []}
    assert Draft202012Validator(json_schema("report")).is_valid(report)
    assert "baseline&#58; 3 violations waived" in (tmp_path / "run" / "summary.md").read_text()
    junit = (tmp_path / "run" / "junit.xml").read_text()
    assert 'failures="0"' in junit and "failed, baselined: expected" in junit


def test_a_run_with_a_baseline_fails_for_what_is_gone_and_for_what_is_new(written: Path, tmp_path: Path) -> None:
    gone = _run(tmp_path / "gone", written, FAULTS[0])
    assert gone.code is Exit.VIOLATION and "REQ-021 absent is gone" in gone.text
    written.write_text(baseline_text(Baseline()))
    unlisted = _run(tmp_path / "unlisted", written, FAULTS[0])
    assert unlisted.code is Exit.VIOLATION and "2 cases not in the baseline" in unlisted.text


def test_a_broken_baseline_ends_a_run_before_its_first_request(tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    file.write_text("version: 1")
    with pytest.raises(UsageError, match="it lacks 'violations'"):
        _run(tmp_path / "run", file)
    assert not (tmp_path / "run").exists()


def test_the_header_fits_its_schema(written: Path, tmp_path: Path) -> None:
    _run(tmp_path / "run", written, *FAULTS)
    header = json.loads((tmp_path / "run" / "journal.jsonl").read_text().splitlines()[0])
    assert not list(Draft202012Validator(json_schema("journal")).iter_errors(header))
    assert not list(Draft202012Validator(json_schema("baseline")).iter_errors(header["baseline"]))


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_command_ends_with_the_code_of_the_gate(processes: tuple[str, ...], written: Path, tmp_path: Path) -> None:
    with Endpoint(Settings(key="gate-key-0123456789", faults=FAULTS)) as endpoint:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("CONFORMANCE", "PYTEST"))}
        environment["CONFORMANCE_API_KEY"] = "gate-key-0123456789"
        command = [sys.executable, "-m", "conformance", "run", endpoint.url, "--model=reference-1", "--fuzz=0",
                   f"--baseline={written}", *(f"--requirement={name}" for name in ONLY), *processes]  # fmt: skip
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no violation at level must in what was selected, apart from 3 baselined violations" in done.stdout
    assert " failed" not in done.stdout.splitlines()[-1]
