"""A body that is not JSON, not an object or not text is refused as the client's mistake (REQ-047 to REQ-049)."""

from conformance.suite import Call, Judged, cases, never_5xx, refused, requirement, user
from conformance.suite_bodies import said

#: The plain body as text, so that one character of it can be changed.
TEXT = b'{"model":"{model}","max_tokens":32,"messages":[{"role":"user","content":"Reply with the single word: pong"}]}'
JSON = (("Content-Type", "application/json"),)


def in_content(replacement: bytes) -> bytes:
    """The plain body with another JSON value as the content of its message."""
    return TEXT.replace(b'"Reply with the single word: pong"', replacement)


@requirement("REQ-047")
@cases(
    refused,
    brace=b"{",
    cut_off=b'{"model":',
    one_brace_more=TEXT + b"}",
    trailing_comma=TEXT[:-1] + b",}",
    single_quotes=TEXT.replace(b'"', b"'"),
)
def test_malformed_json_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-048")
@cases(
    refused,
    empty=Call(b"", headers=JSON),
    array=b"[]",
    string=b'"x"',
    number=b"1",
    null=b"null",
)
def test_a_body_that_is_no_object_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-049")
@cases(
    never_5xx(),
    invalid_utf_8=in_content(b'"pong \xff"'),
    lone_surrogate=in_content(b'"pong \\ud800"'),
    deep_nesting=in_content(b"[" * 10_000 + b"]" * 10_000),
    null_character=said(user("Reply with the single word: pong\u0000")),
    huge_number=TEXT.replace(b":32,", b":1e400,"),
)
def test_extreme_bodies_are_served_or_refused(case: Judged) -> None:
    case.judge()
