"""What a check of clients comes to: one result for each client and scenario, as text and as JSON values. Pure.

Beside each result stand the requirements that the exchanges of this scenario broke, those first that explain others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from conformance.clients.data import Client, Scenario
from conformance.clients.driving import How, Ran
from conformance.clients.judging import Judged, State, together
from conformance.contract import Level
from conformance.proxy.watch import Blamed
from conformance.reporting.clean import clean
from conformance.rules.findings import Finding
from conformance.verdicts import Exit, Graded

FILE = "clients.json"
VERSION = 1
#: What the text says of a client that failed where its exchanges broke nothing.
NO_CLAUSE = "no clause broken on the wire"


@dataclass(frozen=True, slots=True)
class Result:
    """One scenario of one client. `ran` is None where it was not run; `exchanges` are places in the journal."""

    scenario: Scenario
    judged: Judged
    ran: Ran | None = None
    exchanges: tuple[int, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Checked:
    """A client with all its results, none where the check ended before it. `failure`: why it could not be checked."""

    client: Client
    results: tuple[Result, ...] = ()
    failure: str = ""

    @property
    def state(self) -> State:
        """What it comes to altogether."""
        return together([result.judged.state for result in self.results]) if self.results else State.NOT_CHECKED

    @property
    def version(self) -> str:
        """What it says of itself; else what its packages are pinned to."""
        told = (result.ran.version for result in self.results if result.ran is not None)
        return next((version for version in told if version), ", ".join(self.client.packages))


@dataclass(frozen=True, slots=True)
class Broken:
    """A requirement that exchanges broke: its level here, its basis, and what the first finding expected and saw."""

    id: str
    level: Level
    basis: str
    expected: str
    seen: str
    entailed: bool = field(default=False)  #: whether another one of the same exchanges explains it


def broken_by(graded: Graded, exchanges: Iterable[int]) -> tuple[Broken, ...]:
    """What these exchanges broke; what follows from something else among it comes last."""
    places = frozenset(exchanges)
    first: dict[str, Finding] = {}
    for finding in graded.violations:
        if finding.where.exchange in places:
            first.setdefault(finding.requirement, finding)
    follows = {one for word in first for one in graded.judgements[word].requirement.entails}
    rows = [_broken(graded, finding, finding.requirement in follows) for finding in first.values()]
    return tuple(sorted(rows, key=lambda row: row.entailed))


def _broken(graded: Graded, finding: Finding, entailed: bool) -> Broken:
    judgement = graded.judgements[finding.requirement]
    level = finding.level or judgement.level
    words = (clean(finding.expected, 200), clean(finding.seen, 200))
    return Broken(finding.requirement, level, judgement.requirement.basis, *words, entailed)


def unexplained(graded: Graded, exchanges: Sequence[int]) -> str:
    """What is said of a client that failed in exchanges that broke nothing: that, and what comes near to a cause.

    A silence counts from its second time on, so that of a client that waited in vain the controls of the run tell.
    """
    ends = [record.exchange.end for seq in exchanges if (record := graded.run.at(seq)) is not None]
    limits = dict.fromkeys(end.limit.value for end in ends if end.limit is not None)
    cut = f"; its answer was still open at our limit {', '.join(limits)}" if limits else ""
    beside = dict.fromkeys(row.requirement for row in graded.violations) if limits else ()
    return NO_CLAUSE + cut + (f", and other exchanges of this run broke {', '.join(beside)}" if beside else "")


#: What a client's state means for the exit code, by the gate.
_VIOLATION = {Level.MUST: {State.BROKEN}, Level.SHOULD: {State.BROKEN, State.DEGRADED}}


def holding(checked: Sequence[Checked], gate: Level) -> frozenset[Exit]:
    """The exit codes that hold for what clients came to."""
    states = {one.state for one in checked}
    codes = {Exit.VIOLATION} if states & _VIOLATION[gate] else set()
    ours = any(one.failure or any(map(_is_ours, one.results)) for one in checked)
    return frozenset(codes | ({Exit.HARNESS_ERROR} if ours else set()))


def _is_ours(result: Result) -> bool:
    """Whether a result tells of trouble with a driver, which is nobody's but ours."""
    unread = result.ran is not None and result.ran.how in (How.GARBAGE, How.FLOOD)
    return unread or result.judged.state is State.NOT_CHECKED


def document(
    checked: Sequence[Checked], graded: Graded | None, about: Mapping[str, Any], blamed: Sequence[Blamed] = ()
) -> dict[str, Any]:
    """Everything as JSON values. Schema: `schemas/json/clients.json`."""
    return {"version": VERSION, **about, "clients": [_client(one, graded, blamed) for one in checked]}


def _client(one: Checked, graded: Graded | None, blamed: Sequence[Blamed]) -> dict[str, Any]:
    return {
        "name": one.client.name,
        "title": one.client.title,
        "version": one.version,
        "packages": list(one.client.packages),
        "state": one.state.value,
        "failure": one.failure,
        "scenarios": [_result(result, graded, blamed) for result in one.results],
    }


def _result(result: Result, graded: Graded | None, blamed: Sequence[Blamed]) -> dict[str, Any]:
    rows = broken_by(graded, result.exchanges) if graded else ()
    return {
        "name": result.scenario.name,
        "state": result.judged.state.value,
        "reasons": list(result.judged.reasons),
        "outcome": result.ran.how.value if result.ran else None,
        "error": dict(result.ran.error) if result.ran and result.ran.error else None,
        "seen": dict(result.ran.seen) if result.ran and result.ran.seen else None,
        "seconds": round(result.seconds, 3),
        "exchanges": list(result.exchanges),
        "broken": [
            {"requirement": row.id, "level": row.level.value, "basis": row.basis, "expected": row.expected,
             "seen": row.seen, "entailed": row.entailed} for row in rows
        ],
        "faults_of_the_client": [asdict(row.fault) | {"exchange": row.exchange} for row in _blamed(result, blamed)],
    }  # fmt: skip


def _blamed(result: Result, blamed: Sequence[Blamed]) -> tuple[Blamed, ...]:
    """What the client itself did in these exchanges that the contract forbids."""
    return tuple(row for row in blamed if row.exchange in result.exchanges)


def text(checked: Sequence[Checked], graded: Graded | None, blamed: Sequence[Blamed] = ()) -> str:
    """What a reader of the terminal is told: a line for each client, and lines below it for what is not well."""
    return "\n".join(line for one in checked for line in _lines(one, graded, blamed))


def _lines(one: Checked, graded: Graded | None, blamed: Sequence[Blamed]) -> Iterator[str]:
    yield f"{one.state.upper():12}{clean(one.client.title)} ({clean(one.version, 60)})"
    if one.failure:
        yield f"    {clean(one.failure, 1000)}"
    for result in one.results:
        yield from _scenario_lines(result, graded, blamed)
    well = [result.scenario.name for result in one.results if result.judged.state is State.WORKS]
    if well:
        yield f"    works: {', '.join(well)}"


def _scenario_lines(result: Result, graded: Graded | None, blamed: Sequence[Blamed]) -> Iterator[str]:
    rows, own = broken_by(graded, result.exchanges) if graded else (), _blamed(result, blamed)
    if result.judged.state is State.WORKS and not rows and not own:
        return
    reasons = "; ".join(clean(reason) for reason in result.judged.reasons)
    yield f"    {result.scenario.name}: {result.judged.state}" + (f": {reasons}" if reasons else "")
    yield from (
        f"        {row.id} ({row.level.value}, {row.basis}): expected {row.expected}, seen {row.seen}"
        for row in rows
        if not row.entailed
    )
    if followed := [row.id for row in rows if row.entailed]:
        yield f"        and what follows from it: {', '.join(followed)}"
    if not rows and graded and result.judged.state in (State.BROKEN, State.DEGRADED):
        yield f"        {unexplained(graded, result.exchanges)}"
    yield from dict.fromkeys(f"        {clean(row.text)}" for row in own)
