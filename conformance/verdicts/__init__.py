"""From findings to verdicts to the exit code: the one place where a run is summed up."""

from conformance.verdicts.exits import Exit, exit_code
from conformance.verdicts.fold import grade, judge_item
from conformance.verdicts.graded import Graded, ItemResult, Judgement, Verdict
from conformance.verdicts.tiers import State, TierState, tier_states, uncooperative

__all__ = [
    "Exit",
    "Graded",
    "ItemResult",
    "Judgement",
    "State",
    "TierState",
    "Verdict",
    "exit_code",
    "grade",
    "judge_item",
    "tier_states",
    "uncooperative",
]
