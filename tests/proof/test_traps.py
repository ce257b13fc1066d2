"""Legal habits that cause false alarms, by their numbers in contract.md §6, are variations of the reference endpoint.

`conformance prove` tries each of them under the whole suite, alone and beside the others; here, that every trap is
among them, and that the two which show only in costly answers are let pass there as well.
"""

from pathlib import Path

import pytest
from proving import EVERYTHING, broken, judged

from conformance import reference
from conformance.proof.subjects import PROFILES, combined, varied
from conformance.verdicts import Exit

TRAPS = set(range(1, 17))  #: contract.md §6
#: Trap 11, a page of an edge: under 413, which costs 33 MB to see, and under 504.
PAGES = [("edge-limit-page", "anthropic"), ("edge-timeout-page", "myrouter")]


def test_every_trap_is_a_variation_that_is_tried() -> None:
    known = {variation.id: set(variation.traps) for variation in reference.variations() if variation.traps}
    alone = {subject.name for profile in PROFILES for subject in varied(profile)}
    beside = {name for profile in PROFILES for subject in combined(profile) for name in subject.variations}
    assert set().union(*known.values()) == TRAPS
    assert set(known) <= alone and set(known) <= beside


@pytest.mark.parametrize(("page", "profile"), PAGES)
def test_a_page_of_an_edge_is_noted_and_raises_no_alarm(page: str, profile: str, tmp_path: Path) -> None:
    endpoint = {"variations": (page,)}
    closing = judged(profile, tmp_path, endpoint=endpoint, include=("large-body",), **EVERYTHING)
    assert closing.graded is not None
    assert broken(closing.graded) == {}
    assert closing.code is Exit.CONFORMS
    assert closing.graded.judgements["ERR-002"].notes
