"""What a run makes of a target that behaves as badly as it can: one row for each behaviour, and whether all held.

Usage: python benchmarks/hostile.py [NAME ...] [--whole] [--jobs N] [--write]

Each behaviour of `tests/hostile/` meets one `conformance run` in a process of its own, under small limits of time and
the usual ones of size, with the requirements about HTTP and streams, or with the whole suite. `--write` puts the table
into docs/performance.md, with NAMEs of their rows alone. The last line says whether every behaviour held; where one did
not, the script ends with 1.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from _hostile_checks import HEAD, MOST, Seen, ended, held, journal_of, row, written_rows
from _page import PAGE, measured, write_section

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "hostile")]

from hostile_endpoint import Behaviour, Hostile, behaviours  # noqa: E402
from hostile_expected import MEETINGS  # noqa: E402

KEY = "benchmark-key-0123456789"
HEADING = "Hostile targets"
LIMITS = {"connect": 1, "first-byte": 2, "between-bytes": 1, "whole": 3, "after-stop": 0.5, "patience": 10}
FEW = ("HTTP-*", "HDR-011", "RESP-00*", "ERR-00*", "SSE-*", "STRM-*", "USG-00*")
LONGEST = 600  #: seconds of one run


@dataclass(frozen=True, slots=True)
class Given:
    """How a process was started, and what it left behind: exit code, output, megabytes at its peak, seconds."""

    code: int
    text: str
    memory: int
    wall: float


def measure(name: str, whole: bool) -> Seen:
    """One run in a process of its own."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        told = "\n".join(f"{limit} = {value}" for limit, value in LIMITS.items())
        (folder / "conformance.toml").write_text(f"[limits]\n{told}\n")
        given = _met(behaviours()[name], folder, whole)
        journal = journal_of(folder / "run" / "journal.jsonl", LIMITS)
    return Seen(name, MEETINGS[name], journal, given.code, given.text, given.memory, given.wall)


def _met(behaviour: Behaviour, folder: Path, whole: bool) -> Given:
    with Hostile(behaviour, folder) as endpoint, (folder / "out.txt").open("wb") as out:
        began = time.perf_counter()
        child = subprocess.Popen(
            _command(endpoint.url, folder, whole), stdout=out, stderr=subprocess.STDOUT, cwd=folder,
            env={**os.environ, "CONFORMANCE_API_KEY": KEY},
        )  # fmt: skip
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
    text = (folder / "out.txt").read_text(encoding="utf-8", errors="replace")
    return Given(child.returncode, text, used.ru_maxrss // 1024, wall)


def _command(url: str, folder: Path, whole: bool) -> list[str]:
    chosen = [] if whole else [word for glob in FEW for word in ("--requirement", glob)]
    return [
        "timeout", "-k", "10", str(LONGEST), sys.executable, "-m", "conformance", "run", url, "--model", "m-1",
        "--out", str(folder / "run"), "--fuzz", "0", *chosen,
    ]  # fmt: skip


def _about(arguments: argparse.Namespace, count: int) -> str:
    """What the table says, and how it was measured."""
    suite = "the whole suite" if arguments.whole else "the requirements about HTTP and streams"
    part = f" A sample: {count} of {len(behaviours())} behaviours." if count < len(behaviours()) else ""
    limits = ", ".join(f"`{name}` {value:g} s" for name, value in LIMITS.items())
    return (
        f"{measured('hostile.py')}: each behaviour of `tests/hostile/` met one run of {suite} in a process of its "
        f"own.{part} Limits: {limits}; those of sizes as they are where none is set. Longest: of all exchanges in the "
        "journal the one that went furthest into or beyond its limit, from the beginning of its request to the end "
        "that was recorded, and the limit that counts for it: that which cut it, counted from where it begins to count "
        "(`between-bytes` from the last byte, `after-stop` from `message_stop`), else `whole`. It may be exceeded by "
        "two seconds. A run has many exchanges, so that its own seconds say how long somebody waits, and are not what "
        "is limited. Peak: at most so much; the memory of the process that starts the run may be in it. Held: within "
        f"the limit, at most {MOST} MB, no traceback, the exit code that belongs to the behaviour, its limit fired, "
        "and every limit that fired is named in what was printed."
    )


def main() -> None:
    """Measure, print, and write the section if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="behaviours (default: all)")
    parser.add_argument("--whole", action="store_true", help="the whole suite, not a part of it")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="runs at a time (default: 2)")
    parser.add_argument("--write", action="store_true", help="write the page; of the rows of NAMEs alone, if given")
    arguments = parser.parse_args()
    rows: dict[str, str] = {}
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for seen in pool.map(partial(measure, whole=arguments.whole), arguments.names or behaviours()):
            rows[seen.name] = row(seen)
            print(rows[seen.name], flush=True)
    if arguments.write:
        rows = {**(written_rows(PAGE, HEADING) if arguments.names else {}), **rows}
        rows = {name: rows[name] for name in behaviours() if name in rows}
        told = [*HEAD, *rows.values(), "", f"{ended(rows).capitalize()}."]
        write_section(HEADING, _about(arguments, len(rows)), told)
    print(ended(rows))
    sys.exit(0 if all(map(held, rows.values())) else 1)


if __name__ == "__main__":
    main()
