"""A stream and a JSON answer to the same request tell the same (EQV-001 to EQV-003)."""

from conformance.suite import (
    PLAIN_CONTROL,
    STREAM_CONTROL,
    Judged,
    cases,
    expects,
    per_profile,
    requirement,
    rides_on,
    same_outcome,
)
from conformance.suite_bodies import (
    CUT,
    CUT_STREAM,
    LONG_SYSTEM,
    LONG_SYSTEM_STREAM,
    ONE_TOKEN,
    ONE_TOKEN_STREAM,
    STREAMABLE,
    STREAMED_NEGATIVES,
    twin,
)
from conformance.suite_tools import BAD_NAME, CALLING_STREAM, FORCED, FORCED_STREAM

PAIRS = {name: (original, STREAMED_NEGATIVES[name]) for name, original in STREAMABLE.items()}


@requirement("EQV-001")
@rides_on(STREAM_CONTROL)
def test_the_message_of_a_stream_obeys_the_rules_of_a_message(traffic: Judged) -> None:
    traffic.judge()


@requirement("EQV-002")
@cases(same_outcome(), control=CALLING_STREAM, tool_name=(BAD_NAME, twin(BAD_NAME)))
@cases(same_outcome(), control=STREAM_CONTROL, **PAIRS)
def test_an_invalid_body_is_refused_alike_with_and_without_stream(case: Judged) -> None:
    case.judge()


@requirement("EQV-003")
@cases(
    per_profile(
        myrouter=expects("same-model-and-usage", tolerance=0.02, inclusive=True),
        anthropic=expects("same-model-and-usage"),
    ),
    plain=(PLAIN_CONTROL, STREAM_CONTROL),
    system=(LONG_SYSTEM, LONG_SYSTEM_STREAM),
    tools=(FORCED, FORCED_STREAM),
)
@cases(expects("same-stop-reason"), one_token=(ONE_TOKEN, ONE_TOKEN_STREAM))
@cases(expects("same-output-at-limit"), cut=(CUT, CUT_STREAM))
def test_model_tokens_and_stop_reason_are_the_same_with_and_without_stream(case: Judged) -> None:
    case.judge()
