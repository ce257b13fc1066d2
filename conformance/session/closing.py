"""The end of a run, live or read from its journal: grading, reports, exit code. Works with whatever a journal holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.contract import Level
from conformance.evidence.follow import Follower
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
    """End the run and its journal, grade it, write the reports. Never raises for what a target did."""
    error = live.stop()
    ungradable = ungradable or (STOPPED if live.gone else "")
    holding = {_HOLDING[status]} if status in _HOLDING else set()
    holding |= {Exit.UNGRADABLE} if ungradable else set()
    holding |= {Exit.HARNESS_ERROR} if error else set()
    refused = live.scheduler is not None and live.scheduler.refusal is not None
    follower = live.finish(holding=sorted(code.name for code in holding), ungradable=ungradable, refused=refused)
    told = f"the harness failed while sending: {type(error).__name__}: {error}" if error else ""
    return settle(follower, live.settings.level, live.folder, told=told)


def settle(follower: Follower, gate: Level, out: Path | None, profile: str = "", told: str = "") -> Closing:
    """Grade what a journal holds, under its own profile or another; write the reports into `out` if there is one.

    Without a footer the run was interrupted. `told` is one more line for the terminal.
    """
    graded, footer = grade(follower.run(profile)), follower.footer
    holding = _holding(footer)
    code = exit_code(None if footer.get("refused") else graded, gate, holding)
    facts = facts_of(follower, gate, code, out or follower.path.parent, profile)
    lines = []
    try:
        lines += [f"wrote {path}" for path in write_reports(out, graded, facts)] if out else []
    except ReportError as problem:
        code = exit_code(graded, gate, holding | {Exit.HARNESS_ERROR})
        lines.append(str(problem))
    return Closing(code, "\n".join([*lines, *([told] if told else []), summary(graded, facts)]), graded)


def _holding(footer: Mapping[str, Any]) -> frozenset[Exit]:
    """What holds beside the verdicts, as the journal tells it."""
    return frozenset(Exit[name] for name in footer.get("holding", ())) if footer else frozenset({Exit.INTERRUPTED})
