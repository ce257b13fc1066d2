"""Plans of which only a part is sent: what an earlier run left, or one share of several. Pure, from plan to plan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

from conformance.evidence.follow import Follower
from conformance.evidence.run import CAPPED, ELSEWHERE, PLAIN, STREAM, Record, Reduction
from conformance.probing.operator import Operator
from conformance.probing.plan import Plan
from conformance.probing.probe import Probe, Shape
from conformance.probing.sender import GONE, PREFLIGHT_FAILED, STOPPED

#: How the reasons begin of what a later run may send: its own end, and nothing about the probe, left it out.
_LEFT_OUT = (CAPPED, STOPPED, PREFLIGHT_FAILED, GONE)
#: Conversations that cannot go on in another process: one connection, or one moment.
_WHOLE = frozenset({Shape.PINNED, Shape.TOGETHER})


@dataclass(frozen=True)
class Carried:
    """What an earlier run recorded and a later one takes over: nothing of it is sent again."""

    records: tuple[Record, ...] = ()  #: in the order of sending
    done: frozenset[str] = frozenset()
    unsent: Mapping[str, str] = field(default_factory=dict)
    reductions: Mapping[str, Reduction] = field(default_factory=dict)
    last: int = 0  #: the place of the last request, carried over or not
    moment: float = 0.0  #: the end of the last of them, in seconds since the run began

    @cached_property
    def steps(self) -> Mapping[tuple[str, int], tuple[Record, ...]]:
        """The tries of each step of each probe, in the order of sending."""
        found: dict[tuple[str, int], list[Record]] = {}
        for record in self.records:
            found.setdefault((record.probe, record.step), []).append(record)
        return {key: tuple(rows) for key, rows in found.items()}

    @cached_property
    def probes(self) -> frozenset[str]:
        """The probes of which anything was sent."""
        return frozenset(record.probe for record in self.records)

    @property
    def controls(self) -> int:
        """The step under which the plain control is sent next."""
        return max((record.step for record in self.records if record.probe == PLAIN), default=-1) + 1

    def is_settled(self, probe: str) -> bool:
        """Whether a probe came to an end without a single request: for a reason that holds still."""
        return probe in self.done and probe not in self.probes


NOTHING = Carried()


def carried_from(earlier: Follower, plan: Plan) -> Carried:
    """What a run of the same plan takes over from an earlier one.

    Of a conversation that needs one connection or one moment, and was not brought to its end, nothing is.
    """
    cut = frozenset(name for name, reason in earlier.unsent.items() if reason.startswith(_LEFT_OUT))
    left = cut | {name for name in plan.awaited if _with_awaited([name], plan.awaited) & cut}
    done = frozenset(earlier.done) - left
    again = {probe.id for probe in plan.probes if probe.shape in _WHOLE and probe.id not in done}
    every = sorted(earlier.records, key=lambda record: record.seq)
    planned = {probe.id for probe in plan.probes}
    return Carried(
        tuple(record for record in every if record.probe not in again),
        done,
        {name: why for name, why in earlier.unsent.items() if name in planned - left},
        dict(earlier.reductions),
        max((record.seq for record in every), default=0),
        max((record.exchange.began + record.exchange.elapsed for record in every), default=0.0),
    )


def resumed(plan: Plan, carried: Carried) -> Plan:
    """The plan without what is done. The plain control is sent again as long as anything is, or must follow anything.

    What a missing reply replies to stays: its answer is taken from what was carried over.
    """
    missing = {probe.id for probe in plan.probes if probe.id not in carried.done}
    kept = _with_awaited(missing, plan.awaited)

    def left(probes: Sequence[Probe]) -> tuple[Probe, ...]:
        return tuple(probe for probe in probes if probe.id in kept)

    first = tuple(probe for probe in plan.first if probe.id == PLAIN or probe.id in kept)
    return replace(
        plan,
        first=first,
        main=left(plan.main),
        alone=left(plan.alone),
        last=left(plan.last),
        sends=bool(missing) or _lacks_control(plan, carried),
    )


def _with_awaited(names: Iterable[str], awaited: Mapping[str, str]) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        while name and name not in found:
            found.add(name)
            name = awaited.get(name, "")
    return frozenset(found)


def _lacks_control(plan: Plan, carried: Carried) -> bool:
    """Whether something was sent behind the last plain control that has to lie between two of them."""
    planned = {probe.id for probe in plan.probes} - {PLAIN}
    controls = [record.seq for record in carried.records if record.probe == PLAIN and not record.repeated]
    last = max(controls, default=0)
    return plan.bracketed and any(record.probe in planned and record.seq > last for record in carried.records)


def sharded(plan: Plan, index: int, count: int) -> Plan:
    """The share of one machine of several, from 1 on: the controls, and what is dealt to it from the plan alone.

    What one item needs stays together. The greatest groups are dealt first, each to who has the fewest requests.
    """
    owner = _dealt(plan, count)

    def mine(probes: Sequence[Probe]) -> tuple[Probe, ...]:
        return tuple(probe for probe in probes if owner[probe.id] == index)

    others = {name: f"{ELSEWHERE} {number}/{count}" for name, number in owner.items() if number != index}
    unsent = {**plan.unsent, **others}
    return replace(plan, main=mine(plan.main), alone=mine(plan.alone), last=mine(plan.last), unsent=unsent)


def _dealt(plan: Plan, count: int) -> Mapping[str, int]:
    """By probe, controls apart, the number of the machine that sends it."""
    load = dict.fromkeys(range(1, count + 1), 0)
    owner: dict[str, int] = {}
    groups = _groups(plan)
    for group in sorted(groups, key=lambda rows: -sum(len(probe.calls) for probe in rows)):
        number = min(load, key=lambda name: load[name])
        load[number] += sum(len(probe.calls) for probe in group)
        owner.update((probe.id, number) for probe in group)
    return owner


def _groups(plan: Plan) -> list[list[Probe]]:
    """The probes apart from controls, those together that one active item or one reply needs; in the plan's order."""
    rest = [probe for probe in plan.probes if probe.id not in {PLAIN, STREAM}]
    parent = {probe.id: probe.id for probe in rest}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    needs = [(*item.probes, item.control) for item in plan.items if item.active]
    for names in [*needs, *plan.awaited.items()]:
        known = [name for name in (plan.aliases.get(name, name) for name in names) if name in parent]
        for name in known[1:]:
            parent[root(name)] = root(known[0])
    found: dict[str, list[Probe]] = {}
    for probe in rest:
        found.setdefault(root(probe.id), []).append(probe)
    return list(found.values())


def digest_of(plan: Plan, operator: Operator) -> str:
    """What everything that a plan would send comes to, placeholders unfilled: SHA-256, hexadecimal.

    Machines and days that agree on it send the same, but for the nonce and the model.
    """
    told = (operator.betas, operator.context_window, sorted(operator.include))
    rows = (repr(probe) for probe in plan.probes)
    return sha256("\n".join((repr(told), *rows)).encode("utf-8", "surrogatepass")).hexdigest()
