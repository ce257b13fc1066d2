"""What a run says of each tier of the catalogue. Pure, like the verdicts it rests on."""

from dataclasses import dataclass
from enum import StrEnum

from conformance.contract import Level, ProbeClass, Tier, load_tiers
from conformance.evidence.run import Item, Run
from conformance.rules.outcome import is_served
from conformance.verdicts.fold import NOTHING_SEEN
from conformance.verdicts.graded import Graded, Judgement, Verdict

FREE = "free in the contract: "  #: how the reason begins where all that was seen is left free
OPERATOR = "only with "  #: how the reason begins where a request waits for a word of the operator's
_REACHED = frozenset({Verdict.PASSED, Verdict.WARNED, Verdict.FAILED})
_OPEN = frozenset({Verdict.INCONCLUSIVE, Verdict.NOT_RUN})


class State(StrEnum):
    """What can be said of a tier under a gate."""

    HOLDS = "holds"  #: nothing violated, everything seen that could be seen, and that was something
    OPEN = "open"  #: nothing violated, but something that could be seen was not
    VIOLATED = "violated"
    NOT_CLAIMED = "not-claimed"


@dataclass(frozen=True, slots=True)
class TierState:
    """One tier of a run: the scored requirements at or above the gate that are violated, those that leave it open, and
    those that never came due, because what they are about did not occur or is the operator's to ask for."""

    tier: Tier
    state: State
    violated: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


def tier_states(graded: Graded, gate: Level) -> tuple[TierState, ...]:
    """The state of every tier, in the catalogue's order.

    A violation counts whether or not the tier is claimed, as it does for the exit code: the two never disagree.
    """
    tiers = load_tiers(graded.run.terms.catalogue.version)
    return tuple(_state(graded, tier, gate) for tier in tiers.values())


def _state(graded: Graded, tier: Tier, gate: Level) -> TierState:
    rows = tuple(row for row in map(graded.judgements.__getitem__, tier.requirements) if row.scored)
    violated = tuple(row.requirement.id for row in rows if _is_violated(row, gate))
    seen = any(row.verdict in _REACHED for row in rows)
    # Where nothing binds at the gate, what is below it has to speak: an empty duty holds of everything.
    unanswered = [row for row in rows if row.verdict in _OPEN and (row.level.rank >= gate.rank or not seen)]
    unseen = tuple(row.requirement.id for row in unanswered if never_due(row, tier))
    open_ = tuple(row.requirement.id for row in unanswered if row.requirement.id not in unseen)
    claimed = tier.capability is None or tier.capability in graded.run.terms.capabilities
    if violated:
        return TierState(tier, State.VIOLATED, violated, open_, unseen)
    if not claimed:
        return TierState(tier, State.NOT_CLAIMED)
    return TierState(tier, State.HOLDS if seen and not open_ else State.OPEN, (), open_, unseen)


def _is_violated(row: Judgement, gate: Level) -> bool:
    return any((finding.level or row.level).rank >= gate.rank for finding in row.violations)


def never_due(row: Judgement, tier: Tier) -> bool:
    """Whether a requirement without a verdict leaves nothing to be tried.

    So it is where its event did not occur (probe class `cond`), where only the operator can let it be seen, and where
    it is about something that answers need not contain and none of those it rode on did. A model that did not cooperate
    is no such reason, and neither is a request that was not sent or not answered.
    """
    if row.crashes:
        return False
    if row.requirement.probe is ProbeClass.COND or row.reason.startswith(OPERATOR):
        return True
    absent = row.verdict is Verdict.INCONCLUSIVE and row.reason.startswith((NOTHING_SEEN, FREE))
    return absent and row.requirement.id in tier.occasional


def uncooperative(graded: Graded) -> tuple[str, ...]:
    """The requirements that need the model to do something and came to no verdict though it was asked and answered."""
    answered = {item.requirement for item in graded.run.items if _answered(item, graded.run)}
    rows = (row for row in graded.judgements.values() if row.scored and row.verdict is Verdict.INCONCLUSIVE)
    rows = (row for row in rows if not row.reason.startswith(FREE) and not row.crashes)
    coop = (row.requirement.id for row in rows if row.requirement.probe is ProbeClass.COOP)
    return tuple(identifier for identifier in coop if identifier in answered)


def _answered(item: Item, run: Run) -> bool:
    return any(is_served(record.exchange) for probe in item.probes for record in run.tried(probe))
