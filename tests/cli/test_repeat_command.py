"""`conformance run --repeat`, against an endpoint that breaks in one run alone."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance.cli import main
from conformance.cli.repeat import _attempts, _exit, _told
from conformance.contract.documents import json_schema
from conformance.gate.baseline import read_baseline
from conformance.proof.runs import judged
from conformance.reference import Endpoint, Settings
from conformance.verdicts import Exit

KEY = "repeat-key-0123456789"


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def _flaky(second: Path) -> Iterator[str]:
    """The address of an endpoint that answers with a foreign role while the second run is the last one."""
    broken, sound = Settings(key=KEY, faults=("role-foreign",)), Settings(key=KEY)
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []
    with Endpoint(broken) as bad, Endpoint(sound) as good, listener:

        def serve() -> None:
            while True:
                try:
                    client = listener.accept()[0]
                except OSError:
                    return
                is_second = second.exists() and not second.with_name("3").exists()
                address = urlsplit((bad if is_second else good).url)
                server = socket.create_connection((address.hostname or "", address.port or 0))
                opened.extend((client, server))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=_pipe, args=ends, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{urlsplit(good.url).path}"
        listener.shutdown(socket.SHUT_RDWR)
        for each in opened:
            each.close()


def _started(folder: Path, *words: str) -> "subprocess.Popen[str]":
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CONFORMANCE", "PYTEST"))}
    environment["CONFORMANCE_API_KEY"] = KEY
    command = [sys.executable, "-m", "conformance", "run", "--fuzz=0", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def _baseline(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["baseline", *map(str, words)])
    return result.exit_code, result.output


def test_a_violation_of_one_run_is_sometimes_and_ends_with_1(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with _flaky(out / "2") as url:
        words = (url, "--model=reference-1", "--requirement=RESP-003", "--repeat=3", f"--out={out}")
        with _started(tmp_path, *words) as done:
            told = done.communicate(timeout=120)[0]
    assert done.returncode == Exit.VIOLATION, told
    found = json.loads((out / "repeat.json").read_text())
    assert not list(Draft202012Validator(json_schema("repeat")).iter_errors(found))
    assert [run["exit"] for run in found["runs"]] == [0, 1, 0] and found["exit"] == 1
    rare = next(row for row in found["cases"] if row["requirement"] == "RESP-003")
    assert (rare["state"], rare["violated"], rare["observed"], rare["violated_in"]) == ("sometimes", 1, 3, ["2"])
    assert "  sometimes  RESP-003 (MUST): violated in 1 of 3 runs, in run 2" in told
    assert all((out / str(n) / name).exists() for n in (1, 2, 3) for name in ("journal.jsonl", "report.json"))
    assert KEY not in told + "".join(path.read_text("utf-8") for path in out.rglob("*") if path.is_file())
    code, text = _baseline("write", out, "--baseline", tmp_path / "b.yaml")
    known = read_baseline(tmp_path / "b.yaml")
    assert code == 0 and "listed as flaky from now on" in text
    assert {row.key for row in known.flaky} >= {"RESP-003"} and "RESP-003" not in {row.key for row in known.violations}
    assert _baseline("check", out / "2", "--baseline", tmp_path / "b.yaml")[0] == 0
    (out / "repeat.json").write_text("{}")
    assert _baseline("write", out, "--baseline", tmp_path / "b.yaml")[0] == Exit.USAGE


def test_an_interrupt_ends_the_run_at_hand_and_keeps_the_finished_ones(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with _started(tmp_path, "--repeat=5", "--requirement=RESP-003", f"--out={out}") as running:
        deadline = time.monotonic() + 60
        while not (out / "2" / "journal.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        told = running.communicate(timeout=60)[0]
    assert running.returncode == Exit.INTERRUPTED, told
    found = json.loads((out / "repeat.json").read_text())
    assert found["asked"] == 5 and found["exit"] == 2 and {run["folder"] for run in found["runs"]} <= {"1", "2"}
    assert found["runs"][0]["exit"] == 0 and not (out / "3").exists() and "Traceback" not in told


def test_once_is_a_plain_run_and_wrong_words_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[list[str]] = []

    def call(words: list[str]) -> int:
        calls.append(words)
        return 6

    monkeypatch.setattr(pytest, "main", call)
    runner = CliRunner()
    assert runner.invoke(main, ["run", "--repeat", "1"]).exit_code == runner.invoke(main, ["run"]).exit_code == 6
    assert calls[0] == calls[1]
    told = runner.invoke(main, ["run", "--repeat", "2", "--dry-run"])
    assert told.exit_code == 6 and "each of 2 runs:" in told.output and len(calls) == 3
    assert runner.invoke(main, ["run", "--repeat", "0"]).exit_code == Exit.USAGE
    assert runner.invoke(main, ["run", "--repeat", "2", "--attempts", "0"]).exit_code == Exit.USAGE
    resumed = runner.invoke(main, ["run", "--repeat", "2", "--resume", str(tmp_path)])
    assert resumed.exit_code == Exit.USAGE and "goes without --repeat" in resumed.output
    (tmp_path / "1").mkdir()
    again = runner.invoke(main, ["run", "--repeat", "2", "--out", str(tmp_path)])
    assert again.exit_code == Exit.USAGE and "holds a repeated run already" in again.output and len(calls) == 3


def test_nothing_sent_ends_the_repetition(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["run", "--repeat", "3", "-k", "no_such_item", "--out", str(out)])
    assert result.exit_code == Exit.NOTHING_TESTED and "no run came to its end" in result.output
    assert not (out / "repeat.json").exists() and "run 2" not in result.output


@pytest.mark.parametrize(
    ("status", "code"),
    [(0, 0), (6, 6), (-signal.SIGINT, 2), (-signal.SIGTERM, 2), (-signal.SIGKILL, 3), (77, 3)],
)
def test_a_process_that_was_killed_did_not_conform(status: int, code: int) -> None:
    assert _exit(status) == code


def test_what_cannot_be_read_is_left_out_and_what_cannot_be_written_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged("myrouter", tmp_path / "1", "role-foreign", only=("RESP-003",), reports=False)
    (attempt,) = _attempts(1, tmp_path / "1", Exit.VIOLATION)
    assert attempt.exit is Exit.VIOLATION and "RESP-003" in attempt.observed
    journal = tmp_path / "1" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]))
    assert not list(_attempts(1, tmp_path / "1", Exit.INTERRUPTED))
    journal.write_bytes(b"".join((*lines[:1], *lines[2:])))
    assert not list(_attempts(1, tmp_path / "1", Exit.VIOLATION)) and "run 1 is left out" in capsys.readouterr().err
    assert _told(journal, 1, [attempt], Exit.VIOLATION) is Exit.HARNESS_ERROR
    assert "cannot write the report" in capsys.readouterr().err
