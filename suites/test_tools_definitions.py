"""A custom tool has a name and an object schema; what is malformed is refused and not dropped (TOOL-001 to TOOL-007).

What is wrong stands beside the good tool of the control, so that a server that drops it in silence is seen to do so.
"""

from typing import Any

from conformance.suite import PLAIN, Judged, Probe, accepted, cases, refused, requirement, without
from conformance.suite_tools import BAD_NAME, CALLING_STREAM, CLOCK, GET_CODE, TOOLED, offering, tooled


def beside(name: str, bad: Any) -> Probe:
    """The good tool, and another one."""
    return tooled(f"one tool and {name}", offering(GET_CODE, bad))


def named(name: str, value: str) -> Probe:
    """The good tool, and another one of this name."""
    return beside(name, CLOCK | {"name": value})


def with_schema(name: str, schema: Any) -> Probe:
    """The good tool, and another one with this input_schema."""
    return beside(name, CLOCK | {"input_schema": schema})


LONG_NAME = tooled("a tool name of 64 characters", offering(GET_CODE | {"name": "a" * 64}))
TOO_LONG_NAME = tooled("a tool name of 129 characters", offering(GET_CODE | {"name": "a" * 129}))


@requirement("TOOL-001")
@cases(accepted, one=TOOLED)
@cases(accepted, streamed=CALLING_STREAM)
def test_a_request_with_a_tool_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("TOOL-002")
@cases(
    refused,
    control=TOOLED,
    string=tooled("tools a string", PLAIN | {"tools": "x"}),
    object=tooled("tools an object", PLAIN | {"tools": {}}),
    array_of_strings=beside("a string", "x"),
)
def test_tools_that_are_no_array_of_objects_are_refused(case: Judged) -> None:
    case.judge()


@requirement("TOOL-003")
@cases(
    refused,
    control=TOOLED,
    no_name=beside("one without name", without(CLOCK, "name")),
    no_schema=beside("one without schema", without(CLOCK, "input_schema")),
)
def test_a_tool_without_name_or_schema_is_refused(case: Judged) -> None:
    case.judge()


@requirement("TOOL-004")
@cases(
    refused,
    control=TOOLED,
    space=BAD_NAME,
    dot=named("one with a dot in its name", "a.b"),
    slash=named("one with a slash in its name", "a/b"),
    letter=named("one with a letter beyond ASCII in its name", "é"),
    empty=named("one with an empty name", ""),
    line_end=named("one with a line end behind its name", "get_time\n"),
)
def test_a_tool_name_of_other_characters_is_refused(case: Judged) -> None:
    case.judge()


@requirement("TOOL-005")
@cases(accepted, control=TOOLED, longest=LONG_NAME)
@cases(refused, control=LONG_NAME, too_long=TOO_LONG_NAME)
def test_a_tool_name_may_be_64_characters_long_and_not_129(case: Judged) -> None:
    case.judge()


@requirement("TOOL-006")
@cases(
    refused,
    control=TOOLED,
    no_type=with_schema("one with an empty schema", {}),
    another_type=with_schema("one with a string schema", {"type": "string"}),
    string=with_schema("one with a string for a schema", "x"),
)
def test_a_schema_that_is_none_of_an_object_is_refused(case: Judged) -> None:
    case.judge()


@requirement("TOOL-007")
@cases(refused, control=TOOLED, twice=beside("the same again", GET_CODE))
def test_two_tools_of_one_name_are_refused(case: Judged) -> None:
    case.judge()
