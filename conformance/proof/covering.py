"""A pairwise covering array: rows in which every two levels of different factors stand together at least once.

Levels that factors keep apart stand together in no row.

Rows are made one at a time, greedily. A row takes, factor by factor, the level that meets the most pairs that no row
has yet; of several rows, made with the factors in different orders, the one with the most new pairs is kept. The orders
come from a fixed seed: the same factors always give the same rows.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random

from conformance.proof.factors import Factor

CANDIDATES = 100  #: rows tried for each that is kept
_SEED = 1

Place = tuple[int, str]
"""A factor by its number, and one of its levels."""


def covering(factors: Sequence[Factor]) -> tuple[tuple[str, ...], ...]:
    """The rows, one level for each factor, in their order. A single factor gets a row for each of its levels."""
    if len(factors) < 2:
        return tuple((level,) for factor in factors for level in factor.levels)
    left, random = _Left(factors), Random(_SEED)
    rows: list[tuple[str, ...]] = []
    while any(left.partners.values()):
        row = max((left.row(random) for _ in range(CANDIDATES)), key=left.new)
        left.take(row)
        rows.append(row)
    return tuple(rows)


def _kept_apart(factors: Sequence[Factor]) -> Iterator[tuple[Place, Place]]:
    """The pairs of places that no row may hold, wherever the other level is among these factors."""
    for number, factor in enumerate(factors):
        for level, other in factor.apart:
            for place, beside in enumerate(factors):
                if place != number and other in beside.levels:
                    yield (number, level), (place, other)


class _Left:
    """The pairs that no row has yet: for each place the places it has still to meet, as the bits of a number."""

    def __init__(self, factors: Sequence[Factor]) -> None:
        self.factors = factors
        places = [(number, level) for number, factor in enumerate(factors) for level in factor.levels]
        self.bits: dict[Place, int] = {place: 1 << bit for bit, place in enumerate(places)}
        own = [sum(self.bits[number, level] for level in factor.levels) for number, factor in enumerate(factors)]
        every = sum(own)
        self.apart = dict.fromkeys(places, 0)
        for place, other in _kept_apart(factors):
            self.apart[place] |= self.bits[other]
            self.apart[other] |= self.bits[place]
        self.partners: dict[Place, int] = {place: every & ~own[place[0]] & ~self.apart[place] for place in places}

    def row(self, random: Random) -> tuple[str, ...]:
        """A row that begins with a place which still has much to meet, the other factors in any order."""
        need = max(mask.bit_count() for mask in self.partners.values())
        first = random.choice([place for place, mask in self.partners.items() if mask.bit_count() == need])
        chosen, mask = {first[0]: first[1]}, self.bits[first]
        for number in random.sample(range(len(self.factors)), len(self.factors)):
            if number not in chosen:
                chosen[number] = self._best(number, mask, random)
                mask |= self.bits[number, chosen[number]]
        return tuple(chosen[number] for number in range(len(self.factors)))

    def _best(self, number: int, mask: int, random: Random) -> str:
        """The level that meets the most of what is chosen; of equal ones that with the most to meet, then any."""
        levels = (level for level in self.factors[number].levels if not self.apart[number, level] & mask)
        own = [(level, self.partners[number, level]) for level in levels]
        met = [((left & mask).bit_count(), left.bit_count(), random.random(), level) for level, left in own]
        return max(met)[-1]

    def new(self, row: tuple[str, ...]) -> int:
        """How many pairs a row has that no row had before."""
        mask = sum(self.bits[place] for place in enumerate(row))
        return sum((self.partners[place] & mask).bit_count() for place in enumerate(row)) // 2

    def take(self, row: tuple[str, ...]) -> None:
        """The pairs of this row are met."""
        for one, other in combinations(enumerate(row), 2):
            self.partners[one] &= ~self.bits[other]
            self.partners[other] &= ~self.bits[one]
