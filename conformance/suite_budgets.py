"""Budgets: which probes a run may send when it need not be a whole one. The lists are data, `suites/budgets.yaml`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from conformance._paths import SUITES
from conformance.contract._reading import ContractError, Entry, read_yaml
from conformance.evidence.run import Item

FULL = "full"  #: everything, drawn cases included: no list, and the only one that can certify
BUDGETS = ("quick", "standard", FULL)

Lists = Mapping[str, Mapping[str, frozenset[str]]]
"""Budget -> profile -> ids of probes. The controls of a run are sent whatever a list says."""


def read_budgets(file: Path) -> Lists:
    """The lists of a file. Raises ValueError in one sentence for any other form."""
    whole = Entry(read_yaml(file), str(file))
    return {name: _profiles(whole.value(name), f"{file}, {name}") for name in BUDGETS if name != FULL}


def _profiles(data: object, where: str) -> Mapping[str, frozenset[str]]:
    entry = Entry(data, where)
    return {str(profile): frozenset(entry.texts(profile)) for profile in entry.data}


@cache
def load_budgets() -> Lists:
    """The lists that travel with the package."""
    return read_budgets(SUITES / "budgets.yaml")


def within(items: Iterable[Item], budget: str, profile: str) -> tuple[Item, ...]:
    """The items that a budget leaves: active ones whose probes are all in its list; passive ones as far as they are.

    What rides on all traffic is judged by whatever is sent, and asks for nothing that the list does not hold.
    """
    if budget == FULL:
        return tuple(items)
    kept = _list(budget, profile)
    return tuple(_narrowed(item, kept) for item in items if not item.active or kept.issuperset(item.probes))


def _list(budget: str, profile: str) -> frozenset[str]:
    lists = load_budgets()[budget]
    if profile not in lists:
        raise ContractError(f"suites/budgets.yaml has no list {budget!r} for the profile {profile}.")
    return lists[profile]


def _narrowed(item: Item, kept: frozenset[str]) -> Item:
    return item if item.active else replace(item, probes=tuple(name for name in item.probes if name in kept))
