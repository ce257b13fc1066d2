"""The small questions that rules ask of an answer, at their bounds."""

from typing import Any

import pytest
from rule_samples import BLOCK, CALL, MESSAGE, SENT, STOP, ends, error, exchange, held, run, start, streamed

from conformance.rules.answers import (
    declares_server_tool,
    has,
    has_body,
    is_answer,
    is_error,
    max_tokens,
    names_messages,
    prompt_blocks,
)
from conformance.rules.calls import declared_names, fragment, is_eager
from conformance.rules.findings import Where
from conformance.rules.judged import is_judged, resembles_message
from conformance.rules.outcome import is_garbled, is_server_error, trouble
from conformance.wire.exchange import Ending, Limit
from conformance.wire.reading import Reading


def reading(**sent: Any) -> Reading:
    return Reading(exchange(sent=SENT | sent))


@pytest.mark.parametrize(
    ("how", "limit", "word"),
    [
        (Ending.HUNG_UP, None, ""),
        (Ending.MALFORMED, None, ""),
        (Ending.NO_ANSWER, None, "no-answer"),
        (Ending.CUT, Limit.FIRST_BYTE, f"cut by our limit {Limit.FIRST_BYTE.value}"),
        (Ending.CUT, None, f"cut by our limit {Limit.WHOLE.value}"),
    ],
)
def test_what_kept_a_request_from_an_answer(how: Ending, limit: Limit | None, word: str) -> None:
    nothing = exchange(status=None, raw=b"", how=how, limit=limit)
    assert (trouble(nothing), is_answer(nothing)) == (word, False)
    assert (is_garbled(nothing), is_garbled(exchange(how=how))) == (how is Ending.MALFORMED, False)


@pytest.mark.parametrize(
    ("status", "error_there", "server"),
    [(399, False, False), (400, True, False), (499, True, False), (500, True, True)],
)
def test_where_errors_begin(status: int, error_there: bool, server: bool) -> None:
    assert (is_error(error(status)), is_server_error(error(status))) == (error_there, server)


@pytest.mark.parametrize(
    ("status", "due"), [(203, True), (204, False), (205, True), (303, True), (304, False), (305, True)]
)
def test_which_statuses_have_no_body(status: int, due: bool) -> None:
    assert has_body(exchange(status=status)) is due
    assert not has_body(exchange(status=status, method="HEAD"))


def test_an_address_that_is_none_names_nothing() -> None:
    assert names_messages(exchange(url="http://[::1/v1/messages")) is False


@pytest.mark.parametrize(
    ("asked", "limit"), [(1, 1), (0, None), (2.0, 2), (2.5, None), (-1, None), (True, None), ("5", None)], ids=str
)
def test_the_limit_that_was_asked_for(asked: object, limit: int | None) -> None:
    assert max_tokens(reading(max_tokens=asked)) == limit


@pytest.mark.parametrize(
    ("value", "path", "there"),
    [({"a": None}, "a", True), ({}, "a", False), ("ab", "a", False), (5, "a", False), ({"a": "b"}, "a.b", False)],
    ids=str,
)
def test_whether_a_member_is_there(value: Any, path: str, there: bool) -> None:
    assert has(value, path) is there


def test_tools_and_blocks_that_are_no_objects_are_passed_over() -> None:
    odd = reading(tools=["x", 5, {"type": "web_search_1", "name": "x", "eager_input_streaming": True}])
    assert (declares_server_tool(odd), is_eager(odd, "x"), declared_names(odd)) == (True, True, None)
    assert list(prompt_blocks(reading(messages=[{"role": "user", "content": ["x", {"type": "text"}]}]))) == [
        {"type": "text"}
    ]


def test_the_names_of_tools() -> None:
    assert declared_names(reading(tools=[{"name": "a"}, {"name": "b"}])) == frozenset({"a", "b"})
    assert declared_names(reading(tools=[{"name": "a"}, {"name": []}])) is None
    eager = {"name": "a", "eager_input_streaming": True}
    assert is_eager(reading(tools=[{"name": "b"}, eager]), "a") and not is_eager(reading(tools=[eager]), "b")
    assert not is_eager(reading(tools=[]), "a")


@pytest.mark.parametrize(
    ("content", "reason", "place"),
    [([], "refusal", None), ([CALL], "refusal", 0), ([CALL], "tool_use", None), ([CALL], [], None)],
)
def test_which_block_may_be_a_fragment(content: list[Any], reason: object, place: int | None) -> None:
    assert fragment({"content": content, "stop_reason": reason}) == place


@pytest.mark.parametrize(
    ("value", "resembles"),
    [
        ("error", False),
        (None, False),
        ({}, False),
        ({"type": "error", "content": []}, False),
        ({"type": "message"}, True),
        ({"content": None}, True),
        ({"type": "x"}, False),
    ],
    ids=str,
)
def test_what_is_a_message_at_all(value: Any, resembles: bool) -> None:
    assert resembles_message(value) is resembles
    if isinstance(value, dict):
        assert is_judged(value, Reading(exchange(value))) is resembles


def test_a_stream_that_stays_open_behind_its_end_has_a_message() -> None:
    whole = (start(), *BLOCK, ends(), STOP)
    assert "RESP-010" in held(run(streamed(*whole, how=Ending.CUT, limit=Limit.AFTER_STOP)))
    assert "RESP-010" not in held(run(streamed(*whole, how=Ending.CUT, limit=Limit.WHOLE)))
    assert "RESP-010" not in held(run(streamed(*whole, status=400)))


def test_a_place_in_words() -> None:
    assert str(Where(3, "/id", 4, 5, "x-a")) == "exchange 3, event 4, /id, header x-a, byte 5"
    assert (str(Where(0, event=0, byte=0)), str(Where())) == ("exchange 0, event 0, byte 0", "")


def test_a_message_of_the_samples_is_judged() -> None:
    assert is_judged(MESSAGE, Reading(exchange()))
