"""Rows in which every two levels of different factors stand together."""

from conformance.proof.factors import Factor


def covering(factors: tuple[Factor, ...]) -> tuple[tuple[str, ...], ...]:
    """The rows, one level for each factor."""
    return ()
