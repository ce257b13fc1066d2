"""The plain obedient model: which tools it calls and with what; and the one that talks of gardens."""

from typing import Any

import pytest
from reference_corpus import CALL, PLAIN, RESULT, T1, assistant, user

from conformance.reference import Settings
from conformance.reference.asking import calls, numbers_in
from conformance.reference.model import conversation, speak
from conformance.reference.plan import Plan, make_plan

TIME = {"name": "get_time", "description": "The time of day.", "input_schema": {"type": "object", "properties": {}}}
ADD = {
    "name": "add",
    "input_schema": {
        "type": "object",
        "properties": {"left": {"type": "integer"}, "right": {"type": "number"}},
        "required": ["left", "right"],
    },
}
OPEN = {"name": "ping", "input_schema": {"type": "object"}}
ALL = [TIME, T1, ADD, OPEN]


def asked(prompt: Any, *tools: Any, uncooperative: bool = False, **more: Any) -> list[tuple[str, dict[str, Any]]]:
    """The calls that a prompt leads to."""
    body = {**PLAIN, "messages": [user(prompt)], "tools": list(tools or ALL), **more}
    return calls(body, conversation(body), uncooperative)


SEVEN = ("get_code", {"n": 7})
CALLED = [
    ("Call both get_code and get_time.", [("get_code", {"n": 1}), ("get_time", {})]),
    ("Please call get_time first and then get_code with n = seven.", [("get_time", {}), SEVEN]),
    ("Call get_code with n=7.", [SEVEN]),
    ("Call get_code once, n: 7", [SEVEN]),
    ("Call get_code where n is twenty-seven", [("get_code", {"n": 27})]),
    ("Call get_code for one hundred and five", [("get_code", {"n": 105})]),
    ("Call get_code with n = 7 exactly 1 time", [SEVEN]),
    ("What is the code for 7? You can use your tools.", [SEVEN]),
    ("What time of day is it? Use one of the tools you have.", [("get_time", {})]),
    ("Look the code for seven up with the tool.", [SEVEN]),
    ("Call get_code twice, with n=1 and n=2", [("get_code", {"n": 1}), ("get_code", {"n": 2})]),
    ("Call get_code for 3 and for 4", [("get_code", {"n": 3}), ("get_code", {"n": 4})]),
    ("In parallel: get_time, get_code with n=3, add with 4 and 5", None),
    ("Call add with left 2 and right 3", [("add", {"left": 2, "right": 3})]),
    ("Call add with right = 3 and left = 2", [("add", {"left": 2, "right": 3})]),
    ("Call ping", [("ping", {})]),
    ("Call get_codes", []),
    ("Tell me a story", []),
    ("What is the code for 7? Do not use any tools.", []),
    ("What is the code for 7? No tools, please.", []),
]


@pytest.mark.parametrize(("prompt", "wanted"), CALLED, ids=[prompt for prompt, _ in CALLED])
def test_the_model_calls_what_it_is_told_to(prompt: str, wanted: list[Any] | None) -> None:
    three = [("get_time", {}), ("get_code", {"n": 3}), ("add", {"left": 4, "right": 5})]
    assert asked(prompt) == (three if wanted is None else wanted)


def test_the_choice_is_obeyed() -> None:
    assert asked("Hello", tool_choice={"type": "any"}) == [("get_time", {})]
    assert asked("Hello, a code please", tool_choice={"type": "any"}) == [("get_code", {"n": 1})]
    assert asked("Call get_time", tool_choice={"type": "tool", "name": "get_code"}) == [("get_code", {"n": 1})]
    assert asked("Call get_time", tool_choice={"type": "none"}) == []
    once = {"type": "auto", "disable_parallel_tool_use": True}
    assert asked("Call get_code and get_time", tool_choice=once) == [("get_code", {"n": 1})]
    assert asked("Call get_code twice", tool_choice=once) == [("get_code", {"n": 1})]
    assert asked("Use a tool", {"type": "web_search"}) == []
    assert asked("Call odd", {"name": "odd", "input_schema": {"type": "object", "properties": []}}) == [("odd", {})]


def test_numbers_in_digits_and_words() -> None:
    assert numbers_in("from 3 to -4, 1.5 not") == [3, -4]
    assert numbers_in("one call with twenty-one") == [21]
    assert numbers_in("just one") == [1]
    assert numbers_in("none") == []


def test_after_tool_results_the_model_speaks_about_them() -> None:
    history = [user("What is the code for 7? Use your tools."), assistant([CALL])]

    def said(*more: Any) -> str:
        body = {**PLAIN, "tools": [T1], "messages": [*history, user([RESULT, *more])]}
        assert calls(body, conversation(body)) == []
        return speak(conversation(body))

    assert said() == "The tool answered: 42."
    assert said({"type": "text", "text": "So what is the code?"}) == "The tool answered: 42."
    assert said({"type": "text", "text": "Say hello"}) == "The tool answered: 42."
    assert said({"type": "text", "text": "Repeat exactly: kiwi"}) == "kiwi"


def garden(prompt: str, **more: Any) -> Plan:
    """What the uncooperative model plans."""
    return make_plan({**PLAIN, "max_tokens": 300, "messages": [user(prompt)], **more}, Settings(uncooperative=True))


@pytest.mark.parametrize(
    "prompt", ["Repeat exactly: kiwi", "Call get_code with n=7", "Count from 1 to 5", "What is 2+2?"]
)
def test_the_uncooperative_model_talks_of_gardens(prompt: str) -> None:
    plan = garden(prompt, tools=[T1])
    assert plan.stop_reason == "end_turn"
    assert plan.content[0]["text"].startswith("Gardens are a quiet joy")
    assert "kiwi" not in plan.content[0]["text"]


def test_the_uncooperative_model_calls_a_tool_only_when_forced() -> None:
    forced = garden("Call get_code twice with n=7", tools=[T1], tool_choice={"type": "any"})
    assert [(block["name"], block["input"]) for block in forced.content] == [("get_code", {"n": 1})]
    named = garden("Hello", tools=[TIME, T1], tool_choice={"type": "tool", "name": "get_code"})
    assert [block["name"] for block in named.content] == ["get_code"]
    assert asked("Call get_code", uncooperative=True) == []
