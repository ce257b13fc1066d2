"""A rule that raises is an error of the harness: what it was to judge stays open, and all else is judged as usual."""

import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from conformance.rules.findings import Finding, Kind

CRASHED = "the harness failed: "  #: how the reason of a requirement begins whose rule raised


def guarded(
    requirements: Iterable[str], judge: Callable[..., Iterable[Finding]], *given: Any, name: str = ""
) -> Iterator[Finding]:
    """The findings of a rule; where it raises, those up to there and, for each requirement that it may name, that it
    did. What was seen before stays true; whether more was to be seen is not known."""
    try:
        yield from judge(*given)
    except Exception as error:
        seen = f"{CRASHED}{name or named(judge)} raised {raised(error)}"
        yield from (Finding(requirement, Kind.CRASHED, seen=seen) for requirement in requirements)


def raised(error: Exception) -> str:
    """An error of ours by its type and place. Its words may be those of a target, or hold what is secret, and nobody
    who judges a journal knows what is."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def named(judge: Callable[..., Any]) -> str:
    """A rule by its module and function."""
    return f"rule {judge.__module__.rpartition('.')[2]}.{getattr(judge, '__qualname__', '?')}"
