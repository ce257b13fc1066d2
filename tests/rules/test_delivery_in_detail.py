"""A stream in time, at its bounds: bursts, what stands open behind message_stop, and silence."""

import gzip
from dataclasses import replace
from typing import Any

import pytest
from rule_samples import BLOCK, PING, STOP, Data, broken, ends, own, record, run, start, streamed, terms, text, wire
from test_delivery_rules import LONG, bursts

from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import Chunk, Ending, Exchange, Limit

WHOLE = (start(), *BLOCK, ends(), STOP)


def counted(tokens: object, hidden: int | None = None) -> Exchange:
    """24 deltas within the last of ten seconds, with this output, of which so much was reasoned before."""
    details = {} if hidden is None else {"output_tokens_details": {"thinking_tokens": hidden}}
    first = Chunk(0.1, wire([start(), *BLOCK[:1]]))
    late = [Chunk(9.0, wire([text("x")] * 12)), Chunk(10.0, wire([text("x")] * 12))]
    last = Chunk(10.0, wire([BLOCK[-1], ends(usage={"output_tokens": tokens} | details), STOP]))
    return streamed(sent=LONG, chunks=(first, *late, last))


@pytest.mark.parametrize(
    ("tokens", "hidden", "told"),
    [(5000, None, False), (5001, None, True), (5002, 1, True), (5001, 1, False), (5001, 9, False), ("9999", 0, False)],
)
def test_a_burst_is_faster_than_any_generation(tokens: object, hidden: int | None, told: bool) -> None:
    assert ("SSE-011" in broken(run(counted(tokens, hidden)))) is told


def test_a_profile_without_a_count_of_reasoning_takes_all_output() -> None:
    base = terms()
    unknown = replace(base, profile=replace(base.profile, usage=replace(base.profile.usage, reasoning=None)))
    assert "SSE-011" in broken(run(counted(5001, 9), under=unknown))
    assert "SSE-011" not in broken(run(counted(5000, 9), under=unknown))


@pytest.mark.parametrize(("at", "told"), [(9.0, True), (8.9, False)])
def test_a_burst_comes_in_the_last_tenth(at: float, told: bool) -> None:
    assert ("SSE-011" in broken(run(bursts(0.1, at, 10.0)))) is told


def test_a_burst_begins_in_the_last_tenth() -> None:
    assert "SSE-011" not in broken(run(bursts(0.1, 3.5, 3.7, 4.0, tokens=9999)))


def test_deltas_without_a_message_may_be_held_back_too() -> None:
    assert "SSE-011" in broken(run(streamed(chunks=(Chunk(4.0, wire([text("x")] * 24)),))))


def test_a_coding_hides_when_events_came() -> None:
    packed = gzip.compress(wire([start(), *BLOCK[:1], *[text("x")] * 24, BLOCK[-1], ends(), STOP]), mtime=0)
    coded = streamed(chunks=(Chunk(9.0, packed),), headers={"content-encoding": "gzip"})
    assert not [f for f in own(run(coded)) if f.requirement == "SSE-011"]


@pytest.mark.parametrize("how", [Ending.CLOSED_EARLY, Ending.RESET, Ending.MALFORMED])
def test_what_is_not_framed_to_its_end_is_told(how: Ending) -> None:
    (found,) = [f for f in own(run(streamed(*WHOLE, how=how))) if f.requirement == "SSE-012"]
    assert (found.kind, found.seen) == (Kind.BROKEN, f"{how.value} after message_stop")


def test_a_stream_under_an_error_is_left_open_by_nobody() -> None:
    found = own(run(streamed(*WHOLE, status=400, how=Ending.CUT, limit=Limit.AFTER_STOP)))
    assert not [f for f in found if f.requirement == "SSE-012"]


def silence(
    *events: Data, status: int = 200, attempt: int = 1, limit: Limit = Limit.WHOLE, **more: Any
) -> Finding | None:
    """What is told of a stream that we cut, its events in one chunk after 5 s unless `chunks` says otherwise."""
    chunks = more.pop("chunks", (Chunk(5.0, wire(events)),))
    cut = streamed(chunks=chunks, status=status, how=Ending.CUT, limit=limit, headers=more.pop("headers", None))
    found = own(run(record(1, replace(cut, **more), attempt=attempt)))
    return next((f for f in found if f.kind is Kind.BROKEN and f.seen.startswith("no message_st")), None)


@pytest.mark.parametrize(
    ("events", "requirement", "word"),
    [((), "STRM-001", "message_start"), ((start(),), "STRM-023", "message_stop")],
    ids=["nothing", "a start"],
)
def test_what_never_came_is_told(events: tuple[Data, ...], requirement: str, word: str) -> None:
    found = silence(*events, attempt=2, limit=Limit.BETWEEN_BYTES)
    assert found is not None and (found.requirement, found.expected) == (requirement, word)
    assert found.seen == f"no {word}: silent until our limit {Limit.BETWEEN_BYTES.value}, try 2"
    assert silence(*events, attempt=2, limit=Limit.BETWEEN_BYTES, status=400) is None
    assert silence(*events, limit=Limit.BETWEEN_BYTES, elapsed=99.0) is None


@pytest.mark.parametrize(("elapsed", "told"), [(24.9, False), (25.0, True), (30.0, True)])
def test_twenty_seconds_of_pings_are_a_silence(elapsed: float, told: bool) -> None:
    pings = (Chunk(1.0, wire([start()])), Chunk(5.0, wire(BLOCK[:1])), Chunk(20.0, wire([PING])))
    found = silence(chunks=pings, elapsed=elapsed)
    assert (found is not None) is told
    if found is not None:
        words = f"nothing but pings for the last {elapsed - 5:.0f} s before our limit {Limit.WHOLE.value}"
        assert found.seen == f"no message_stop: {words}"


def test_what_is_no_event_of_a_type_breaks_no_silence() -> None:
    odd = Chunk(20.0, b"event: x\ndata: 5\n\n")
    assert silence(chunks=(Chunk(5.0, wire([start()])), odd), elapsed=25.0) is not None


@pytest.mark.parametrize(("first_byte", "told"), [(None, True), (4.0, True), (6.0, False)])
def test_a_stream_of_pings_is_silent_from_its_first_byte(first_byte: float | None, told: bool) -> None:
    pings = (Chunk(7.0, wire([PING])),)
    assert (silence(chunks=pings, elapsed=25.0, first_byte=first_byte) is not None) is told


@pytest.mark.parametrize(("last", "told"), [(5.0, True), (5.1, False), (24.0, False)])
def test_a_coding_hides_when_the_last_event_came(last: float, told: bool) -> None:
    packed = gzip.compress(wire([start()]), mtime=0)
    chunks = (Chunk(1.0, packed[:20]), Chunk(last, packed[20:]))
    found = silence(chunks=chunks, headers={"content-encoding": "gzip"}, elapsed=25.0, first_byte=1.0)
    assert (found is not None) is told
