"""Every exchange meets every rule that applies to it, whoever sent it."""

from collections.abc import Iterator
from itertools import chain

from conformance.evidence.run import Record, Run, Terms
from conformance.rules.all import load_rules
from conformance.rules.findings import Finding
from conformance.rules.guard import guarded
from conformance.rules.registry import EXCHANGE_RULES, MESSAGE_RULES, RUN_RULES
from conformance.rules.scope import judged_messages
from conformance.wire.reading import Reading


def traffic_findings(run: Run) -> Iterator[Finding]:
    """What all passive rules have to say about a run, each finding placed in its exchange."""
    load_rules()
    each = chain.from_iterable(exchange_findings(record, run.terms) for record in run.records)
    whole = (guarded(rule.requirements, rule.judge, run) for rule in RUN_RULES)
    return chain(each, chain.from_iterable(whole))


def exchange_findings(record: Record, terms: Terms) -> Iterator[Finding]:
    """What the rules about one exchange, and about the message it carries, have to say."""
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
