"""Plans of which only a part is sent: what an earlier run left, and shares of several machines."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from loopback import Loopback, Received, Script, message, response

from conformance.evidence.follow import Follower
from conformance.evidence.journal import JournalWriter
from conformance.evidence.run import CAPPED, ELSEWHERE, PLAIN, Item, Record
from conformance.probing import backoff
from conformance.probing.limits import Limits
from conformance.probing.operator import Operator
from conformance.probing.partial import NOTHING, Carried, carried_from, digest_of, resumed, sharded
from conformance.probing.plan import Plan, plan
from conformance.probing.probe import Auth, Call, Probe, Shape
from conformance.probing.redaction import Redactor
from conformance.probing.render import Desk
from conformance.probing.scheduler import Scheduler
from conformance.probing.sender import GONE, Sender
from conformance.probing.sockets import SocketTransport
from conformance.probing.spending import Caps, Spending
from conformance.probing.transport import HttpxTransport
from conformance.session.earlier import write_carried
from conformance.suite import PLAIN as BODY
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL, accepted
from conformance.wire.exchange import Ending, Limit

CALLED = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {"n": 7}}
TOOLED = BODY | {"tools": [{"name": "get_code", "input_schema": {"type": "object"}}]}


def _calls(*systems: str, **more: object) -> tuple[Call, ...]:
    return tuple(Call(TOOLED | {"system": word}, **more) for word in systems)  # type: ignore[arg-type]


CALLING = Probe("calling", _calls("one", "two", "three"), Shape.UNTIL, "calls-tool")
NEVER = Probe("never", _calls("four", "five"), Shape.UNTIL, "calls-tool")
PROBES = (
    Probe("talk", _calls("a", "b", "c")),
    CALLING,
    Probe("reply", (Call(reply="tool-results"), Call(reply="tool-results", query="again=1")), after=CALLING),
    NEVER,
    Probe("reply in vain", (Call(reply="tool-results"),), after=NEVER),
    Probe("pinned", _calls("d", "e"), Shape.PINNED),
    Probe("together", _calls("f", "g"), Shape.TOGETHER),
    Probe("busy", _calls("busy")),
    Probe("late", _calls("h", auth=Auth.NONE)),
)
WHOLE = {"pinned", "together"}


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST", 0.0)


def _server() -> Loopback:
    """One that calls the tool under its second wording, and is busy when asked under one name for the first time."""
    tries: Counter[str] = Counter()

    def answer(received: Received, number: int) -> Script:
        system = received.json.get("system", "")
        tries[system] += 1
        if system == "busy" and tries[system] == 1:
            return (response(b"{}", 503, retry_after="0"),)
        called = system == "two" and len(received.json["messages"]) == 1
        return (message(content=[CALLED], stop_reason="tool_use") if called else message(),)

    return Loopback(answer)


def _desk(url: str = "http://h:1") -> Desk:
    return Desk(f"{url}/v1/messages", "v", "m", "k" * 24, "w" * 24, "n")


def _plan(url: str = "http://h:1", probes: tuple[Probe, ...] = PROBES) -> Plan:
    every = {probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL, *probes)}
    items = [Item("REQ-001", probe.id, (probe.id,), {"*": accepted}) for probe in probes]
    return plan(items, every, _desk(url), frozenset({"streaming"}))


@dataclass(frozen=True, slots=True)
class Sent:
    """A run at its end: the journal, and which requests of its own it sent."""

    found: Follower
    requests: int

    @property
    def steps(self) -> Counter[tuple[str, int]]:
        """How often each step of each probe has an exchange that counts; controls come as often as they have to."""
        rows = (row for row in self.found.records if not row.repeated and row.probe != PLAIN)
        return Counter((row.probe, row.step) for row in rows)


def _send(path: Path, earlier: Follower | None = None, cap: int | None = None) -> Sent:
    """Send the plan, or what an earlier run has left of it."""
    with _server() as server:
        made = _plan(server.url)
        carried = carried_from(earlier, made) if earlier else NOTHING
        writer = JournalWriter(path)
        write_carried(writer, carried)
        sender = Sender(
            _desk(server.url), Limits(), HttpxTransport(), SocketTransport(), Redactor([]), writer,
            time.monotonic() - carried.moment, Spending(Caps(cap)), controls=carried.controls, count=carried.last,
            earlier=carried.steps,
        )  # fmt: skip
        scheduler = Scheduler(resumed(made, carried) if earlier else made, sender, 3, None, carried)
        assert scheduler.start() is None
        scheduler.wait()
        assert scheduler.error is None
        writer.close()
        return Sent(_read(path), len(server.received))


def _read(path: Path) -> Follower:
    follower = Follower(path)
    follower.poll()
    return follower


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """The whole plan, sent at one go."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backoff, "FIRST", 0.0)
        return _send(tmp_path_factory.mktemp("whole") / "journal.jsonl")


def test_wherever_a_run_is_cut_off_the_next_sends_the_rest_and_nothing_twice(undisturbed: Sent, tmp_path: Path) -> None:
    whole = undisturbed.found.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    assert undisturbed.steps["talk", 2] == undisturbed.steps["reply", 1] == undisturbed.steps["calling", 1] == 1
    assert ("calling", 2) not in undisturbed.steps and ("reply in vain", 0) not in undisturbed.steps
    for number in range(len(lines)):
        cut = tmp_path / f"{number}.jsonl"
        cut.write_bytes(b"".join(lines[:number]) + lines[number][: len(lines[number]) // 2])
        before = _read(cut)
        after = _send(tmp_path / f"{number} resumed.jsonl", before)
        assert after.steps == undisturbed.steps, number
        kept = [row for row in before.records if row.probe not in WHOLE - before.done]
        assert {row.seq: row for row in after.found.records if row.seq in {row.seq for row in kept}} == {
            row.seq: row for row in kept
        }, number
        assert after.requests == len(after.found.records) - len(kept), number
        assert after.found.done == undisturbed.found.done and after.found.unsent == undisturbed.found.unsent, number


def test_the_order_goes_on_where_the_earlier_one_ended(undisturbed: Sent, tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(undisturbed.found.path.read_bytes().splitlines(keepends=True)[:9]))
    before = _read(cut)
    after = _send(tmp_path / "resumed.jsonl", before).found
    last = max(row.seq for row in before.records)
    moment = max(row.exchange.began + row.exchange.elapsed for row in before.records)
    new = [row for row in after.records if row.seq > last]
    assert new and sorted(row.seq for row in new) == list(range(last + 1, last + 1 + len(new)))
    assert min(row.exchange.began for row in new) >= round(moment, 6)
    assert min(new, key=lambda row: row.seq).probe == PLAIN, "the pre-flight comes first again"
    controls = [row.step for row in after.records if row.probe == PLAIN]
    assert len(set(controls)) == len(controls)


def test_a_run_that_came_to_its_end_leaves_nothing_to_send(undisturbed: Sent, tmp_path: Path) -> None:
    again = _send(tmp_path / "journal.jsonl", undisturbed.found)
    assert again.requests == 0 and again.steps == undisturbed.steps
    made = _plan()
    left = resumed(made, carried_from(undisturbed.found, made))
    assert left.phases == () and left.requests == (0, 0)


def test_what_a_cap_left_out_is_sent_and_a_closing_control_behind_it(undisturbed: Sent, tmp_path: Path) -> None:
    capped = _send(tmp_path / "capped.jsonl", cap=6)
    assert any(reason.startswith(CAPPED) for reason in capped.found.unsent.values()) and capped.requests == 6
    after = _send(tmp_path / "resumed.jsonl", capped.found)
    assert after.steps == undisturbed.steps and after.found.unsent == undisturbed.found.unsent
    assert max(after.found.records, key=lambda row: row.seq).probe == PLAIN


def _followed(
    *records: Record, done: frozenset[str] = frozenset(), unsent: Mapping[str, str] | None = None
) -> Follower:
    follower = Follower(Path("j"), done=set(done), unsent=dict(unsent or {}))
    for place, record in enumerate(records):
        follower.records.add(place, 1, record)
    return follower


def test_a_missing_closing_control_is_sent_alone(undisturbed: Sent) -> None:
    made = _plan()
    closing = max(row.seq for row in undisturbed.found.records)
    records = [row for row in undisturbed.found.records if row.seq != closing]
    done = frozenset(undisturbed.found.done)
    left = resumed(made, carried_from(_followed(*records, done=done), made))
    assert [probe.id for phase in left.phases for probe in phase.probes] == [PLAIN, PLAIN]
    unbracketed = replace(made, bracketed=False)
    assert resumed(unbracketed, carried_from(_followed(*records, done=done), unbracketed)).phases == ()


def test_reasons_that_are_of_the_target_hold_still(undisturbed: Sent) -> None:
    made = _plan()
    hung = "not sent: 3 streams in a row were cut by our limit first-byte"
    found = _followed(done=frozenset({"talk", "busy"}), unsent={"talk": hung, "busy": GONE, "no probe of today": hung})
    carried = carried_from(found, made)
    assert carried.unsent == {"talk": hung} and carried.is_settled("talk") and not carried.is_settled("busy")
    left = {probe.id for probe in resumed(made, carried).probes}
    assert "busy" in left and "talk" not in left


def test_streams_that_hung_before_count_still(undisturbed: Sent) -> None:
    stream = next(row for row in undisturbed.found.records if row.probe == "stream")
    cut = replace(stream.exchange, end=replace(stream.exchange.end, how=Ending.CUT, limit=Limit.WHOLE))
    carried = Carried(tuple(Record(n, "s", n, 1, cut) for n in range(3)))
    wires = HttpxTransport(), SocketTransport()
    sender = Sender(_desk(), Limits(), *wires, Redactor([]), None, 0.0, earlier=carried.steps)  # type: ignore[arg-type]
    assert "3 streams in a row" in sender.breaker.reason


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_shares_hold_everything_once_and_keep_together_what_belongs_together(count: int) -> None:
    made = _plan()
    shares = [sharded(made, index, count) for index in range(1, count + 1)]
    sent = [{probe.id for probe in share.probes} - {"plain", "stream"} for share in shares]
    assert sum(map(len, sent)) == len(set().union(*sent)) == len(PROBES)
    assert all(
        ("calling" in names) == ("reply" in names) and share.first for names, share in zip(sent, shares, strict=True)
    )
    for index, (names, share) in enumerate(zip(sent, shares, strict=True), 1):
        others = {name for name, reason in share.unsent.items() if reason.startswith(ELSEWHERE)}
        assert others == {probe.id for probe in PROBES} - names
        assert not any(f"{index}/{count}" in share.unsent[name] for name in others)
    assert shares == [sharded(made, index, count) for index in range(1, count + 1)]


def test_an_item_finds_all_its_probes_and_its_control_in_one_share_and_shares_are_alike_in_size() -> None:
    probes = tuple(Probe(f"p{number}", _calls(f"p{number}")) for number in range(12))
    every = {probe.id: probe for probe in (PLAIN_CONTROL, *probes)}
    items = [
        Item("REQ-001", "pair", ("p0", "p11", "plain"), {"*": accepted}, "p5"),
        *(Item("REQ-001", probe.id, (probe.id,), {"*": accepted}, "plain") for probe in probes),
        Item("RESP-003", "", ("p1", "p2")),
    ]
    made = plan(items, every, _desk(), frozenset())
    shares = [{probe.id for probe in sharded(made, index, 3).main} for index in (1, 2, 3)]
    assert any({"p0", "p5", "p11"} <= share for share in shares)
    assert [len(share) for share in shares] == [4, 4, 4]


def test_the_digest_of_a_plan_is_of_what_it_sends() -> None:
    made, operator = _plan(), Operator("second-key")
    same = [digest_of(_plan("http://elsewhere:1"), operator), digest_of(made, Operator())]
    assert same == [digest_of(made, operator)] * 2, "neither an address nor a key is part of it"
    other = _plan(probes=(Probe("talk", _calls("a", "b")), *PROBES[1:]))
    told = {digest_of(made, Operator()), digest_of(other, Operator()), digest_of(made, Operator(context_window=9))}
    assert len(told) == 3
