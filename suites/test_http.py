"""One path, one method: POST is served, all else is refused by status, and connections last (HTTP-001 to -012)."""

from conformance.probing.render import body_bytes
from conformance.suite import (
    PLAIN,
    PLAIN_CONTROL,
    STREAM_CONTROL,
    Call,
    Judged,
    Shape,
    accepted,
    cases,
    expects,
    never_5xx,
    probe,
    refused_or,
    requirement,
    rides_on,
    status,
    user,
    without,
)
from conformance.suite_bodies import (
    AFTER_STREAM,
    CUT,
    CUT_STREAM,
    GET,
    NO_MAX_TOKENS,
    NO_SUCH_PATH,
    ONE_TOKEN,
    ONE_TOKEN_STREAM,
)

PUT = probe("PUT", Call(PLAIN, method="PUT"))
AFTER_REFUSAL = probe("one connection", PLAIN, without(PLAIN, "max_tokens"), PLAIN, shape=Shape.PINNED)
#: The plain request with a euro sign before everything whose length depends on the target.
EURO = {"messages": [user("€ Reply with the single word: pong")], **without(PLAIN, "messages")}
#: The first chunk ends behind the first of the three bytes of the euro sign.
SPLIT_AT = body_bytes(EURO).index("€".encode()) + 1


@requirement("HTTP-001")
@cases(accepted, control=None, plain=PLAIN_CONTROL)
def test_a_minimal_request_is_served(case: Judged) -> None:
    case.judge()


@requirement("HTTP-002")
@cases(status(405, 404), get=GET)
def test_get_is_refused(case: Judged) -> None:
    case.judge()


@requirement("HTTP-003")
@rides_on(GET, PUT)
def test_a_405_names_the_allowed_method(traffic: Judged) -> None:
    traffic.judge()


@requirement("HTTP-004")
@cases(
    refused_or(also=(404,)),
    put=PUT,
    patch=Call(PLAIN, method="PATCH"),
    delete=Call(PLAIN, method="DELETE"),
)
def test_other_methods_with_a_body_are_refused(case: Judged) -> None:
    case.judge()


@requirement("HTTP-005")
@cases(expects("no-head-body"), head=Call(method="HEAD", wire=True))
@cases(never_5xx(), options=Call(method="OPTIONS"))
def test_head_and_options_are_answered_and_head_has_no_body(case: Judged) -> None:
    case.judge()


@requirement("HTTP-006")
@cases(
    status(404, error_type="not_found_error"),
    longer_name=Call(PLAIN, path="x"),
    sibling=NO_SUCH_PATH,
)
def test_an_unknown_path_is_not_found(case: Judged) -> None:
    case.judge()


@requirement("HTTP-007")
@cases(expects("not-redirected"), control=None, path=PLAIN_CONTROL, trailing_slash=Call(PLAIN, path="/"))
def test_a_post_is_never_redirected_to_a_get(case: Judged) -> None:
    case.judge()


@requirement("HTTP-008")
@cases(accepted, beta=Call(PLAIN, query="beta=true"))
def test_a_query_string_does_not_change_the_route(case: Judged) -> None:
    case.judge()


@requirement("HTTP-009")
@cases(expects("keeps-connection"), after_refusal=AFTER_REFUSAL, after_stream=AFTER_STREAM)
@cases(expects("one-of", ok=[200, 400, 411, 501]), chunked=Call(EURO, chunk_at=SPLIT_AT))
def test_a_connection_stays_usable(case: Judged) -> None:
    case.judge()


@requirement("HTTP-012")
@cases(
    expects("answer-begins"),
    control=PLAIN_CONTROL,
    plain=PLAIN_CONTROL,
    streamed=STREAM_CONTROL,
    one_token=ONE_TOKEN,
    one_token_streamed=ONE_TOKEN_STREAM,
    short=CUT,
    short_streamed=CUT_STREAM,
)
def test_the_answer_to_a_short_request_begins_in_time(case: Judged) -> None:
    case.judge()


@requirement("HTTP-011")
@rides_on(PLAIN_CONTROL, NO_MAX_TOKENS)
def test_json_answers_are_strict_utf_8_json(traffic: Judged) -> None:
    traffic.judge()
