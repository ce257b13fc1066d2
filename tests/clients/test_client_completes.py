"""The expectation that clients complete their calls: what it calls broken, held and open, and how it tells it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from client_samples import BUSY, ERROR, FAULTY, FINE, JSON_SAMPLES, Sample, answered, exchange, says, start, streamed

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.run import PLAIN, Expect, Item, Record, Run, Terms
from conformance.rules.cases import judge_case
from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import End, Ending, Exchange, Limit

MESSAGE = JSON_SAMPLES["message"]
NOBODY = MESSAGE.raises
FORCED: dict[str, Any] = {"tool_choice": {"type": "tool", "name": "get_code"}}
REFUSAL = answered(NOBODY, ERROR)
CUT = End(Ending.CUT, Limit.WHOLE)


def judged(answer: Exchange, *others: Exchange, clients: str = "current") -> tuple[Finding, ...]:
    """What a case says whose one request got this answer, between two accepted plain controls, tried three times."""
    control = exchange(MESSAGE, False)
    answers = [(PLAIN, control), ("case", answer), *(("other", other) for other in others), (PLAIN, control)]
    records = tuple(Record(seq, probe, seq, 3, found) for seq, (probe, found) in enumerate(answers))
    item = Item("EQV-004", "case", ("case",), {"*": Expect("client-completes", {"clients": clients})}, PLAIN)
    terms = Terms(
        load_profiles()["anthropic"], load_catalogue(), "2023-06-01", "m-1", frozenset({"streaming", "tools"})
    )
    return judge_case(item, Run(terms, (item,), records))


def verdict(answer: Exchange, *others: Exchange, clients: str = "current") -> Kind:
    kinds = {finding.kind for finding in judged(answer, *others, clients=clients)}
    assert len(kinds) == 1
    return kinds.pop()


def refused(status: int | None, **sent: Any) -> Exchange:
    return exchange(REFUSAL, False, status=status, **sent)


def otherwise(answer: Exchange) -> Exchange:
    """The same under other request headers."""
    return replace(answer, request=replace(answer.request, headers=(("User-Agent", "other"),)))


@pytest.mark.parametrize("clients", ["current", "legacy"])
@pytest.mark.parametrize("name", FINE)
def test_what_is_legal_is_held(name: str, clients: str) -> None:
    assert verdict(exchange(FINE[name], True), clients=clients) is Kind.HELD


@pytest.mark.parametrize("status", [201, 200])
def test_clients_take_every_success(status: int) -> None:
    assert verdict(exchange(MESSAGE, False, status=status)) is Kind.HELD


NO_ANSWER = Sample(b"", NOBODY)
#: An answer, and what a finding says of it.
TOLD = {
    "400": (
        refused(400),
        "status 400, on which Python 2 raises BadRequestError and TypeScript 1 raises BadRequestError",
    ),
    "401": (refused(401), "status 401, on which Python 2 raises AuthenticationError"),
    "418": (refused(418), "raises APIStatusError"),
    "500": (refused(500), "raises InternalServerError"),
    "503 three times": (refused(503), "raises InternalServerError"),
    "no HTTP": (exchange(NO_ANSWER, False, status=None, end=End(Ending.MALFORMED)), "raises APIConnectionError"),
    "reset": (exchange(NO_ANSWER, False, status=None, end=End(Ending.RESET)), "raises APIConnectionError"),
    "text": (exchange(JSON_SAMPLES["text/plain"], False), "on which TypeScript 1 raises TypeError"),
    "usage": (
        exchange(FAULTY["delta usage null"], True),
        "nothing or null, on which Python 2 raises AttributeError and",
    ),
    "index": (exchange(FAULTY["first index 1"], True), "index 1 after 1 block(s), on which Python 2 raises IndexError"),
}


@pytest.mark.parametrize(("answer", "seen"), TOLD.values(), ids=TOLD.keys())
def test_a_finding_tells_who_raises_what(answer: Exchange, seen: str) -> None:
    (finding,) = judged(answer)
    assert finding.kind is Kind.BROKEN
    assert seen in finding.seen
    assert finding.expected


def test_a_finding_tells_where() -> None:
    (finding,) = judged(exchange(FAULTY["delta usage null"], True))
    assert str(finding.where) == "exchange 1, event 5, /usage"
    assert finding.expected == "message_delta with usage as an object"


def test_clients_that_raise_for_different_reasons_are_told_apart() -> None:
    found = judged(exchange(FAULTY["late message_start"], True))
    assert [finding.expected for finding in found] == [
        "the index of a block that has started, counted from 0",
    ]
    found = judged(exchange(FAULTY["first index 1"], True, end=End(Ending.CLOSED_EARLY)))
    assert [finding.expected for finding in found] == [
        "the index of a block that has started, counted from 0",
        "a body that ends as its framing announces",
    ]


def test_a_case_speaks_for_the_clients_of_its_headers() -> None:
    named = exchange(FAULTY["every event named message"], True)
    assert verdict(named, clients="current") is Kind.HELD
    assert verdict(named, clients="legacy") is Kind.BROKEN


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_tool_call_is_open_until_one_was_served(status: int) -> None:
    mine, served = refused(status, **FORCED), exchange(MESSAGE, False, **FORCED)
    assert verdict(mine) is Kind.UNJUDGED
    assert verdict(mine, otherwise(exchange(MESSAGE, False))) is Kind.UNJUDGED
    assert verdict(mine, served) is Kind.UNJUDGED  # the same headers: it is not they that were refused
    assert verdict(mine, otherwise(refused(400, **FORCED))) is Kind.UNJUDGED
    assert verdict(mine, otherwise(served)) is Kind.BROKEN
    assert verdict(refused(405, **FORCED)) is Kind.BROKEN
    assert verdict(refused(status, tool_choice={"type": "auto"})) is Kind.BROKEN


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_time"}])
def test_another_call_that_was_served_says_nothing_of_a_refused_one(choice: dict[str, Any]) -> None:
    other = otherwise(exchange(MESSAGE, False, tool_choice=choice))
    assert verdict(refused(400, **FORCED), other) is Kind.UNJUDGED
    assert verdict(refused(400, tool_choice=choice), other) is Kind.BROKEN


@pytest.mark.parametrize("stream", [True, False])
def test_the_same_call_counts_in_either_mode(stream: bool) -> None:
    served = otherwise(exchange(FINE["plain"] if stream else MESSAGE, stream, **FORCED))
    for mine in (exchange(REFUSAL, False, status=400, **FORCED), exchange(REFUSAL, True, status=400, **FORCED)):
        assert verdict(mine, served) is Kind.BROKEN


@pytest.mark.parametrize("status", [307, 409, 429, 529])
def test_what_clients_wait_for_or_follow_is_open(status: int) -> None:
    assert verdict(refused(status)) is Kind.UNJUDGED


@pytest.mark.parametrize("kind", ["overloaded_error", "rate_limit_error", "api_error", "timeout_error"])
def test_a_momentary_failure_inside_a_stream_is_open(kind: str) -> None:
    failure = {"type": "error", "error": BUSY["error"] | {"type": kind}}
    assert verdict(exchange(streamed(NOBODY, start(), failure), True)) is Kind.UNJUDGED


@pytest.mark.parametrize("failure", [{"type": "error"}, {"type": "error", "error": 5}, b"event: error\ndata: no\n\n"])
def test_the_shape_of_a_failure_is_the_business_of_another(failure: Any) -> None:
    assert verdict(exchange(streamed(NOBODY, start(), failure), True)) is Kind.UNJUDGED


def test_after_a_failure_without_a_name_nothing_is_missing() -> None:
    assert verdict(exchange(FAULTY["unnamed error"], True)) is Kind.UNJUDGED
    assert verdict(exchange(FAULTY["no message_stop"], True)) is Kind.BROKEN


def test_a_refusal_inside_a_stream_is_broken() -> None:
    assert verdict(exchange(FAULTY["refused in the stream"], True)) is Kind.BROKEN


def test_a_fault_before_a_momentary_failure_is_broken() -> None:
    assert verdict(exchange(streamed(NOBODY, start(usage=5, content=None), BUSY), True)) is Kind.BROKEN


def test_what_we_stopped_reading_is_open_unless_a_fault_came_first() -> None:
    whole = FINE["plain"]
    half = Sample(whole.body[: len(whole.body) // 2], NOBODY)
    assert verdict(exchange(half, True, end=CUT)) is Kind.UNJUDGED
    assert verdict(exchange(whole, True, end=CUT)) is Kind.HELD
    assert verdict(exchange(streamed(NOBODY, start(), says()), True, end=CUT)) is Kind.BROKEN
    json_half = Sample(MESSAGE.body[:20], NOBODY, MESSAGE.content_type)
    assert verdict(exchange(json_half, False, end=CUT)) is Kind.UNJUDGED
    assert verdict(exchange(MESSAGE, False, end=CUT)) is Kind.UNJUDGED


def test_an_error_under_status_200_is_the_business_of_another() -> None:
    assert verdict(exchange(REFUSAL, False)) is Kind.UNJUDGED


def test_findings_can_be_written_down() -> None:
    told = [finding.seen for sample in FAULTY.values() for finding in judged(exchange(sample, True), clients="legacy")]
    assert json.loads(json.dumps(told)) == told
