"""Every exchange meets every rule that applies to it, whoever sent it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from conformance.contract import Level
from conformance.evidence.run import Record, Run, Terms
from conformance.rules.all import load_rules
from conformance.rules.findings import Finding, Kind
from conformance.rules.guard import guarded, named
from conformance.rules.registry import EXCHANGE_RULES, MESSAGE_RULES, RUN_RULES, Fold
from conformance.rules.scope import judged_messages
from conformance.wire.reading import Reading

MOST = 100  #: findings that one exchange brings about one requirement, of one kind and level; what held is a number


def traffic_findings(run: Run) -> Iterator[Finding]:
    """What all passive rules have to say about a run, each finding placed in its exchange. Every exchange is looked at
    once, by all rules, and let go."""
    load_rules()
    rules = [(rule, _Watched(rule.fold(run)) if rule.fold else None) for rule in RUN_RULES]
    looking = [fold for _, fold in rules if fold]
    for record in run.records:
        yield from exchange_findings(record, run.terms)
        for one in looking:
            one.take(record)
    for rule, fold in rules:
        judge = fold.findings if fold else partial(rule.judge, run)
        yield from guarded(rule.requirements, judge, name=named(rule.judge))


@dataclass(slots=True)
class _Watched:
    """A rule that looks at every exchange: where it raises it looks no further, and says so at the end."""

    fold: Fold
    error: Exception | None = None

    def take(self, record: Record) -> None:
        if self.error is None:
            try:
                self.fold.take(record)
            except Exception as error:
                self.error = error

    def findings(self) -> Iterator[Finding]:
        yield from self.fold.findings()
        if self.error is not None:
            raise self.error


def exchange_findings(record: Record, terms: Terms) -> Iterator[Finding]:
    """What the rules about one exchange, and about the message it carries, have to say.

    A fault with each of many members is told MOST times: an answer of a million bytes holds as many as fill the memory.
    """
    told: Counter[tuple[str, Kind, Level | None]] = Counter()
    for finding in _exchange_findings(record, terms):
        if finding.kind is not Kind.HELD:
            key = (finding.requirement, finding.kind, finding.level)
            told[key] += 1
            if told[key] > MOST:
                continue
        yield finding


def _exchange_findings(record: Record, terms: Terms) -> Iterator[Finding]:
    for rule in EXCHANGE_RULES:
        for finding in guarded(rule.requirements, rule.judge, record.reading, terms):
            yield finding.at(record.seq)
    of_messages = (name for rule in MESSAGE_RULES for name in rule.requirements)
    for finding in guarded(of_messages, _message_findings, record.reading, terms):
        yield finding.at(record.seq)


def _message_findings(reading: Reading, terms: Terms) -> Iterator[Finding]:
    for mode, message in judged_messages(reading):
        for rule in MESSAGE_RULES:
            if mode in rule.modes:
                yield from guarded(rule.requirements, rule.judge, message, reading, terms)
