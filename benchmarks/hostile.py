"""What a run makes of a target that behaves as badly as it can: one row for each behaviour.

Usage: python benchmarks/hostile.py [NAME ...] [--whole] [--write]

Each behaviour of `tests/hostile/` meets one `conformance run` in a process of its own, under small limits, with the
requirements about HTTP and streams, or with the whole suite. A row says which limit fired, how long the run took, what
memory it had at its peak, how it ended, and what it said last. `--write` puts the table into docs/performance.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from _page import measured, write_section

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "hostile")]

from hostile_endpoint import Behaviour, Hostile, behaviours  # noqa: E402

KEY = "benchmark-key-0123456789"
HEADING = "Hostile targets"
LIMITS = {"connect": 1, "first-byte": 2, "between-bytes": 1, "whole": 3, "after-stop": 0.5}
FEW = ("HTTP-*", "HDR-011", "RESP-00*", "ERR-00*", "SSE-*", "STRM-*", "USG-00*")
LONGEST = 600  #: seconds of one run
MOST = 400  #: megabytes of memory that a run may take


@dataclass(frozen=True, slots=True)
class Row:
    """One run: limits that fired with their number, requests, seconds, megabytes, exit code, the last line, trouble."""

    name: str
    limits: str
    requests: int
    wall: float
    memory: int
    code: int
    said: str
    trouble: str


def measure(behaviour: Behaviour, whole: bool) -> Row:
    """One run in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = "\n".join(f"{limit} = {value}" for limit, value in LIMITS.items())
        (folder / "conformance.toml").write_text(f"[limits]\n{table}\n")
        with Hostile(behaviour, folder) as endpoint:
            began = time.perf_counter()
            with (folder / "out.txt").open("wb") as out:
                child = subprocess.Popen(
                    _command(endpoint.url, folder, whole), stdout=out, stderr=subprocess.STDOUT, cwd=folder,
                    env={**os.environ, "CONFORMANCE_API_KEY": KEY},
                )  # fmt: skip
                _, status, used = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
            wall = time.perf_counter() - began
        text = (folder / "out.txt").read_text(encoding="utf-8", errors="replace")
        limits, requests = _fired(folder / "run" / "journal.jsonl")
    trouble = "traceback" if "Traceback" in text or "INTERNALERROR" in text else ""
    return Row(behaviour.name, limits, requests, wall, used.ru_maxrss // 1024, child.returncode, _said(text), trouble)


def _command(url: str, folder: Path, whole: bool) -> list[str]:
    chosen = [] if whole else [word for glob in FEW for word in ("--requirement", glob)]
    return [
        "timeout", str(LONGEST), sys.executable, "-m", "conformance", "run", url, "--model", "m-1",
        "--out", str(folder / "run"), "--fuzz", "0", *chosen,
    ]  # fmt: skip


def _said(text: str) -> str:
    """The sentence of the report: the line above what pytest adds, or what the pre-flight or the command said."""
    lines = [line.strip(" !") for line in text.splitlines() if line.strip()]
    sentences = [line for line in lines if line.startswith(_SENTENCES)]
    found = [line for line in lines if "nothing was graded" in line] or sentences[-1:] or lines[-1:]
    return found[0].removeprefix("_pytest.outcomes.Exit: ").replace("**", "")[:200] if found else ""


_SENTENCES = (
    "does not conform",
    "conforms",
    "could not be graded",
    "no violation",
    "error in the",
    "nothing was",
    "at level",
)


def _fired(journal: Path) -> tuple[str, int]:
    """The limits that cut exchanges, with how often, and the number of exchanges."""
    found: Counter[str] = Counter()
    if journal.exists():
        with journal.open(encoding="utf-8") as lines:
            found.update(json.loads(line)["end"]["limit"] or "" for line in lines if _EXCHANGE in line[:40])
    return ", ".join(f"{limit} {count}" for limit, count in found.most_common() if limit), found.total()


_EXCHANGE = '"record":"exchange"'


def table(rows: list[Row]) -> list[str]:
    """The rows as Markdown."""
    lines = [
        "| behaviour | limits that fired | requests | seconds | peak MB | exit | what the report says |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        said = row.said.replace("|", "\\|")
        lines.append(
            f"| `{row.name}` | {row.limits or '-'} | {row.requests} | {row.wall:.1f} | {row.memory} | {row.code} "
            f"| {said}{f' **{row.trouble}**' if row.trouble else ''} |"
        )
    return lines


def _told() -> str:
    return ", ".join(f"`{name}` {value:g} s" for name, value in LIMITS.items())


def main() -> None:
    """Measure, print, and write the section if asked to; ends with 1 where a run took too much or broke."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="behaviours (default: all)")
    parser.add_argument("--whole", action="store_true", help="the whole suite, not a part of it")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    known = behaviours()
    rows = []
    for name in arguments.names or known:
        rows.append(measure(known[name], arguments.whole))
        print(table(rows)[-1], flush=True)
    if arguments.write:
        about = (
            f"{measured('hostile.py')}: each behaviour of `tests/hostile/` met one run under small limits ({_told()})."
        )
        write_section(HEADING, about, table(rows))
    bad = [row.name for row in rows if row.trouble or row.memory > MOST or row.code not in range(7)]
    if bad:
        print(f"beyond {MOST} MB, with a traceback, or without an end: {', '.join(bad)}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
