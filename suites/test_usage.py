"""Token counts are integers, agree with one another and grow with the prompt (USG-001 to USG-010)."""

from conformance.suite import (
    PLAIN_CONTROL,
    STREAM_CONTROL,
    Judged,
    cases,
    expects,
    per_profile,
    requirement,
    rides_on,
)
from conformance.suite_bodies import CACHED_STREAM, CACHED_TWICE, FIFTY_TIMES, PLAIN_AGAIN_KEYED, PLAIN_KEYED


@requirement("USG-001")
@rides_on(PLAIN_CONTROL)
def test_a_message_has_usage(traffic: Judged) -> None:
    traffic.judge()


@requirement("USG-002")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_input_and_output_tokens_are_non_negative_integers(traffic: Judged) -> None:
    traffic.judge()


@requirement("USG-003")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL, CACHED_TWICE, CACHED_STREAM)
def test_further_counts_are_non_negative_integers(traffic: Judged) -> None:
    traffic.judge()


@requirement("USG-004")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL, CACHED_TWICE, CACHED_STREAM)
def test_total_tokens_is_the_sum_of_its_parts(traffic: Judged) -> None:
    traffic.judge()


@requirement("USG-005")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_reasoning_tokens_are_part_of_the_output(traffic: Judged) -> None:
    traffic.judge()


@requirement("USG-006")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL, CACHED_TWICE, CACHED_STREAM)
def test_cache_counts_are_integers_or_null_and_their_parts_add_up(traffic: Judged) -> None:
    traffic.judge()


@requirement("USG-007")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL, CACHED_TWICE, CACHED_STREAM)
def test_both_names_of_a_count_agree(traffic: Judged) -> None:
    traffic.judge()


@requirement("USG-008")
@rides_on(PLAIN_CONTROL, CACHED_TWICE, CACHED_STREAM)
def test_a_prompt_costs_input_tokens(traffic: Judged) -> None:
    traffic.judge()


@requirement("USG-009")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_an_answer_costs_output_tokens(traffic: Judged) -> None:
    traffic.judge()


@requirement("USG-010")
@cases(expects("more-input-tokens"), fifty_times=(PLAIN_CONTROL, FIFTY_TIMES))
@cases(
    per_profile(
        myrouter=expects("same-input-tokens", noted=True),
        anthropic=expects("same-input-tokens", tolerance=0.02),
    ),
    three_times=(PLAIN_CONTROL, PLAIN_KEYED, PLAIN_AGAIN_KEYED),
)
def test_input_tokens_grow_with_the_prompt_and_only_with_it(case: Judged) -> None:
    case.judge()
