"""A target that stops answering ends the run soon; one that leaves some requests unanswered does not."""

from pathlib import Path

import pytest
from loopback import HANG, Loopback, Received, Script, message
from test_scheduler import _bench, _no_patience, _probe, _tries  # noqa: F401

from conformance.probing.limits import Limits
from conformance.probing.sender import GONE, STRIKES

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
