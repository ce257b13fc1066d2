"""Every rule, kind of expectation and declared case, switched off one at a time: does the proof notice?

    python tests/proof/switches.py [--profile P] [--jobs N] [PATTERN ...]

prints each switch whose absence leaves every fault of its requirements named, and ends with 1 if there is one. What is
off is off in this process alone; nothing is written.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, partial
from multiprocessing import get_context
from typing import Any

from conformance.contract import Level, load_catalogue
from conformance.evidence.run import Item
from conformance.proof import runs
from conformance.proof.matrix import GOOD, weighed
from conformance.proof.subjects import PROFILES, Subject, faulty
from conformance.proof.trial import attempt, needed
from conformance.rules.all import load_rules
from conformance.rules.expectations import KINDS
from conformance.rules.registry import EXCHANGE_RULES, MESSAGE_RULES, RUN_RULES

REGISTRIES: tuple[list[Any], ...] = (EXCHANGE_RULES, MESSAGE_RULES, RUN_RULES)
#: Rules about requests of clients that are not ours: the proof sends none, tests/proxy does.
FOREIGN = frozenset({"conformance.rules.client_requests"})


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that judges. `kind` is rule, expectation or case; `requirements` are those it speaks of."""

    kind: str
    name: str
    requirements: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({', '.join(self.requirements[:4])})"


def switches(profile: str) -> tuple[Switch, ...]:
    """Everything that can be switched off under a profile."""
    load_rules()
    registered = (rule for registry in REGISTRIES for rule in registry if rule.judge.__module__ not in FOREIGN)
    rules = [Switch("rule", _name(rule), rule.requirements) for rule in registered]
    items = [item for item in _items(profile) if item.active and not item.generated and _asked(item, profile)]
    users: dict[str, dict[str, None]] = {}
    for item in items:
        users.setdefault(_asked(item, profile), {})[item.requirement] = None
    kinds = [Switch("expectation", kind, tuple(named)) for kind, named in users.items()]
    return (*rules, *kinds, *(Switch("case", item.key, (item.requirement,)) for item in items))


def bound(profile: str) -> tuple[Switch, ...]:
    """Those that speak of a requirement which is more than a MAY there, or which a fault breaks there all the same."""
    broken = {subject.requirement for subject in faulty(profile)}
    rows = load_catalogue().requirements
    telling = broken | {name for name, row in rows.items() if row.level(profile) is not Level.MAY}
    return tuple(one for one in switches(profile) if telling.intersection(one.requirements))


def _name(rule: Any) -> str:
    return f"{rule.judge.__module__.rpartition('.')[2]}.{rule.judge.__qualname__} {rule.requirements[0]}"


def _asked(item: Item, profile: str) -> str:
    expect = item.expect.get(profile, item.expect.get("*"))
    return expect.kind if expect else ""


def _items(profile: str) -> Sequence[Item]:
    return runs.declared(profile)


@contextmanager
def off(switch: Switch, profile: str) -> Iterator[None]:
    """Switched off for the time of a `with` block."""
    undo = _OFF[switch.kind](switch, profile)
    try:
        yield
    finally:
        undo()


def _rule_off(switch: Switch, profile: str) -> Callable[[], None]:
    load_rules()
    for registry in REGISTRIES:
        for place, rule in enumerate(registry):
            if _name(rule) == switch.name:
                del registry[place]
                return partial(registry.insert, place, rule)
    raise KeyError(switch.name)


def _kind_off(switch: Switch, profile: str) -> Callable[[], None]:
    load_rules()
    judge, KINDS[switch.name] = KINDS[switch.name], lambda evidence, args: ()
    return partial(KINDS.__setitem__, switch.name, judge)


def _case_off(switch: Switch, profile: str) -> Callable[[], None]:
    whole = runs.selected
    runs.selected = lambda *given: [item for item in whole(*given) if item.key != switch.name]
    return partial(setattr, runs, "selected", whole)


_OFF: dict[str, Callable[[Switch, str], Callable[[], None]]] = {
    "rule": _rule_off,
    "expectation": _kind_off,
    "case": _case_off,
}


def named(subject: Subject, whole: bool = False) -> bool:
    """Whether a fault is named as it should, by what its requirement needs or by the whole suite."""
    outcome = attempt(subject, True) if whole else needed(subject)
    return weighed(outcome, load_catalogue()).state in GOOD


@cache
def _named(subject: Subject) -> bool:
    return named(subject)


def noticed_by(switch: Switch, profile: str) -> str:
    """The fault that is not named any more when this is off, or "". First those that few requests are enough for."""
    slow = []
    for one in (one for one in faulty(profile) if one.requirement in switch.requirements):
        if not _named(one):
            slow.append(one)
        elif not _named_without(switch, profile, one):
            return one.name
    return next((one.name for one in slow if not _named_without(switch, profile, one, whole=True)), "")


def _named_without(switch: Switch, profile: str, subject: Subject, whole: bool = False) -> bool:
    with off(switch, profile):
        return named(subject, whole)


def _tried(switch: Switch, profile: str) -> tuple[Switch, str]:
    return switch, noticed_by(switch, profile)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--profile", choices=PROFILES, action="append")
    parser.add_argument("--jobs", type=int, default=2)
    given, unnoticed, total = parser.parse_args(), 0, 0
    for profile in given.profile or PROFILES:
        chosen = [one for one in bound(profile) if any(fnmatchcase(str(one), mark) for mark in given.patterns)]
        with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
            for switch, fault in pool.map(partial(_tried, profile=profile), chosen, chunksize=8):
                total, unnoticed = total + 1, unnoticed + (not fault)
                if not fault:
                    print(f"{profile}: nobody misses {switch}", flush=True)
    print(f"{total} switched off one at a time, {unnoticed} of them missed by nobody")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
