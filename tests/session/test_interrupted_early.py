"""A run that a signal ends before anything was sent: its journal is whole, and it ends like any other."""

import signal
import threading
from pathlib import Path

import pytest

from conformance.contract import load_catalogue
from conformance.evidence.follow import read_run
from conformance.evidence.journal import JournalWriter
from conformance.evidence.run import Item
from conformance.load import run as load_run
from conformance.load.orders import Ladder
from conformance.session.closing import close_run
from conformance.session.live import Live, open_live
from conformance.session.undisturbed import undisturbed
from conformance.settings.resolve import UsageError, resolve
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL
from conformance.verdicts import Exit, Verdict

ENVIRONMENT = {"CONFORMANCE_API_KEY": "early-key-0123456789"}
PROBES = {probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL)}


@pytest.fixture(autouse=True)
def listening() -> object:
    """SIGINT as a process finds it that was started by hand."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def live(tmp_path: Path) -> Live:
    settings = resolve({"out": str(tmp_path / "run")}, tmp_path, {})
    return open_live(settings, [Item("RESP-003", "", ("plain",))], PROBES, environment=ENVIRONMENT)


def _ended(live: Live) -> None:
    closing = close_run(live, 2, "")
    assert closing.code is Exit.INTERRUPTED
    assert closing.graded.judgements["RESP-003"].verdict is Verdict.NOT_RUN
    assert {row.verdict for row in closing.graded.items} == {Verdict.NOT_RUN}
    follower = read_run(live.journal)
    assert follower.header["terms"]["profile"] == "myrouter" and len(follower.items) == 1
    assert follower.footer["holding"] == ["INTERRUPTED"] and not follower.footer["complete"]
    assert (live.folder / "report.json").is_file()


def test_before_the_journal_was_begun(live: Live) -> None:
    _ended(live)


def test_between_two_lines_of_its_beginning(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = JournalWriter.write

    def write(writer: JournalWriter, kind: str, **content: object) -> None:
        if kind == "header":
            signal.raise_signal(signal.SIGINT)
        plain(writer, kind, **content)

    monkeypatch.setattr(JournalWriter, "write", write)
    with pytest.raises(KeyboardInterrupt):
        live.begin()
    assert live.scheduler is None
    _ended(live)


def test_where_no_journal_can_be_written_it_is_told(live: Live) -> None:
    live.folder.parent.joinpath("file").write_text("")
    live.folder = live.folder.parent / "file" / "run"
    with pytest.raises(UsageError, match="cannot write the run into"):
        close_run(live, 2, "")
    live.target.close()


def test_a_load(tmp_path: Path) -> None:
    settings = resolve({"out": str(tmp_path / "run")}, tmp_path, ENVIRONMENT)

    def interrupted(words: str) -> None:
        raise KeyboardInterrupt

    done = load_run.load(settings, Ladder(users=2, step=2, requests=4), interrupted, ENVIRONMENT)
    assert done.closing.code is Exit.INTERRUPTED and done.levels == ()
    assert {judged.observations for judged in done.closing.graded.judgements.values()} == {0}
    assert done.closing.graded.judgements.keys() == load_catalogue().requirements.keys()


def test_what_comes_meanwhile_comes_at_the_end() -> None:
    steps: list[str] = []
    with pytest.raises(KeyboardInterrupt), undisturbed():
        signal.raise_signal(signal.SIGINT)
        steps.append("whole")
    assert steps == ["whole"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_is_deaf_stays_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with undisturbed():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_another_thread_hears_nothing_anyway() -> None:
    found: list[object] = []

    def step() -> None:
        with undisturbed():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=step)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]
