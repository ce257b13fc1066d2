"""The pure parts: tokens, the model, arguments, events; and that the package stands apart."""

import ast
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_corpus import COUNTING, FORCED, PLAIN, SECRET, STOPPING, UNICODE, user

import conformance.reference
from conformance.reference import Settings
from conformance.reference.arguments import arguments
from conformance.reference.events import events, portions
from conformance.reference.model import Conversation, conversation, speak
from conformance.reference.plan import make_plan
from conformance.reference.tokens import count, input_tokens, pieces
from conformance.reference.words import in_words, to_number

SAID = [
    ("Reply with the single word: pong", "pong"),
    ("Say hello", "hello"),
    ('Please repeat "a b c" back to me', "a b c"),
    (f"Repeat exactly: {UNICODE}", UNICODE),
    ("Reply with the word banana and nothing else.", "banana"),
    ("Count from 1 to 5", "1, 2, 3, 4, 5"),
    ("What is the capital of France?", "The capital of France is Paris."),
    ("What is 2+2?", "4"),
]


@pytest.mark.parametrize(("prompt", "answer"), SAID)
def test_the_model_obeys(prompt: str, answer: str) -> None:
    assert speak(Conversation(prompt)) == answer


def test_the_model_recalls_counts_and_continues() -> None:
    assert speak(conversation({"messages": SECRET})) == "zebra77"
    assert speak(conversation(COUNTING)).endswith("four hundred ninety-nine, five hundred")
    assert len(speak(Conversation("Write a 300-word story")).split()) == 300
    assert speak(Conversation("What is the capital of France?", prefill="The capital of France is Par")) == "is."
    assert "garden" in speak(Conversation("Say hello"), uncooperative=True).lower()


@given(st.text(max_size=80))
def test_the_model_always_says_something(prompt: str) -> None:
    assert speak(Conversation(prompt)).strip()


@given(st.text(min_size=1, max_size=80))
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text == "".join(portions(text))
    assert count(text) == len(pieces(text))


@given(st.integers(min_value=0, max_value=999_999))
def test_numbers_in_words_are_read_back(number: int) -> None:
    assert to_number(in_words(number)) == number


def test_every_part_of_a_request_counts() -> None:
    plain = input_tokens(PLAIN)
    assert input_tokens({**PLAIN, "system": "Be terse."}) > plain
    assert input_tokens({**PLAIN, "tools": FORCED["tools"]}) > plain
    assert input_tokens({**PLAIN, "messages": [user("Hi"), *PLAIN["messages"]]}) > plain
    blocks = [user([{"type": "text", "text": PLAIN["messages"][0]["content"]}])]
    assert input_tokens({**PLAIN, "messages": blocks}) == plain


def test_limits_and_stops_end_the_answer() -> None:
    cut = make_plan({**PLAIN, **COUNTING, "max_tokens": 8}, Settings())
    assert (cut.stop_reason, cut.counts.output) == ("max_tokens", 8)
    stopped = make_plan({**PLAIN, **STOPPING}, Settings())
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "ZZSTOPZZ")
    assert stopped.content[0]["text"] == "alpha "
    empty = make_plan({**PLAIN, "max_tokens": 0}, Settings())
    assert (empty.content, empty.stop_reason, empty.counts.output) == ((), "max_tokens", 0)


SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["n", "kind", "items"],
    "properties": {
        "n": {"type": "integer", "minimum": 5},
        "kind": {"enum": ["a", "b"]},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}, "minItems": 2},
    },
    "$defs": {"item": {"type": "object", "properties": {"when": {"type": "string", "format": "date"}}}},
}


def test_arguments_satisfy_their_schema() -> None:
    item = {"when": "2026-01-01"}
    assert arguments(SCHEMA, []) == {"n": 5, "kind": "a", "items": [item, item]}
    assert arguments(SCHEMA, [7])["n"] == 7
    assert arguments("no schema", []) == {}


def test_events_carry_the_whole_message() -> None:
    content = [
        {"type": "text", "text": "one two three"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"n": 1}},
    ]
    told = events({"content": content, "stop_reason": "tool_use", "usage": {"output_tokens": 4}}, {"output_tokens": 1})
    assert told[0]["message"]["content"] == [] and told[0]["message"]["usage"] == {"output_tokens": 1}
    assert "".join(event.get("delta", {}).get("text", "") for event in told) == "one two three"
    assert "".join(event.get("delta", {}).get("partial_json", "") for event in told) == '{"n": 1}'
    assert [event["type"] for event in told[-2:]] == ["message_delta", "message_stop"]


def imported(path: Path) -> set[str]:
    """The modules a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


EXEMPT = {("faults/machine.py", "conformance.wire.stream_tables")}
"""Deliberate breaches may be read off the tables of the grammar; nothing that conforms may, and no judgement either."""


def test_the_package_imports_nothing_of_its_judges() -> None:
    root = Path(str(conformance.reference.__file__)).parent
    found = {(path.relative_to(root).as_posix(), name) for path in root.rglob("*.py") for name in imported(path)}
    assert found >= EXEMPT
    names = {name for _, name in found - EXEMPT}
    own = {name for name in names if name.startswith("conformance")}
    assert own and all(name.startswith("conformance.reference") for name in own)
    others = {name.split(".")[0] for name in names - own}
    assert others - sys.stdlib_module_names == {"h11"}
