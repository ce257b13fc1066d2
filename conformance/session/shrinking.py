"""Failing generated cases, reduced to the smallest request that still fails; sent after everything else."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from conformance.evidence.follow import Follower
from conformance.evidence.journal import JournalWriter
from conformance.evidence.run import Item, Record, Run
from conformance.generation.shrink import Progress, Shrinker, Shrunk, same_violation, still_valid
from conformance.probing.probe import Call, Probe
from conformance.probing.sender import CapReached
from conformance.rules.cases import breaks, expectation
from conformance.rules.expectations import NEGATIVE_KINDS
from conformance.rules.outcome import trouble
from conformance.verdicts import Verdict, judge_item
from conformance.wire.jsontext import JSON

Deliver = Callable[[Probe, int, Call], Awaitable[Record]]


@dataclass(frozen=True, slots=True)
class Failing:
    """A generated item that failed, with the exchange that shows it and the body of its control."""

    item: Item
    record: Record
    control: JSON


def failing(run: Run) -> Iterator[Failing]:
    """The first failing generated case of each requirement that one request decides.

    Where a hand-written case fails as well the reader has a minimal request already: nothing is sent.
    """
    seen = {item.requirement for item in run.items if not item.generated and item.active and _fails(item, run)}
    seen |= {item.requirement for item in run.items if item.key in run.reductions}
    for item in run.items:
        if item.generated and item.active and item.requirement not in seen and len(item.probes) == 1:
            found = _failing(item, run)
            if found is not None:
                seen.add(item.requirement)
                yield found


def _failing(item: Item, run: Run) -> Failing | None:
    records = run.sent(item.probes[0])
    controls = run.sent(item.control or "plain")
    if len(records) != 1 or not controls or not isinstance(records[0].reading.sent, dict):
        return None
    if not _fails(item, run):
        return None
    return Failing(item, records[0], controls[0].reading.sent)


def _fails(item: Item, run: Run) -> bool:
    return judge_item(item, run).verdict in {Verdict.FAILED, Verdict.WARNED}


async def reduce_failures(journal: JournalWriter, deliver: Deliver, requests: int) -> None:
    """Reduce each failing case with at most that many requests; what was found goes to the journal."""
    follower = Follower(journal.path)
    follower.poll()
    run = follower.run()
    for case in list(failing(run)):
        try:
            await _reduce(case, run, journal, deliver, requests)
        except CapReached:
            return


async def _reduce(case: Failing, run: Run, journal: JournalWriter, deliver: Deliver, requests: int) -> None:
    shrinker = Shrinker(case.record.reading.sent, case.control, requests, _fitting(case, run))
    probe = Probe(f"{case.item.probes[0]} reduced", ())
    outcomes: list[bool] = []
    smallest = case.record  # the last that failed, or the repetition that did not
    while (body := shrinker.next(outcomes)) is not None:
        record = await deliver(probe, len(outcomes), Call(body))
        if trouble(record.exchange):  # says nothing about the request: the violation stands as it is
            return
        alike = record.exchange.status == case.record.exchange.status  # another answer has another reason
        outcomes.append(alike and breaks(case.item, record, run))
        smallest = record if outcomes[-1] or len(outcomes) == 1 else smallest
    found = shrinker.result(outcomes)
    journal.write("reduced", item=case.item.key, exchange=smallest.seq, **_told(found))


def _told(found: Shrunk) -> dict[str, object]:
    return {"flaky": found.progress is Progress.FLAKY, "requests": found.requests}


def _fitting(case: Failing, run: Run) -> Callable[[JSON], bool]:
    expect = expectation(case.item, run)
    profile = run.terms.profile.name
    if expect is not None and expect.kind in NEGATIVE_KINDS:
        return same_violation(case.record.reading.sent, profile)
    return still_valid(case.record.reading.sent, profile)
