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
    named,
    opens,
    start,
    stream,
    text,
    thinking,
    tool,
)

from conformance.wire.stream import State, walk
from conformance.wire.stream_breach import MISSING, shown

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


#: Requirements about a value in one place: what was seen is what stands there. The others speak of an order or a whole.
ABOUT_A_VALUE = {f"STRM-{n:03}" for n in (3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 15, 16, 17, 19, 20, 21, 22, 24, 25)}
ODD_ERRORS: tuple[Data, ...] = (
    *({"type": "error", "error": error} for error in (5, None, {}, {"type": 5, "message": []})),
    *({"type": kind, "error": {"type": "x", "message": "y"}} for kind in ("failed", "shiny")),
)
ERRORS: list[tuple[Data, ...]] = [(start(), error) for error in ODD_ERRORS]


@pytest.mark.parametrize(
    "datas",
    [*(fault for fault, _ in walks.FAULTS.values()), *(datas for datas, _, _ in PLACES), *ERRORS],
    ids=[*walks.FAULTS, *PLACE_IDS, *(f"error {number}" for number in range(len(ERRORS)))],
)
def test_what_was_seen_is_what_stands_there(datas: tuple[Data, ...]) -> None:
    for breach in walk(events(datas)).breaches:
        if breach.requirement in ABOUT_A_VALUE and breach.event is not None and breach.pointer:
            value: Any = datas[breach.event]
            for key in breach.pointer.split("/")[1:]:
                value = value.get(key, MISSING) if isinstance(value, Mapping) else MISSING
            assert breach.seen == shown(value), breach


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (MISSING, "nothing"),
        (None, "null"),
        (True, "true"),
        (5, "5"),
        ("x", '"x"'),
        ({}, "an empty object"),
        ({"a": 1, "b": 2}, 'an object with "a", "b"'),
        (dict.fromkeys("abcdef"), 'an object with "a", "b", "c", "d", "e", "f"'),
        (dict.fromkeys("abcdefg"), 'an object with "a", "b", "c", "d", "e", "f" and 1 more'),
        (dict.fromkeys("abcdefghi"), 'an object with "a", "b", "c", "d", "e", "f" and 3 more'),
        ([], "an array of 0"),
        ([1, 2], "an array of 2"),
        ((1,), "an array of 1"),
    ],
    ids=lambda part: part if isinstance(part, str) else "value",
)
def test_a_value_in_a_few_words(value: object, words: str) -> None:
    assert shown(value) == words


def test_words_about_a_value_are_few() -> None:
    assert len(shown("x" * 500)) <= 80 and len(shown(10**400)) <= 80
    assert len(shown({"k" * 500: 1})) < 60


@pytest.mark.parametrize(("name", "seen"), [("ping", '"pong"'), (None, '"pong"')], ids=["named", "nameless"])
def test_what_a_ping_holds_is_shown(name: str | None, seen: str) -> None:
    breaches = walk([named({"type": "pong"}, name)], whole=False).breaches
    assert [(b.pointer, b.seen) for b in breaches] == ([("/type", seen)] if name else [])
    (empty,) = walk([named(None, "ping")], whole=False).breaches
    assert (empty.pointer, empty.seen) == ("/type", "nothing")
    (typeless,) = walk([named({}, "ping")], whole=False).breaches
    assert (typeless.pointer, typeless.seen) == ("/type", "nothing")


@pytest.mark.parametrize(("name", "seen"), [("shiny", "shiny"), ("", "no name"), (None, "no name")])
def test_the_name_of_an_error_is_shown(name: str | None, seen: str) -> None:
    (breach,) = walk([named(ERROR, name)]).breaches
    assert (breach.requirement, breach.pointer, breach.seen) == ("STRM-025", "", seen)
    (first, *_) = walk([named({"error": "boom"}, name)]).breaches
    assert (first.requirement, first.seen) == ("STRM-025", seen)
    assert walk([named({"error": ""}, None)], whole=False).unknown == (0,)


@pytest.mark.parametrize(
    ("member", "requirement"),
    [
        *((member, "STRM-003") for member in ("id", "type", "role", "model")),
        ("content", "STRM-004"),
        ("stop_reason", "STRM-005"),
        ("stop_sequence", "STRM-005"),
    ],
)
def test_each_member_of_the_start_has_its_place(member: str, requirement: str) -> None:
    (breach,) = walk(events((start(**{member: 5}),)), whole=False).breaches
    assert (breach.requirement, breach.event, breach.pointer) == (requirement, 0, f"/message/{member}")
    assert breach.seen == "5"


@pytest.mark.parametrize("member", ["input_tokens", "output_tokens"])
def test_each_count_of_the_start_has_its_place(member: str) -> None:
    usage = {"input_tokens": 1, "output_tokens": 1, member: "1"}
    (breach,) = walk(events((start(usage=usage),)), whole=False).breaches
    assert (breach.requirement, breach.event, breach.pointer) == ("STRM-006", 0, f"/message/usage/{member}")
    assert breach.seen == '"1"'
