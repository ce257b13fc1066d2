"""`conformance merge`: the shares of a run joined to the run that was divided; what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance._paths import SCHEMAS
from conformance.certificates.statement import incomplete
from conformance.cli import main
from conformance.evidence.follow import read_run
from conformance.evidence.run import ELSEWHERE
from conformance.proof.runs import KEY, judged
from conformance.reference import Endpoint, Settings
from conformance.verdicts import Exit

ONLY = ("RESP-003", "REQ-021", "REQ-018", "REQ-044", "STRM-001", "TOOL-001", "EQV-003")


def merged(*words: object) -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, ["merge", *map(str, words)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of an undivided run, its two shares, and one share of another."""
    found = tmp_path_factory.mktemp("shares")
    with Endpoint(Settings(key=KEY, faults=("role-foreign",))) as server:
        one: dict[str, Any] = {"only": ONLY, "target-url": server.url}
        judged("myrouter", found / "whole", **one)
        judged("myrouter", found / "1", **one, shard="1/2")
        judged("myrouter", found / "2", **one, shard="2/2")
        judged("myrouter", found / "third", **one, shard="3/3")
        judged("myrouter", found / "other", **{**one, "only": ONLY[:2]}, shard="2/2")
    return judged_elsewhere(found)


def judged_elsewhere(found: Path) -> Path:
    """The same with a share that was sent to another target."""
    judged("myrouter", found / "elsewhere", only=ONLY, shard="2/2")
    return found


def _report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def _verdicts(folder: Path) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["verdict"], row["reason"]) for row in _report(folder)["requirements"]}


def test_the_joined_run_has_the_verdicts_of_the_undivided_one(folder: Path, tmp_path: Path) -> None:
    result = merged(folder / "2", folder / "1" / "journal.jsonl", "--out", tmp_path)
    assert result.exit_code == Exit.VIOLATION and "of 2 shares" in result.output
    assert _verdicts(tmp_path) == _verdicts(folder / "whole")
    follower, shares = read_run(tmp_path / "journal.jsonl"), [read_run(folder / n / "journal.jsonl") for n in "12"]
    assert follower.header["merged"] == [share.digest for share in shares] and "shard" not in follower.header
    assert len(follower.records) == sum(len(share.records) for share in shares)
    assert [row.seq for row in follower.records] == sorted({row.seq for row in follower.records})
    steps = [(row.probe, row.step) for row in follower.records if not row.repeated]
    assert len(set(steps)) == len(steps), "controls of the second share are further steps"
    began = [row.exchange.began for row in follower.records]
    assert max(began[: len(shares[0].records)]) <= min(began[len(shares[0].records) :])
    assert not any(reason.startswith(ELSEWHERE) for reason in follower.unsent.values())
    assert incomplete(follower.run(), follower) == "" and _report(tmp_path)["requests"]["shares"] == 2


def test_the_joined_journal_is_one_and_grades_alike(folder: Path, tmp_path: Path) -> None:
    merged(folder / "1", folder / "2", "--out", tmp_path / "joined", "--level", "must")
    assert _report(tmp_path / "joined")["verdict"]["level"] == "must"
    CliRunner().invoke(main, ["grade", str(tmp_path / "joined"), "--out", str(tmp_path / "again"), "--level", "must"])
    assert (tmp_path / "joined" / "report.json").read_bytes() == (tmp_path / "again" / "report.json").read_bytes()
    schema = json.loads((SCHEMAS / "json" / "journal.json").read_text())
    rows = (tmp_path / "joined" / "journal.jsonl").read_text().splitlines()
    assert [error.message for row in rows for error in Draft202012Validator(schema).iter_errors(json.loads(row))] == []


def test_a_share_is_never_taken_for_the_whole(folder: Path) -> None:
    follower = read_run(folder / "1" / "journal.jsonl")
    run = follower.run()
    assert not run.everything and any(reason.startswith(ELSEWHERE) for reason in run.unsent.values())
    assert "share 1/2 of a whole" in incomplete(run, follower)
    assert _report(folder / "1")["coverage"]["everything"] is False


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("1",), "share 2/2 is missing"),
        (("1", "whole"), "holds no share of a run"),
        (("1", "other"), "was made for another set of requests than"),
        (("1", "elsewhere"), "was made for another target than"),
        (("1", "third"), "these are shares of runs in 2 and in 3"),
        (("1", "2", "2/journal.jsonl"), "share 2/2 is given twice"),
        (("1", "none"), "there is no journal at"),
        (("1", "cut"), "breaks off before the end of its run; bring it there with --resume"),
    ],
)
def test_what_does_not_make_a_run_is_refused(folder: Path, tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    lines = (folder / "2" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "cut").mkdir(exist_ok=True)
    (folder / "cut" / "journal.jsonl").write_bytes(b"".join(lines[:-1]))
    result = merged(*(folder / name for name in names), "--out", tmp_path / "out")
    assert result.exit_code == Exit.USAGE and said in result.output and not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = merged(folder / "1", folder / "2", "--out", tmp_path / "file" / "in")
    assert result.exit_code == Exit.USAGE and "cannot write the run into" in result.output
