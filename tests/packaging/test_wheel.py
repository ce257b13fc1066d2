"""What the built distributions carry."""

import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Folders of the checkout with the place where they travel, and the files of theirs that must arrive.
CARRIED = {
    "conformance": ("conformance", "*.py"),
    "suites": ("conformance/suites", "*.*"),
    "schemas": ("conformance/schemas", "*.*"),
    "reports/templates": ("conformance/templates", "*.*"),
}


def built(project: Path, kind: str, out: Path) -> Path:
    """Build one distribution with the back end that is installed, without the network."""
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", str(out), str(project)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return next(out.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return built(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("folder", CARRIED)
def test_the_wheel_carries_every_file_of(folder: str, wheel: Path) -> None:
    place, pattern = CARRIED[folder]
    files = contents(wheel)
    wanted = [path for path in (ROOT / folder).rglob(pattern) if path.is_file() and path.suffix != ".pyc"]
    assert wanted
    for path in wanted:
        assert files[f"{place}/{path.relative_to(ROOT / folder).as_posix()}"] == path.read_bytes()


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    strays = {name.split("/")[0] for name in contents(wheel)} - {"conformance"}
    assert len(strays) == 1 and strays.pop().endswith(".dist-info")
    assert not [name for name in contents(wheel) if "__pycache__" in name or name.endswith(".pyc")]


def test_the_wheel_is_typed_and_has_its_entry_points(wheel: Path) -> None:
    files = contents(wheel)
    assert "conformance/py.typed" in files
    points = ConfigParser()
    points.read_string(next(data for name, data in files.items() if name.endswith("entry_points.txt")).decode())
    assert {name: dict(points[name]) for name in points.sections()} == {
        "console_scripts": {"conformance": "conformance.cli:main", "messages-conformance": "conformance.cli:main"},
        "pytest11": {"conformance": "conformance.plugin"},
    }


def test_the_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    source = built(ROOT, "sdist", tmp_path / "sdist")
    with tarfile.open(source) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # since 3.11.4
        archive.extractall(tmp_path / "unpacked")
    project = next((tmp_path / "unpacked").iterdir())
    assert contents(built(project, "wheel", tmp_path / "wheel")) == contents(wheel)
    assert (project / "tests/packaging/foreign/checks/check_arithmetic.py").is_file()
