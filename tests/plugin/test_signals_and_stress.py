"""Signals, full disks, killed workers and changed journals: the run ends, says what is true, and leaves a journal."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from plugin_runs import endpoint, finished, start, suite, target
from processes import children

from conformance.evidence.follow import read_run
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


EARLY = ("-p", "early", "-p", "no:unraisableexception")


def _early(folder: Path, number: signal.Signals, how: str, hook: str = "pytest_pycollect_makemodule") -> str:
    """A plugin that gives its process a signal when a hook is called first: as it comes, where Python drops what a
    handler raises, or twice."""
    (folder / "early.py").write_text(
        "import functools, signal, weakref\n"
        "class Something:\n"
        "    pass\n"
        "def comes():\n"
        f"    signal.raise_signal({int(number)})\n"
        "def lost():\n"
        "    something = Something()\n"
        "    watch = weakref.ref(something, lambda _: comes())\n"
        "    del something\n"
        "def twice():\n"
        "    lost()\n"
        "    comes()\n"
        f"once = functools.cache({how})\n"
        f"def {hook}():\n"
        "    once()\n"
    )
    return str(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("how", ["comes", "lost", "twice"])
def test_a_signal_while_files_are_collected_ends_it_before_anything_is_sent(
    number: signal.Signals, how: str, tmp_path: Path
) -> None:
    with endpoint() as server:
        words = (*target(server.url), *EARLY, "-k", "RESP-003", suite("response"))
        process = start(tmp_path, *words, PYTHONPATH=_early(tmp_path, number, how))
        code, output = finished(process)
        assert server.requests == 0
    assert code == 2 and "INTERNALERROR" not in output, output
    assert ("ended at once: nothing was tested" in output) == (how == "twice") and not (tmp_path / "run").exists()


def test_an_interrupt_that_got_lost_later_ends_the_run_at_the_next_item(tmp_path: Path) -> None:
    plugin = _early(tmp_path, signal.SIGINT, "lost", "pytest_runtest_setup")
    with endpoint() as server:
        words = (*target(server.url), *EARLY, "-k", "RESP-003 or RESP-004", suite("response"))
        code, output = finished(start(tmp_path, *words, PYTHONPATH=plugin))
    assert code == 2 and "1 passed" in output and "2 passed" not in output, output
    assert _report(tmp_path)["exit"] == "interrupted"


def test_an_interrupt_that_got_lost_at_the_last_item_is_told_all_the_same(tmp_path: Path) -> None:
    plugin = _early(tmp_path, signal.SIGINT, "lost", "pytest_runtest_teardown")
    with endpoint() as server:
        words = (*target(server.url), *EARLY, "-k", "RESP-003", suite("response"))
        code, output = finished(start(tmp_path, *words, PYTHONPATH=plugin))
    assert code == 2 and "1 passed" in output, output
    assert read_run(tmp_path / "run" / "journal.jsonl").footer["holding"] == ["INTERRUPTED"]


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


def _limited(folder: Path, most: int) -> dict[str, str]:
    """The environment of a process that can make no file longer than so many bytes, as on a disk that is full. What
    measures our coverage would have to write a longer one."""
    (folder / "full_disk.py").write_text(
        f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({most}, resource.RLIM_INFINITY))\n"
    )
    return {"PYTHONPATH": str(folder), "COVERAGE_PROCESS_START": ""}


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_disk_that_fills_is_an_error_of_the_harness_and_nobody_waits(processes: str, tmp_path: Path) -> None:
    words = ("-p", "full_disk", "-n", processes, "-k", "REQ", suite("request_model_and_messages"))
    with endpoint() as server:
        process = start(tmp_path, *target(server.url), *words, **_limited(tmp_path, 30_000))
        code, output = finished(process)
    assert code == 3 and "Traceback" not in output and "INTERNALERROR" not in output, output
    assert "cannot write the journal" in output and "File too large" in output
    follower = read_run(tmp_path / "run" / "journal.jsonl")
    assert follower.records and not follower.sent and not follower.footer


def test_a_disk_that_is_full_at_first_is_wrong_usage_and_nothing_is_sent(tmp_path: Path) -> None:
    words = ("-p", "full_disk", "-k", "REQ", suite("request_model_and_messages"))
    with endpoint() as server:
        process = start(tmp_path, *target(server.url), *words, **_limited(tmp_path, 10))
        code, output = finished(process)
        assert server.requests == 0
    assert code == 4 and "cannot write the journal" in output and "Traceback" not in output, output


def test_a_killed_worker_is_an_error_of_the_harness(tmp_path: Path) -> None:
    with endpoint(delay=0.1) as server:
        process = start(tmp_path, *target(server.url), *LONG, "-n", "2")
        _begun(server, process)
        os.kill(children(process.pid)[0], signal.SIGKILL)
        code, output = finished(process)
    assert code == 3 and "INTERNALERROR" not in output, output
    assert "the harness failed: a process of pytest-xdist ended before its time" in output
    assert _report(tmp_path)["exit"] == "harness-error"
    assert "HARNESS_ERROR" in read_run(tmp_path / "run" / "journal.jsonl").footer["holding"]


def test_a_journal_that_somebody_else_writes_to_ends_with_3(tmp_path: Path) -> None:
    journal = tmp_path / "run" / "journal.jsonl"
    with endpoint(delay=0.1) as server:
        process = start(tmp_path, *target(server.url), *LONG)
        _begun(server, process)
        with journal.open("ab") as file:
            file.write(b'{"record": "sent"}\n')
        code, output = finished(process)
    assert code == 3 and "Traceback" not in output and "INTERNALERROR" not in output, output
    assert "the harness failed: run/journal.jsonl, line " in output and not (tmp_path / "run" / "report.json").exists()


def _send(number: signal.Signals) -> None:
    """Give this process a signal, and let it hear it before anything else is done."""
    signal.raise_signal(number)
    for _ in range(1000):
        time.sleep(0)


@pytest.fixture
def listening() -> Iterator[Mapping[signal.Signals, object]]:
    """The signals as Python finds them when it is started from a terminal; what the test is run under afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    plain = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    for number, handler in plain.items():
        signal.signal(number, handler)  # type: ignore[arg-type]
    yield plain
    for number, found in before.items():
        signal.signal(number, found)


def test_signals_are_left_as_they_were_found(
    listening: Mapping[signal.Signals, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[bytes] = []
    interrupts = Interrupts(said.append)
    monkeypatch.setattr(os, "_exit", sys.exit)
    interrupts.install()
    with pytest.raises(KeyboardInterrupt):
        _send(signal.SIGINT)
    with pytest.raises(SystemExit) as ended:
        _send(signal.SIGTERM)
    interrupts.restore()
    assert ended.value.code == 2 and [words.split(b":")[0] for words in said] == [b"\nended at once"]
    assert {number: signal.getsignal(number) for number in listening} == listening


def test_a_signal_while_reports_are_written_lets_them_be_written(listening: object) -> None:
    interrupts = Interrupts(lambda words: None, closing=True)
    interrupts.install()
    _send(signal.SIGINT)
    interrupts.restore()
    assert interrupts.heard


def test_a_process_that_is_deaf_to_a_signal_stays_so(listening: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts = Interrupts(lambda words: None)
    interrupts.install()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    interrupts.restore()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN and not interrupts.heard
