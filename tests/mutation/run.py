"""Mutation testing of the rules and of the stream machine.

    python tests/mutation/run.py [--tables | --code] [--jobs N] [--sample N] [--keys FILE] [MODULE ...]

MODULE is a name below `conformance`, such as wire.stream or rules.usage; none means all of them. Ends with 1 when a
mutant survives that explained.yaml does not explain, with 3 when a test fails without any mutant.
"""

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from mutation_operators import Mutant
from mutation_session import KILLED, Judge
from mutation_targets import TableMutant, Target, readers, target

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TESTS = ("tests/wire", "tests/rules")
#: Also these where the rules about clients are judged.
CLIENT_TESTS = "tests/clients"
#: About the growth of time with the length of a body; slow, and no judge of anything else.
DESELECTED = (
    "tests/wire/test_stream_walk.py::test_many_blocks_take_linear_time",
    "tests/wire/test_sse_decoder.py::test_a_line_in_a_million_pieces",
)


def modules() -> list[str]:
    """Every module that is judged: the stream machine, the decoder of events, and the rules but those about clients."""
    package = ROOT / "conformance"
    files = [*package.glob("wire/stream*.py"), package / "wire/sse.py", *package.glob("rules/*.py")]
    names = (".".join(file.relative_to(package).with_suffix("").parts) for file in files)
    return sorted(name for name in names if not name.endswith("__init__") and ".client_" not in name)


def explained(path: Path = HERE / "explained.yaml") -> dict[str, str]:
    """Key of a surviving mutant to why it may survive."""
    groups = yaml.safe_load(path.read_text("utf-8")) or []
    return {key: group["why"] for group in groups for key in group["mutants"]}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which mutants to try: of tables, of code, some of them by key, of a sample every n-th: the same every time.

    Constants that are read only while modules load are left out: what is built of them has mutants of its own.
    """

    tables: bool = True
    code: bool = True
    keys: frozenset[str] = frozenset()
    sample: int = 0

    def of(self, targets: Iterable[Target]) -> list[tuple[Target, Mutant]]:
        found: list[tuple[Target, Mutant]] = []
        for one in targets:
            found += [(one, mutant) for mutant in one.tables] if self.tables else []
            found += [(one, mutant) for mutant in one.code] if self.code else []
        everything = tuple(sys.modules[f"conformance.{name}"] for name in modules())
        found = [pair for pair in found if not isinstance(pair[1], TableMutant) or readers(pair[1].name, everything)]
        found = [(one, mutant) for one, mutant in found if not self.keys or mutant.key in self.keys]
        return found[:: max(1, len(found) // self.sample) if self.sample else 1]


def judge(names: Sequence[str], choice: Choice, jobs: int = 1) -> Judge:
    """Try the mutants of these modules against the tests."""
    every = {name: target(f"conformance.{name}") for name in modules()}
    judged = Judge(list(every.values()), choice.of(every[name] for name in names), jobs)
    folders = [*TESTS, *([CLIENT_TESTS] if any(".client_" in name for name in names) else [])]
    judged.told = _progress(len(judged.mutants))
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    options = ["-p", "no:cacheprovider", "-p", "no:terminal", "--rootdir", str(ROOT),
               "-W", "ignore::pytest.PytestAssertRewriteWarning"]  # fmt: skip
    options += [f"--deselect={name}" for name in DESELECTED]
    code_of_pytest = pytest.main([*options, *(str(ROOT / folder) for folder in folders)], plugins=[judged])
    if code_of_pytest not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        judged.failing.append(f"pytest ended with {code_of_pytest!r}")
    return judged


def _progress(total: int):  # type: ignore[no-untyped-def]
    begun, done = time.monotonic(), Counter[str]()

    def told(mutant: Mutant, outcome: str) -> None:
        done[outcome] += 1
        if outcome != KILLED:
            print(f"{outcome}: {mutant.key}", flush=True)
        if sum(done.values()) % 200 == 0:
            print(f"... {sum(done.values())} of {total}, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)

    return told


def report(judged: Judge, known: dict[str, str]) -> int:
    """Print the totals by module; the exit code."""
    rows: dict[str, Counter[str]] = {}
    for target_, mutant in judged.mutants:
        rows.setdefault(target_.module.__name__, Counter())[judged.results.get(mutant.key, "not tried")] += 1
    for name, counts in rows.items():
        print(f"{name}: {counts.total()} mutants, " + ", ".join(f"{n} {word}" for word, n in sorted(counts.items())))
    alive = [key for key, outcome in judged.results.items() if outcome != KILLED]
    new = [key for key in alive if key not in known]
    gone = [key for key in known if judged.results.get(key) == KILLED]
    print(f"all: {len(judged.results)} mutants, {len(judged.results) - len(alive)} killed, "
          f"{len(alive)} alive, {len(new)} of them not explained")  # fmt: skip
    for title, keys in (("not explained", new), ("explained, but killed", gone)):
        print("\n".join(f"{title}: {key}" for key in keys), end="\n" * bool(keys))
    return 1 if new else 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", action="store_true", help="only the tables and the lists of rules")
    parser.add_argument("--code", action="store_true", help="only the functions")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once (default 1)")
    parser.add_argument("--sample", type=int, default=0, help="about this many mutants, evenly spread")
    parser.add_argument("--keys", type=Path, help="only the mutants whose keys stand in this file, one a line")
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    options = parser.parse_args(arguments)
    if unknown := set(options.modules) - set(modules()):
        parser.error(f"no such module: {', '.join(sorted(unknown))}; there are {', '.join(modules())}")
    keys = frozenset(options.keys.read_text("utf-8").splitlines()) if options.keys else frozenset()
    choice = Choice(not options.code, not options.tables, keys, options.sample)
    judged = judge(options.modules or modules(), choice, options.jobs)
    if judged.failing:
        print("fails without any mutant: " + ", ".join(judged.failing))
        return 3
    return report(judged, explained())


if __name__ == "__main__":
    sys.exit(main())
