"""A refusal is a client error in the documented envelope, the same each time, before any stream (ERR-001 to -010)."""

from conformance.suite import (
    PLAIN_CONTROL,
    STREAM_CONTROL,
    Judged,
    cases,
    expects,
    never_5xx,
    per_profile,
    requirement,
    rides_on,
    same_outcome,
)
from conformance.suite_bodies import (
    FRACTION_MAX_TOKENS,
    GET,
    MESSAGES_STRING,
    NEGATIVES,
    NO_MAX_TOKENS,
    NO_MODEL,
    NO_SUCH_PATH,
    OWN_DOCUMENT,
    STREAMED_NEGATIVES,
    SYSTEM_NUMBER,
    WRONG_BEARER,
    again,
)

#: Six invalid requests, each streamed.
BEFORE_STREAM = dict(list(STREAMED_NEGATIVES.items())[:6])
TWICE = {f"{name}_twice": (original, again(original)) for name, original in NEGATIVES.items()}


@requirement("ERR-001")
@rides_on(NO_MODEL, MESSAGES_STRING, FRACTION_MAX_TOKENS)
def test_every_error_has_the_envelope(traffic: Judged) -> None:
    traffic.judge()


@requirement("ERR-002")
@rides_on(NO_MODEL, MESSAGES_STRING, FRACTION_MAX_TOKENS, GET, NO_SUCH_PATH)
def test_every_error_is_json(traffic: Judged) -> None:
    traffic.judge()


@requirement("ERR-003")
@rides_on(NO_MODEL, MESSAGES_STRING, FRACTION_MAX_TOKENS)
def test_the_error_type_is_a_known_word(traffic: Judged) -> None:
    traffic.judge()


@requirement("ERR-004")
@rides_on(NO_MODEL, MESSAGES_STRING, FRACTION_MAX_TOKENS)
def test_the_error_has_a_message(traffic: Judged) -> None:
    traffic.judge()


@requirement("ERR-005")
@rides_on(NO_MODEL, NO_SUCH_PATH, WRONG_BEARER)
def test_status_and_error_type_agree(traffic: Judged) -> None:
    traffic.judge()


@requirement("ERR-006")
@cases(never_5xx(), no_model=NO_MODEL, string=MESSAGES_STRING, fraction=FRACTION_MAX_TOKENS, system=SYSTEM_NUMBER)
def test_an_invalid_body_is_no_server_error(case: Judged) -> None:
    case.judge()


@requirement("ERR-006")
@cases(never_5xx(), document=OWN_DOCUMENT)
def test_what_is_served_or_refused_is_no_server_error(case: Judged) -> None:
    case.judge()


@requirement("ERR-006")
@rides_on(NO_MODEL, MESSAGES_STRING, FRACTION_MAX_TOKENS, SYSTEM_NUMBER)
def test_no_client_mistake_is_a_server_error(traffic: Judged) -> None:
    traffic.judge()


@requirement("ERR-007")
@cases(
    per_profile(
        myrouter=expects("refusal-status", ok=400, lowered=[422]),
        anthropic=expects("refusal-status", ok=400),
    ),
    no_model=NO_MODEL,
    string=MESSAGES_STRING,
    fraction=FRACTION_MAX_TOKENS,
    no_max_tokens=NO_MAX_TOKENS,
)
@cases(same_outcome(), control=PLAIN_CONTROL, **TWICE)
def test_an_invalid_body_gets_400_each_time(case: Judged) -> None:
    case.judge()


@requirement("ERR-007")
@rides_on(NO_MODEL, MESSAGES_STRING, FRACTION_MAX_TOKENS)
def test_every_invalid_body_gets_400(traffic: Judged) -> None:
    traffic.judge()


@requirement("ERR-008")
@rides_on(NO_MODEL, MESSAGES_STRING, FRACTION_MAX_TOKENS)
def test_the_request_id_of_the_error_is_that_of_the_header(traffic: Judged) -> None:
    traffic.judge()


@requirement("ERR-009")
@cases(expects("error-before-stream"), control=STREAM_CONTROL, **BEFORE_STREAM)
@cases(
    expects("error-before-stream", also=[404]),
    control=STREAM_CONTROL,
    model_unknown=STREAMED_NEGATIVES["model_unknown"],
)
def test_an_invalid_request_for_a_stream_is_refused_by_status(case: Judged) -> None:
    case.judge()


@requirement("ERR-010")
@rides_on(NO_MODEL, MESSAGES_STRING, FRACTION_MAX_TOKENS, NO_SUCH_PATH)
def test_error_messages_leak_nothing_of_the_inside(traffic: Judged) -> None:
    traffic.judge()
