"""Chooses the probes of the budgets `quick` and `standard`, and writes suites/budgets.yaml.

Usage: python benchmarks/choose_budgets.py [--jobs N] [--shown FILE]

What is known of each fault of the reference endpoint is which probes show it. `quick` takes, again and again, the
probes that show the most public reports for a request, up to a number of requests: it reflects what breaks in the wild,
not how many faults were written. `standard` holds quick, a case of every MUST and SHOULD, and what shows a fault of
each; what is left of its number goes where most faults are seen for a request. `--shown FILE` keeps what the runs
showed, or takes it from there.
"""

import argparse
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from _shown import Shown, gathered, read, reported, written

from conformance._paths import SUITES
from conformance.contract import Level, load_catalogue
from conformance.evidence.run import PLAIN, STREAM, Item
from conformance.probing.probe import Probe
from conformance.proof.runs import declared, declared_probes
from conformance.proof.subjects import PROFILES

QUICK = 25  #: requests at most, controls included
STANDARD = 193  #: of the 200 that are allowed: a few more would take sixteen at a time a round more, for hardly a fault
CONTROLS = 5  #: the pre-flight, the streamed control, and the plain one before each further phase and at the end

HEAD = """# The probes of each budget, by profile.
# Written by `python benchmarks/choose_budgets.py`; an edit by hand is lost.
# A probe that would send the bytes of another one is listed with it: it costs nothing.
"""


@dataclass(slots=True)
class Basket:
    """What is chosen so far, canonical ids; `most` is how many requests it may come to."""

    shown: Shown
    after: Mapping[str, tuple[str, ...]]  #: what a probe waits for
    most: int
    chosen: set[str] = field(default_factory=lambda: {PLAIN, STREAM})

    def with_awaited(self, way: Iterable[str]) -> frozenset[str]:
        """These probes, and those that they reply to; canonical."""
        names = {self.shown.aliases.get(name, name) for name in way}
        waited = (other for name in names for other in self.after.get(name, ()))
        return frozenset(names | {self.shown.aliases.get(name, name) for name in waited})

    def cost(self, way: Iterable[str]) -> int:
        """Requests that these probes would add; more than is allowed where one is not sent by default."""
        return sum(self.shown.costs.get(name, 10 * self.most) for name in self.with_awaited(way) - self.chosen)

    @property
    def requests(self) -> int:
        """What a run of the basket sends to the clean endpoint, the plain control every fifty requests included."""
        own = sum(self.shown.costs[name] for name in self.chosen - {PLAIN, STREAM})
        return own + CONTROLS + own // 50

    def fits(self, way: Iterable[str]) -> bool:
        """Whether they may be added."""
        return self.requests + self.cost(way) + 1 <= self.most

    def shows(self, fault: str) -> bool:
        """Whether a fault is seen."""
        return any(self.with_awaited(way) <= self.chosen for way in self.shown.ways.get(fault, ()))

    def add(self, way: Iterable[str]) -> None:
        """Take these probes."""
        self.chosen |= self.with_awaited(way)


def most_for_a_request(basket: Basket, weights: Mapping[str, float]) -> None:
    """Take what shows the greatest weight of faults not yet seen for a request, as long as anything fits."""
    while True:
        open_faults = [name for name in weights if not basket.shows(name)]
        ways = {basket.with_awaited(way) for name in open_faults for way in basket.shown.ways.get(name, ())}
        fitting = sorted((way for way in ways if basket.fits(way)), key=sorted)
        if not fitting:
            return
        basket.add(max(fitting, key=lambda way: _gain(basket, frozenset(way), open_faults, weights)))


def _gain(basket: Basket, way: frozenset[str], faults: Iterable[str], weights: Mapping[str, float]) -> float:
    both = basket.chosen | way
    seen = (
        name for name in faults if any(basket.with_awaited(each) <= both for each in basket.shown.ways.get(name, ()))
    )
    return sum(weights[name] for name in seen) / max(basket.cost(way), 0.1)


def cheapest(basket: Basket, ways: Collection[Iterable[str]], worth: Callable[[Iterable[str]], float]) -> None:
    """Take the cheapest of these that fits, the worthiest among equals."""
    fitting = [way for way in ways if basket.fits(way)]
    if fitting:
        basket.add(min(fitting, key=lambda way: (basket.cost(way), -worth(way), sorted(way))))


def quick(shown: Shown, after: Mapping[str, tuple[str, ...]]) -> Basket:
    """The basket of the quick budget."""
    basket = Basket(shown, after, QUICK)
    most_for_a_request(basket, {name: float(weight) for name, weight in reported().items() if name in shown.ways})
    return basket


def standard(shown: Shown, after: Mapping[str, tuple[str, ...]], items: Iterable[Item], profile: str) -> Basket:
    """The basket of the standard budget."""
    basket = quick(shown, after)
    basket.most = STANDARD
    cases = list(items)
    for name in binding(profile):
        own = [item.probes for item in cases if item.requirement == name and item.active]
        if not any(basket.with_awaited(way) <= basket.chosen for way in own):
            cheapest(basket, own, partial(_seen_by, basket, name))
    for name in binding(profile):
        faults = [fault for fault, requirement in shown.requirements.items() if requirement == name]
        if not any(basket.shows(fault) for fault in faults):
            ways = [way for fault in faults for way in shown.ways[fault]]
            cheapest(basket, ways, partial(_seen_by, basket, name))
    most_for_a_request(basket, dict.fromkeys(shown.ways, 1.0))
    return basket


def _seen_by(basket: Basket, requirement: str, way: Iterable[str]) -> int:
    """How many faults of a requirement these probes would show."""
    both = basket.chosen | basket.with_awaited(way)
    own = (fault for fault, name in basket.shown.requirements.items() if name == requirement)
    return sum(any(basket.with_awaited(each) <= both for each in basket.shown.ways[fault]) for fault in own)


def binding(profile: str) -> Iterator[str]:
    """The requirements above MAY under a profile, those that are excluded left out."""
    for name, entry in load_catalogue().requirements.items():
        if not entry.excluded and entry.level(profile) is not Level.MAY:
            yield name


def waiting(probes: Mapping[str, Probe]) -> dict[str, tuple[str, ...]]:
    """By reply, the probes it waits for, however many replies lie between."""
    return {name: _chain(probe) for name, probe in probes.items() if probe.after is not None}


def _chain(probe: Probe) -> tuple[str, ...]:
    return () if probe.after is None else (probe.after.id, *_chain(probe.after))


def listed(basket: Basket) -> list[str]:
    """The chosen probes, and those with the bytes of one of them; in order of name."""
    same = {name for name, other in basket.shown.aliases.items() if other in basket.chosen}
    return sorted(basket.chosen | same)


def main() -> None:
    """Run or read, choose, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="processes")
    parser.add_argument("--shown", type=Path, help="keep there what the runs showed, or take it from there")
    given = parser.parse_args()
    if given.shown and given.shown.is_file():
        shown = read(given.shown.read_text("utf-8"))
    else:
        shown = {profile: gathered(profile, given.jobs) for profile in PROFILES}
        if given.shown:
            given.shown.write_text(written(shown), "utf-8")
    lists: dict[str, dict[str, Any]] = {"quick": {}, "standard": {}}
    for profile, found in shown.items():
        for name, basket in baskets(profile, found).items():
            lists[name][profile] = listed(basket)
            seen = f"{sum(basket.shows(fault) for fault in found.ways)} of {len(found.ways)} faults"
            print(f"{profile} {name}: {basket.requests} requests, {seen} expected to be seen")
    (SUITES / "budgets.yaml").write_text(HEAD + yaml.safe_dump(lists, width=1000, allow_unicode=True), "utf-8")


def baskets(profile: str, shown: Shown) -> dict[str, Basket]:
    """The basket of each budget."""
    after = waiting(declared_probes(profile))
    return {"quick": quick(shown, after), "standard": standard(shown, after, declared(profile), profile)}


if __name__ == "__main__":
    main()
