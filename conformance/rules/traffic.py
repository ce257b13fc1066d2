"""Every exchange meets every rule that applies to it, whoever sent it."""

from collections.abc import Iterator
from itertools import chain

from conformance.evidence.run import Record, Run, Terms
from conformance.rules.all import load_rules
from conformance.rules.findings import Finding
from conformance.rules.registry import EXCHANGE_RULES, MESSAGE_RULES, RUN_RULES
from conformance.rules.scope import judged_messages


def traffic_findings(run: Run) -> Iterator[Finding]:
    """What all passive rules have to say about a run, each finding placed in its exchange."""
    load_rules()
    each = chain.from_iterable(exchange_findings(record, run.terms) for record in run.records)
    return chain(each, chain.from_iterable(rule.judge(run) for rule in RUN_RULES))


def exchange_findings(record: Record, terms: Terms) -> Iterator[Finding]:
    """What the rules about one exchange, and about the message it carries, have to say."""
    for rule in EXCHANGE_RULES:
        for finding in rule.judge(record.reading, terms):
            yield finding.at(record.seq)
    for mode, message in judged_messages(record.reading):
        for message_rule in MESSAGE_RULES:
            if mode in message_rule.modes:
                for finding in message_rule.judge(message, record.reading, terms):
                    yield finding.at(record.seq)
