"""The covering array: every two levels of different factors stand together in a row, and there are few rows."""

from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import reference
from conformance.proof.covering import covering
from conformance.proof.factors import APART, PLAIN, Factor, factors
from conformance.proof.subjects import PROFILES

SIZES = st.lists(st.integers(1, 4), min_size=0, max_size=7)


def missing(given: tuple[Factor, ...], rows: tuple[tuple[str, ...], ...]) -> set[tuple[str, str]]:
    """The pairs of levels that no row has, each level written with its factor's name."""
    apart = {frozenset(pair) for factor in given for pair in factor.apart}
    wanted = {
        (f"{one.name}={a}", f"{other.name}={b}")
        for one, other in combinations(given, 2)
        for a in one.levels
        for b in other.levels
        if {a, b} not in apart
    }
    named = ([f"{factor.name}={level}" for factor, level in zip(given, row, strict=True)] for row in rows)
    return wanted - {pair for row in named for pair in combinations(row, 2)}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_two_freedoms_of_a_profile_meet_in_few_rows(profile: str) -> None:
    found = factors(profile)
    rows = covering(found)
    assert missing(found, rows) == set()
    assert len(rows) <= 50, "three times the square of the most levels, for ninety factors"
    assert rows == covering(found), "the same factors give the same rows"


@settings(max_examples=60, deadline=None)
@given(SIZES)
def test_any_factors_are_covered(sizes: list[int]) -> None:
    given = tuple(Factor(f"f{number}", tuple(f"{level}" for level in range(size))) for number, size in enumerate(sizes))
    rows = covering(given)
    assert missing(given, rows) == set()
    assert len(rows) == len(set(rows))
    assert all(len(row) == len(given) for row in rows)
    widest = sorted(sizes, reverse=True)
    assert len(rows) >= (widest[0] * widest[1] if len(widest) > 1 else sum(widest))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(2, 4), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_levels_that_are_kept_apart_meet_in_no_row(sizes: list[int], random: Random) -> None:
    names = [[f"{number}.{level}" for level in range(size)] for number, size in enumerate(sizes)]
    pairs = [
        [(own, random.choice(other[1:])) for own in levels[1:] for other in names if other is not levels][:2]
        for levels in names
    ]
    given = tuple(Factor(f"f{n}", tuple(names[n]), tuple(pairs[n])) for n in range(len(sizes)))
    rows = covering(given)
    assert missing(given, rows) == set()
    assert not any(set(pair) <= set(row) for row in rows for factor in given for pair in factor.apart)


def test_what_is_kept_apart_are_freedoms_of_different_factors() -> None:
    home = {one.id: one.factor for one in reference.variations()}
    assert all(home[one] != home[other] for one, others in APART.items() for other in others)
    for profile in PROFILES:
        kept = {pair for factor in factors(profile) for pair in factor.apart}
        assert kept == {(one, other) for one, others in APART.items() for other in others}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_variation_is_a_level_of_one_factor(profile: str) -> None:
    levels = [level for factor in factors(profile) for level in factor.levels if level != PLAIN]
    assert sorted(levels) == sorted(one.id for one in reference.variations() if profile in one.profiles)
    assert all(factor.levels[0] == PLAIN and len(factor.levels) > 1 for factor in factors(profile))
    assert len(factors(profile)) >= 25
