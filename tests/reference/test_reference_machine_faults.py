"""Faults made from the tables of the event grammar: each breaks what the tables say, and the judges say the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from reference_corpus import events_of, item, written

from conformance.contract import load_catalogue
from conformance.reference import Fault, Settings, faults
from conformance.reference.faults.blocks import BLOCK_FAULTS
from conformance.reference.faults.machine import MACHINE_FAULTS, breaches, broken
from conformance.reference.faults.mutations import (
    BEYOND,
    OPERATORS,
    SAME,
    SHORT,
    TARGETS,
    Target,
    behind_starts,
    mutation,
    places,
    sample,
)
from conformance.reference.faults.openings import OPENING_FAULTS
from conformance.reference.pipeline import new_context
from conformance.reference.seams import Context, Seams
from conformance.wire.stream import StreamEvent, walk
from conformance.wire.stream_tables import BLOCK_STEPS, BLOCKS, DELTAS, STEPS

PROFILES = ("myrouter", "anthropic")
STREAMS = ("stream", "counting-stream", "forced-stream", "two-calls-stream", "thinking-stream")
CATALOGUE = load_catalogue().requirements
BY_ID = {fault.id: fault for fault in faults()}
GRAMMAR = [fault for fault in (*MACHINE_FAULTS, *OPENING_FAULTS, *BLOCK_FAULTS) if fault.requirement.startswith("STRM")]
#: Judged with the names of a profile, or only beside a JSON answer.
NOT_WALKED = {"STRM-007"}


def context(profile: str = "myrouter") -> Context:
    """A context for faults that need none."""
    return new_context(item("stream").request(profile), Settings(profile=profile), Seams())


def read(events: list[dict[str, Any]]) -> list[StreamEvent]:
    """Events as they are read from a stream."""
    return [StreamEvent(n, str(e.get("type")), e.get("type"), e) for n, e in enumerate(events)]


def judged(events: list[dict[str, Any]]) -> set[str]:
    """What the judges find broken in a stream; notes do not count."""
    return {breach.requirement for breach in walk(read(events)).breaches if breach.lowered != "note"}


def conforming() -> Iterator[list[dict[str, Any]]]:
    """The streams of the endpoint without faults."""
    for profile in PROFILES:
        yield from (events_of(written(item(name), profile)) for name in STREAMS)


@pytest.mark.parametrize("block", SHORT)
def test_a_conforming_stream_breaks_nothing_by_the_tables(block: str) -> None:
    assert list(breaches(sample(block))) == [] and judged(sample(block)) == set()


def test_what_the_endpoint_sends_breaks_nothing_by_the_tables() -> None:
    assert [list(breaches(events)) for events in conforming()] == [[]] * len(PROFILES) * len(STREAMS)


@pytest.mark.parametrize("fault", GRAMMAR, ids=[fault.id for fault in GRAMMAR])
def test_the_judges_name_the_requirement_of_a_fault_and_no_other(fault: Fault) -> None:
    assert fault.apply is not None
    found = [judged(fault.apply(events, context())) for events in conforming()]
    explained = {fault.requirement, *fault.also, *CATALOGUE[fault.requirement].entails}
    named = set().union(*found)
    assert fault.requirement in named or fault.id == "arguments-lost"
    assert named <= explained


LEGAL = [
    f"{operator}-{target}"
    for operator, target in (
        *((name, "ping") for name in OPERATORS),
        ("double", "message-delta"),
        ("first", "message-start"),
        ("last", "message-stop"),
        ("double", "delta-text"),
        ("drop", "delta-text"),
        ("double", "delta-thinking"),
        ("swap", "message-stop"),
        ("backward", "block-stop-text"),
    )
]


@pytest.mark.parametrize("name", LEGAL)
def test_what_the_tables_allow_is_no_fault(name: str) -> None:
    operator, _, rest = name.partition("-")
    target = next(target for target in TARGETS if target.name == rest)
    assert broken(target.block, mutation(OPERATORS[operator][0], target)) == ()
    assert name not in BY_ID


def test_every_row_that_breaks_something_has_a_fault() -> None:
    rows = {step.breaks for step in STEPS.values()} | {step.breaks for step in BLOCK_STEPS.values()}
    assert rows - {""} <= {fault.requirement for fault in faults()}
    started = {f"start-{SHORT[kind]}-{key}-null" for kind in SHORT for key in BLOCKS[kind].fields}
    payloads = {f"{delta}-in-{SHORT[kind]}".replace("_", "-") for kind in SHORT for delta in BLOCKS[kind].deltas}
    strangers = {f"{d}-in-{SHORT[k]}".replace("_", "-") for k in SHORT for d in DELTAS if d not in BLOCKS[k].deltas}
    assert started <= BY_ID.keys()
    assert {f"{name}-missing" for name in payloads} <= BY_ID.keys()
    assert strangers <= BY_ID.keys() | SAME.keys()


def test_what_is_left_out_as_the_same_is_there_under_another_name() -> None:
    assert set(SAME.values()) <= BY_ID.keys()
    assert not SAME.keys() & BY_ID.keys()
    assert BEYOND.keys() <= BY_ID.keys()
    assert all(len(fault.also) <= 3 for fault in faults())


def test_an_operator_finds_nothing_where_its_target_is_not() -> None:
    tool = Target("block-start-tool", "content_block_start", "tool_use")
    assert places(sample("text"), tool) == []
    assert mutation(OPERATORS["drop"][0], tool)(sample("text")) == sample("text")
    assert behind_starts("tool_use", {"type": "text_delta"})(sample("text")) == sample("text")
    assert OPERATORS["onward"][0](sample("text"), 0) == sample("text")


@pytest.mark.parametrize("fault", [*OPENING_FAULTS, *BLOCK_FAULTS], ids=lambda fault: str(fault.id))
def test_faults_of_blocks_leave_streams_without_blocks_in_peace(fault: Fault) -> None:
    assert fault.apply is not None
    assert isinstance(fault.apply([], context()), list)
