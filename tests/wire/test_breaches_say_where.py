"""The place that a breach names is there: in the event itself, or in a conforming one where something is missing."""

from collections.abc import Mapping
from typing import Any

import pytest
import test_stream_walk as walks
from stream_samples import (
    ERROR,
    PING,
    STOP,
    TEXT_BLOCK,
    Data,
    closes,
    delta,
    ends,
    events,
    opens,
    start,
    stream,
    text,
    thinking,
    tool,
)

from conformance.wire.stream import State, walk

DELTAS = {"text": "", "citation": {}, "partial_json": "", "thinking": "", "signature": ""}
CONFORMING: tuple[Data, ...] = (
    start(),
    opens(0),
    tool(0),
    thinking(0),
    walks.REDACTED,
    *(delta(0, "any", **{key: value}) for key, value in DELTAS.items()),
    closes(0),
    ends(),
    STOP,
    PING,
    ERROR,
)


def points_at_something(value: Any, pointer: str) -> bool:
    """Whether a JSON pointer leads anywhere in a value."""
    for key in pointer.split("/")[1:]:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True


@pytest.mark.parametrize("name", walks.FAULTS)
def test_a_pointer_leads_somewhere(name: str) -> None:
    datas = walks.FAULTS[name][0]
    for breach in walk(events(datas)).breaches:
        if breach.event is None:
            assert breach.pointer == ""
            continue
        data = datas[breach.event]
        alike = [sample for sample in CONFORMING if sample["type"] == data["type"]]
        assert any(points_at_something(sample, breach.pointer) for sample in (data, *alike)), breach


PLACES: list[tuple[tuple[Data, ...], str, str]] = [
    ((text(0, "x"),), "STRM-001", "/type"),
    ((start(), start()), "STRM-002", "/type"),
    ((*stream(), text(0, "x")), "STRM-023", "/type"),
    ((*stream(), {"type": "vendor"}), "STRM-023", "/type"),
    ((start(), ERROR, ends()), "STRM-026", "/type"),
    ((start(), ends(), opens(0)), "STRM-018", "/type"),
    ((start(), opens(1)), "STRM-008", "/index"),
    ((start(), text(0, "x")), "STRM-011", "/index"),
    ((*stream(*TEXT_BLOCK[:2]),), "STRM-014", "/index"),
    ((start(), opens(0), opens(1), closes(0)), "STRM-015", "/index"),
    ((start(), opens(0), closes(0), closes(0)), "STRM-016", "/index"),
    ((start() | {"message": None},), "STRM-003", "/message"),
    ((start(model=None),), "STRM-003", "/message/model"),
    ((start(content=None),), "STRM-004", "/message/content"),
    ((start(stop_sequence="x"),), "STRM-005", "/message/stop_sequence"),
    ((start(usage=[]),), "STRM-006", "/message/usage"),
    ((start(usage={}),), "STRM-006", "/message/usage/output_tokens"),
    ((start(), opens(0) | {"content_block": 5}), "STRM-009", "/content_block"),
    ((start(), opens(0), delta(0, "x")), "STRM-012", "/delta/type"),
    ((start(), opens(0), text(0, "x") | {"delta": 5}), "STRM-013", "/delta"),
    ((start(), ends() | {"delta": 5}), "STRM-017", "/delta"),
    ((start(), ends(None), STOP), "STRM-017", "/delta/stop_reason"),
    ((start(), ends() | {"usage": 5}), "STRM-019", "/usage"),
    ((start(), ends(tokens=None)), "STRM-019", "/usage/output_tokens"),
    ((start(), ends(tokens=0)), "STRM-020", "/usage/output_tokens"),
    ((start(), ends(), ends(None)), "STRM-022", "/delta/stop_reason"),
    ((start(), {"type": "error", "error": 5}), "STRM-025", "/error"),
    ((start(), {"type": "error", "error": {"type": "x"}}), "STRM-025", "/error/message"),
    ((start(), {"type": "error", "error": {"message": "x"}}), "STRM-025", "/error/type"),
    ((start(), walks.REDACTED, text(0, "x")), "STRM-031", "/delta"),
    (
        (*stream(tool(0, input={"n": 1}), closes(0)),),
        "STRM-029",
        "/content_block/input",
    ),
    ((*stream(opens(0), *(text(0, "a" * n) for n in (1, 2, 3)), closes(0)),), "STRM-027", "/content_block"),
]


PLACE_IDS = [f"{number} {requirement} {pointer}" for number, (_, requirement, pointer) in enumerate(PLACES)]


@pytest.mark.parametrize(("datas", "requirement", "pointer"), PLACES, ids=PLACE_IDS)
def test_a_breach_is_shown_in_its_own_place(datas: tuple[Data, ...], requirement: str, pointer: str) -> None:
    walked = walk(events(datas), whole=False)
    assert pointer in [b.pointer for b in walked.breaches if b.requirement == requirement]


@pytest.mark.parametrize(
    "stray", [text(7, "x"), closes(7), text(0, "x"), closes(0)], ids=["7", "stop 7", "0", "stop 0"]
)
def test_a_stray_event_moves_nothing(stray: Data) -> None:
    closing = (start(), *TEXT_BLOCK, ends())
    assert walk(events((*closing, stray)), whole=False).state is State.CLOSING
    late = walk(events((*closing, stray, opens(1))), whole=False).breaches
    assert [(b.requirement, b.event) for b in late][1:] == [("STRM-018", 7)]
