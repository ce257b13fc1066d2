"""The schemas as a second opinion on answers."""

from copy import deepcopy
from typing import Any

import pytest

from conformance.generation.oracle import departures_of_body, departures_of_event

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "pong"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 10, "output_tokens": 2},
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"role": "user"}, [("/role", "RESP-003")]),
        ({"usage": {"input_tokens": "7", "output_tokens": 2}}, [("/usage/input_tokens", "USG-002")]),
        ({"usage": {"input_tokens": 7}}, [("/usage", "USG-002")]),
    ],
)
def test_a_message_is_held_to_its_schema(change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = departures_of_body("anthropic", 200, deepcopy(MESSAGE) | change)
    assert [(pointer, requirement) for pointer, _, requirement in found] == expected


def test_a_refusal_is_held_to_the_envelope() -> None:
    good = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
    assert list(departures_of_body("myrouter", 400, good)) == []
    assert [pointer for pointer, _, _ in departures_of_body("myrouter", 400, {"detail": "no"})]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"type": "ping"}, []),
        ({"type": "of tomorrow", "x": 1}, []),
        (5, []),
        ({"type": "content_block_stop", "index": "0"}, ["/index"]),
        ({"type": "message_delta", "delta": {}}, [""]),
    ],
)
def test_an_event_is_held_to_the_schema_of_its_type(data: Any, expected: list[str]) -> None:
    assert [pointer for pointer, _, _ in departures_of_event("anthropic", data)] == expected
