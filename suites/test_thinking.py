"""Extended thinking: a budget within bounds, signed blocks, and no reasoning in the text (THINK-001 to THINK-008,
STRM-030, STRM-031)."""

from typing import Any

from conformance.suite import (
    PLAIN,
    PLAIN_CONTROL,
    STREAM_CONTROL,
    Call,
    Judged,
    Probe,
    Shape,
    accepted,
    cases,
    expects,
    never_5xx,
    probe,
    refused,
    requirement,
    rides_on,
    streamed,
)
from conformance.suite_bodies import asked
from conformance.suite_tools import GET_CODE, WORDINGS

LIMIT = 2000  #: tokens; room for the smallest budget and an answer behind it
LEAST = 1024  #: tokens; the smallest budget there is
CLAIMED = ("thinking",)
WITH_TOOLS = ("thinking", "tools")
ADAPTIVE = {"type": "adaptive"}

QUESTION = asked("Which is more, 17 times 23 or 400? Answer in one short sentence.", LIMIT)


def manual(budget: int) -> dict[str, Any]:
    """Thinking with a budget of tokens."""
    return {"type": "enabled", "budget_tokens": budget}


def thinking(value: Any) -> dict[str, Any]:
    """The question with this member `thinking`."""
    return QUESTION | {"thinking": value}


def asks(name: str, value: Any) -> Probe:
    """The question with this member `thinking`, for targets that claim to think."""
    return probe(name, thinking(value), capabilities=CLAIMED)


#: Newer models think adaptively alone, older ones by a budget alone. What is about budgets has the one as its control,
#: and what holds for every model has whichever is served.
MANUAL = asks("thinking by budget", manual(LEAST))
OMITTED = asks("thinking that is not to be shown", manual(LEAST) | {"display": "omitted"})
THOUGHT = probe(
    "thinking",
    thinking(ADAPTIVE),
    thinking(manual(LEAST)),
    shape=Shape.UNTIL,
    until="served",
    capabilities=CLAIMED,
)
THOUGHT_STREAM = probe(
    "thinking, streamed",
    streamed(thinking(manual(LEAST))),
    streamed(thinking(ADAPTIVE)),
    shape=Shape.UNTIL,
    until="thinks",
    capabilities=(*CLAIMED, "streaming"),
)

#: The first of the two that the stream above may not come to.
ADAPTIVE_STREAM = probe(
    "adaptive thinking, streamed", streamed(thinking(ADAPTIVE)), capabilities=(*CLAIMED, "streaming")
)

CALLING = tuple(asked(words, LIMIT) | {"thinking": manual(LEAST), "tools": [GET_CODE]} for words in WORDINGS)
#: As a stream, since the places of blocks behind a thinking block, and why the turn ended, get wrong there first.
THINKING_CALL = probe(
    "thinking before a tool call",
    *map(streamed, CALLING),
    shape=Shape.UNTIL,
    until="thinks-and-calls",
    capabilities=(*WITH_TOOLS, "streaming"),
)
REPLAY = probe(
    "thinking replayed",
    Call(PLAIN, reply="tool-results"),
    after=THINKING_CALL,
    capabilities=THINKING_CALL.capabilities,
)
CHANGED_REPLAY = probe(
    "thinking replayed with a changed signature",
    Call(PLAIN, reply="changed-signature"),
    after=THINKING_CALL,
    capabilities=THINKING_CALL.capabilities,
)
FORCED = probe(
    "thinking and a forced choice of tool",
    streamed(CALLING[0] | {"tool_choice": {"type": "any"}}),
    capabilities=THINKING_CALL.capabilities,
)


@requirement("THINK-001")
@cases(
    refused,
    control=MANUAL,
    absent=asks("thinking without a budget", {"type": "enabled"}),
    below=asks("thinking budget 10", manual(10)),
    max_tokens=asks("thinking budget max_tokens", manual(LIMIT)),
)
def test_a_budget_out_of_bounds_is_refused(case: Judged) -> None:
    case.judge()


@requirement("THINK-002")
@cases(
    refused,
    control=THOUGHT,
    unknown_type=asks("thinking of an unknown type", {"type": "ct"}),
    string=asks("thinking a string", "on"),
)
def test_thinking_of_an_unknown_type_is_refused(case: Judged) -> None:
    case.judge()


@requirement("ERR-006")
@cases(never_5xx(), by_budget=MANUAL, of_either_kind=THOUGHT, streamed=THOUGHT_STREAM)
def test_thinking_that_a_model_does_not_know_is_no_server_error(case: Judged) -> None:
    case.judge()


@requirement("THINK-003")
@rides_on(MANUAL, THOUGHT, THOUGHT_STREAM, ADAPTIVE_STREAM)
def test_thinking_blocks_are_signed(traffic: Judged) -> None:
    traffic.judge()


@requirement("THINK-004")
@cases(accepted, control=THINKING_CALL, intact=REPLAY)
@cases(refused, control=REPLAY, changed_signature=CHANGED_REPLAY)
def test_a_replayed_thinking_block_is_accepted_as_it_came_alone(case: Judged) -> None:
    case.judge()


@requirement("THINK-005")
@cases(refused, control=THINKING_CALL, any=FORCED)
def test_thinking_by_budget_and_a_forced_choice_of_tool_are_refused(case: Judged) -> None:
    case.judge()


@requirement("THINK-006")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL, THOUGHT)
def test_reasoning_does_not_leak_into_the_text(traffic: Judged) -> None:
    traffic.judge()


@requirement("THINK-007")
@cases(expects("thinking-shown"), json=MANUAL, streamed=THOUGHT_STREAM)
def test_thinking_by_budget_is_shown(case: Judged) -> None:
    case.judge()


@requirement("THINK-008")
@cases(expects("thinking-omitted"), control=MANUAL, omitted=OMITTED)
def test_thinking_that_is_to_be_omitted_is_not_shown(case: Judged) -> None:
    case.judge()


@requirement("STRM-030")
@rides_on(THOUGHT_STREAM, ADAPTIVE_STREAM)
def test_a_streamed_thinking_block_ends_with_its_signature(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-031")
@rides_on(THOUGHT_STREAM, ADAPTIVE_STREAM)
def test_redacted_thinking_comes_whole(traffic: Judged) -> None:
    traffic.judge()
