"""Signals, full disks, killed workers and changed journals: the run ends, says what is true, and leaves a journal."""

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

import pytest
from plugin_runs import endpoint, environment, finished, start, suite, target

from conformance.evidence.follow import Follower, read_run
from conformance.plugin.interrupts import Interrupts
from conformance.reference import Endpoint

LONG = ("-k", "REQ", "--concurrency=1", suite("request_model_and_messages"))


def _begun(server: Endpoint, process: "object", least: int = 2) -> None:
    """Wait until the target has been asked so often."""
    while server.requests < least and process.poll() is None:  # type: ignore[attr-defined]
        time.sleep(0.01)


def _report(folder: Path) -> dict[str, object]:
    report = json.loads((folder / "run" / "report.json").read_text())
    return dict(report["verdict"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("processes", ["0", "2"])
def test_one_signal_ends_the_run_in_order(number: signal.Signals, processes: str, tmp_path: Path) -> None:
    with endpoint(delay=0.3) as server:
        process = start(tmp_path, *target(server.url), *LONG, "-n", processes)
        _begun(server, process)
        process.send_signal(number)
        code, output = finished(process)
    assert code == 2 and "Traceback" not in output and "INTERNALERROR" not in output, output
    assert _report(tmp_path)["exit"] == "interrupted" and (tmp_path / "run" / "junit.xml").is_file()
    follower = read_run(tmp_path / "run" / "journal.jsonl")
    assert follower.footer["holding"] == ["INTERRUPTED"] and "not sent: the run was stopped" in follower.unsent.values()


def test_two_signals_end_it_at_once_and_leave_the_journal(tmp_path: Path) -> None:
    with endpoint(delay=0.3) as server:
        process = start(tmp_path, *target(server.url), *LONG, "-p", "slow_end", PYTHONPATH=_slow_end(tmp_path))
        _begun(server, process)
        process.send_signal(signal.SIGINT)
        while not (tmp_path / "ending").exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        code, output = finished(process)
    assert code == 2 and "ended at once: the journal holds what was answered" in output, output
    follower = read_run(tmp_path / "run" / "journal.jsonl")
    assert follower.records and not follower.footer and not (tmp_path / "run" / "report.json").exists()


def _slow_end(folder: Path) -> str:
    """A plugin that takes its time before our reports are written, and says when it begins."""
    (folder / "slow_end.py").write_text(
        "import pathlib, time, pytest\n"
        "@pytest.hookimpl(wrapper=True, tryfirst=True)\n"
        "def pytest_sessionfinish(session):\n"
        "    pathlib.Path('ending').touch()\n"
        "    time.sleep(60)\n"
        "    return (yield)\n"
    )
    return str(folder)
