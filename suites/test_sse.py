"""A stream is well-formed server-sent events: named, typed, terminated, sent as they are made (SSE-001 to -012)."""

from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL, Judged, cases, expects, requirement, rides_on
from conformance.suite_bodies import STORY


@requirement("SSE-001")
@cases(expects("streamed"), control=PLAIN_CONTROL, plain=STREAM_CONTROL)
def test_a_stream_is_served_as_an_event_stream(case: Judged) -> None:
    case.judge()


@requirement("SSE-001")
@rides_on(STREAM_CONTROL)
def test_every_stream_asked_for_is_an_event_stream(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-002")
@rides_on(STREAM_CONTROL)
def test_the_stream_is_utf_8(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-003")
@rides_on(STREAM_CONTROL)
def test_the_stream_follows_the_grammar_of_server_sent_events(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-004")
@rides_on(STREAM_CONTROL)
def test_the_stream_begins_without_byte_order_mark(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-005")
@rides_on(STREAM_CONTROL)
def test_every_event_has_a_name(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-006")
@rides_on(STREAM_CONTROL)
def test_the_name_of_an_event_is_the_type_in_its_data(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-007")
@rides_on(STREAM_CONTROL)
def test_the_data_of_an_event_is_one_typed_object(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-008")
@rides_on(STREAM_CONTROL)
def test_no_done_sentinel_is_sent(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-009")
@rides_on(STREAM_CONTROL)
def test_the_last_event_ends_with_a_blank_line(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-010")
@rides_on(STREAM_CONTROL)
def test_the_stream_is_marked_uncacheable(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-011")
@rides_on(STORY)
def test_events_arrive_as_they_are_produced(traffic: Judged) -> None:
    traffic.judge()


@requirement("SSE-012")
@rides_on(STREAM_CONTROL)
def test_the_stream_ends_promptly_after_message_stop(traffic: Judged) -> None:
    traffic.judge()
