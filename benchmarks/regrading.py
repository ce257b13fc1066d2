"""Grading journals of any size once more, and the memory of a run against the number of its exchanges.

Usage: python benchmarks/regrading.py [--exchanges N ...] [--fuzz N ...] [--write]

One run against the reference endpoint gives the exchanges of a whole suite. Its journal is then made longer by answers
to plain, streamed and tool requests, each with ids of its own, as load or a proxy would bring them, and graded by
`conformance grade` in a process of its own. Live runs grow by generated cases. What grows is the highest resident
memory of the process, as the system tells it. `--write` puts the tables into docs/performance.md.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from _page import measured, write_section

from conformance.evidence.journal import JournalWriter
from conformance.reference import Endpoint, Settings

HEADING = "Grading again, and memory"
#: Before and after exchanges were decoded as they are asked for, kept by hand: read and graded in one process.
BEFORE = (
    "",
    "Before exchanges were decoded as they are asked for, reading and grading 2,000 and 8,000 of them took at "
    "most 75.5 and 244.3 MB, 28 kB an exchange; afterwards 8,000, 16,000 and 50,000 (a journal of 100 MB) took at "
    "most 101.8, 97.9 and 106.1 MB. By construction 29 B an exchange and 8 B an id are remembered, and at most 2 "
    "MiB of lines are kept decoded (8 then). While whoever passed by all exchanges still drove out of these what was "
    "there, and a journal was read 4 MiB at a time, 5,000, 30,000 and 85,000 took 69.0, 71.4 and 84.8 MB, the last "
    "step 244 B an exchange, at 550 exchanges a second; afterwards 65.5, 68.7 and 72.8 MB at 1,000. The highest memory "
    "varies by some MB from one process to the next: the bound shows only in large journals, such as that of a "
    "gigabyte above, which takes 75 B an exchange more than the first one.",
)
KEY = "benchmark-key-0123456789"
#: The probes whose answers are repeated, and the kinds of id that must be new each time.
REPEATED = ("plain", "stream", "a tool call, streamed", "a forced tool")
IDS = re.compile(r"\b(msg|req|toolu)_[0-9a-f]*([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Row:
    """One process: exchanges, bytes of the journal, seconds, highest resident memory in bytes, exit code."""

    exchanges: int
    size: int
    seconds: float
    memory: int
    code: int


def lengthened(source: Path, target: Path, exchanges: int) -> None:
    """The journal of a run with so many exchanges: its own, and copies under other ids behind them."""
    lines = [json.loads(line) for line in source.read_text().splitlines()]
    own = [line for line in lines if line["record"] == "exchange"]
    copied = [
        next(line for line in own if line["probe"] == name and line["response"]["status"] == 200) for name in REPEATED
    ]
    writer = JournalWriter(target)
    for line in lines:
        if line["record"] == "sent":
            for content in _copies(copied, max(row["seq"] for row in own), exchanges - len(own)):
                writer.write("exchange", **content)
        writer.write(line["record"], **_content(line))
    writer.close()


def _content(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in ("record", "chain")}


def _copies(rows: Sequence[dict[str, Any]], last: int, number: int) -> Iterator[dict[str, Any]]:
    texts = [json.dumps(_content(row)) for row in rows]
    for count in range(number):
        text = IDS.sub(rf"\g<1>_{count:016x}\g<2>", texts[count % len(texts)])
        yield {**json.loads(text), "seq": last + 1 + count, "probe": f"load {count % 8}"}


def process(arguments: Sequence[str], journal: Path) -> Row:
    """A `conformance` command that has a journal, in a process of its own."""
    began = time.perf_counter()
    environment = {**os.environ, "CONFORMANCE_API_KEY": KEY}
    child = subprocess.Popen(
        [sys.executable, "-m", "conformance", *arguments], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    with journal.open("rb") as lines:
        exchanges = sum(line.startswith(b'{"record":"exchange"') for line in lines)
    unit = 1 if sys.platform == "darwin" else 1024
    return Row(exchanges, journal.stat().st_size, seconds, used.ru_maxrss * unit, child.returncode)


def live(folder: Path, fuzz: int) -> Row:
    """A whole run with so many generated cases, its reports included."""
    settings = Settings(key=KEY)
    with Endpoint(settings) as endpoint:
        given = ["--model", settings.model, "--out", str(folder), "--fuzz", str(fuzz)]
        return process(["run", endpoint.url, *given], folder / "journal.jsonl")


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as Markdown; growth is that of the memory since the row above, for each exchange more."""
    lines = [
        "| exchanges | journal | wall | exchanges a second | highest memory | growth an exchange | exit |",
        "|---|---|---|---|---|---|---|",
    ]
    steps = (f"{(b.memory - a.memory) / (b.exchanges - a.exchanges):.0f} B" for a, b in pairwise(rows))
    lines += [
        f"| {row.exchanges:,} | {row.size / 1e6:.1f} MB | {row.seconds:.1f} s | {row.exchanges / row.seconds:,.0f} "
        f"| {row.memory / 1e6:.1f} MB | {growth} | {row.code} |"
        for row, growth in zip(rows, chain([""], steps), strict=False)
    ]
    return lines


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--exchanges", type=int, nargs="*", default=[2_000, 8_000, 32_000])
    parser.add_argument("--fuzz", type=int, nargs="*", default=[50, 400, 1_200])
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = [live(Path(folder) / f"run-{number}", number) for number in given.fuzz or [0]]
        again = [_graded(Path(folder), given.fuzz[:1] or [0], number) for number in given.exchanges]
    lines = ["### Grading again", "", *table(again), "", "### A live run with its reports", "", *table(runs)]
    print("\n".join(lines))
    if given.write:
        write_section(HEADING, about(), [*lines, *BEFORE])


def _graded(folder: Path, source: Sequence[int], exchanges: int) -> Row:
    journal = folder / f"{exchanges}" / "journal.jsonl"
    lengthened(folder / f"run-{source[0]}" / "journal.jsonl", journal, exchanges)
    row = process(["grade", str(journal)], journal)
    journal.unlink()
    return row


def about() -> str:
    """What the tables rest on."""
    return (
        f"{measured('regrading.py --write')}. Journals of one whole run, made longer by copies under ids of their own, "
        "graded by `conformance grade` without reports; then live runs that grow by generated cases, each of which is "
        "an item with probes and findings of its own. Bound for grading again: 100 B an exchange."
    )


if __name__ == "__main__":
    main()
