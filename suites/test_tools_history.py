"""A call goes back with its result: in every form of it, at once, in its place, and to its call (TOOL-017 to TOOL-021).

A form of a result is judged where another one is accepted: where none is, it is the history itself (TOOL-017).
"""

from conformance.suite import Judged, accepted, assistant, cases, refused, requirement, text, user
from conformance.suite_bodies import PONG
from conformance.suite_tools import (
    ANSWER,
    ANY,
    CALLING,
    CALLING_STREAM,
    HISTORY,
    NO_RESULT,
    PARALLEL,
    QUESTION,
    RESULT_BLOCKS,
    TOOLED,
    called,
    history,
    reply,
    result,
    tooled,
    use,
)

ERROR = tooled(
    "a result that is an error",
    called([result(content=[text("There is no such code."), text("Ask again tomorrow.")], is_error=True)]),
)

BEHIND = tooled("text behind a result", called([ANSWER, PONG]))


@requirement("TOOL-017")
@cases(accepted, control=TOOLED, written=HISTORY)
@cases(accepted, control=CALLING, json=reply("a tool call replayed", CALLING))
@cases(accepted, control=CALLING_STREAM, streamed=reply("a tool call replayed, streamed", CALLING_STREAM))
@cases(accepted, control=ANY, no_arguments=reply("a call without arguments replayed", ANY))
@cases(accepted, control=PARALLEL, two_calls=reply("two tool calls replayed", PARALLEL))
def test_a_call_may_be_replayed_with_its_result(case: Judged) -> None:
    case.judge()


@requirement("TOOL-018")
@cases(accepted, control=RESULT_BLOCKS, string=HISTORY)
@cases(accepted, control=HISTORY, blocks=RESULT_BLOCKS, absent=NO_RESULT, error=ERROR)
def test_a_result_may_be_a_string_text_blocks_nothing_or_an_error(case: Judged) -> None:
    case.judge()


@requirement("TOOL-019")
@cases(
    refused,
    control=HISTORY,
    none=tooled("a call without result", called("Reply with the single word: pong")),
    one_of_two=tooled("two calls with one result", called([ANSWER], use(1), use(2))),
    earlier=tooled(
        "an earlier call without result",
        history(QUESTION, assistant([use()]), user("Never mind."), assistant("As you like."), user([PONG])),
    ),
)
def test_a_call_without_result_is_refused(case: Judged) -> None:
    case.judge()


@requirement("TOOL-020")
@cases(
    refused,
    control=HISTORY,
    no_call=tooled("a result without call", history(user([ANSWER]))),
    text_beside=tooled("a result without call, and text", history(user([ANSWER, PONG]))),
    words_before=tooled("a result behind words", history(QUESTION, assistant("One moment."), user([ANSWER]))),
    one_too_many=tooled("a result too many", called([ANSWER, ANSWER | {"tool_use_id": "toolu_ct_none"}])),
    again=tooled(
        "a result sent again",
        history(QUESTION, assistant([use()]), user([ANSWER]), assistant("Thank you."), user([ANSWER])),
    ),
)
def test_a_result_without_its_call_is_refused(case: Judged) -> None:
    case.judge()


@requirement("TOOL-021")
@cases(accepted, control=HISTORY, text_behind=BEHIND)
@cases(refused, control=BEHIND, text_before=tooled("text before a result", called([PONG, ANSWER])))
def test_text_stands_behind_the_results(case: Judged) -> None:
    case.judge()
