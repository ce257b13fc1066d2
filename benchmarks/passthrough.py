"""What the pass-through costs: the time to the first event of a stream, direct and through it, in turn in one run.

Usage: python benchmarks/passthrough.py [--requests N] [--write]

The reference endpoint and `conformance proxy`, which journals and judges as it forwards, run in processes of their own.
The client asks on one connection to each, one request after the other, the order changing every time. `--write` puts
the table into docs/performance.md.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from _page import measured, write_section

HEADING = "The pass-through"
KEY = "benchmark-key-0123456789"
ALLOWED = 2.0  #: milliseconds that it may add to the median
WARM = 20  #: requests that are not counted
ASKED = {
    "model": "reference-1",
    "max_tokens": 16,
    "stream": True,
    "messages": [{"role": "user", "content": "Reply with the single word: pong"}],
}


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def started(port: int, *words: str) -> Iterator[None]:
    """One of our commands, from the moment at which it listens to its orderly end."""
    environment = {**os.environ, "CONFORMANCE_API_KEY": KEY}
    command = [sys.executable, "-m", "conformance", *words, "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def request_bytes() -> bytes:
    """A streamed request as a client sends it."""
    body = json.dumps(ASKED).encode()
    lines = (
        "POST /anthropic/v1/messages HTTP/1.1",
        "Host: 127.0.0.1",
        f"x-api-key: {KEY}",
        "anthropic-version: 2023-06-01",
        "content-type: application/json",
        f"content-length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def turn(client: socket.socket, asked: bytes) -> tuple[float, float]:
    """Milliseconds to the first event and to the end of one stream."""
    data, first, began = b"", 0.0, time.perf_counter()
    client.sendall(asked)
    while not data.endswith(b"\r\n0\r\n\r\n"):
        more = client.recv(65536)
        if not more:
            raise SystemExit("a connection ended inside a stream")
        data += more
        if not first and b"event:" in data:
            first = time.perf_counter()
    return (first - began) * 1000, (time.perf_counter() - began) * 1000


def measure(ports: Sequence[int], requests: int) -> list[list[tuple[float, float]]]:
    """The times of every request to each port, the ports in turn."""
    asked, clients = request_bytes(), [socket.create_connection(("127.0.0.1", port)) for port in ports]
    times: list[list[tuple[float, float]]] = [[] for _ in ports]
    for number in range(WARM + requests):
        order = range(len(ports)) if number % 2 else reversed(range(len(ports)))
        for place in order:
            found = turn(clients[place], asked)
            if number >= WARM:
                times[place].append(found)
    for client in clients:
        client.close()
    return times


def priority() -> str:
    """How this run stands to what else the machine does, where that is not the usual way."""
    usual = os.sched_getscheduler(0) == os.SCHED_OTHER
    return "" if usual else " (with `chrt -f`: the machine was busy with other things)"


def row(name: str, times: Sequence[tuple[float, float]]) -> str:
    """A line of the table."""
    first, whole = [one for one, _ in times], [one for _, one in times]
    ninety = quantiles(first, n=10)[-1]
    return f"| {name} | {median(first):.2f} ms | {ninety:.2f} ms | {median(whole):.2f} ms |"


def main() -> None:
    """Measure, print, and write if asked to; ends with 1 beyond what is allowed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    direct, through = free_port(), free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        started(direct, "serve"),
        started(through, "proxy", f"http://127.0.0.1:{direct}", "--quiet", "--out", str(Path(folder, "run"))),
    ):
        one, other = measure((direct, through), given.requests)
    added = median(first for first, _ in other) - median(first for first, _ in one)
    lines = [
        "| a stream | first event, median | first event, 90 % | whole, median |",
        "|---|---|---|---|",
        row("direct", one),
        row("through `conformance proxy`", other),
        "",
        f"Added to the median time to the first event: {added:.2f} ms; allowed are {ALLOWED:g} ms.",
    ]
    about = (
        f"{measured('passthrough.py')}{priority()}; {given.requests} streams each, in turn, on one connection each, "
        "over loopback to the reference endpoint, the pass-through journalling and judging every exchange meanwhile."
    )
    print("\n".join(lines))
    if given.write:
        write_section(HEADING, about, lines)
    sys.exit(added >= ALLOWED)


if __name__ == "__main__":
    main()
