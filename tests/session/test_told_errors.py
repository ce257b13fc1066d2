"""What a dependency says of an error is printed without what is secret, and what a debugger would show holds none."""

import asyncio
import ssl
from pathlib import Path

import pytest
from canary_target import KEY, SECOND, told
from loopback import CLOSE, always

from conformance import reporting
from conformance.evidence.run import Item
from conformance.probing.limits import Limits
from conformance.probing.redaction import MOST_WORDS, Redactor, Secret
from conformance.probing.sockets import SocketTransport
from conformance.probing.transport import HttpxTransport, Outgoing
from conformance.proof.runs import judged
from conformance.session import doctor
from conformance.session.closing import close_run
from conformance.session.live import Live, open_live
from conformance.settings.resolve import UsageError, resolve
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL
from conformance.verdicts import Exit
from conformance.wire.exchange import Exchange, Request

HEADER = "header-canary=0123456789"
ENVIRONMENT = {"CONFORMANCE_API_KEY": KEY, "SECOND": SECOND, "TENANT": HEADER}


def _live(url: str, folder: Path, environment: dict[str, str] = ENVIRONMENT) -> Live:
    (folder / "conformance.toml").write_text('[headers]\nx-tenant = "TENANT"\n')
    given = {"target-url": url, "model": "m-1", "out": str(folder / "run"), "restricted-key-env": "SECOND"}
    probes = {probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL)}
    return open_live(
        resolve(given, folder, environment), [Item("RESP-003", "", ("plain",))], probes, False, environment
    )


#: What httpx, h11, ssl and others put into their messages: the values they were given, whole or as Python writes them.
ERRORS = (
    ValueError(f"Illegal header value {f'Bearer {KEY}'.encode()!r}"),
    ssl.SSLError(1, f"[SSL] for {KEY!r} and {SECOND}"),
    KeyError(HEADER),
    ExceptionGroup("several", [RuntimeError(f"Authorization: Bearer {KEY}")]),
)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_while_sending_is_told_without_credentials(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*given: object) -> Exchange:
        raise error

    monkeypatch.setattr(HttpxTransport, "send", fail)
    live = _live("http://127.0.0.1:9", tmp_path)
    live.begin()
    closing = close_run(live, 0, "")
    assert closing.code is Exit.HARNESS_ERROR and "the harness failed while sending: " in closing.text
    texts = [path.read_text("latin-1") for path in (tmp_path / "run").iterdir() if path.is_file()]
    assert told("\n".join([closing.text, *texts])) == []


def test_an_error_while_asking_is_told_without_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*given: object) -> Exchange:
        raise ERRORS[0]

    monkeypatch.setattr(HttpxTransport, "send", fail)
    settings = resolve({"target-url": "http://127.0.0.1:9", "model": "m-1"}, tmp_path, {})
    with pytest.raises(doctor.AskingFailed, match="the harness failed while asking: ValueError") as failed:
        doctor.diagnose(settings, ENVIRONMENT)
    assert told(str(failed.value)) == []


def test_nothing_that_python_shows_of_a_run_holds_a_credential(tmp_path: Path) -> None:
    live = _live("http://127.0.0.1:9", tmp_path)
    parts = (live, live.settings, live.target, live.desk, live.terms, live.plan, live.redactor)
    assert told("\n".join(map(repr, parts))) == []
    live.finish()


@pytest.mark.parametrize(
    "key", ["sk-a\x01b0123456789", "sk-a\x7fb0123456789", "sk-a\tb0123456789", "sk-a\x1bb0123456789"]
)
def test_a_key_that_no_header_can_carry_is_told_before_a_library_tells_it(key: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds characters that no header can carry") as refused:
        _live("http://127.0.0.1:9", tmp_path, ENVIRONMENT | {"CONFORMANCE_API_KEY": key})
    assert "0123456789" not in str(refused.value)


@pytest.mark.parametrize("kind", [HttpxTransport, SocketTransport])
def test_an_error_that_is_cut_is_cut_behind_a_credential(kind: type[HttpxTransport] | type[SocketTransport]) -> None:
    """However far into the words of a library a target writes the key, no piece of it is left."""
    redactor = Redactor([Secret("KEY", KEY)])
    for ahead in range(100, 220, 7):
        with always(b"HTTP/1.1 " + b"x" * ahead + KEY.encode() + b"\r\n\r\n", CLOSE) as target:
            sent = Outgoing(Request("GET", f"{target.url}/", (), b""))
            exchange = redactor.exchange(asyncio.run(kind().send(sent, Limits(connect=5, first_byte=5))))
        assert len(exchange.end.detail) <= MOST_WORDS and KEY[:6] not in exchange.end.detail, exchange.end
        assert "illegal status line" in exchange.end.detail


@pytest.mark.parametrize("broken", ["report.json", "junit.xml", "report.html"])
def test_a_report_that_cannot_be_made_keeps_no_other_back(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(graded: object, facts: object) -> bytes:
        raise KeyError("no such member")

    monkeypatch.setattr(reporting, "REPORTS", {**reporting.REPORTS, broken: fail})
    closing = judged("myrouter", tmp_path / "run", "role-foreign", only=("RESP-003",))
    assert closing.code is Exit.HARNESS_ERROR
    assert closing.text.startswith(f"cannot make the report {broken}: KeyError at test_told_errors.py, line ")
    assert "no such member" not in closing.text
    written = {path.name for path in (tmp_path / "run").iterdir()}
    assert {*reporting.REPORTS, "journal.jsonl"} - written == {broken}
