"""Expectations about tool calls: only what the server does breaks them, whatever the model would rather do."""

import json
from dataclasses import replace
from typing import Any

import pytest
from expectation_samples import COMPLETE, exchange, expect, failed, judged, kinds, message, said

from conformance.rules.expectations import NEGATIVE_KINDS, VALID_KINDS
from conformance.rules.findings import Kind
from conformance.rules.reached import REACHED
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Limit
from conformance.wire.reading import Reading

HELD, BROKEN, OPEN = {Kind.HELD}, {Kind.BROKEN}, {Kind.UNJUDGED}
Data = dict[str, Any]

TOOLS = [{"name": name, "input_schema": {"type": "object"}} for name in ("get_code", "get_time")]
FORCED: Data = {"tools": TOOLS, "tool_choice": {"type": "tool", "name": "get_code"}}
TEXT: Data = {"type": "text", "text": "Let me see."}
CALL: Data = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {"n": 1}}
TIME: Data = CALL | {"id": "toolu_2", "name": "get_time"}
THOUGHT: Data = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
CUT = End(Ending.CUT, Limit.WHOLE)


def says(*content: Data, reason: Any = "tool_use", sent: Any = None, **members: Any) -> Exchange:
    """A request with two tools, the first one forced unless `sent` says otherwise, answered with these blocks."""
    return said(sent=FORCED if sent is None else sent, content=list(content), stop_reason=reason, **members)


def streams(*content: Data, reason: Any = "tool_use", last: Data | None = None, end: End = COMPLETE) -> Exchange:
    """The same as a stream, each tool's input in two pieces; `last` takes the place of message_stop."""
    events: list[Data] = [{"type": "message_start", "message": message() | {"content": [], "stop_reason": None}}]
    for index, block in enumerate(content):
        events.append({"type": "content_block_start", "index": index, "content_block": block | {"input": {}}})
        arguments = json.dumps(block.get("input"), ensure_ascii=False)
        for piece in (arguments[:5], arguments[5:]):
            part = {"type": "input_json_delta", "partial_json": piece}
            events.append({"type": "content_block_delta", "index": index, "delta": part})
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {}})
    events.append(last or {"type": "message_stop"})
    body = "".join(f"event: {e['type']}\ndata: {json.dumps(e, ensure_ascii=False)}\n\n" for e in events).encode()
    return exchange(
        body=body, sent=FORCED | {"stream": True}, headers=(("Content-Type", "text/event-stream"),), end=end
    )


ERROR_EVENT: Data = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(says(CALL), HELD, id="called"),
        pytest.param(streams(CALL), HELD, id="called in a stream"),
        pytest.param(says(TEXT, CALL), HELD, id="talk before the call"),
        pytest.param(says({"type": "newer"}, THOUGHT, CALL), HELD, id="unknown blocks beside it"),
        pytest.param(says(CALL | {"id": "call_abc"}), HELD, id="id of another style"),
        pytest.param(says(CALL | {"input": {}}), HELD, id="no arguments"),
        pytest.param(says(CALL | {"input": "{}"}), HELD, id="input is TOOL-015's"),
        pytest.param(says(CALL | {"id": None}), HELD, id="id is TOOL-015's"),
        pytest.param(says(CALL, CALL | {"id": "toolu_3"}), HELD, id="called twice"),
        pytest.param(says(CALL, usage=None), HELD, id="no usage"),
        pytest.param(says(CALL, reason="end_turn"), HELD, id="stop_reason is SEM-004's"),
        pytest.param(says(CALL, TEXT, reason="max_tokens"), HELD, id="cut behind the call"),
        pytest.param(says(TEXT, reason="end_turn"), BROKEN, id="talk instead"),
        pytest.param(says(reason="end_turn"), BROKEN, id="nothing at all"),
        pytest.param(says(), BROKEN, id="stop_reason alone"),
        pytest.param(says(TIME), BROKEN, id="another declared tool"),
        pytest.param(says(CALL, TIME), BROKEN, id="another one beside it"),
        pytest.param(
            says({"type": "server_tool_use", "name": "get_code"}, reason="end_turn"), BROKEN, id="server tool"
        ),
        pytest.param(says(CALL | {"type": None}), OPEN, id="a block without type is RESP-004's"),
        pytest.param(says({"type": "function_call"}, reason="end_turn"), OPEN, id="a foreign block is RESP-006's"),
        pytest.param(says(CALL | {"name": "x"}), OPEN, id="undeclared name is TOOL-015's"),
        pytest.param(says(CALL | {"name": {}}), OPEN, id="strange name is TOOL-015's"),
        pytest.param(says(TEXT, reason="refusal"), OPEN, id="refusal"),
        pytest.param(says(reason="refusal"), OPEN, id="refusal without words"),
        pytest.param(says(TEXT, reason="max_tokens"), OPEN, id="cut before the call"),
        pytest.param(says(TEXT, CALL, reason="max_tokens"), OPEN, id="cut inside the call"),
        pytest.param(says(CALL, reason="model_context_window_exceeded"), OPEN, id="cut by the window"),
        pytest.param(streams(CALL, reason="max_tokens"), OPEN, id="stream cut inside the call"),
        pytest.param(streams(TEXT, last=ERROR_EVENT), OPEN, id="stream that ended in an error"),
        pytest.param(streams(TEXT, end=CUT), OPEN, id="stream that we left"),
        pytest.param(says(TEXT, reason="length"), OPEN, id="foreign stop_reason"),
        pytest.param(says(TEXT, reason=None), OPEN, id="no stop_reason"),
        pytest.param(says(TEXT, reason={}), OPEN, id="strange stop_reason"),
        pytest.param(said(content="x", stop_reason="tool_use"), OPEN, id="content no array"),
        pytest.param(failed(400), OPEN, id="400"),
        pytest.param(failed(422), OPEN, id="422"),
        pytest.param(exchange(200, b"[]"), OPEN, id="no message"),
        pytest.param(failed(500), BROKEN, id="500"),
    ],
)
def test_a_forced_tool_is_called(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("calls-tool", {"name": "get_code"}), answer) == found


@pytest.mark.parametrize(
    ("args", "answer", "found"),
    [
        ({}, says(TIME), HELD),
        ({}, says(CALL, TIME), HELD),
        ({}, says(TEXT, reason="end_turn"), BROKEN),
        ({}, says(CALL | {"name": "x"}), OPEN),
        ({}, says(CALL | {"name": "x"}, sent={"tools": [{"type": "mcp_toolset"}]}), HELD),
        ({"coop": True}, says(CALL), HELD),
        ({"coop": True}, says(TEXT, reason="end_turn"), OPEN),
        ({"coop": True}, failed(400), OPEN),
        ({"coop": True}, failed(500), BROKEN),
        ({"coop": True, "name": "get_code"}, says(TIME), BROKEN),
        ({"exactly": 1}, says(CALL), HELD),
        ({"exactly": 1}, says(TEXT, TIME), HELD),
        ({"exactly": 1}, says(CALL, TIME), BROKEN),
        ({"exactly": 1}, says(CALL, TIME, reason="max_tokens"), BROKEN),
        ({"exactly": 1}, says(TEXT, reason="end_turn"), BROKEN),
        ({"exactly": 1}, says(TEXT, reason="refusal"), OPEN),
        ({"exactly": 1, "coop": True}, says(CALL, TIME), BROKEN),
        ({"exactly": 1, "coop": True}, says(TEXT, reason="end_turn"), OPEN),
        ({"exactly": 2, "coop": True}, says(CALL), OPEN),
        ({"exactly": 2}, says(CALL), BROKEN),
        ({"exactly": 2}, says(CALL, TIME), HELD),
        ({"exactly": 2}, says(CALL, TIME, reason="max_tokens"), OPEN),
    ],
)
def test_calls_are_counted(args: Data, answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("calls-tool", args), answer) == found


def test_what_the_last_probe_ended_with_is_judged() -> None:
    talk, call = says(TEXT, reason="end_turn"), says(CALL)
    assert kinds(expect("calls-tool"), (talk, call)) == HELD
    assert kinds(expect("calls-tool"), call, talk) == BROKEN
    assert kinds(expect("calls-no-tool"), call, talk) == HELD


def test_a_missing_call_is_told_in_words() -> None:
    (finding,) = judged(expect("calls-tool", {"name": "get_code"}), says(TEXT, reason="end_turn"))
    assert finding.expected == "at least 1 call of get_code: the choice is forced"
    assert finding.seen == "0 calls, stop_reason 'end_turn'"
    (finding,) = judged(expect("calls-tool", {"exactly": 1}), says(CALL, TIME))
    assert (finding.expected, finding.seen) == ("exactly 1 call", "2 calls")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (says(TEXT, reason="end_turn"), HELD),
        (says(TEXT, reason="max_tokens"), HELD),
        (says(TEXT, reason="refusal"), HELD),
        (says(reason="end_turn"), HELD),
        (says({"type": "server_tool_use", "name": "web_search"}, reason="end_turn"), HELD),
        (streams(reason="end_turn"), HELD),
        (says(CALL), BROKEN),
        (says(TEXT, CALL, reason="end_turn"), BROKEN),
        (says(TEXT, CALL, reason="max_tokens"), BROKEN),
        (streams(CALL), BROKEN),
        (says(TEXT), BROKEN),
        (says(reason="max_tokens"), OPEN),
        (says(reason="refusal"), OPEN),
        (streams(last=ERROR_EVENT, reason=None), OPEN),
        (said(content=None), OPEN),
        (failed(400), OPEN),
        (failed(500), BROKEN),
    ],
)
def test_no_tool_is_called(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("calls-no-tool"), answer) == found


THINKS = (
    b'{"type":"error","error":{"type":"invalid_request_error","message":"Thinking may not be enabled when forced"}}'
)
PLAIN_ERROR = b'{"detail":"thinking models choose for themselves"}'


def chosen(kind: Any) -> Data:
    return {"tools": TOOLS, "tool_choice": {"type": kind}}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (says(TEXT, sent=chosen("auto")), HELD),
        (said("pong", sent=chosen("none")), HELD),
        (failed(400, sent=chosen("any")), BROKEN),
        (failed(422, sent=chosen("any")), BROKEN),
        (failed(404, sent=chosen("any")), BROKEN),
        (failed(500, sent=chosen("any")), BROKEN),
        (exchange(400, THINKS, sent=chosen("any")), OPEN),
        (exchange(400, THINKS, sent=chosen("tool")), OPEN),
        (exchange(400, PLAIN_ERROR, sent=chosen("tool")), OPEN),
        (exchange(400, THINKS, sent=chosen("auto")), BROKEN),
        (exchange(400, THINKS, sent=chosen("none")), BROKEN),
        (exchange(400, THINKS, sent=chosen([])), BROKEN),
        (exchange(422, THINKS, sent=chosen("any")), BROKEN),
        (failed(429, sent=chosen("any")), OPEN),
    ],
)
def test_a_choice_is_accepted(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("accepts-choice"), answer) == found


WANTED = "北京今天多云 🌦️ naïve\n“Привет”"
TERMS = {"path": "text", "value": WANTED, "artefacts": ["Ã", "å", "Ð"]}


def gives(value: Any) -> Data:
    return CALL | {"input": {"text": value}}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param(WANTED, HELD, id="whole"),
        pytest.param(f" {WANTED} ", HELD, id="spaces around it"),
        pytest.param(json.dumps(WANTED)[1:-1], OPEN, id="escaped twice"),
        pytest.param(json.dumps(WANTED, ensure_ascii=False)[1:-1], OPEN, id="line end escaped twice"),
        pytest.param(WANTED.replace("🌦", "\\ud83c\\udf26"), OPEN, id="one character escaped twice"),
        pytest.param(WANTED.encode().decode("latin-1"), BROKEN, id="read as latin-1"),
        pytest.param(WANTED.replace("ï", "Ã¯"), BROKEN, id="an artefact"),
        pytest.param(WANTED.replace("今", "\ufffd\ufffd\ufffd"), BROKEN, id="replacement character"),
        pytest.param(WANTED + "\ufffd", BROKEN, id="replacement character behind it"),
        pytest.param(WANTED.replace("🌦", ""), BROKEN, id="nothing beyond the BMP"),
        pytest.param(WANTED.replace("🌦️", ""), BROKEN, id="nothing beyond the BMP, nor its selector"),
        pytest.param(WANTED.replace("🌦", "?"), BROKEN, id="question mark beyond the BMP"),
        pytest.param(WANTED.replace("🌦", "??"), BROKEN, id="two question marks beyond the BMP"),
        pytest.param(WANTED.replace("🌦", "\ud83c"), BROKEN, id="half a pair"),
        pytest.param(WANTED.encode("ascii", "replace").decode(), BROKEN, id="nothing beyond ASCII"),
        pytest.param("Beijing", OPEN, id="another value"),
        pytest.param("北京今天多云", OPEN, id="less of it"),
        pytest.param("", OPEN, id="empty"),
        pytest.param(WANTED.replace("naïve", "naive"), OPEN, id="another spelling"),
        pytest.param(r"C:\new \x", OPEN, id="backslashes of its own"),
        pytest.param(None, OPEN, id="null"),
        pytest.param([WANTED], OPEN, id="array"),
    ],
)
def test_arguments_come_back(value: Any, found: set[Kind]) -> None:
    answer = exchange(
        body=json.dumps(message() | {"content": [TEXT, gives(value)], "stop_reason": "tool_use"}).encode()
    )
    assert kinds(expect("arguments-round-trip", TERMS), answer) == found


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (streams(gives(WANTED)), HELD),
        (streams(gives(json.dumps(WANTED)[1:-1])), OPEN),
        (says(gives("x"), gives(WANTED)), HELD),
        (says(gives(WANTED), gives(WANTED.replace("🌦", ""))), BROKEN),
        (says(TEXT, reason="end_turn"), OPEN),
        (says(CALL | {"input": json.dumps({"text": WANTED})}), OPEN),
        (says(gives(WANTED.replace("今", "\ufffd")), reason="max_tokens"), OPEN),
        (says(CALL | {"input": {}}), OPEN),
        (failed(400), OPEN),
        (failed(500), BROKEN),
    ],
)
def test_arguments_are_found_in_the_calls(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("arguments-round-trip", TERMS), answer) == found


def test_every_probe_is_judged_for_its_arguments() -> None:
    nested = expect("arguments-round-trip", TERMS | {"path": "place.text"})
    good, bad = (says(CALL | {"input": {"place": {"text": text}}}) for text in (WANTED, WANTED.replace("🌦", "")))
    assert kinds(nested, good, bad) == HELD | BROKEN


def test_plain_words_cannot_be_misread() -> None:
    terms = {"path": "text", "value": "plain", "artefacts": []}
    assert kinds(expect("arguments-round-trip", terms), says(gives("plain"))) == HELD
    assert kinds(expect("arguments-round-trip", terms), says(gives("Plain"))) == OPEN


def test_where_nothing_else_was_wanted_nothing_is_no_remainder() -> None:
    terms = {"path": "text", "value": "🌦", "artefacts": []}
    assert kinds(expect("arguments-round-trip", terms), says(gives(""))) == OPEN
    assert kinds(expect("arguments-round-trip", terms), says(gives("??"))) == BROKEN


def test_bytes_that_are_no_utf8_are_a_fault_of_their_own() -> None:
    answer = says(gives("WORD"))
    spoilt = replace(answer, chunks=(Chunk(0.1, answer.body.replace(b"WORD", b"na\xefve")),))
    (finding,) = judged(expect("arguments-round-trip", TERMS), spoilt)
    assert (finding.kind, "HTTP-011" in finding.seen) == (Kind.UNJUDGED, True)


def test_which_of_these_kinds_stand_for_valid_requests() -> None:
    ours = {"calls-tool", "calls-no-tool", "accepts-choice", "arguments-round-trip"}
    assert ours <= VALID_KINDS
    assert not ours & NEGATIVE_KINDS


SIGNED = says(THOUGHT, CALL)


@pytest.mark.parametrize(
    ("name", "answer", "reached"),
    [
        ("served", says(CALL), True),
        ("served", streams(reason="end_turn"), True),
        ("served", said(), True),
        ("served", failed(400), False),
        ("served", exchange(200, b"{}"), False),
        ("served", exchange(200, b"hello"), False),
        ("served", streams(last=ERROR_EVENT), False),
        ("calls-tool", says(TEXT, CALL), True),
        ("calls-tool", streams(CALL), True),
        ("calls-tool", says(CALL | {"input": {}}), True),
        ("calls-tool", says(CALL | {"input": "{}"}), False),
        ("calls-tool", says(CALL | {"id": None}), False),
        ("calls-tool", says(CALL, reason="max_tokens"), False),
        ("calls-tool", says(TEXT), False),
        ("calls-tool", failed(400), False),
        ("calls-twice", says(CALL, TIME), True),
        ("calls-twice", says(CALL, TEXT), False),
        ("calls-twice", says(CALL, TIME, reason="max_tokens"), False),
        ("thinks", says(THOUGHT, TEXT), True),
        ("thinks", says(TEXT), False),
        ("thinks", failed(400), False),
        ("thinks-and-calls", SIGNED, True),
        ("thinks-and-calls", says(THOUGHT, TEXT), False),
        ("thinks-and-calls", says(THOUGHT | {"signature": ""}, CALL), False),
        ("thinks-and-calls", says(THOUGHT | {"signature": None}, CALL), False),
        ("thinks-and-calls", says(CALL), False),
    ],
)
def test_an_answer_is_the_last_when_it_reached_its_end(name: str, answer: Exchange, reached: bool) -> None:
    assert REACHED[name](Reading(answer)) is reached


EMPTY = CALL | {"input": {}}


def streams_nothing() -> Exchange:
    """A streamed call of which no argument came, neither in the start nor in a delta."""
    block = {"type": "content_block_start", "index": 0, "content_block": EMPTY}
    events: list[Data] = [{"type": "message_start", "message": message() | {"content": [], "stop_reason": None}}, block]
    events.append({"type": "content_block_stop", "index": 0})
    events.append({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": {}})
    events.append({"type": "message_stop"})
    body = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events).encode()
    return exchange(body=body, sent=FORCED | {"stream": True}, headers=(("Content-Type", "text/event-stream"),))


@pytest.mark.parametrize(
    ("told", "streamed", "found"),
    [
        pytest.param(says(CALL), streams(CALL), HELD, id="arguments in both"),
        pytest.param(says(EMPTY), streams(CALL), HELD, id="arguments in the stream alone"),
        pytest.param(failed(400), streams(CALL), HELD, id="the stream alone was served"),
        pytest.param(says(CALL), streams_nothing(), BROKEN, id="lost in the stream"),
        pytest.param(says(EMPTY), streams_nothing(), OPEN, id="no arguments in either"),
        pytest.param(says(TEXT, reason="end_turn"), streams_nothing(), OPEN, id="nothing to compare with"),
        pytest.param(says(CALL), streams(TEXT, reason="refusal"), OPEN, id="no call in the stream"),
        pytest.param(says(CALL), failed(400), OPEN, id="no stream"),
        pytest.param(says(EMPTY, CALL), streams(EMPTY, CALL), OPEN, id="as many of two as in JSON"),
        pytest.param(says(CALL, CALL), streams(EMPTY, CALL), BROKEN, id="one more than in JSON"),
    ],
)
def test_arguments_are_not_lost_in_a_stream(told: Exchange, streamed: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("arguments-streamed"), told, streamed) == found


@pytest.mark.parametrize(
    ("call", "reached"),
    [
        (CALL, True),
        (CALL | {"id": ""}, False),
        (CALL | {"id": "a b"}, False),
        (CALL | {"input": {"n": float("nan")}}, False),
        (CALL | {"input": {"n": float("inf")}}, False),
    ],
)
def test_only_what_a_client_may_send_back_is_replayed(call: Data, reached: bool) -> None:
    assert REACHED["calls-tool"](Reading(says(call))) is reached
    assert REACHED["calls-twice"](Reading(says(call, TIME))) is reached
