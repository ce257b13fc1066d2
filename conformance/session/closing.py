"""The end of a run: grading, reports, exit code. Works with whatever the journal holds."""

from dataclasses import dataclass

from conformance.reporting import ReportError, summary, write_reports
from conformance.session.facts import facts_of
from conformance.session.live import Live
from conformance.verdicts import Exit, Graded, exit_code, grade

#: What pytest's own end status says about a run, beside what the verdicts say.
_HOLDING = {2: Exit.INTERRUPTED, 3: Exit.HARNESS_ERROR, 4: Exit.USAGE}


STOPPED = "the target stopped serving during the run; check the server and the limits of the key, and run again"


@dataclass(frozen=True, slots=True)
class Closing:
    """The exit code, the text for the terminal, and the graded run (None when grading failed)."""

    code: Exit
    text: str
    graded: Graded | None = None


def close_run(live: Live, status: int, ungradable: str) -> Closing:
    """End the run, grade it, write the reports. Never raises for what a target did."""
    follower = live.finish()
    ungradable = ungradable or (STOPPED if live.gone else "")
    holding = {_HOLDING[status]} if status in _HOLDING else set()
    holding |= {Exit.UNGRADABLE} if ungradable else set()
    error = live.scheduler.error if live.scheduler else None
    holding |= {Exit.HARNESS_ERROR} if error else set()
    graded = grade(follower.run())
    refused = live.scheduler is not None and live.scheduler.refusal is not None
    code = exit_code(None if refused else graded, live.settings.level, frozenset(holding))
    facts = facts_of(follower, live.settings.level, code, live.folder, ungradable)
    lines = []
    try:
        lines += [f"wrote {path}" for path in write_reports(live.folder, graded, facts)]
    except ReportError as problem:
        code = exit_code(graded, live.settings.level, frozenset(holding | {Exit.HARNESS_ERROR}))
        lines.append(str(problem))
    if error is not None:
        lines.append(f"the harness failed while sending: {type(error).__name__}: {error}")
    return Closing(code, "\n".join([*lines, summary(graded, facts)]), graded)
