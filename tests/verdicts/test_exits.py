"""The exit code over every combination of what may hold."""

from itertools import chain, combinations

import pytest

from conformance.contract import Level
from conformance.verdicts import Exit, exit_code
from conformance.verdicts.exits import PRECEDENCE

_ALL = [e for e in Exit if e is not Exit.CONFORMS]
_SUBSETS = list(chain.from_iterable(combinations(_ALL, size) for size in range(len(_ALL) + 1)))


def test_the_precedence_names_every_code_once() -> None:
    assert sorted(PRECEDENCE) == sorted(_ALL)


@pytest.mark.parametrize("holding", _SUBSETS, ids=lambda subset: "-".join(str(int(code)) for code in subset) or "none")
def test_the_first_of_what_holds_wins(holding: tuple[Exit, ...]) -> None:
    order = [4, 3, 2, 1, 6, 5]
    expected = next((code for code in order if code in holding), 0)
    assert exit_code(None, Level.MUST, frozenset(holding)) == expected
