"""max_tokens is an integer of at least one, stream a boolean; neither is guessed from something else (REQ-021 to
REQ-029)."""

from conformance.suite import (
    PLAIN,
    PLAIN_CONTROL,
    Judged,
    accepted,
    cases,
    expects,
    per_profile,
    refused,
    requirement,
    status,
)
from conformance.suite_bodies import (
    FRACTION_MAX_TOKENS,
    NEGATIVE_MAX_TOKENS,
    NO_MAX_TOKENS,
    ONE_TOKEN,
    ONE_TOKEN_STREAM,
)


@requirement("REQ-021")
@cases(refused, absent=NO_MAX_TOKENS)
def test_an_absent_max_tokens_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-022")
@cases(per_profile(myrouter=refused, anthropic=expects("zero-max-tokens")), zero=PLAIN | {"max_tokens": 0})
def test_max_tokens_of_zero_generates_nothing(case: Judged) -> None:
    case.judge()


@requirement("REQ-023")
@cases(refused, minus_one=NEGATIVE_MAX_TOKENS)
def test_a_negative_max_tokens_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-024")
@cases(
    refused,
    fraction=FRACTION_MAX_TOKENS,
    null=PLAIN | {"max_tokens": None},
    array=PLAIN | {"max_tokens": []},
    object=PLAIN | {"max_tokens": {}},
    word=PLAIN | {"max_tokens": "many"},
)
def test_a_max_tokens_that_is_no_integer_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-025")
@cases(
    refused,
    max_tokens_string=PLAIN | {"max_tokens": "32"},
    max_tokens_boolean=PLAIN | {"max_tokens": True},
    stream_string=PLAIN | {"stream": "true"},
    stream_number=PLAIN | {"stream": 1},
    top_k_string=PLAIN | {"top_k": "5"},
)
def test_a_value_of_a_wrong_type_is_not_coerced(case: Judged) -> None:
    case.judge()


@requirement("REQ-026")
@cases(accepted, json=ONE_TOKEN, streamed=ONE_TOKEN_STREAM)
def test_max_tokens_of_one_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("REQ-027")
@cases(
    per_profile(myrouter=status(200, 400, 422), anthropic=status(400, noted=(200,))),
    a_billion=PLAIN | {"max_tokens": 10**9},
)
def test_a_max_tokens_above_every_model_is_refused_or_clamped(case: Judged) -> None:
    case.judge()


@requirement("REQ-028")
@cases(
    refused,
    object=PLAIN | {"stream": {}},
    array=PLAIN | {"stream": []},
    word=PLAIN | {"stream": "banana"},
)
def test_a_stream_that_is_no_boolean_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-029")
@cases(expects("json-message"), control=None, absent=PLAIN_CONTROL)
@cases(expects("json-message"), false=PLAIN | {"stream": False})
def test_without_stream_one_json_message_comes_back(case: Judged) -> None:
    case.judge()
