"""What only the operator of a target can make observable: a second key, betas, great sizes (AUTH-010, HDR-006,
HTTP-010, REQ-052)."""

from conformance.probing.operator import (
    BOTH_BETAS,
    FIRST_BETA,
    LARGE_BODY,
    LONG_CONTEXT,
    PADDING,
    SECOND_BETA,
    TOO_LONG,
)
from conformance.suite import PLAIN, Auth, Call, Judged, Probe, cases, expects, probe, requirement, text
from conformance.suite_bodies import PONG, blocks

RESTRICTED = probe("restricted key", Call(PLAIN, auth=Auth.RESTRICTED), needs="restricted-key")
#: Alone in flight: what takes so long to send would slow down what is measured beside it.
LARGE = probe("large body", blocks(text(PADDING), PONG), PLAIN, needs=LARGE_BODY, solo=True)
LONG = probe("longer than the context", blocks(text(TOO_LONG), PONG), needs=LONG_CONTEXT, solo=True)


def beta(name: str, value: str) -> Probe:
    """The plain request with a beta header."""
    return probe(name, Call(PLAIN, headers=(("anthropic-beta", value),)), needs="two-betas")


@requirement("AUTH-010")
@cases(expects("restricted"), key=RESTRICTED)
def test_a_key_without_permission_is_refused_as_such(case: Judged) -> None:
    case.judge()


@requirement("HDR-006")
@cases(
    expects("same-status"),
    joined=(beta("one beta", FIRST_BETA), beta("another beta", SECOND_BETA), beta("both betas", BOTH_BETAS)),
)
def test_betas_may_be_joined_in_one_header(case: Judged) -> None:
    case.judge()


@requirement("HTTP-010")
@cases(expects("survives-large-body"), padded=LARGE)
def test_a_body_beyond_the_limit_is_refused_and_harms_nobody(case: Judged) -> None:
    case.judge()


@requirement("REQ-052")
@cases(expects("too-long"), words=LONG)
def test_an_input_longer_than_the_context_is_refused(case: Judged) -> None:
    case.judge()
