"""Run the harness against servers of the lab on loopback: ``python lab/run.py SERVER [SERVER ...] [--way NAME]``.

One command for each server: it installs the server into an environment of its own when it is missing, starts what
stands behind it and the server itself on free ports, runs the harness, and ends every process it started. Without a
name it runs all of them, `--list` tells their names. Start it with the Python that holds the harness.
Exit code: the worst code of the harness if above 1, else 0 (violations, code 1, are what a lab is for); 3 as well when
a server cannot be set up or the harness leaves nothing behind.
"""

from __future__ import annotations

import argparse
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from _lab import LAB, ROOT, LabError, Start, environment, free_port, install, serving
from _servers import Places, Server, Way, load, names, start

BROKEN = 3
WORST_FIRST = (4, 3, 2, 6, 5, 1, 0)


def upstream(kind: str, port: int, key: str, home: Path, faults: list[str]) -> Start:
    """How the model behind a server is started: our chat-completions server, or our reference endpoint."""
    chosen = [word for fault in faults for word in ("--fault", fault)]
    commands = {
        "chat": [str(LAB / "upstream.py"), "--port", str(port), *chosen],
        "messages": ["-m", "conformance", "serve", "--profile", "anthropic", "--port", str(port), *chosen],
    }
    env = environment(home, LAB_UPSTREAM_KEY=key, CONFORMANCE_API_KEY=key, PYTHONPATH=str(ROOT))
    return Start((sys.executable, *commands[kind]), env, port, "/health", home / "upstream.log")


def harness(server: Server, way: Way, places: Places, out: Path, options: list[str]) -> int:
    """Run the harness once; its exit code, or 3 when it died or wrote nothing."""
    before = touched(out)
    headers = {name: places.filled(server, way, value) for name, value in way.headers.items()}
    variables = {f"LAB_HEADER_{at}": value for at, value in enumerate(headers.values())}
    table = "".join(f'"{name}" = "{variable}"\n' for name, variable in zip(headers, variables, strict=True))
    config = places.home / "conformance.toml"
    config.write_text(f"[headers]\n{table}" if table else "", encoding="utf-8")
    target = [f"http://127.0.0.1:{places.port}{server.base}", "--profile", "anthropic", "--model", way.model]
    told = ["--config", str(config), "--level", "should", *way.options, *options, "--out", str(out)]
    command = [sys.executable, "-m", "conformance", "run", *target, *told]
    env = environment(Path.home(), CONFORMANCE_API_KEY=places.key, **variables)
    ended = subprocess.run(command, cwd=ROOT, env=env, check=False)
    code = ended.returncode if ended.returncode in WORST_FIRST else BROKEN
    return BROKEN if code <= 1 and touched(out) == before else code


def touched(folder: Path) -> dict[Path, int]:
    """The files under a folder with the time of their last change, in nanoseconds."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@contextmanager
def running(server: Server, way: Way, faults: list[str]) -> Iterator[Places]:
    """A server with what stands behind it, in a scratch home that is removed afterwards."""
    key, behind = f"sk-lab-{secrets.token_hex(16)}", free_port()
    upstream_key = key if server.hands_on_key else secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        home = Path(folder)
        model = nullcontext() if way.upstream == "none" else serving(
            upstream(way.upstream, behind, upstream_key, home, faults))  # fmt: skip
        with model:
            address = f"http://127.0.0.1:{behind}"
            places = Places(free_port(), key, home, address, upstream_key)
            with serving(start(server, way, places)):
                yield places


def once(server: Server, way: Way, out: Path, given: argparse.Namespace, options: list[str]) -> int:
    """Run the harness against one way of a server, or wait at it; the exit code."""
    label = f"{server.name}-{way.name}" + "".join(f"+{fault}" for fault in given.fault)
    with running(server, way, given.fault) as places:
        if not given.serve:
            return harness(server, way, places, out / label, options)
        told = f"model={way.model} key={places.key} upstream={places.upstream}"
        print(f"http://127.0.0.1:{places.port}{server.base} {told}", flush=True)
        input("press enter to go on\n")
        return 0


def measured(given: argparse.Namespace, options: list[str]) -> Iterator[int]:
    """The exit codes of all that was asked for; a server that cannot be set up does not keep the others from it."""
    for server in map(load, given.server or names()):
        try:
            install(server.name, server.kind)
            for way in server.ways:
                if given.way in (None, way.name):
                    yield once(server, way, given.out.resolve(), given, options)
        except (LabError, OSError, subprocess.CalledProcessError) as wrong:
            print(f"{server.name}: {wrong}", file=sys.stderr)
            yield BROKEN


def main() -> int:
    """The command line; the exit code. Options it does not know go to `conformance run`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", nargs="*", metavar="SERVER", help=f"one or more of {', '.join(names())}")
    parser.add_argument("--way", help="one way of the server alone")
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "lab-runs", help="one folder for each way")
    parser.add_argument("--fault", action="append", default=[], help="a fault of what stands behind; repeatable")
    parser.add_argument("--serve", action="store_true", help="start the servers, print their address, run nothing")
    parser.add_argument("--list", action="store_true", help="tell the servers and their ways, and end")
    given, options = parser.parse_known_args()
    if strange := sorted(set(given.server) - set(names())):
        parser.error(f"no such server: {', '.join(strange)}; there are {', '.join(names())}")
    if given.list:
        print("\n".join(f"{name}: {', '.join(way.name for way in load(name).ways)}" for name in names()))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that servers are stopped
    worst = min(measured(given, options), key=WORST_FIRST.index, default=0)
    return worst if worst > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
