"""Runs of pytest with our plugin, in this process or in one of their own; helpers of the tests beside this file."""

import os
import subprocess
import sys
from pathlib import Path

# Loaded once for all runs in this process: pytest forgets what an inner run imports.
import anyio._backends._asyncio  # noqa: F401
import httpcore  # noqa: F401
import schemathesis  # noqa: F401
import xdist  # type: ignore[import-untyped]  # noqa: F401
from processes import hears_interrupts

import conformance.generation.corpus
import conformance.plugin.controller  # noqa: F401
from conformance._paths import SUITES
from conformance.reference import Endpoint, Settings

KEY = "plugin-key-0123456789"
QUIET = ("-p", "no:schemathesis", "-p", "no:cacheprovider", "--conformance-fuzz=0", "--out=run", "--rootdir=.")


def endpoint(**settings: object) -> Endpoint:
    """A reference endpoint that takes our key."""
    return Endpoint(Settings(key=KEY, **settings))  # type: ignore[arg-type]


def target(url: str) -> tuple[str, ...]:
    """The options that name a target and spare the question for its models."""
    return (f"--target-url={url}", "--model=reference-1")


def suite(name: str) -> str:
    """The path of one of our suite files."""
    return str(SUITES / f"test_{name}.py")


def environment(**more: str) -> dict[str, str]:
    """An environment with our key and none of our settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONFORMANCE", "PYTEST"))}
    return kept | {"CONFORMANCE_API_KEY": KEY} | more


def start(folder: Path, *words: str, **more: str) -> "subprocess.Popen[str]":
    """A pytest of its own in a folder."""
    command = [sys.executable, "-m", "pytest", *QUIET, *words]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hears_interrupts,
    )


def finished(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Exit code and output."""
    output, _ = process.communicate(timeout=120)
    return process.returncode, output
