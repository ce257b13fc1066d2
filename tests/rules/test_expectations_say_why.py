"""What an expectation says beside its verdict: why a case is left open, and of which exchange it speaks."""

import json
from typing import Any

import pytest
from expectation_samples import JSON, exchange, expect, failed, judged, said, told

from conformance.rules.findings import Kind
from conformance.wire.exchange import End, Ending, Exchange

OPEN, HELD, BROKEN = Kind.UNJUDGED, Kind.HELD, Kind.BROKEN
CODED = (("Content-Encoding", "gzip"),)
STREAM = (("Content-Type", "text/event-stream"),)
CALL = {"type": "tool_use", "id": "t_1", "name": "a", "input": {"n": 1}}
TOOLS = {"tools": [{"name": "a", "input_schema": {}}]}
ODD = said(content=[{"type": None}])


def garbled(status: int = 200) -> Exchange:
    return exchange(status, b"plain", JSON + CODED)


@pytest.mark.parametrize(
    ("name", "args", "answer", "seen"),
    [
        ("image", {}, failed(400), "vision is claimed, but status 400: this model may not see"),
        ("counted", {}, garbled(), "the content coding is broken, which is a fault of its own (HDR-011)"),
        ("lists-models", {}, garbled(), "the content coding is broken, which is a fault of its own (HDR-011)"),
        ("zero-max-tokens", {}, garbled(), "the body does not keep its content coding (HDR-011)"),
        ("no-such-surface", {}, garbled(404), "the content coding is broken, which is a fault of its own (HDR-011)"),
        ("zero-max-tokens", {}, failed(404), "status 404 says nothing about this request"),
        ("refusal-status", {"ok": 400}, said(), "status 200: no refusal of the body"),
        ("restricted", {}, failed(404), "status 404, error.type 'invalid_request_error': not about permission"),
        ("calls-no-tool", {}, failed(400), "no message to judge: status 400"),
        ("calls-no-tool", {}, ODD, "a block of which nobody can say what it is: {'type': None}"),
    ],
)
def test_why_a_case_is_left_open(name: str, args: dict[str, Any], answer: Exchange, seen: str) -> None:
    (finding,) = judged(expect(name, args), answer)
    assert (finding.kind, finding.seen, finding.where.exchange) == (OPEN, seen, 1)


@pytest.mark.parametrize(
    ("probes", "seen"),
    [
        ((failed(400), said()), "no count to compare: status 400"),
        (
            (exchange(body=b'{"input_tokens":5}'), said(usage={})),
            "the message has no count of input tokens to compare with",
        ),
        (
            (exchange(body=b'{"input_tokens":5}'), said(usage={"input_tokens": 0})),
            "the message has no count of input tokens to compare with",
        ),
    ],
    ids=["no count", "no usage", "no input"],
)
def test_why_counts_are_not_compared(probes: tuple[Exchange, ...], seen: str) -> None:
    (finding,) = judged(expect("counts-like-usage"), *probes)
    assert (finding.kind, finding.seen) == (OPEN, seen)


def counted(tokens: int) -> Exchange:
    return exchange(body=json.dumps({"input_tokens": tokens}).encode())


def test_the_smallest_counts_are_compared() -> None:
    (finding,) = judged(expect("counts-like-usage"), counted(1), said(usage={"input_tokens": 1}))
    assert (finding.kind, finding.where.pointer, finding.where.exchange) == (HELD, "/input_tokens", 1)
    (far,) = judged(expect("counts-like-usage"), counted(99), said(usage={"input_tokens": 1}))
    assert (far.kind, far.where.pointer) == (BROKEN, "/input_tokens")
    again = ((failed(503), counted(9)), (said(usage={"input_tokens": 900}), said(usage={"input_tokens": 9})))
    assert [f.kind for f in judged(expect("counts-like-usage"), *again)] == [HELD]


@pytest.mark.parametrize(("tokens", "kind"), [(1, HELD), (0, BROKEN)])
def test_one_token_is_a_count(tokens: int, kind: Kind) -> None:
    assert [f.kind for f in judged(expect("counted"), counted(tokens))] == [kind]


def test_every_try_of_a_count_is_judged() -> None:
    found = judged(expect("counted"), (garbled(), exchange(body=b"[]")))
    assert [(f.kind, f.where.exchange) for f in found] == [(OPEN, 1), (BROKEN, 2)]
    assert found[1].seen == "status 200, b'[]'"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("image", {}),
        ("counted", {}),
        ("no-such-surface", {}),
        ("restricted", {}),
        ("same-status", {}),
        ("lists-models", {}),
        ("accepts-choice", {}),
        ("too-long", {}),
        ("calls-no-tool", {}),
    ],
)
def test_the_last_probe_is_the_question(name: str, args: dict[str, Any]) -> None:
    assert {f.where.exchange for f in judged(expect(name, args), said(), said())} == {2}
    assert {f.where.exchange for f in judged(expect(name, args), said(), failed(418))} == {2}


def test_the_last_wording_is_judged() -> None:
    for name in ("calls-no-tool", "lists-models", "same-status"):
        found = judged(expect(name), (said(), said()))
        assert {f.where.exchange for f in found} == {2}, name


def test_betas_that_are_not_accepted_alone_are_named() -> None:
    (finding,) = judged(expect("same-status"), failed(400), said())
    assert (finding.kind, finding.seen) == (OPEN, "the operator's betas are not accepted alone: status 400")
    rows = judged(expect("same-status"), (failed(400), said()), said())
    assert [f.kind for f in rows] == [HELD]


def test_a_large_body_is_followed_by_a_plain_request() -> None:
    twice = judged(expect("survives-large-body"), (said(), said()), (failed(413), said()))
    assert [(f.kind, f.where.exchange) for f in twice] == [(HELD, 3), (HELD, 4)]


@pytest.mark.parametrize(
    ("code", "kind"), [(199, BROKEN), (200, HELD), (299, HELD), (300, BROKEN), (399, BROKEN), (400, HELD), (499, HELD)]
)
def test_answers_that_are_no_failure(code: int, kind: Kind) -> None:
    assert [f.kind for f in judged(expect("never-5xx"), exchange(code))] == [kind]


@pytest.mark.parametrize(
    ("code", "noted", "kinds"),
    [(500, [], [BROKEN]), (501, [], [BROKEN]), (500, [501], [BROKEN]), (422, [422], [Kind.NOTE, HELD])],
)
def test_a_failure_of_the_server_is_none_of_a_client(code: int, noted: list[int], kinds: list[Kind]) -> None:
    assert [f.kind for f in judged(expect("never-5xx", {"noted": noted}), exchange(code))] == kinds


@pytest.mark.parametrize(("code", "kinds"), [(499, [HELD, HELD]), (500, [BROKEN, HELD])])
def test_a_head_below_500_is_answered(code: int, kinds: list[Kind]) -> None:
    assert [f.kind for f in judged(expect("no-head-body"), exchange(code))] == kinds


def test_every_byte_behind_a_head_is_counted() -> None:
    found = judged(expect("no-head-body"), exchange(200, b"ab", surplus=b"ab"))
    assert [(f.kind, f.seen) for f in found] == [(HELD, ""), (BROKEN, "4 bytes")]


@pytest.mark.parametrize(
    ("code", "kind"), [(299, BROKEN), (300, OPEN), (301, OPEN), (404, BROKEN), (499, OPEN), (500, BROKEN)]
)
def test_what_does_not_tell_of_a_surface(code: int, kind: Kind) -> None:
    assert [f.kind for f in judged(expect("no-such-surface"), exchange(code, b"{}"))] == [kind]


@pytest.mark.parametrize(("code", "kind"), [(399, OPEN), (400, HELD), (500, BROKEN)])
def test_where_a_large_body_is_refused(code: int, kind: Kind) -> None:
    assert judged(expect("survives-large-body"), (exchange(code), said()))[0].kind is kind


def test_a_stream_is_judged_beside_its_own_control_alone() -> None:
    (finding,) = judged(expect("streamed"), told(), stream=(told(),))
    assert finding.kind is HELD
    (other,) = judged(expect("streamed"), told())
    assert other.kind is HELD
    shown = judged(expect("streamed"), exchange(400, b"", STREAM), stream=(told(),))
    assert [(f.kind, f.seen) for f in shown] == [(BROKEN, "status 400, text/event-stream")]
    bare = judged(expect("streamed"), exchange(200, b"", ()), stream=(told(),))
    assert [f.seen for f in bare] == ["status 200, no media type"]


@pytest.mark.parametrize(
    ("ok", "answer", "kind", "expected"),
    [
        ([400], said(), BROKEN, "status 400 and no event stream"),
        ([400, 413], failed(500), BROKEN, "status 400 or 413 and no event stream"),
        ([], failed(500), OPEN, ""),
        ([], failed(400), HELD, ""),
        ([], told(), OPEN, ""),
        (
            [],
            exchange(500, b"", (("Content-Type", "text/event-stream"),)),
            BROKEN,
            "a client error and no event stream",
        ),
    ],
    ids=["served", "failed", "failed and free", "refused", "a stream", "a failed stream"],
)
def test_an_error_comes_before_a_stream(ok: list[int], answer: Exchange, kind: Kind, expected: str) -> None:
    (finding,) = judged(expect("error-before-stream", {"ok": ok}), answer)
    assert (finding.kind, finding.expected) == (kind, expected)


@pytest.mark.parametrize("how", [Ending.RESET, Ending.CLOSED_EARLY])
def test_a_status_counts_though_the_connection_was_closed(how: Ending) -> None:
    closed = failed(400, end=End(how))
    assert judged(expect("too-long"), closed)[0].kind is HELD
    assert judged(expect("survives-large-body"), (closed, said()))[0].kind is HELD


def test_a_body_that_nobody_can_read_says_no_more_than_its_status() -> None:
    (finding,) = judged(expect("no-such-surface"), garbled())
    assert (finding.kind, finding.expected) == (BROKEN, "404, 405 or 501 in the error envelope")
