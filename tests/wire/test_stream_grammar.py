"""The grammar of a stream in the contract's words, row by row: what may come where, and what each row must hold."""

import pytest
from stream_samples import (
    ERROR,
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
    opens,
    start,
    stream,
    text,
    thinking,
    tool,
)

from conformance.wire.stream import State, Walk, walk
from conformance.wire.stream_tables import BlockState

#: A stream that has come to stand there.
PREFIXES: dict[State, tuple[Data, ...]] = {
    State.EMPTY: (),
    State.STREAMING: (start(), opens(0)),
    State.PAUSED: (start(), opens(0), ends(None)),
    State.CLOSING: (start(), opens(0), ends()),
    State.DONE: (start(), opens(0), ends(), STOP),
    State.SURPLUS: (start(), opens(0), ends(), STOP, STOP),
    State.FAILED: (start(), opens(0), ERROR),
    State.GOING_ON: (start(), opens(0), ERROR, ends()),
}
NEXT: dict[str, Data] = {
    "message_start": start(),
    "content_block_start": opens(1),
    "content_block_delta": text(0, "x"),
    "content_block_stop": closes(0),
    "message_delta": ends(None),
    "message_stop": STOP,
    "error": ERROR,
}
CONTENT = ("content_block_start", "content_block_delta", "content_block_stop")
#: What each event breaks by coming there, and where the stream stands then. All that is not here breaks nothing.
#: STRM-001: the first event is message_start. STRM-018: no content behind a message_delta, a SHOULD while it has no
#: stop_reason. STRM-023: message_stop is the last event. STRM-026: nothing goes on behind an error; a lone message_stop
#: there is a SHOULD.
BREAKS: dict[tuple[State, str], tuple[str, str]] = {
    **{(State.EMPTY, kind): ("STRM-001", "") for kind in NEXT if kind not in ("message_start", "error")},
    **{(State.PAUSED, kind): ("STRM-018", "SHOULD") for kind in CONTENT},
    **{(State.CLOSING, kind): ("STRM-018", "") for kind in CONTENT},
    **{(State.DONE, kind): ("STRM-023", "") for kind in NEXT if kind != "error"},
    **{(State.FAILED, kind): ("STRM-026", "") for kind in NEXT if kind not in ("message_stop", "error")},
    (State.FAILED, "message_stop"): ("STRM-026", "SHOULD"),
}
ORDER = {"STRM-001", "STRM-018", "STRM-023", "STRM-026"}
AFTER: dict[State, dict[str, State]] = {
    State.EMPTY: {"message_delta": State.PAUSED, "message_stop": State.DONE, "error": State.FAILED},
    State.STREAMING: {"message_delta": State.PAUSED, "message_stop": State.DONE, "error": State.FAILED},
    State.PAUSED: dict.fromkeys(CONTENT, State.STREAMING) | {"message_stop": State.DONE, "error": State.FAILED},
    State.CLOSING: dict.fromkeys(CONTENT, State.STREAMING) | {"message_stop": State.DONE, "error": State.FAILED},
    State.DONE: {"error": State.FAILED},
    State.SURPLUS: {"error": State.FAILED},
    State.FAILED: {"error": State.FAILED},
    State.GOING_ON: {},
}
#: Where an event that is not named above leads.
ELSE = {State.EMPTY: State.STREAMING, State.DONE: State.SURPLUS, State.FAILED: State.GOING_ON}


@pytest.mark.parametrize("kind", NEXT)
@pytest.mark.parametrize("state", State)
def test_what_may_come_where(state: State, kind: str) -> None:
    before = PREFIXES[state]
    assert walk(events(before), whole=False).state is state
    walked = walk(events((*before, NEXT[kind])), whole=False)
    last = [(b.requirement, b.lowered) for b in walked.breaches if b.event == len(before) and b.requirement in ORDER]
    assert last == ([BREAKS[state, kind]] if (state, kind) in BREAKS else [])
    assert walked.state is AFTER[state].get(kind, ELSE.get(state, state))


def test_a_message_delta_with_a_stop_reason_closes_wherever_it_comes() -> None:
    for state in (State.EMPTY, State.STREAMING, State.PAUSED, State.CLOSING):
        assert walk(events((*PREFIXES[state], ends())), whole=False).state is State.CLOSING


#: Block 0 of these streams has come to stand there.
BLOCK_PREFIXES: dict[BlockState, tuple[Data, ...]] = {
    BlockState.OPEN: (start(), opens(0)),
    BlockState.OVERLAPPED: (start(), opens(0), opens(1)),
    BlockState.LATE: (start(), opens(0), opens(1), text(0, "a")),
    BlockState.STOPPED: (start(), opens(0), closes(0)),
}
#: STRM-015 is told once, by the first event of a block behind the start of another; STRM-016 by each.
BLOCK_ROWS: list[tuple[BlockState, Data, str, BlockState]] = [
    (BlockState.OPEN, opens(0), "STRM-008", BlockState.OPEN),
    (BlockState.OPEN, text(0, "x"), "", BlockState.OPEN),
    (BlockState.OPEN, closes(0), "", BlockState.STOPPED),
    (BlockState.OPEN, opens(1), "", BlockState.OVERLAPPED),
    (BlockState.OVERLAPPED, text(0, "x"), "STRM-015", BlockState.LATE),
    (BlockState.OVERLAPPED, closes(0), "STRM-015", BlockState.STOPPED),
    (BlockState.OVERLAPPED, opens(2), "", BlockState.OVERLAPPED),
    (BlockState.LATE, text(0, "x"), "", BlockState.LATE),
    (BlockState.LATE, closes(0), "", BlockState.STOPPED),
    (BlockState.STOPPED, text(0, "x"), "STRM-016", BlockState.STOPPED),
    (BlockState.STOPPED, closes(0), "STRM-016", BlockState.STOPPED),
    (BlockState.STOPPED, opens(1), "", BlockState.STOPPED),
]


def named_by(value: Data | str) -> str:
    return value if isinstance(value, str) else f"{value['type']} {value['index']}"


def block_zero(walked: Walk) -> BlockState:
    return next(block.state for block in walked.blocks if block.index == 0)


@pytest.mark.parametrize(("state", "event", "broken", "after"), BLOCK_ROWS, ids=named_by)
def test_what_a_block_may_get(state: BlockState, event: Data, broken: str, after: BlockState) -> None:
    before = BLOCK_PREFIXES[state]
    assert block_zero(walk(events(before), whole=False)) is state
    walked = walk(events((*before, event)), whole=False)
    assert [b.requirement for b in walked.breaches if b.event == len(before)] == [broken] * bool(broken)
    assert block_zero(walked) is after


@pytest.mark.parametrize("event", [text(0, "x"), closes(0)], ids=["delta", "stop"])
def test_a_block_that_never_began_gets_nothing(event: Data) -> None:
    walked = walk(events((start(), event, event)), whole=False)
    assert [(b.requirement, b.event) for b in walked.breaches] == [("STRM-011", 1), ("STRM-011", 2)]
    assert walked.blocks == ()


#: What each event puts to the test by coming where it may.
TESTED = {
    "message_start": {"STRM-001", "STRM-002"},
    "content_block_delta": {"STRM-011"},
    "content_block_stop": {"STRM-011", "STRM-016"},
    "message_delta": {"STRM-018"},
    "message_stop": {"STRM-023"},
}


@pytest.mark.parametrize("kind", TESTED)
def test_an_event_in_its_place_puts_its_order_to_the_test(kind: str) -> None:
    before = () if kind == "message_start" else (start(), opens(0))
    without = walk(events(before), whole=False).observed
    assert walk(events((*before, NEXT[kind])), whole=False).observed - without >= TESTED[kind]


STARTS: dict[str, Data] = {
    "text": {"text": ""},
    "tool_use": {"id": "toolu_1", "name": "f", "input": {}},
    "server_tool_use": {"id": "srvtoolu_1", "name": "f", "input": {}},
    "thinking": {"thinking": ""},
    "redacted_thinking": {"data": "xyz"},
}
FIELDS = [(kind, key) for kind, fields in STARTS.items() for key in fields]


@pytest.mark.parametrize(("kind", "key"), FIELDS)
@pytest.mark.parametrize("wrong", [None, 7, [], "other type", "absent"], ids=str)
def test_a_block_starts_with_the_fields_of_its_type(kind: str, key: str, wrong: object) -> None:
    other = {} if isinstance(STARTS[kind][key], str) else "text"
    fields = {name: value for name, value in STARTS[kind].items() if name != key or wrong != "absent"}
    if wrong != "absent":
        fields[key] = other if wrong == "other type" else wrong
    walked = walk(events((start(), opens(0, type=kind, **fields))), whole=False)
    assert [(b.requirement, b.pointer, b.lowered) for b in walked.breaches] == [
        ("STRM-009", f"/content_block/{key}", "")
    ]


@pytest.mark.parametrize(
    ("kind", "key", "value", "broken"),
    [
        ("text", "text", "Hi", "STRM-010"),
        ("thinking", "thinking", "hm", "STRM-010"),
        ("tool_use", "input", {"n": 1}, "STRM-010"),
        ("server_tool_use", "input", {"n": 1}, ""),
        ("redacted_thinking", "data", "", "STRM-031"),
    ],
)
def test_what_a_block_may_start_with(kind: str, key: str, value: object, broken: str) -> None:
    walked = walk(events((start(), opens(0, type=kind, **STARTS[kind] | {key: value}))), whole=False)
    assert [(b.requirement, b.pointer) for b in walked.breaches] == [(broken, f"/content_block/{key}")] * bool(broken)


PAYLOADS: dict[str, tuple[str, object, object]] = {
    "text_delta": ("text", "x", {}),
    "citations_delta": ("citation", {}, "x"),
    "input_json_delta": ("partial_json", "", {}),
    "thinking_delta": ("thinking", "hm", {}),
    "signature_delta": ("signature", "s", {}),
}
#: The kinds of block whose content the contract's page describes without deltas: they come whole.
WHOLE = (
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
    "container_upload",
)
FITTING = {
    ("text", "text_delta"),
    ("text", "citations_delta"),
    ("tool_use", "input_json_delta"),
    ("server_tool_use", "input_json_delta"),
    ("thinking", "thinking_delta"),
    ("thinking", "signature_delta"),
}


@pytest.mark.parametrize("delta_type", PAYLOADS)
@pytest.mark.parametrize("kind", [*STARTS, *WHOLE])
def test_which_delta_fits_which_block(kind: str, delta_type: str) -> None:
    key, right, _ = PAYLOADS[delta_type]
    block = opens(0, type=kind, **STARTS.get(kind, {}))
    walked = walk(events((start(), block, delta(0, delta_type, **{key: right}))), whole=False)
    wanted = "STRM-031" if kind == "redacted_thinking" else "STRM-012"
    fits = (kind, delta_type) in FITTING
    assert [(b.requirement, b.lowered) for b in walked.breaches] == ([] if fits else [(wanted, "")])
    assert wanted in walked.observed


@pytest.mark.parametrize(("kind", "delta_type"), sorted(FITTING))
@pytest.mark.parametrize("wrong", [None, 7, "other type", "absent"], ids=str)
def test_a_delta_carries_its_payload(kind: str, delta_type: str, wrong: object) -> None:
    key, _, other = PAYLOADS[delta_type]
    payload = {} if wrong == "absent" else {key: other if wrong == "other type" else wrong}
    block = opens(0, type=kind, **STARTS[kind])
    walked = walk(events((start(), block, delta(0, delta_type, **payload))), whole=False)
    assert [(b.requirement, b.event, b.pointer) for b in walked.breaches] == [("STRM-013", 2, f"/delta/{key}")]


@pytest.mark.parametrize(
    "name",
    [
        "input_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
    ],
)
def test_no_input_count_falls(name: str) -> None:
    usage = {"input_tokens": 10, "output_tokens": 1, name: 9}
    seen = {
        count: [
            (b.requirement, b.event, b.pointer)
            for b in walk(events((start(usage=usage), ends(None, 1), ends(**{name: count}), STOP))).breaches
        ]
        for count in (8, 9, 10)
    }
    assert seen == {8: [("STRM-021", 2, f"/usage/{name}")], 9: [], 10: []}


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded"])
def test_what_a_length_limit_cuts_is_no_fault(reason: str) -> None:
    tools = stream(tool(0), json_part(0, '{"n":'), closes(0), stop=ends(reason))
    thoughts = stream(*THINKING_BLOCK[:2], closes(0), stop=ends(reason))
    assert [walk(events(datas)).breaches for datas in (tools, thoughts)] == [(), ()]


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded", "refusal"])
def test_what_breaks_an_answer_off_leaves_its_last_block_a_fragment(reason: str) -> None:
    call = stream(thinking(0), closes(0), tool(1), json_part(1, '{"n":'), closes(1), stop=ends(reason))
    assert [(b.requirement, b.event) for b in walk(events(call)).breaches] == [("STRM-030", 2)]
    thought = stream(tool(0), json_part(0, "{}"), closes(0), thinking(1), closes(1), stop=ends(reason))
    assert walk(events(thought)).breaches == ()


def test_a_refusal_leaves_the_calls_before_its_last_block_whole() -> None:
    datas = stream(tool(0), json_part(0, '{"n":'), closes(0), opens(1), closes(1), stop=ends("refusal"))
    assert [(b.requirement, b.event) for b in walk(events(datas)).breaches] == [("STRM-028", 3)]


@pytest.mark.parametrize("reason", ["end_turn", "tool_use", "stop_sequence", "pause_turn"])
def test_other_ends_cut_nothing(reason: str) -> None:
    datas = stream(thinking(0), closes(0), tool(1), json_part(1, '{"n":'), closes(1), stop=ends(reason))
    assert [(b.requirement, b.event) for b in walk(events(datas)).breaches] == [("STRM-030", 2), ("STRM-028", 5)]


def test_only_the_last_thinking_block_can_be_cut() -> None:
    datas = stream(thinking(0), closes(0), opens(1), closes(1), stop=ends("max_tokens"))
    assert [(b.requirement, b.event) for b in walk(events(datas)).breaches] == [("STRM-030", 2)]


@pytest.mark.parametrize(
    "behind",
    [(text(5, "x"),), (opens(9),), (ends(tokens=-1), STOP), (start(content=None),)],
    ids=["delta", "start", "end", "message_start"],
)
@pytest.mark.parametrize("end", [(ends(), STOP, STOP), (ERROR, ends(None))], ids=["done", "failed"])
def test_what_comes_when_all_is_over_is_not_judged_by_its_content(
    end: tuple[Data, ...], behind: tuple[Data, ...]
) -> None:
    before = (start(), *TEXT_BLOCK, *end)
    assert walk(events((*before, *behind))).breaches == walk(events(before)).breaches


def test_whole_blocks_are_whole() -> None:
    datas = stream(*TEXT_BLOCK, *({**event, "index": 1} for event in TOOL_BLOCK), stop=ends("tool_use"))
    assert walk(events(datas)).breaches == ()
