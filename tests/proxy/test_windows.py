"""The pass-through as others use it: windows between two moments, places in a run, a sink that fails."""

import threading
from pathlib import Path

import pytest
from loopback import CLOSE, always, response
from passing import LIMITS, Kept, asked, connected, request, through, until

from conformance.evidence.journal import JournalWriter
from conformance.evidence.run import CLIENT, Record
from conformance.load.merging import written_by
from conformance.probing.render import AddressError
from conformance.proxy import Passthrough, journaling
from conformance.proxy.pace import LONGEST, Pace
from conformance.wire.exchange import Ending


def test_what_begins_between_two_moments_is_in_the_window() -> None:
    kept = Kept()
    with always(response(), CLOSE) as server, through(server.url, kept, count=40) as proxy:
        asked(proxy, request("/before"))
        with proxy.window("one") as one:
            asked(proxy, request("/1"))
            asked(proxy, request("/2"))
        asked(proxy, request("/between"))
        with proxy.window("other") as other:
            pass
        assert [record.exchange.request.url[-2:] for record in one.records] == ["/1", "/2"]
        assert other.records == [] and one.probe == f"{CLIENT} one"
    assert [(record.seq, record.probe) for record in kept.records] == [
        (41, CLIENT), (42, f"{CLIENT} one"), (43, f"{CLIENT} one"), (44, CLIENT),
    ]  # fmt: skip


def test_a_window_waits_for_what_began_in_it() -> None:
    with always(response(), CLOSE) as server, through(server.url, Kept()) as proxy:
        with proxy.window("one") as window:
            client = connected(proxy)
            client.sendall(request())
            while not server.received:
                pass
            leaving = threading.Timer(0.2, client.close)
            leaving.start()
        leaving.join()
        assert len(window.records) == 1
        assert window.records[0].exchange.end.how in (Ending.COMPLETE, Ending.HUNG_UP)


def test_exchanges_go_into_the_journal_of_a_run(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "journal.jsonl")
    with always(response(), CLOSE) as server, Passthrough(server.url, journaling(writer), limits=LIMITS) as proxy:
        asked(proxy, request())
    writer.close()
    [record] = written_by(tmp_path / "journal.jsonl")
    assert record.exchange.status == 200 and record.probe == CLIENT


def test_a_sink_that_fails_is_asked_no_more_and_bytes_pass_on() -> None:
    given: list[Record] = []

    def sink(record: Record) -> None:
        given.append(record)
        raise RuntimeError("full")

    with always(response(), CLOSE) as server, Passthrough(server.url, sink, limits=LIMITS) as proxy:
        assert asked(proxy, request()) == response()
        assert proxy.wait(30)
        assert asked(proxy, request()) == response()
        proxy.settle()
        assert str(proxy.error) == "full" and len(given) == 1


def test_clients_wait_where_too_much_is_to_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing more is held than may be: the second request is read when the first one is recorded."""
    monkeypatch.setattr("conformance.proxy.recording.MOST_BEHIND", 10)
    go, given = threading.Event(), list[Record]()

    def sink(record: Record) -> None:
        assert go.wait(30)
        given.append(record)

    with (
        always(response()) as server,
        Passthrough(server.url, sink, limits=LIMITS) as proxy,
        connected(proxy) as client,
    ):
        client.sendall(request("/1"))
        assert until(client, b"{}") == response()
        assert not proxy.recorder.wait(lambda: proxy.recorder.recorded > 0, 0.05)
        client.sendall(request("/2"))
        client.sendall(request("/3"))
        go.set()
        assert until(client, response() * 2)
        proxy.settle()
        assert [record.exchange.request.url[-2:] for record in given] == ["/1", "/2", "/3"]
        assert not proxy.recorder.behind


@pytest.mark.parametrize("target", ["ftp://127.0.0.1", "127.0.0.1:80", "http://me@127.0.0.1", ""])
def test_a_target_that_is_none(target: str) -> None:
    with pytest.raises(AddressError):
        Passthrough(target, Kept().records.append)


def test_recording_makes_way_for_a_client_that_waits_but_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    clock = iter(range(1000))
    pace = Pace(waiting=1)

    def nap(seconds: float) -> None:
        naps.append(seconds)
        pace.waiting -= len(naps) == 3

    monkeypatch.setattr("conformance.proxy.pace.time.sleep", nap)
    pace.deadline = float("inf")
    pace.pause()
    assert len(naps) == 3 and pace.waiting == 0
    pace.waiting = 1
    monkeypatch.setattr("conformance.proxy.pace.time.monotonic", lambda: next(clock) * LONGEST)
    pace.begin()
    assert len(naps) == 3


def test_nobody_waits_when_all_have_ended() -> None:
    with always(response(), CLOSE) as server, through(server.url, Kept()) as proxy:
        asked(proxy, request())
        with connected(proxy) as client:
            client.sendall(request())
            until(client, b"{}")
        proxy.settle()
        assert proxy.pace.waiting == 0
