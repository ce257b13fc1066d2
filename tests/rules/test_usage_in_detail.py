"""Counts of a message, word by word: which name a total has, what is told of it, and whose usage is looked at."""

from dataclasses import replace

import pytest
from rule_samples import (
    BLOCK,
    MESSAGE,
    STOP,
    USAGE,
    broken,
    ends,
    exchange,
    held,
    noted,
    own,
    run,
    start,
    streamed,
    terms,
)

from conformance.evidence.run import Terms
from conformance.rules.findings import Kind


def named(total: str) -> Terms:
    """Terms of a profile that has its total under this name."""
    base = terms()
    return replace(base, profile=replace(base.profile, usage=replace(base.profile.usage, total=total)))


@pytest.mark.parametrize(("total", "holds"), [(14, True), (99, False)])
def test_the_profile_says_where_the_total_is(total: int, holds: bool) -> None:
    usage = USAGE | {"sum": total, "total_tokens": 14 if not holds else 99}
    found = run(exchange(MESSAGE | {"usage": usage}), under=named("sum"))
    told = [(f.kind, f.where.pointer) for f in own(found) if f.requirement == "USG-004"]
    assert told == [(Kind.HELD if holds else Kind.BROKEN, "/usage/sum")]


@pytest.mark.parametrize(("name", "told"), [("sum", True), ("total_tokens", False)])
def test_the_total_of_a_stream_is_repeated_under_its_own_name(name: str, told: bool) -> None:
    usage = {"output_tokens": 2, name: 99}
    found = run(streamed(start(usage=USAGE | {"sum": 99}), *BLOCK, ends(usage=usage), STOP), under=named("sum"))
    assert ("USG-004" in broken(found)) is told


@pytest.mark.parametrize(("read", "written"), [(12, 2), (2, 12)])
@pytest.mark.parametrize(
    ("total", "words"), [(1, "at least input and output each"), (11, "at least input and output each"), (12, "14")]
)
def test_a_total_below_either_count_is_told_as_such(read: int, written: int, total: int, words: str) -> None:
    usage = {"input_tokens": read, "output_tokens": written, "total_tokens": total}
    found = [f for f in own(run(exchange(MESSAGE | {"usage": usage}))) if f.requirement == "USG-004"]
    assert [(f.kind, f.expected, f.seen) for f in found] == [(Kind.BROKEN, words, str(total))]


@pytest.mark.parametrize(("kind", "told"), [("message", True), ("error", False)])
def test_names_are_looked_for_in_messages_alone(kind: str, told: bool) -> None:
    answer = MESSAGE | {"type": kind, "usage": USAGE | {"cache_read_tokens": 5}}
    assert ("USG-007" in noted(run(exchange(answer)))) is told


def test_an_output_of_nothing_is_told() -> None:
    found = run(exchange(MESSAGE | {"usage": USAGE | {"output_tokens": 0}}))
    told = [(f.kind, f.expected, f.seen, f.where.pointer) for f in own(found) if f.requirement == "USG-009"]
    assert told == [(Kind.BROKEN, "at least 1", "0", "/usage/output_tokens")]
    assert "USG-009" not in held(found)
