"""What starting costs: a pytest run that does not use the plugin, the command line's help, and collecting the suites.

Usage: python benchmarks/startup.py [--rounds N] [--write]

The contenders of each table take turns; a figure is the median of its turns, and a difference the median of the
differences within a turn, which a busy machine disturbs less. `--write` puts the tables into docs/performance.md.

The plugin is measured as users have it, as a wheel among the other installed packages: with the wheel, with the wheel
and `-p no:conformance`, and without the wheel. Plugins of others are switched off everywhere.
"""

import argparse
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from _page import measured, write_section

ROOT = Path(__file__).resolve().parent.parent
HEADING = "Start-up"
OURS = "messages_conformance"
OTHERS = ("anyio", "hypothesispytest", "pytest_cov", "schemathesis", "xdist")
NAMED = ("pytest", "httpx", "jsonschema", "hypothesis", "schemathesis", "cryptography")
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}

#: Runs pytest on what an interpreter finds in one folder, and nowhere else.
PYTEST = "import sys; sys.path.append({folder!r}); import pytest; sys.exit(pytest.main({words!r}))"
#: Says how many seconds the plugin takes to import, and which modules it adds to those of pytest.
IMPORT = """import sys, time; sys.path.append({folder!r}); import pytest; import _pytest.config.argparsing
before = set(sys.modules); began = time.perf_counter(); import conformance.plugin
print(time.perf_counter() - began, *sorted(set(sys.modules) - before))"""
#: Runs the command, and says at its end which modules are loaded.
COMMAND = """import sys; sys.argv = ['conformance', *{words!r}]
try:
    from conformance.cli import main
    main()
except SystemExit:
    print(*sys.modules, file=sys.stderr)"""

Contenders = Mapping[str, Sequence[str]]
"""By name, the words behind the name of the interpreter."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Seconds from start to end of a process, those of a processor that it took, what it wrote to standard error."""

    wall: float
    cpu: float
    told: str


def run(words: Sequence[str], folder: Path) -> Turn:
    """One process in a folder; CalledProcessError when it fails."""
    began, before = time.perf_counter(), _cpu()
    ended = subprocess.run(
        [sys.executable, *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    return Turn(time.perf_counter() - began, _cpu() - before, ended.stderr)


def _cpu() -> float:
    """Seconds of a processor that all ended processes took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def in_turns(contenders: Contenders, rounds: int, folder: Path) -> dict[str, list[Turn]]:
    """Every contender once a round, each round from another one on, after a first round that only warms up."""
    found: dict[str, list[Turn]] = {name: [] for name in contenders}
    order = deque(contenders)
    for number in range(rounds + 1):
        for name in order:
            turn = run(contenders[name], folder)
            if number:
                found[name].append(turn)
        order.rotate()
    return found


def wall(turns: Sequence[Turn]) -> float:
    """The median, seconds."""
    return median(turn.wall for turn in turns)


def beyond(turns: Sequence[Turn], base: Sequence[Turn]) -> tuple[float, float]:
    """The medians of what a contender took more than another in the same round: wall time and processor, seconds."""
    pairs = list(zip(turns, base, strict=True))
    return median(one.wall - other.wall for one, other in pairs), median(one.cpu - other.cpu for one, other in pairs)


def installed(folder: Path) -> tuple[Path, Path]:
    """Two folders of packages: all that are installed here, with our wheel and without it."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    made = []
    for name in ("with", "without"):
        made.append(folder / name)
        made[-1].mkdir()
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not entry.name.startswith((OURS, "conformance", f"_{OURS}")):
                (made[-1] / entry.name).symlink_to(entry)
    with zipfile.ZipFile(next((folder / "dist").glob("*.whl"))) as wheel:
        wheel.extractall(made[0])
    return made[0], made[1]


def plugin_table(rounds: int, folder: Path) -> list[str]:
    """A run of one trivial test, with the plugin and without."""
    ours, bare = installed(folder)
    place = folder / "project"
    place.mkdir()
    (place / "test_one.py").write_text("def test_one():\n    assert True\n")
    quiet = ["-q", "-p", "no:cacheprovider", *(word for name in OTHERS for word in ("-p", f"no:{name}")), "test_one.py"]
    contenders = {
        "not installed": _pytest(bare, quiet),
        "installed, `-p no:conformance`": _pytest(ours, ["-p", "no:conformance", *quiet]),
        "installed, not used": _pytest(ours, quiet),
    }
    found = in_turns(contenders, rounds, place)
    base = found["not installed"]
    lines = ["| a pytest run of one test | wall | beyond | beyond, processor | allowed |", "|---|---|---|---|---|"]
    for name, turns in found.items():
        allowed = max(0.03 * wall(base), 0.03)
        more = " | ".join(map(_ms, beyond(turns, base)))
        lines.append(f"| {name} | {_ms(wall(turns))} | {more} | {_ms(allowed)} |")
    return [*lines, "", _imported(ours, rounds)]


def _pytest(packages: Path, words: Sequence[str]) -> Sequence[str]:
    return "-I", "-S", "-c", PYTEST.format(folder=str(packages), words=list(words))


def _imported(packages: Path, rounds: int) -> str:
    """What importing the plugin takes within pytest, and what it adds."""
    words = [sys.executable, "-I", "-S", "-c", IMPORT.format(folder=str(packages))]
    told = [subprocess.run(words, capture_output=True, text=True, check=True).stdout.split() for _ in range(rounds)]
    seconds = median(float(words[0]) for words in told)
    return f"Importing the plugin takes {_ms(seconds)}; modules beside those of pytest: {', '.join(told[0][1:])}."


def command_table(rounds: int, folder: Path) -> list[str]:
    """The help of the command beside what no Python program, and none with click, can do without."""
    contenders = {
        "`python -c pass`": ("-c", "pass"),
        "`python -c 'import click'`": ("-c", "import click"),
        "`conformance --help`": ("-m", "conformance", "--help"),
        "`conformance run --help`": ("-m", "conformance", "run", "--help"),
    }
    found = in_turns(contenders, rounds, folder)
    click = wall(found["`python -c 'import click'`"])
    lines = ["| command | wall | beside `import click` |", "|---|---|---|"]
    return lines + [f"| {name} | {_ms(wall(turns))} | {wall(turns) / click:.2f} |" for name, turns in found.items()]


def collection_table(rounds: int, folder: Path) -> list[str]:
    """Collecting and planning without sending, for several selections."""
    selections: dict[str, list[str]] = {
        "everything": [],
        "`--fuzz 0`": ["--fuzz", "0"],
        "`--budget standard`": ["--budget", "standard"],
        "`--budget quick`": ["--budget", "quick"],
        "`--requirement 'STRM-*'`": ["--requirement", "STRM-*"],
    }
    own = ["run", "http://127.0.0.1:9", "--model", "m", "--no-auth", "--dry-run"]
    words = {name: ("-c", COMMAND.format(words=[*own, *more])) for name, more in selections.items()}
    found = in_turns(words, rounds, folder)
    lines = ["| `conformance run --dry-run` | wall | processor | modules | of them |", "|---|---|---|---|---|"]
    for name, turns in found.items():
        modules = turns[0].told.split()
        heavy = ", ".join(word for word in NAMED if word in modules)
        cpu = median(turn.cpu for turn in turns)
        lines.append(f"| {name} | {wall(turns):.2f} s | {cpu:.2f} s | {len(modules)} | {heavy} |")
    return lines


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if abs(seconds) >= 0.01 else f"{1000 * seconds:.1f} ms"


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="startup-") as name:
        folder = Path(name)
        tables = (
            plugin_table(given.rounds, folder),
            command_table(given.rounds, folder),
            collection_table(max(3, given.rounds // 6), folder),
        )
    lines = "\n\n".join("\n".join(table) for table in tables).split("\n")
    print("\n".join(lines))
    if given.write:
        write_section(HEADING, about(given.rounds), lines)


def about(rounds: int) -> str:
    """What the tables rest on."""
    return (
        f"{measured('startup.py --write')}; medians of {rounds} turns (collection: {max(3, rounds // 6)}), bytecode "
        "cached; wall time suffers from what else the machine does, time of a processor does not. The plugin is held "
        "against an environment that lacks it, others' plugins switched off in all; allowed are 3 % or 30 ms, "
        "whichever is larger. Schemathesis and Hypothesis are loaded where live cases are drawn, and nowhere else."
    )


if __name__ == "__main__":
    main()
