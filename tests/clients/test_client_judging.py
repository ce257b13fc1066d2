"""What was seen against what must be: every word of `see`, with what keeps to it and what does not."""

from pathlib import Path
from typing import Any

import pytest

from conformance.clients.data import Client, Scenario, load_scenarios
from conformance.clients.driving import How, Ran
from conformance.clients.judging import SEEN, UNWILLING, Judged, State, Wire, judge, together, wire_of

CALLS = [{"id": "a", "name": "get_code", "input": {"n": 7}}, {"id": "b", "name": "get_code", "input": {"n": 8}}]
USAGE = {"input_tokens": 5, "output_tokens": 2}
GOOD: dict[str, Any] = {
    "text": "pong", "thinking": "hm", "tool_calls": CALLS, "stop_reason": "end_turn", "stop_sequence": "STOP",
    "usage": USAGE, "turns": 2,
}  # fmt: skip
SEE: dict[str, Any] = {
    "text": "some", "thinking": "some", "calls": 2, "input": {"n": "integer"}, "turns": 2,
    "stop_reasons": ["end_turn"], "stop_sequence": "STOP", "usage": ["input_tokens", "output_tokens"],
}  # fmt: skip


def client(**changes: Any) -> Client:
    return Client("fake", "Fake", "python", ("fake==1",), "{url}", "K", Path("driver.py"), ("text",), (), **changes)


def judged(seen: dict[str, Any], willing: str = "", by: Client | None = None, see: dict[str, Any] = SEE) -> Judged:
    return judge(Ran(How.COMPLETED, seen=seen), Scenario("s", "this", {}, see, willing=willing), by or client())


def test_what_is_as_it_must_be_works() -> None:
    assert judged(GOOD) == Judged(State.WORKS)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"text": ""}, "no text was seen", id="no-text"),
        pytest.param({"text": None}, "no text was seen", id="null-text"),
        pytest.param({"thinking": " "}, "no thinking was seen", id="no-thinking"),
        pytest.param({"tool_calls": CALLS[:1]}, "1 of 2 tool calls were seen", id="one-call"),
        pytest.param({"tool_calls": None}, "0 of 2 tool calls were seen", id="no-calls"),
        pytest.param({"tool_calls": [CALLS[0], CALLS[0]]}, "no ids of their own", id="same-id"),
        pytest.param({"tool_calls": [CALLS[0], {**CALLS[1], "id": None}]}, "no ids of their own", id="no-id"),
        pytest.param({"tool_calls": [CALLS[0], {**CALLS[1], "input": {}}]}, "no integer n in its input", id="no-input"),
        pytest.param({"tool_calls": [CALLS[0], {**CALLS[1], "input": "{"}]}, "no integer n", id="input-a-string"),
        pytest.param({"tool_calls": [CALLS[0], {**CALLS[1], "input": {"n": True}}]}, "no integer n", id="input-true"),
        pytest.param({"turns": 1}, "1 turns were had, not 2", id="turns"),
        pytest.param({"stop_reason": None}, "the stop reason is None, not end_turn", id="no-reason"),
        pytest.param({"stop_reason": ["end_turn"]}, "the stop reason is", id="reason-a-list"),
        pytest.param({"stop_sequence": None}, "the stop sequence is None, not 'STOP'", id="no-sequence"),
        pytest.param({"usage": None}, "usage tells None input_tokens", id="no-usage"),
        pytest.param({"usage": {**USAGE, "output_tokens": 0}}, "usage tells 0 output_tokens", id="zero"),
        pytest.param({"usage": {**USAGE, "output_tokens": "2"}}, "usage tells '2' output_tokens", id="a-string"),
        pytest.param({"usage": {**USAGE, "output_tokens": True}}, "usage tells True", id="true"),
    ],
)
def test_what_is_lost_is_named(changes: dict[str, Any], reason: str) -> None:
    found = judged({**GOOD, **changes})
    assert found.state is State.DEGRADED and any(reason in told for told in found.reasons)


def test_a_clients_own_words_are_translated_and_what_it_cannot_tell_is_left_out() -> None:
    seen = {**GOOD, "stop_reason": "stop", "stop_sequence": None}
    assert judged(seen).state is State.DEGRADED
    own = client(stop_reasons={"stop": ("end_turn", "stop_sequence")}, cannot_tell=("stop_sequence",))
    assert judged(seen, by=own).state is State.WORKS


@pytest.mark.parametrize(
    ("willing", "changes", "state"),
    [
        pytest.param("calls", {"tool_calls": []}, State.OPEN, id="no-call-made"),
        pytest.param("calls", {"tool_calls": [], "stop_reason": "tool_use"}, State.DEGRADED, id="call-lost"),
        pytest.param("calls", {"tool_calls": [], "stop_reason": None}, State.DEGRADED, id="end-lost"),
        pytest.param("stop_sequence", {"stop_sequence": None}, State.OPEN, id="no-sequence-reached"),
        pytest.param("stop_sequence", {"stop_reason": "stop_sequence"}, State.DEGRADED, id="other-reason"),
    ],
)
def test_what_the_model_did_not_do_stays_open(willing: str, changes: dict[str, Any], state: State) -> None:
    assert judged({**GOOD, **changes}, willing).state is state


@pytest.mark.parametrize(
    ("ran", "state"),
    [
        pytest.param(Ran(How.EXCEPTION, error={"status": 401, "message": "no"}), State.WORKS, id="surfaced"),
        pytest.param(Ran(How.EXCEPTION, error={"status": None, "message": "no"}), State.DEGRADED, id="no-status"),
        pytest.param(Ran(How.EXCEPTION, error={"status": 500, "message": "no"}), State.DEGRADED, id="other-status"),
        pytest.param(Ran(How.EXCEPTION, error={"status": 401}), State.DEGRADED, id="no-words"),
        pytest.param(Ran(How.COMPLETED, seen=GOOD), State.DEGRADED, id="as-an-answer"),
        pytest.param(Ran(How.HANG, "no end"), State.BROKEN, id="hang"),
        pytest.param(Ran(How.UNSUPPORTED), State.NOT_ASKED, id="unsupported"),
    ],
)
def test_an_error_must_surface_with_its_status(ran: Ran, state: State) -> None:
    assert judge(ran, load_scenarios()["error"], client()).state is state


@pytest.mark.parametrize(
    ("ran", "reason"),
    [
        pytest.param(Ran(How.EXCEPTION, error={"type": "E", "message": "m"}), "E: m", id="exception"),
        pytest.param(Ran(How.EXCEPTION, error={"x": 1}), "an exception", id="nameless"),
        pytest.param(Ran(How.HANG, "no end within 1 s"), "hang: no end within 1 s", id="hang"),
        pytest.param(Ran(How.CRASH), "crash", id="crash"),
    ],
)
def test_what_did_not_come_to_its_end_is_broken(ran: Ran, reason: str) -> None:
    assert judge(ran, load_scenarios()["text"], client()) == Judged(State.BROKEN, (reason,))


def test_the_worst_scenario_makes_the_client() -> None:
    assert together([State.WORKS, State.OPEN, State.DEGRADED]) is State.DEGRADED
    assert together([State.DEGRADED, State.BROKEN]) is State.BROKEN
    assert together([State.OPEN, State.NOT_ASKED, State.WORKS]) is State.WORKS
    assert together([State.NOT_ASKED, State.OPEN]) is State.OPEN and together([]) is State.NOT_ASKED


def test_every_word_that_scenarios_use_is_a_row() -> None:
    for scenario in load_scenarios().values():
        assert scenario.see.keys() <= SEEN.keys() and scenario.willing in {"", *UNWILLING}


def test_what_was_on_the_wire_and_not_seen_is_lost() -> None:
    scenario = load_scenarios()["text"]
    seen = {**GOOD, "turns": 1}
    assert judge(Ran(How.COMPLETED, seen=seen), scenario, client(), Wire(" pong\n")).state is State.WORKS
    found = judge(Ran(How.COMPLETED, seen=seen), scenario, client(), Wire("pong, and more"))
    assert found == Judged(State.DEGRADED, ("4 of 14 characters of the text were seen",))


def test_a_call_on_the_wire_is_no_unwilling_model() -> None:
    ran, scenario = Ran(How.COMPLETED, seen={**GOOD, "tool_calls": []}), load_scenarios()["tool-loop"]
    assert judge(ran, scenario, client()).state is State.OPEN
    assert judge(ran, scenario, client(), Wire("pong", 1)).state is State.DEGRADED


def test_the_wire_is_read_from_the_exchanges() -> None:
    assert wire_of(()) == Wire()
