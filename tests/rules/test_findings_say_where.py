"""The place that a finding names is there: in the answer, or in a conforming one where something is missing."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import test_exchange_rules as exchanges
import test_message_rules as messages
from rule_samples import ERROR, MESSAGE, own, run

from conformance.rules.findings import Finding, Kind, shown
from conformance.wire.exchange import Exchange

ROWS = [*messages.BREACHES, *messages.LEGAL, *exchanges.BREACHES, *exchanges.LEGAL]
NAMES = [f"{number}, {row[0]}, {row[1]}" for number, row in enumerate(ROWS)]
WHOLE: tuple[Any, ...] = (MESSAGE, ERROR | {"request_id": "req_1"})


def points_at_something(value: Any, pointer: str) -> bool:
    """Whether a JSON pointer leads anywhere in a value."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping) and key in value:
            value = value[key]
        else:
            return False
    return True


def answered(answer: Exchange) -> Any:
    try:
        return json.loads(b"".join(chunk.data for chunk in answer.chunks))
    except ValueError:
        return None


def findings(answer: Exchange) -> list[Finding]:
    return [f for f in own(run(answer)) if f.kind in (Kind.BROKEN, Kind.HELD, Kind.NOTE)]


@pytest.mark.parametrize("answer", [row[2] for row in ROWS], ids=NAMES)
def test_a_pointer_leads_somewhere(answer: Exchange) -> None:
    body = answered(answer)
    nowhere = [
        (finding.requirement, finding.where.pointer)
        for finding in findings(answer)
        if finding.where.event is None
        and not any(points_at_something(v, finding.where.pointer) for v in (body, *WHOLE))
    ]
    assert nowhere == []


@pytest.mark.parametrize("answer", [row[2] for row in ROWS], ids=NAMES)
def test_a_header_and_a_byte_are_there(answer: Exchange) -> None:
    size = len(b"".join(chunk.data for chunk in answer.chunks))
    for finding in findings(answer):
        assert finding.where.byte is None or 0 <= finding.where.byte <= size
        assert finding.where.exchange == 1


@pytest.mark.parametrize(
    ("requirement", "pointer"),
    [
        ("RESP-002", "/id"),
        ("RESP-003", "/role"),
        ("RESP-007", "/model"),
        ("RESP-008", "/model"),
        ("RESP-009", "/stop_reason"),
        ("RESP-010", "/stop_reason"),
        ("RESP-011", "/stop_sequence"),
        ("RESP-013", "/content"),
        ("USG-001", "/usage"),
        ("USG-008", "/usage/input_tokens"),
        ("USG-009", "/usage/output_tokens"),
        ("SEM-001", "/usage/output_tokens"),
        ("SEM-003", "/content"),
        ("SEM-004", "/stop_reason"),
        ("SEM-007", "/stop_sequence"),
        ("SEM-008", "/stop_reason"),
        ("SEM-009", "/content/0"),
        ("SEM-010", "/content/0"),
        ("ERR-003", "/error/type"),
        ("ERR-004", "/error/message"),
        ("ERR-005", "/error/type"),
        ("ERR-008", "/request_id"),
    ],
)
def test_a_breach_is_shown_in_its_own_place(requirement: str, pointer: str) -> None:
    rows = [answer for name, _, answer in (*messages.BREACHES, *exchanges.BREACHES) if name == requirement]
    places = {f.where.pointer for answer in rows for f in findings(answer) if f.kind is Kind.BROKEN}
    assert pointer in places


#: Requirements about a value in one place: what was seen is what stands there. The others speak of a whole.
ABOUT_A_VALUE = {
    *(f"RESP-{n:03}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11)),
    *(f"USG-{n:03}" for n in (1, 2, 3, 4, 5)),
    *("SEM-001", "SEM-007", "ERR-003", "ERR-004", "ERR-008"),
}


def value_at(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


@pytest.mark.parametrize("answer", [row[2] for row in ROWS], ids=NAMES)
def test_what_was_seen_is_what_stands_there(answer: Exchange) -> None:
    body = answered(answer)
    for finding in findings(answer):
        if finding.requirement not in ABOUT_A_VALUE or finding.kind is Kind.HELD or not finding.where.pointer:
            continue
        if points_at_something(body, finding.where.pointer):
            assert finding.seen == shown(value_at(body, finding.where.pointer)), finding
        else:
            assert finding.seen in ("no such key", "None") or "no " in finding.seen, finding


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("x", "'x'"),
        ("x" * 118, repr("x" * 118)),
        ("x" * 119, "'" + "x" * 99 + "…" + "x" * 17 + "'"),
    ],
    ids=["short", "at the limit", "above the limit"],
)
def test_a_long_value_is_cut_in_the_middle(value: str, words: str) -> None:
    assert shown(value) == words
    assert len(shown(value, 30)) <= 30
