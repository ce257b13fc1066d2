"""What expectations about calls, models and words say beside their verdict, and what a wording has reached."""

import json
from typing import Any

import pytest
from expectation_samples import exchange, expect, failed, judged, said
from test_expectations_tools import says, streams

from conformance.rules.expectations_tools import is_spoilt
from conformance.rules.findings import Finding, Kind
from conformance.rules.reached import REACHED, may_be_replayed, sequences
from conformance.wire.exchange import Exchange
from conformance.wire.reading import Reading

OPEN, HELD, BROKEN = Kind.UNJUDGED, Kind.HELD, Kind.BROKEN
TOOLS = {"tools": [{"name": "a", "input_schema": {}}], "tool_choice": {"type": "any"}}
CALL: dict[str, Any] = {"type": "tool_use", "id": "t_1", "name": "a", "input": {"n": 1}}
TEXT = {"type": "text", "text": "x"}
SIGNED = {"type": "thinking", "thinking": "hm", "signature": "s"}
MODEL = {"type": "model", "id": "m", "display_name": "M", "created_at": "2025-02-19T00:00:00Z"}


def only(name: str, /, *probes: Exchange, **args: Any) -> Finding:
    (finding,) = judged(expect(name, args), *probes)
    return finding


def calls(*blocks: Any, sent: Any = None, **more: Any) -> Exchange:
    return said(sent=sent or TOOLS, content=list(blocks), stop_reason="tool_use", **more)


@pytest.mark.parametrize(
    ("name", "args", "answer", "kind", "seen"),
    [
        ("calls-tool", {}, calls(CALL), HELD, ""),
        ("calls-tool", {"name": "b"}, calls(CALL), BROKEN, "a call of 'a'"),
        ("calls-tool", {"name": "b"}, calls(CALL | {"name": "b"}), HELD, ""),
        ("calls-tool", {"exactly": 1}, calls(CALL, CALL), BROKEN, "2 calls"),
        ("calls-tool", {}, calls(TEXT), BROKEN, "0 calls, stop_reason 'tool_use'"),
        ("calls-no-tool", {}, calls(CALL), BROKEN, "calls of ['a'], stop_reason 'tool_use'"),
        (
            "calls-no-tool",
            {},
            said(content=[{"type": 5}]),
            OPEN,
            "a block of which nobody can say what it is: {'type': 5}",
        ),
    ],
)
def test_a_call_is_judged_in_its_place(name: str, args: Any, answer: Exchange, kind: Kind, seen: str) -> None:
    finding = only(name, answer, **args)
    assert (finding.kind, finding.seen, finding.where.pointer) == (kind, seen, "/content")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "at least 1 call of a declared tool: the choice is forced"),
        ({"exactly": 1}, "1 call of a declared tool: the choice is forced"),
        ({"exactly": 2, "name": "a"}, "2 calls of a: the choice is forced"),
    ],
    ids=str,
)
def test_how_many_calls_were_due_is_told(args: dict[str, Any], words: str) -> None:
    assert only("calls-tool", calls(TEXT), **args).expected == words


def refusal(body: bytes) -> Exchange:
    return exchange(400, body, sent=TOOLS)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"type":"error","error":{"type":"x","message":"Thinking is on"}}', OPEN),
        (b'{"type":"error","error":{"type":"x","message":"no"},"thinking":1}', BROKEN),
        (b"\xff Thinking", OPEN),
        (b"no", BROKEN),
    ],
    ids=["said", "said elsewhere", "no JSON", "not said"],
)
def test_a_refusal_that_names_thinking_leaves_a_choice_open(body: bytes, kind: Kind) -> None:
    finding = only("accepts-choice", refusal(body))
    assert finding.kind is kind
    assert kind is BROKEN or finding.seen == "this model thinks, and refuses a forced choice for it"


def test_calls_without_arguments_are_not_compared() -> None:
    bare = calls(CALL | {"input": {}})
    finding = only("arguments-streamed", bare, bare)
    assert (finding.kind, finding.seen) == (OPEN, "no call with arguments to compare")
    assert only("arguments-streamed", calls(CALL), calls(CALL, CALL | {"input": {}})).kind is BROKEN
    (again,) = judged(expect("arguments-streamed"), (calls(TEXT), calls(CALL)), calls(CALL | {"input": {}}))
    assert again.kind is BROKEN


@pytest.mark.parametrize(
    ("value", "wanted", "artefacts", "spoilt"),
    [
        ("\xc3\xa9", "é", (), True),
        ("é".encode().decode("cp437"), "é", (), True),
        ("€".encode().decode("cp1252"), "€", (), True),
        ("€".encode().decode("latin-1"), "€", (), True),
        ("a", "a😀", (), True),
        ("a?", "a😀", (), True),
        ("a??", "a😀", (), True),
        ("", "😀", (), False),
        ("caf?", "café", (), True),
        ("other", "café", ("Ã",), False),
        ("xÃ©x", "café", ("Ã",), True),
        ("xÃx", "café", ("Ã",), False),
        ("Ela disse: NÃO, IRMÃO", "café", ("Ã",), False),
        ("Hon sade: å", "café", ("Ã", "å"), False),
        ("xÃx", "cÃfé", ("Ã",), False),
        ("a\ufe0f", "a", (), False),
        ("a \ufe0f b", "a b", (), False),
        ("é", "é", (), False),
        ("say 京今 nave", "say 北京今 naïve", (), True),
        ("say nave", "say naïve", (), True),
        ("say now", "say naïve", (), False),
        ("say 今京", "say 北京今", (), False),
        ("a", "a\ufe0f", (), False),
    ],
)
def test_what_a_wrong_decoding_leaves(value: str, wanted: str, artefacts: tuple[str, ...], spoilt: bool) -> None:
    assert is_spoilt(value, wanted, artefacts) is spoilt


def page(*models: Any, **members: Any) -> Exchange:
    whole = {"data": list(models), "has_more": False, "first_id": "m", "last_id": "m"} | members
    return exchange(body=json.dumps(whole).encode())


@pytest.mark.parametrize(
    ("answer", "place", "begins"),
    [
        (exchange(body=b'{"data":5}'), "/data", "5 in"),
        (page("x"), "/data/0", "'x' in"),
        (page(MODEL, MODEL | {"type": "x"}), "/data/1/type", "'x' in"),
        (page(MODEL | {"id": ""}), "/data/0/id", "'' in"),
        (page(MODEL | {"id": 5}), "/data/0/id", "5 in"),
        (page(MODEL | {"created_at": "today"}), "/data/0/created_at", "'today' in"),
        (page(MODEL | {"created_at": 5}), "/data/0/created_at", "5 in"),
        (page(MODEL, has_more="no"), "/has_more", "'no' in"),
        (page(MODEL, has_more=True, last_id="x"), "/last_id", "'x' in"),
        (page(MODEL | {"id": "x"}, MODEL, has_more=True, last_id="x"), "/last_id", "'x' in"),
    ],
)
def test_a_page_of_models_departs_in_one_place(answer: Exchange, place: str, begins: str) -> None:
    finding = only("lists-models", answer)
    assert (finding.kind, finding.where.pointer) == (BROKEN, place) and finding.seen.startswith(begins)


def test_a_page_of_models_names_the_one_under_test() -> None:
    found = judged(expect("lists-models"), page(MODEL))
    assert [(f.kind, f.where.pointer) for f in found] == [(HELD, ""), (HELD, "/data")]
    empty = judged(expect("lists-models"), page(has_more=True, last_id=None))
    assert [(f.kind, f.where.pointer) for f in empty] == [(HELD, ""), (OPEN, "/data")]


def asked(*words: Any, prompt: Any = "Repeat: a, b, c") -> dict[str, Any]:
    return {"max_tokens": 2, "stop_sequences": list(words), "messages": [{"role": "user", "content": prompt}]}


FULL = {"input_tokens": 1, "output_tokens": 2}


@pytest.mark.parametrize(
    ("name", "answer", "reached"),
    [
        ("cut-by-limit", said("No.", asked(), usage=FULL), False),
        ("cut-by-limit", said("one, two", asked(), usage=FULL | {"output_tokens": 1}), False),
        ("cut-by-limit", said("one, two", asked(), usage=FULL), True),
        ("sequence-reached", said("a b", asked("b", "z")), True),
        ("sequence-reached", said("x", asked()), False),
        ("sequence-reached", said("a", asked("z", "b")), True),
        ("sequence-reached", said("a", asked("b") | {"messages": "x"}), False),
        ("sequence-reached", said("a", asked("b") | {"messages": []}), False),
        ("sequence-reached", said("a", asked("b") | {"messages": {"a": 1}}), False),
        ("sequence-reached", said("a", asked("b") | {"messages": [*asked()["messages"], {"content": 5}]}), False),
        ("calls-tool", calls(CALL), True),
        ("calls-tool", calls(CALL, CALL | {"id": 5}), False),
        ("calls-tool", failed(400), False),
        ("thinks-and-calls", calls(SIGNED, CALL), True),
        ("thinks-and-calls", calls(SIGNED | {"signature": 5}, CALL), False),
        ("thinks-and-calls", failed(400), False),
        ("thinks", failed(400), False),
    ],
)
def test_what_an_answer_reached(name: str, answer: Exchange, reached: bool) -> None:
    assert REACHED[name](Reading(answer)) is reached


def test_an_empty_sequence_stops_nothing() -> None:
    assert sequences(Reading(said("a", asked("", "b", 5)))) == ("b",)


def test_a_sequence_among_others_is_seen() -> None:
    assert only("stops-at-sequence", said("a b", asked("b", "z"))).kind is BROKEN


def test_a_halt_is_reported_with_its_reason() -> None:
    halted = said("a", asked("b"), stop_reason="end_turn", stop_sequence="b")
    free = said("a b c", asked())
    assert only("stop-reported", halted, free).kind is BROKEN
    (again,) = judged(expect("stop-reported"), (failed(400), halted), (failed(400), free))
    assert again.kind is BROKEN


def test_arguments_of_a_stream_are_compared_where_they_can_be_read() -> None:
    whole, odd = {"type": "tool_use", "id": "t", "name": "get_code", "input": {"n": 1}}, Kind.UNJUDGED
    assert only("arguments-streamed", says(whole), streams(whole)).kind is HELD
    assert only("arguments-streamed", says(whole), streams(whole | {"input": "x"})).kind is odd


def test_the_last_wording_gives_the_value() -> None:
    args = {"path": "n", "value": "é", "artefacts": []}
    rows = (calls(CALL | {"input": {"n": "x"}}), calls(CALL | {"input": {"n": "é"}}))
    (finding,) = judged(expect("arguments-round-trip", args), rows)
    assert finding.kind is HELD


def test_no_message_holds_no_call_that_could_not_be_replayed() -> None:
    assert may_be_replayed(Reading(failed(400)))
