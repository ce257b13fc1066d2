"""Wall time of a run against the latency of the target, beside the ideal and beside a sequential run.

Usage: python benchmarks/latency.py [--profile P] [--budget B] [--latency S ...] [--concurrency N ...] [--timeline]
       [--write]

For each concurrency, and each latency from zero on, one run of `conformance run` against the reference endpoint, which
waits that long before the first byte of every answer. The ideal is the sum of the latencies divided by the
concurrency; the bound that the project holds itself to is 1.2 times the ideal plus the time of the same run without
latency. A run at concurrency 1 sends as a plain sequence of tests would; where it would take longer than `--longest`
seconds its ideal stands for it. `--timeline` draws how many requests were in flight. `--write` puts the table into
docs/performance.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from _page import measured, write_section

from conformance.evidence.follow import read_run
from conformance.reference import Endpoint, Settings

KEY = "benchmark-key-0123456789"
HEADING = "Wall time against latency"

Flight = tuple[tuple[float, float], ...]
"""Beginning and end of each request, seconds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One run: its concurrency, seconds of latency, requests sent, seconds of wall time, exit code, its requests."""

    concurrency: int
    latency: float
    requests: int
    wall: float
    code: int
    flight: Flight = ()

    @property
    def ideal(self) -> float:
        """Seconds of latency that cannot be avoided at this concurrency."""
        return self.requests * self.latency / self.concurrency

    @property
    def sending(self) -> float:
        """Seconds from the first request to the last answer."""
        return max((end for _, end in self.flight), default=0.0)


def measure(profile: str, budget: str, latency: float, concurrency: int) -> Row:
    """One whole run in a process of its own."""
    settings = Settings(profile=profile, key=KEY, delay=latency)
    with Endpoint(settings) as endpoint, tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "conformance", "run", endpoint.url, "--profile", profile, "--model", settings.model,
            "--concurrency", str(concurrency), "--out", folder, "--level", "should", "--budget", budget,
        ]  # fmt: skip
        began = time.perf_counter()
        ended = subprocess.run(
            command, env={**os.environ, "CONFORMANCE_API_KEY": KEY}, capture_output=True, check=False, text=True
        )
        wall = time.perf_counter() - began
        if ended.returncode not in (0, 1):
            raise SystemExit(
                f"the run ended with code {ended.returncode}: {ended.stdout[-2000:]}{ended.stderr[-2000:]}"
            )
        report = json.loads((Path(folder) / "report.json").read_text())
        records = read_run(Path(folder) / "journal.jsonl").records
        flight = tuple((row.exchange.began, row.exchange.began + row.exchange.elapsed) for row in records)
    return Row(concurrency, latency, report["requests"]["total"], wall, ended.returncode, flight)


def rows_of(given: argparse.Namespace) -> list[Row]:
    """A row for each concurrency and latency, with no wall time (0) where a run would take longer than is allowed."""
    found: list[Row] = []
    for concurrency in given.concurrency:
        for latency in dict.fromkeys([0.0, *given.latency]):
            requests = found[0].requests if found else 0
            if requests * latency / concurrency > given.longest:
                found.append(Row(concurrency, latency, requests, 0.0, 0))
                continue
            found.append(measure(given.profile, given.budget, latency, concurrency))
            print(f"concurrency {concurrency}, latency {latency:g} s: {found[-1].wall:.1f} s", file=sys.stderr)
            if given.timeline:
                print("\n".join(timeline(found[-1].flight)), file=sys.stderr)
    return found


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as Markdown, with ideal, bound and ratio, and how often faster than one request at a time."""
    lines = [
        "| concurrency | latency | requests | sending | wall | ideal | bound | wall / bound | times faster | code |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    return lines + [_line(row, rows) for row in rows]


def _line(row: Row, rows: Sequence[Row]) -> str:
    start = f"| {row.concurrency} | {row.latency:g} s | {row.requests} "
    if not row.wall:
        return f"{start}| | not run | {row.ideal:.1f} s | | | | |"
    base = next(other.wall for other in rows if (other.concurrency, other.latency) == (row.concurrency, 0))
    bound = 1.2 * row.ideal + base
    alone = next((other for other in rows if (other.concurrency, other.latency) == (1, row.latency)), None)
    faster = f"{(alone.wall or alone.ideal) / row.wall:.1f}" if alone else ""
    return (
        f"{start}| {row.sending:.1f} s | {row.wall:.1f} s | {row.ideal:.1f} s | {bound:.1f} s | {row.wall / bound:.2f} "
        f"| {faster} | {row.code} |"
    )


def timeline(flight: Flight, steps: int = 40) -> list[str]:
    """How many requests are in flight, at `steps` moments."""
    end = max((end for _, end in flight), default=0.0)
    moments = [(number + 0.5) * end / steps for number in range(steps)]
    counts = [sum(began <= moment < ended for began, ended in flight) for moment in moments]
    return [f"{moment:7.2f} s {count:3d} {'#' * count}" for moment, count in zip(moments, counts, strict=True)]


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--profile", default="myrouter")
    parser.add_argument("--budget", default="full", choices=("quick", "standard", "full"))
    parser.add_argument("--latency", type=float, nargs="*", default=[0.2, 1.0, 3.0])
    parser.add_argument("--concurrency", type=int, nargs="*", default=[1, 8, 32])
    parser.add_argument("--longest", type=float, default=600.0)
    parser.add_argument("--timeline", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = table(rows_of(given))
    print("\n".join(lines))
    if given.write:
        write_section(HEADING if given.budget == "full" else f"{HEADING}, budget {given.budget}", about(given), lines)


def about(given: argparse.Namespace) -> str:
    """What the table rests on."""
    command = f"latency.py --profile {given.profile} --budget {given.budget} --write"
    return (
        f"{measured(command)}, target on the same machine. Ideal: requests × latency / concurrency. Bound: 1.2 × ideal "
        "+ wall time without latency. Sending: from the first request to the last answer; the rest of the wall time is "
        "start-up, drawing (budget full), judging and reports. Concurrency 1 sends as a plain sequence of tests would; "
        "times faster is against that, or against its ideal where it was not run. From 3 s on the endpoint, which "
        "waits and then sends all at once, may break SSE-011 (code 1)."
    )


if __name__ == "__main__":
    main()
