"""The command: it listens, says where, and ends in order on a signal, with the journal complete."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from conformance import reference
from conformance.cli import main
from conformance.evidence.follow import read_run

KEY = "canary-key-77aa55ee"
BODY = {"model": "reference-1", "max_tokens": 16, "messages": [{"role": "user", "content": "Reply: pong"}]}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_a_signal_ends_it_in_order(number: signal.Signals, tmp_path: Path) -> None:
    faults = ("stop-reason-null",)
    with reference.Endpoint(reference.Settings(profile="anthropic", key=KEY, faults=faults)) as server:
        command = [sys.executable, "-m", "conformance", "proxy", server.url, "--profile", "anthropic", "--out", "run"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            encoding="utf-8",
        )  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        said = process.stderr.readline()
        url = said.split()[1]
        headers = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
        answer = httpx.post(f"{url}/v1/messages", json=BODY, headers=headers, trust_env=False)
        assert answer.status_code == 200
        told = process.stderr.readline()
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1, out
    assert said.startswith("forwarding http://127.0.0.1:") and told.startswith("exchange 1 (POST /v1/messages")
    assert "RESP-009  MUST" in out
    follower = read_run(tmp_path / "run" / "journal.jsonl")
    assert len(follower.records) == 1 and follower.footer["holding"] == []
    assert json.loads((tmp_path / "run" / "report.json").read_text())["version"]
    assert KEY not in (tmp_path / "run" / "journal.jsonl").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no target: give the URL"),
        (("http://127.0.0.1:9", "--target-url", "http://127.0.0.1:8"), "name two targets"),
        (("ftp://127.0.0.1",), "is not an http or https URL"),
        (("http://key@127.0.0.1",), "carries user information"),
        (("http://127.0.0.1:9", "--port", "70000"), "70000"),
        (("http://127.0.0.1:9", "--ca-bundle", "no-such-file"), "is not a file"),
        (("http://127.0.0.1:9", "--max-requests", "0"), "at least 1"),
    ],
    ids=["none", "two", "scheme", "user", "port", "bundle", "cap"],
)
def test_wrong_usage(words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["proxy", *words])
    assert done.exit_code == 4 and said in done.output and "Traceback" not in done.output


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "not-quiet"])
def test_both_spellings_and_the_end_by_time(quiet: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--target-url", "http://127.0.0.1:9", "--max-seconds", "0.01", "--out", "run"]
    done = CliRunner().invoke(main, ["proxy", *words, *(["--quiet"] if quiet else [])])
    assert done.exit_code == 5 and "forwarding http://127.0.0.1:" in done.output
    assert (tmp_path / "run" / "requests.json").is_file()
