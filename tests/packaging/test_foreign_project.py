"""The installed harness beside a project of somebody else; `tox -e foreign` does the same with the built wheel."""

import sys
from pathlib import Path

import foreign_project


def test_the_harness_and_a_foreign_project_leave_each_other_alone(tmp_path: Path) -> None:
    selection = ("--requirement", "RESP-003", "--requirement", "REQ-021")
    assert not list(foreign_project.complaints(foreign_project.copied(tmp_path), sys.executable, selection))
