"""What a run is made of: declared items, the exchanges that were recorded, and the terms they are judged under.

A `Run` is plain data. Everything a reader is told about it (verdicts, reports, exit code) is a pure function of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.contract import Catalogue, Profile, Requirement
from conformance.wire.exchange import Exchange
from conformance.wire.reading import Reading

NOT_CLAIMED = "the target does not claim"  #: how every reason begins that speaks of a capability
ELSEWHERE = "not sent: left to shard"  #: how every reason begins of what another machine sends
CAPPED = "not sent: the cap of"  #: how every reason begins of what a cap of the run left out
PLAIN = "plain"  #: the id of the plain control, contract.md §1 "Baseline B0"
STREAM = "stream"  #: the id of the streamed control


@dataclass(frozen=True, slots=True)
class Expect:
    """What only the stimulus knows, as data: `kind` names a row of `rules.expectations.KINDS`, `args` its terms."""

    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a run: a requirement and, when active, one declared case of it.

    `probes` are the ids of what makes it observable; `expect` maps a profile's name (or "*") to what that profile
    asks of the case and is empty for a passive item; `control` is the id of the accepted request that a
    negative differs from in one thing. `scored` is false for live findings, which are listed beside the verdict.
    """

    requirement: str
    case: str
    probes: tuple[str, ...]
    expect: Mapping[str, Expect] = field(default_factory=dict)
    control: str = ""
    about: str = ""
    scored: bool = True
    generated: bool = False

    @property
    def active(self) -> bool:
        """Whether this item declares an expectation of its own."""
        return bool(self.expect)

    @property
    def key(self) -> str:
        """Requirement and case: the name that outlives a run."""
        return f"{self.requirement} {self.case}".strip()


@dataclass(frozen=True)
class Record:
    """One exchange of the run with its place in it: probe, step of the probe's conversation, try, order of sending."""

    seq: int
    probe: str
    step: int
    attempt: int
    exchange: Exchange
    repeated: bool = False  #: a later try replaces this one

    @cached_property
    def reading(self) -> Reading:
        """What the exchange says, decoded once."""
        return Reading(self.exchange)


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what an exchange is judged."""

    profile: Profile
    catalogue: Catalogue
    api_version: str
    model: str
    capabilities: frozenset[str]
    authenticated: bool = True
    secret_searched: bool = True

    def requirement(self, identifier: str) -> Requirement:
        """The catalogue's entry; KeyError for an unknown id."""
        return self.catalogue.requirements[identifier]


@dataclass(frozen=True, slots=True)
class Reduction:
    """What became of a failing generated case: the smallest exchange that fails, or that it did not fail again."""

    exchange: int
    flaky: bool
    requests: int


@dataclass(frozen=True)
class Run:
    """Everything recorded, in the order of sending. `unsent` says of a probe why it was not sent."""

    terms: Terms
    items: tuple[Item, ...]
    records: tuple[Record, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    unsent: Mapping[str, str] = field(default_factory=dict)
    reductions: Mapping[str, Reduction] = field(default_factory=dict)  #: by the key of the item
    finished: bool = True
    awaited: Mapping[str, str] = field(default_factory=dict)  #: by the id of a reply, that of what it replies to
    everything: bool = True  #: whether no selection was made: then traffic may fail a requirement without an item

    @cached_property
    def by_probe(self) -> Mapping[str, tuple[Record, ...]]:
        """The exchanges that count for each probe: the last try of each step, by step."""
        found: dict[str, list[Record]] = {}
        for record in self.records:
            if not record.repeated:
                found.setdefault(record.probe, []).append(record)
        return {probe: tuple(sorted(rows, key=lambda r: r.step)) for probe, rows in found.items()}

    def sent(self, probe: str) -> tuple[Record, ...]:
        """The exchanges of a probe, following the alias of one that shares another's bytes."""
        return self.by_probe.get(self.aliases.get(probe, probe), ())

    def why_unsent(self, probe: str) -> str:
        """Why nothing was sent for a probe, or "" when something was or nothing is known."""
        return self.unsent.get(self.aliases.get(probe, probe), "")

    def tried(self, probe: str) -> tuple[Record, ...]:
        """The exchanges of a probe, or of the one it waited for in vain: what there is to be seen of it."""
        return self.sent(probe) or (self.tried(self.awaited[probe]) if probe in self.awaited else ())
