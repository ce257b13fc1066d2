"""What the decorators make of a test function, and what the constructors of expectations and bodies say."""

import pytest

from conformance.evidence.run import Expect
from conformance.suite import (
    PLAIN,
    PLAIN_CONTROL,
    STREAM_CONTROL,
    Call,
    Declared,
    Judged,
    Probe,
    accepted,
    cases,
    declared,
    never_5xx,
    per_profile,
    probe,
    refused,
    refused_or,
    requirement,
    rides_on,
    status,
    streamed,
    without,
)
from conformance.suite_bodies import NEGATIVES, STREAMED_NEGATIVES, again, twin


def sample() -> Declared:
    """What a test function with two groups of cases and a ride declares; local, so that it is not collected itself."""

    @requirement("REQ-023")
    @cases(refused, minus_one=PLAIN | {"max_tokens": -1}, pair=(PLAIN_CONTROL, PLAIN | {"max_tokens": -2}))
    @cases(per_profile(myrouter=accepted, anthropic=refused), control=None, other=b"{")
    @rides_on(PLAIN_CONTROL, STREAM_CONTROL)
    def test_sample_of_a_duty(case: Judged) -> None:
        case.judge()

    return declared(test_sample_of_a_duty)


def test_a_case_becomes_an_item_with_its_probes_control_and_expectation() -> None:
    found = {item.key: item for item in sample().items}
    one = found["REQ-023 minus_one"]
    assert (one.probes, one.control, one.expect) == (("REQ-023 minus_one",), "plain", {"*": refused})
    assert found["REQ-023 pair"].probes == ("plain", "REQ-023 pair 2")
    assert found["REQ-023 other"].control == ""
    assert found["REQ-023 other"].expect == {"myrouter": accepted, "anthropic": refused}
    assert one.about == "sample of a duty"


def test_the_control_fits_what_a_case_sends() -> None:
    streaming, mixed = probe("streaming", streamed(PLAIN).body), probe("later", PLAIN, streamed(PLAIN).body)

    @requirement("REQ-023")
    @cases(refused, plain=PLAIN, stream=streaming, late=mixed, pair=(PLAIN | {"max_tokens": 2}, streaming), raw=b"{")
    @cases(refused, control=PLAIN_CONTROL, given=twin(streaming))
    @cases(refused, control=None, none=streaming)
    def sample(case: Judged) -> None:
        case.judge()

    controls = {item.case: item.control for item in declared(sample).items}
    assert controls == {
        "plain": "plain", "stream": "stream", "late": "stream", "pair": "stream", "raw": "plain",
        "given": "plain", "none": "",
    }  # fmt: skip
    assert {"plain", "stream"} <= declared(sample).probes.keys()
    assert "fitting control" not in declared(sample).probes


def test_a_passive_item_names_what_it_rides_on() -> None:
    passive = [item for item in sample().items if not item.active]
    assert [(item.key, item.probes) for item in passive] == [("REQ-023", ("plain", "stream"))]


def test_everything_named_is_kept_for_the_plan() -> None:
    found = sample()
    named = {name for item in found.items for name in (*item.probes, item.control) if name}
    assert named == set(found.probes)


def test_two_probes_of_one_id_are_refused() -> None:
    decorate = requirement("REQ-001")
    stacked = cases(refused, one=probe("same", {}), two=probe("same", {"a": 1}))
    with pytest.raises(ValueError, match="same"):
        decorate(stacked(lambda case: None))


def test_expectations_are_data() -> None:
    assert status(401, lowered=(403,)).args == {"ok": [401], "lowered": [403], "noted": []}
    assert refused_or(also=(404,)) == Expect("refused", {"also": [404], "lowered": [], "noted": []})
    assert never_5xx(200) == Expect("never-5xx", {"noted": [200]})


def test_a_body_is_changed_in_one_thing() -> None:
    assert without(PLAIN, "model") == {key: value for key, value in PLAIN.items() if key != "model"}
    assert streamed(PLAIN).body == PLAIN | {"stream": True}


def test_a_twin_streams_and_a_repetition_is_sent_again() -> None:
    original = probe("one", PLAIN)
    assert (twin(original).streamed, twin(original).capabilities) == (True, ("streaming",))
    assert again(original).calls == original.calls
    assert again(original).repeat


def test_every_negative_has_a_streamed_twin_of_its_own() -> None:
    assert {name: item.streamed for name, item in STREAMED_NEGATIVES.items() if name in NEGATIVES} == dict.fromkeys(
        NEGATIVES, True
    )
    assert len({item.id for item in (*NEGATIVES.values(), *STREAMED_NEGATIVES.values())}) == 21


def test_a_reply_to_what_never_says_when_it_is_done_is_refused() -> None:
    base = probe("base", PLAIN)
    reply = Probe("reply", (Call(reply="tool-results"),), after=base)
    with pytest.raises(ValueError, match="'reply' replies to 'base', which says no `until`"):

        @requirement("TOOL-017")
        @cases(accepted, json=reply)
        def test(case: Judged) -> None:
            case.judge()
