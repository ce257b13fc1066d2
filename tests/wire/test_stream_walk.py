"""The stream machine: for each requirement a stream that breaks it alone, and legal streams that break nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stream_samples import (
    ERROR,
    PING,
    STOP,
    TEXT_BLOCK,
    THINKING_BLOCK,
    TOOL_BLOCK,
    Data,
    closes,
    delta,
    ends,
    events,
    json_part,
    named,
    opens,
    start,
    stream,
    text,
    thinking,
    tool,
)

from conformance.wire.stream import State, StreamEvent, walk
from conformance.wire.stream_breach import MISSING
from conformance.wire.stream_tables import BLOCK_STEPS, STEPS, BlockInput, BlockState, EventType

REDACTED = opens(0, type="redacted_thinking", data="xyz")
Found = list[tuple[str, int | None, str]]


def found(datas: tuple[Data, ...], *, whole: bool = True) -> Found:
    return [(b.requirement, b.event, b.lowered) for b in walk(events(datas), whole=whole).breaches]


FAULTS: dict[str, tuple[tuple[Data, ...], Found]] = {
    "no message_start": ((*TEXT_BLOCK, ends(), STOP), [("STRM-001", 0, "")]),
    "late message_start": ((opens(0), start(), closes(0), ends(), STOP), [("STRM-001", 0, "")]),
    "nothing at all": ((), [("STRM-001", None, "")]),
    "pings alone": ((PING, PING), [("STRM-001", None, "")]),
    "two message_start": ((start(), *stream(*TEXT_BLOCK)), [("STRM-002", 1, "")]),
    "empty message": (
        ({"type": "message_start", "message": {}}, *stream(*TEXT_BLOCK)[1:]),
        [("STRM-003", 0, "")],
    ),
    "no message": (({"type": "message_start"}, *stream()[1:]), [("STRM-003", 0, "")]),
    "role": ((start(role="model"), *stream()[1:]), [("STRM-003", 0, "")]),
    "content null": ((start(content=None), *stream()[1:]), [("STRM-004", 0, "")]),
    "content filled": ((start(content=[{"type": "text", "text": ""}]), *stream()[1:]), [("STRM-004", 0, "")]),
    "early stop_reason": ((start(stop_reason="end_turn"), *stream()[1:]), [("STRM-005", 0, "")]),
    "usage null": ((start(usage=None), *stream()[1:]), [("STRM-006", 0, "")]),
    "usage true": ((start(usage={"input_tokens": True, "output_tokens": 1}), STOP), [
        ("STRM-006", 0, ""), ("STRM-017", None, "")]),
    "index gap": (stream(*TEXT_BLOCK, opens(2), text(2, "x"), closes(2)), [("STRM-008", 5, "")]),
    "index from one": (stream(opens(1), text(1, "x"), closes(1)), [("STRM-008", 1, "")]),
    "index repeated": (stream(*TEXT_BLOCK, *TOOL_BLOCK), [("STRM-008", 5, "")]),
    "index of start null": (stream(opens(None), text(0, "x"), closes(0)), [("STRM-008", 1, "")]),
    "text missing": (stream(opens(0, type="text"), text(0, "x"), closes(0)), [("STRM-009", 1, "")]),
    "tool id missing": (stream(opens(0, type="tool_use", name="f", input={}), closes(0)), [("STRM-009", 1, "")]),
    "tool input a string": (stream(tool(0, input=""), *TOOL_BLOCK[1:]), [("STRM-009", 1, "")]),
    "no content_block": (
        stream({"type": "content_block_start", "index": 0}, text(0, "x"), closes(0)),
        [("STRM-009", 1, ""), ("STRM-012", 2, "note")],
    ),
    "text at start": (stream(opens(0, type="text", text="Hi"), closes(0)), [("STRM-010", 1, "SHOULD")]),
    "delta before its start": (stream(text(0, "x"), *TEXT_BLOCK), [("STRM-011", 1, "")]),
    "delta of another index": (stream(opens(0), text(1, "x"), closes(0)), [("STRM-011", 2, "")]),
    "one start missing": (
        stream(*TEXT_BLOCK[1:], opens(1), text(1, "x"), closes(1)),
        [("STRM-011", 1, ""), ("STRM-011", 2, ""), ("STRM-011", 3, "")],
    ),
    "stop of another index": (stream(*TEXT_BLOCK, closes(1)), [("STRM-011", 5, "")]),
    "delta without index": (stream(opens(0), text(None, "x"), closes(0)), [("STRM-011", 2, "")]),
    "text into tool": (stream(tool(0), text(0, "x"), closes(0)), [("STRM-012", 2, "")]),
    "delta into tool result": (
        stream(opens(0, type="web_search_tool_result"), text(0, "x"), closes(0)),
        [("STRM-012", 2, "")],
    ),
    "delta without type": (
        stream(opens(0), {"type": "content_block_delta", "index": 0, "delta": {"text": "x"}}, closes(0)),
        [("STRM-012", 2, "")],
    ),
    "unknown delta": (stream(opens(0), delta(0, "shiny_delta"), closes(0)), [("STRM-012", 2, "note")]),
    "text null": (stream(opens(0), text(0, "a"), text(0, None), closes(0)), [("STRM-013", 3, "")]),
    "partial_json an object": (stream(tool(0), json_part(0, {"n": 3}), closes(0)), [("STRM-013", 2, "")]),
    "delta null": (
        stream(opens(0), {"type": "content_block_delta", "index": 0, "delta": None}, closes(0)),
        [("STRM-013", 2, "")],
    ),
    "never closed": (stream(*TEXT_BLOCK[:-1]), [("STRM-014", 1, "")]),
    "never closed, another follows": (stream(*TEXT_BLOCK[:-1], opens(1), closes(1)), [("STRM-014", 1, "")]),
    "cut in tool_use": (
        stream(*TOOL_BLOCK[:-2], stop=ends("max_tokens")),
        [("STRM-014", 1, "SHOULD")],
    ),
    "cut in text": (stream(*TEXT_BLOCK[:-1], stop=ends("max_tokens")), [("STRM-014", 1, "")]),
    "interleaved": (
        stream(opens(0), opens(1), text(0, "a"), text(1, "b"), text(0, "c"), closes(0), closes(1)),
        [("STRM-015", 3, "")],
    ),
    "nested": (stream(opens(0), opens(1), closes(1), closes(0)), [("STRM-015", 4, "")]),
    "late delta": (stream(*TEXT_BLOCK, text(0, "x")), [("STRM-016", 5, "")]),
    "late delta of a tool": (
        stream(tool(0), json_part(0, '{"n":'), closes(0), json_part(0, "3}")),
        [("STRM-016", 4, "")],
    ),
    "late delta after message_delta": ((start(), *TEXT_BLOCK, ends(), text(0, "x"), STOP), [("STRM-016", 6, "")]),
    "stopped twice": (stream(*TEXT_BLOCK, closes(0)), [("STRM-016", 5, "")]),
    "no message_delta": ((start(), *TEXT_BLOCK, STOP), [("STRM-017", None, "")]),
    "no stop_reason": (stream(*TEXT_BLOCK, stop=ends(None)), [("STRM-017", 5, "")]),
    "delta of message_delta null": (
        stream(*TEXT_BLOCK, stop={"type": "message_delta", "delta": None, "usage": {"output_tokens": 5}}),
        [("STRM-017", 5, "")],
    ),
    "stop_sequence absent": (
        stream(stop={"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}),
        [("STRM-017", 1, "note")],
    ),
    "stop_reason before the last text": (
        (start(), opens(0), ends(), text(0, "a"), text(0, "b"), closes(0), STOP),
        [("STRM-018", 3, "")],
    ),
    "block after stop_reason": ((start(), ends(), *TEXT_BLOCK, STOP), [("STRM-018", 2, "")]),
    "usage between blocks": (
        (start(), ends(None), *TEXT_BLOCK, ends(), STOP),
        [("STRM-018", 2, "SHOULD")],
    ),
    "message_delta without usage": (
        stream(stop={"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}),
        [("STRM-019", 1, "")],
    ),
    "output_tokens a string": (stream(stop=ends(tokens="5")), [("STRM-019", 1, "")]),
    "output_tokens falls": ((start(), ends(None, 5), ends("end_turn", 3), STOP), [("STRM-020", 2, "")]),
    "output_tokens below the start": (stream(stop=ends(tokens=0)), [("STRM-020", 1, "")]),
    "input_tokens reset": (stream(stop=ends(input_tokens=0)), [("STRM-021", 1, "")]),
    "cache count reset": (stream(stop=ends(cache_read_input_tokens=1)), [("STRM-021", 1, "")]),
    "stop_reason reset": ((*stream(*TEXT_BLOCK)[:-1], ends(None), STOP), [("STRM-022", 6, "")]),
    "no message_stop": (stream(*TEXT_BLOCK)[:-1], [("STRM-023", None, "")]),
    "cut in a block": (stream(*TEXT_BLOCK)[:3], [("STRM-023", None, "")]),
    "cut after a block": (stream(*TEXT_BLOCK)[:5], [("STRM-023", None, "")]),
    "cut in a second block": (
        (start(), opens(0), opens(1), text(1, "x")),
        [("STRM-023", None, ""), ("STRM-014", 1, "")],
    ),
    "event after message_stop": ((*stream(), text(0, "x"), closes(0)), [("STRM-023", 3, "")]),
    "unknown event after message_stop": ((*stream(), {"type": "vendor.end"}), [("STRM-023", 3, "")]),
    "message_stop twice": ((*stream(), STOP), [("STRM-023", 3, "")]),
    "error without message": ((start(), {"type": "error", "error": {"type": "api_error"}}), [("STRM-025", 1, "")]),
    "message_stop after error": ((start(), ERROR, STOP), [("STRM-026", 2, "SHOULD")]),
    "completed after error": ((start(), ERROR, ends(), STOP), [("STRM-026", 2, "")]),
    "snapshots": (
        stream(opens(0), text(0, "a"), text(0, "ab"), text(0, "abc"), closes(0)),
        [("STRM-027", 1, "")],
    ),
    "two objects": (stream(tool(0), json_part(0, "{}"), json_part(0, "{}"), closes(0)), [("STRM-028", 4, "")]),
    "arguments an array": (stream(tool(0), json_part(0, "[1]"), closes(0)), [("STRM-028", 3, "")]),
    "arguments with NaN": (stream(tool(0), json_part(0, '{"n":NaN}'), closes(0)), [("STRM-028", 3, "")]),
    "arguments at the start": (
        stream(tool(0, input={"n": 3}), closes(0)),
        [("STRM-010", 1, "SHOULD"), ("STRM-029", 1, "")],
    ),
    "no signature": (stream(*THINKING_BLOCK[:2], closes(0)), [("STRM-030", 3, "")]),
    "signature first": (
        stream(THINKING_BLOCK[0], THINKING_BLOCK[2], THINKING_BLOCK[1], closes(0)),
        [("STRM-030", 4, "")],
    ),
    "redacted by deltas": (stream(REDACTED, text(0, "x"), closes(0)), [("STRM-031", 2, "")]),
}  # fmt: skip

LEGAL: dict[str, tuple[Data, ...]] = {
    "plain": stream(*TEXT_BLOCK),
    "tool": stream(*TOOL_BLOCK, stop=ends("tool_use")),
    "thinking": stream(*THINKING_BLOCK),
    "signature alone": stream(THINKING_BLOCK[0], *THINKING_BLOCK[2:]),
    "redacted_thinking": stream(REDACTED, closes(0)),
    "server tool": stream(
        opens(0, type="server_tool_use", id="srv", name="web_search", input={}),
        json_part(0, '{"query": "x"}'),
        closes(0),
        opens(1, type="web_search_tool_result", tool_use_id="srv", content=[]),
        closes(1),
        opens(2),
        delta(2, "citations_delta", citation={}),
        text(2, "x"),
        closes(2),
    ),
    "unknown block": stream(opens(0, type="hologram"), delta(0, "shiny_delta"), closes(0)),
    "no content": stream(),
    "no input": stream(tool(0), json_part(0, ""), closes(0), stop=ends("tool_use")),
    "no deltas for an empty input": stream(tool(0), closes(0), stop=ends("tool_use")),
    "pings everywhere": tuple(data for event in stream(*TEXT_BLOCK) for data in (PING, event, PING)),
    "unknown events": tuple(
        data for event in stream(*TEXT_BLOCK) for data in ({"type": "vendor.metrics", "index": 7}, event)
    ),
    "several message_delta": (start(), *TEXT_BLOCK, ends(None, 3), ends(None, 5), ends("end_turn", 5), STOP),
    "stop_reason repeated": (start(), ends(), ends(), STOP),
    "refusal takes tokens back": stream(stop=ends("refusal", 0)),
    "empty deltas": stream(opens(0), text(0, ""), text(0, "a"), text(0, "ab"), closes(0)),
    "repeated deltas": stream(opens(0), text(0, "a"), text(0, "a"), text(0, "a"), closes(0)),
    "cut arguments": stream(tool(0), json_part(0, '{"n":'), closes(0), stop=ends("max_tokens")),
    "cut thinking": stream(*THINKING_BLOCK[:2], closes(0), stop=ends("max_tokens")),
    "error at once": (ERROR,),
    "error after pings": (PING, PING, ERROR),
    "error in a block": (*stream(*TEXT_BLOCK)[:3], ERROR),
    "error behind message_stop": (*stream(), PING, ERROR),
    "error behind surplus": (*stream(), STOP, ERROR),
    "error before message_stop": (*stream(*TEXT_BLOCK)[:-1], ERROR, PING),
    "extra fields": stream({**opens(0), "x": 1}, {**text(0, "a"), "y": None}, {**closes(0), "z": []}),
    "whole floats": (start(usage={"input_tokens": 3.0, "output_tokens": 1}), ends(tokens=2.0), STOP),
}


@pytest.mark.parametrize(("datas", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_breaks_its_requirement(datas: tuple[Data, ...], expected: Found) -> None:
    assert found(datas) == expected


def test_every_requirement_has_a_fault_of_its_own() -> None:
    alone = {breaches[0][0] for _, breaches in FAULTS.values()} | {"STRM-024", "STRM-029"}
    assert alone == {f"STRM-{n:03}" for n in range(1, 32)} - {"STRM-007"}


@pytest.mark.parametrize("name", LEGAL)
def test_legal_streams(name: str) -> None:
    hard = [breach for breach in walk(events(LEGAL[name])).breaches if breach.lowered != "note"]
    assert hard == []


@pytest.mark.parametrize(
    ("event", "broken"),
    [
        (named({"type": "ping"}, "ping"), False),
        (named({"type": "ping"}, None), False),
        (named({}, "ping"), True),
        (named(None, "ping"), True),
        (named({"type": "pong"}, "ping"), True),
    ],
)
def test_pings(event: StreamEvent, broken: bool) -> None:
    walked = walk([event], whole=False)
    assert [b.requirement for b in walked.breaches] == ["STRM-024"] * broken
    assert walked.observed == {"STRM-024"}


@pytest.mark.parametrize(
    ("event", "pointers"),
    [
        (named(ERROR, "error"), []),
        (named(ERROR, None), [""]),
        (named(None, "error"), ["/type", "/error"]),
        (named({"error": {"message": "x", "type": "y", "code": 5}}, None), ["", "/type"]),
        (named({"error": "boom"}, "error"), ["/type", "/error"]),
        (named({"type": "response.failed", "error": {}}, "x"), ["", "/type", "/error/type", "/error/message"]),
    ],
)
def test_errors(event: StreamEvent, pointers: list[str]) -> None:
    walked = walk([event])
    assert [(b.requirement, b.pointer) for b in walked.breaches] == [("STRM-025", p) for p in pointers]
    assert walked.observed == {"STRM-025", "STRM-026"}
    assert walked.state is State.FAILED


def test_names_stand_in_for_missing_types() -> None:
    whole = stream(*TEXT_BLOCK)
    typeless = [named({k: v for k, v in d.items() if k != "type"}, d["type"], i) for i, d in enumerate(whole)]
    assert walk(typeless).breaches == ()
    nameless = [named(data, None, index) for index, data in enumerate(whole)]
    assert walk(nameless).breaches == ()


def test_done_sentinel_and_other_text_are_skipped() -> None:
    walked = walk([*events(stream(*TEXT_BLOCK)), named(None, None, 9), named(None, "done", 10)])
    assert walked.breaches == ()
    assert walked.unknown == (9, 10)


def test_what_our_limit_cut_is_not_missing() -> None:
    whole = stream(*TEXT_BLOCK)
    for length in range(len(whole)):
        walked = walk(events(whole[:length]), whole=False)
        assert walked.breaches == ()
        assert "STRM-023" not in walked.observed


OBSERVED = [
    ("plain", "STRM-012 STRM-013 STRM-020 STRM-022 STRM-023", "STRM-015 STRM-024 STRM-025 STRM-026 STRM-027 STRM-028"),
    ("tool", "STRM-028 STRM-029 STRM-012", "STRM-027 STRM-030 STRM-031"),
    ("no input", "STRM-028", "STRM-029"),
    ("thinking", "STRM-030 STRM-012", "STRM-031 STRM-028"),
    ("redacted_thinking", "STRM-031", "STRM-030 STRM-012 STRM-013"),
    ("unknown block", "STRM-008 STRM-014", "STRM-009 STRM-012"),
    ("no content", "STRM-017 STRM-018", "STRM-008 STRM-011 STRM-014 STRM-016"),
    ("pings everywhere", "STRM-024", "STRM-027"),
    ("stop_reason repeated", "STRM-022", "STRM-021"),
    ("refusal takes tokens back", "STRM-019", "STRM-020"),
    ("repeated deltas", "STRM-027", "STRM-028"),
    ("cut arguments", "STRM-029", "STRM-028"),
    ("error at once", "STRM-025 STRM-026", "STRM-001 STRM-023"),
    ("error before message_stop", "STRM-001 STRM-026", "STRM-023"),
]


@pytest.mark.parametrize(("name", "tested", "untested"), OBSERVED)
def test_observed_means_put_to_the_test(name: str, tested: str, untested: str) -> None:
    observed = walk(events(LEGAL[name])).observed
    assert observed >= set(tested.split())
    assert observed.isdisjoint(untested.split())


def test_eager_tools_may_send_anything() -> None:
    walked = walk(events(FAULTS["two objects"][0]), eager=frozenset({"get_code"}))
    assert walked.breaches == ()
    assert "STRM-028" not in walked.observed


def test_without_message_start_its_fields_are_not_observed() -> None:
    observed = walk(events((*TEXT_BLOCK, ends(), STOP))).observed
    assert observed.isdisjoint({"STRM-003", "STRM-004", "STRM-005", "STRM-006"})


def test_the_tables_are_complete() -> None:
    types = [kind for kind in EventType if kind is not EventType.PING]
    assert set(STEPS) == {(state, kind) for state in State for kind in types}
    assert set(BLOCK_STEPS) == {(state, what) for state in BlockState for what in BlockInput}


SCALARS = st.none() | st.booleans() | st.integers(-1, 3) | st.floats() | st.sampled_from(["", "text", "x", "error"])
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=2) | st.dictionaries(st.text(max_size=3), v, max_size=2))
WILD = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from([*EventType, "shiny", ""]) | VALUES,
        "index": st.integers(0, 2) | VALUES,
        "message": st.sampled_from([start()["message"], {}]) | VALUES,
        "content_block": st.sampled_from(
            [tool()["content_block"], thinking()["content_block"], tool(name=[])["content_block"]]
        )
        | VALUES,
        "delta": st.fixed_dictionaries({"stop_reason": VALUES | st.just("max_tokens")})
        | st.sampled_from([text(0, "x")["delta"], ends()["delta"], REDACTED])
        | VALUES,
        "usage": VALUES | st.dictionaries(st.sampled_from(["input_tokens", "output_tokens"]), VALUES),
        "error": VALUES,
    },
)
NAMES = st.none() | st.sampled_from([*EventType, "shiny", ""])


@settings(deadline=None)  # a loaded machine is no fault
@given(st.lists(st.tuples(st.none() | WILD, NAMES), max_size=14), st.booleans())
def test_any_events_are_walked(pairs: list[tuple[Data | None, str | None]], whole: bool) -> None:
    walked = walk([named(data, name, n) for n, (data, name) in enumerate(pairs)], whole=whole)
    assert {b.requirement for b in walked.breaches if b.lowered != "note"} <= walked.observed
    assert all(b.event is None or b.event < len(pairs) for b in walked.breaches)
    assert MISSING not in [b.seen for b in walked.breaches]


@settings(deadline=None)  # a loaded machine is no fault
@given(st.lists(st.sampled_from(["text", "tool", "thinking", "redacted"]), max_size=5), st.data())
def test_generated_streams_break_nothing(kinds: list[str], data: st.DataObject) -> None:
    shapes = {"text": TEXT_BLOCK, "tool": TOOL_BLOCK, "thinking": THINKING_BLOCK, "redacted": (REDACTED, closes(0))}
    blocks = [{**event, "index": n} for n, kind in enumerate(kinds) for event in shapes[kind]]
    datas = list(stream(*blocks))
    for _ in range(data.draw(st.integers(0, 3))):
        datas.insert(data.draw(st.integers(0, len(datas))), PING)
    for _ in range(data.draw(st.integers(0, 3))):
        datas.insert(data.draw(st.integers(0, datas.index(STOP))), {"type": "new"})
    assert walk(events(datas)).breaches == ()


def test_many_blocks_take_linear_time() -> None:
    datas = stream(*(opens(index) for index in range(50_000)))
    walked = walk(events(datas))
    assert len(walked.breaches) == 50_000
    assert {b.requirement for b in walked.breaches} == {"STRM-014"}
