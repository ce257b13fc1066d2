"""The tables and bounds of the rules, member by member: what each word, number or key of them decides."""

import json
from typing import Any

import pytest
from expectation_samples import expect, failed, judged, kinds, said
from rule_samples import (
    BLOCK,
    CALL,
    ERROR,
    MESSAGE,
    SENT,
    STOP,
    TEXT,
    TOOL,
    USAGE,
    Data,
    broken,
    ends,
    error,
    exchange,
    held,
    noted,
    own,
    run,
    start,
    streamed,
    without,
)
from test_delivery_rules import bursts

from conformance.contract import Level
from conformance.rules.findings import Kind
from conformance.suite import accepted, refused
from conformance.wire.exchange import Exchange

WITH_TOOL = SENT | {"tools": [TOOL]}


def counted(sent: Data = SENT, /, **usage: Any) -> Exchange:
    return exchange(MESSAGE | {"usage": USAGE | usage}, sent)


@pytest.mark.parametrize("key", ["id", "type", "role", "content", "model"])
def test_each_key_of_a_message_is_missed(key: str) -> None:
    assert "RESP-001" in broken(run(exchange(without(MESSAGE, key))))


@pytest.mark.parametrize("key", ["stop_reason", "stop_sequence", "usage"])
def test_other_keys_are_missed_by_their_own_requirements(key: str) -> None:
    assert "RESP-001" in held(run(exchange(without(MESSAGE, key))))


@pytest.mark.parametrize(
    "more",
    [b',"n":1' + b"0" * 5000, b',"id":"msg_1"', b',"n":' + b"[" * 3000 + b"]" * 3000],
    ids=["huge number", "repeated key", "deep"],
)
def test_what_only_goes_beyond_some_readers_is_a_note(more: bytes) -> None:
    found = run(exchange(raw=json.dumps(MESSAGE).encode()[:-1] + more + b"}"))
    assert ("HTTP-011" in broken(found), "HTTP-011" in noted(found)) == (False, True)


FRAGMENT = without(CALL, "input")


@pytest.mark.parametrize(
    "reason", ["max_tokens", "model_context_window_exceeded", "refusal", "pause_turn", "stop_sequence"]
)
def test_the_last_call_of_an_answer_broken_off_may_be_a_fragment(reason: str) -> None:
    answer = exchange(MESSAGE | {"content": [TEXT, FRAGMENT], "stop_reason": reason}, WITH_TOOL)
    assert "TOOL-015" not in broken(run(answer))
    first = exchange(MESSAGE | {"content": [FRAGMENT, TEXT], "stop_reason": reason}, WITH_TOOL)
    assert "TOOL-015" in broken(run(first))


@pytest.mark.parametrize("reason", ["tool_use", "end_turn"])
def test_the_last_call_of_another_answer_is_whole(reason: str) -> None:
    answer = exchange(MESSAGE | {"content": [TEXT, FRAGMENT], "stop_reason": reason}, WITH_TOOL)
    assert "TOOL-015" in broken(run(answer))


@pytest.mark.parametrize("key", ["id", "name", "input"])
def test_a_call_without_one_of_its_parts_needs_no_stop_reason_of_its_own(key: str) -> None:
    answer = exchange(MESSAGE | {"content": [without(CALL, key)]}, WITH_TOOL)
    assert "SEM-004" not in broken(run(answer)) | held(run(answer))


@pytest.mark.parametrize("reason", ["max_tokens", "refusal", "pause_turn", "model_context_window_exceeded"])
def test_a_whole_call_may_end_otherwise(reason: str) -> None:
    answer = exchange(MESSAGE | {"content": [CALL], "stop_reason": reason}, WITH_TOOL)
    assert "SEM-004" not in broken(run(answer)) | held(run(answer))


@pytest.mark.parametrize("reason", ["end_turn", "stop_sequence"])
def test_a_whole_call_does_not_end_like_text(reason: str) -> None:
    answer = exchange(MESSAGE | {"content": [CALL], "stop_reason": reason}, WITH_TOOL)
    assert "SEM-004" in broken(run(answer))


@pytest.mark.parametrize("kind", ["tool_use", "tool_result"])
def test_a_history_of_tools_explains_a_call(kind: str) -> None:
    sent = SENT | {"messages": [{"role": "user", "content": [{"type": kind}]}]}
    answer = exchange(MESSAGE | {"content": [CALL], "stop_reason": "tool_use"}, sent)
    assert "SEM-009" not in broken(run(answer)) | held(run(answer))


def test_a_history_of_text_explains_no_call() -> None:
    sent = SENT | {"messages": [{"role": "user", "content": [TEXT]}]}
    assert "SEM-009" in broken(run(exchange(MESSAGE | {"content": [CALL], "stop_reason": "tool_use"}, sent)))


@pytest.mark.parametrize(("limit", "judged_there"), [(63, False), (64, True), (65, True)])
def test_an_empty_answer_is_judged_from_64_tokens_on(limit: int, judged_there: bool) -> None:
    answer = exchange(MESSAGE | {"content": []}, SENT | {"max_tokens": limit})
    assert ("RESP-013" in broken(run(answer))) is judged_there


@pytest.mark.parametrize(("output", "outcome"), [(63, "held"), (64, "held"), (65, "note"), (66, "broken")])
def test_output_is_compared_with_the_limit(output: int, outcome: str) -> None:
    found = run(counted(output_tokens=output))
    told = {
        name for name, said_of in (("held", held), ("note", noted), ("broken", broken)) if "SEM-001" in said_of(found)
    }
    assert told == {outcome}


@pytest.mark.parametrize("name", ["total_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"])
@pytest.mark.parametrize("value", [None, "1", 1.5, -1, True], ids=str)
def test_plain_counts_are_counts(name: str, value: object) -> None:
    assert "USG-003" in broken(run(counted(**{name: value})))


@pytest.mark.parametrize("name", ["cache_creation_input_tokens", "cache_read_input_tokens"])
def test_upstream_counts_are_counts_or_null(name: str) -> None:
    for value, breaks in (("1", True), (-1, True), (1.0, True), (None, False), (3, False)):
        found = run(counted(**{name: value}))
        assert ("USG-006" in broken(found), "USG-006" in held(found)) == (breaks, not breaks)


@pytest.mark.parametrize(
    ("parts", "whole", "outcome"),
    [
        ({"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3}, 5, {"held"}),
        ({"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3}, 4, {"held", "broken"}),
        ({"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": "3"}, 4, {"held"}),
        ({"ephemeral_5m_input_tokens": 2}, None, {"held"}),
        ("5", 5, {"held", "broken"}),
    ],
)
def test_the_parts_of_what_was_written_sum_to_it(parts: object, whole: int | None, outcome: set[str]) -> None:
    found = run(counted(cache_creation_input_tokens=whole, cache_creation=parts))
    assert {name for name, told in (("held", held), ("broken", broken)) if "USG-006" in told(found)} == outcome


@pytest.mark.parametrize(
    ("plain", "upstream"),
    [("cache_read_tokens", "cache_read_input_tokens"), ("cache_write_tokens", "cache_creation_input_tokens")],
)
def test_each_pair_of_synonyms_agrees(plain: str, upstream: str) -> None:
    assert "USG-007" in broken(run(counted(**{plain: 5, upstream: 6})))
    assert "USG-007" in held(run(counted(**{plain: 5, upstream: 5})))
    assert "USG-007" in noted(run(counted(**{plain: 5})))
    assert "USG-007" not in noted(run(counted(**{plain: 5, upstream: 5}))) | noted(run(counted(**{upstream: 5})))
    crossed = {"cache_read_tokens": "cache_creation_input_tokens", "cache_write_tokens": "cache_read_input_tokens"}
    assert "USG-007" not in broken(run(counted(**{plain: 5, crossed[plain]: 6})))


@pytest.mark.parametrize(
    "name",
    ["cache_read_tokens", "cache_read_input_tokens", "cache_write_tokens", "cache_creation_input_tokens"],
)
def test_every_cache_count_is_input(name: str) -> None:
    assert "USG-008" in held(run(counted(input_tokens=0, **{name: 1})))
    assert "USG-008" in broken(run(counted(input_tokens=0, **{name: 0})))
    assert "USG-004" in held(run(counted(total_tokens=21, **{name: 7})))
    assert "USG-004" in broken(run(counted(total_tokens=20, **{name: 7})))


def test_a_total_may_hold_both_cache_counts() -> None:
    caches = {"cache_read_input_tokens": 7, "cache_creation_input_tokens": 100}
    for total, breaks in ((14, False), (21, False), (114, False), (121, False), (120, True), (107, True)):
        assert ("USG-004" in broken(run(counted(total_tokens=total, **caches)))) is breaks


@pytest.mark.parametrize("count", [1, 2, 3])
def test_reasoning_is_no_more_than_the_output(count: int) -> None:
    for usage in ({"reasoning_tokens": count}, {"output_tokens_details": {"thinking_tokens": count}}):
        found = run(counted(**usage))
        assert ("USG-005" in broken(found), "USG-005" in held(found)) == (count > 2, count <= 2)


LEAKS = [
    "Traceback (most recent call last): x",
    *(f"in /{folder}/app/x" for folder in ("usr", "home", "opt", "srv", "var", "root")),
    'File "app.py", line 3',
    "at node_modules",
    *("10.1.2.3", "192.168.0.1", "172.16.0.1", "172.19.0.1", "172.20.0.1", "172.30.0.1", "172.31.255.1"),
    "key sk-abcd1234",
    "at com.acme.router.Body.parse(Body.java:88)",
    "src/body.rs:42:13",
    "goroutine 17 [running]",
    "main.go:55",
    "C:\\srv\\app\\x",
    "vllm-7.prod.svc.cluster.local:8000",
    "AKIA" + "A1B2C3D4E5F6G7H8",
    "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.x",
]
HARMLESS = [
    "there is no file app.py",
    "see /docs/usr",
    "./usr/x",
    "/userdata/x",
    "the file app.py is no image",
    "172.15.0.1",
    "172.32.0.1",
    "110.1.2.3",
    "10.1.2.3.4",
    "193.168.0.1",
    "task-abcd12345",
    "keys begin with sk-ant-api03-",
    "sk-abc",
    "the file body.java is no image",
    "line 3:5",
    "x:\n\nno",
    "AKIA and so on",
    "cluster.local",
]


@pytest.mark.parametrize(("text", "leaks"), [*((t, True) for t in LEAKS), *((t, False) for t in HARMLESS)], ids=str)
def test_what_tells_of_the_inside(text: str, leaks: bool) -> None:
    answer = error(400, ERROR | {"error": {"type": "invalid_request_error", "message": text}})
    assert ("ERR-010" in broken(run(answer))) is leaks
    assert ("ERR-010" in held(run(answer))) is not leaks


@pytest.mark.parametrize("status", [401, 402, 403, 404, 407, 408, 429, 503, 504, 529])
def test_a_refusal_for_another_reason_proves_nothing(status: int) -> None:
    assert kinds(refused, failed(status)) <= {Kind.UNJUDGED}


@pytest.mark.parametrize("status", [400, 405, 409, 410, 413, 415, 418, 422, 499])
def test_a_refusal_of_the_request_holds(status: int) -> None:
    assert kinds(refused, failed(status)) == {Kind.HELD}


@pytest.mark.parametrize("status", [399, 500, 501, 502, 505, 599, 302, 200])
def test_what_is_no_client_error_refuses_nothing(status: int) -> None:
    assert kinds(refused, failed(status) if status != 200 else said()) == {Kind.BROKEN}


@pytest.mark.parametrize("status", [401, 402, 403, 404, 407, 409])
def test_a_momentary_refusal_needs_an_accepted_control_after_it(status: int) -> None:
    assert {f.kind for f in judged(accepted, failed(status), after=failed(status))} == {Kind.UNJUDGED}
    assert {f.kind for f in judged(accepted, failed(status))} == {Kind.BROKEN}


@pytest.mark.parametrize(("count", "told"), [(19, False), (20, True), (21, True)])
def test_twenty_deltas_are_enough_to_tell_a_buffer(count: int, told: bool) -> None:
    assert ("SSE-011" in broken(run(bursts(4.0, 4.0, 4.0, count=count)))) is told


@pytest.mark.parametrize(("seconds", "told"), [(2.9, False), (3.0, True)])
def test_three_seconds_are_enough_to_tell_a_buffer(seconds: float, told: bool) -> None:
    assert ("SSE-011" in broken(run(bursts(seconds, seconds, seconds)))) is told


def test_statuses_of_one_of_are_named_by_the_expectation() -> None:
    one_of = expect("one-of", {"ok": [200, 501]})
    assert kinds(one_of, said()) == {Kind.HELD} and kinds(one_of, failed(502)) == {Kind.BROKEN}


@pytest.mark.parametrize("block", ["pong", None, [], 5, {}, {"type": None}, {"type": ""}], ids=str)
def test_content_is_made_of_objects_with_a_type(block: object) -> None:
    found = [f for f in own(run(exchange(MESSAGE | {"content": [TEXT, block]}))) if f.requirement == "RESP-004"]
    assert [(f.kind, f.where.pointer, f.seen) for f in found] == [(Kind.BROKEN, "/content/1", repr(block))]


@pytest.mark.parametrize(("citations", "holds"), [([], True), ([{}], True), (None, True), ({}, False), ("x", False)])
def test_citations_are_null_or_an_array(citations: object, holds: bool) -> None:
    found = run(exchange(MESSAGE | {"content": [TEXT | {"citations": citations}]}))
    assert ("RESP-005" in held(found), "RESP-005" in broken(found)) == (holds, not holds)


@pytest.mark.parametrize("model", ["", 7, None, [], {}], ids=str)
def test_a_model_that_is_no_text_is_not_compared(model: object) -> None:
    found = run(exchange(MESSAGE | {"model": model}))
    assert (broken(found), "RESP-008" in held(found)) == ({"RESP-007"}, False)


@pytest.mark.parametrize(
    ("reason", "details", "holds"),
    [
        ("refusal", {"type": "refusal"}, True),
        ("refusal", {"type": "x"}, False),
        ("refusal", {}, False),
        ("refusal", "refusal", False),
        ("end_turn", {"type": "refusal"}, False),
        ("end_turn", None, True),
        ("refusal", None, True),
    ],
)
def test_details_stand_beside_a_refusal(reason: str, details: object, holds: bool) -> None:
    found = own(run(exchange(MESSAGE | {"stop_reason": reason, "stop_details": details})))
    told = [(f.kind, f.level, f.where.pointer) for f in found if f.requirement == "RESP-010" and f.kind is Kind.BROKEN]
    assert told == ([] if holds else [(Kind.BROKEN, Level.SHOULD, "/stop_details")])


def stop_sequence_of(*closing: Data) -> list[tuple[Kind, str, int | None]]:
    """What RESP-011 says of a stream that ends with these events and a message_stop."""
    found = own(run(streamed(start(), *BLOCK, *closing, STOP)))
    return [(f.kind, f.where.pointer, f.where.event) for f in found if f.requirement == "RESP-011"]


BARE: Data = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}


@pytest.mark.parametrize(
    ("closing", "kind", "event"),
    [
        ((ends(),), Kind.HELD, 5),
        ((BARE,), Kind.BROKEN, 5),
        ((ends(stop_sequence=5),), Kind.BROKEN, 5),
        ((ends(None), BARE), Kind.BROKEN, 6),
        ((BARE, ends()), Kind.HELD, 6),
        ((ends(), {"type": "vendor", "delta": {"stop_reason": "x"}}), Kind.HELD, 5),
        ((ends(), {"type": "message_delta", "delta": 5, "usage": {"output_tokens": 2}}), Kind.HELD, 5),
        ((ends(), BARE | {"delta": {"stop_reason": None}}), Kind.HELD, 5),
    ],
)
def test_the_stop_sequence_of_a_stream_stands_beside_its_last_stop_reason(
    closing: tuple[Data, ...], kind: Kind, event: int
) -> None:
    assert stop_sequence_of(*closing) == [(kind, "/delta/stop_sequence", event)]


def test_a_stream_without_a_stop_reason_has_no_place_for_a_stop_sequence() -> None:
    assert stop_sequence_of(ends(None)) == [] == stop_sequence_of()


@pytest.mark.parametrize("content", [None, "", {}, 5], ids=str)
def test_what_is_no_content_is_not_judged_as_empty(content: object) -> None:
    found = run(exchange(MESSAGE | {"content": content}))
    assert "RESP-013" not in broken(found) | held(found)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, True),
        ({"messages": [*SENT["messages"], {"role": "assistant", "content": "Po"}]}, False),
        ({"messages": []}, False),
        ({"messages": "x"}, False),
        ({"messages": ["x"]}, False),
        ({"messages": [{"role": "user", "content": ""}]}, False),
        ({"stop_sequences": ["END"]}, False),
        ({"stop_sequences": []}, True),
        ({"max_tokens": "64"}, False),
        ({"max_tokens": 64.0}, True),
    ],
)
def test_an_empty_answer_is_judged_where_nothing_explains_it(sent: Data, told: bool) -> None:
    answer = exchange(MESSAGE | {"content": []}, SENT | sent)
    assert ("RESP-013" in broken(run(answer))) is told


@pytest.mark.parametrize("reason", ["max_tokens", "refusal", "stop_sequence", "pause_turn", None])
def test_an_empty_answer_that_did_not_end_by_itself_says_nothing(reason: str | None) -> None:
    found = run(exchange(MESSAGE | {"content": [], "stop_reason": reason}))
    assert "RESP-013" not in broken(found) | held(found)


@pytest.mark.parametrize("reason", ["end_turn", "max_tokens", "refusal"])
def test_an_answer_with_content_holds_however_it_ended(reason: str) -> None:
    assert "RESP-013" in held(run(exchange(MESSAGE | {"stop_reason": reason})))


def test_names_that_disagree_count_as_the_larger() -> None:
    found = run(counted(input_tokens=0, cache_read_tokens=0, cache_read_input_tokens=9))
    assert ("USG-007" in broken(found), "USG-008" in held(found)) == (True, True)


def total_of_stream(*totals: int | None, first: int | None = None) -> set[str]:
    """What USG-004 says of a stream whose message_start and message_deltas have these totals."""
    opening = start(usage=USAGE | ({} if first is None else {"total_tokens": first}))
    deltas = [ends(usage={"output_tokens": 2} | ({} if t is None else {"total_tokens": t})) for t in totals]
    found = run(streamed(opening, *BLOCK, *deltas, STOP))
    return {name for name, told in (("held", held), ("broken", broken)) if "USG-004" in told(found)}


def test_the_total_of_a_stream_is_the_last_one() -> None:
    assert total_of_stream(14) == {"held"}
    assert total_of_stream(99) == {"broken"}
    assert total_of_stream(None, first=99) == set()
    assert total_of_stream(14, None) == set(), "the last message_delta may have counted more output"
    assert total_of_stream(None, 14) == {"held"}
    assert total_of_stream(99, 14) == {"held"}


@pytest.mark.parametrize("missing", ["input_tokens", "output_tokens"])
def test_a_total_is_compared_with_counts_alone(missing: str) -> None:
    found = run(counted(**{missing: "x", "total_tokens": 99}))
    assert "USG-004" not in broken(found) | held(found)
    assert "USG-004" not in broken(run(exchange())) | held(run(exchange()))


@pytest.mark.parametrize(("total", "words"), [(1, "at least input and output each"), (12, "14"), (13, "14")])
def test_what_a_total_should_be_is_told(total: int, words: str) -> None:
    (finding,) = [f for f in own(run(counted(total_tokens=total))) if f.requirement == "USG-004"]
    assert (finding.kind, finding.expected, finding.where.pointer) == (Kind.BROKEN, words, "/usage/total_tokens")


def test_reasoning_is_compared_with_a_count_alone() -> None:
    found = run(counted(output_tokens="x", reasoning_tokens=3))
    assert "USG-005" not in broken(found) | held(found)


@pytest.mark.parametrize("key", ["id", "type", "role", "model"])
def test_one_member_of_a_start_is_enough_for_a_message(key: str) -> None:
    opening = {"type": "message_start", "message": {key: MESSAGE[key]}}
    found = run(streamed(opening, *BLOCK, ends("stop"), STOP))
    assert "RESP-010" in broken(found)


def test_a_start_that_says_nothing_begins_no_message() -> None:
    found = run(streamed({"type": "message_start", "message": {"x": 1}}, *BLOCK, ends("stop"), STOP))
    assert "RESP-010" not in broken(found)


def test_what_comes_behind_a_message_does_not_undo_it() -> None:
    assert "RESP-010" in broken(run(streamed(start(), *BLOCK, ends("stop"), STOP, STOP)))
    assert "RESP-010" not in broken(run(streamed(start(), *BLOCK, ends("stop"))))


@pytest.mark.parametrize("kind", [[], {}, None, 5], ids=str)
def test_a_history_of_odd_blocks_explains_no_call(kind: object) -> None:
    sent = SENT | {"messages": [{"role": "user", "content": [{"type": kind}]}]}
    assert "SEM-009" in broken(run(exchange(MESSAGE | {"content": [CALL], "stop_reason": "tool_use"}, sent)))


@pytest.mark.parametrize(
    "content",
    [None, "x", [{"type": "function_call"}], [{"type": None}], ["x"]],
    ids=["null", "text", "foreign", "odd", "word"],
)
def test_a_call_that_may_be_hidden_is_not_missed(content: object) -> None:
    found = run(exchange(MESSAGE | {"content": content, "stop_reason": "tool_use"}, WITH_TOOL))
    assert "SEM-003" not in broken(found) | held(found)


@pytest.mark.parametrize("reason", ["stop", "compaction", None, [], 5], ids=str)
def test_a_stop_sequence_beside_an_unknown_reason_says_nothing(reason: object) -> None:
    for value in (None, "x"):
        found = run(exchange(MESSAGE | {"stop_reason": reason, "stop_sequence": value}))
        assert "SEM-007" not in broken(found) | held(found)


@pytest.mark.parametrize("sent", [[], "x", None, {}], ids=str)
def test_a_request_that_says_nothing_supplies_nothing(sent: object) -> None:
    stopped = exchange(MESSAGE | {"stop_reason": "stop_sequence", "stop_sequence": "x"}, sent)
    assert not {"SEM-008", "SEM-009"} & (broken(run(stopped)) | held(run(stopped)))
    called = exchange(MESSAGE | {"content": [CALL], "stop_reason": "tool_use"}, sent)
    assert "SEM-009" not in broken(run(called))


def test_a_foreign_reason_says_nothing_of_stop_sequences() -> None:
    assert "SEM-008" not in held(run(exchange(MESSAGE | {"stop_reason": "stop"})))


def test_a_call_that_is_said_but_not_there_needs_no_tools() -> None:
    found = run(exchange(MESSAGE | {"stop_reason": "tool_use"}))
    assert "SEM-009" not in broken(found) | held(found)
    odd = run(exchange(MESSAGE | {"content": None}))
    assert "SEM-009" not in broken(odd) | held(odd)


@pytest.mark.parametrize("sent", [[], "x"], ids=str)
def test_a_request_that_says_nothing_declares_no_server_tool(sent: object) -> None:
    paused = run(exchange(MESSAGE | {"stop_reason": "pause_turn"}, sent))
    assert "SEM-010" not in broken(paused) | held(paused)


@pytest.mark.parametrize("change", [{"stop_reason": None}, {"stop_reason": 5}, {"content": None}], ids=str)
def test_what_is_no_answer_uses_no_server_tool(change: Data) -> None:
    found = run(exchange(MESSAGE | change))
    assert "SEM-010" not in broken(found) | held(found)
