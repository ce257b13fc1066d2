"""What the grammar of events says of a stream beside its breaches: what held, where, what a server tool explains."""

import pytest
from rule_samples import (
    BLOCK,
    PING,
    SENT,
    STOP,
    USAGE,
    Data,
    broken,
    closes,
    delta,
    ends,
    exchange,
    held,
    noted,
    opens,
    own,
    run,
    start,
    streamed,
    text,
    wire,
)

from conformance.rules.findings import Kind, Where

SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def test_what_is_broken_does_not_hold() -> None:
    found = run(streamed(start(), opens(), text("po"), delta(0, "text_delta", text=5), closes(), ends(), STOP))
    assert ("STRM-013" in broken(found), "STRM-013" in held(found)) == (True, False)


def test_a_note_does_not_undo_what_held() -> None:
    found = run(streamed(start(), opens(), text("pong"), delta(0, "shiny_delta"), closes(), ends(), STOP))
    assert ("STRM-012" in noted(found), "STRM-012" in held(found), broken(found)) == (True, True, set())


def place_of(requirement: str, *events: Data | bytes) -> list[Where]:
    found = own(run(streamed(*events)))
    return [f.where for f in found if f.requirement == requirement and f.kind is Kind.BROKEN]


def test_a_breach_is_placed_by_event_and_byte() -> None:
    first = place_of("STRM-003", start(id=5), *BLOCK, ends(), STOP)
    assert first == [Where(1, "/message/id", 0, 0)]
    later = place_of("STRM-003", PING, start(id=5), *BLOCK, ends(), STOP)
    assert later == [Where(1, "/message/id", 1, len(wire([PING])))]
    never = place_of("STRM-023", start(), *BLOCK, ends())
    assert never == [Where(1)]


def test_a_server_tool_explains_blocks_in_a_start_alone() -> None:
    opening = start(id=5, content=[{"type": "text", "text": "pong"}])
    found = run(streamed(opening, ends(), STOP, sent=SENT | {"tools": [SEARCH]}))
    assert ("STRM-003" in broken(found), "STRM-004" in broken(found)) == (True, False)


@pytest.mark.parametrize("block", ["text", None, 5, []], ids=str)
def test_what_is_no_block_is_not_explained_by_a_server_tool(block: object) -> None:
    found = run(streamed(start(content=[block]), ends(), STOP, sent=SENT | {"tools": [SEARCH]}))
    assert ("STRM-004" in broken(found), "STRM-004" in noted(found)) == (True, False)


@pytest.mark.parametrize(("count", "kind"), [(0, Kind.BROKEN), (1, Kind.HELD)])
@pytest.mark.parametrize("before", [(), (PING,)], ids=["first", "after a ping"])
def test_the_input_of_a_stream_is_counted_in_its_start(count: int, kind: Kind, before: tuple[Data, ...]) -> None:
    found = own(run(streamed(*before, start(usage=USAGE | {"input_tokens": count}), *BLOCK, ends(), STOP)))
    told = [(f.kind, f.where) for f in found if f.requirement == "STRM-007"]
    assert told == [(kind, Where(1, "/message/usage", len(before), len(wire(before))))]


def test_a_stream_under_an_error_counts_nothing() -> None:
    body = wire([start(usage=USAGE | {"input_tokens": 0}), *BLOCK, ends(), STOP])
    found = run(exchange(raw=body, status=400, headers={"content-type": "text/event-stream"}))
    assert "STRM-007" not in broken(found) | held(found)
