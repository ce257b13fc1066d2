"""A fault in each of many members of one answer is told as often as a reader needs, and changes no verdict."""

import pytest
from rule_samples import MESSAGE, exchange, record, terms

from conformance.contract import Level
from conformance.rules import traffic
from conformance.rules.findings import Finding, Kind, broken, held
from conformance.rules.registry import ExchangeRule
from conformance.rules.traffic import MOST, exchange_findings


def _told(monkeypatch: pytest.MonkeyPatch, *findings: Finding) -> list[Finding]:
    """What is left of the findings of one rule about one exchange."""
    requirements = tuple({finding.requirement for finding in findings})
    monkeypatch.setattr(traffic, "EXCHANGE_RULES", [ExchangeRule(requirements, lambda reading, given: findings)])
    monkeypatch.setattr(traffic, "MESSAGE_RULES", [])
    return list(exchange_findings(record(1, exchange()), terms()))


def test_the_first_ones_of_each_level_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    light = [broken("RESP-003", "a", str(n), level=Level.SHOULD) for n in range(3 * MOST)]
    grave = [broken("RESP-003", "a", str(n)) for n in range(2 * MOST)]
    other = [broken("RESP-004", "a", "b")]
    told = _told(monkeypatch, *light, *grave, *other)
    assert [row.seen for row in told] == [*map(str, range(MOST))] * 2 + ["b"]
    assert [row.level for row in told[::MOST]] == [Level.SHOULD, None, None]


def test_what_held_is_told_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(_told(monkeypatch, *[held("RESP-003")] * (3 * MOST), broken("RESP-003", "a", "b"))) == 3 * MOST + 1


def test_a_message_of_nothing_but_odd_blocks_brings_few_findings() -> None:
    answer = exchange(MESSAGE | {"content": [[]] * 5_000})
    found = [row for row in exchange_findings(record(1, answer), terms()) if row.kind is Kind.BROKEN]
    assert MOST <= len(found) <= 10 * MOST
