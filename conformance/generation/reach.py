"""Which requirements drawn requests can be about, so that nothing is drawn where none of them is asked for.

Loading this module and asking it loads neither Schemathesis nor Hypothesis.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from conformance.contract.documents import contract_document
from conformance.contract.violations import NARROWED
from conformance.generation.naming import DRAWN_AS_VALID


@cache
def reachable(profile: str) -> frozenset[str]:
    """Every requirement that a live case of a profile can be about: those that the typed contract names, those that
    say it better for some values, and those that oblige a server to serve a valid request."""
    return frozenset(_named(contract_document(profile), False)) | NARROWED | DRAWN_AS_VALID


def _named(node: Any, inside: bool) -> Iterator[str]:
    """Every text below an `x-requirement`."""
    if isinstance(node, str) and inside:
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _named(value, inside or key == "x-requirement")
    elif isinstance(node, list):
        for value in node:
            yield from _named(value, inside)
