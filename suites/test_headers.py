"""Request headers are read as documented, unknown ones are ignored, and every answer is labelled (HDR-001 to -017)."""

from conformance.suite import (
    PLAIN,
    PLAIN_CONTROL,
    STREAM,
    STREAM_CONTROL,
    Call,
    Judged,
    Probe,
    accepted,
    cases,
    expects,
    never_5xx,
    per_profile,
    probe,
    refused,
    requirement,
    rides_on,
    status,
)
from conformance.suite_bodies import CURRENT_STREAM, LEGACY_STREAM, NEWER, NO_MAX_TOKENS, OLDER, python_client, twin

ACCEPT_JSON = (("Accept", "application/json"),)
PYTHON_CLIENT = (*python_client("2.12.0"), ("x-stainless-timeout", "600"))
TYPESCRIPT_CLIENT = (
    *ACCEPT_JSON,
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", "Anthropic/JS 0.60.0"),
    ("X-Stainless-Lang", "js"),
    ("X-Stainless-Package-Version", "0.60.0"),
    ("X-Stainless-OS", "Linux"),
    ("X-Stainless-Arch", "x64"),
    ("X-Stainless-Runtime", "node"),
    ("X-Stainless-Runtime-Version", "v20.19.0"),
    ("X-Stainless-Retry-Count", "0"),
    ("X-Stainless-Timeout", "600"),
    ("anthropic-dangerous-direct-browser-access", "true"),
)


def labelled(name: str, value: str | None) -> Call:
    """The plain request with one header set or, for None, left out."""
    return Call(PLAIN, headers=((name, value),))


FROM_TYPESCRIPT = probe("TypeScript client", Call(PLAIN, headers=TYPESCRIPT_CLIENT))
CALLER_ID: Probe = probe("caller's request id", labelled("x-request-id", "ct-{nonce}"))


@requirement("HDR-001")
@cases(
    per_profile(
        myrouter=status(400, 422, error_type="invalid_request_error"),
        anthropic=status(400, error_type="invalid_request_error"),
    ),
    absent=labelled("anthropic-version", None),
)
def test_an_absent_version_header_is_refused(case: Judged) -> None:
    case.judge()


@requirement("HDR-002")
@cases(
    per_profile(
        myrouter=status(400, 422, error_type="invalid_request_error"),
        anthropic=status(400, error_type="invalid_request_error"),
    ),
    date=labelled("anthropic-version", "1999-01-01"),
    word=labelled("anthropic-version", "banana"),
)
@cases(
    per_profile(myrouter=status(200, 400, 422), anthropic=status(200, 400)),
    twice=Call(PLAIN, headers=(("anthropic-version", "2023-06-01"), ("anthropic-version", "2023-06-01"))),
)
def test_an_unknown_version_is_refused(case: Judged) -> None:
    case.judge()


@requirement("HDR-003")
@cases(accepted, control=None, version=OLDER, streamed=twin(OLDER))
def test_version_2023_06_01_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("HDR-004")
@cases(accepted, version=NEWER)
@cases(accepted, control=NEWER, streamed=twin(NEWER))
def test_version_2026_10_21_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("HDR-005")
@cases(
    per_profile(myrouter=status(200, 400, 422), anthropic=status(200, 400)),
    unknown=labelled("anthropic-beta", "contract-test-0000-00-00"),
)
def test_an_unknown_beta_is_ignored_or_refused(case: Judged) -> None:
    case.judge()


@requirement("HDR-007")
@cases(accepted, utf_8=labelled("Content-Type", "Application/JSON; Charset=UTF-8"))
@cases(never_5xx(200), utf_16=labelled("Content-Type", "application/json; charset=utf-16"))
def test_a_charset_parameter_changes_nothing(case: Judged) -> None:
    case.judge()


@requirement("HDR-008")
@cases(
    per_profile(myrouter=status(200, 400, 415, 422), anthropic=status(200, 400, 415)),
    text_plain=labelled("Content-Type", "text/plain"),
    form=labelled("Content-Type", "application/x-www-form-urlencoded"),
    absent=labelled("Content-Type", None),
)
def test_json_under_another_content_type_is_served_or_refused(case: Judged) -> None:
    case.judge()


@requirement("HDR-009")
@cases(
    expects("streamed"),
    accept_json=probe("stream, accept json", Call(STREAM, headers=ACCEPT_JSON), capabilities=("streaming",)),
)
def test_accepting_json_does_not_stop_a_stream(case: Judged) -> None:
    case.judge()


@requirement("HDR-010")
@cases(
    accepted,
    python_client=Call(PLAIN, headers=PYTHON_CLIENT),
    typescript_client=FROM_TYPESCRIPT,
)
def test_the_headers_of_the_official_clients_are_ignored(case: Judged) -> None:
    case.judge()


@requirement("HDR-011")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL, FROM_TYPESCRIPT, CURRENT_STREAM, LEGACY_STREAM)
def test_answers_use_only_the_encodings_offered(traffic: Judged) -> None:
    traffic.judge()


@requirement("HDR-012")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL, NO_MAX_TOKENS)
def test_every_answer_has_a_request_id_of_its_own(traffic: Judged) -> None:
    traffic.judge()


@requirement("HDR-013")
@cases(accepted, caller_id=CALLER_ID)
@cases(
    status(200, 400, 431, absent_header="x-ct-injected"),
    two_kilobytes=labelled("x-request-id", "ct-" + "0123456789abcdef" * 128),
    quotes=labelled("x-request-id", "ct-\"quoted\"-'id'"),
    encoded_line_break=labelled("x-request-id", "ct-1%0d%0ax-ct-injected:%201"),
)
def test_a_caller_request_id_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("HDR-013")
@rides_on(CALLER_ID)
def test_a_caller_request_id_comes_back_unchanged_or_not_at_all(traffic: Judged) -> None:
    traffic.judge()


@requirement("HDR-014")
@rides_on(PLAIN_CONTROL, NO_MAX_TOKENS)
def test_a_json_answer_is_labelled_application_json(traffic: Judged) -> None:
    traffic.judge()


@requirement("HDR-015")
@rides_on(PLAIN_CONTROL)
def test_rate_limit_headers_hold_integers_and_times(traffic: Judged) -> None:
    traffic.judge()


@requirement("HDR-016")
@rides_on(PLAIN_CONTROL)
def test_a_429_says_when_to_come_back(traffic: Judged) -> None:
    traffic.judge()


@requirement("HDR-017")
@cases(
    refused,
    gzip_label=labelled("Content-Encoding", "gzip"),
    unknown_label=labelled("Content-Encoding", "ct-unknown"),
)
def test_a_body_that_belies_its_content_encoding_is_refused(case: Judged) -> None:
    case.judge()
