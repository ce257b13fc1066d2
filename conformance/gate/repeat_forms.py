"""A repeated run for a terminal, as JSON values and as Markdown. Nothing that a target sent gets through as it came."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from conformance.gate.repeat import Attempt, Case, Repeated, State
from conformance.reporting.clean import clean
from conformance.reporting.markdown import escaped
from conformance.reporting.sentence import counted

VERSION = 1

_RUN = ("started", "ended", "verdict", "requests", "generated", "output_tokens")
_TOTALS = ("requests", "generated", "output_tokens")
_TERMS = ("target", "profile", "model", "catalogue", "harness", "level")


def repeat_text(found: Repeated) -> str:
    """What holds always, sometimes and never, and what it cost."""
    return "\n".join(_lines(found))


def _lines(found: Repeated) -> Iterator[str]:
    yield clean(_head(found))
    yield from (clean(f"  run {each.number}  exit {each.exit}: {each.verdict}") for each in found.attempts)
    yield from (clean(f"  {case.state:<9}  {_told(case, len(found.attempts))}") for case in _violated(found))
    yield f"  {State.NEVER:<9}  {counted(_counts(found)[State.NEVER], 'case')} observed and not violated"


def _head(found: Repeated) -> str:
    first, runs = found.attempts[0], len(found.attempts)
    ended = counted(runs, "run") if runs == found.asked else f"{runs} of {counted(found.asked, 'run')}"
    cost = f"{counted(found.total('requests'), 'request')}, {counted(found.total('output_tokens'), 'output token')}"
    return f"repeated: {ended} of {first.target}, profile {first.profile}: {cost}; exit {found.exit}"


def _told(case: Case, runs: int) -> str:
    return f"{case.key} ({case.level}): {_share(case, runs)}{_where(case)}"


def _share(case: Case, runs: int) -> str:
    """`violated in 2 of 5 runs`, or of fewer that observed it."""
    violated, observed = len(case.violated), len(case.observed)
    if observed == runs:
        return f"violated in {violated} of {counted(runs, 'run')}"
    return f"violated in {violated} of {counted(observed, 'run')} that observed it, of {runs}"


def _where(case: Case) -> str:
    return f", in run {', '.join(map(str, case.violated))}" if case.state is State.SOMETIMES else ""


def _violated(found: Repeated) -> Iterator[Case]:
    """What is violated sometimes first: nobody sees that in a single run."""
    for state in (State.SOMETIMES, State.ALWAYS):
        yield from (case for case in found.cases if case.state is state)


def _counts(found: Repeated) -> Counter[State]:
    return Counter(case.state for case in found.cases)


def repeat_object(found: Repeated) -> dict[str, Any]:
    """The same as JSON values, with every case that was observed. Schema: `schemas/json/repeat.json`."""
    counts = _counts(found)
    return {
        "version": VERSION,
        "asked": found.asked,
        **{name: getattr(found.attempts[0], name) for name in _TERMS},
        "exit": int(found.exit),
        **{name: found.total(name) for name in _TOTALS},
        "counts": {str(state): counts[state] for state in State},
        "runs": [_attempt(each) for each in found.attempts],
        "cases": [_case(case) for case in found.cases],
    }


def _attempt(each: Attempt) -> dict[str, Any]:
    return {"folder": str(each.number), "exit": int(each.exit), **{name: getattr(each, name) for name in _RUN}}


def _case(case: Case) -> dict[str, Any]:
    requirement, _, name = case.key.partition(" ")
    return {
        "requirement": requirement,
        "case": name,
        "state": str(case.state),
        "level": case.level.value if case.level else None,
        "violated": len(case.violated),
        "observed": len(case.observed),
        "violated_in": [str(number) for number in case.violated],
    }


def repeat_markdown(found: Repeated) -> str:
    """The same for the page of a job."""
    return "\n".join((escaped(_head(found)), "", *_runs(found), "", *_cases(found), ""))


def _runs(found: Repeated) -> Iterator[str]:
    yield "| run | exit | verdict | requests | output tokens |"
    yield "| ---: | ---: | --- | ---: | ---: |"
    for each in found.attempts:
        yield f"| {each.number} | {each.exit} | {escaped(each.verdict)} | {each.requests} | {each.output_tokens} |"


def _cases(found: Repeated) -> Iterator[str]:
    rows, never = list(_violated(found)), counted(_counts(found)[State.NEVER], "case")
    if rows:
        yield from (
            "| | requirement and case | level | violated | observed | runs |",
            "| --- | --- | --- | ---: | ---: | --- |",
        )
    for case in rows:
        counts, where = f"{len(case.violated)} | {len(case.observed)}", ", ".join(map(str, case.violated))
        yield f"| {case.state} | {escaped(case.key)} | {case.level} | {counts} | {where} |"
    yield from ("", f"{never} observed and not violated in {counted(len(found.attempts), 'run')}.")
