"""The requests about tools that several suite files need: a tool, the ways to ask for a call of it, and histories.

A probe that two files name is written once, here, so that it is sent once and has one id. Forced calls and calls of a
model that is free to choose serve every clause about what a call looks like, in both modes.
"""

from collections.abc import Mapping
from typing import Any

from conformance.suite import PLAIN, Call, Probe, Shape, assistant, probe, text, user
from conformance.suite_bodies import asked, twin

Body = dict[str, Any]

CLAIMED = ("tools",)
ROOM = 300  #: tokens; a call with its arguments, and a word before it

#: The tool T1 of contract.md §1.
GET_CODE: Body = {
    "name": "get_code",
    "description": "Returns the code for n.",
    "input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
}
AUTO: Body = {"type": "auto"}


def tooled(name: str, *bodies: Any, **options: Any) -> Probe:
    """A probe for targets that claim to know tools."""
    return probe(name, *bodies, capabilities=CLAIMED, **options)


def offering(*tools: Any) -> Body:
    """The plain body with these tools."""
    return PLAIN | {"tools": list(tools)}


def choosing(choice: Any, prompt: str, *tools: Body) -> Body:
    """A body with room for a call: this choice among these tools, T1 unless others are given."""
    return asked(prompt, ROOM) | {"tools": list(tools or (GET_CODE,)), "tool_choice": choice}


#: A tool as programs declare them: values within values, a choice of values, a description of several sentences.
FIND_PLACES: Body = {
    "name": "Find-places_2",
    "description": "Finds places near a point. Gives the nearest ones first.\n\nDo not use it for codes.",
    "input_schema": {
        "type": "object",
        "properties": {
            "near": {
                "type": "object",
                "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}},
                "required": ["lat", "lon"],
            },
            "kinds": {
                "type": "array",
                "items": {"type": "string", "enum": ["inn", "mill"]},
                "description": "At least one.",
            },
            "open": {"type": "boolean", "default": True},
        },
        "required": ["near", "kinds"],
        "additionalProperties": False,
    },
}

#: The plain request with one tool, which it does not ask for: the control of whatever is wrong about tools.
TOOLED = tooled("the tool get_code", offering(GET_CODE))

#: A model that is free to choose is asked for one call, and for two at once, in three wordings each. Beside what is
#: asked for stands a tool that is not, as programs declare several.
WORDINGS = (
    "Call the tool get_code with n = 7, then tell me the code it answers.",
    "Use the tool get_code with n set to 7. You cannot know the code without it.",
    "I need the code for n = 7. Only the tool get_code knows it: call get_code before you answer.",
)
CALLING = tooled(
    "a tool call",
    *(choosing(AUTO, prompt, GET_CODE, FIND_PLACES) for prompt in WORDINGS),
    shape=Shape.UNTIL,
    until="calls-tool",
)
CALLING_STREAM = twin(CALLING)
TWICE = "Call the tool get_code twice at once: with n = 7, and in the same turn with n = 8. Do not wait in between."
PARALLEL = tooled(
    "two tool calls",
    *(
        choosing(AUTO, prompt)
        for prompt in (
            TWICE,
            "Use the tool get_code with n = 7 and with n = 8, both calls in parallel in one answer.",
            "I need two codes, for n = 7 and for n = 8. Make both calls of the tool get_code now, in parallel.",
        )
    ),
    shape=Shape.UNTIL,
    until="calls-twice",
)
PARALLEL_STREAM = twin(PARALLEL)

#: One call of T1, whose argument is a required integer, is forced by its name.
FORCED = tooled("a forced tool", choosing({"type": "tool", "name": "get_code"}, "What is the code for n = 7?"))
FORCED_STREAM = twin(FORCED)

#: Some call is forced, of one of two tools that take no arguments, which the prompt does not ask for. A sequence to
#: stop at that does not come changes nothing, and neither does it what the answer tells of its end.
NOTHING: Body = {"type": "object", "properties": {}}
CLOCK: Body = {"name": "get_time", "description": "Returns the current time.", "input_schema": NOTHING}
BAD_NAME = tooled("one tool and one with a space in its name", offering(GET_CODE, CLOCK | {"name": "a b"}))
CALENDAR: Body = {"name": "get_date", "description": "Returns the current date.", "input_schema": NOTHING}
ANY = tooled(
    "any tool",
    choosing({"type": "any"}, "Hello", CLOCK, CALENDAR) | {"stop_sequences": ["QQHALTQQ"]},
    shape=Shape.UNTIL,
    until="calls-tool",
)
ANY_STREAM = twin(ANY)

#: One tool is forced by its name where the prompt asks for the other.
ANOTHER = tooled(
    "another tool than asked for",
    choosing({"type": "tool", "name": "get_time"}, "Call the tool get_code with n = 7.", GET_CODE, CLOCK),
)

#: A call is begged for and forbidden.
NONE = tooled(
    "no tool",
    choosing(
        {"type": "none"}, "Call the tool get_code with n = 7. Please, you must call it; do not answer without it."
    ),
)
NONE_STREAM = twin(NONE)

#: Two calls are asked for where one alone is allowed, whichever way it is forced.
SINGLE = tooled("one call alone", choosing({"type": "any", "disable_parallel_tool_use": True}, TWICE))
SINGLE_NAMED_STREAM = twin(
    tooled("one call by name", choosing({"type": "tool", "name": "get_code", "disable_parallel_tool_use": True}, TWICE))
)

#: A forced argument with one value, of what JSON escapes and of characters from every plane in use: ideographs of the
#: BMP, an emoji, a musical symbol, an ideograph of plane 2, and a flag that is spelt in tags of plane 14.
CHARACTERS = (
    'She said: "北京今天多云 naïve Привет"\n\tC:\\new\\table 🌦 𝄞 𠮷 '
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f end"
)
PUT_NAME = "Put-Text_of-the-Archive_which-has-a-name-as-long-as-any-may-be_0"  #: 64 characters, as TOOL-005 has them
PUT_TEXT: Body = {
    "name": PUT_NAME,
    "description": "Stores a text. There is one text that can be stored, the one that the schema lists.",
    "input_schema": {
        "type": "object",
        "properties": {"text": {"type": "string", "enum": [CHARACTERS]}},
        "required": ["text"],
    },
}
CHARACTERS_CALL = tooled(
    "a forced argument", choosing({"type": "tool", "name": PUT_NAME}, "Store the text, please.", PUT_TEXT)
)
CHARACTERS_STREAM = twin(CHARACTERS_CALL)


def reply(name: str, after: Probe) -> Probe:
    """The conversation continued with the results of the calls that another probe got."""
    return Probe(name, (Call(PLAIN, reply="tool-results"),), capabilities=after.capabilities, after=after)


def use(number: int = 1) -> Body:
    """A call of T1 as it stands in a history."""
    return {"type": "tool_use", "id": f"toolu_ct_{number}", "name": "get_code", "input": {"n": 6 + number}}


def result(**members: Any) -> Body:
    """The result of the first call, with these further members: its content, whether it is an error."""
    return {"type": "tool_result", "tool_use_id": "toolu_ct_1"} | members


QUESTION = user("What is the code for n = 7?")
#: Long enough to show in the count of input tokens, whatever a server says in the place of a result that is none.
CODE = "The code is 4711. It was given out on the second of May and stays valid until the end of the next year."
ANSWER = result(content=CODE)


def history(*turns: Mapping[str, Any]) -> Body:
    """The plain body with T1 and a conversation of these turns."""
    return offering(GET_CODE) | {"messages": list(turns)}


def called(content: Any, *calls: Body) -> Body:
    """A history in which T1 was called and called again, once unless calls are given; this content came back."""
    return history(*_earlier(content), QUESTION, assistant(list(calls or (use(),))), user(content))


def _earlier(content: Any) -> tuple[Body, ...]:
    """An earlier round, as agents have many: words before the call, its result in the form that is tried, an answer."""
    told = "The code is 3605."
    in_blocks = any(isinstance(block.get("content"), list) for block in content if isinstance(block, dict))
    return (
        user("What is the code for n = 6?"),
        assistant([text("I will ask for it."), use(0) | {"input": {"n": 6, "for": [{"name": "Zoë 北"}, None, 1.5]}}]),
        user([result(tool_use_id="toolu_ct_0", content=[text(told)] if in_blocks else told)]),
        assistant("It is 3605."),
    )


#: A call and its result, written by hand: the control of what is wrong about a history.
HISTORY = tooled("a call and its result", called([ANSWER]))
#: The same with the result as a text block, and with none.
RESULT_BLOCKS = tooled("a result of text blocks", called([result(content=[text(CODE)], is_error=False)]))
NO_RESULT = tooled("a result without content", called([result()]))
