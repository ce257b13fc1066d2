"""Wall time of a whole run against the latency of the target, beside the ideal.

Usage: python benchmarks/latency.py [--profile P] [--latency S ...] [--concurrency N] [--write]

For each latency one run of `conformance run` against the reference endpoint, which waits that long before the first
byte of every answer. The ideal is the sum of latencies divided by the concurrency; the bound that the project holds
itself to is 1.5 times the ideal plus the time of the same run without latency. `--write` puts the table into
docs/performance.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from _page import measured, write_section

from conformance.reference import Endpoint, Settings

KEY = "benchmark-key-0123456789"
HEADING = "Wall time against latency"


@dataclass(frozen=True, slots=True)
class Row:
    """One run: seconds of latency, requests sent, seconds of wall time, exit code."""

    latency: float
    requests: int
    wall: float
    code: int


def measure(profile: str, latency: float, concurrency: int) -> Row:
    """One whole run in a process of its own."""
    settings = Settings(profile=profile, key=KEY, delay=latency)
    with Endpoint(settings) as endpoint, tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "conformance", "run", endpoint.url, "--profile", profile, "--model", settings.model,
            "--concurrency", str(concurrency), "--out", folder, "--level", "should",
        ]  # fmt: skip
        began = time.perf_counter()
        ended = subprocess.run(
            command, env={**os.environ, "CONFORMANCE_API_KEY": KEY}, capture_output=True, check=False
        )
        wall = time.perf_counter() - began
        report = json.loads((Path(folder) / "report.json").read_text())
    return Row(latency, report["requests"]["total"], wall, ended.returncode)


def table(rows: list[Row], concurrency: int) -> list[str]:
    """The rows as Markdown, with ideal, bound and ratio."""
    base = next(row.wall for row in rows if row.latency == 0)
    lines = ["| latency | requests | wall | ideal | bound | wall / bound | exit |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        ideal = row.requests * row.latency / concurrency
        bound = 1.5 * ideal + base
        lines.append(
            f"| {row.latency:g} s | {row.requests} | {row.wall:.1f} s | {ideal:.1f} s | {bound:.1f} s "
            f"| {row.wall / bound:.2f} | {row.code} |"
        )
    return lines


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--profile", default="myrouter")
    parser.add_argument("--latency", type=float, nargs="*", default=[0.5])
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = [measure(given.profile, latency, given.concurrency) for latency in [0.0, *given.latency]]
    lines = table(rows, given.concurrency)
    print("\n".join(lines))
    if given.write:
        write_section(HEADING, about(given.profile, given.concurrency), lines)


def about(profile: str, concurrency: int) -> str:
    """What the table rests on."""
    return (
        f"{measured('latency.py --write')}, target on the same machine; profile {profile}, "
        f"concurrency {concurrency}. Bound: 1.5 × (requests × latency / concurrency) + wall time without latency."
    )


if __name__ == "__main__":
    main()
