"""Draws that the tests of generation share, and every way to look at what they yield."""

from functools import cache

from conformance.contract import load_profiles
from conformance.evidence.run import Item
from conformance.generation.conversations import conversation_items
from conformance.generation.corpus import corpus_items
from conformance.generation.declare import Drawn
from conformance.generation.draws import Draw
from conformance.generation.live import live_items
from conformance.probing.probe import Probe

PROFILES = ("myrouter", "anthropic")


@cache
def draw_for(profile: str, count: int = 50, seed: int = 1) -> Draw:
    """What a run of the profile with its included capabilities draws."""
    terms = load_profiles()[profile]
    return Draw(profile, terms.api_version, frozenset(terms.included), count, seed)


def everything(draw: Draw) -> tuple[Drawn, ...]:
    """All that is generated for a run."""
    return (*corpus_items(draw), *live_items(draw), *conversation_items(draw))


def by_expectation(drawn: tuple[Drawn, ...], kind: str) -> list[tuple[Item, Probe, Probe]]:
    """The items that expect `kind`, each with its own probe and its control (itself where it has none)."""
    return [(item, probes[0], probes[-1]) for item, probes in drawn if item.expect["*"].kind == kind]
