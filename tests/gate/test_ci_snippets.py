"""The commands of the CI snippets work: they are run here as they stand, against the reference endpoint."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.gate.baseline import Baseline, baseline_text
from conformance.reference import Endpoint, Settings

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "ci"
KEY = "snippet-key-0123456789"


def _github(data: Any) -> Iterator[str]:
    return (step["run"] for step in data["jobs"]["conformance"]["steps"] if "run" in step)


def _gitlab(data: Any) -> Iterator[str]:
    job = data["conformance"]
    yield from (*job["script"], *job["after_script"])


@pytest.mark.parametrize(("name", "commands_of"), [("github", _github), ("gitlab", _gitlab)], ids=["github", "gitlab"])
def test_the_commands_of_a_snippet_work(name: str, commands_of: Any, tmp_path: Path) -> None:
    commands = list(commands_of(yaml.safe_load((FOLDER / f"{name}.yml").read_text("utf-8"))))
    assert commands[0] == "pip install messages-conformance" and len(commands) >= 3
    (tmp_path / "conformance-baseline.yaml").write_text(baseline_text(Baseline()))
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "conformance"  # the installed package, whichever environment runs the tests
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m conformance "$@"\n')
    command.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CONFORMANCE", "PYTEST"))}
    with Endpoint(Settings(key=KEY)) as endpoint:
        given = {
            "CONFORMANCE_REQUIRE_TARGET": "1", "CONFORMANCE_TARGET_URL": endpoint.url, "CONFORMANCE_API_KEY": KEY,
            "CONFORMANCE_MODEL": "reference-1", "GITHUB_STEP_SUMMARY": str(tmp_path / "step.md"),
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{kept['PATH']}",
        }  # fmt: skip
        for line in commands[1:]:
            done = subprocess.run(
                ["/bin/sh", "-ec", line], cwd=tmp_path, env=kept | given, capture_output=True, text=True, timeout=200,
                check=False,
            )  # fmt: skip
            assert done.returncode == 0, (line, done.stdout[-2000:], done.stderr[-2000:])
    assert {"report.json", "junit.xml", "history.html"} <= {
        path.name for path in (tmp_path / "conformance-report").iterdir()
    }
    assert (tmp_path / "step.md").exists() is (name == "github")
