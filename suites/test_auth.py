"""A valid key opens the endpoint in each documented form; without one, every request ends in 401 (AUTH-001 to -012)."""

from conformance.suite import (
    PLAIN,
    PLAIN_CONTROL,
    STREAM,
    STREAM_CONTROL,
    Auth,
    Call,
    Judged,
    accepted,
    cases,
    expects,
    per_profile,
    probe,
    requirement,
    rides_on,
    status,
)
from conformance.suite_bodies import NO_CREDENTIAL, WRONG_BEARER

UNKNOWN_X_API_KEY = probe("unknown x-api-key", Call(PLAIN, auth=Auth.WRONG_X_API_KEY), last=True)
BASIC = probe("basic scheme", Call(PLAIN, auth=Auth.BASIC), last=True)
SCHEME_ALONE = probe("scheme alone", Call(PLAIN, auth=Auth.SCHEME_ALONE), last=True)
SCHEME_AND_SPACE = probe("scheme and a space", Call(PLAIN, auth=Auth.SCHEME_AND_SPACE, wire=True), last=True)
BARE_TOKEN = probe("bare token", Call(PLAIN, auth=Auth.BARE_TOKEN), last=True)
INVALID_BODY = probe("no credential, invalid body", Call({}, auth=Auth.NONE), last=True)
STREAM_WRONG_BEARER = probe(
    "unknown bearer token, streamed", Call(STREAM, auth=Auth.WRONG_BEARER), last=True, capabilities=("streaming",)
)


@requirement("AUTH-001")
@cases(accepted, control=None, bearer=Call(PLAIN, auth=Auth.BEARER))
def test_a_valid_bearer_token_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("AUTH-002")
@cases(accepted, x_api_key=Call(PLAIN, auth=Auth.X_API_KEY))
def test_a_valid_x_api_key_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("AUTH-003")
@cases(per_profile(myrouter=status(401, lowered=(403,)), anthropic=status(401)), absent=NO_CREDENTIAL)
def test_a_request_without_credential_gets_401(case: Judged) -> None:
    case.judge()


@requirement("AUTH-004")
@cases(status(401), unknown=WRONG_BEARER)
def test_an_unknown_bearer_token_gets_401(case: Judged) -> None:
    case.judge()


@requirement("AUTH-005")
@cases(status(401), unknown=UNKNOWN_X_API_KEY)
def test_an_unknown_x_api_key_gets_401(case: Judged) -> None:
    case.judge()


@requirement("AUTH-006")
@cases(
    status(401, 400),
    basic=BASIC,
    scheme_alone=SCHEME_ALONE,
    scheme_and_space=SCHEME_AND_SPACE,
    bare_token=BARE_TOKEN,
)
def test_a_malformed_authorization_header_gets_401_or_400(case: Judged) -> None:
    case.judge()


@requirement("AUTH-007")
@cases(
    accepted,
    lower_case=Call(PLAIN, auth=Auth.LOWER_CASE),
    upper_case=Call(PLAIN, auth=Auth.UPPER_CASE),
)
def test_the_scheme_name_is_matched_without_case(case: Judged) -> None:
    case.judge()


@requirement("AUTH-008")
@cases(status(401), invalid_body=INVALID_BODY)
def test_an_invalid_body_without_credential_gets_401(case: Judged) -> None:
    case.judge()


@requirement("AUTH-009")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL, WRONG_BEARER)
def test_no_answer_holds_a_credential(traffic: Judged) -> None:
    traffic.judge()


@requirement("AUTH-011")
@cases(expects("error-before-stream", ok=[401]), control=STREAM_CONTROL, unknown=STREAM_WRONG_BEARER)
def test_a_stream_asked_for_with_an_unknown_token_gets_401_and_no_stream(case: Judged) -> None:
    case.judge()


@requirement("AUTH-012")
@cases(accepted, both=Call(PLAIN, auth=Auth.BOTH))
def test_the_same_token_in_both_headers_is_accepted(case: Judged) -> None:
    case.judge()
