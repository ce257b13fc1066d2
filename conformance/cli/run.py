"""`conformance run`: the same run as `pytest --target-url`, in a folder of its own and without a project's settings."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from conformance.cli.options import click_option
from conformance.settings.options import OPTIONS, Option

#: Plugins that a run of our suites has no use for. Some load much: Hypothesis' loads Hypothesis at the end of every
#: run, and `unraisableexception` collects garbage five times there.
UNUSED = ("anyio", "cacheprovider", "hypothesispytest", "schemathesis", "unraisableexception", "warnings")

#: Where a user tells every pytest something. What a command does, its own words alone say.
TOLD_ELSEWHERE = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Every option of a run but the target, which is an argument."""
    for option in reversed(OPTIONS):
        if option.name != "target-url":
            command = click_option(option)(command)
    return command


@click.command()
@click.argument("url", required=False)
@with_options
@click.option("-k", "expression", metavar="EXPR", help="only items whose name matches, as in pytest")
@click.option("-n", "processes", type=int, metavar="N", help="processes that judge (needs pytest-xdist)")
@click.option("-x", "first_only", is_flag=True, help="stop at the first violation")
@click.option("-v", "--verbose", is_flag=True, help="name every item")
@click.option("--repeat", type=click.IntRange(1), default=1, metavar="N", help="so many whole runs, one after another, "
              "and in how many of them each case was violated")  # fmt: skip
def run(
    url: str | None,
    expression: str | None,
    processes: int | None,
    first_only: bool,
    verbose: bool,
    repeat: int,
    **options: Any,
) -> None:
    """Test the endpoint at URL, or the embedded reference endpoint without one."""
    own = ["-k", expression] if expression else []
    own += ["-n", str(processes)] if processes is not None else []
    own += ["-x"] if first_only else []
    own += ["-v"] if verbose else ["-q"]
    if repeat == 1:
        sys.exit(run_suites(url, options, *own))
    from conformance.cli.repeat import repeat_suites

    sys.exit(repeat_suites(url, options, tuple(own), repeat))


def run_suites(url: str | None, options: Mapping[str, Any], *words: str) -> int:
    """Run our suites with these options, and pytest's own words; the exit code."""
    import pytest

    with own_words_alone():
        return int(pytest.main(suite_words(url, options, *words)))


@contextmanager
def own_words_alone() -> Iterator[None]:
    """What pytest is started with is all it hears."""
    before = {name: os.environ.pop(name) for name in TOLD_ELSEWHERE if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)


def suite_words(url: str | None, options: Mapping[str, Any], *words: str) -> list[str]:
    """The command line of such a run."""
    from conformance._paths import SUITES, suite_files

    own = [] if url is None else [f"--conformance-target-url={url}"]
    own += [word for option in OPTIONS for word in _words(option, options.get(option.dest))]
    files = [str(path) for path in suite_files()]
    # `--assert=plain`: no test of ours asserts anything that pytest would have to rewrite the whole package for.
    base = ["--assert=plain", "--no-header", *(word for name in UNUSED for word in ("-p", f"no:{name}"))]
    return [*base, "-p", "conformance", "-c", os.devnull, f"--rootdir={SUITES}", *own, *words, *files]


def _words(option: Option, value: Any) -> list[str]:
    """An option as pytest takes it."""
    name = f"--conformance-{option.name}"
    if value is None or value is False:
        return []
    if value is True:
        return [name]
    return [f"{name}={item}" for item in (value if isinstance(value, tuple) else (value,))]
