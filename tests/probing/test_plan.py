"""What is sent, once or again, in which phase, and how many requests that makes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from conformance.evidence.run import Item
from conformance.probing.operator import Operator
from conformance.probing.plan import CONTROL_EVERY, Plan, is_last, plan, with_controls
from conformance.probing.probe import Auth, Call, Probe, Shape
from conformance.probing.render import Desk
from conformance.suite import PLAIN, PLAIN_CONTROL, STREAM_CONTROL, accepted, refused

DESK = Desk("http://h:1/v1/messages", "2023-06-01", "m-1", "the-key", "the-wrong", "n0nce")


def _item(*probes: Probe, expect: str = "accepted", control: str = "", generated: bool = False) -> Item:
    expects = {"*": {"accepted": accepted, "refused": refused}[expect]}
    return Item("REQ-001", "case", tuple(p.id for p in probes), expects, control, generated=generated)


def _plan(
    *probes: Probe,
    items: Sequence[Item] | None = None,
    capabilities: frozenset[str] = frozenset({"streaming"}),
    desk: Desk = DESK,
) -> Plan:
    every = {p.id: p for p in (PLAIN_CONTROL, STREAM_CONTROL, *probes)}
    return plan([_item(p) for p in probes] if items is None else items, every, desk, capabilities)


def _ids(probes: Sequence[Probe]) -> list[str]:
    return [p.id for p in probes]


def _number(n: int, **more: object) -> Probe:
    return Probe(f"p{n}", (Call(PLAIN | {"max_tokens": n}),), **more)  # type: ignore[arg-type]


def test_the_controls_go_first_even_without_items() -> None:
    assert _ids(_plan().probes) == ["plain", "stream"]
    assert _ids(_plan(capabilities=frozenset()).probes) == ["plain"]


def test_equal_bytes_are_sent_once_for_both() -> None:
    made = _plan(Probe("twin", (Call(dict(reversed(PLAIN.items()))),)), Probe("same", PLAIN_CONTROL.calls), _number(5))
    assert _ids(made.main) == ["twin", "p5"] and made.aliases == {"same": "plain"}


@pytest.mark.parametrize(
    "other",
    [
        Probe("b", (Call(PLAIN | {"max_tokens": 6}),), repeat="again"),
        Probe("b", (Call(PLAIN | {"max_tokens": 6}), Call(PLAIN))),
        Probe("b", (Call(PLAIN | {"max_tokens": 6}, headers=(("X", "1"),)),)),
        Probe("b", (Call(PLAIN | {"max_tokens": 6}, hang_up="x"),)),
        Probe("b", (Call(PLAIN | {"max_tokens": 6}, chunk_at=2),)),
        Probe("b", (Call(PLAIN | {"max_tokens": 6}, query="a=b"),)),
        Probe("b", (Call(PLAIN | {"max_tokens": 6}, method="PUT"),)),
        Probe("b", (Call(PLAIN | {"max_tokens": 6}),), last=True),
        Probe("b", (Call(PLAIN | {"max_tokens": 7}),)),
    ],
)
def test_anything_that_differs_is_sent_for_itself(other: Probe) -> None:
    assert _plan(_number(6), other).aliases == {}


def test_header_order_and_case_do_not_make_a_difference() -> None:
    one = Probe("a", (Call(PLAIN, headers=(("X-A", "1"), ("X-B", "2"))),))
    two = Probe("b", (Call(PLAIN, headers=(("x-b", "2"), ("x-a", "1"))),))
    assert _plan(one, two).aliases == {"b": "a"}


def test_a_capability_that_is_not_claimed_is_a_reason() -> None:
    made = _plan(_number(1, capabilities=("vision",)), _number(2, capabilities=("streaming",)), _number(3))
    assert made.unsent == {"p1": "the target does not claim vision"}
    assert _ids(made.main) == ["p2", "p3"]


def test_a_streamed_control_that_an_item_asks_for_is_not_sent_without_the_capability() -> None:
    made = _plan(items=[_item(STREAM_CONTROL)], capabilities=frozenset())
    assert made.unsent == {"stream": "the target does not claim streaming"} and _ids(made.probes) == ["plain"]


def test_an_item_brings_its_control_along() -> None:
    control = Probe("control", (Call(PLAIN | {"system": "x"}),))
    made = _plan(control, _number(1), items=[_item(_number(1), control="control")])
    assert _ids(made.main) == ["control", "p1"]


def test_names_without_a_probe_are_left_out() -> None:
    assert _ids(_plan(items=[Item("REQ-001", "", ("nobody",))]).main) == []


def test_nothing_about_a_key_is_sent_to_a_key_less_target() -> None:
    probe = Probe("p", (Call(PLAIN, auth=Auth.WRONG_BEARER),))
    made = _plan(probe, _number(1), desk=replace(DESK, key=None))
    assert _ids(made.probes) == ["plain", "stream", "p1"]
    assert made.unsent == {"p": "it is about a key, and the target is declared key-less"}


@pytest.mark.parametrize("auth", list(Auth))
def test_bad_credentials_go_last(auth: Auth) -> None:
    good = {Auth.USUAL, Auth.BEARER, Auth.X_API_KEY, Auth.BOTH, Auth.LOWER_CASE, Auth.UPPER_CASE}
    probe = Probe("p", (Call(PLAIN), Call(PLAIN, auth=auth)))
    assert is_last(probe) == (auth not in good)
    assert _ids(_plan(probe).last if auth not in good else _plan(probe).main) == ["p"]


def test_what_wants_to_be_alone_comes_after_the_rest_and_before_the_last() -> None:
    alone = _number(1, shape=Shape.TOGETHER)
    timed = _number(5, solo=True)
    made = _plan(_number(2, last=True), alone, timed, _number(3), _number(4, shape=Shape.TOGETHER, last=True))
    assert _ids(made.probes) == ["plain", "stream", "p3", "p1", "p5", "p2", "p4"]
    assert _ids(made.alone) == ["p1", "p5"]
    assert (timed.alone, _number(5).alone) == (True, False)


def _phases(made: Plan) -> list[list[str]]:
    return [_ids(phase.probes) for phase in made.phases]


def test_every_phase_has_its_reason() -> None:
    """What is sent at once ends the many, what is timed goes after them with the control, then what a target need not
    bear, and bad credentials last."""
    timed, costly = _number(1, solo=True), _number(2, solo=True, needs="large-body")
    crowd, other = (_number(n, shape=Shape.TOGETHER) for n in (5, 6))
    answer = Probe("answer", (Call(reply="tool-results"),), after=timed)
    rest = _number(3), _number(4, last=True)
    desk = replace(DESK, operator=Operator(include=frozenset({"large-body"})))
    made = _plan(*rest, costly, timed, answer, crowd, other, desk=desk)
    assert _phases(made) == [
        ["plain"], ["stream", "p3", "p5", "p6"], ["p1", "answer", "plain"], ["p2", "plain"], ["p4"], ["plain"],
    ]  # fmt: skip
    assert [phase.alone for phase in made.phases] == [True, False, False, True, False, True]


def test_no_phase_is_made_where_the_many_have_room() -> None:
    last, costly = _number(4, last=True), _number(2, solo=True, needs="large-body")
    desk = replace(DESK, operator=Operator(include=frozenset({"large-body"})))
    assert _phases(_plan(_number(3), last))[1:] == [["stream", "p3", "p4"], ["plain"]]
    assert _phases(_plan(_number(3), _number(4, solo=True)))[1:] == [["stream", "p3"], ["p4"], ["plain"]]
    assert _phases(_plan(_number(3), costly, last, desk=desk))[1:] == [
        ["stream", "p3", "plain"], ["p2", "plain"], ["p4"], ["plain"],
    ]  # fmt: skip
    assert _phases(_plan(_number(3), costly, desk=desk))[1:] == [["stream", "p3", "plain"], ["p2"], ["plain"]]


def test_a_reply_alone_to_what_is_not_goes_after_it() -> None:
    base = Probe("base", (Call(PLAIN),), Shape.UNTIL, "calls-tool")
    made = _plan(base, Probe("reply", (Call(reply="tool-results"),), after=base, solo=True))
    assert _phases(made)[1:] == [["stream", "base"], ["reply"], ["plain"]]


def test_requests_that_wait_for_one_another_go_first_and_replies_behind_everything() -> None:
    base = Probe("base", (Call(PLAIN),), Shape.UNTIL, "calls-tool")
    reply = Probe("reply", (Call(reply="tool-results"), Call(PLAIN), Call(PLAIN)), after=base)
    again = Probe("again", (Call(reply="tool-results"),), after=reply)
    pair = Probe("pair", (Call(PLAIN), Call(PLAIN)))
    made = _plan(_number(1), again, reply, pair, base, _number(2))
    assert _ids(made.main) == ["base", "pair", "p1", "p2", "reply", "again"]


def test_requests_are_a_range_where_a_conversation_may_end_early() -> None:
    talk = Probe("talk", (Call(PLAIN), Call(PLAIN), Call(PLAIN)), shape=Shape.UNTIL, until="cut-by-limit")
    steps = Probe("steps", (Call(PLAIN), Call(PLAIN)), shape=Shape.PINNED)
    assert _plan(talk, steps).requests == (6, 8), "and a control at the end"


def test_repeated_controls_are_counted_where_an_item_needs_them() -> None:
    probes = [_number(n) for n in range(101, 211)]
    passive = _plan(*probes, items=[Item("RESP-003", "", tuple(probe.id for probe in probes))])
    assert not passive.bracketed and passive.requests == (112, 112)
    for expect in ("accepted", "refused"):
        bracketed = _plan(*probes, items=[_item(probe, expect=expect) for probe in probes])
        sent = list(with_controls(bracketed.main, PLAIN_CONTROL))
        assert bracketed.bracketed and bracketed.requests == (115, 115)
        assert len(bracketed.first) + len(sent) + 1 == 115, "and one at the end"
    ending = _number(1, last=True)
    assert _plan(ending, items=[_item(ending, expect="refused")]).requests == (4, 4), "one before, one behind"


def test_one_active_item_is_enough_for_controls_around_everything() -> None:
    passive = Item("RESP-003", "", ("p1",))
    assert not _plan(_number(1), items=[passive]).bracketed and not _plan().bracketed
    mixed = _plan(_number(1), items=[passive, _item(_number(1))])
    assert mixed.bracketed and mixed.requests == (4, 4)


def test_the_control_comes_again_after_every_fifty_requests() -> None:
    sent = _ids(list(with_controls([_number(n) for n in range(2 * CONTROL_EVERY + 1)], PLAIN_CONTROL)))
    assert [place for place, name in enumerate(sent) if name == "plain"] == [CONTROL_EVERY, 2 * CONTROL_EVERY + 1]


def test_calls_are_counted_and_not_probes() -> None:
    talks = [Probe(f"t{n}", (Call(PLAIN),) * 20) for n in range(4)]
    assert _ids(list(with_controls(talks, PLAIN_CONTROL))) == ["t0", "t1", "t2", "plain", "t3"]


def test_generated_are_those_that_only_generated_items_need() -> None:
    a, b, c, same = _number(1), _number(2), _number(3), Probe("same", _number(3).calls)
    items = [_item(a), _item(a, b, generated=True), _item(c, generated=True), _item(same)]
    made = _plan(a, b, c, same, items=items)
    assert made.generated() == {"p2"} and made.aliases == {"same": "p3"}
    assert _plan(items=[_item(PLAIN_CONTROL, generated=True)]).generated() == frozenset()
