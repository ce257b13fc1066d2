"""Requests do not disturb one another: in parallel, after a lost client, or repeated (LOAD-001 to LOAD-004)."""

from conformance.suite import (
    PLAIN,
    PLAIN_CONTROL,
    Call,
    Judged,
    Shape,
    cases,
    expects,
    probe,
    requirement,
)
from conformance.suite_bodies import AFTER_STREAM, PLAIN_AGAIN_KEYED, PLAIN_KEYED, STORY, asked

#: What tells the parallel requests apart: new in every run, and no two alike enough to be confused.
MARKERS = (
    "{nonce}4f81c7",
    "{nonce}b2369e",
    "{nonce}07dd5a",
    "{nonce}e8140b",
    "{nonce}93cf62",
    "{nonce}5a7e18",
    "{nonce}cd0249",
    "{nonce}16b8f3",
)
PARALLEL = probe(
    "eight at once",
    *(
        asked(f"Reply with exactly this code and nothing else: {marker}", 64) | ({"stream": True} if odd % 2 else {})
        for odd, marker in enumerate(MARKERS)
    ),
    shape=Shape.TOGETHER,
    capabilities=("streaming",),
)
ABANDONED = Call(STORY.calls[0].body, hang_up="content_block_delta")
AFTER_HANG_UP = probe("three abandoned streams", *(3 * (ABANDONED,)), PLAIN, PLAIN, capabilities=("streaming",))


@requirement("LOAD-001")
@cases(expects("no-crosstalk"), control=PLAIN_CONTROL, eight=PARALLEL)
def test_parallel_requests_get_nothing_of_each_other(case: Judged) -> None:
    case.judge()


@requirement("LOAD-002")
@cases(expects("distinct-ids", request_ids=True), control=PLAIN_CONTROL, eight=PARALLEL)
def test_parallel_requests_are_all_served_under_ids_of_their_own(case: Judged) -> None:
    case.judge()


@requirement("LOAD-003")
@cases(expects("after-hang-up", then=2), three=AFTER_HANG_UP)
def test_requests_after_abandoned_streams_are_served(case: Judged) -> None:
    case.judge()


@requirement("LOAD-004")
@cases(
    expects("distinct-ids"),
    twice=(PLAIN_CONTROL, AFTER_STREAM),
    same_key=(PLAIN_KEYED, PLAIN_AGAIN_KEYED),
)
def test_a_repeated_request_gets_a_message_of_its_own(case: Judged) -> None:
    case.judge()
