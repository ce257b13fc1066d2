"""The message that a client holds after a stream."""

from typing import Any

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
    tool,
)

from conformance.wire.message import Message, accumulate, text_of


def content(*middle: Data) -> Any:
    message = accumulate(events(stream(*middle)))
    assert message is not None
    return message["content"]


def test_a_whole_message() -> None:
    later = [{**event, "index": 1} for event in TOOL_BLOCK]
    message = accumulate(events((PING, *stream(*TEXT_BLOCK, *later, stop=ends("tool_use", 9, input_tokens=None)))))
    assert message == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "text", "text": "Hello"},
            {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {"n": 3}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 9, "cache_read_input_tokens": 4},
    }
    assert text_of(message) == "Hello"


@pytest.mark.parametrize(
    ("middle", "expected"),
    [
        ((opens(0, type="text", text="He"), text(0, "llo")), [{"type": "text", "text": "Hello"}]),
        (THINKING_BLOCK, [{"type": "thinking", "thinking": "hm", "signature": "s"}]),
        ((opens(0, type="redacted_thinking", data="x"), closes(0)), [{"type": "redacted_thinking", "data": "x"}]),
        ((opens(0), delta(0, "citations_delta", citation={"a": 1})), [
            {"type": "text", "text": "", "citations": [{"a": 1}]}]),
        ((opens(0), text(0, None), text(0, "x")), [{"type": "text", "text": "x"}]),
        ((opens(0), json_part(0, "{}"), delta(0, "shiny")), [{"type": "text", "text": ""}]),
        ((opens(None), text(0, "x")), [{"type": "text", "text": "x"}]),
        ((opens(0), text(1, "x")), [{"type": "text", "text": ""}]),
    ],
)  # fmt: skip
def test_blocks(middle: tuple[Data, ...], expected: Any) -> None:
    assert content(*middle) == expected


@pytest.mark.parametrize(
    ("begun", "parts", "expected"),
    [
        ({}, ['{"n":', "3}"], {"n": 3}),
        ({"n": 1}, [], {"n": 1}),
        ({"n": 1}, [""], {"n": 1}),
        ({"n": 1}, ['{"n": 2}'], {"n": 2}),
        ({}, ['{"n":'], {}),
        ({}, ["[1]"], {}),
    ],
)
def test_tool_input(begun: Data, parts: list[str], expected: Any) -> None:
    block = content(tool(0, input=begun), *(json_part(0, part) for part in parts), closes(0))[0]
    assert block["input"] == expected


def test_a_stop_reason_is_not_taken_back() -> None:
    message = accumulate(events((start(), ends("end_turn", 3), ends(None, 5), STOP)))
    assert message is not None
    assert message["stop_reason"] == "end_turn"
    assert message["usage"]["output_tokens"] == 5  # type: ignore[index]


@pytest.mark.parametrize("over", [STOP, ERROR])
def test_nothing_counts_behind_the_end(over: Data) -> None:
    message = accumulate(events((start(), opens(0), text(0, "a"), over, text(0, "b"), ends())))
    assert text_of(message) == "a"


def test_no_message() -> None:
    assert accumulate([]) is None
    assert accumulate(events((*TEXT_BLOCK, ends(), STOP))) is None
    assert text_of(None) == ""
    assert text_of({"content": "words"}) == ""


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["text", "text_delta", "tool_use", "{}"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["type", "text", "input", "partial_json", "content", "usage", "citations"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(["index", "message", "content_block", "delta", "usage"])
KINDS = st.sampled_from(["message_start", "content_block_start", "content_block_delta", "message_delta", "x"])


@settings(deadline=None)  # a loaded machine is no fault
@given(st.lists(st.tuples(KINDS, st.dictionaries(KEYS, VALUES)), max_size=8))
def test_any_events(pairs: list[tuple[str, Data]]) -> None:
    message: Message | None = accumulate(named({**data, "type": kind}, None) for kind, data in pairs)
    assert message is None or isinstance(text_of(message), str)
