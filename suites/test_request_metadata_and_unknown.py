"""metadata is an object about the customer, and what is not documented never breaks the server (REQ-043 to -046)."""

from conformance.suite import (
    PLAIN,
    Judged,
    accepted,
    cases,
    never_5xx,
    per_profile,
    refused,
    requirement,
    user,
)
from conformance.suite_bodies import METADATA, METADATA_STRING, ONE_BLOCK, PONG, blocks, said

refused_upstream = per_profile(myrouter=never_5xx(), anthropic=refused)


@requirement("REQ-043")
@cases(accepted, user_id=METADATA)
@cases(
    refused,
    control=METADATA,
    string=METADATA_STRING,
    array=PLAIN | {"metadata": []},
    number=PLAIN | {"metadata": 1},
)
@cases(never_5xx(200), control=METADATA, long_user_id=PLAIN | {"metadata": {"user_id": "u" * 257}})
def test_metadata_is_an_object_with_a_user_id(case: Judged) -> None:
    case.judge()


@requirement("REQ-044")
@cases(
    per_profile(myrouter=accepted, anthropic=refused),
    control=METADATA,
    order=PLAIN | {"metadata": {"order": "42"}},
)
def test_other_metadata_keys_are_the_customers_or_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-045")
@cases(refused_upstream, top_level=PLAIN | {"ct_unknown_field": 1})
def test_an_unknown_field_is_refused_or_ignored(case: Judged) -> None:
    case.judge()


@requirement("REQ-046")
@cases(refused_upstream, in_message=said(user(PLAIN["messages"][0]["content"]) | {"name": "x"}))
@cases(refused_upstream, control=ONE_BLOCK, in_block=blocks(PONG | {"foo": 1}))
def test_an_unknown_field_inside_a_message_is_refused_or_ignored(case: Judged) -> None:
    case.judge()
