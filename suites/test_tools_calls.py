"""tool_choice is an object that is obeyed, and a call is one that a client can run (TOOL-008 to TOOL-016)."""

from typing import Any

from conformance.suite import (
    Judged,
    Probe,
    cases,
    expects,
    never_5xx,
    per_profile,
    refused,
    requirement,
    rides_on,
)
from conformance.suite_tools import (
    ANOTHER,
    ANY,
    ANY_STREAM,
    CALLING,
    CALLING_STREAM,
    FORCED,
    FORCED_STREAM,
    NONE,
    NONE_STREAM,
    PARALLEL,
    PARALLEL_STREAM,
    SINGLE,
    SINGLE_NAMED_STREAM,
    TOOLED,
    tooled,
)


def chosen(name: str, choice: Any) -> Probe:
    """The first request for a call, with this choice in the place of auto."""
    return tooled(name, CALLING.calls[0].body | {"tool_choice": choice})


@requirement("TOOL-008")
@cases(expects("accepts-choice"), control=TOOLED, auto=CALLING, any=ANY, tool=FORCED, none=NONE)
@cases(
    expects("accepts-choice"),
    auto_streamed=CALLING_STREAM,
    any_streamed=ANY_STREAM,
    tool_streamed=FORCED_STREAM,
    none_streamed=NONE_STREAM,
)
def test_every_type_of_tool_choice_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("TOOL-009")
@cases(
    per_profile(myrouter=never_5xx(), anthropic=refused),
    control=CALLING,
    string=chosen("tool_choice a string", "auto"),
)
def test_a_tool_choice_that_is_a_string_is_refused_or_understood(case: Judged) -> None:
    case.judge()


@requirement("TOOL-010")
@cases(
    refused,
    control=CALLING,
    unknown_type=chosen("tool_choice of an unknown type", {"type": "required"}),
    no_name=chosen("tool_choice without the name", {"type": "tool"}),
)
def test_an_invalid_tool_choice_is_refused(case: Judged) -> None:
    case.judge()


@requirement("TOOL-011")
@cases(expects("calls-tool", name="get_code"), control=TOOLED, json=FORCED)
@cases(expects("calls-tool", name="get_code"), streamed=FORCED_STREAM)
@cases(expects("calls-tool", name="get_time"), control=TOOLED, another_than_asked_for=ANOTHER)
def test_the_tool_that_is_chosen_is_called(case: Judged) -> None:
    case.judge()


@requirement("TOOL-012")
@cases(expects("calls-tool"), control=TOOLED, json=ANY)
@cases(expects("calls-tool"), streamed=ANY_STREAM)
def test_any_tool_is_called(case: Judged) -> None:
    case.judge()


@requirement("TOOL-013")
@cases(expects("calls-no-tool"), control=TOOLED, json=NONE)
@cases(expects("calls-no-tool"), streamed=NONE_STREAM)
def test_no_tool_is_called(case: Judged) -> None:
    case.judge()


@requirement("TOOL-014")
@cases(expects("calls-tool", exactly=1), control=TOOLED, json=SINGLE)
@cases(expects("calls-tool", exactly=1), streamed_by_name=SINGLE_NAMED_STREAM)
def test_without_parallel_tool_use_there_is_one_call(case: Judged) -> None:
    case.judge()


@requirement("TOOL-015")
@rides_on(FORCED, FORCED_STREAM, ANY_STREAM, PARALLEL, PARALLEL_STREAM)
def test_a_call_has_an_id_a_declared_name_and_an_object_as_input(traffic: Judged) -> None:
    traffic.judge()


@requirement("TOOL-016")
@rides_on(FORCED, FORCED_STREAM, PARALLEL, PARALLEL_STREAM)
def test_no_two_calls_have_the_same_id(traffic: Judged) -> None:
    traffic.judge()
