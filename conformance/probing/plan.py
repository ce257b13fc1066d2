"""The plan of a run: which probes are sent, in which order, fixed before the first request."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.evidence.run import NOT_CLAIMED, PLAIN, STREAM, Item
from conformance.probing.operator import missing
from conformance.probing.probe import Auth, Probe, Shape
from conformance.probing.render import Desk

ATTEMPTS = 3  #: wordings tried by default
CONTROL_EVERY = 50  #: the plain control is sent again after this many requests (contract.md §1)

_GOOD = frozenset({Auth.USUAL, Auth.BEARER, Auth.X_API_KEY, Auth.BOTH, Auth.LOWER_CASE, Auth.UPPER_CASE})


@dataclass(frozen=True, slots=True)
class Phase:
    """Probes that are sent before those of the next phase; `alone`: one by one, with nothing else in flight."""

    probes: tuple[Probe, ...]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Probes by phase, in the order of sending.

    `aliases` maps a probe to the one with the same bytes that is sent for both; `unsent` says of a probe why it is
    not in the plan; `bracketed` is whether any item wants accepted controls around its exchange: every
    active one does.
    """

    items: tuple[Item, ...]
    first: tuple[Probe, ...]
    main: tuple[Probe, ...]
    alone: tuple[Probe, ...]
    last: tuple[Probe, ...]
    aliases: Mapping[str, str]
    awaited: Mapping[str, str]  #: by the id of a reply, that of the probe it replies to
    unsent: Mapping[str, str]
    bracketed: bool
    sends: bool = True  #: whether anything is left to be sent; without that no control is, either

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Every probe to be sent."""
        return (*self.first, *self.main, *self.alone, *self.last)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Everything that is sent, in order, repeated controls included; the pre-flight is the first phase.

        Every phase takes as long as one answer at least. What is sent all at once ends the main phase, for it takes
        much room; what needs quiet goes after that. What only the operator may ask for can be more than the target
        bears, and goes one by one after everything else. Bad credentials begin when all else has begun: should they
        lock the account out, the control at the end says so. Controls stand in the main phase, behind what follows
        it, and at the end.
        """
        if not self.sends:
            return ()
        control, *rest = sorted(self.first, key=lambda probe: probe.id != PLAIN)
        again = (control,) if self.bracketed else ()
        main = tuple(with_controls(self.main, control)) if self.bracketed else self.main
        quiet, late = (tuple(p for p in self.alone if _is_bearable(p) is wanted) for wanted in (True, False))
        crowds = tuple(probe for probe in quiet if probe.shape is Shape.TOGETHER and probe.after is None)
        others = tuple(probe for probe in quiet if probe not in crowds)
        apart = bool(others or late)
        between = again if late or (others and self.last) else ()
        found = (
            Phase((control,), alone=True),
            Phase((*rest, *main, *crowds, *(() if others else between if apart else self.last))),
            Phase((*others, *between) if others else ()),
            Phase((*late, *(again if self.last else ())) if late else (), alone=True),
            Phase(self.last if apart else ()),
            Phase(again, alone=True),
        )
        return tuple(phase for phase in found if phase.probes)

    @property
    def requests(self) -> tuple[int, int]:
        """The least and the most requests of a run that meets no trouble, repeated controls included."""
        sent = [probe for phase in self.phases for probe in phase.probes]
        return sum(map(least, sent)), sum(len(probe.calls) for probe in sent)

    def generated(self) -> frozenset[str]:
        """The ids of probes that only generated items need."""
        hand = {
            self.aliases.get(p, p) for item in self.items if not item.generated for p in (*item.probes, item.control)
        }
        return frozenset(probe.id for probe in self.probes if probe.id not in hand | {PLAIN, STREAM})


def plan(
    items: Sequence[Item],
    probes: Mapping[str, Probe],
    desk: Desk,
    capabilities: frozenset[str],
    attempts: int = ATTEMPTS,
) -> Plan:
    """The plan for the selected items. `probes` holds at least every probe the items name, and both controls.

    `attempts` is how many wordings of a probe are tried before it counts as not reached.
    """
    wanted = [_tried(probes[name], attempts) for name in _names(items, probes, capabilities)]
    unsent = {probe.id: reason for probe in wanted if (reason := _why_not(probe, capabilities, desk))}
    awaited = {probe.after.id for probe in wanted if probe.after is not None}
    kept, aliases = _merged([probe for probe in wanted if probe.id not in unsent], desk, awaited)
    first = tuple(probe for probe in kept if probe.id in {PLAIN, STREAM})
    rest = _longest_first([probe for probe in kept if probe.id not in {PLAIN, STREAM}])
    return Plan(
        tuple(items),
        first,
        tuple(probe for probe in rest if not is_last(probe) and not probe.alone),
        tuple(probe for probe in rest if not is_last(probe) and probe.alone),
        tuple(probe for probe in rest if is_last(probe)),
        aliases,
        {probe.id: aliases.get(probe.after.id, probe.after.id) for probe in wanted if probe.after is not None},
        unsent,
        any(item.active for item in items),
    )


def least(probe: Probe) -> int:
    """The fewest requests of a probe: the first wording may do, and a reply needs something to reply to."""
    if probe.after is not None:
        return 0
    return 1 if probe.shape is Shape.UNTIL else len(probe.calls)


def _is_bearable(probe: Probe) -> bool:
    """Whether every target has to bear a probe, and what it replies to: it is sent without the operator's word."""
    return not probe.needs and (probe.after is None or _is_bearable(probe.after))


def _longest_first(probes: Sequence[Probe]) -> list[Probe]:
    """Those whose requests wait for one another go first, that nobody waits for them at the end, and replies after
    what they reply to and everything else; otherwise the order stays."""
    replies = {probe.after.id: len(probe.calls) for probe in probes if probe.after is not None}
    return sorted(probes, key=lambda p: (p.after is not None, -len(p.calls) - replies.get(p.id, 0)))


def _names(items: Iterable[Item], probes: Mapping[str, Probe], capabilities: frozenset[str]) -> list[str]:
    """The ids of every probe to be considered, controls first, each once."""
    names = dict.fromkeys([PLAIN, STREAM] if "streaming" in capabilities else [PLAIN])
    for item in items:
        for name in (item.control, *item.probes):
            names.update(dict.fromkeys(_with_awaited(name, probes)))
    return [name for name in names if name in probes]


def _with_awaited(name: str, probes: Mapping[str, Probe]) -> tuple[str, ...]:
    """The name behind those of the probes it waits for, the first to be sent first."""
    after = probes[name].after if name in probes else None
    return (*_with_awaited(after.id, probes), name) if after is not None else (name,)


def _tried(probe: Probe, attempts: int) -> Probe:
    """The probe with no more wordings than are to be tried. What only has to be served comes in kinds, not wordings."""
    wordings = probe.shape is Shape.UNTIL and probe.until != "served"
    return replace(probe, calls=probe.calls[:attempts]) if wordings else probe


def _why_not(probe: Probe, capabilities: frozenset[str], desk: Desk) -> str:
    unclaimed = next((word for word in probe.capabilities if word not in capabilities), "")
    if unclaimed:
        return f"{NOT_CLAIMED} {unclaimed}"
    if desk.key is None and all(call.auth is not Auth.USUAL for call in probe.calls):
        return "it is about a key, and the target is declared key-less"
    return missing(probe.needs, desk.operator) or (_why_not(probe.after, capabilities, desk) if probe.after else "")


def is_last(probe: Probe) -> bool:
    """Whether a probe goes last: one with bad credentials may lock the account out."""
    return probe.last or any(call.auth not in _GOOD for call in probe.calls) or _follows(probe, is_last)


def _follows(probe: Probe, test: Callable[[Probe], bool]) -> bool:
    """Whether what a reply replies to passes a test: both go in the same phase."""
    return probe.after is not None and test(probe.after)


def _merged(probes: Iterable[Probe], desk: Desk, awaited: Collection[str]) -> tuple[list[Probe], dict[str, str]]:
    """Probes of a single request with the same bytes become one, unless they ask for a repeat or a reply waits."""
    kept: list[Probe] = []
    aliases: dict[str, str] = {}
    seen: dict[object, str] = {}
    for probe in probes:
        key = probe.id if probe.id in awaited else _identity(probe, desk)
        if key in seen:
            aliases[probe.id] = seen[key]
        else:
            seen[key] = probe.id
            kept.append(probe)
    return kept, aliases


def _identity(probe: Probe, desk: Desk) -> object:
    if len(probe.calls) != 1 or probe.repeat or probe.after is not None:
        return probe.id
    out = desk.outgoing(probe.calls[0])
    request = out.request
    headers = tuple(sorted((name.lower(), value) for name, value in request.headers))
    return request.method, request.url, headers, request.body, out.hang_up, out.chunk_at, is_last(probe), probe.alone


def with_controls(probes: Sequence[Probe], control: Probe) -> Iterator[Probe]:
    """The probes with the plain control put in after every fifty requests."""
    count = 0
    for probe in probes:
        yield probe
        count += len(probe.calls)
        if count >= CONTROL_EVERY:
            count = 0
            yield control
