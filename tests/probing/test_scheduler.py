"""A plan on its way: retries, the breaker, the cap, stopping, crashing, and the shapes of probes."""

import asyncio
import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from loopback import CHUNKED, CLOSE, HANG, STOP_EVENT, Loopback, Received, Script, always, chunk, message, response

from conformance.contract import load_profiles
from conformance.evidence.follow import Follower
from conformance.evidence.journal import JournalWriter
from conformance.evidence.run import Item, Record
from conformance.probing import backoff
from conformance.probing.backoff import Backoff
from conformance.probing.limits import Limits
from conformance.probing.plan import plan
from conformance.probing.probe import Auth, Call, Probe, Shape
from conformance.probing.redaction import Redactor, Secret
from conformance.probing.render import Desk
from conformance.probing.scheduler import Scheduler
from conformance.probing.sender import Sender
from conformance.probing.sockets import SocketTransport
from conformance.probing.spending import Caps, Spending
from conformance.probing.transport import HttpxTransport, Outgoing, Transport
from conformance.reference import Endpoint, Settings
from conformance.suite import PLAIN, PLAIN_CONTROL, STREAM, STREAM_CONTROL, accepted, refused
from conformance.suite_bodies import CUT
from conformance.wire.exchange import Ending, Exchange, Limit

KEY = "scheduler-key-0123456789"
LIMITS = Limits(connect=2.0, first_byte=5.0, between_bytes=5.0, whole=9.0, after_stop=5.0)
BUSY = response(b"{}", 503, retry_after="0")


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names no time is asked again at once."""
    monkeypatch.setattr(backoff, "FIRST", 0.0)


@dataclass(slots=True)
class Bench:
    """One plan with its scheduler, before it is started."""

    scheduler: Scheduler
    sender: Sender
    journal: Path

    def go(self) -> Follower:
        """Send everything; what the journal holds then."""
        self.scheduler.start()
        while self.scheduler.running:
            time.sleep(0.01)
        return self.read()

    def read(self) -> Follower:
        """The journal, which ends here."""
        self.sender.journal.close()
        follower = Follower(self.journal)
        follower.poll()
        return follower


def _bench(
    folder: Path,
    url: str,
    *probes: Probe,
    expect: str = "accepted",
    streaming: bool = False,
    limits: Limits = LIMITS,
    concurrency: int = 4,
    cap: int | None = None,
    caps: Caps | None = None,
    transport: Transport | None = None,
) -> Bench:
    desk = Desk(f"{url}/anthropic/v1/messages", "2023-06-01", "reference-1", KEY, "ct-wrong-0123456789abcdef", "n0nce")
    wanted = {"*": {"accepted": accepted, "refused": refused}[expect]}
    items = [Item("REQ-001", probe.id, (probe.id,), wanted) for probe in probes]
    every = {probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL, *probes)}
    made = plan(items, every, desk, frozenset({"streaming"}) if streaming else frozenset())
    journal = JournalWriter(folder / "journal.jsonl")
    redactor = Redactor([Secret("KEY", KEY), Secret("TOKEN", desk.wrong)])
    sender = Sender(
        desk,
        limits,
        transport or HttpxTransport(),
        SocketTransport(),
        redactor,
        journal,
        time.monotonic(),
        Spending(caps or Caps(cap), usage=load_profiles()["myrouter"].usage, began=time.monotonic()),
        backoff=Backoff(patience=limits.patience),
    )
    return Bench(Scheduler(made, sender, concurrency), sender, journal.path)


def _probe(name: str, **more: Any) -> Probe:
    return Probe(name, (Call(PLAIN | {"system": name}),), **more)


def _streamed(name: str) -> Probe:
    return Probe(name, (Call(STREAM | {"system": name}),))


def _but_for(name: str, *scripts: Script) -> Loopback:
    """A server with a script for each try of one probe, the last one for all further; a message for everything else."""
    tries: list[int] = []

    def answer(received: Received, number: int) -> Script:
        if received.json.get("system") != name:
            return (message(),)
        tries.append(number)
        return scripts[min(len(tries), len(scripts)) - 1]

    return Loopback(answer)


def _rows(follower: Follower, probe: str) -> list[Record]:
    return sorted((row for row in follower.records if row.probe == probe), key=lambda row: row.seq)


def _tries(follower: Follower, probe: str) -> list[tuple[int, bool, int | None]]:
    return [(row.attempt, row.repeated, row.exchange.status) for row in _rows(follower, probe)]


def test_everything_planned_is_sent_and_recorded_once(tmp_path: Path) -> None:
    with Endpoint(Settings(key=KEY)) as endpoint:
        probes = [_probe(f"p{n}") for n in range(9)] + [_streamed("s"), _probe("end", last=True)]
        bench = _bench(tmp_path, endpoint.url, *probes, streaming=True)
        follower = bench.go()
        assert endpoint.requests == len(follower.records) == bench.sender.count == 14
    assert follower.sent and follower.done == {"plain", "stream", *(probe.id for probe in probes)}
    assert sorted(row.seq for row in follower.records) == list(range(1, 15))
    assert [row.seq for row in _rows(follower, "plain")] == [1, 14], "at first, and at the end"
    assert all(row.exchange.status == 200 and row.exchange.began >= 0 for row in follower.records)
    assert bench.scheduler.error is None and bench.scheduler.refusal is None and not follower.unsent


def test_the_order_of_phases(tmp_path: Path) -> None:
    with Endpoint(Settings(key=KEY)) as endpoint:
        both = Probe("both", (Call(PLAIN), Call(PLAIN)), shape=Shape.TOGETHER)
        wrong = Probe("wrong", (Call(PLAIN, auth=Auth.WRONG_BEARER),))
        follower = _bench(tmp_path, endpoint.url, wrong, both, _probe("p"), expect="refused", concurrency=1).go()
    order = [row.probe for row in sorted(follower.records, key=lambda row: row.seq)]
    assert order == ["plain", "p", "both", "both", "wrong", "plain"]
    assert [row.step for row in _rows(follower, "plain")] == [0, 1]
    assert _rows(follower, "wrong")[0].exchange.status == 401


@pytest.mark.parametrize("status", [408, 429, 503, 504, 529])
def test_a_transient_status_is_asked_again(tmp_path: Path, status: int) -> None:
    busy = (response(b"{}", status, retry_after="0"),)
    with _but_for("p", busy, busy, (message(),)) as server:
        follower = _bench(tmp_path, server.url, _probe("p")).go()
    assert _tries(follower, "p") == [(1, True, status), (2, True, status), (3, False, 200)]


def test_three_tries_are_enough(tmp_path: Path) -> None:
    with _but_for("p", (BUSY,)) as server:
        follower = _bench(tmp_path, server.url, _probe("p")).go()
    assert _tries(follower, "p") == [(1, True, 503), (2, True, 503), (3, False, 503)]


def test_no_answer_is_asked_again(tmp_path: Path) -> None:
    with _but_for("p", (CLOSE,), (message(),)) as server:
        follower = _bench(tmp_path, server.url, _probe("p")).go()
    assert _tries(follower, "p") == [(1, True, None), (2, False, 200)]


@pytest.mark.parametrize("status", [500, 502])
def test_a_failure_of_the_server_is_asked_once_more(tmp_path: Path, status: int) -> None:
    with _but_for("p", (response(b"{}", status, retry_after="0"),)) as server:
        follower = _bench(tmp_path, server.url, _probe("p")).go()
    assert _tries(follower, "p") == [(1, True, status), (2, False, status)]


@pytest.mark.parametrize(
    ("statuses", "repeated"), [((429, 429, 502, 200), 3), ((429, 502, 502), 2), ((500, 429, 502), 2)]
)
def test_a_failure_is_asked_about_once_more_whatever_came_before(
    tmp_path: Path, statuses: tuple[int, ...], repeated: int
) -> None:
    answers = [(message(),) if status == 200 else (response(b"{}", status, retry_after="0"),) for status in statuses]
    with _but_for("p", *answers) as server:
        follower = _bench(tmp_path, server.url, _probe("p")).go()
    assert _tries(follower, "p") == [(n, n <= repeated, status) for n, status in enumerate(statuses, 1)]


def test_a_failure_is_an_answer_where_none_was_expected(tmp_path: Path) -> None:
    probe = Probe("p", (Call(PLAIN | {"system": "p"}, expects_answer=False),))
    with _but_for("p", (response(b"{}", 500),)) as server:
        follower = _bench(tmp_path, server.url, probe).go()
    assert _tries(follower, "p") == [(1, False, 500)]


@pytest.mark.parametrize("status", [200, 400, 401, 404, 501])
def test_other_answers_are_taken_at_once(tmp_path: Path, status: int) -> None:
    with _but_for("p", (response(b"{}", status),)) as server:
        follower = _bench(tmp_path, server.url, _probe("p")).go()
    assert _tries(follower, "p") == [(1, False, status)]


SILENT: Script = (CHUNKED, chunk(b": so far\n\n"), HANG)
SHORT = Limits(2.0, 5.0, 0.2, 9.0, 5.0)


def test_a_stream_that_falls_silent_is_asked_once_more(tmp_path: Path) -> None:
    with _but_for("s", SILENT) as server:
        follower = _bench(tmp_path, server.url, _streamed("s"), limits=SHORT).go()
    assert _tries(follower, "s") == [(1, True, 200), (2, False, 200)]
    assert {row.exchange.end.limit for row in _rows(follower, "s")} == {Limit.BETWEEN_BYTES}


def _silent_streams(script: Script) -> Loopback:
    return Loopback(lambda received, number: script if received.json.get("stream") else (message(),))


def test_three_silent_streams_in_a_row_are_the_last(tmp_path: Path) -> None:
    streams = [_streamed(f"s{n}") for n in range(5)]
    with _silent_streams(SILENT) as server:
        follower = _bench(tmp_path, server.url, *streams, _probe("p"), limits=SHORT, concurrency=1).go()
        asked = [received.json["system"] for received in server.received if received.json.get("stream")]
    assert asked == ["s0", "s0", "s1"], "the third cut is not asked for again"
    reason = "not sent: 3 streams in a row were cut by our limit between-bytes"
    assert follower.unsent == dict.fromkeys(["s2", "s3", "s4"], reason)
    assert follower.done >= {"s4", "p"} and _tries(follower, "p") == [(1, False, 200)]


def test_streams_that_stay_open_after_their_end_are_all_sent_and_cut_at_once(tmp_path: Path) -> None:
    streams = [_streamed(f"s{n}") for n in range(5)]
    with _silent_streams((CHUNKED, chunk(STOP_EVENT), HANG)) as server:
        limits = Limits(2.0, 5.0, 5.0, 9.0, 0.3)
        bench = _bench(tmp_path, server.url, *streams, limits=limits, concurrency=1)
        follower = bench.go()
    rows = [_rows(follower, stream.id)[0].exchange for stream in streams]
    assert {row.end.limit for row in rows} == {Limit.AFTER_STOP} and not follower.unsent
    assert bench.sender.breaker.tripped is Limit.AFTER_STOP


def test_hanging_up_ourselves_is_no_silence(tmp_path: Path) -> None:
    calls = tuple(Call(STREAM | {"system": f"s{n}"}, hang_up="so far") for n in range(4))
    with _silent_streams(SILENT) as server:
        follower = _bench(tmp_path, server.url, Probe("s", calls), limits=SHORT).go()
    assert [row.exchange.end.how for row in _rows(follower, "s")] == [Ending.HUNG_UP] * 4


def test_the_cap_ends_the_run_in_order(tmp_path: Path) -> None:
    probes = [_probe(f"p{n}") for n in range(5)]
    with always(message()) as server:
        follower = _bench(tmp_path, server.url, *probes, cap=3, concurrency=2).go()
        assert len(server.received) == len(follower.records) == 3
    assert set(follower.unsent.values()) == {"not sent: the cap of 3 requests was reached"}
    assert set(follower.unsent) == {"p1", "p2", "p3", "p4"} and follower.sent
    assert [(row.seq, row.step) for row in _rows(follower, "plain")] == [(1, 0), (3, 1)], (
        "the last one is the control's"
    )


def test_a_cap_on_output_ends_the_run_before_it_is_passed(tmp_path: Path) -> None:
    """Answers without usage cost their whole max_tokens, 32; what they report counts instead where they do."""
    probes = [_probe(f"p{n}") for n in range(9)]
    for folder, answer, sent in (("silent", message(usage=None), 5), ("telling", message(), 11)):
        with always(answer) as server:
            caps = Caps(output_tokens=160)
            follower = _bench(tmp_path / folder, server.url, *probes, caps=caps, concurrency=3).go()
            assert len(server.received) == len(follower.records) == sent
        assert set(follower.unsent.values()) <= {"not sent: the cap of 160 output tokens was reached"}
        last = max(follower.records, key=lambda row: row.seq)
        assert last.probe == "plain" and last.step == 1, "the closing control has its place"


def test_a_cap_on_time_ends_the_run_in_order(tmp_path: Path) -> None:
    probes = [_probe(f"p{n}") for n in range(4)]
    with always(message()) as server:
        bench = _bench(tmp_path, server.url, *probes, caps=Caps(seconds=60.0))
        bench.sender.spending.began -= 61.0
        follower = bench.go()
        assert not server.received
    assert set(follower.unsent.values()) == {"not sent: the cap of 60 seconds was reached"}
    assert follower.unsent.keys() == {"plain", "p0", "p1", "p2", "p3"} and follower.sent


def test_what_is_left_out_waits_for_no_turn(tmp_path: Path) -> None:
    """With a request in a thousand seconds only what is sent may wait."""
    probes = [_probe(f"p{n}") for n in range(30)]
    with always(message()) as server:
        bench = _bench(tmp_path, server.url, *probes, cap=1)
        bench.sender.backoff.gap = 1000.0
        assert len(bench.go().unsent) == 31 and len(server.received) == 1


def _asking_for_time(seconds: str, every: int) -> Loopback:
    """A server of which one request in so many has to be sent again after a time."""
    later = response(b"{}", 429, retry_after=seconds)
    return Loopback(lambda request, number: [later if number % every == every - 1 else message()])


def test_who_asks_for_time_again_and_again_gets_no_more_than_the_patience_of_a_run(tmp_path: Path) -> None:
    probes = [_probe(f"p{n}") for n in range(40)]
    with _asking_for_time("0.03", every=2) as server:
        bench = _bench(tmp_path, server.url, *probes, limits=replace(LIMITS, patience=0.1), concurrency=1)
        follower = bench.go()
    assert 0.06 < bench.sender.backoff.held <= 0.1
    assert set(follower.unsent.values()) == {
        "not sent: the cap of 0.1 seconds of waiting was reached (our limit patience)"
    }
    asked = [record for record in follower.records if record.exchange.status == 429]
    assert len(follower.unsent) > 30 and len(asked) < 10 and not bench.scheduler.target_gone
    assert follower.records[-1].probe == PLAIN_CONTROL.id, "the control at the end is sent without waiting"


def test_who_asks_for_time_now_and_then_loses_nothing(tmp_path: Path) -> None:
    probes = [_probe(f"p{n}") for n in range(40)]
    with _asking_for_time("0.01", every=5) as server:
        bench = _bench(tmp_path, server.url, *probes)
        follower = bench.go()
    last = {record.probe: record.exchange.status for record in follower.records if not record.repeated}
    assert not follower.unsent and set(last.values()) == {200} and len(last) == 41 and bench.sender.backoff.held > 0


def test_headers_that_say_that_nothing_remains_are_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heeded: list[int | None] = []
    monkeypatch.setattr(Backoff, "heed", lambda self, exchange: heeded.append(exchange.status))
    with always(message()) as server:
        follower = _bench(tmp_path, server.url, _probe("p")).go()
    assert heeded == [200] * len(follower.records) == [200] * 3


def test_a_cap_that_is_used_up_before_the_pre_flight_sends_nothing(tmp_path: Path) -> None:
    with always(message()) as server:
        follower = _bench(tmp_path, server.url, _probe("p"), cap=0).go()
        assert not server.received and not follower.records
    assert follower.unsent == dict.fromkeys(["plain", "p"], "not sent: the cap of 0 requests was reached")


def test_the_cap_loses_no_exchange_of_those_sent_together(tmp_path: Path) -> None:
    calls = tuple(Call(PLAIN | {"system": f"t{n}"}) for n in range(4))
    with always(0.1, message()) as server:
        follower = _bench(tmp_path, server.url, Probe("t", calls, shape=Shape.TOGETHER), cap=3).go()
        assert len(server.received) == len(follower.records) == 3
    assert "t" in follower.unsent


def test_stopping_gives_up_what_is_in_flight(tmp_path: Path) -> None:
    probes = [_probe(f"p{n}") for n in range(4)]
    with _but_for("p0", (HANG,)) as server:
        bench = _bench(tmp_path, server.url, *probes, concurrency=1)
        bench.scheduler.start()
        while len(server.received) < 2:
            time.sleep(0.01)
        bench.scheduler.stop()
    follower = bench.read()
    assert not bench.scheduler.running and bench.scheduler.error is None and follower.sent
    assert follower.unsent == dict.fromkeys(["p0", "p1", "p2", "p3"], "not sent: the run was stopped")


def test_stopping_between_two_requests_sends_no_more(tmp_path: Path) -> None:
    benches: list[Bench] = []

    def stop_at_the_second(received: Received, number: int) -> Script:
        benches[0].sender.stopping = number == 1
        return (message() if number == 0 else BUSY,)

    with Loopback(stop_at_the_second) as server:
        benches.append(_bench(tmp_path, server.url, _probe("p0"), _probe("p1"), concurrency=1))
        follower = benches[0].go()
        assert len(server.received) == 2
    assert follower.unsent.keys() >= {"p1"} and follower.sent


def test_stopping_before_the_start_is_nothing(tmp_path: Path) -> None:
    bench = _bench(tmp_path, "http://127.0.0.1:9")
    bench.scheduler.stop()
    assert not bench.scheduler.running and bench.sender.stopping and bench.read().records == []


class Crash(Exception):
    """A defect of the harness itself."""


@dataclass(slots=True)
class Crashing:
    """A transport that fails from a given request on."""

    good: int

    async def send(self, outgoing: Outgoing, limits: Limits) -> Exchange:
        """An exchange, or a crash."""
        self.good -= 1
        if self.good < 0:
            raise Crash("a defect")
        transport = HttpxTransport()
        exchange = await transport.send(outgoing, limits)
        await transport.close()
        return exchange

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("good", [0, 1, 2])
def test_a_crash_of_the_harness_is_told_and_ends_the_sending(tmp_path: Path, good: int) -> None:
    with always(response(b"{}", connection="close"), CLOSE) as server:
        bench = _bench(tmp_path, server.url, *(_probe(f"p{n}") for n in range(3)), transport=Crashing(good))
        follower = bench.go()
    assert isinstance(bench.scheduler.error, Crash) and str(bench.scheduler.error) == "a defect"
    assert follower.sent and follower.unsent.keys() >= {"p2"}


def test_until_stops_at_the_first_answer_that_gets_there(tmp_path: Path) -> None:
    calls = tuple(Call(PLAIN | {"system": f"u{n}"}) for n in range(4))
    probe = Probe("u", calls, shape=Shape.UNTIL, until="cut-by-limit")
    with _but_for("u1", (message(stop_reason="max_tokens"),)) as server:
        follower = _bench(tmp_path, server.url, probe).go()
    assert [row.step for row in _rows(follower, "u")] == [0, 1]


def test_until_goes_through_all_wordings_when_none_gets_there(tmp_path: Path) -> None:
    with always(message()) as server:
        follower = _bench(tmp_path, server.url, CUT).go()
    assert [row.step for row in _rows(follower, CUT.id)] == list(range(len(CUT.calls)))


def test_together_means_at_the_same_time(tmp_path: Path) -> None:
    calls = tuple(Call(PLAIN | {"system": "t"}) for _ in range(4))
    together: list[Received] = []

    async def all_here() -> None:
        while len(together) < len(calls):
            await asyncio.sleep(0.01)

    def answer(received: Received, number: int) -> Script:
        if received.json.get("system") != "t":
            return (message(),)
        together.append(received)
        return all_here, message()

    with Loopback(answer) as server:
        follower = _bench(tmp_path, server.url, Probe("t", calls, shape=Shape.TOGETHER), concurrency=1).go()
    assert [row.exchange.status for row in _rows(follower, "t")] == [200] * 4
    assert sorted(row.step for row in _rows(follower, "t")) == [0, 1, 2, 3]


@pytest.mark.parametrize("concurrency", [3, 5])
def test_what_goes_together_takes_the_room_of_all_its_requests(tmp_path: Path, concurrency: int) -> None:
    flying, most = 0, 0

    async def fly() -> None:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0.02)
        flying -= 1

    crowd = Probe("crowd", tuple(Call(PLAIN | {"system": f"c{n}"}) for n in range(3)), shape=Shape.TOGETHER)
    others = [_probe(f"p{n}") for n in range(7)]
    with Loopback(lambda received, number: (fly, message())) as server:
        follower = _bench(tmp_path, server.url, *others[:4], crowd, *others[4:], concurrency=concurrency).go()
    assert len(_rows(follower, "crowd")) == 3
    assert most == concurrency


def test_a_pinned_conversation_stays_on_one_connection_of_its_own(tmp_path: Path) -> None:
    pinned = Probe("pin", tuple(Call(PLAIN | {"system": f"c{n}"}) for n in range(3)), shape=Shape.PINNED)
    with always(message()) as server:
        follower = _bench(tmp_path, server.url, pinned, _probe("p")).go()
    ports = {row.exchange.connection for row in _rows(follower, "pin")}
    assert len(ports) == 1 and ports.isdisjoint({row.exchange.connection for row in _rows(follower, "p")})


def test_wire_calls_take_the_socket(tmp_path: Path) -> None:
    wired = Probe("w", (Call(PLAIN | {"system": "w"}, auth=Auth.SCHEME_AND_SPACE, wire=True),))
    with always(message()) as server:
        _bench(tmp_path, server.url, wired).go()
    heads = [received.head for received in server.received if received.json.get("system") == "w"]
    assert len(heads) == 1 and b"Authorization: Bearer \r\n" in heads[0]


@pytest.mark.parametrize(("status", "requests"), [(401, 1), (404, 1), (307, 1), (429, 3)])
def test_the_pre_flight_ends_the_run_before_anything_else(tmp_path: Path, status: int, requests: int) -> None:
    with always(response(b"{}", status, retry_after="0")) as server:
        bench = _bench(tmp_path, server.url, _probe("p"), streaming=True)
        refusal = bench.scheduler.start()
        bench.scheduler.stop()
        assert len(server.received) == requests
    assert refusal is not None and f"status {status}" in str(refusal) and refusal is bench.scheduler.refusal
    assert bench.read().unsent == dict.fromkeys(["stream", "p"], "not sent: the pre-flight failed")


@pytest.mark.parametrize("status", [400, 500])
def test_a_strange_answer_to_the_plain_control_is_graded(tmp_path: Path, status: int) -> None:
    with always(response(b"{}", status, retry_after="0")) as server:
        bench = _bench(tmp_path, server.url, _probe("p"))
        follower = bench.go()
    assert bench.scheduler.refusal is None and follower.done == {"plain", "p"}


def test_what_cannot_be_sent_for_its_capability_is_said_in_the_journal(tmp_path: Path) -> None:
    with always(message()) as server:
        follower = _bench(tmp_path, server.url, _probe("p", capabilities=("vision",))).go()
    assert follower.unsent == {"p": "the target does not claim vision"}
    assert [row.probe for row in follower.records] == ["plain", "plain"]


ECHOES: Mapping[str, Callable[[], Sequence[bytes]]] = {
    "header": lambda: (response(b"{}", x_key=KEY),),
    "body": lambda: (response(f'{{"key":"{KEY}"}}'.encode()),),
    "chunks": lambda: (CHUNKED, chunk(KEY[:9].encode()), chunk(KEY[9:].encode()), chunk(b"")),
    "base64": lambda: (response(base64.b64encode(b"user:" + KEY.encode())),),
    "reason": lambda: (f"HTTP/1.1 200 {KEY}\r\ncontent-length: 0\r\n\r\n".encode(),),
    "malformed": lambda: (f"{KEY}\r\n\r\n".encode(),),
}


@pytest.mark.parametrize("place", list(ECHOES))
def test_the_journal_never_holds_the_key(tmp_path: Path, place: str) -> None:
    with always(*ECHOES[place](), 0.05, CLOSE) as server:
        follower = _bench(tmp_path, server.url).go()
        assert all(KEY.encode() in received.head for received in server.received)
    written = (tmp_path / "journal.jsonl").read_text()
    assert follower.records and KEY not in written and base64.b64encode(KEY.encode()).decode()[:-4] not in written
    assert "[KEY*" in written
