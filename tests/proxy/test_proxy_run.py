"""A run whose requests somebody else sends: blame, reports, exit code, and what can go wrong with it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from loopback import CLOSE, always, free_port, in_turn, message, response

from conformance import reference
from conformance.contract import Level
from conformance.evidence.follow import read_run
from conformance.evidence.journal import CannotWrite, JournalWriter
from conformance.evidence.run import CLIENT
from conformance.proxy.passthrough import Passthrough
from conformance.proxy.run import Proxied, proxy
from conformance.session.closing import settle
from conformance.settings.resolve import UsageError, resolve
from conformance.verdicts import Exit, Verdict

KEY = "canary-key-77aa55ee"
BODY: dict[str, Any] = {
    "model": "reference-1",
    "max_tokens": 16,
    "messages": [{"role": "user", "content": "Reply with the single word: pong"}],
}
HEADERS = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}


@dataclass(slots=True)
class Session:
    """A run, and what a client does in it."""

    out: Path
    said: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    done: Proxied | None = None

    def run(self, target: str, client: Callable[[str], object], **options: Any) -> Proxied:
        """Run, with the client in a thread of its own from the moment at which its URL is said."""
        threads: list[threading.Thread] = []

        def say(text: str) -> None:
            self.said.append(text)
            threads.append(threading.Thread(target=client, args=(text.split()[1],)))
            threads[0].start()

        given = {"target-url": target, "out": self.out, "profile": "anthropic", **options}
        self.done = proxy(resolve(given, self.out.parent, {}), 0, say, self.told.append, {})
        for thread in threads:
            thread.join(30)
        return self.done


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "run")


@contextmanager
def endpoint(*faults: str) -> Iterator[str]:
    with reference.Endpoint(reference.Settings(profile="anthropic", key=KEY, faults=faults)) as server:
        yield server.url


def asking(*changes: dict[str, Any]) -> Callable[[str], None]:
    """A client that sends a request for each change."""

    def ask(url: str) -> None:
        with httpx.Client(trust_env=False) as client:
            for change in changes:
                body = {name: value for name, value in {**BODY, **change}.items() if value is not None}
                client.post(f"{url}/v1/messages?beta=true", json=body, headers=HEADERS)

    return ask


def test_a_run_ends_in_the_usual_reports(session: Session) -> None:
    with endpoint() as url:
        done = session.run(url, asking({}, {"stream": True}), **{"max-requests": 2})
    assert done.closing.code is Exit.CONFORMS and session.told == []
    assert session.said[0].endswith(f"to {url}; end: Ctrl-C")
    graded = done.closing.graded
    assert graded.judgements["STRM-023"].verdict is Verdict.PASSED
    assert graded.judgements["AUTH-001"].verdict is Verdict.NOT_RUN
    assert {record.probe for record in graded.run.records} == {CLIENT}
    left = {path.name for path in session.out.iterdir()}
    assert {"journal.jsonl", "report.json", "requests.json", "junit.xml"} <= left
    assert json.loads((session.out / "requests.json").read_text()) == {
        "version": 1, "requests": 2, "faulty": 0, "faults": [], "unreadable": [],
    }  # fmt: skip
    assert not any(KEY in path.read_text("utf-8", "replace") for path in session.out.rglob("*") if path.is_file())


def test_its_journal_is_graded_again_to_the_same(session: Session) -> None:
    with endpoint("stop-reason-null") as url:
        done = session.run(url, asking({}), **{"max-requests": 1})
    again = settle(read_run(session.out / "journal.jsonl"), Level.MUST, None)
    assert again.code is done.closing.code is Exit.VIOLATION
    rows = done.closing.graded.judgements.items()
    assert {name: row.verdict for name, row in rows} == {
        name: row.verdict for name, row in again.graded.judgements.items()
    }


def test_what_the_target_breaks_is_told_at_once(session: Session) -> None:
    with endpoint("stop-reason-null") as url:
        session.run(url, asking({}), **{"max-requests": 1})
    [line] = session.told
    assert line.startswith(
        "exchange 1 (POST /v1/messages, status 200) broke RESP-009 MUST: expected a string, seen None"
    )


def test_what_a_client_breaks_is_no_fault_of_a_target_that_refuses(session: Session) -> None:
    with endpoint() as url:
        done = session.run(url, asking({}, {"max_tokens": None}, {"max_tokens": None}), **{"max-requests": 3})
    assert done.closing.code is Exit.CONFORMS
    assert session.told == [
        f"exchange {seq} (POST /v1/messages, status 400) client: REQ-021 MUST at /max_tokens: nothing" for seq in (2, 3)
    ]
    assert "2 of 3 requests break the contract: their clients' fault, not the target's" in done.text
    assert "client: REQ-021 MUST at /max_tokens: nothing (exchange 2 and 1 more, status 400)" in done.text
    assert done.closing.graded.judgements["REQ-021"].verdict is Verdict.PASSED
    [first, _] = json.loads((session.out / "requests.json").read_text())["faults"]
    assert first == {
        "exchange": 2, "request": "POST /v1/messages", "answer": "status 400", "requirement": "REQ-021",
        "level": "MUST", "where": "/max_tokens", "seen": "nothing",
    }  # fmt: skip


def test_a_target_that_serves_what_it_must_refuse_is_at_fault_as_well(session: Session) -> None:
    with always(message(usage={"input_tokens": 3, "output_tokens": 1}), CLOSE) as server:
        done = session.run(server.url, asking({"max_tokens": None}), **{"max-requests": 1})
    assert done.closing.graded.judgements["REQ-021"].verdict is Verdict.FAILED
    assert done.closing.code is Exit.VIOLATION
    assert any("client: REQ-021" in line for line in session.told)
    assert any("broke" in line and "REQ-021 MUST" in line for line in session.told)


def test_an_unreachable_target_is_not_judged(session: Session) -> None:
    done = session.run(f"http://127.0.0.1:{free_port()}", asking({}), **{"max-requests": 1})
    assert done.closing.code is Exit.UNGRADABLE and "the target answered no request" in done.text
    assert all(row.verdict is not Verdict.FAILED for row in done.closing.graded.judgements.values())


def test_nothing_at_all_is_nothing_tested(session: Session) -> None:
    done = session.run("http://127.0.0.1:9", lambda url: None, **{"max-seconds": 0.001})
    assert done.closing.code is Exit.NOTHING_TESTED


def test_other_paths_are_forwarded_and_recorded(session: Session) -> None:
    def ask(url: str) -> None:
        for path in ("/v1/models", "/v1/messages/count_tokens", "/health"):
            httpx.get(url + path, headers=HEADERS, trust_env=False)

    with in_turn([response(), CLOSE], [response(b"{}", 404), CLOSE], [response(b"no", 404, x_a="b"), CLOSE]) as server:
        done = session.run(server.url, ask, **{"max-requests": 3})
    assert [record.exchange.status for record in done.closing.graded.run.records] == [200, 404, 404]
    assert not json.loads((session.out / "requests.json").read_text())["faults"]


def test_what_is_no_http_is_told(session: Session) -> None:
    import socket
    from urllib.parse import urlsplit

    def ask(url: str) -> None:
        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0)) as client:
            client.sendall(b"\x16\x03\x01\r\n\r\n")
            client.recv(100)
        asking({})(url)

    with endpoint() as url:
        done = session.run(url, ask, **{"max-requests": 1})
    assert len(json.loads((session.out / "requests.json").read_text())["unreadable"]) == 1
    assert session.told[0].startswith("client: not HTTP/1: ") and "client: not HTTP/1, 1 times" in done.text


def test_many_faults_are_listed_in_the_file(session: Session) -> None:
    turns = [{"role": "odd", "content": "hi"}] * 12
    with endpoint() as url:
        done = session.run(url, asking({"messages": turns}), **{"max-requests": 1})
    assert "  and 2 more, in requests.json" in done.text.splitlines()
    assert len(json.loads((session.out / "requests.json").read_text())["faults"]) == 12


def test_an_interruption_is_the_usual_end(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Passthrough, seconds: float | None = None) -> bool:
        assert self.recorder.wait(lambda: self.recorder.recorded == 1, 30)
        raise KeyboardInterrupt

    monkeypatch.setattr(Passthrough, "wait", interrupted)
    with endpoint() as url:
        done = session.run(url, asking({}))
    assert done.closing.code is Exit.CONFORMS and read_run(session.out / "journal.jsonl").footer


def test_a_journal_that_cannot_be_written_ends_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    write = JournalWriter.write

    def full(self: JournalWriter, kind: str, **content: Any) -> None:
        if kind in ("exchange", "plan") and self.failure == "" and content.get("seq", 0):
            self.failure = "cannot write the journal: No space left on device"
        if self.failure:
            raise CannotWrite(self.failure)
        write(self, kind, **content)

    monkeypatch.setattr(JournalWriter, "write", full)
    with endpoint() as url:
        done = session.run(url, asking({}))
    assert done.closing.code is Exit.HARNESS_ERROR and "No space left on device" in done.text


def test_an_error_of_ours_is_told_without_the_key(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: Any) -> None:
        raise ValueError(f"with {KEY}")

    monkeypatch.setattr("conformance.proxy.watch.Watch.take", fails)
    with endpoint() as url:
        done = session.run(url, asking({}))
    assert done.closing.code is Exit.HARNESS_ERROR and "while recording: ValueError: with [KEY" in done.text


def test_a_report_that_cannot_be_written_is_an_error_of_ours(session: Session) -> None:
    session.out.mkdir()
    (session.out / "requests.json").mkdir()
    with endpoint() as url:
        done = session.run(url, asking({}), **{"max-requests": 1})
    assert done.closing.code is Exit.HARNESS_ERROR and "cannot write the report" in done.text


def test_a_taken_port_is_wrong_usage(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = resolve({"target-url": "http://127.0.0.1:9", "out": tmp_path / "run"}, tmp_path, {})
        with pytest.raises(UsageError, match=f"cannot listen on port {port}: .* choose another --port"):
            proxy(settings, port, lambda text: None, lambda text: None, {})


def test_a_target_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no target: give the URL"):
        proxy(resolve({}, tmp_path, {}), 0, lambda text: None, lambda text: None, {})
