"""The sentence in which a run ends. It never says "conforms" of less than the whole contract."""

from conformance.contract import Level
from conformance.evidence.run import Run
from conformance.reporting.facts import EMBEDDED, Baselined, Facts, capped, covered, held_back, taken_away
from conformance.verdicts.exits import FEW, Exit, why_ungradable
from conformance.verdicts.graded import Graded, Verdict
from conformance.verdicts.tiers import State, TierState, tier_states, uncooperative

_LISTED = 3  #: requirements named for one tier; all of them are in the report

#: What is said where the exit code alone decides.
_WORDS = {
    Exit.INTERRUPTED: "interrupted before the end: no verdict",
    Exit.HARNESS_ERROR: "error in the harness: no verdict",
    Exit.USAGE: "wrong usage: no verdict",
    Exit.NOTHING_TESTED: "nothing was tested",
}


def verdict_sentence(graded: Graded, facts: Facts) -> str:
    """What follows from the run, without counts."""
    must, should = graded.violated(Verdict.FAILED), graded.violated(Verdict.WARNED)
    violated = f"{must} MUST and {should} SHOULD violated"
    if facts.exit is Exit.VIOLATION:
        return _with_violation(violated, facts.baseline)
    if facts.exit is Exit.CONFORMS:
        return _without_violation(graded, facts) + (f", {should} SHOULD violated" if should else "")
    ungradable = f"could not be graded: {facts.ungradable or why_ungradable(graded) or FEW}"
    words = _WORDS.get(facts.exit, ungradable)
    return f"{words}; {violated}" if must or should else words


def _with_violation(violated: str, baseline: Baselined | None) -> str:
    """A violation that nobody knew of, or a baseline that is to be mended."""
    if baseline is None:
        return f"does not conform: {violated}"
    if baseline.unlisted:
        return f"does not conform: {violated}, {counted(len(baseline.unlisted), 'case')} not in the baseline"
    entries = counted(len(baseline.failures), "entry", "entries")
    return f"the baseline is out of date, {entries} to be looked at: {violated}"


def counted(count: int, noun: str, nouns: str = "") -> str:
    """A number with its noun."""
    return f"{count} {noun if count == 1 else nouns or f'{noun}s'}"


def _without_violation(graded: Graded, facts: Facts) -> str:
    """What is said where nothing fails. Where a baseline waived something it is never the whole contract that holds."""
    waived = facts.baseline.violated if facts.baseline else 0
    if not waived:
        return _limited(graded, facts) or f"conforms to {graded.run.terms.profile.name} at level {facts.gate.lower()}"
    apart = f"apart from {counted(waived, 'baselined violation')}"
    limited = _limited(graded, facts)
    return f"{limited}, {apart}" if limited else f"conforms {apart}, at level {facts.gate.lower()}"


def _limited(graded: Graded, facts: Facts) -> str:
    """What is said of a run that was not the whole one, or ""."""
    run, gate = graded.run, facts.gate.lower()
    if not run.finished:
        return f"no violation at level {gate}, but the record breaks off before the end of the run"
    if facts.sent_for:
        return f"no violation at level {gate}, but the requests were made for {facts.sent_for}"
    if short := _short(run):
        return f"no violation at level {gate}, but {short}"
    if taken_away(run):
        return f"at level {gate}: {_included_tiers(graded, facts.gate)}"
    if not run.everything:
        return f"no violation at level {gate} in what was selected"
    return ""


def _short(run: Run) -> str:
    """What was left out that the target did not forbid, and the cap that did; "" for a whole run."""
    unsent, cap = held_back(run), capped(run)
    told = f"{unsent} of the planned probes were not sent" if unsent else "the run was truncated"
    return f"{told}: {cap}" if cap else told if unsent else ""


def tiers_line(graded: Graded, gate: Level) -> str:
    """Every tier with its state under the gate, and the first of the requirements that decide it."""
    return f"tiers: {', '.join(map(_tier, tier_states(graded, gate)))}"


def _tier(row: TierState) -> str:
    said = f"{row.tier.title} {row.state.replace('-', ' ')}"
    deciding = row.violated if row.state is State.VIOLATED else row.open
    more = f" and {len(deciding) - _LISTED} more" if len(deciding) > _LISTED else ""
    return f"{said} ({', '.join(deciding[:_LISTED])}{more})" if deciding else said


def _included_tiers(graded: Graded, gate: Level) -> str:
    """The core and every claimed capability that the profile includes."""
    terms = graded.run.terms
    names = {None, *(word for word in terms.profile.included if word in terms.capabilities)}
    rows = (row for row in tier_states(graded, gate) if row.tier.capability in names)
    return ", ".join(f"tier {row.tier.title} {row.state}" for row in rows)


def last_line(graded: Graded, facts: Facts) -> str:
    """The verdict with everything that limits it, in one line."""
    run = graded.run
    left, unwilling = ", ".join(taken_away(run)), len(uncooperative(graded))
    sentence, short = verdict_sentence(graded, facts), _short(run) if capped(run) else ""
    limits = (
        "" if short in sentence else short,
        f"run without {left}, which {run.terms.profile.name} includes" if left else "",
        f"covered only {covered(graded)} of {len(graded.judgements)} requirements" if not run.everything else "",
        f"{graded.count(Verdict.INCONCLUSIVE)} inconclusive, {graded.count(Verdict.NOT_RUN)} not run",
        f"{unwilling} inconclusive because the model did not cooperate" if unwilling else "",
        EMBEDDED if facts.embedded else "",
    )
    return "; ".join((sentence, *(text for text in limits if text)))
