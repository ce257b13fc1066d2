"""A target that stops answering ends the run soon; one that leaves some requests unanswered does not."""

from pathlib import Path

import pytest
from loopback import HANG, Loopback, Received, Script, always, message, response
from test_scheduler import _bench, _no_patience, _probe, _rows, _streamed, _tries  # noqa: F401

from conformance.probing.limits import Limits
from conformance.probing.sender import BUSY_STRIKES, GONE, STRIKES
from conformance.probing.transport import Outgoing
from conformance.rules.cases import TRIES
from conformance.wire.exchange import Ending, Exchange, Limit

IMPATIENT = Limits(connect=2.0, first_byte=0.4, between_bytes=5.0, whole=9.0)


def test_a_target_that_stops_answering_is_left_alone_after_the_control_went_unanswered(tmp_path: Path) -> None:
    probes = [_probe(f"p{number}") for number in range(40)]
    with Loopback(lambda received, number: (message(),) if number < 4 else (HANG,)) as server:
        follower = _bench(tmp_path, server.url, *probes, limits=IMPATIENT, concurrency=2).go()
    assert GONE in follower.unsent.values()
    assert len(follower.records) < 4 + 3 * STRIKES
    assert _tries(follower, "plain")[-1][2] is None


def test_some_requests_without_an_answer_do_not_end_the_run(tmp_path: Path) -> None:
    def answer(received: Received, number: int) -> Script:
        return (HANG,) if str(received.json.get("system")).startswith("mute") else (message(),)

    probes = [_probe(f"mute{number}") for number in range(4)] + [_probe(f"p{number}") for number in range(6)]
    with Loopback(answer) as server:
        follower = _bench(tmp_path, server.url, *probes, limits=IMPATIENT, concurrency=4).go()
    assert follower.unsent == {}
    assert {status for number in range(6) for *_, status in _tries(follower, f"p{number}")} == {200}
    assert [attempt for attempt, *_ in _tries(follower, "mute0")] == [1, 2, 3]
    assert [status for *_, status in _tries(follower, "plain")] == [200] * len(_tries(follower, "plain"))


@pytest.mark.parametrize("garbage", [b"what is this\r\n\r\n"])
def test_what_another_answer_left_on_a_connection_is_asked_for_again_on_one_of_its_own(
    garbage: bytes, tmp_path: Path
) -> None:
    with Loopback(lambda received, number: (message() + garbage,)) as server:
        follower = _bench(tmp_path, server.url, *[_probe(f"p{number}") for number in range(5)], concurrency=1).go()
    assert all(row.exchange.status == 200 for row in follower.records if not row.repeated)
    assert follower.unsent == {}


def _busy_but_for_the_control(received: Received, number: int) -> Script:
    return (response(b"{}", 429, retry_after="0"),) if "system" in received.json else (message(),)


def test_a_target_that_serves_nobody_any_more_is_left_alone_after_the_control_was_refused_too(tmp_path: Path) -> None:
    probes = [_probe(f"p{number}") for number in range(40)]
    busy = response(b"{}", 429, retry_after="0")
    with Loopback(lambda received, number: (message() if number == 0 else busy,)) as server:
        bench = _bench(tmp_path, server.url, *probes, concurrency=1)
        follower = bench.go()
        assert len(server.received) == 1 + BUSY_STRIKES + TRIES, "the first control, the refusals, the control again"
    assert bench.sender.gone and bench.scheduler.target_gone
    assert [status for *_, status in _tries(follower, "plain")] == [200, *[429] * TRIES]
    assert {follower.unsent[name] for name in ("p7", "p39", "plain")} == {GONE}


def test_a_target_that_is_busy_but_serves_the_control_is_asked_everything(tmp_path: Path) -> None:
    probes = [_probe(f"p{number}") for number in range(15)]
    with Loopback(_busy_but_for_the_control) as server:
        bench = _bench(tmp_path, server.url, *probes, concurrency=1)
        follower = bench.go()
    assert not bench.sender.gone and follower.unsent == {}
    assert all([attempt for attempt, *_ in _tries(follower, probe.id)] == [1, 2, 3] for probe in probes)
    controls = _rows(follower, "plain")
    asked = [row.seq for row in controls[1:-1]]
    assert asked == [BUSY_STRIKES + 2, 2 * BUSY_STRIKES + 3], "after twenty refusals in a row, and after twenty more"
    assert [row.step for row in controls] == [0, 1, 2, 3] and {row.exchange.status for row in controls} == {200}


def test_an_answer_in_between_is_no_reason_to_ask_for_the_control(tmp_path: Path) -> None:
    def answer(received: Received, number: int) -> Script:
        return (response(b"{}", 503, retry_after="0") if number % 10 else message(),)

    with Loopback(answer) as server:
        bench = _bench(tmp_path, server.url, *[_probe(f"p{number}") for number in range(20)], concurrency=1)
        follower = bench.go()
    assert not bench.sender.gone and follower.unsent == {} and bench.sender.controls == 2


@pytest.mark.parametrize("status", [429, 529])
def test_fewer_requests_at_once_are_sent_to_whoever_limits_the_rate(status: int, tmp_path: Path) -> None:
    probes = [_probe(f"p{number}") for number in range(6)]
    refusals = [response(b"{}", status, retry_after="0")] * 3
    served: list[int] = []

    def answer(received: Received, number: int) -> Script:
        served.append(number)
        return (refusals.pop(),) if number and refusals else (message(),)

    with Loopback(answer) as server:
        bench = _bench(tmp_path, server.url, *probes, concurrency=4)
        bench.sender.width = 4
        follower = bench.go()
    assert bench.sender.width == 1 and bench.sender.in_flight == 0 and follower.unsent == {}
    assert {_tries(follower, probe.id)[-1][2] for probe in probes} == {200} and len(served) == 1 + 6 + 3 + 1


@pytest.mark.parametrize("status", [408, 503, 504, 500, 400])
def test_other_trouble_leaves_the_width_as_it_is(status: int, tmp_path: Path) -> None:
    with Loopback(
        lambda received, number: (response(b"{}", status, retry_after="0") if number else message(),)
    ) as server:
        bench = _bench(tmp_path, server.url, _probe("p"), concurrency=4)
        bench.sender.width = 4
        bench.go()
    assert bench.sender.width == 4


def test_no_more_than_the_width_is_in_flight(tmp_path: Path) -> None:
    most: list[int] = []
    with always(0.02, message()) as server:
        bench = _bench(tmp_path, server.url, *[_probe(f"p{number}") for number in range(8)], concurrency=4)
        bench.sender.width = 2
        transport = bench.sender.transport

        class Counting:
            """The transport, and how much is in flight whenever something is sent."""

            async def send(self, outgoing: Outgoing, limits: Limits) -> Exchange:
                """The exchange of the transport."""
                most.append(bench.sender.in_flight)
                return await transport.send(outgoing, limits)

            async def close(self) -> None:
                """Close the transport."""
                await transport.close()

        bench.sender.transport = Counting()
        follower = bench.go()
    assert max(most) == 2 and len(most) == len(follower.records) == 10


@pytest.mark.parametrize("status", [429, 503])
def test_whoever_asks_for_more_time_than_a_run_has_is_not_asked_again(status: int, tmp_path: Path) -> None:
    late = response(b"{}", status, retry_after="3600")
    with Loopback(lambda received, number: (late if "system" in received.json else message(),)) as server:
        follower = _bench(tmp_path, server.url, _probe("p"), _probe("q")).go()
    assert _tries(follower, "p") == _tries(follower, "q") == [(1, False, status)]


def test_streams_that_are_never_answered_are_given_up_and_the_rest_is_sent(tmp_path: Path) -> None:
    streams = [_streamed(f"s{number}") for number in range(5)]
    with Loopback(lambda received, number: (HANG,) if received.json.get("stream") else (message(),)) as server:
        bench = _bench(tmp_path, server.url, *streams, _probe("p"), limits=IMPATIENT, concurrency=1)
        follower = bench.go()
        asked = [received.json["system"] for received in server.received if received.json.get("stream")]
    assert asked == ["s0", "s0", "s0"], "the third silence is the last"
    ends = [row.exchange.end for row in _rows(follower, "s0")]
    assert {(end.how, end.limit) for end in ends} == {(Ending.CUT, Limit.FIRST_BYTE)}
    reason = "not sent: 3 streams in a row were cut by our limit first-byte"
    assert follower.unsent == dict.fromkeys(["s1", "s2", "s3", "s4"], reason)
    assert _tries(follower, "p") == [(1, False, 200)] and not bench.sender.gone
