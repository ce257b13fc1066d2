"""What a client sends, against the contract: whose fault a failed exchange is, and what should have been refused.

A request that breaks the contract is its client's fault, and no error answer to it is the target's. What the contract
leaves free is nobody's: fields, headers and query strings that it does not know, words that a beta header may have
brought, tools that the server runs. Only requests of a client that is not ours are looked at; ours have their cases.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from conformance.contract import Level
from conformance.evidence.run import CLIENT, Record, Run, Terms
from conformance.rules.answers import asked, listed, request_header
from conformance.rules.expectations import answer_of
from conformance.rules.findings import Finding, Where, broken, held, shown
from conformance.rules.judged import is_error_object
from conformance.rules.outcome import UNRELATED_STATUSES, is_client_error, is_served
from conformance.rules.registry import Fold, folding_rule
from conformance.rules.scope import asks_for_message
from conformance.wire.jsontext import parse
from conformance.wire.reading import Reading

VERSION, BETA = "anthropic-version", "anthropic-beta"
#: Keywords of a schema that hold a closed list of words: with a beta header there may be others.
_WORDS = frozenset({"enum", "const", "anyOf"})
_UNKNOWN = "additionalProperties"  #: a member that the contract does not know; a newer client may

PARTIAL = "the request is not all there"  #: how the words about an end begin where it was not, or is not kept whole

#: Every requirement that `faults` can name: those behind the typed contract, and those about the version.
NAMED = (
    "HDR-001", "HDR-002",
    "REQ-001", "REQ-003", "REQ-004", "REQ-005", "REQ-006", "REQ-007", "REQ-008", "REQ-016", "REQ-017", "REQ-018",
    "REQ-020", "REQ-021", "REQ-022", "REQ-023", "REQ-024", "REQ-025", "REQ-028", "REQ-032", "REQ-033", "REQ-035",
    "REQ-037", "REQ-038", "REQ-039", "REQ-043", "REQ-047", "REQ-048", "REQ-051",
    "TOOL-002", "TOOL-003", "TOOL-004", "TOOL-005", "TOOL-006", "TOOL-009", "TOOL-010",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One place in which a request breaks the contract, and the requirement that a server is to refuse it by."""

    requirement: str
    level: Level
    where: str  #: a JSON pointer, or "header NAME"
    seen: str


def is_foreign(record: Record) -> bool:
    """Whether a request came from a client that is not ours."""
    return record.probe.partition(" ")[0] == CLIENT


def faults(reading: Reading, terms: Terms) -> tuple[Fault, ...]:
    """Everything in which a request for a message breaks the contract under the profile, SHOULDs included."""
    if not asks_for_message(reading.exchange):
        return ()
    found = (*_of_version(reading, terms), *_of_body(reading, terms))
    levelled = ((terms.requirement(name).level(terms.profile.name), name, where, seen) for name, where, seen in found)
    return tuple(Fault(name, level, where, seen) for level, name, where, seen in levelled if level is not Level.MAY)


_Found = tuple[str, str, str]  #: requirement, place, what is seen there


def _of_version(reading: Reading, terms: Terms) -> Iterator[_Found]:
    version = request_header(reading.exchange, VERSION)
    if version is None or not version.strip():
        yield "HDR-001", f"header {VERSION}", "no version"
    elif version.strip() not in terms.profile.api_versions:
        yield "HDR-002", f"header {VERSION}", shown(version)


def _of_body(reading: Reading, terms: Terms) -> Iterator[_Found]:
    exchange, request = reading.exchange, reading.exchange.request
    if exchange.end.detail.startswith(PARTIAL) or request_header(exchange, "content-encoding") is not None:
        return
    if not _is_text(request.body):
        return  # what is no UTF-8 may be refused or not (REQ-049)
    parsed = parse(request.body)
    if not request.body:
        yield "REQ-048", "", "an empty body"
    elif parsed.usable:
        yield from _of_value(parsed.value, reading, terms)
    else:
        yield "REQ-047", "", parsed.faults[0].detail if parsed.faults else "no JSON"


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _of_value(value: Any, reading: Reading, terms: Terms) -> Iterator[_Found]:
    from conformance.contract.violations import (
        ABSENT,
        value_at,
        violations,
    )  # loads jsonschema, which few runs need here

    beta = request_header(reading.exchange, BETA) is not None
    run_by_server = {
        number
        for number, tool in enumerate(listed(asked(reading).get("tools")))
        if isinstance(tool, dict) and tool.get("type", "custom") != "custom"
    }
    for row in violations(terms.profile.name, value):
        of_server = row.path[:1] == ("tools",) and len(row.path) > 1 and row.path[1] in run_by_server
        free = row.keyword == _UNKNOWN or (beta and row.keyword in _WORDS) or of_server
        if row.requirement is not None and not free:
            seen = value_at(value, row.path)
            yield row.requirement, row.pointer, "nothing" if seen is ABSENT else shown(seen)


@folding_rule(*NAMED)
def what_must_be_refused_is(run: Run) -> Fold:
    """A request of a foreign client that breaks a MUST is not served.

    A failure of the server is nobody's here: without a control beside it, it may be one of the moment.
    """
    return Refusals(run.terms)


@dataclass(slots=True)
class Refusals:
    """What became of requests that had to be refused."""

    terms: Terms
    found: list[Finding] = field(default_factory=list)

    def take(self, record: Record) -> None:
        """Look at the request and the status of an exchange."""
        if is_foreign(record):
            self.found += refusal_findings(record, self.terms)

    def findings(self) -> Iterable[Finding]:
        """One for each fault that tells."""
        return self.found


def refusal_findings(record: Record, terms: Terms) -> Iterator[Finding]:
    """What an answer to a faulty request says of the target."""
    exchange, where = record.exchange, Where(record.seq)
    refused = is_client_error(exchange) and exchange.status not in UNRELATED_STATUSES
    served = is_served(exchange) and not _is_refusal(record.reading)
    for fault in faults(record.reading, terms) if refused or served else ():
        if refused:
            yield held(fault.requirement, where)
        elif fault.level is Level.MUST:
            expected = f"a refusal: the client's request breaks this at {fault.where or 'its body'}"
            yield broken(fault.requirement, expected, f"{answer_of(exchange)} to {fault.seen}", where)


def _is_refusal(reading: Reading) -> bool:
    """Whether an answer under 200 is an error all the same, which is a fault of its own (RESP-012, STRM-025)."""
    if not reading.is_stream:
        return is_error_object(reading.json.value)
    return next((event.type for event in reading.events if event.type != "ping"), None) == "error"
