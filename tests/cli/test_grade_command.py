"""`conformance grade`: the same verdicts and the same bytes from a journal, however it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.contract import Level
from conformance.evidence.follow import read_run
from conformance.proof.runs import judged
from conformance.session.closing import Closing, settle
from conformance.verdicts import Exit, Verdict


def graded(*words: object) -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, ["grade", *map(str, words)])


@pytest.fixture(scope="module")
def closing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Closing]:
    """The folder and the end of a small run against an endpoint that breaks RESP-003."""
    folder = tmp_path_factory.mktemp("grade") / "run"
    return folder, judged("myrouter", folder, "role-foreign", only=("RESP-003", "REQ-021", "REQ-044", "STRM-001"))


def _files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "journal.jsonl")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_a_journal_gives_the_same_reports_byte_for_byte(closing: tuple[Path, Closing], tmp_path: Path) -> None:
    folder, live = closing
    result = graded(folder, "--out", tmp_path / "again")
    assert result.exit_code == live.code == Exit.VIOLATION
    assert _files(tmp_path / "again") == _files(folder) and "report.json" in _files(folder)
    last = [text.splitlines()[-1] for text in (result.output, live.text)]
    assert last[0] == last[1] and "does not conform: 2 MUST" in last[0]
    assert graded(folder / "journal.jsonl").exit_code == Exit.VIOLATION


def test_another_profile_or_level_judges_the_same_exchanges(closing: tuple[Path, Closing], tmp_path: Path) -> None:
    folder = closing[0]
    own, other = (_verdicts(folder, tmp_path / name, "--profile", name) for name in ("myrouter", "anthropic"))
    assert own["RESP-003"] == other["RESP-003"] == Verdict.FAILED
    assert (own["REQ-044"], other["REQ-044"]) == (Verdict.PASSED, Verdict.WARNED)
    assert graded(folder, "--profile", "myrouter").output == graded(folder).output
    _verdicts(folder, tmp_path / "should", "--level", "should")
    report = json.loads((tmp_path / "should" / "report.json").read_text())
    assert report["verdict"]["level"] == "should"


def test_a_run_for_one_profile_never_conforms_to_another(tmp_path: Path) -> None:
    judged("anthropic", tmp_path, only=("RESP-003", "REQ-021"))
    told = [graded(tmp_path, *words).output.splitlines()[-1] for words in ((), ("--profile", "myrouter"))]
    assert told[0].startswith("conforms to anthropic")
    assert "at level should, but the requests were made for anthropic" in told[1]


def _verdicts(folder: Path, out: Path, *words: str) -> dict[str, str]:
    assert graded(folder, "--out", out, *words).exit_code == Exit.VIOLATION
    rows = json.loads((out / "report.json").read_text())["requirements"]
    return {row["id"]: row["verdict"] for row in rows}


def test_a_run_that_was_killed_is_graded_wherever_it_stopped(closing: tuple[Path, Closing], tmp_path: Path) -> None:
    whole = (closing[0] / "journal.jsonl").read_bytes()
    header = whole.index(b"\n") + 1
    cut = tmp_path / "journal.jsonl"
    before: set[str] = set()
    for end in [*range(header, len(whole) - 1, 997), len(whole) - 1]:
        cut.write_bytes(whole[:end])
        end_ = settle(read_run(cut), Level.MUST, None)
        assert end_.code is Exit.INTERRUPTED and end_.graded is not None
        assert before <= (before := {name for name, row in end_.graded.judgements.items() if row.violations})
        assert "interrupted before the end: no verdict" in end_.text.splitlines()[-1]
    assert before == {"RESP-003", "STRM-003"}
    result = graded(cut)
    assert result.exit_code == Exit.INTERRUPTED and "2 MUST and 0 SHOULD violated" in result.output


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda data: data[10:], "line 1 is not JSON"),
        (lambda data: data.replace(b'"seq":', b'"seq":1', 1), "does not follow from the line before"),
        (lambda data: b"", "has no header"),
    ],
    ids=["cut at the front", "changed", "empty"],
)
def test_what_cannot_be_graded_is_told_in_a_sentence(
    damage: object, told: str, closing: tuple[Path, Closing], tmp_path: Path
) -> None:
    assert callable(damage)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(damage((closing[0] / "journal.jsonl").read_bytes()))
    result = graded(path)
    assert result.exit_code == Exit.USAGE and told in result.output and len(result.output.splitlines()) == 1
    missing = graded(tmp_path / "nowhere")
    assert missing.exit_code == Exit.USAGE and "there is no journal at" in missing.output


def test_reports_that_cannot_be_written_end_with_3(closing: tuple[Path, Closing], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here already")
    result = graded(closing[0], "--out", tmp_path / "file")
    assert result.exit_code == Exit.HARNESS_ERROR and "cannot write the report" in result.output
