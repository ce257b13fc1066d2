"""Rules about a message: each requirement with an answer that breaks it alone, and with legal variations."""

from typing import Any

import pytest
from rule_samples import CALL, MESSAGE, SENT, TEXT, TOOL, USAGE, Data, broken, exchange, held, noted, run, without

from conformance.wire.exchange import Exchange

SERVER_TOOL = {"type": "web_search_20250305", "name": "web_search"}
SERVER_CALL = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
WITH_TOOL = {"tools": [TOOL]}
STOPS = {"stop_sequences": ["END"]}


def answered(changes: Data, sent: Data | None = None) -> Exchange:
    return exchange(MESSAGE | changes, SENT | (sent or {}))


def counted(sent: Data | None = None, **usage: Any) -> Exchange:
    return answered({"usage": USAGE | usage}, sent)


BREACHES: list[tuple[str, str, Exchange]] = [
    ("RESP-001", "no role", exchange(without(MESSAGE, "role"))),
    ("RESP-001", "an array", exchange([MESSAGE])),
    (
        "RESP-001",
        "chat.completion",
        exchange({"id": "c-1", "object": "chat.completion", "model": "m-1", "choices": []}),
    ),
    ("RESP-002", "empty id", answered({"id": ""})),
    ("RESP-002", "number as id", answered({"id": 7})),
    ("RESP-003", "role", answered({"role": "model"})),
    ("RESP-003", "type", answered({"type": "completion"})),
    ("RESP-004", "content is text", answered({"content": "pong"})),
    ("RESP-004", "block without type", answered({"content": [{"text": "pong"}]})),
    ("RESP-005", "text null", answered({"content": [{"type": "text", "text": None}]})),
    ("RESP-005", "citations object", answered({"content": [TEXT | {"citations": {}}]})),
    ("RESP-006", "output_text", answered({"content": [TEXT | {"type": "output_text"}]})),
    ("RESP-007", "model null", answered({"model": None})),
    ("RESP-008", "another model", answered({"model": "upstream/m-1"})),
    ("RESP-009", "stop_reason null", answered({"stop_reason": None})),
    ("RESP-009", "no stop_reason", exchange(without(MESSAGE, "stop_reason"))),
    ("RESP-010", "stop", answered({"stop_reason": "stop"})),
    ("RESP-010", "empty", answered({"stop_reason": ""})),
    ("RESP-010", "stop_details", answered({"stop_details": {"type": "refusal"}})),
    ("RESP-011", "no stop_sequence", exchange(without(MESSAGE, "stop_sequence"))),
    ("RESP-011", "number", answered({"stop_sequence": 1})),
    ("RESP-012", "error type", exchange({"type": "error", "error": {"type": "api_error", "message": "x"}})),
    ("RESP-012", "error beside a message", answered({"error": {"message": "x"}})),
    ("RESP-013", "content []", answered({"content": []})),
    ("USG-001", "no usage", exchange(without(MESSAGE, "usage"))),
    ("USG-001", "null", answered({"usage": None})),
    ("USG-002", "text", counted(output_tokens="2")),
    ("USG-002", "true", counted(output_tokens=True)),
    ("USG-002", "float", counted(output_tokens=2.0)),
    ("USG-002", "negative", counted(input_tokens=-1)),
    ("USG-002", "other names", answered({"usage": {"prompt_tokens": 12, "completion_tokens": 2}})),
    ("USG-003", "null", counted(reasoning_tokens=None)),
    ("USG-003", "text", counted(cache_read_tokens="0")),
    ("USG-004", "below output", counted(total_tokens=1)),
    ("USG-004", "another sum", counted(total_tokens=15)),
    ("USG-005", "plain", counted(reasoning_tokens=900)),
    ("USG-005", "nested", counted(output_tokens_details={"thinking_tokens": 3})),
    ("USG-005", "text", counted(output_tokens_details={"thinking_tokens": "1"})),
    ("USG-006", "text", counted(cache_read_input_tokens="0")),
    ("USG-006", "sum", counted(cache_creation_input_tokens=5, cache_creation={"ephemeral_5m_input_tokens": 10})),
    ("USG-006", "cache_creation", counted(cache_creation=[1])),
    ("USG-007", "disagree", counted(cache_read_tokens=5, cache_read_input_tokens=6)),
    ("USG-008", "zero", counted(input_tokens=0)),
    ("USG-009", "zero", counted(output_tokens=0)),
    ("SEM-001", "far above", counted(output_tokens=400)),
    ("SEM-003", "no call", answered({"stop_reason": "tool_use"}, WITH_TOOL)),
    ("SEM-004", "end_turn", answered({"content": [CALL]}, WITH_TOOL)),
    ("SEM-007", "not null", answered({"stop_sequence": "</s>"})),
    ("SEM-007", "another", answered({"stop_reason": "stop_sequence", "stop_sequence": "X"}, STOPS)),
    ("SEM-007", "null", answered({"stop_reason": "stop_sequence"}, STOPS)),
    ("SEM-008", "none supplied", answered({"stop_reason": "stop_sequence", "stop_sequence": "</s>"})),
    ("SEM-009", "phantom call", answered({"content": [TEXT, CALL], "stop_reason": "tool_use"})),
    ("SEM-009", "phantom call, end_turn", answered({"content": [CALL]})),
    ("SEM-010", "pause_turn", answered({"stop_reason": "pause_turn"})),
    ("SEM-010", "server_tool_use", answered({"content": [SERVER_CALL]}, WITH_TOOL)),
]

#: Contract.md, "Traps": what a good server may do.
LEGAL: list[tuple[str, str, Exchange]] = [
    ("RESP-001", "newer keys", answered({"container": None, "stop_details": None, "diagnostics": {}})),
    ("RESP-001", "error null", answered({"error": None})),
    ("RESP-005", "citations null", answered({"content": [TEXT | {"citations": None}]})),
    ("RESP-005", "text begins with a space", answered({"content": [TEXT | {"text": " pong"}]})),
    ("RESP-004", "unknown block", answered({"content": [{"type": "fallback"}]})),
    ("RESP-007", "alias resolved", answered({"model": "m-1-20250101"}, {"model": "m-1-alias"})),
    ("RESP-010", "refusal details", answered({"stop_reason": "refusal", "stop_details": {"type": "refusal"}})),
    ("RESP-009", "newer stop_reason", answered({"stop_reason": "compaction"})),
    ("RESP-011", "no content at the limit", answered({"content": [], "stop_reason": "max_tokens"})),
    ("RESP-004", "tiny max_tokens", answered({"content": []}, {"max_tokens": 16})),
    ("USG-002", "output far below", counted(output_tokens=1)),
    (
        "USG-003",
        "all plain names",
        counted(total_tokens=14, cache_read_tokens=0, cache_write_tokens=0, reasoning_tokens=2),
    ),
    ("USG-004", "with cache", counted(total_tokens=22, cache_read_tokens=8)),
    ("USG-004", "without cache", counted(total_tokens=14, cache_read_tokens=8)),
    ("USG-006", "null", counted(cache_read_input_tokens=None, cache_creation=None)),
    ("USG-006", "parts", counted(cache_creation_input_tokens=3, cache_creation={"ephemeral_5m_input_tokens": 3})),
    ("USG-007", "agree", counted(cache_read_tokens=5, cache_read_input_tokens=5)),
    ("USG-008", "all cached", counted(input_tokens=0, cache_read_input_tokens=900)),
    ("USG-001", "refusal counts nothing", answered({"stop_reason": "refusal", "usage": USAGE | {"output_tokens": 0}})),
    (
        "USG-002",
        "max_tokens 0",
        answered(
            {"content": [], "stop_reason": "max_tokens", "usage": USAGE | {"output_tokens": 0}}, {"max_tokens": 0}
        ),
    ),
    ("SEM-001", "at the limit", counted({"max_tokens": 2})),
    ("SEM-003", "call", answered({"content": [CALL], "stop_reason": "tool_use"}, WITH_TOOL)),
    ("RESP-005", "cut call", answered({"content": [TEXT, CALL], "stop_reason": "max_tokens"}, WITH_TOOL)),
    ("SEM-007", "supplied", answered({"stop_reason": "stop_sequence", "stop_sequence": "END"}, STOPS)),
    ("SEM-007", "supplied, not met", answered({}, STOPS)),
    ("SEM-010", "server tool declared", answered({"stop_reason": "tool_use", "content": [CALL]}, WITH_TOOL)),
]


def names(rows: list[tuple[str, str, Exchange]]) -> list[str]:
    return [f"{requirement}, {name}" for requirement, name, _ in rows]


@pytest.mark.parametrize(("requirement", "name", "answer"), BREACHES, ids=names(BREACHES))
def test_a_breach_breaks_its_requirement_alone(requirement: str, name: str, answer: Exchange) -> None:
    assert broken(run(answer)) == {requirement}, name


@pytest.mark.parametrize(("requirement", "name", "answer"), LEGAL, ids=names(LEGAL))
def test_a_legal_variation_breaks_nothing(requirement: str, name: str, answer: Exchange) -> None:
    found = run(answer)
    assert (broken(found), requirement in held(found)) == (set(), True), name


def test_the_plain_message_puts_these_to_the_test() -> None:
    assert held(run(exchange())) >= {
        *(f"RESP-{number:03}" for number in range(1, 14)), "USG-001", "USG-002", "USG-008", "USG-009",
        "SEM-001", "SEM-007", "SEM-008", "SEM-009", "SEM-010",
    } - {"RESP-002"}  # fmt: skip


@pytest.mark.parametrize(
    ("requirement", "answer"),
    [
        ("RESP-006", answered({"content": [{"type": "compaction"}]})),
        ("RESP-010", answered({"stop_reason": "compaction"})),
        ("SEM-001", counted({"max_tokens": 2}, output_tokens=3)),
        ("RESP-002", answered({"id": "chatcmpl-1"})),
        ("USG-007", counted(cache_read_tokens=5)),
    ],
)
def test_newer_words_and_free_choices_are_notes(requirement: str, answer: Exchange) -> None:
    found = run(answer)
    assert (broken(found), requirement in noted(found)) == (set(), True)


@pytest.mark.parametrize(
    ("requirement", "answer"),
    [
        ("SEM-004", answered({"content": [CALL], "stop_reason": "tool_calls"}, WITH_TOOL)),
        ("USG-004", counted(total_tokens=99, output_tokens="2")),
        ("USG-009", counted(output_tokens=None)),
        ("USG-008", counted({"messages": []}, input_tokens=0)),
        ("RESP-013", answered({"content": []}, {"messages": [{"role": "user", "content": ""}]})),
        ("SEM-008", answered({"stop_reason": "stop_sequence"}, {"stop_sequences": "END"})),
        ("RESP-008", answered({"model": "other"}, {"model": "alias"})),
        ("SEM-007", exchange(without(MESSAGE, "stop_sequence") | {"stop_reason": "stop_sequence"}, SENT | STOPS)),
        (
            "SEM-009",
            answered(
                {"content": [CALL], "stop_reason": "tool_use"},
                {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}]},
            ),
        ),
        ("SEM-010", answered({"stop_reason": "pause_turn", "content": [SERVER_CALL]}, {"tools": [SERVER_TOOL]})),
        (
            "RESP-013",
            answered(
                {"content": []},
                {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}]},
            ),
        ),
    ],
)
def test_what_cannot_be_told_is_silent(requirement: str, answer: Exchange) -> None:
    found = run(answer)
    assert requirement not in broken(found) | held(found)


@pytest.mark.parametrize(
    "answer",
    [
        exchange({"data": []}, url="http://127.0.0.1/v1/models", method="GET"),
        exchange({"input_tokens": 0}, url="http://127.0.0.1/v1/messages/count_tokens"),
        exchange({"page": 1}, method="GET"),
    ],
)
def test_other_answers_are_no_messages(answer: Exchange) -> None:
    assert not {name for name in broken(run(answer)) | held(run(answer)) if name.startswith(("RESP", "USG", "SEM"))}
