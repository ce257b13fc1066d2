"""Expectations about several requests at once or behind one another: ids, markers, hang-ups, connections."""

import json
from typing import Any

import pytest
from expectation_samples import exchange, expect, failed, judged, message, said

from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import End, Ending, Exchange

OPEN, HELD, BROKEN = Kind.UNJUDGED, Kind.HELD, Kind.BROKEN
FRAMED = (("Content-Type", "application/json"), ("Content-Length", "9"))
STREAM = ("Content-Type", "text/event-stream")
CHUNKED = (("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"))
LEFT = exchange(200, end=End(Ending.HUNG_UP))
SILENT = exchange(None, end=End(Ending.NO_ANSWER))


def told(name: str, *answers: Exchange, control: Exchange | None = None, **args: Any) -> list[Finding]:
    return list(judged(expect(name, args), answers, control=control))


def kinds(name: str, *answers: Exchange, control: Exchange | None = None, **args: Any) -> list[Kind]:
    return [f.kind for f in told(name, *answers, control=control, **args)]


def test_ids_are_compared_where_there_are_two() -> None:
    assert kinds("distinct-ids", said(), said(id="msg_2")) == [HELD]
    assert kinds("distinct-ids", said(), said()) == [BROKEN]
    assert [f.seen for f in told("distinct-ids", said())] == ["sent, but there was nothing to see"]
    found = told("distinct-ids", said(), failed(400))
    assert [(f.kind, f.seen, f.where.exchange) for f in found] == [(BROKEN, "status 400", 2)]


def asked(*contents: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content} for content in contents]}


def test_a_marker_is_the_last_word_of_the_last_turn() -> None:
    sent = [asked("x m1"), asked("m0", "x m2"), asked("x m3")]
    good = [said(f"here is m{number}", one) for number, one in enumerate(sent, start=1)]
    assert kinds("no-crosstalk", *good) == [HELD, HELD, HELD]
    strange = told("no-crosstalk", said("m2", sent[0]), *good[1:])
    assert [(f.kind, f.where.exchange) for f in strange] == [(BROKEN, 1), (HELD, 2), (HELD, 3)]
    assert strange[0].seen == "the marker of another request: ['m2']"
    assert kinds("no-crosstalk", said("m0", sent[0]), *good[1:]) == [HELD, HELD, HELD]


@pytest.mark.parametrize("sent", [{"messages": "x m9"}, {"messages": []}, {"messages": {"a": 1}}, {}, None], ids=str)
def test_a_request_without_turns_has_no_marker(sent: Any) -> None:
    answers = [said("m9", sent), said("m9", asked("m1")), said("m9", asked("m2"))]
    assert kinds("no-crosstalk", *answers) == [HELD, HELD, HELD]


def test_a_marker_is_seen_behind_escapes() -> None:
    answers = [said("m\u00e9", asked("m1")), said("x", asked("m\u00e9")), said("x", asked("m2"))]
    assert "m\u00e9".encode() not in answers[0].body
    assert kinds("no-crosstalk", *answers) == [BROKEN, HELD, HELD]
    hidden = exchange(body=json.dumps(message(), ensure_ascii=False)[:-1].encode() + b',"x":"m2"}', sent=asked("m1"))
    assert kinds("no-crosstalk", hidden, *answers[1:]) == [BROKEN, HELD, HELD]


def test_too_few_parallel_answers_say_nothing() -> None:
    (finding,) = told("no-crosstalk", said(), said(), failed(400))
    assert (finding.kind, finding.seen) == (OPEN, "only 2 of 3 parallel requests were served")


def test_without_an_abandoned_stream_nothing_follows_one() -> None:
    (finding,) = told("after-hang-up", said(), said(), then=1)
    assert (finding.kind, finding.seen) == (OPEN, "no stream was left in the middle")


@pytest.mark.parametrize(
    ("usual", "took", "kind"),
    [(0.0, 10.0, HELD), (0.0, 10.1, BROKEN), (1.0, 10.0, HELD), (4.0, 20.0, HELD), (4.0, 20.1, BROKEN)],
)
def test_an_answer_after_a_hang_up_is_as_fast_as_ever(usual: float, took: float, kind: Kind) -> None:
    control = exchange(body=json.dumps(message()).encode(), elapsed=usual)
    then = exchange(body=json.dumps(message()).encode(), elapsed=took)
    found = judged(expect("after-hang-up", {"then": 1}), (LEFT, then), control=control, after=said())
    assert [f.kind for f in found] == [HELD, kind]


def kept(*connections: str, pause: float = 0.1, **more: Any) -> list[Exchange]:
    """Answers over these connections, each sent so long after the end of the one before, which took a second."""
    body = more.pop("body", b"{}")
    more = {"headers": FRAMED} | more
    times = [10.0 + number * (1.0 + pause) for number in range(len(connections))]
    pairs = zip(connections, times, strict=True)
    return [exchange(200, body, connection=name, began=at, elapsed=1.0, **more) for name, at in pairs]


def changed(*answers: Exchange) -> list[Finding]:
    """What is told of the connections themselves."""
    return [f for f in told("keeps-connection", *answers) if "connection kept" in f.expected or f.where.header]


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (kept("a", "a"), [HELD]),
        (kept("a", "b"), [BROKEN]),
        (kept("a", "b", headers=CHUNKED), [BROKEN]),
        (kept("a", "b", headers=()), []),
        (kept("a", "b", pause=0.39), [BROKEN]),
        (kept("a", "b", pause=0.41), []),
        (kept("a", "b", pause=1.5), []),
        (kept("a", "b", end=End(Ending.RESET)), []),
        (kept("a", "b", end=End(Ending.CLOSED_EARLY)), [BROKEN]),
        (kept("a", "b", end=End(Ending.CLOSED_EARLY), headers=(STREAM, *FRAMED[1:])), []),
        (kept("a", "b", version="1.0"), []),
    ],
    ids=["kept", "left", "left, chunked", "unframed", "soon", "late", "later", "reset", "short", "short stream", "1.0"],
)
def test_a_connection_is_kept_or_its_close_is_told(answers: list[Exchange], outcome: list[Kind]) -> None:
    found = changed(*answers)
    assert [f.kind for f in found] == outcome
    assert all((f.where.header, f.where.exchange) == ("connection", 1) for f in found)


@pytest.mark.parametrize(("began", "told_of"), [(0.3, True), (0.4, False), (0.5, False)])
def test_a_pause_ends_what_is_at_once(began: float, told_of: bool) -> None:
    first = exchange(200, b"{}", FRAMED, connection="a")
    assert bool(changed(first, exchange(200, b"{}", FRAMED, connection="b", began=began))) is told_of


def test_every_request_on_a_connection_is_answered() -> None:
    found = told("keeps-connection", SILENT, said())
    assert [(f.kind, f.where.exchange) for f in found[:2]] == [(BROKEN, 1), (HELD, 2)]
    assert found[0].seen == "no answer (no-answer)"


def test_a_head_without_an_answer_is_broken() -> None:
    found = judged(expect("no-head-body"), SILENT)
    assert [f.kind for f in found] == [BROKEN, HELD]


def test_one_model_is_the_same_as_itself() -> None:
    assert kinds("same-model-and-usage", said()) == [HELD, HELD]
