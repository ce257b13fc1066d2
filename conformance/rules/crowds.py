"""What many conversations at once must not do to each other (LOAD-001, LOAD-002), wherever requests carry words.

A request that carries a word of its own asks the model to repeat it. Whose word stands in an answer tells whose answer
it is; a model that repeats nothing leaves the question open.
"""

import json
import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from conformance.evidence.run import Record, Run
from conformance.rules.expectations import answer_of
from conformance.rules.findings import Finding, Where, broken, check, held, shown, unjudged
from conformance.rules.outcome import MOMENTARY_STATUSES, is_served
from conformance.rules.registry import Fold, folding_rule
from conformance.wire.exchange import Ending, Exchange
from conformance.wire.reading import Reading

MARK = "ctword"  #: what a word begins with; ten hexadecimal digits follow, which are its number
_WORD = re.compile(rf"{MARK}([0-9a-f]{{10}})")
_WORD_BYTES = re.compile(_WORD.pattern.encode())

#: Fewer answers with their own word than this say nothing about what requests do to each other (LOAD-001).
ENOUGH = 3

#: Refusals at one time that say nothing about another; a conflict does, as no request here depends on another one.
_OPEN = MOMENTARY_STATUSES - {409}


def _own(record: Record) -> frozenset[int]:
    """The words that a request carries, by their numbers."""
    return frozenset(int(found[1], 16) for found in _WORD_BYTES.finditer(record.exchange.request.body))


def _said(reading: Reading) -> frozenset[int]:
    """The words of an answer, in its bytes or cut up in deltas."""
    if not is_served(reading.exchange):
        return frozenset()
    held_by_client = reading.accumulated if reading.is_stream else None
    text = json.dumps(held_by_client, ensure_ascii=False, default=str) if held_by_client else ""
    found = frozenset(int(word[1], 16) for word in _WORD_BYTES.finditer(reading.body))
    return found.union(int(word[1], 16) for word in _WORD.finditer(text))


@folding_rule("LOAD-001")
def no_word_of_another(run: Run) -> Fold:
    """LOAD-001. A word counts as another's where another request of the run carried it and the own one did not."""
    return Words(run)


@dataclass(slots=True)
class Words:
    """Numbers alone: every word with the request that carried it, the answers that hold nothing but their own, and
    those that hold some other word. These are read once more, since whose word it is may be known only at the end."""

    run: Run
    words: "array[int]" = field(default_factory=lambda: array("q"))
    senders: "array[int]" = field(default_factory=lambda: array("q"))
    faithful: "array[int]" = field(default_factory=lambda: array("q"))
    doubtful: "array[int]" = field(default_factory=lambda: array("q"))
    carrying: int = 0  #: requests that carry words
    repeated: int = 0  #: answers to them that hold such a word

    def take(self, record: Record) -> None:
        """Look at the words of a request and of its answer."""
        own = _own(record)
        if not own:
            return
        said = _said(record.reading)
        self.carrying += 1
        self.repeated += bool(own & said)
        self.words.extend(own)
        self.senders.extend([record.seq] * len(own))
        if said - own:
            self.doubtful.append(record.seq)
        elif said:
            self.faithful.append(record.seq)

    def findings(self) -> Iterator[Finding]:
        """One for every answer that holds a word, as far as it says anything; whether enough of them do."""
        yield from (held("LOAD-001", Where(seq)) for seq in self.faithful)
        if self.doubtful:
            yield from self._looked_at_again()
        if self.carrying and self.repeated < ENOUGH:
            told = f"{self.repeated} of {self.carrying} answers repeat the word they were asked for"
            yield unjudged("LOAD-001", told)

    def _looked_at_again(self) -> Iterator[Finding]:
        first = dict(zip(reversed(self.words), reversed(self.senders), strict=True))
        for record in filter(None, map(self.run.at, self.doubtful)):
            own, said, where = _own(record), _said(record.reading), Where(record.seq)
            strange = min((said - own) & first.keys(), default=None)
            if strange is not None:
                seen = f"{shown(f'{MARK}{strange:010x}')}, which exchange {first[strange]} was sent with"
                yield broken("LOAD-001", "nothing of another request", seen, where)
            elif own & said:
                yield held("LOAD-001", where)


@folding_rule("LOAD-002")
def every_one_is_served(run: Run) -> Fold:
    """LOAD-002. What is served in one conversation is served in every other; a target may ask for patience.

    A server error, or a connection that ends without an answer, counts where it came again. That a kind of request is
    never served is no matter of load.
    """
    return Service()


@dataclass(slots=True)
class Service:
    """What each request came to: its place, its kind and its answer, kinds and answers as numbers of their names."""

    places: "array[int]" = field(default_factory=lambda: array("q"))
    kinds: "array[int]" = field(default_factory=lambda: array("l"))
    answers: "array[int]" = field(default_factory=lambda: array("l"))
    served: set[tuple[int, int]] = field(default_factory=set)  #: kinds that were, with the answer that says so
    names: dict[str, int] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        """Look at the last try of a request that carries words."""
        exchange = record.exchange
        if record.repeated or not _tells(exchange) or not _own(record):
            return
        kind, answer = self._number(record.probe), self._number(answer_of(exchange))
        self.places.append(record.seq)
        self.kinds.append(kind)
        self.answers.append(answer)
        if is_served(exchange):
            self.served.add((kind, answer))

    def _number(self, name: str) -> int:
        return self.names.setdefault(name, len(self.names))

    def findings(self) -> Iterable[Finding]:
        """One for every request of a kind that was served at least once."""
        expected = "status 200, as for the same request in another conversation"
        names, known = list(self.names), {kind for kind, _ in self.served}
        for place, kind, answer in zip(self.places, self.kinds, self.answers, strict=True):
            if kind in known:
                well = (kind, answer) in self.served
                yield check("LOAD-002", well, expected, names[answer], Where(place))


def _tells(exchange: Exchange) -> bool:
    """Whether a last try says how the target deals with it: an answer, or that it dropped the connection."""
    dropped = exchange.end.how in {Ending.NO_ANSWER, Ending.RESET}
    return dropped if exchange.status is None else exchange.status not in _OPEN
