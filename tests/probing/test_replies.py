"""Conversations whose next request is made from the answer before it; and probes that wait for the operator."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from loopback import Loopback, Received, Script, message, response

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.follow import Follower
from conformance.evidence.journal import JournalWriter
from conformance.evidence.run import NOT_CLAIMED, Item, Run, Terms
from conformance.probing.limits import Limits
from conformance.probing.operator import NEEDS, Operator, missing
from conformance.probing.plan import Plan, plan
from conformance.probing.probe import Call, Probe, Shape
from conformance.probing.redaction import Redactor
from conformance.probing.render import Desk
from conformance.probing.replies import REPLIES, RESULT
from conformance.probing.scheduler import Scheduler
from conformance.probing.sender import Sender
from conformance.probing.sockets import SocketTransport
from conformance.probing.spending import Caps, Spending
from conformance.probing.transport import HttpxTransport
from conformance.rules.findings import Kind
from conformance.suite import PLAIN, PLAIN_CONTROL, STREAM_CONTROL, accepted
from conformance.verdicts import Verdict, grade, judge_item
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request
from conformance.wire.reading import Reading

CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {"n": 7}}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "abcdefgh"}
TOOLED = PLAIN | {"tools": [{"name": "get_code", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}}
WORDINGS = (Call(TOOLED | {"system": "one"}), Call(TOOLED | {"system": "two"}), Call(TOOLED | {"system": "three"}))
CALLING = Probe("calling", WORDINGS, Shape.UNTIL, "calls-tool")
REPLAY = Probe("replay", (Call(reply="tool-results"),), after=CALLING)
ITEM = Item("TOOL-017", "replayed", ("replay",), {"*": accepted}, "calling")


def _reading(content: object, sent: Mapping[str, Any] = TOOLED) -> Reading:
    answer = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content}
    body = json.dumps(answer | {"stop_reason": "tool_use", "stop_sequence": None}).encode()
    request = Request("POST", "http://h/v1/messages", (), json.dumps(sent).encode())
    headers = (("content-type", "application/json"),)
    return Reading(Exchange(request, 200, headers, (Chunk(0.0, body),), End(Ending.COMPLETE)))


def test_a_replay_holds_the_turn_as_it_came_and_a_result_for_each_call() -> None:
    said = [{"type": "text", "text": "Let me see {model}."}, CALL, CALL | {"id": "toolu_2"}]
    body = REPLIES["tool-results"](_reading(said))
    assert body["messages"][-2] == {"role": "assistant", "content": said}
    results = body["messages"][-1]["content"]
    assert [(row["tool_use_id"], row["content"]) for row in results] == [("toolu_2", RESULT), ("toolu_1", RESULT)]
    assert "tool_choice" not in body and body["tools"] == TOOLED["tools"]
    assert "tool_choice" in TOOLED and len(body["messages"]) == len(TOOLED["messages"]) + 2


def test_a_changed_signature_differs_from_the_one_that_came_and_nothing_else_does() -> None:
    intact = REPLIES["tool-results"](_reading([THOUGHT, CALL]))
    changed = REPLIES["changed-signature"](_reading([THOUGHT, CALL]))
    other = changed["messages"][-2]["content"][0]["signature"]
    assert other != THOUGHT["signature"] and len(other) == len(THOUGHT["signature"])
    changed["messages"][-2]["content"][0]["signature"] = THOUGHT["signature"]
    assert changed == intact


@pytest.mark.parametrize("content", [[], None, "text", [{"type": "text", "text": "no call"}], ["odd"]])
def test_a_reply_to_an_answer_of_any_shape_is_a_body(content: object) -> None:
    body = REPLIES["changed-signature"](_reading(content))
    assert body["messages"][-1] == {"role": "user", "content": []}


def _plan(url: str = "http://h:1", operator: Operator | None = None, attempts: int = 3, *probes: Probe) -> Plan:
    every = {p.id: p for p in (PLAIN_CONTROL, STREAM_CONTROL, CALLING, REPLAY, *probes)}
    desk = Desk(f"{url}/v1/messages", "v", "m", "k" * 24, "w" * 24, "n", operator=operator or Operator())
    items = [ITEM, *(Item("REQ-001", p.id, (p.id,), {"*": accepted}) for p in probes)]
    return plan(items, every, desk, frozenset(), attempts)


def test_what_a_reply_waits_for_is_planned_before_it() -> None:
    made = _plan()
    assert [probe.id for probe in made.main] == ["calling", "replay"]
    assert made.awaited == {"replay": "calling"}
    assert made.requests == (1 + 1 + 1, 1 + 3 + 1 + 1)


@pytest.mark.parametrize(("attempts", "tried"), [(1, 1), (2, 2), (9, 3)])
def test_no_more_wordings_than_allowed_are_planned(attempts: int, tried: int) -> None:
    made = _plan("http://h:1", None, attempts)
    assert len(next(probe for probe in made.main if probe.id == "calling").calls) == tried


def test_a_reply_goes_in_the_phase_of_what_it_replies_to() -> None:
    alone = Probe("alone", WORDINGS, Shape.UNTIL, "calls-tool", solo=True)
    last = Probe("late", WORDINGS, Shape.UNTIL, "calls-tool", last=True)
    replies = [Probe(f"to {base.id}", (Call(reply="tool-results"),), after=base) for base in (alone, last)]
    made = _plan("http://h:1", None, 3, alone, last, *replies)
    assert [probe.id for probe in made.alone] == ["alone", "to alone"]
    assert [probe.id for probe in made.last] == ["late", "to late"]


@pytest.mark.parametrize("need", list(NEEDS))
def test_a_probe_that_waits_for_the_operator_is_not_sent_without(need: str) -> None:
    made = _plan("http://h:1", Operator(), 3, Probe("costly", (Call(PLAIN | {"system": "x"}),), needs=need))
    assert made.unsent["costly"].startswith("only with ")
    given = Operator("second-key", ("a", "b"), 100, frozenset({"large-body", "long-context"}))
    assert missing(need, given) == "" and missing("", Operator()) == ""


def test_a_probe_needs_every_one_of_its_capabilities() -> None:
    both = Probe("both", (Call(PLAIN | {"system": "x"}),), capabilities=("streaming", "tools"))
    reply = Probe("reply", (Call(reply="tool-results"),), after=both)
    made = _plan("http://h:1", None, 3, both, reply)
    assert made.unsent == {"both": f"{NOT_CLAIMED} streaming", "reply": f"{NOT_CLAIMED} streaming"}


def _sent(folder: Path, endpoint: Loopback, concurrency: int, cap: int | None = None) -> Follower:
    """The journal of the plan of ITEM, sent to an endpoint."""
    with endpoint as server:
        desk = Desk(f"{server.url}/v1/messages", "v", "m", "k" * 24, "w" * 24, "n")
        every = {p.id: p for p in (PLAIN_CONTROL, STREAM_CONTROL, CALLING, REPLAY)}
        made = plan([ITEM], every, desk, frozenset())
        writer = JournalWriter(folder / "journal.jsonl")
        writer.write("header", terms={}, everything=True)
        writer.write("plan", items=[], aliases={}, awaited=dict(made.awaited), generated=[])
        wire = HttpxTransport(), SocketTransport()
        sender = Sender(desk, Limits(), *wire, Redactor([]), writer, time.monotonic(), Spending(Caps(cap)))
        scheduler = Scheduler(made, sender, concurrency)
        scheduler.start()
        scheduler.wait()
        writer.close()
    follower = Follower(writer.path)
    follower.poll()
    return follower


def _run(follower: Follower) -> Run:
    profile = load_profiles()["anthropic"]
    terms = Terms(profile, load_catalogue(), profile.api_version, "m", frozenset({"streaming", "tools"}))
    rows = tuple(sorted(follower.records, key=lambda row: row.seq))
    return Run(terms, (ITEM,), rows, unsent=follower.unsent, awaited=follower.awaited)


def _calls_when(system: str) -> Loopback:
    """An endpoint whose model calls the tool under one wording alone."""

    def answer(received: Received, number: int) -> Script:
        if received.json.get("system") == system and len(received.json["messages"]) == 1:
            return (message(content=[CALL], stop_reason="tool_use"),)
        return (message(),)

    return Loopback(answer)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_reply_is_sent_once_a_wording_got_its_answer(tmp_path: Path, concurrency: int) -> None:
    follower = _sent(tmp_path, _calls_when("two"), concurrency)
    sent = [row.probe for row in sorted(follower.records, key=lambda row: row.seq) if row.probe != "plain"]
    assert sent == ["calling", "calling", "replay"]
    body = next(row.reading.sent for row in follower.records if row.probe == "replay")
    assert isinstance(body, dict)
    assert body["system"] == "two" and body["messages"][1]["content"] == [CALL]
    assert judge_item(ITEM, _run(follower)).verdict is Verdict.PASSED


def test_without_the_answer_nothing_is_sent_and_the_attempts_are_the_evidence(tmp_path: Path) -> None:
    follower = _sent(tmp_path, _calls_when("never"), 2)
    assert sum(row.probe == "calling" for row in follower.records) == 3
    assert not any(row.probe == "replay" for row in follower.records)
    result = judge_item(ITEM, _run(follower))
    assert result.verdict is Verdict.INCONCLUSIVE and "'calling'" in result.reason
    last = max(row.seq for row in follower.records if row.probe == "calling")
    assert [(finding.kind, finding.where.exchange) for finding in result.findings] == [(Kind.UNJUDGED, last)]
    assert grade(_run(follower)).judgements["TOOL-017"].verdict is Verdict.INCONCLUSIVE


def test_a_refused_replay_is_a_violation(tmp_path: Path) -> None:
    def answer(received: Received, number: int) -> Script:
        if len(received.json["messages"]) > 1:
            return (response(b'{"type":"error","error":{"type":"invalid_request_error","message":"no"}}', 400),)
        return (message(content=[CALL]) if "tools" in received.json else message(),)

    follower = _sent(tmp_path, Loopback(answer), 2)
    assert judge_item(ITEM, _run(follower)).verdict is Verdict.FAILED


def test_a_cap_ends_the_waiting(tmp_path: Path) -> None:
    follower = _sent(tmp_path, _calls_when("one"), 4, cap=1)
    assert follower.unsent.keys() >= {"calling", "replay"}
    assert follower.sent


def test_what_a_reply_waits_for_is_sent_for_itself() -> None:
    """Another probe with the same bytes may belong to another phase, or never say when it is done."""
    body = Call(TOOLED | {"system": "one"})
    base = Probe("base", (body,), Shape.UNTIL, "calls-tool")
    same = Probe("same", (body,), solo=True)
    made = _plan("http://h:1", None, 3, same, base, Probe("to base", (Call(reply="tool-results"),), after=base))
    assert made.aliases == {} and made.awaited["to base"] == "base"
    order = [probe.id for probe in made.main]
    assert order.index("base") < order.index("to base") and [probe.id for probe in made.alone] == ["same"]


def test_kinds_of_a_request_are_no_wordings_and_are_all_tried() -> None:
    kinds = Probe("kinds", WORDINGS, Shape.UNTIL, "served")
    made = _plan("http://h:1", None, 1, kinds)
    assert {probe.id: len(probe.calls) for probe in made.main if len(probe.calls) > 1} == {"kinds": 3}
