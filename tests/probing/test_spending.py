"""Caps are kept by an account that lets nothing begin whose worst case does not fit."""

import math

import pytest

from conformance.contract import load_profiles
from conformance.evidence.run import Record
from conformance.evidence.spent import Price, Tokens
from conformance.probing.probe import Call
from conformance.probing.render import Desk
from conformance.probing.spending import Caps, Spending, worst_of
from conformance.suite import PLAIN
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

USAGE = load_profiles()["myrouter"].usage
PRICE = Price("USD", 10, 100)
ASKS = Tokens(10, 32)


def _account(caps: Caps, reserve: Tokens | None = None) -> Spending:
    return Spending(caps, PRICE, USAGE, began=100.0, reserve=reserve)


def _answer(output: int | None, status: int = 200) -> Exchange:
    usage = b"{}" if output is None else b'{"usage": {"input_tokens": 0, "output_tokens": %d}}' % output
    request = Request("POST", "http://h/v1/messages", (), b"")
    return Exchange(
        request, status, (("content-type", "application/json"),), (Chunk(0.1, usage),), End(Ending.COMPLETE)
    )


@pytest.mark.parametrize(
    ("caps", "fit", "reason"),
    [
        (Caps(requests=3), 3, "not sent: the cap of 3 requests was reached"),
        (Caps(output_tokens=100), 3, "not sent: the cap of 100 output tokens was reached"),
        (Caps(output_tokens=96), 3, "not sent: the cap of 96 output tokens was reached"),
        (Caps(output_tokens=95), 2, "not sent: the cap of 95 output tokens was reached"),
        (Caps(cost=0.0099), 3, "not sent: the cap of 0.0099 USD was reached"),
        (Caps(requests=2, output_tokens=10_000), 2, "not sent: the cap of 2 requests was reached"),
    ],
)
def test_no_more_is_sent_than_fits_at_worst(caps: Caps, fit: int, reason: str) -> None:
    account = _account(caps)
    for seq in range(fit):
        assert account.refusal(ASKS, 100.0) == ""
        account.begin(seq, ASKS)
        account.end(seq, _answer(None))
    assert account.refusal(ASKS, 100.0) == reason
    assert account.refusal(Tokens(), 100.0) == reason, "and nothing follows, however small"


def test_what_an_answer_reports_takes_the_place_of_the_worst_case() -> None:
    account = _account(Caps(output_tokens=100))
    for seq in range(20):
        account.begin(seq, ASKS)
        account.end(seq, _answer(3))
    assert account.refusal(ASKS, 100.0) == "", "60 were spent"
    account.begin(20, ASKS)
    account.end(20, _answer(9))
    assert account.refusal(ASKS, 100.0) != ""


def test_what_was_sent_before_the_plan_counts() -> None:
    account = _account(Caps(requests=2))
    account.spend([Record(1, "models", 0, 1, _answer(None))])
    assert account.refusal(ASKS, 100.0) == ""
    account.begin(2, ASKS)
    assert account.refusal(ASKS, 100.0) != ""


def test_what_is_refused_costs_nothing_and_what_ends_unknown_costs_all() -> None:
    account = _account(Caps(output_tokens=64))
    account.begin(1, ASKS)
    account.end(1, _answer(None, 400))
    account.begin(2, ASKS)
    account.end(2, None)
    assert account.refusal(ASKS, 100.0) == ""
    account.begin(3, ASKS)
    account.end(3, _answer(None))
    assert account.refusal(ASKS, 100.0) != ""


def test_requests_in_flight_count_at_worst_and_are_waited_for() -> None:
    account = _account(Caps(output_tokens=64))
    account.begin(1, ASKS)
    account.begin(2, ASKS)
    assert account.waits(ASKS)
    account.end(1, _answer(0))
    assert not account.waits(ASKS) and account.refusal(ASKS, 100.0) == ""
    account.end(2, _answer(64))
    assert not account.waits(ASKS), "nothing is in flight that could cost less"
    assert account.refusal(ASKS, 100.0) != "" and not account.waits(ASKS)


def test_a_cap_on_requests_is_not_waited_for() -> None:
    account = _account(Caps(requests=1))
    account.begin(1, ASKS)
    assert not account.waits(ASKS) and account.refusal(ASKS, 100.0) != ""


def test_the_closing_control_finds_room() -> None:
    account = _account(Caps(requests=3, output_tokens=96), reserve=ASKS)
    for seq in range(2):
        assert account.refusal(ASKS, 100.0) == ""
        account.begin(seq, ASKS)
        account.end(seq, _answer(None))
    assert account.refusal(ASKS, 100.0) != ""
    assert account.refusal(ASKS, 100.0, control=True) == ""
    account.begin(2, ASKS)
    account.end(2, _answer(None))
    assert account.refusal(ASKS, 100.0, control=True) == "not sent: the cap of 3 requests was reached"


def test_what_no_account_could_hold_is_left_out_alone() -> None:
    account = _account(Caps(output_tokens=100))
    told = account.refusal(Tokens(1, 10**9), 100.0)
    assert told == "not sent: the cap of 100 output tokens is less than this request may take"
    assert account.refusal(ASKS, 100.0) == ""


def test_time_ends_everything_the_control_included() -> None:
    account = _account(Caps(seconds=2.5))
    assert account.deadline == 102.5 and Spending().deadline == math.inf
    assert account.refusal(ASKS, 102.4) == ""
    assert account.refusal(ASKS, 102.5, control=True) == "not sent: the cap of 2.5 seconds was reached"


def test_a_request_may_cost_its_max_tokens_at_the_endpoint_alone() -> None:
    desk = Desk("http://h/v1/messages", "2023-06-01", "m", "key-0123456789", "wrong", "n0nce")
    whole = worst_of(desk, Call(PLAIN))
    assert whole.output == 32 and 10 < whole.input < 60
    assert worst_of(desk, Call(PLAIN, path="/count_tokens")) == Tokens(whole.input)
    assert worst_of(desk, Call(None, method="GET")) == Tokens()
    assert Spending(Caps(requests=3)).worst(desk, Call(PLAIN)) == Tokens(), "no cap asks for it"
    assert _account(Caps(output_tokens=3)).worst(desk, Call(PLAIN)) == whole
