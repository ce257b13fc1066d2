"""A run that is killed at any moment leaves a journal that is graded: what was not sent is not run, the rest stands."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.contract import Level
from conformance.evidence.follow import Follower, read_run
from conformance.evidence.journal import JournalError
from conformance.proof.runs import judged
from conformance.session.closing import settle
from conformance.verdicts import Exit, Graded, Verdict

ONLY = ("RESP-003", "REQ-021", "REQ-044", "STRM-001", "AUTH-003", "IDEM-001", "TOOL-004", "TOOL-012")
SAID = {Verdict.PASSED, Verdict.FAILED, Verdict.WARNED}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Graded]:
    """The journal of an undisturbed run against an endpoint with faults, and its grading."""
    folder = tmp_path_factory.mktemp("whole")
    closing = judged("myrouter", folder, "role-foreign", "id-empty", only=ONLY, reports=False)
    assert {row.verdict for row in closing.graded.items} >= SAID - {Verdict.WARNED}
    return (folder / "journal.jsonl").read_bytes(), closing.graded


def _killed(path: Path) -> tuple[Follower, Graded]:
    """What a cut journal comes to: read without complaint, without a verdict on the whole, nothing said of nothing."""
    follower = read_run(path)
    closing = settle(follower, Level.MUST, None)
    assert closing.code is Exit.INTERRUPTED and "interrupted before the end" in closing.text.splitlines()[-1]
    for row in closing.graded.items:
        if row.item.active and not any(closing.graded.run.tried(probe) for probe in row.item.probes):
            assert row.verdict in {Verdict.NOT_RUN, Verdict.NOT_APPLICABLE}, row
    return follower, closing.graded


def _agrees(path: Path, whole: Graded) -> set[Verdict]:
    """Cases that are complete have their verdict, and of no other is anything said that the whole run does not say."""
    follower, cut = _killed(path)
    final = {row.item.key: row for row in whole.items}
    for row in cut.items:
        if row.item.active and (follower.settled(row.item) or row.verdict in SAID):
            assert (row.verdict, row.findings) == (final[row.item.key].verdict, final[row.item.key].findings), row.item
    return {row.verdict for row in cut.items if row.item.active}


def test_a_journal_cut_behind_any_line_agrees_with_the_whole(whole: tuple[bytes, Graded], tmp_path: Path) -> None:
    data, graded = whole
    path, seen = tmp_path / "journal.jsonl", set()
    ends = [place + 1 for place, byte in enumerate(data) if byte == ord("\n")]
    assert len(ends) > 30
    for end in ends[:-1]:
        path.write_bytes(data[:end])
        seen |= _agrees(path, graded)
    assert seen >= {Verdict.PASSED, Verdict.NOT_RUN}


def test_a_journal_cut_within_a_line_reads_as_cut_before_it(whole: tuple[bytes, Graded], tmp_path: Path) -> None:
    data, draw, path = whole[0], random.Random(5), tmp_path / "journal.jsonl"
    header, seen = data.index(b"\n") + 1, 0
    for end in sorted(draw.sample(range(header, len(data)), 60)):
        runs = []
        for piece in (data[:end], data[: data.rindex(b"\n", 0, end) + 1]):
            path.write_bytes(piece)
            runs.append(read_run(path).run())
        seen += len(runs[0].records)
        assert runs[0] == runs[1]
    assert seen
    for end in (0, 1, header // 2, header - 1):  # killed while the header was written: nothing was sent yet
        path.write_bytes(data[:end])
        with pytest.raises(JournalError, match="the run never began"):
            read_run(path)


@pytest.mark.parametrize("seed", (0, 2, 3))
def test_a_run_that_is_killed_is_graded(seed: int, tmp_path: Path) -> None:
    """SIGKILL once the journal is as long as a seed says; the rest is not run, and nothing is blamed on the target."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONFORMANCE", "PYTEST"))}
    command = [sys.executable, "-m", "conformance", "run", "--out", "run", "--fuzz", "0"]
    journal, least = tmp_path / "run" / "journal.jsonl", random.Random(seed).randrange(1, 600_000)
    process = subprocess.Popen(
        command, cwd=tmp_path, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while process.poll() is None and not (journal.is_file() and journal.stat().st_size >= least):
            time.sleep(0.001)
        assert process.returncode is None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    _, graded = _killed(journal)
    assert {row.verdict for row in graded.items if row.item.active} <= {
        Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.NOT_RUN, Verdict.NOT_APPLICABLE
    }  # fmt: skip
    result = CliRunner().invoke(main, ["grade", str(tmp_path / "run"), "--out", str(tmp_path / "graded")])
    assert result.exit_code == Exit.INTERRUPTED and "Traceback" not in result.output
    assert result.output.splitlines()[-1].count("interrupted") == 1
    assert (tmp_path / "graded" / "report.html").is_file() and not (tmp_path / "run" / "report.json").exists()
