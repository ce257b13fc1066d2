"""Whether the harness and a foreign project leave each other alone: `python foreign_project.py [--wheel FILE]`.

The project in `foreign/` has its own file pattern, strict markers, warnings as errors and an automatic fixture that
fails. It is copied to a temporary folder and tried with this interpreter's installation; with `--wheel` once more with
that wheel in a virtual environment inside the project's own folder, where its settings and fixtures reach further.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.reference import Endpoint, Settings

PROJECT = Path(__file__).resolve().parent / "foreign"
KEY = "foreign-project-key-0123456789"
OWN = "checks/check_arithmetic.py::it_adds"
OURS = re.compile(r"\[[A-Z]+-\d{3}.*\]$")  #: a suite's item names its requirement in brackets


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished pytest: exit code, and everything it printed."""

    code: int
    output: str

    @property
    def items(self) -> tuple[str, ...]:
        """The node ids printed by `--collect-only -q`."""
        return tuple(line for line in self.output.splitlines() if "::" in line)


def copied(folder: Path) -> Path:
    """A copy of the foreign project in `folder`."""
    return Path(shutil.copytree(PROJECT, folder / "foreign", ignore=shutil.ignore_patterns("__pycache__", ".*")))


def pytest_in(project: Path, python: str, *words: str) -> Ran:
    """Run pytest as the project's people would, in its folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONFORMANCE_", "PYTEST_"))}
    done = subprocess.run(
        [python, "-P", "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=project, env=kept | {"CONFORMANCE_API_KEY": KEY}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout)


def complaints(project: Path, python: str, selection: Sequence[str] = ()) -> Iterator[str]:
    """What is wrong, a sentence each; `selection` narrows the run against a server."""
    yield from _own_tests(project, python)
    with Endpoint(Settings(profile="myrouter", key=KEY)) as endpoint:
        target = ("--target-url", endpoint.url)
        items = pytest_in(project, python, *target, "--collect-only", "-q").items
        foreign = [item for item in items if not OURS.search(item)]
        if not items or foreign:
            yield f"with --target-url, {len(items)} items are collected, of them {len(foreign)} not ours: {foreign[:3]}"
        ran = pytest_in(project, python, *target, "--model", Settings().model, "-q", *selection)
        if ran.code or "at level must" not in ran.output:
            yield f"the run against a conforming server ended with code {ran.code}:\n{ran.output}"


def _own_tests(project: Path, python: str) -> Iterator[str]:
    """Without `--target-url` the project is as if the plugin were not there."""
    items = pytest_in(project, python, "--collect-only", "-q").items
    if items != (OWN,):
        yield f"plain pytest collects {items}, not the one test of the project"
    ran = pytest_in(project, python, "-q")
    if ran.code or "1 passed" not in ran.output or "conformance" in ran.output:
        yield f"plain pytest ended with code {ran.code}:\n{ran.output}"
    if (project / "reports").exists():
        yield "plain pytest wrote a report"


def _inside(project: Path, wheel: str) -> str:
    """The interpreter of a new virtual environment inside the project, with the wheel installed."""
    folder = project / ".venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel], check=True)
    return python


def main() -> int:
    """Print every complaint; 1 when there is any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--wheel", default=os.environ.get("TOX_PACKAGE"),
        help="a built wheel, to be tried inside the project as well (default: the one that tox built)",
    )  # fmt: skip
    wheel = parser.parse_args().wheel
    wrong: list[str] = []
    for place in ("outside", "inside") if wheel else ("outside",):
        with tempfile.TemporaryDirectory() as folder:
            project = copied(Path(folder))
            print(f"the harness installed {place} the project", flush=True)
            python = _inside(project, wheel) if place == "inside" else sys.executable
            wrong += [f"{place}: {sentence}" for sentence in complaints(project, python)]
    print("\n".join(wrong) or "the harness and the foreign project leave each other alone")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
