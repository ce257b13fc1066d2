"""What every server of the lab needs: its own environment, a loopback port, a start, readiness, an end.

Standard library only. A child process gets an allow-listed environment and a fresh home; packages are installed into
folders beside the lab that version control ignores.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

LAB = Path(__file__).resolve().parent
ROOT = LAB.parent
INHERITED = ("PATH", "LANG", "SYSTEMROOT")
INSTALL_INHERITED = ("PIP_", "SSL_CERT_", "NPM_CONFIG_", "npm_config_", "NODE_EXTRA_CA_CERTS")
READY_SECONDS = 180.0
STOP_SECONDS = 10.0


class LabError(Exception):
    """The lab itself could not be set up."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a process is started: its command, environment, port, the path that tells readiness, and its log."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    port: int
    ready: str
    log: Path


def environment(home: Path, **added: str) -> dict[str, str]:
    """The environment of a child process: an allow-list of ours, a home of its own, and what is given."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return kept | {"HOME": str(home), "NO_PROXY": "127.0.0.1,localhost"} | added


def free_port() -> int:
    """A loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def binaries(name: str, kind: str) -> Path:
    """The folder with the programs of an installed server; kind is `python` or `node`."""
    if kind == "node":
        return LAB / name / "node_modules" / ".bin"
    return LAB / f".venv-{name}" / ("Scripts" if os.name == "nt" else "bin")


def install(name: str, kind: str) -> None:
    """Install a server from its pinned list unless exactly that is installed already."""
    listed = LAB / name / ("package-lock.json" if kind == "node" else "requirements.txt")
    place = binaries(name, kind).parent
    stamp = place / "installed.txt"
    wanted = listed.read_text(encoding="utf-8")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    home = {k: v for k, v in os.environ.items() if k.startswith(INSTALL_INHERITED)}
    for command in _node_install() if kind == "node" else _python_install(name, listed):
        env = environment(Path.home(), **home)
        subprocess.run(command, env=env, cwd=listed.parent, check=True)
    stamp.write_text(wanted, encoding="utf-8")


def _python_install(name: str, listed: Path) -> list[list[str]]:
    venv = LAB / f".venv-{name}"
    pip = [str(binaries(name, "python") / "python"), "-m", "pip", "install", "--quiet", "--requirement", str(listed)]
    return [[sys.executable, "-m", "venv", "--clear", str(venv)], pip]


def _node_install() -> list[list[str]]:
    npm = shutil.which("npm")
    if not npm:
        raise LabError("npm is not on the path: install Node.js, or leave this server out")
    return [[npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]]


def answers(port: int, path: str) -> bool:
    """Whether a GET on a loopback port is answered, with whatever status below 500."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started, politely first."""
    for end in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, end) if os.name == "posix" else process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)


@contextmanager
def serving(start: Start) -> Iterator[None]:
    """A server process that answers on its port; raises LabError when it ends or stays silent."""
    with start.log.open("wb") as out:
        process = subprocess.Popen(
            start.command, env=dict(start.env), cwd=start.log.parent, stdout=out, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not answers(start.port, start.ready):
                if process.poll() is not None or time.monotonic() > deadline:
                    said = start.log.read_text(errors="replace")[-2000:]
                    raise LabError(f"{Path(start.command[0]).name} is not ready; its log ends:\n{said}")
                time.sleep(0.2)
            yield
        finally:
            stop(process)
