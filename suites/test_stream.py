"""The events of a stream tell one message in order, block by block, increment by increment (STRM-001 to STRM-029)."""

from conformance.suite import STREAM_CONTROL, Judged, cases, expects, requirement, rides_on
from conformance.suite_bodies import STORY
from conformance.suite_tools import ANY_STREAM, FORCED, FORCED_STREAM, PARALLEL, PARALLEL_STREAM


@requirement("STRM-001")
@rides_on(STREAM_CONTROL)
def test_the_first_event_is_message_start(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-002")
@rides_on(STREAM_CONTROL)
def test_there_is_one_message_start(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-003")
@rides_on(STREAM_CONTROL)
def test_message_start_holds_a_message(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-004")
@rides_on(STREAM_CONTROL)
def test_message_start_has_empty_content(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-005")
@rides_on(STREAM_CONTROL)
def test_message_start_has_no_stop_reason(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-006")
@rides_on(STREAM_CONTROL)
def test_message_start_has_usage(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-007")
@rides_on(STREAM_CONTROL)
def test_message_start_counts_the_input(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-008")
@rides_on(STREAM_CONTROL)
def test_blocks_are_numbered_from_zero_without_gap(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-009")
@rides_on(STREAM_CONTROL)
def test_a_block_start_has_the_fields_of_its_type(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-010")
@rides_on(STREAM_CONTROL)
def test_a_block_starts_empty(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-011")
@rides_on(STREAM_CONTROL)
def test_deltas_and_stops_name_the_open_block(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-012")
@rides_on(STREAM_CONTROL)
def test_delta_types_fit_their_block(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-013")
@rides_on(STREAM_CONTROL)
def test_delta_payloads_have_the_right_type(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-014")
@rides_on(STREAM_CONTROL)
def test_every_block_is_stopped_once(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-015")
@rides_on(STREAM_CONTROL, PARALLEL_STREAM)
def test_blocks_do_not_overlap(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-016")
@rides_on(STREAM_CONTROL)
def test_a_stopped_block_gets_no_more_events(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-017")
@rides_on(STREAM_CONTROL)
def test_the_last_message_delta_has_the_stop_reason(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-018")
@rides_on(STREAM_CONTROL)
def test_message_delta_comes_after_all_blocks(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-019")
@rides_on(STREAM_CONTROL)
def test_every_message_delta_counts_the_output(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-020")
@rides_on(STREAM_CONTROL, STORY)
def test_output_tokens_never_decrease(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-021")
@rides_on(STREAM_CONTROL)
def test_input_tokens_never_decrease(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-022")
@rides_on(STREAM_CONTROL)
def test_a_stop_reason_is_never_taken_back(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-023")
@rides_on(STREAM_CONTROL)
def test_message_stop_is_the_last_event(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-024")
@rides_on(STREAM_CONTROL, STORY)
def test_pings_are_typed_as_such(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-025")
@rides_on(STREAM_CONTROL)
def test_a_failure_inside_a_stream_is_an_error_event(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-026")
@rides_on(STREAM_CONTROL)
def test_nothing_follows_an_error_event(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-027")
@rides_on(STORY)
def test_text_deltas_are_increments(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-028")
@rides_on(FORCED_STREAM, ANY_STREAM)
def test_the_arguments_of_a_call_join_to_one_object(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-029")
@rides_on(FORCED_STREAM)
def test_arguments_come_in_deltas(traffic: Judged) -> None:
    traffic.judge()


@requirement("STRM-029")
@cases(expects("arguments-streamed"), as_in_json=(FORCED, FORCED_STREAM), two_calls=(PARALLEL, PARALLEL_STREAM))
def test_arguments_that_come_in_json_come_in_a_stream(case: Judged) -> None:
    case.judge()
