"""Rules about tool calls and thinking in any answer (TOOL-015, TOOL-016, THINK-003, THINK-006)."""

from typing import Any

import pytest
from rule_samples import (
    CALL,
    ERROR,
    FAILURE,
    MESSAGE,
    SENT,
    STOP,
    TEXT,
    TOOL,
    Data,
    broken,
    closes,
    delta,
    ends,
    error,
    exchange,
    held,
    noted,
    opens,
    own,
    run,
    start,
    streamed,
    text,
    without,
)

from conformance.evidence.run import Run
from conformance.rules.findings import Kind
from conformance.wire.exchange import Exchange

OURS = {"TOOL-015", "TOOL-016", "THINK-003", "THINK-006"}
OTHER: Data = {"name": "get_time", "input_schema": {"type": "object"}}
EAGER: Data = TOOL | {"eager_input_streaming": True}
BASH: Data = {"type": "bash_20250124", "name": "bash"}
TOOL_SET: Data = {"type": "mcp_toolset", "mcp_server_name": "files"}
THOUGHT: Data = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
HIDDEN: Data = {"type": "redacted_thinking", "data": "ZGF0YQ=="}
UNKNOWN: Data = {"type": "newer_block", "id": 7}
KEY = (("Idempotency-Key", "k"),)


def says(*content: Data, reason: str = "tool_use", tools: Any = (TOOL,), **sent: Any) -> Exchange:
    """A request with these tools (None: no such member), answered in JSON with these blocks."""
    body = SENT | ({} if tools is None else {"tools": list(tools)}) | sent
    return exchange(MESSAGE | {"content": list(content), "stop_reason": reason}, body)


def call(**changes: Any) -> Data:
    return CALL | changes


def streams(*events: Data, reason: str = "tool_use", tools: Any = (TOOL,), **sent: Any) -> Exchange:
    """The same as a stream of these events between message_start and message_delta."""
    return streamed(start(), *events, ends(reason), STOP, sent=SENT | {"tools": list(tools)} | sent)


def called(*pieces: str, index: int = 0, **changes: Any) -> tuple[Data, ...]:
    """The events of a streamed call whose arguments come in these pieces."""
    begin = opens(index, **(CALL | {"input": {}} | changes))
    return (begin, *(delta(index, "input_json_delta", partial_json=piece) for piece in pieces), closes(index))


def thought(*signatures: str, index: int = 0) -> tuple[Data, ...]:
    begin = opens(index, type="thinking", thinking="")
    signed = (delta(index, "signature_delta", signature=value) for value in signatures)
    return (begin, delta(index, "thinking_delta", thinking="Hm."), *signed, closes(index))


def ours(found: Run) -> tuple[set[str], set[str]]:
    """Which of our requirements the run breaks, and which hold."""
    return broken(found) & OURS, held(found) & OURS - {"THINK-006"}


BREACHES: list[tuple[str, str, Exchange]] = [
    ("TOOL-015", "no id", says(without(CALL, "id"))),
    ("TOOL-015", "id null", says(call(id=None))),
    ("TOOL-015", "empty id", says(call(id=""))),
    ("TOOL-015", "number as id", says(call(id=1))),
    ("TOOL-015", "dots in the id", says(call(id="call.1"))),
    ("TOOL-015", "line end behind the id", says(call(id="toolu_1\n"))),
    ("TOOL-015", "letters beyond ASCII in the id", says(call(id="toolu_é"))),
    ("TOOL-015", "id of a call without tools", says(call(id=""), tools=None)),
    ("TOOL-015", "no name", says(without(CALL, "name"))),
    ("TOOL-015", "name null", says(call(name=None))),
    ("TOOL-015", "object as name", says(call(name={}))),
    ("TOOL-015", "undeclared name", says(call(name="get_time"))),
    ("TOOL-015", "name with a prefix", says(call(name="functions.get_code"))),
    ("TOOL-015", "name in other letters", says(call(name="Get_Code"))),
    ("TOOL-015", "no input", says(without(CALL, "input"))),
    ("TOOL-015", "input null", says(call(input=None))),
    ("TOOL-015", "input a string", says(call(input='{"n": 1}'))),
    ("TOOL-015", "input an array", says(call(input=[1]))),
    ("TOOL-015", "input of the second call", says(CALL, call(id="toolu_2", input=""))),
    ("TOOL-015", "input of an earlier call in a cut answer", says(call(input=""), TEXT, reason="max_tokens")),
    ("TOOL-015", "id in a cut answer", says(call(id=""), reason="max_tokens")),
    (
        "TOOL-015",
        "input of another tool than the eager one",
        says(call(input=""), tools=(TOOL, OTHER | {"eager_input_streaming": True})),
    ),
    ("TOOL-015", "streamed id", streams(*called('{"n":1}', id="call 1"))),
    ("TOOL-015", "streamed name", streams(*called('{"n":1}', name="get_time"))),
    ("TOOL-015", "streamed input null", streams(*called(input=None))),
    ("THINK-003", "no signature", says(without(THOUGHT, "signature"), TEXT, reason="end_turn")),
    ("THINK-003", "signature null", says(THOUGHT | {"signature": None}, TEXT, reason="end_turn")),
    ("THINK-003", "thinking null", says(THOUGHT | {"thinking": None}, TEXT, reason="end_turn")),
    ("THINK-003", "the text under another name", says(THOUGHT | {"thinking": 1, "text": "Hm."}, TEXT)),
    ("THINK-003", "thinking null in a cut answer", says(THOUGHT | {"thinking": None}, reason="max_tokens")),
    ("THINK-003", "an earlier block of a cut answer", says(without(THOUGHT, "signature"), TEXT, reason="max_tokens")),
    ("THINK-003", "no data", says(without(HIDDEN, "data"), TEXT, reason="end_turn")),
    ("THINK-003", "data an object", says(HIDDEN | {"data": {}}, TEXT, reason="end_turn")),
    ("THINK-003", "streamed without signature", streams(*thought(), reason="end_turn")),
    ("THINK-006", "think", says(TEXT | {"text": "<think>Hm.</think> pong"}, reason="end_turn")),
    ("THINK-006", "only its end", says(TEXT | {"text": "Hm.\n</think>\npong"}, reason="end_turn")),
    ("THINK-006", "channel", says(TEXT | {"text": "<|channel|>analysis"}, reason="end_turn")),
    ("THINK-006", "in the second text", says(TEXT, TEXT | {"text": "</think>"}, reason="end_turn")),
    ("THINK-006", "streamed in two pieces", streams(opens(), text("<thi"), text("nk>"), closes(), reason="end_turn")),
    ("THINK-006", "another tag in the request", says(TEXT | {"text": "</think>"}, system="What is <|channel|>?")),
]


def names(rows: list[tuple[str, str, Exchange]]) -> list[str]:
    return [f"{requirement}, {name}" for requirement, name, _ in rows]


@pytest.mark.parametrize(("requirement", "name", "answer"), BREACHES, ids=names(BREACHES))
def test_a_breach_breaks_its_requirement_alone(requirement: str, name: str, answer: Exchange) -> None:
    found = ours(run(answer))
    assert found[0] == {requirement}, name


LEGAL: list[tuple[str, str, Exchange]] = [
    ("TOOL-015", "plain", says(CALL)),
    ("TOOL-015", "talk before the call", says(TEXT, CALL)),
    ("TOOL-015", "unknown block beside it", says(UNKNOWN, CALL)),
    ("TOOL-015", "no arguments", says(call(input={}))),
    ("TOOL-015", "newer members", says(call(caller={"type": "direct"}))),
    ("TOOL-015", "id of another style", says(call(id="call_abc"))),
    ("TOOL-015", "uuid as id", says(call(id="0b7e9a52-9df1-4c39-8d2e-0d4ff2f3c1aa"))),
    ("TOOL-015", "number in letters as id", says(call(id="0"))),
    ("TOOL-015", "a tool with a type of its own", says(call(name="bash"), tools=(TOOL, BASH))),
    ("TOOL-015", "the whole call in a cut answer", says(CALL, call(id="toolu_2"), reason="max_tokens")),
    ("TOOL-015", "fragment of the last call", says(CALL, call(id="toolu_2", input=""), reason="max_tokens")),
    ("TOOL-015", "streamed", streams(*called("", '{"n"', ":1}"))),
    ("TOOL-015", "streamed without arguments", streams(*called())),
    ("TOOL-015", "streamed with an empty piece alone", streams(*called(""))),
    ("THINK-003", "signed", says(THOUGHT, TEXT, reason="end_turn")),
    ("THINK-003", "thinking left out", says(THOUGHT | {"thinking": ""}, TEXT, reason="end_turn")),
    ("THINK-003", "empty signature", says(THOUGHT | {"signature": ""}, TEXT, reason="end_turn")),
    ("THINK-003", "redacted", says(HIDDEN, TEXT, reason="end_turn")),
    ("THINK-003", "streamed", streams(*thought("c2", "ln"), reason="end_turn")),
    ("THINK-003", "the cut is behind it", says(THOUGHT, TEXT, reason="max_tokens")),
]


@pytest.mark.parametrize(("requirement", "name", "answer"), LEGAL, ids=names(LEGAL))
def test_a_legal_variation_breaks_nothing(requirement: str, name: str, answer: Exchange) -> None:
    faults, good = ours(run(answer))
    assert (faults, requirement in good) == (set(), True), name


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(says(call(name="get_time"), tools=None), id="call without tools"),
        pytest.param(says(call(name="get_time"), tools=()), id="call with tools []"),
        pytest.param(says(call(name="get_time"), tools=(TOOL, TOOL_SET)), id="a tool set tells no names"),
        pytest.param(says(call(input=""), reason="max_tokens"), id="fragment by the limit"),
        pytest.param(says(call(input=""), reason="model_context_window_exceeded"), id="fragment by the window"),
        pytest.param(says(call(input=""), reason="refusal"), id="fragment by a refusal"),
        pytest.param(says(call(input=""), reason="stop_sequence"), id="fragment by a stop sequence"),
        pytest.param(says(call(input="{"), tools=(EAGER,)), id="eager tool"),
        pytest.param(streams(*called('{"n"'), tools=(EAGER,), reason="max_tokens"), id="streamed eager tool"),
        pytest.param(streams(*called('{"n":1}{"n":2}')), id="partial_json is STRM-028's"),
        pytest.param(streams(*called('{"n"'), reason="max_tokens"), id="streamed fragment"),
        pytest.param(streamed(start(), *called('{"n"', id=""), FAILURE), id="stream that ended in an error"),
        pytest.param(says({"type": "server_tool_use", "id": "", "name": 1, "input": ""}), id="call of a server tool"),
        pytest.param(says(without(THOUGHT, "signature"), reason="max_tokens"), id="thought cut by the limit"),
        pytest.param(says(THOUGHT | {"signature": None}, reason="refusal"), id="thought cut by a refusal"),
        pytest.param(streams(*thought(), reason="max_tokens"), id="streamed thought cut"),
        pytest.param(exchange(MESSAGE | {"content": 5}), id="content is no array"),
        pytest.param(exchange({"content": [CALL | {"id": ""}]}, url="http://127.0.0.1:1/v1/models"), id="no message"),
        pytest.param(error(400, ERROR), id="error"),
    ],
)
def test_what_cannot_be_told_is_silent(answer: Exchange) -> None:
    assert ours(run(answer)) == (set(), set())


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(says(TEXT | {"text": "It is <think>."}, system="Explain <think>."), id="the tag itself"),
        pytest.param(
            says(TEXT | {"text": "Hm.</think> pong"}, system="Begin with <think>"), id="the other of the pair"
        ),
        pytest.param(says(TEXT | {"text": "</think>"}, tools=[TOOL | {"description": "<think>"}]), id="in a tool"),
    ],
)
def test_a_tag_that_the_request_brought_is_not_judged(answer: Exchange) -> None:
    assert "THINK-006" not in broken(run(answer)) | held(run(answer))


def test_a_tag_behind_escapes_in_the_request_counts() -> None:
    answer = says(TEXT | {"text": "<think>"}, reason="end_turn")
    escaped = answer.request.body[:-1] + rb', "system": "\u003cthink\u003e"}'
    request = type(answer.request)("POST", answer.request.url, answer.request.headers, escaped)
    found = Exchange(request, 200, answer.headers, answer.chunks, answer.end)
    assert "THINK-006" not in broken(run(found)) | held(run(found))


@pytest.mark.parametrize(
    ("answer", "put_to_the_test"),
    [
        (exchange(), True),
        (streamed(), True),
        (says(TEXT | {"text": "if a < think > b"}), True),
        (says(TEXT | {"text": "<thinking>"}), True),
        (says(THOUGHT | {"thinking": "<think>"}, TEXT), True),
        (says(CALL), False),
        (says(TEXT | {"text": ""}), False),
        (says(TEXT | {"text": None}), False),
    ],
)
def test_text_without_tags_holds(answer: Exchange, put_to_the_test: bool) -> None:
    found = run(answer)
    assert ("THINK-006" in broken(found), "THINK-006" in held(found)) == (False, put_to_the_test)


HISTORY = [
    {"role": "user", "content": "code?"},
    {"role": "assistant", "content": [CALL]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "4711"}]},
]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        pytest.param([says(CALL)], set(), id="one call"),
        pytest.param([says(CALL, call(id="toolu_2"))], {Kind.HELD}, id="two in a message"),
        pytest.param([says(CALL), says(call(id="toolu_2"))], {Kind.HELD}, id="two messages"),
        pytest.param([says(CALL), streams(*called(id="toolu_2"))], {Kind.HELD}, id="json and stream"),
        pytest.param([says(CALL), says(call(id="toolu_2"), messages=HISTORY)], {Kind.HELD}, id="replayed in a request"),
        pytest.param([says(CALL), says(call(id=None))], set(), id="no id is TOOL-015's"),
        pytest.param([says(CALL), says(call(id=""))], set(), id="an empty id is TOOL-015's"),
        pytest.param([says(CALL), says({"type": "server_tool_use", "id": "toolu_1"})], set(), id="server tool"),
        pytest.param([says(CALL, CALL)], {Kind.BROKEN}, id="repeated in a message"),
        pytest.param([says(CALL), says(CALL)], {Kind.BROKEN}, id="repeated in another message"),
        pytest.param([says(CALL), streams(*called())], {Kind.BROKEN}, id="repeated in a stream"),
        pytest.param([says(CALL, messages=HISTORY), says(CALL)], {Kind.BROKEN}, id="repeated after a replay"),
    ],
)
def test_ids_of_calls_are_unique(rows: list[Exchange], found: set[Kind]) -> None:
    assert {finding.kind for finding in own(run(*rows)) if finding.requirement == "TOOL-016"} == found


def test_a_repetition_under_an_idempotency_key_may_bring_the_same_call() -> None:
    again = exchange(MESSAGE | {"content": [CALL]}, SENT | {"tools": [TOOL]}, request_headers=KEY)
    assert "TOOL-016" not in broken(run(says(CALL), again)) | held(run(says(CALL), again))


def test_a_repetition_names_both_places() -> None:
    (finding,) = (f for f in own(run(says(CALL), says(TEXT, CALL))) if f.requirement == "TOOL-016")
    assert (str(finding.where), finding.seen) == ("exchange 2, /content/1/id", "'toolu_1', as in exchange 1")


@pytest.mark.parametrize(("identifier", "unusual"), [("toolu_1", False), ("call_abc", True)])
def test_another_prefix_is_a_note(identifier: str, unusual: bool) -> None:
    found = run(says(call(id=identifier)))
    assert (ours(found), "TOOL-015" in noted(found)) == ((set(), {"TOOL-015"}), unusual)


def test_a_finding_says_what_was_declared_and_what_came() -> None:
    (finding,) = (f for f in own(run(says(call(name="x"), tools=(TOOL, OTHER)))) if f.requirement == "TOOL-015")
    assert finding.expected == "the name of a declared tool, 'get_code' or 'get_time'"
    assert (finding.seen, finding.where.pointer) == ("'x'", "/content/0/name")
