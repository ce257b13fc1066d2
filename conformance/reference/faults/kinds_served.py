"""Faults in what is refused, kind by kind: one kind of mistake is served, although its rule holds for all others."""

from conformance.reference.faults.mistakes import ROOT_MISTAKES, Mistake
from conformance.reference.faults.mistakes_around import HEADER_MISTAKES, RAW_MISTAKES
from conformance.reference.faults.mistakes_in_tools import HISTORY_MISTAKES, TOOL_MISTAKES
from conformance.reference.faults.mistakes_in_turns import TURN_MISTAKES
from conformance.reference.faults.rules import OPTIONAL_IN_MYROUTER
from conformance.reference.seams import Fault, Seam

MISTAKES: tuple[Mistake, ...] = (
    *ROOT_MISTAKES,
    *TURN_MISTAKES,
    *TOOL_MISTAKES,
    *HISTORY_MISTAKES,
    *HEADER_MISTAKES,
    *RAW_MISTAKES,
)

ALONE = frozenset({"messages-empty", "max-tokens-absent", "max-tokens-below", "body-too-deep"})
"""Mistakes that are all their rule is about, or that no requirement wants to be refused."""


def _served(mistake: Mistake) -> Fault:
    seen = () if mistake.requirement in OPTIONAL_IN_MYROUTER else ("myrouter",)
    return Fault(
        id=f"{mistake.name}-served",
        seam=Seam.RULE,
        requirement=mistake.requirement,
        description=f"{mistake.says} is served",
        apply=mistake.made,
        rule=mistake.rule,
        profiles=tuple(name for name in mistake.profiles if name in (*seen, "anthropic")),
    )


SERVED_FAULTS: tuple[Fault, ...] = tuple(_served(mistake) for mistake in MISTAKES if mistake.name not in ALONE)
