"""`conformance load` with Locust's own processes: a fault that only a crowd sees is found, and nothing without it."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from load_orders import KEY, LIMITS, orders, settings
from processes import hears_interrupts

from conformance import reference
from conformance.cli import load as command
from conformance.cli import main
from conformance.evidence.follow import read_run
from conformance.load.crowd import Crowd
from conformance.load.orders import Ladder

CROWDED = ("--model", "reference-1", "--users", "12", "--step", "6", "--spawn-rate", "50", "--requests", "60")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFORMANCE_API_KEY", KEY)


def loaded(*words: str) -> Result:
    return CliRunner().invoke(main, ["load", *words])


def crowded(folder: Path, *faults: str) -> Result:
    """Two workers, and as many users as the faults need, slowly enough to be in flight together."""
    with reference.Endpoint(settings(*faults, delay=0.15)) as server:
        return loaded(server.url, *CROWDED, "--workers", "2", "--out", str(folder))


def violated(folder: Path) -> dict[str, str]:
    requirements = json.loads((folder / "report.json").read_bytes())["requirements"]
    return {row["id"]: row["verdict"] for row in requirements if row["verdict"] in ("failed", "warned")}


def test_two_workers_find_what_only_a_crowd_sees(tmp_path: Path) -> None:
    result = crowded(tmp_path / "run", "stop-lost-in-a-crowd", "streams-crossed-in-a-crowd")
    assert result.exit_code == 1, result.output
    assert violated(tmp_path / "run") == {"LOAD-001": "failed", "STRM-023": "failed"}
    few, many = json.loads((tmp_path / "run" / "load.json").read_bytes())["levels"]
    assert (few["users"], few["broken"], many["users"]) == (6, 0, 12) and many["broken"] > 0


def test_two_workers_report_nothing_without_it(tmp_path: Path) -> None:
    result = crowded(tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert violated(tmp_path / "run") == {}
    told = json.loads((tmp_path / "run" / "load.json").read_bytes())
    assert sum(level["served"] for level in told["levels"]) == 60 == told["locust"]["requests"]
    run = read_run(tmp_path / "run" / "journal.jsonl").run()
    assert len(run.records) == 66 and run.finished
    assert {path.suffix for path in (tmp_path / "run").iterdir()}.isdisjoint({".out", ".err"})


def test_without_locust_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["conformance.cli.load"], "find_spec", lambda name: None)
    result = loaded("http://127.0.0.1:9")
    assert result.exit_code == 4 and result.output.endswith(f"Error: {command.MISSING}\n")
    assert "pip install 'messages-conformance[load]'" in command.MISSING


def test_wrong_usage_ends_with_4_and_an_unreachable_target_with_6() -> None:
    assert loaded("http://127.0.0.1:9", "--users", "0").exit_code == 4
    result = loaded("http://127.0.0.1:9", "--model", "m")
    assert result.exit_code == 6 and "cannot be reached" in result.output


def test_a_worker_that_fails_is_named_with_its_reason(tmp_path: Path) -> None:
    told = orders("http://127.0.0.1:9", tmp_path, Ladder(users=1, requests=4), ca_bundle=tmp_path / "absent.pem")
    crowd = Crowd(replace(told, worker=-1), tmp_path)
    outcome = crowd.run(time.monotonic())
    assert outcome.failure.startswith("the worker 1 of the load failed: FileNotFoundError: ")
    assert (outcome.begun, outcome.over, outcome.requests) == ((), "", 0)


def test_a_load_that_is_interrupted_ends_in_order_with_what_it_has(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with reference.Endpoint(settings()) as server:
        words = ["load", server.url, "--model", "reference-1", "--requests", "100000", "--out", str(folder)]
        process = subprocess.Popen(
            [sys.executable, "-m", "conformance", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=hears_interrupts,
        )  # fmt: skip
        before = server.requests
        while process.poll() is None and server.requests < before + 40:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    run = read_run(folder / "journal.jsonl")
    assert run.footer["holding"] == ["INTERRUPTED"] and len(run.records) >= 20
    assert json.loads((folder / "load.json").read_bytes())["levels"][0]["served"] > 0


def test_processes_that_do_not_end_in_time_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.load.crowd.STARTING", 0.0)  # no worker is begun, and the master waits for one
    monkeypatch.setattr("conformance.load.crowd.ENDING", 5.0)
    ladder = Ladder(users=1, seconds=0.1)
    told = orders("http://127.0.0.1:9", tmp_path, ladder, worker=-1, limits=replace(LIMITS, whole=0.1))
    outcome = Crowd(told, tmp_path).run(time.monotonic())
    assert outcome.failure == "the processes of the load did not end in time"
