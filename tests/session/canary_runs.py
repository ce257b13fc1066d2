"""Commands that are given credentials, and whose output is searched for them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from canary_target import HEADER, KEY, SECOND, told
from click.testing import CliRunner
from processes import hears_interrupts

from conformance.cli import main

CONFIG = '[headers]\nx-tenant = "TENANT"\n'
GIVEN = {"CONFORMANCE_API_KEY": KEY, "SECOND_KEY": SECOND, "TENANT": HEADER, "GITHUB_ACTIONS": "true"}
ASKED = [word for glob in ("AUTH-*", "RESP-00*", "STRM-00*", "ERR-00*") for word in ("--requirement", glob)]

Process = subprocess.Popen[str]


def give_credentials(folder: Path, monkeypatch: pytest.MonkeyPatch, config: str = CONFIG) -> None:
    """The secrets in the environment, and nothing else for us; this folder with a configuration to be in."""
    for name in [name for name in os.environ if name.startswith(("CONFORMANCE", "PYTEST"))]:
        monkeypatch.delenv(name)
    for name, value in (GIVEN | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}).items():
        monkeypatch.setenv(name, value)
    (folder / "conformance.toml").write_text(config)
    monkeypatch.chdir(folder)


def run(
    *words: str, meanwhile: Callable[[Process], object] | None = None,
    before: Callable[[], object] = hears_interrupts, **more: str,
) -> tuple[int, str]:  # fmt: skip
    """`conformance run` in a process of its own: its code and all it printed, in which no secret stands.

    `meanwhile` is given the process, `before` is called in it before it begins, `more` is in its environment.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", "run", *words], env={**os.environ, **more},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="surrogateescape", preexec_fn=before,
    )  # fmt: skip
    if meanwhile is not None:
        meanwhile(process)
    output, _ = process.communicate(timeout=120)
    assert told(output) == [] and "Traceback" not in output
    return process.returncode, output


def command(*words: str) -> tuple[int, str]:
    """Any other command, in this process."""
    result = CliRunner().invoke(main, words)
    assert told(result.output) == [] and (result.exception is None or isinstance(result.exception, SystemExit))
    return result.exit_code, result.output
