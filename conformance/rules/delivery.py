"""A stream in time: events as they are produced, an end soon after the last one, no silence (SSE-011, SSE-012)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.evidence.run import Record, Run, Terms
from conformance.rules.answers import at, is_count, is_served_stream
from conformance.rules.findings import Finding, Where, broken, check, held
from conformance.rules.judged import COMPLETED
from conformance.rules.registry import Fold, exchange_rule, folding_rule
from conformance.wire.exchange import Ending, Limit
from conformance.wire.reading import Reading
from conformance.wire.stream import State

SHORTEST = 3.0  #: seconds from the request to the last event below which nothing can be told
FEWEST_DELTAS = 20
LAST_PART = 0.9  #: a burst comes behind this share of the time
FASTEST = 5_000.0  #: tokens per second that no generation reaches: faster is a buffer being emptied
#: After this many tries a silence is the target's answer.
TRIES = 2
#: Seconds without an event other than a ping after which a stream that we cut was not about to go on.
LONGEST_PAUSE = 20.0
#: States of a stream that brought neither message_stop nor an error.
UNFINISHED = frozenset({State.EMPTY, State.STREAMING, State.PAUSED, State.CLOSING})


@exchange_rule("SSE-011")
def events_come_as_they_are_produced(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-011. All deltas in one late burst, faster than any generation, were held back."""
    if not is_served_stream(reading):
        return
    times = [event.at for event in reading.events if event.type == "content_block_delta" and event.at is not None]
    total = max((event.at for event in reading.events if event.at is not None), default=0.0)
    if total < SHORTEST or len(times) < FEWEST_DELTAS:
        return
    span = max(times) - min(times)
    burst = min(times) >= LAST_PART * total and _tokens(reading, terms, len(times)) > FASTEST * span
    seen = f"{len(times)} deltas within {span:.3f} s at the end of {total:.1f} s"
    yield check("SSE-011", not burst, "deltas spread over the time of generation", seen)


def _tokens(reading: Reading, terms: Terms, deltas: int) -> int:
    """The tokens that the deltas carry: the output without what was reasoned before, at least one for each delta."""
    usage, names = (reading.accumulated or {}).get("usage"), terms.profile.usage
    count, hidden = at(usage, names.output), at(usage, names.reasoning or "")
    told = (count if is_count(count) else 0) - (hidden if is_count(hidden) else 0)
    return max(deltas, told)


@exchange_rule("SSE-012")
def stream_ends_after_its_last_event(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """SSE-012, for streams that came to their message_stop."""
    if not is_served_stream(reading) or reading.walk.state not in COMPLETED:
        return
    end = reading.exchange.end
    expected = "the end of the body soon after message_stop, properly framed"
    if end.how is Ending.CUT and end.limit is Limit.AFTER_STOP:
        yield broken("SSE-012", expected, "the connection stays open after message_stop")
    elif end.how in (Ending.CLOSED_EARLY, Ending.RESET, Ending.MALFORMED):
        yield broken("SSE-012", expected, f"{end.how.value} after message_stop")
    elif end.how is Ending.COMPLETE:
        yield held("SSE-012")


@folding_rule("STRM-001", "STRM-023")
def silence_is_an_answer(run: Run) -> Fold:
    """A stream that stayed silent, asked for again, and stayed silent, or that only pinged on until our whole limit:
    STRM-001 if no event came, else STRM-023."""
    return Silences()


@dataclass(slots=True)
class Silences:
    """What silent streams break."""

    found: list[Finding] = field(default_factory=list)

    def take(self, record: Record) -> None:
        """Look at the end of an exchange."""
        seen = "" if record.repeated else _silence(record)
        if seen and is_served_stream(record.reading) and record.reading.walk.state in UNFINISHED:
            nothing = record.reading.walk.state is State.EMPTY
            requirement, expected = ("STRM-001", "message_start") if nothing else ("STRM-023", "message_stop")
            self.found.append(broken(requirement, expected, f"no {expected}: {seen}", Where(record.seq)))

    def findings(self) -> Iterable[Finding]:
        """One for each of them."""
        return self.found


def _silence(record: Record) -> str:
    """How a stream stayed silent, in words; "" for one that did not."""
    end = record.exchange.end
    if end.how is not Ending.CUT:
        return ""
    if end.limit is Limit.BETWEEN_BYTES and record.attempt >= TRIES:
        return f"silent until our limit {end.limit.value}, try {record.attempt}"
    if end.limit is Limit.WHOLE and (pause := record.exchange.elapsed - _last_said(record)) >= LONGEST_PAUSE:
        return f"nothing but pings for the last {pause:.0f} s before our limit {end.limit.value}"
    return ""


def _last_said(record: Record) -> float:
    """When the last event other than a ping came, in seconds from the request; at the latest, where that is hidden."""
    said = [event.at for event in record.reading.events if event.type not in (None, "ping")]
    if None in said:  # under a content coding any of the bytes may have brought an event
        return record.exchange.chunks[-1].at
    return max((at for at in said if at is not None), default=record.exchange.first_byte or 0.0)
