"""Every exchange judged as it ends: what it broke, and what its client did, each in a line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from urllib.parse import urlsplit

from conformance.evidence.journal import JournalWriter, record_line
from conformance.evidence.run import Record, Terms
from conformance.reporting.clean import clean
from conformance.rules.all import load_rules
from conformance.rules.client_requests import Fault, faults, refusal_findings
from conformance.rules.expectations import answer_of
from conformance.rules.findings import Finding, Kind
from conformance.rules.guard import guarded
from conformance.rules.traffic import exchange_findings
from conformance.verdicts.fold import levelled


@dataclass(frozen=True, slots=True)
class Blamed:
    """A fault of a client in one exchange, and what the target made of it."""

    exchange: int
    request: str
    answer: str
    fault: Fault

    @property
    def text(self) -> str:
        """The fault in a line."""
        place = f" at {self.fault.where}" if self.fault.where else ""
        return f"client: {self.fault.requirement} {self.fault.level}{place}: {self.fault.seen}"


@dataclass(slots=True)
class Watch:
    """Takes the records of a pass-through: into the journal first, then a line for each that broke something."""

    writer: JournalWriter
    terms: Terms
    tell: Callable[[str], None]
    pause: Callable[[], None] = lambda: None  #: called often: whoever waits for a processor may have it
    requests: int = 0
    blamed: list[Blamed] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)  #: why, of what clients sent that is no HTTP

    def __post_init__(self) -> None:
        load_rules()

    def take(self, record: Record) -> None:
        """One more exchange has ended. Raises CannotWrite."""
        self.writer.write("exchange", **record_line(record))
        self.requests += 1
        blamed = [self._blamed(record, fault) for fault in _faults(record, self.terms)]
        self.blamed += blamed
        for line in (*(row.text for row in blamed), *_broken(record, self.terms, self.pause)):
            self.tell(clean(f"exchange {record.seq} ({_request(record)}, {answer_of(record.exchange)}) {line}", 400))

    def refused(self, why: str) -> None:
        """A client sent what is no HTTP."""
        self.unreadable.append(clean(why))
        self.tell(f"client: not HTTP/1: {clean(why)}")

    def _blamed(self, record: Record, fault: Fault) -> Blamed:
        return Blamed(record.seq, _request(record), answer_of(record.exchange), fault)


def _faults(record: Record, terms: Terms) -> tuple[Fault, ...]:
    """The faults of a request; none where a rule of ours fails at it, which the end of the run tells."""
    try:
        return faults(record.reading, terms)
    except Exception:
        return ()


def _broken(record: Record, terms: Terms, pause: Callable[[], None]) -> Iterator[str]:
    """What the target broke in an exchange, in one line."""
    found = chain(exchange_findings(record, terms), guarded((), refusal_findings, record, terms))
    first: dict[str, Finding] = {}
    for finding in found:
        pause()
        if (own := levelled(finding, terms)).kind is Kind.BROKEN:
            first.setdefault(own.requirement, own)
    told = (f"{name} {row.level}: expected {row.expected}, seen {row.seen}" for name, row in first.items())
    if first:
        yield f"broke {'; '.join(told)}"


def _request(record: Record) -> str:
    request = record.exchange.request
    return f"{request.method} {urlsplit(request.url).path}"
