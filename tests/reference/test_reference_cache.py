"""The cache of prompts: written once, read from then on, and part of the input in both namings."""

from typing import Any

import pytest

from conformance.reference.cache import LEAST, counted, marked_prefix
from conformance.reference.plan import Counts

MARK = {"cache_control": {"type": "ephemeral"}}
LONG = {"type": "text", "text": "word" + " word" * (2 * LEAST - 1)}
QUESTION = {"role": "user", "content": "What now?"}


def _body(*system: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "m", "system": list(system), "messages": [QUESTION], **more}


def test_a_marked_prefix_is_written_once_and_then_read() -> None:
    seen: set[str] = set()
    first = counted(Counts(3000, 1), _body(LONG | MARK), seen)
    second = counted(Counts(3000, 1), _body(LONG | MARK), seen)
    assert (first.written, first.cached) == (2 * LEAST, 0)
    assert (second.written, second.cached) == (0, 2 * LEAST)


@pytest.mark.parametrize(
    "body",
    [
        _body(LONG),
        _body({"type": "text", "text": "short"} | MARK),
        {"model": "m"},
        {"messages": "odd", "system": 5, "tools": {}},
        _body(LONG | {"cache_control": "odd"}),
    ],
)
def test_what_is_not_marked_or_short_is_not_cached(body: dict[str, Any]) -> None:
    counts, seen = Counts(3000, 1), set[str]()
    assert counted(counts, body, seen) == counts and seen == set()


def test_no_more_is_cached_than_was_counted() -> None:
    assert counted(Counts(1500, 1), _body(LONG | MARK), set()).written == 1500


def test_the_prefix_ends_with_the_last_mark_and_begins_with_the_tools() -> None:
    tool = {"name": "t", "input_schema": {"type": "object"}}
    turn = {"role": "user", "content": [{"type": "text", "text": "a"} | MARK, {"type": "text", "text": "b"}]}
    found = marked_prefix(_body(LONG, tools=[tool], messages=[turn]))
    assert found == [tool, LONG, {"type": "text", "text": "a"} | MARK]


def test_another_model_or_another_prefix_is_another_entry() -> None:
    seen: set[str] = set()
    for body in (_body(LONG | MARK), _body(LONG | MARK, model="n"), _body({"type": "text", "text": "a"}, LONG | MARK)):
        assert counted(Counts(9000, 1), body, seen).written > 0
    assert len(seen) == 3
