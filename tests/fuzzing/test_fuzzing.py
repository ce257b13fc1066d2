"""Whatever bytes come, from a target, a file or somebody else's run: no crash, no hang, nothing passes that must not.

A small, fixed share runs with the other tests. `tox run -e fuzz-harness` gives every surface many more, from a seed
that it prints; what was found once is kept under `seeds/`.
"""

from pathlib import Path

import pytest
from fuzz_frame import SEEDS, fuzz
from fuzz_surfaces import SURFACES

FOUND = sorted(file for file in SEEDS.glob("*/*") if file.is_file())


@pytest.mark.parametrize("name", SURFACES)
def test_whatever_bytes_come(name: str) -> None:
    surface = SURFACES[name]
    assert surface.corpus() and surface.quick
    fuzz(name, surface)


@pytest.mark.parametrize("file", FOUND, ids=[f"{file.parent.name}-{file.name}" for file in FOUND])
def test_what_was_found_once(file: Path) -> None:
    assert file.stat().st_size < 16_384
    SURFACES[file.parent.name].check(file.read_bytes())
