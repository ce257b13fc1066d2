"""What the walk remembers from one event to another, and what it does not hold against a stream."""

import pytest
from stream_samples import (
    ERROR,
    STOP,
    TEXT_BLOCK,
    THINKING_BLOCK,
    Data,
    closes,
    delta,
    ends,
    events,
    json_part,
    named,
    opens,
    start,
    stream,
    text,
    thinking,
    tool,
)

from conformance.wire.stream import walk

Found = list[tuple[str, int | None]]


def found(*datas: Data, whole: bool = True) -> Found:
    return [(breach.requirement, breach.event) for breach in walk(events(datas), whole=whole).breaches]


@pytest.mark.parametrize(
    ("middle", "expected"),
    [
        ((json_part(0, '{"n":'), tool(0), json_part(0, "3}"), closes(0)), [("STRM-011", 1)]),
        ((tool(0), json_part(0, '{"n":'), closes(0), json_part(0, "3}")), [("STRM-016", 4)]),
        ((delta(0, "signature_delta", signature="s"), thinking(0), closes(0)), [("STRM-011", 1)]),
        ((text(0, "a"), opens(0), text(0, "ab"), text(0, "abc"), text(0, "abcd"), closes(0)), [("STRM-011", 1)]),
    ],
)
def test_a_block_that_is_incomplete_is_not_judged_as_a_whole(middle: tuple[Data, ...], expected: Found) -> None:
    assert found(*stream(*middle)) == expected


def test_blocks_stand_in_the_order_of_their_last_start() -> None:
    walked = walk(events((start(), opens(0), closes(0), opens(1), closes(1), tool(0))), whole=False)
    assert [(block.index, block.type) for block in walked.blocks] == [(1, "text"), (0, "tool_use")]


def test_a_second_block_puts_overlapping_to_the_test() -> None:
    assert "STRM-015" in walk(events(stream(*TEXT_BLOCK, opens(1), closes(1)))).observed
    assert "STRM-015" not in walk(events(stream(*TEXT_BLOCK))).observed
    assert "STRM-015" not in walk(events((start(), opens(0), closes(0), opens(0)))).observed


@pytest.mark.parametrize(
    ("indexes", "wrong"),
    [
        ((0, 1, 2), []),
        ((1, 2, 3), [0]),
        ((0, 2, 3), [1]),
        ((0, 0, 1), [1]),
        ((0, 1, 0, 2), [2]),
        ((0, 5, 1, 6), [1, 2]),
        ((-1, 0), [0]),
        ((0, True, 2), [1]),
        ((0, "1", 2), [1]),
        ((0, None, 2), [1]),
    ],
)
def test_indexes_count_on_from_the_highest(indexes: tuple[object, ...], wrong: list[int]) -> None:
    datas = [start(), *(opens(index) for index in indexes)]
    walked = walk(events(datas), whole=False)
    assert [b.event for b in walked.breaches if b.requirement == "STRM-008"] == [place + 1 for place in wrong]


def test_what_was_expected_of_an_index_is_told() -> None:
    (breach,) = walk(events((start(), opens(0), closes(0), opens(4))), whole=False).breaches
    assert (breach.requirement, breach.expected, breach.seen) == ("STRM-008", "1", "4")


@pytest.mark.parametrize("strays", [(0,), (0, 1)])
def test_an_index_whose_start_never_came_counts_as_started(strays: tuple[int, ...]) -> None:
    datas = [start(), *(closes(index) for index in strays), opens(len(strays)), opens(len(strays) + 1)]
    assert "STRM-008" not in [requirement for requirement, _ in found(*datas, whole=False)]


def test_an_index_whose_start_came_late_counts_once() -> None:
    datas = (start(), text(0, "x"), opens(0), closes(0), opens(1), closes(1))
    assert found(*datas, whole=False) == [("STRM-011", 1)]


def test_events_behind_a_start_without_an_index_belong_to_it() -> None:
    datas = stream(*TEXT_BLOCK, opens(None), text(1, "x"), closes(1), opens(2), closes(2))
    assert found(*datas) == [("STRM-008", 5)]


@pytest.mark.parametrize("type_", [None, 5, [], {}])
def test_a_block_whose_type_is_no_word_has_none(type_: object) -> None:
    (block,) = walk(events((start(), opens(0, type=type_))), whole=False).blocks
    assert block.type is None


def test_a_stray_stop_of_one_block_closes_no_other() -> None:
    assert found(*stream(opens(0), closes(1))) == [("STRM-011", 2), ("STRM-014", 1)]


def test_payloads_of_the_wrong_type_are_not_joined() -> None:
    datas = stream(tool(0), json_part(0, '{"n":1'), json_part(0, 5), closes(0))
    assert found(*datas) == [("STRM-013", 3), ("STRM-028", 4)]
    missing = stream(tool(0), json_part(0, '{"n":1'), delta(0, "input_json_delta"), closes(0))
    assert found(*missing) == [("STRM-013", 3)], "a null may have held the rest"


def test_deltas_that_do_not_fit_are_not_kept() -> None:
    datas = stream(*THINKING_BLOCK[:-1], text(0, "x"), closes(0))
    assert found(*datas) == [("STRM-012", 4)]


@pytest.mark.parametrize(
    ("texts", "grows"),
    [
        (("a", "ab"), False),
        (("a", "ab", "abc"), True),
        (("a", "ab", "abc", "abcd"), True),
        (("a", "ab", "ab"), False),
        (("a", "", "ab", "abc"), True),
        (("a", "ab", "xabc"), False),
        (("ab", "a", "abc"), False),
        (("a", "ba", "cba"), False),
    ],
)
def test_what_a_growing_snapshot_is(texts: tuple[str, ...], grows: bool) -> None:
    datas = stream(opens(0), *(text(0, part) for part in texts), closes(0))
    assert found(*datas) == [("STRM-027", 1)] * grows


def test_growth_is_told_of_open_blocks_too() -> None:
    datas = (start(), opens(0), *(text(0, "a" * n) for n in (1, 2, 3)))
    assert found(*datas, whole=False) == [("STRM-027", 1)]


@pytest.mark.parametrize(
    ("arguments", "broken"),
    [
        ("", False),
        ("{}", False),
        (' {"n": [1]} ', False),
        ("{", True),
        ("null", True),
        ("[]", True),
        ('{"n":NaN}', True),
        ('\ufeff{"n":1}', True),
        ('{"n":1,"n":2}', False),
        ('{"n":"\\ud800"}', False),
    ],
)
def test_arguments_join_to_one_object(arguments: str, broken: bool) -> None:
    assert found(*stream(tool(0), json_part(0, arguments), closes(0))) == [("STRM-028", 3)] * broken


def test_eager_tools_are_named() -> None:
    datas = stream(tool(0), json_part(0, "{"), closes(0), tool(1, name="other"), json_part(1, "{"), closes(1))
    broken = walk(events(datas), eager=frozenset({"get_code"})).breaches
    assert [(b.requirement, b.event) for b in broken] == [("STRM-028", 6)]


@pytest.mark.parametrize(
    ("reason", "middle", "lowered"),
    [
        ("max_tokens", (tool(0),), "SHOULD"),
        ("model_context_window_exceeded", (tool(0),), ""),
        ("tool_use", (tool(0),), ""),
        ("max_tokens", (opens(0),), ""),
        ("max_tokens", (tool(0), opens(1), closes(1)), ""),
    ],
)
def test_only_the_token_limit_excuses_a_call_that_is_not_closed(
    reason: str, middle: tuple[Data, ...], lowered: str
) -> None:
    walked = walk(events(stream(*middle, stop=ends(reason))))
    assert [(b.requirement, b.event, b.lowered) for b in walked.breaches] == [("STRM-014", 1, lowered)]


@pytest.mark.parametrize(
    ("datas", "told"),
    [
        ((start(), opens(0), ends()), True),
        ((start(), opens(0), ends(None)), False),
        ((start(), ends(), opens(0)), False),
        ((start(), opens(0)), False),
        ((start(), opens(0), ends(None), STOP), True),
        ((start(), opens(0), opens(1)), True),
    ],
)
def test_a_block_is_due_to_close_before_what_follows_it(datas: tuple[Data, ...], told: bool) -> None:
    assert (("STRM-014", datas.index(opens(0))) in found(*datas, whole=False)) is told


def test_a_stop_reason_once_given_stays() -> None:
    assert found(start(), ends(), ends(None), ends("tool_use"), STOP) == [("STRM-022", 2)]
    assert walk(events((start(), ends(), ends(None), STOP))).stop_reason == "end_turn"
    assert walk(events((start(), ends(), ends("tool_use"), STOP))).stop_reason == "tool_use"


def test_a_stop_reason_is_put_to_the_test_once_it_came() -> None:
    assert {"STRM-017", "STRM-022"} <= walk(events(stream())).observed
    assert "STRM-022" not in walk(events(stream()[:-1]), whole=False).observed
    assert "STRM-017" in walk(events(stream()[:-1]), whole=False).observed
    assert "STRM-017" not in walk(events((start(), ends(None))), whole=False).observed


def test_each_count_is_compared_with_the_one_before_it() -> None:
    datas = (start(), ends(None, 9), ends(None, 3), ends(None, 4), ends("end_turn", 9), STOP)
    assert found(*datas) == [("STRM-020", 2)]


def test_input_counts_are_compared_with_the_start_alone() -> None:
    datas = (start(), ends(None, 5, input_tokens=20), ends(None, 5, input_tokens=10), ends(input_tokens=9), STOP)
    assert found(*datas) == [("STRM-021", 3)]
    unsaid = (start(usage={"output_tokens": 1, "input_tokens": 1}), ends(None, cache_read_tokens=9), ends(), STOP)
    assert found(*unsaid) == []
    late = (start(usage={"output_tokens": 1, "input_tokens": 1}), ends(None, cache_read_tokens=9),
            ends(cache_read_tokens=5), STOP)  # fmt: skip
    assert found(*late) == []


@pytest.mark.parametrize("count", ["5", None, True, 5.5, [], float("nan"), float("inf")], ids=str)
def test_what_is_no_count_is_compared_with_nothing(count: object) -> None:
    datas = (start(), ends(None, 5, input_tokens=count), ends("end_turn", 5), STOP)
    assert found(*datas) == []


@pytest.mark.parametrize(
    ("name", "type_", "kind"),
    [("ping", "shiny", "STRM-024"), ("error", "shiny", "STRM-025"), ("shiny", "shiny", ""), ("message_stop", "x", "")],
)
def test_a_name_stands_in_for_a_type_of_ping_and_error_alone(name: str, type_: str, kind: str) -> None:
    walked = walk([named({"type": type_}, name)], whole=False)
    assert ({b.requirement for b in walked.breaches} == {kind}) if kind else walked.unknown == (0,)


@pytest.mark.parametrize("error", [None, "", 0, False, []], ids=str)
def test_an_event_without_an_error_is_no_error(error: object) -> None:
    assert walk([named({"type": "vendor", "error": error}, "vendor")], whole=False).unknown == (0,)


@pytest.mark.parametrize("name", ["shiny", "", None])
def test_an_event_without_a_type_and_a_known_name_is_unknown(name: str | None) -> None:
    assert walk([named({}, name)], whole=False).unknown == (0,)


def test_an_error_by_its_type_alone_is_an_error() -> None:
    walked = walk([named({"type": "error"}, None)])
    assert [(b.requirement, b.pointer) for b in walked.breaches] == [("STRM-025", ""), ("STRM-025", "/error")]


@pytest.mark.parametrize("event", [text(7, "x"), closes(7)], ids=["delta", "stop"])
def test_the_index_of_a_stray_event_is_shown(event: Data) -> None:
    (breach,) = walk(events((start(), event)), whole=False).breaches
    assert (breach.requirement, breach.pointer, breach.seen) == ("STRM-011", "/index", "7")


def test_data_that_is_no_object_is_no_event_of_the_grammar() -> None:
    assert walk([named(None, "message_stop")], whole=False).unknown == (0,)


@pytest.mark.parametrize("member", ["id", "type", "role", "model"])
def test_each_member_of_the_start_is_missed(member: str) -> None:
    head = start()
    del head["message"][member]
    assert found(head, whole=False) == [("STRM-003", 0)]


@pytest.mark.parametrize("member", ["input_tokens", "output_tokens"])
def test_each_count_of_the_start_is_missed(member: str) -> None:
    usage = {"input_tokens": 1, "output_tokens": 1}
    assert found(start(usage={**usage, member: None}), whole=False) == [("STRM-006", 0)]
    assert found(start(usage={key: n for key, n in usage.items() if key != member}), whole=False) == [("STRM-006", 0)]


def test_an_absent_stop_reason_of_the_start_is_none_but_a_stop_sequence_may_be_absent() -> None:
    absent, free = start(), start()
    del absent["message"]["stop_reason"], free["message"]["stop_sequence"]
    assert found(absent, whole=False) == [("STRM-005", 0)]
    assert found(free, whole=False) == []
    assert found(start(stop_sequence="x"), whole=False) == [("STRM-005", 0)]


@pytest.mark.parametrize("reason", [[], {}, 5, ["max_tokens"]], ids=str)
def test_a_stop_reason_of_any_kind_is_walked(reason: object) -> None:
    walked = walk(events(stream(tool(0), json_part(0, "{"), closes(0), stop=ends(reason))))
    assert [(b.requirement, b.event) for b in walked.breaches] == [("STRM-028", 3)]
    assert walked.stop_reason == reason


def test_in_a_stream_that_failed_no_block_has_to_be_closed() -> None:
    assert found(start(), opens(0), opens(1), closes(1), ends(), ERROR) == []
    assert found(start(), opens(0), opens(1), ERROR) == []


def test_an_input_that_is_no_object_is_judged_for_that_alone() -> None:
    assert found(*stream(tool(0, input="x"), closes(0))) == [("STRM-009", 1)]


@pytest.mark.parametrize("wrong", [5, None, "x"], ids=str)
def test_a_message_delta_that_says_nothing_closes_nothing(wrong: object) -> None:
    walked = walk(events((start(), ends() | {"delta": wrong}, opens(0))), whole=False)
    assert [(b.requirement, b.lowered) for b in walked.breaches] == [("STRM-017", ""), ("STRM-018", "SHOULD")]
    assert walked.stop_reason is None


def test_arguments_with_half_a_character_are_walked() -> None:
    walked = walk(events(stream(tool(0), json_part(0, '{"n":"\ud800"}'), closes(0))))
    assert "STRM-028" in walked.observed


def test_the_last_message_delta_is_the_one_that_lacks_a_stop_reason() -> None:
    assert found(start(), ends(None, 3), ends(None, 5), STOP) == [("STRM-017", 2)]
    assert found(start(), ends(None), ends() | {"delta": 5}, STOP) == [("STRM-017", 2)]
    assert found(start(), ends() | {"delta": 5}, ends(None), STOP) == [("STRM-017", 1), ("STRM-017", 2)]


def test_counts_without_a_start_are_compared_with_none() -> None:
    assert found(ends(None, 5, input_tokens=5), ends("end_turn", 5, input_tokens=3), STOP) == [("STRM-001", 0)]


def test_whole_floats_are_counts() -> None:
    assert found(start(), ends(None, 5.0), ends("end_turn", 3.0), STOP) == [("STRM-020", 2)]
    assert found(start(), ends(input_tokens=9.0), STOP) == [("STRM-021", 1)]


def test_the_end_of_a_stream_that_failed_is_not_put_to_the_test() -> None:
    assert "STRM-023" not in walk(events((*stream(), ERROR))).observed
    assert "STRM-023" not in walk(events((*stream(), STOP, ERROR))).observed
    assert found(*stream(), STOP, ERROR) == []


@pytest.mark.parametrize("kind", [[], {}, None, 5], ids=str)
def test_a_delta_whose_type_is_no_word_fits_nothing(kind: object) -> None:
    odd = {"type": "content_block_delta", "index": 0, "delta": {"type": kind, "text": "x"}}
    walked = walk(events((start(), opens(0), odd)), whole=False)
    assert [(b.requirement, b.lowered) for b in walked.breaches] == [("STRM-012", "")]


@pytest.mark.parametrize(
    ("change", "seen"), [({}, '"text_delta"'), ({"delta": {}}, "nothing"), ({"delta": None}, "nothing")]
)
def test_the_delta_of_a_block_that_comes_whole_is_shown(change: Data, seen: str) -> None:
    datas = (start(), opens(0, type="redacted_thinking", data="x"), text(0, "x") | change)
    (breach,) = walk(events(datas), whole=False).breaches
    assert (breach.requirement, breach.pointer, breach.seen) == ("STRM-031", "/delta", seen)
