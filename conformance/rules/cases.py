"""Judging a declared case: what every expectation needs before it may say anything.

A case is judged only when its exchanges were sent and answered, its control was accepted in the same run, and the
exchange lies between two accepted plain controls. Source: contract.md §1 "Verdicts".
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from conformance.evidence.records import joined
from conformance.evidence.run import PLAIN, Expect, Item, Record, Run
from conformance.rules.expectations import KINDS, NEGATIVE_KINDS, VALID_KINDS, answer_of
from conformance.rules.findings import Finding, Kind, Where, broken, unjudged
from conformance.rules.guard import guarded
from conformance.rules.judged import is_error_object
from conformance.rules.outcome import MOMENTARY_STATUSES, PATIENCE_STATUSES, is_served, is_server_error, trouble
from conformance.rules.scope import asks_for_message

#: The same trouble this often, between accepted controls, is the endpoint's answer.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a case is judged by: the last exchange of each step, for each of the item's probes."""

    item: Item
    run: Run
    probes: tuple[Sequence[Record], ...]

    @property
    def records(self) -> Sequence[Record]:
        """Every exchange of the case, in order of probe and step."""
        return joined(self.probes)

    @property
    def last(self) -> Record:
        """The exchange that decides where a case has one question."""
        return self.records[-1]


def expectation(item: Item, run: Run) -> Expect | None:
    """What the profile of the run asks of this case; None when it asks nothing."""
    return item.expect.get(run.terms.profile.name, item.expect.get("*"))


def judge_case(item: Item, run: Run) -> tuple[Finding, ...]:
    """Everything a case has to say, each finding bound to requirement, case and exchange. Total: see `guarded`."""
    return tuple(case_findings(item, run))


def case_findings(item: Item, run: Run) -> Iterator[Finding]:
    """The same, one after the other: a case may have any number of exchanges."""
    evidence = Evidence(item, run, tuple(run.sent(probe) for probe in item.probes))
    expect = expectation(item, run)
    name = f"expectation {expect.kind if expect else 'of nothing'}"
    found = guarded([item.requirement], _findings, evidence, expect, name=name)
    first = next(found, None) or unjudged(item.requirement, "sent, but there was nothing to see")
    place = evidence.last.seq if evidence.records else None
    return (_reduced(_bound(finding, item, place), run) for finding in chain((first,), found))


def _findings(evidence: Evidence, expect: Expect | None) -> Iterable[Finding]:
    open_ = _open_reason(evidence, expect) or _unserved(evidence, expect)
    return open_ or (KINDS[expect.kind](evidence, expect.args) if expect else ())


def breaks(item: Item, record: Record, run: Run) -> bool:
    """Whether this exchange, taken as the answer to the item's one question, breaks its expectation."""
    expect = expectation(item, run)
    if expect is None or trouble(record.exchange):
        return False
    findings = guarded([item.requirement], KINDS[expect.kind], Evidence(item, run, ((record,),)), expect.args)
    return any(finding.kind is Kind.BROKEN for finding in findings)


def _reduced(finding: Finding, run: Run) -> Finding:
    """A violation shown by its smallest request; one that did not come again is left open."""
    found = run.reductions.get(f"{finding.requirement} {finding.case}")
    if found is None or finding.kind is not Kind.BROKEN:
        return finding
    first = finding.where.exchange
    if found.flaky:
        reason = (
            f"flaky: {finding.seen} in exchange {first}, but not when it was sent again (exchange {found.exchange})"
        )
        return replace(unjudged(finding.requirement, reason, finding.where), case=finding.case)
    seen = finding.seen if found.exchange == first else f"{finding.seen} (reduced from exchange {first})"
    return replace(finding, seen=seen, where=replace(finding.where, exchange=found.exchange))


def _unserved(evidence: Evidence, expect: Expect | None) -> tuple[Finding, ...]:
    """A valid request that the server failed to answer, try after try: what it stands for is violated."""
    if expect is None or expect.kind not in VALID_KINDS:
        return ()
    failed = [r for r in evidence.records if is_server_error(r.exchange) or trouble(r.exchange)]
    expected = "an answer to a valid request"
    return tuple(broken("", expected, f"{answer_of(r.exchange)} on try {r.attempt}", Where(r.seq)) for r in failed)


def _bound(finding: Finding, item: Item, exchange: int | None) -> Finding:
    bound = replace(finding, requirement=item.requirement, case=item.case)
    return bound if exchange is None else bound.at(exchange)


def _open_reason(evidence: Evidence, expect: Expect | None) -> tuple[Finding, ...]:
    """Why the case cannot be judged, as one finding; empty when it can."""
    reason = next((text for text in _reasons(evidence, expect) if text), "")
    seen = evidence.records or joined([evidence.run.tried(name) for name in evidence.item.probes])
    where = Where(seen[-1].seq) if seen else Where()
    return (unjudged(evidence.item.requirement, reason, where),) if reason else ()


def _reasons(evidence: Evidence, expect: Expect | None) -> Iterator[str]:
    item, run = evidence.item, evidence.run
    if expect is None:
        yield f"the profile {run.terms.profile.name} asks nothing of this case"
    for probe, rows in zip(item.probes, evidence.probes, strict=True):
        if not rows:
            yield run.why_unsent(probe) or "not sent"
    yield _control_reason(item, run)
    yield from (_refusal_reason(record, run) for record in evidence.records)
    if expect is not None and expect.kind in NEGATIVE_KINDS:
        yield from (_bracket_reason(record, run) for record in evidence.records)
    yield from (_trouble_reason(record, run) for record in evidence.records)


def _control_reason(item: Item, run: Run) -> str:
    if not item.control:
        return ""
    controls = run.sent(item.control)
    if not controls:
        return f"its control {item.control!r} was not sent"
    if any(is_served(record.exchange) for record in controls):
        return ""
    return f"its control {item.control!r} was not accepted (status {controls[-1].exchange.status})"


def _refusal_reason(record: Record, run: Run) -> str:
    """A refusal that says nothing about the request, at a time when the control was refused too; or one in disguise."""
    exchange = record.exchange
    if exchange.status in MOMENTARY_STATUSES and not bracketed(record, run):
        return f"status {exchange.status}, as for the plain control at that time"
    if is_served(exchange) and asks_for_message(exchange) and is_error_object(record.reading.json.value):
        return "an error under status 200, which is a fault of its own (RESP-012)"
    return ""


def _bracket_reason(record: Record, run: Run) -> str:
    return "" if bracketed(record, run) else "it does not lie between two accepted plain controls"


def bracketed(record: Record, run: Run) -> bool:
    """Whether the plain controls sent next before and next after were both accepted; a control stands for itself."""
    if record.probe == PLAIN:
        return is_served(record.exchange)
    seqs, accepted = run.controls
    before, after = bisect_left(seqs, record.seq) - 1, bisect_right(seqs, record.seq)
    return before >= 0 and after < len(seqs) and accepted[before] and accepted[after]


def _trouble_reason(record: Record, run: Run) -> str:
    word = trouble(record.exchange)
    settled = word and record.attempt >= TRIES and bracketed(record, run) and not was_patience_asked(record, run)
    return f"no answer about the request: {word}, try {record.attempt}" if word and not settled else ""


def was_patience_asked(record: Record, run: Run) -> bool:
    """Whether any try of this request was met by a call for patience: then the trouble did not come each time."""
    if record.exchange.status in PATIENCE_STATUSES:
        return True
    own = (run.records[place] for place, probe in enumerate(run.probes) if probe == record.probe)
    tries = (row for row in own if row.repeated and row.step == record.step)
    return any(row.exchange.status in PATIENCE_STATUSES for row in tries)
