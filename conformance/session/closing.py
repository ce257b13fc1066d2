"""The end of a run, live or read from its journal: grading, reports, exit code. Works with whatever a journal holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.contract import Level
from conformance.evidence.follow import Follower
from conformance.evidence.journal import JournalError
from conformance.gate.store import HistoryError, record
from conformance.reporting import Facts, ReportError, summary, write_reports
from conformance.reporting.clean import clean
from conformance.reporting.facts import Baselined
from conformance.rules.guard import CRASHED, raised
from conformance.session.baselines import Accepted, accepted_in
from conformance.session.facts import facts_of
from conformance.session.live import Live
from conformance.settings.resolve import UsageError
from conformance.verdicts import Exit, Graded, exit_code, grade

#: What pytest's own end status says about a run, beside what the verdicts say.
_HOLDING = {2: Exit.INTERRUPTED, 3: Exit.HARNESS_ERROR, 4: Exit.USAGE}


STOPPED = "the target stopped serving during the run; check the server and the limits of the key, and run again"


@dataclass(frozen=True, slots=True)
class Closing:
    """The exit code, the text for the terminal, the graded run, and what reports say beside it."""

    code: Exit
    text: str
    graded: Graded
    facts: Facts


def close_run(live: Live, status: int, ungradable: str, reports: bool = True, failure: str = "") -> Closing:
    """End the run and its journal, grade it, write the reports unless nobody is to read them.

    `failure` is one of the harness that the caller knows of. Never raises for what a target did; JournalError where
    somebody else has written to the journal; UsageError where a run that was interrupted before its journal was begun
    cannot write one.
    """
    if live.writer is None:
        live.open()
    error = live.stop()
    ungradable = ungradable or (STOPPED if live.gone else "")
    holding = {_HOLDING[status]} if status in _HOLDING else set()
    holding |= {Exit.UNGRADABLE} if ungradable else set()
    holding |= {Exit.HARNESS_ERROR} if error or failure else set()
    refused = live.scheduler is not None and live.scheduler.refusal is not None
    follower = live.finish(holding=sorted(code.name for code in holding), ungradable=ungradable, refused=refused)
    told = f"the harness failed while sending: {live.told(error)}" if error else failure or live.unwritable
    extra = frozenset({Exit.HARNESS_ERROR} if told else ())
    folder = live.folder if reports else None
    closing = settle(follower, live.settings.level, folder, told=clean(told), holding=extra)
    return _remembered(closing, live.settings.history) if live.settings.history else closing


def why_not_closed(error: Exception, journal: Path) -> str:
    """What is told where `close_run` raises: its own sentence, or where the harness failed, and what is left."""
    if isinstance(error, JournalError | UsageError):
        return f"{CRASHED}{error}"
    return f"{CRASHED}{raised(error)}; the journal is kept at {journal}, and `conformance grade` reads it again"


def _remembered(closing: Closing, history: Path) -> Closing:
    """The same, with the run in its history; an error in the harness where that cannot be written."""
    try:
        record(history, closing.graded, closing.facts)
    except HistoryError as problem:
        code = exit_code(None, closing.facts.gate, frozenset({Exit.HARNESS_ERROR, closing.code} - {Exit.CONFORMS}))
        return replace(closing, code=code, text=f"{problem}\n{closing.text}")
    return closing


def settle(
    follower: Follower,
    gate: Level,
    out: Path | None,
    profile: str = "",
    told: str = "",
    accepted: Accepted | None = None,
    holding: frozenset[Exit] = frozenset(),
) -> Closing:
    """Grade what a journal holds, under its own profile or another; write the reports into `out` if there is one.

    Without a footer the run was interrupted. `told` is one more line for the terminal, `accepted` a baseline in place
    of the one that the run was given, `holding` what holds beside what the journal says.
    """
    graded, footer = grade(follower.run(profile)), follower.footer
    accepted = accepted or accepted_in(follower.header)
    baseline = accepted.judge(graded, gate) if accepted and not footer.get("refused") else None
    holding, waived = holding | _holding(footer, baseline), baseline.waived if baseline else frozenset()
    code = exit_code(None if footer.get("refused") else graded, gate, holding, waived)
    facts = facts_of(follower, gate, code, out or follower.path.parent, profile, baseline)
    lines = []
    try:
        lines += [f"wrote {path}" for path in write_reports(out, graded, facts)] if out else []
    except ReportError as problem:
        code = exit_code(graded, gate, holding | {Exit.HARNESS_ERROR}, waived)
        lines.append(str(problem))
    return Closing(code, "\n".join([*lines, *([told] if told else []), summary(graded, facts)]), graded, facts)


def _holding(footer: Mapping[str, Any], baseline: Baselined | None) -> frozenset[Exit]:
    """What holds beside the verdicts, as the journal and the baseline tell it."""
    failing = {Exit.VIOLATION} if baseline and baseline.failures else set()
    told = {Exit[name] for name in footer.get("holding", ())} if footer else {Exit.INTERRUPTED}
    return frozenset(told | failing)
