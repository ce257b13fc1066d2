"""Expectations about several answers: what they share, and what tells them apart."""

from dataclasses import replace
from typing import Any

import pytest
from expectation_samples import exchange, expect, failed, judged, kinds, said, told

from conformance.rules.findings import Kind
from conformance.wire.exchange import End, Ending, Exchange, Headers

HELD, BROKEN, NOTE, OPEN = {Kind.HELD}, {Kind.BROKEN}, {Kind.NOTE}, {Kind.UNJUDGED}


def costing(tokens: Any, **more: Any) -> Exchange:
    """A message whose usage reports this input."""
    return said(usage={"input_tokens": tokens, "output_tokens": 2, **more})


@pytest.mark.parametrize(
    ("few", "many", "found"),
    [
        (costing(10), costing(400), HELD),
        (costing(10), told(usage={"input_tokens": 11, "output_tokens": 1}), HELD),
        (costing(10), costing(10), BROKEN),
        (costing(10), costing(2, cache_read_input_tokens=50), HELD),
        (costing(10), costing(2, cache_read_input_tokens=None), BROKEN),
        (costing(10), costing("400"), OPEN),
        (costing(10), said(usage=None), OPEN),
        (costing(10), failed(413), OPEN),
    ],
)
def test_more_input_costs_more(few: Exchange, many: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("more-input-tokens"), few, many) == found


def test_much_more_input_costs_much_more() -> None:
    assert kinds(expect("more-input-tokens", {"least": 60}), costing(10), costing(70)) == HELD
    (finding,) = judged(expect("more-input-tokens", {"least": 60}), costing(10), costing(69))
    assert (finding.kind, finding.expected) == (Kind.BROKEN, "more input tokens for more input, at least 60")


@pytest.mark.parametrize("profile", ["myrouter", "anthropic"])
@pytest.mark.parametrize("name", ["cache_read_tokens", "cache_read_input_tokens"])
def test_cache_counts_belong_to_the_input_whichever_names_they_have(profile: str, name: str) -> None:
    read = costing(2, **{name: 50})
    assert kinds(expect("more-input-tokens"), costing(10), read, profile=profile) == HELD
    assert kinds(expect("same-input-tokens"), costing(52), read, profile=profile) == HELD


@pytest.mark.parametrize(
    ("profile", "fresh", "found"),
    [("myrouter", 110, HELD), ("myrouter", 100, BROKEN), ("myrouter", 90, BROKEN), ("anthropic", 110, BROKEN)],
)
def test_more_input_may_be_told_beside_a_shorter_prompt_that_was_cached(
    profile: str, fresh: int, found: set[Kind]
) -> None:
    short = costing(100, cache_read_tokens=96)
    assert kinds(expect("more-input-tokens"), short, costing(fresh), profile=profile) == found


@pytest.mark.parametrize(
    ("args", "counts", "found"),
    [
        ({}, (100, 100, 100), HELD),
        ({}, (100, 101, 100), BROKEN),
        ({"tolerance": 0.02}, (100, 101, 100), HELD | NOTE),
        ({"tolerance": 0.02}, (100, 120, 100), BROKEN),
        ({"noted": True}, (100, 900, 100), HELD | NOTE),
        ({}, (100, None, 100), OPEN),
    ],
)
def test_the_same_input_costs_the_same(args: dict[str, Any], counts: tuple[Any, ...], found: set[Kind]) -> None:
    assert kinds(expect("same-input-tokens", args), *map(costing, counts)) == found


@pytest.mark.parametrize(
    ("args", "fresh", "found"),
    [
        ({}, 100, BROKEN),
        ({}, 10, HELD),
        ({"inclusive": True}, 100, HELD),
        ({"inclusive": True}, 10, HELD),
        ({"inclusive": True}, 60, BROKEN),
        ({"inclusive": True, "tolerance": 0.02}, 101, HELD | NOTE),
        ({"inclusive": True}, None, OPEN),
    ],
)
def test_input_may_hold_what_was_read_from_the_cache(args: dict[str, Any], fresh: Any, found: set[Kind]) -> None:
    read = costing(fresh, cache_read_tokens=90)
    assert kinds(expect("same-input-tokens", args), costing(100), read, profile="myrouter") == found


@pytest.mark.parametrize(
    ("streamed", "found"),
    [
        (told(), HELD),
        (told(model="other"), HELD | BROKEN),
        (told(usage={"input_tokens": 5, "output_tokens": 1}), HELD | BROKEN),
        (told(usage={}), HELD | OPEN),
        (failed(400), OPEN),
    ],
)
def test_a_stream_names_the_same_model_and_input(streamed: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("same-model-and-usage"), said(), streamed) == found


@pytest.mark.parametrize(
    ("streamed", "found"),
    [
        (told("one", stop_reason="max_tokens"), HELD),
        (told("one", stop_reason="end_turn"), BROKEN),
        (told("I", stop_reason="end_turn"), OPEN),
        (told("one", stop_reason=None), OPEN),
        (told("one", stop_reason="length"), OPEN),
        (told("one", stop_reason={}), OPEN),
        (failed(400), OPEN),
    ],
)
def test_a_stream_ends_for_the_same_reason(streamed: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("same-stop-reason"), said("one", stop_reason="max_tokens"), streamed) == found


@pytest.mark.parametrize("word", ["length", None, [], {}])
def test_two_words_that_the_contract_does_not_know_are_not_called_the_same(word: Any) -> None:
    same = expect("same-stop-reason")
    assert kinds(same, said("one", stop_reason=word), told("one", stop_reason=word)) == OPEN


def numbered(message_id: Any, request_id: str = "") -> Exchange:
    """A message under these ids."""
    return said(headers=(("request-id", request_id),) if request_id else (), id=message_id)


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((numbered("a", "1"), numbered("b", "2")), HELD),
        ((numbered("a"), numbered("b")), HELD),
        ((numbered("a", "1"), numbered("a", "2")), HELD | BROKEN),
        ((numbered("a", "1"), numbered("b", "1")), HELD | BROKEN),
        ((numbered("a"), failed(500)), BROKEN),
        ((numbered(None), numbered(None)), OPEN),
        ((numbered("a"), failed(429)), OPEN),
    ],
)
def test_ids_are_distinct(answers: tuple[Exchange, ...], found: set[Kind]) -> None:
    assert kinds(expect("distinct-ids", {"request_ids": True}), answers) == found


def marked(marker: str, text: str, **more: Any) -> Exchange:
    """A request whose prompt ends in a marker, and its answer."""
    return said(text, {"messages": [{"role": "user", "content": f"Say {marker}"}]}, **more)


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((marked("aa1", "aa1"), marked("bb2", "bb2"), marked("cc3", "cc3")), HELD),
        ((marked("aa1", "no"), marked("bb2", "no"), marked("cc3", "no")), HELD),
        ((marked("aa1", "aa1"), marked("bb2", "aa1 bb2"), marked("cc3", "cc3")), HELD | BROKEN),
        ((marked("aa1", "aa1"), marked("bb2", "ok", model="cc3"), marked("cc3", "cc3")), HELD | BROKEN),
        ((marked("aa1", "aa1"), marked("bb2", "aa1"), failed(400)), OPEN),
        ((marked("aa1", "aa1"), marked("bb2", "bb2"), failed(500)), OPEN),
        ((marked("aa1", "aa1"), marked("bb2", "bb2"), marked("cc3", "cc3"), failed(500)), HELD),
        ((marked("aa1", "aa1"), marked("bb2", "aa1"), marked("cc3", "cc3"), failed(500)), HELD | BROKEN),
    ],
)
def test_nothing_leaks_between_requests(answers: tuple[Exchange, ...], found: set[Kind]) -> None:
    assert kinds(expect("no-crosstalk"), answers) == found


def test_a_marker_split_over_deltas_is_found() -> None:
    ask = {"messages": [{"role": "user", "content": "Say bb2"}]}
    leaking = (marked("aa1", "aa1"), told("aa1", ask), marked("cc3", "cc3"))
    assert kinds(expect("no-crosstalk"), leaking) == HELD | BROKEN


LEFT = told(end=End(Ending.HUNG_UP))


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((LEFT, LEFT, said(), said()), HELD),
        ((LEFT, LEFT, said(), failed(500)), BROKEN),
        ((told(), told(), said(), said()), OPEN),
        ((LEFT, LEFT, said(), failed(529)), OPEN),
    ],
)
def test_abandoned_streams_harm_nobody(answers: tuple[Exchange, ...], found: set[Kind]) -> None:
    assert kinds(expect("after-hang-up", {"then": 2}), answers) == found


LENGTH = (("Content-Length", "0"),)
CLOSING = (*LENGTH, ("Connection", "close"))
KEEPING = (*LENGTH, ("Connection", "Keep-Alive"))
EARLY = End(Ending.CLOSED_EARLY)


def over(connection: str, status: int | None = 200, headers: Headers = LENGTH, **more: Any) -> Exchange:
    """An answer over the named connection."""
    return exchange(status, headers=headers, connection=connection, **more)


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((over("1"), over("1", 400), over("1")), HELD),
        ((over("1"), over("1", 400, CLOSING), over("2")), HELD),
        ((over("1"), over("1", 400, ()), over("2")), HELD),
        ((over("1"), over("1", 400, version="1.0"), over("2")), HELD),
        ((over("1"), over("1", 400, KEEPING, version="1.0"), over("2")), HELD | BROKEN),
        ((over("1"), over("1", 400), over("2")), HELD | BROKEN),
        ((over("1"), over("1", 400), over("1", 400)), HELD | BROKEN),
        ((over("1"), over("1", 400), over("1", None, end=End(Ending.MALFORMED))), HELD | BROKEN),
        ((over("1"), over("1", 400), over("1", 429)), OPEN),
        ((over("1", body=b"{}", end=EARLY), over("2", 400), over("2")), HELD | BROKEN),
        ((over("1", body=b'{"a', end=EARLY), over("2", 400), over("2")), HELD),
        ((over("1", body=b"{}", end=End(Ending.RESET)), over("2", 400), over("2")), HELD),
    ],
)
def test_a_connection_stays_usable(answers: tuple[Exchange, ...], found: set[Kind]) -> None:
    assert kinds(expect("keeps-connection"), answers) == found


@pytest.mark.parametrize(
    ("usual", "took", "found"),
    [(0.1, 9.9, HELD), (0.1, 10.1, HELD | BROKEN), (3.0, 14.9, HELD), (3.0, 15.1, HELD | BROKEN)],
)
def test_an_answer_after_abandoned_streams_takes_no_longer_than_ever(
    usual: float, took: float, found: set[Kind]
) -> None:
    left, late = replace(LEFT, elapsed=0.2), replace(said(), elapsed=took)
    control = replace(said(), elapsed=usual)
    assert kinds(expect("after-hang-up", {"then": 1}), (left, late), control=control) == found
