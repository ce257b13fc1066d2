"""model names a model, messages is a conversation of turns; what is malformed is refused, not guessed at (REQ-001 to
REQ-018)."""

from typing import Any

from conformance.suite import (
    PLAIN,
    PLAIN_CONTROL,
    Judged,
    accepted,
    assistant,
    cases,
    never_5xx,
    per_profile,
    refused,
    refused_or,
    requirement,
    status,
    text,
    user,
    without,
)
from conformance.suite_bodies import (
    CONVERSATION,
    HELLO,
    MESSAGE_STRING,
    MESSAGES_EMPTY,
    MESSAGES_STRING,
    NO_MESSAGES,
    NO_MODEL,
    ONE_BLOCK,
    PONG,
    TWO_BLOCKS,
    TWO_TURNS,
    UNKNOWN_MODEL,
    blocks,
    said,
)

ASK = user("Reply with the single word: pong")


def with_role(role: Any) -> dict[str, Any]:
    """The accepted conversation, its middle turn under another role."""
    return said(user("My name is Ada."), assistant("Hello Ada.") | {"role": role}, ASK)


def before_a_good_turn(content: Any) -> dict[str, Any]:
    """Two user turns, the first with this content."""
    return said(user(content), ASK)


def in_a_conversation(content: Any) -> dict[str, Any]:
    """The accepted conversation, its first turn with this content."""
    return said(user(content), assistant("Hello Ada."), ASK)


@requirement("REQ-001")
@cases(
    refused,
    absent=NO_MODEL,
    number=PLAIN | {"model": 1},
    null=PLAIN | {"model": None},
    object=PLAIN | {"model": {}},
    array=PLAIN | {"model": []},
)
def test_an_absent_or_non_string_model_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-002")
@cases(
    per_profile(myrouter=status(404, 400), anthropic=status(404, error_type="not_found_error")),
    unknown=UNKNOWN_MODEL,
)
@cases(
    refused_or(also=(404,)),
    empty=PLAIN | {"model": ""},
    too_long=PLAIN | {"model": "m" * 257},
)
def test_an_unknown_model_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-003")
@cases(
    refused,
    absent=NO_MESSAGES,
    string=MESSAGES_STRING,
    object=PLAIN | {"messages": {}},
    null=PLAIN | {"messages": None},
    number=PLAIN | {"messages": 1},
)
def test_absent_or_non_array_messages_are_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-004")
@cases(refused, empty=MESSAGES_EMPTY)
def test_empty_messages_are_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-005")
@cases(refused, string=MESSAGE_STRING, null=said(None, *PLAIN["messages"]), array=said([]))
def test_a_message_that_is_no_object_is_refused(case: Judged) -> None:
    case.judge()


def by_the_assistant(content: Any) -> dict[str, Any]:
    """The accepted conversation, its middle turn with this content: translators let the assistant be silent."""
    return said(user("My name is Ada."), assistant(content), ASK)


@requirement("REQ-006")
@cases(
    refused, control=CONVERSATION, absent=said(user("My name is Ada."), without(assistant("Hello Ada."), "role"), ASK)
)
def test_a_message_without_role_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-007")
@cases(
    refused,
    control=CONVERSATION,
    between=said(user("My name is Ada."), {"role": "assistant"}, ASK),
    last=said(user("My name is Ada."), assistant("Hello Ada."), {"role": "user"}),
)
def test_a_message_without_content_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-008")
@cases(
    refused,
    control=CONVERSATION,
    tool=with_role("tool"),
    function=with_role("function"),
    bot=with_role("bot"),
    capital=with_role("User"),
    number=with_role(1),
)
def test_an_unknown_role_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-009")
@cases(
    status(200, 400, 422),
    between=said(HELLO, {"role": "system", "content": "The codeword is heliotrope."}, ASK),
)
def test_a_system_turn_is_served_or_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-010")
@cases(accepted, string=PLAIN_CONTROL, one_block=ONE_BLOCK, two_blocks=TWO_BLOCKS)
def test_content_may_be_a_string_or_blocks(case: Judged) -> None:
    case.judge()


@requirement("REQ-011")
@cases(
    accepted,
    users=TWO_TURNS,
    assistants=said(user("My name is Ada."), assistant("Hello"), assistant("Ada."), ASK),
)
def test_consecutive_turns_of_one_role_are_accepted(case: Judged) -> None:
    case.judge()


@requirement("REQ-012")
@cases(accepted, three_turns=CONVERSATION)
def test_a_conversation_is_accepted(case: Judged) -> None:
    case.judge()


@requirement("REQ-013")
@cases(status(200, 400, 422), assistant_first=said(assistant("Hello."), ASK))
def test_a_conversation_that_begins_with_the_assistant_is_served_or_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-014")
@cases(
    per_profile(
        myrouter=status(200, 400, 422, error_type="invalid_request_error"),
        anthropic=status(200, 400, error_type="invalid_request_error"),
    ),
    prefill=said(user("Say the alphabet"), assistant("A B C")),
)
@cases(never_5xx(200), trailing_space=said(user("Say the alphabet"), assistant("A B C ")))
def test_a_prefill_is_served_or_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-015")
@cases(
    refused,
    control=CONVERSATION,
    string=in_a_conversation(""),
    array=in_a_conversation([]),
    block=by_the_assistant([text("")]),
)
@cases(refused_or(lowered=(200,)), control=CONVERSATION, whitespace=in_a_conversation([text(" \n")]))
def test_empty_content_before_the_last_turn_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-016")
@cases(
    refused,
    control=TWO_TURNS,
    number=before_a_good_turn(5),
    boolean=before_a_good_turn(True),
    object=before_a_good_turn({}),
)
@cases(refused, control=CONVERSATION, null=by_the_assistant(None))
def test_content_of_a_wrong_type_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-017")
@cases(
    refused,
    control=TWO_BLOCKS,
    absent=blocks({"text": "hi"}, PONG),
    unknown=blocks({"type": "ct_unknown"}, PONG),
    number=blocks({"type": 1}, PONG),
)
def test_a_block_without_a_known_type_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-018")
@cases(refused, control=TWO_BLOCKS, absent=blocks({"type": "text"}, PONG), number=blocks(text(1), PONG))
def test_a_text_block_without_string_text_is_refused(case: Judged) -> None:
    case.judge()
