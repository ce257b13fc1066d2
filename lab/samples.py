"""Make `reports/samples/` again: ``python lab/samples.py [--out DIR] [--keep-litellm]``.

Runs the harness against the embedded reference endpoint, against one with faults, and against the proxy of LiteLLM
(`lab/run.py`, which installs it when it is missing), and compares the three. All is on loopback, under the
profile `anthropic`. Standard library only; start it with the Python that holds the harness. Exit code: 0, or 3 where a
run came to no verdict.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FAULTS = ("role-foreign", "id-empty", "message-stop-missing", "unchecked-max-tokens-present", "request-id-missing")
LABELS = {"reference": "reference endpoint", "faulty": "with five faults", "litellm": "LiteLLM"}
LEFT_OUT = ("exchanges.har",)  #: above a megabyte each; `conformance grade` writes it again
CONFIGURATION = "upstream"  #: of the lab: LiteLLM translates to a chat-completions server
READY_SECONDS = 30.0
NO_VERDICT = 3


def command(*words: str) -> list[str]:
    """A command of the harness in this Python."""
    return [sys.executable, "-m", "conformance", *words]


@contextmanager
def faulty(key: str) -> Iterator[str]:
    """A reference endpoint with the faults; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    chosen = [word for fault in FAULTS for word in ("--fault", fault)]
    serve = command("serve", "--profile", "anthropic", "--port", str(port), *chosen)
    process = subprocess.Popen(serve, cwd=ROOT, env={**os.environ, "CONFORMANCE_API_KEY": key})
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not listens(port) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(READY_SECONDS)


def listens(port: int) -> bool:
    """Whether somebody takes connections on a loopback port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def run(out: Path, *target: str, key: str = "") -> int:
    """One run of the harness into a folder; its exit code."""
    words = command("run", *target, "--profile", "anthropic", "--out", str(out))
    return subprocess.run(words, cwd=ROOT, env={**os.environ, "CONFORMANCE_API_KEY": key}, check=False).returncode


def litellm(out: Path) -> int:
    """The run against LiteLLM; 0 or 1 where it came to a verdict."""
    with tempfile.TemporaryDirectory(prefix="samples-") as folder:
        lab = [sys.executable, str(HERE / "run.py"), "litellm", "--way", CONFIGURATION, "--out", folder]
        code = subprocess.run(lab, cwd=ROOT, check=False).returncode
        if code == 0:
            shutil.move(Path(folder) / f"litellm-{CONFIGURATION}", out)
    return code


def made(out: Path, keep_litellm: bool) -> list[int]:
    """The exit codes of the runs that were made anew."""
    for name in LABELS:
        if not (name == "litellm" and keep_litellm):
            shutil.rmtree(out / name, ignore_errors=True)
    key = secrets.token_hex(16)
    codes = [run(out / "reference")]
    with faulty(key) as address:
        codes.append(run(out / "faulty", address, "--model", "reference-1", key=key))
    if keep_litellm:
        subprocess.run(command("grade", str(out / "litellm"), "--out", str(out / "litellm")), cwd=ROOT, check=False)
    else:
        codes.append(litellm(out / "litellm"))
    return codes


def main() -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "samples", help="where the samples are written")
    parser.add_argument("--keep-litellm", action="store_true", help="grade the journal of LiteLLM there once more")
    given = parser.parse_args()
    out = given.out.resolve()
    if any(code > 1 for code in made(out, given.keep_litellm)):
        return NO_VERDICT
    for name in LABELS:
        for file in LEFT_OUT:
            (out / name / file).unlink(missing_ok=True)
    labels = [word for label in LABELS.values() for word in ("--label", label)]
    compared = command("compare", *(str(out / name) for name in LABELS), *labels, "--out", str(out))
    return subprocess.run(compared, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
