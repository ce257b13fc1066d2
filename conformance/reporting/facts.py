"""What a report says beside the graded run: when, against which address, under which gate, from which seeds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract import Level
from conformance.evidence.run import Record, Run
from conformance.reporting.curl import Names
from conformance.verdicts.exits import Exit
from conformance.verdicts.fold import Graded, Verdict

EMBEDDED = "embedded reference endpoint, not a server of yours"

#: Verdicts that answer the question; every other one leaves it open.
REACHED = (Verdict.PASSED, Verdict.FAILED, Verdict.WARNED)


@dataclass(frozen=True, slots=True)
class Baselined:
    """What a baseline made of a run; keys are those of `verdicts.keys`. Lines are for a reader, with the remedy."""

    waived: frozenset[str] = frozenset()  #: keys whose violation fails nothing
    violated: int = 0  #: how many of them were violated
    unlisted: tuple[str, ...] = ()  #: violated keys at or above the gate that it does not list
    failures: tuple[str, ...] = ()  #: why the run fails, unlisted violations included
    remarks: tuple[str, ...] = ()  #: what fails nothing: not observed, known to be flaky


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a run besides its exchanges; those with a default are filled in when it ends.

    `folder` is the run folder as it is to be printed, "" when nothing is written. `generated` holds the ids of the
    probes drawn for this run, in the order of drawing. `ungradable` is the sentence of the pre-flight for exit code 6.
    """

    harness: str
    target: str
    gate: Level = Level.MUST
    embedded: bool = False
    folder: str = ""
    started: str = ""  #: ISO 8601 with offset
    ended: str = ""  #: ISO 8601 with offset
    exit: Exit = Exit.NOTHING_TESTED  #: what `exit_code` said; until then nothing may read as a success
    seeds: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    generated: tuple[str, ...] = ()
    ungradable: str = ""
    sent_for: str = ""  #: the profile that the requests were made for, where another one judges
    names: Names = field(default_factory=Names)
    baseline: Baselined | None = None

    @property
    def waived(self) -> frozenset[str]:
        """The keys whose violation fails nothing."""
        return self.baseline.waived if self.baseline else frozenset()


def generated_requests(run: Run, facts: Facts) -> tuple[Record, ...]:
    """The requests that belong to generated cases, in the order of sending."""
    drawn = {probe for item in run.items if item.generated for probe in item.probes} | set(facts.generated)
    return tuple(record for record in run.records if record.probe in drawn)


def output_tokens(run: Run) -> int:
    """The sum of the output tokens that answers report in the profile's field; repeated tries count, they cost too."""
    path = run.terms.profile.usage.output.split(".")
    return sum(_count(_member(usage, path)) for usage in _usages(run))


def _usages(run: Run) -> Iterator[Any]:
    for record in run.records:
        reading = record.reading
        message = reading.accumulated if reading.is_stream else reading.message
        if message is not None:
            yield message.get("usage")


def _member(value: Any, path: list[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _count(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0


def taken_away(run: Run) -> tuple[str, ...]:
    """The capabilities that the profile includes and this run does not claim."""
    return tuple(word for word in run.terms.profile.included if word not in run.terms.capabilities)


def held_back(run: Run) -> int:
    """How many of the planned probes were not sent though nothing about the target forbade it."""
    return sum(reason.startswith("not sent") and not run.sent(probe) for probe, reason in run.unsent.items())


def covered(graded: Graded) -> int:
    """How many requirements reached a verdict."""
    return graded.count(*REACHED)
