"""What many conversations at once must not do to each other (LOAD-001, LOAD-002), wherever requests carry words.

A request that carries a word of its own asks the model to repeat it. Whose word stands in an answer tells whose answer
it is; a model that repeats nothing leaves the question open.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance.evidence.run import Record, Run
from conformance.rules.expectations import answer_of
from conformance.rules.findings import Finding, Where, broken, check, held, shown, unjudged
from conformance.rules.outcome import MOMENTARY_STATUSES, is_served
from conformance.rules.registry import run_rule
from conformance.wire.exchange import Ending, Exchange
from conformance.wire.reading import Reading

MARK = "ctword"  #: what a word begins with; ten hexadecimal digits follow
_WORD = re.compile(rf"{MARK}[0-9a-f]{{10}}")
_WORD_BYTES = re.compile(_WORD.pattern.encode())

#: Fewer answers with their own word than this say nothing about what requests do to each other (LOAD-001).
ENOUGH = 3

#: Refusals at one time that say nothing about another; a conflict does, as no request here depends on another one.
_OPEN = MOMENTARY_STATUSES - {409}


@dataclass(frozen=True, slots=True)
class _Spoken:
    """An exchange whose request carries words: those, and those of its answer."""

    record: Record
    own: frozenset[str]
    said: frozenset[str]


def _carrying(run: Run) -> Iterator[_Spoken]:
    for record in run.records:
        own = frozenset(found.decode() for found in _WORD_BYTES.findall(record.exchange.request.body))
        if own:
            yield _Spoken(record, own, _said(record.reading) if is_served(record.exchange) else frozenset())


def _said(reading: Reading) -> frozenset[str]:
    """The words of an answer, in its bytes or cut up in deltas."""
    held_by_client = reading.accumulated if reading.is_stream else None
    text = json.dumps(held_by_client, ensure_ascii=False, default=str) if held_by_client else ""
    found = (word.decode() for word in _WORD_BYTES.findall(reading.body))
    return frozenset((*found, *_WORD.findall(text)))


@run_rule("LOAD-001")
def no_word_of_another(run: Run) -> Iterable[Finding]:
    """LOAD-001. A word counts as another's where another request of the run carried it and the own one did not."""
    rows = list(_carrying(run))
    senders: Mapping[str, int] = {word: row.record.seq for row in reversed(rows) for word in row.own}
    repeated = 0
    for row in rows:
        repeated += bool(row.own & row.said)
        where = Where(row.record.seq)
        strange = sorted((row.said - row.own) & senders.keys())
        if strange:
            seen = f"{shown(strange[0])}, which exchange {senders[strange[0]]} was sent with"
            yield broken("LOAD-001", "nothing of another request", seen, where)
        elif row.own & row.said:
            yield held("LOAD-001", where)
    if rows and repeated < ENOUGH:
        yield unjudged("LOAD-001", f"{repeated} of {len(rows)} answers repeat the word they were asked for")


@run_rule("LOAD-002")
def every_one_is_served(run: Run) -> Iterable[Finding]:
    """LOAD-002. What is served in one conversation is served in every other; a target may ask for patience.

    A server error, or a connection that ends without an answer, counts where it came again. That a kind of request is
    never served is no matter of load.
    """
    last = [row.record for row in _carrying(run) if not row.record.repeated]
    known = {record.probe for record in last if is_served(record.exchange)}
    expected = "status 200, as for the same request in another conversation"
    for record in last:
        if record.probe in known and _tells(record.exchange):
            yield check("LOAD-002", is_served(record.exchange), expected, answer_of(record.exchange), Where(record.seq))


def _tells(exchange: Exchange) -> bool:
    """Whether a last try says how the target deals with it: an answer, or that it dropped the connection."""
    dropped = exchange.end.how in {Ending.NO_ANSWER, Ending.RESET}
    return dropped if exchange.status is None else exchange.status not in _OPEN
