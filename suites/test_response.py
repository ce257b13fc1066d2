"""A served request is answered with one message: who speaks, what is said, by which model, why it ended (RESP-001 to
RESP-013)."""

from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL, Judged, requirement, rides_on
from conformance.suite_bodies import ROOMY


@requirement("RESP-001")
@rides_on(PLAIN_CONTROL)
def test_a_json_answer_has_the_members_of_a_message(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-002")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_every_message_has_an_id_of_its_own(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-003")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_type_is_message_and_role_is_assistant(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-004")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_content_is_an_array_of_typed_blocks(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-005")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_a_text_block_has_string_text(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-006")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_content_blocks_are_of_known_types(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-007")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_model_is_a_non_empty_string(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-008")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_model_is_the_one_asked_for(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-009")
@rides_on(PLAIN_CONTROL)
def test_a_json_message_has_a_stop_reason(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-010")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_the_stop_reason_is_a_known_word(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-011")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_stop_sequence_is_present_as_a_string_or_null(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-012")
@rides_on(PLAIN_CONTROL, STREAM_CONTROL)
def test_a_200_never_carries_an_error(traffic: Judged) -> None:
    traffic.judge()


@requirement("RESP-013")
@rides_on(ROOMY)
def test_a_plain_prompt_with_room_gets_content(traffic: Judged) -> None:
    traffic.judge()
