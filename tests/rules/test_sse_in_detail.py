"""The wire format of a stream, clause by clause: what is judged at all, where it is told, and what is shown."""

from typing import Any

import pytest
from rule_samples import BLOCK, ERROR, MESSAGE, PING, SENT, STOP, Data, broken, ends, error, exchange, own, run, start
from rule_samples import streamed as answered

from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import Exchange

STREAM = SENT | {"stream": True}
REST = (*BLOCK, ends(), STOP)
NAMELESS = b'data: {"type":"ping"}\n\n'


def told(requirement: str, answer: Exchange) -> list[Finding]:
    return [f for f in own(run(answer)) if f.requirement == requirement and f.kind is not Kind.NOTE]


def kinds(requirement: str, answer: Exchange) -> list[Kind]:
    return [f.kind for f in told(requirement, answer)]


@pytest.mark.parametrize(
    "answer",
    [
        exchange(status=202, sent=STREAM, url="http://127.0.0.1:8000/v1/models"),
        exchange(status=202, sent=STREAM, method="PUT"),
        exchange(status=202),
        error(400, sent=STREAM),
        exchange(ERROR, STREAM),
    ],
    ids=["another address", "another method", "no stream asked for", "refused", "an error under 200"],
)
def test_what_need_not_be_a_stream(answer: Exchange) -> None:
    assert told("SSE-001", answer) == []


@pytest.mark.parametrize(("status", "seen", "header"), [(202, "status 202", ""), (200, "'text/x'", "content-type")])
def test_what_comes_instead_of_a_stream_is_told(status: int, seen: str, header: str) -> None:
    (found,) = told("SSE-001", exchange(MESSAGE, STREAM, status, {"content-type": "text/x"}))
    assert (found.kind, found.seen, found.where.header) == (Kind.BROKEN, seen, header)


@pytest.mark.parametrize(
    ("charset", "kind"),
    [
        ("", Kind.HELD),
        ("; charset=utf-8", Kind.HELD),
        ("; charset=UTF8", Kind.HELD),
        ("; charset=latin-1", Kind.BROKEN),
    ],
)
def test_the_charset_of_a_stream(charset: str, kind: Kind) -> None:
    (found,) = told("SSE-002", answered(headers={"content-type": "text/event-stream" + charset}))
    assert (found.kind, found.where.header) == (kind, "content-type" if kind is Kind.BROKEN else "")


@pytest.mark.parametrize("requirement", ["SSE-002", "SSE-003", "SSE-004", "SSE-009", "SSE-010"])
def test_a_stream_of_nothing_shows_nothing(requirement: str) -> None:
    assert told(requirement, answered(raw=b"")) == []


def test_a_comment_alone_is_no_event_that_holds() -> None:
    assert kinds("SSE-003", answered(raw=b": hello\n\n")) == []


def test_the_grammar_holds_or_is_broken() -> None:
    assert kinds("SSE-003", answered()) == [Kind.HELD]
    assert kinds("SSE-003", answered(b"id\n\n", start(), *REST)) == [Kind.HELD], "legal, if rare"
    assert kinds("SSE-003", answered(b"event: x\n\n", start(), *REST)) == [Kind.BROKEN]


def test_a_byte_order_mark_is_at_the_beginning() -> None:
    (found,) = told("SSE-004", answered(b"\xef\xbb\xbf", start(), *REST))
    assert (found.kind, found.where.byte) == (Kind.BROKEN, 0)


def test_an_event_with_another_fault_is_judged_by_its_name() -> None:
    for odd in (b'foo: x\ndata: {"type":"ping"}\n\n', b'data: {"type":"ping"}\nfoo: x\n\n'):
        assert kinds("SSE-005", answered(start(), odd, *REST)) == [Kind.BROKEN]


def test_an_event_with_two_names_is_judged_by_none() -> None:
    twice = b'event: ping\nevent: pong\ndata: {"type":"ping"}\n\n'
    assert kinds("SSE-006", answered(start(), twice, *REST)) == [Kind.HELD]
    assert kinds("SSE-005", answered(start(), NAMELESS, twice, *REST)) == [Kind.BROKEN]


@pytest.mark.parametrize(
    ("count", "more"), [(1, ""), (2, " (and 1 more events)"), (3, " (and 2 more events)")], ids=str
)
def test_events_without_a_name_are_counted(count: int, more: str) -> None:
    (found,) = told("SSE-005", answered(start(), *[NAMELESS] * count, *REST))
    first = len(answered(start()).body)
    assert (found.kind, found.seen) == (Kind.BROKEN, f"an event without a name{more}")
    assert (found.where.event, found.where.byte) == (1, first)


@pytest.mark.parametrize(
    "answer",
    [answered(PING, headers={"cache-control": None}), answered(status=400, headers={"cache-control": None})],
    ids=["no message", "refused"],
)
def test_what_brings_no_message_may_be_kept(answer: Exchange) -> None:
    assert told("SSE-010", answer) == []


@pytest.mark.parametrize(("value", "seen"), [("max-age=5", "'max-age=5'"), (None, "none")])
def test_what_may_be_kept_is_told(value: Any, seen: str) -> None:
    (found,) = told("SSE-010", answered(headers={"cache-control": value}))
    assert (found.kind, found.seen, found.where.header) == (Kind.BROKEN, seen, "cache-control")


def test_a_message_that_is_an_error_under_200_is_told_once() -> None:
    failed: Data = {"type": "error", "error": {"type": "api_error", "message": "no"}}
    assert broken(run(exchange(failed, STREAM))) == {"RESP-012"}


def test_the_first_of_several_sentinels_is_shown() -> None:
    (found,) = told("SSE-008", answered(start(), *REST, b"event: x\ndata: [DONE]\n\n", b"event: x\ndata: [END]\n\n"))
    assert (found.kind, found.seen) == (Kind.BROKEN, "'[DONE]' (and 1 more events)")
