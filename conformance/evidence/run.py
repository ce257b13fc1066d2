"""What a run is made of: declared items, the exchanges that were recorded, and the terms they are judged under.

A `Run` is plain data. Everything a reader is told about it (verdicts, reports, exit code) is a pure function of it.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.contract import Catalogue, Profile, Requirement
from conformance.evidence.record import Record as Record
from conformance.evidence.records import Records

NOT_CLAIMED = "the target does not claim"  #: how every reason begins that speaks of a capability
ELSEWHERE = "not sent: left to shard"  #: how every reason begins of what another machine sends
CAPPED = "not sent: the cap of"  #: how every reason begins of what a cap of the run left out
PLAIN = "plain"  #: the id of the plain control, contract.md §1 "Baseline B0"
STREAM = "stream"  #: the id of the streamed control
CLIENT = "client"  #: how the ids of probes begin that somebody else's client sent, see `conformance.proxy`


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
    records: Sequence[Record]  #: of a journal, each decoded when it is asked for
    aliases: Mapping[str, str] = field(default_factory=dict)
    unsent: Mapping[str, str] = field(default_factory=dict)
    reductions: Mapping[str, Reduction] = field(default_factory=dict)  #: by the key of the item
    finished: bool = True
    awaited: Mapping[str, str] = field(default_factory=dict)  #: by the id of a reply, that of what it replies to
    everything: bool = True  #: whether no selection was made: then traffic may fail a requirement without an item

    @cached_property
    def by_probe(self) -> Mapping[str, Sequence[Record]]:
        """The exchanges that count for each probe: the last try of each step, by step."""
        if isinstance(self.records, Records):
            return self.records.by_probe()
        found: dict[str, list[Record]] = {}
        for record in self.records:
            if not record.repeated:
                found.setdefault(record.probe, []).append(record)
        return {probe: tuple(sorted(rows, key=lambda r: r.step)) for probe, rows in found.items()}

    @cached_property
    def controls(self) -> tuple[Sequence[int], Sequence[bool]]:
        """The seqs of the plain controls that count, rising, and of each whether it was accepted."""
        rows = sorted((record.seq, record.exchange.status == 200) for record in self.sent(PLAIN))
        return array("q", (seq for seq, _ in rows)), [accepted for _, accepted in rows]

    @property
    def probes(self) -> Iterator[str]:
        """The probe of each exchange, in the order of sending."""
        if isinstance(self.records, Records):
            return self.records.probes()
        return (record.probe for record in self.records)

    def at(self, seq: int) -> Record | None:
        """The exchange with this place in the order of sending."""
        if isinstance(self.records, Records):
            return self.records.at(seq)
        return next((record for record in reversed(self.records) if record.seq == seq), None)

    def sent(self, probe: str) -> Sequence[Record]:
        """The exchanges of a probe, following the alias of one that shares another's bytes."""
        return self.by_probe.get(self.aliases.get(probe, probe), ())

    def why_unsent(self, probe: str) -> str:
        """Why nothing was sent for a probe, or "" when something was or nothing is known."""
        return self.unsent.get(self.aliases.get(probe, probe), "")

    def tried(self, probe: str) -> Sequence[Record]:
        """The exchanges of a probe, or of the one it waited for in vain: what there is to be seen of it."""
        return self.sent(probe) or (self.tried(self.awaited[probe]) if probe in self.awaited else ())
