"""What a report says beside the graded run: when, against which address, under which gate, from which seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.contract import Level
from conformance.evidence.run import CAPPED, Run
from conformance.evidence.spent import Price, Tokens, asked_output, reported, total
from conformance.reporting.curl import Names
from conformance.verdicts.exits import Exit
from conformance.verdicts.graded import Graded, Verdict

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
    price: Price | None = None  #: of the model's tokens, where the run was given prices
    carried: int = 0  #: exchanges of an earlier run that this one has resumed
    shares: int = 0  #: the runs of which this one was joined

    @property
    def waived(self) -> frozenset[str]:
        """The keys whose violation fails nothing."""
        return self.baseline.waived if self.baseline else frozenset()


def generated_requests(run: Run, facts: Facts) -> tuple[str, ...]:
    """The probes of the requests that belong to generated cases, in the order of sending."""
    drawn = {probe for item in run.items if item.generated for probe in item.probes} | set(facts.generated)
    return tuple(probe for probe in run.probes if probe in drawn)


def tokens(run: Run) -> Tokens:
    """The sum of the tokens that answers report in the profile's fields; repeated tries count, they cost too."""
    usage = run.terms.profile.usage
    return total(found for record in run.records if (found := reported(record.reading, usage)) is not None)


def output_tokens(run: Run) -> int:
    """The output among them."""
    return tokens(run).output


def asked_tokens(run: Run) -> int:
    """The ceiling of the output: the sum of `max_tokens` over all requests that were sent and not refused."""
    return sum(asked_output(record.exchange) for record in run.records)


def taken_away(run: Run) -> tuple[str, ...]:
    """The capabilities that the profile includes and this run does not claim."""
    return tuple(word for word in run.terms.profile.included if word not in run.terms.capabilities)


def held_back(run: Run) -> int:
    """How many of the planned probes were not sent though nothing about the target forbade it."""
    return sum(reason.startswith("not sent") and not run.sent(probe) for probe, reason in run.unsent.items())


def capped(run: Run) -> str:
    """Which cap left something out, in a few words; "" where none did."""
    found = next((reason for reason in run.unsent.values() if reason.startswith(CAPPED)), "")
    return found.partition(": ")[2]


def covered(graded: Graded) -> int:
    """How many requirements reached a verdict."""
    return graded.count(*REACHED)
