"""The sentence in which a run ends. It never says "conforms" of less than the whole contract."""

from conformance.contract import Level
from conformance.reporting.facts import EMBEDDED, REACHED, Facts, covered, taken_away
from conformance.verdicts.exits import FEW, Exit, why_ungradable
from conformance.verdicts.fold import Graded, Verdict

#: What is said where the exit code alone decides.
_WORDS = {
    Exit.INTERRUPTED: "interrupted before the end: no verdict",
    Exit.HARNESS_ERROR: "error in the harness: no verdict",
    Exit.USAGE: "wrong usage: no verdict",
    Exit.NOTHING_TESTED: "nothing was tested",
}


def verdict_sentence(graded: Graded, facts: Facts) -> str:
    """What follows from the run, without counts."""
    must, should = graded.count(Verdict.FAILED), graded.count(Verdict.WARNED)
    violated = f"{must} MUST and {should} SHOULD violated"
    if facts.exit is Exit.VIOLATION:
        return f"does not conform: {violated}"
    if facts.exit is Exit.CONFORMS:
        return _without_violation(graded, facts) + (f", {should} SHOULD violated" if should else "")
    ungradable = f"could not be graded: {facts.ungradable or why_ungradable(graded) or FEW}"
    words = _WORDS.get(facts.exit, ungradable)
    return f"{words}; {violated}" if must or should else words


def _without_violation(graded: Graded, facts: Facts) -> str:
    run, gate = graded.run, facts.gate.lower()
    if not run.finished:
        return f"no violation at level {gate}, but the record breaks off before the end of the run"
    if held_back := sum(reason.startswith("not sent") and not run.sent(probe) for probe, reason in run.unsent.items()):
        return f"no violation at level {gate}, but {held_back} of the planned probes were not sent"
    if taken_away(run):
        return f"at level {gate}: {tiers(graded, facts.gate)}"
    if not run.everything:
        return f"no violation at level {gate} in what was selected"
    return f"conforms to {run.terms.profile.name} at level {gate}"


def tiers(graded: Graded, gate: Level) -> str:
    """Each tier (the core, then every claimed capability that the profile includes) and whether it holds."""
    terms = graded.run.terms
    names = (None, *(word for word in terms.profile.included if word in terms.capabilities))
    return ", ".join(f"tier {name or 'core'} {_tier(graded, gate, name)}" for name in names)


def _tier(graded: Graded, gate: Level, capability: str | None) -> str:
    rows = [row for row in graded.judgements.values() if row.requirement.capability == capability]
    found = (finding.level or row.level for row in rows for finding in row.violations)
    if any(level.rank >= gate.rank for level in found):
        return "violated"
    return "holds" if any(row.verdict in REACHED for row in rows) else "open"


def last_line(graded: Graded, facts: Facts) -> str:
    """The verdict with everything that limits it, in one line."""
    run = graded.run
    left = ", ".join(taken_away(run))
    limits = (
        f"run without {left}, which {run.terms.profile.name} includes" if left else "",
        f"covered only {covered(graded)} of {len(graded.judgements)} requirements" if not run.everything else "",
        f"{graded.count(Verdict.INCONCLUSIVE)} inconclusive, {graded.count(Verdict.NOT_RUN)} not run",
        EMBEDDED if facts.embedded else "",
    )
    return "; ".join((verdict_sentence(graded, facts), *(text for text in limits if text)))
