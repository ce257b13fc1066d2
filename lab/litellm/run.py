"""Run the harness against LiteLLM's proxy on loopback: ``python lab/litellm/run.py [--out DIR] [--only NAME]``.

One command, standard library only: it makes the proxy's own virtual environment when it is missing, starts the
upstream and one proxy per configuration on free ports, runs the harness, and ends every process it started.
Exit code: the worst code of the harness if above 1, else 0 (violations, code 1, are what a lab is for); 3 as well
when the lab cannot be set up or the harness leaves nothing behind.
"""

from __future__ import annotations

import argparse
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VENV = HERE.parent / ".venv-litellm"
REQUIREMENTS = HERE / "requirements.txt"
STAMP = VENV / "installed.txt"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
INHERITED = ("PATH", "HOME", "LANG", "SYSTEMROOT")
PIP_INHERITED = ("PIP_", "SSL_CERT_")
READY_SECONDS = 180.0
STOP_SECONDS = 10.0
BROKEN = 3
WORST_FIRST = (4, 3, 2, 6, 5, 1, 0)
OFFLINE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_DONT_SHOW_FEEDBACK_BOX": "True",
    "LITELLM_MODE": "PRODUCTION",  # the other mode reads .env files
    "LITELLM_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
    "NO_PROXY": "127.0.0.1,localhost",
}


class LabError(Exception):
    """The lab itself could not be set up."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A proxy configuration file and the model name it serves."""

    name: str
    model: str

    @property
    def file(self) -> Path:
        """Its YAML file."""
        return HERE / f"config.{self.name}.yaml"


CONFIGURATIONS = (Configuration("mock", "lab-mock"), Configuration("upstream", "lab-obedient"))


def environment(**added: str) -> dict[str, str]:
    """The environment of a child process: an allow-list of ours and what is given."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | added


def free_port() -> int:
    """A loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def install() -> None:
    """Make the proxy's virtual environment unless it already holds exactly the pinned requirements."""
    wanted = REQUIREMENTS.read_text()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    for_pip = {k: v for k, v in os.environ.items() if k.startswith(PIP_INHERITED)}
    pip = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS)]
    for command in ([sys.executable, "-m", "venv", "--clear", str(VENV)], pip):
        subprocess.run(command, env=environment(**for_pip), check=True)
    STAMP.write_text(wanted)


def answers(port: int, path: str) -> bool:
    """Whether a GET on a loopback port is answered with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
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
def serving(command: list[str], port: int, path: str, log: Path, env: Mapping[str, str]) -> Iterator[None]:
    """A server process that answers on its port; raises LabError when it ends or stays silent."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=env, cwd=log.parent, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not answers(port, path):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise LabError(f"{command[0]} is not ready; its log ends:\n{log.read_text()[-2000:]}")
                time.sleep(0.2)
            yield
        finally:
            stop(process)


def upstream(port: int, key: str, scratch: Path) -> tuple[list[str], int, str, Path, dict[str, str]]:
    """What ``serving`` needs to start the upstream."""
    command = [sys.executable, str(HERE.parent / "upstream.py"), "--port", str(port)]
    return command, port, "/health", scratch / "upstream.log", environment(LAB_UPSTREAM_KEY=key)


def proxy(
    configuration: Configuration, port: int, scratch: Path, secret: Mapping[str, str]
) -> tuple[list[str], int, str, Path, dict[str, str]]:
    """What ``serving`` needs to start the proxy with a configuration; its home is a scratch folder."""
    place = ["--host", "127.0.0.1", "--port", str(port)]
    command = [str(BIN / "litellm"), "--config", str(configuration.file), *place]
    env = environment(**OFFLINE, **secret) | {"HOME": str(scratch)}
    return command, port, "/health/readiness", scratch / f"{configuration.name}.log", env


def harness(configuration: Configuration, port: int, key: str, out: Path) -> int:
    """Run the harness once; its exit code, or 3 when it died or wrote nothing."""
    results = out / configuration.name
    before = touched(results)
    target = [f"http://127.0.0.1:{port}", "--profile", "anthropic", "--model", configuration.model]
    command = [sys.executable, "-m", "conformance", "run", *target, "--out", str(results)]
    ended = subprocess.run(command, cwd=ROOT, env=environment(CONFORMANCE_API_KEY=key), check=False)
    code = ended.returncode if ended.returncode in WORST_FIRST else BROKEN
    return BROKEN if code <= 1 and touched(results) == before else code


def touched(folder: Path) -> dict[Path, int]:
    """The files under a folder with the time of their last change, in nanoseconds."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def measured(chosen: list[Configuration], out: Path, serve_only: bool) -> int:
    """Start everything, run the harness per configuration (or wait for an interrupt); the worst exit code."""
    key, upstream_key = f"sk-lab-{secrets.token_hex(16)}", secrets.token_hex(16)
    codes = [0]
    with tempfile.TemporaryDirectory(prefix="litellm-lab-") as folder:
        scratch, behind = Path(folder), free_port()
        base = f"http://127.0.0.1:{behind}/v1"
        secret = {"LITELLM_MASTER_KEY": key, "LAB_UPSTREAM_BASE": base, "LAB_UPSTREAM_KEY": upstream_key}
        with serving(*upstream(behind, upstream_key, scratch)):
            for configuration in chosen:
                port = free_port()
                with serving(*proxy(configuration, port, scratch, secret)):
                    if serve_only:
                        print(f"http://127.0.0.1:{port} model={configuration.model} key={key}", flush=True)
                        input("press enter to go on\n")
                    else:
                        codes.append(harness(configuration, port, key, out))
    return min(codes, key=WORST_FIRST.index)


def main() -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "litellm", help="one folder per configuration")
    parser.add_argument("--only", choices=[c.name for c in CONFIGURATIONS], help="one configuration alone")
    parser.add_argument("--serve", action="store_true", help="start the servers, print their address, run nothing")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that servers are stopped
    chosen = [c for c in CONFIGURATIONS if given.only in (None, c.name)]
    try:
        install()
        worst = measured(chosen, given.out.resolve(), given.serve)
    except (LabError, subprocess.CalledProcessError) as wrong:
        print(wrong, file=sys.stderr)
        return BROKEN
    return worst if worst > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
