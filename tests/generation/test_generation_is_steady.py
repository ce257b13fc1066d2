"""The same draw in every process: whatever the hash seed, the folder, the environment or the modules loaded before."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRAW = """
import hashlib, json, sys
{before}
from conformance.generation.conversations import conversation_items
from conformance.generation.draws import Draw
from conformance.generation.live import live_items
draw = Draw("anthropic", "2023-06-01", frozenset(["streaming", "tools"]), {count}, 3)
drawn = (*live_items(draw), *conversation_items(draw))
rows = [(item.key, [probe.calls[0].body for probe in probes]) for item, probes in drawn]
loaded = sorted(name for name in ("hypothesis", "schemathesis") if name in sys.modules)
print(len(rows), hashlib.sha256(json.dumps(rows).encode()).hexdigest(), *loaded)
"""
#: What Hypothesis would take constants from, were it not kept from it.
LOCAL = "import types; m = types.ModuleType('own'); m.__file__ = '{file}'; sys.modules['own'] = m"
LOAD = """
import importlib.util
from pathlib import Path
for file in sorted(Path('{folder}').glob('test_*.py')):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
"""


def _run(folder: Path, count: int, before: str = "", **environment: str) -> list[str]:
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", DRAW.format(count=count, before=before)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.split()


def test_a_draw_depends_on_nothing_but_its_terms(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text("NUMBERS = [271828182, 3.14159]\nWORDS = ['zzyzx', 'plugh']\n", "utf-8")
    one = _run(tmp_path, 40, PYTHONHASHSEED="1")
    other = _run(tmp_path, 40, LOCAL.format(file=own), PYTHONHASHSEED="77", CI="1", GITHUB_ACTIONS="1")
    assert one == other
    assert one[0] == "40"
    assert one[2:] == ["hypothesis", "schemathesis"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.py"]


def test_nothing_is_loaded_unless_something_is_drawn(tmp_path: Path) -> None:
    found = _run(tmp_path, 0, LOAD.format(folder=ROOT / "suites"))
    assert found[0] == "0"
    assert found[2:] == []


@pytest.mark.parametrize("name", ["get_local", "cache", "home"])
def test_hypothesis_is_left_as_it_was_found(name: str) -> None:
    from hypothesis import configuration
    from hypothesis import strategies as st
    from hypothesis.internal.conjecture import providers

    from conformance.generation.engine import drawn

    looks: dict[str, Callable[[], object]] = {
        "get_local": lambda: providers._get_local_constants,
        "cache": lambda: providers.CONSTANTS_CACHE,
        "home": lambda: configuration.__dict__["__hypothesis_home_directory"],
    }
    look = looks[name]
    before = look()
    assert len(drawn(st.integers(), 5, 1)) == 5
    assert look() == before
