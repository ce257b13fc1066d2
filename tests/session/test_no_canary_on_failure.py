"""However a run fails, no file and no output of it, nor of what is made of it, holds a credential that it was given."""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from canary_failures import LIMITS, WAYS, failing, slow
from canary_runs import ASKED, CONFIG, GIVEN, Process, command, give_credentials, run
from canary_target import KEY, SECOND, echoing, told, told_in
from loopback import Loopback, free_port
from processes import children

from conformance.evidence.run import Item
from conformance.load import crowd
from conformance.load.orders import Ladder
from conformance.load.run import load
from conformance.rules import traffic
from conformance.rules.all import load_rules
from conformance.rules.registry import EXCHANGE_RULES
from conformance.session.closing import Closing, close_run
from conformance.session.live import open_live
from conformance.session.target import Ungradable
from conformance.settings.resolve import resolve
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL
from conformance.verdicts import Exit

load_rules()  # before any thread: where two of them parse at once, as pytest does to import them, Python may fail

FEW = ("--fuzz", "0", "--attempts", "1", "--requirement", "RESP-00*", "--requirement", "STRM-00*", "--model", "m-1")

#: Requests for half a minute, one after another, to a target that takes its time.
LONG = ("--fuzz", "0", "--concurrency", "1", "--requirement", "REQ-0*", "--model", "m-1")


@pytest.fixture(autouse=True)
def _given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_credentials(tmp_path, monkeypatch, CONFIG.replace("[headers]", f"{LIMITS}[headers]"))


def _closed(url: str, folder: Path, **options: str) -> tuple[Closing, str]:
    """A run of the two controls in this process: what it came to, and why the pre-flight ended it, if it did."""
    given = {"target-url": url, "model": "m-1", "out": "run", "restricted-key-env": "SECOND_KEY", **options}
    probes = {probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL)}
    items = [Item("RESP-003", "", ("plain", "stream"))]
    live, ungradable = open_live(resolve(given, folder, GIVEN), items, probes, False, GIVEN), ""
    try:
        live.begin()
        assert live.scheduler is not None
        live.scheduler.wait()
    except Ungradable as error:
        ungradable = str(error)
    closing = close_run(live, 0, ungradable)
    assert told(f"{closing.text}\n{ungradable}") == [] and told_in(folder) == {}
    return closing, ungradable


@pytest.mark.parametrize("way", WAYS)
def test_whatever_the_first_answers_are(way: str, tmp_path: Path) -> None:
    with failing(KEY, way) as target:
        closing, _ = _closed(target.url, tmp_path)
    assert closing.graded.run.records and (tmp_path / "run" / "report.html").is_file()


def test_whatever_later_answers_are_and_what_is_made_of_the_run(tmp_path: Path) -> None:
    """With every command that reads a run."""
    with failing(KEY, served=2) as target:
        code, printed = run(target.url, "--out", "run", *FEW, *ASKED)
    assert code == 1 and "cut by our limits: " in printed
    for words in (
        ("grade", "run", "--out", "again"), ("compare", "run", "again", "--out", "compared"),
        ("compare", "run", "again"), ("grade", "run", "--profile", "anthropic"),
        ("estimate", "--target-url", target.url, "--model", "m-1"),
    ):  # fmt: skip
        command(*words)
    assert told_in(tmp_path) == {} and (tmp_path / "again" / "report.json").is_file()


def test_asking_a_target_that_does_everything_wrong(tmp_path: Path) -> None:
    with failing(KEY) as target:
        command("doctor", target.url, "--model", "m-1", "--out", "asked", "--write", "proposed.toml")
    assert told_in(tmp_path) == {}


def test_no_tls_where_it_was_asked_for_and_no_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{SECOND}@127.0.0.1:{free_port()}")
    with echoing() as target:
        closing, why = _closed(target.url.replace("http:", "https:"), tmp_path)
        assert closing.code is Exit.UNGRADABLE and "within our limit connect" in why
        assert command("doctor", target.url.replace("http:", "https:"), "--model", "m")[0] == Exit.UNGRADABLE


def test_nobody_there(tmp_path: Path) -> None:
    closing, why = _closed(f"http://127.0.0.1:{free_port()}", tmp_path)
    assert closing.code is Exit.UNGRADABLE and why


def _full() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))


def test_a_disk_that_fills(tmp_path: Path) -> None:
    with echoing() as target:
        code, printed = run(target.url, "--out", "run", *FEW, before=_full, COVERAGE_PROCESS_START="")
    assert code == Exit.HARNESS_ERROR and "File too large" in printed
    assert told_in(tmp_path) == {}


def test_reports_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "run" / "report.json").mkdir(parents=True)
    with echoing() as target:
        closing, _ = _closed(target.url, tmp_path)
    assert closing.code is Exit.HARNESS_ERROR and "cannot write the report" in closing.text


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with echoing() as target:
        code, printed = run(target.url, "--out", "run", *FEW)
    assert code == Exit.USAGE and "run" in printed and told_in(tmp_path) == {}


def test_a_journal_that_is_cut_or_edited(tmp_path: Path) -> None:
    with echoing() as target:
        _closed(target.url, tmp_path)
    whole = (tmp_path / "run" / "journal.jsonl").read_bytes()
    for place, part in enumerate((whole[:-1], whole[: len(whole) // 2], whole[:9], whole.replace(b"[KEY", b"[SEC", 1))):
        journal = tmp_path / f"cut-{place}.jsonl"
        journal.write_bytes(part)
        code, printed = command("grade", str(journal), "--out", f"graded-{place}")
        assert printed and code in {Exit.INTERRUPTED, Exit.USAGE}
        command("compare", str(journal), "run")
    assert told_in(tmp_path) == {}


@pytest.mark.parametrize(
    "config",
    [
        "[limits]\nwhole = 'KEY'\n", "[limits]\n'KEY' = 1\n", "[limits]\nwhole = KEY\n", "limits = 'KEY'\n",
        "'KEY' = 1\n", "level = 'KEY'\n", "capability = ['KEY']\n", "prices = 'KEY'\n", "baseline = 'KEY'\n",
        "ca-bundle = 'KEY'\n", "timeout = 'KEY'\n", "[headers]\n'KEY' = 'TENANT'\n", "headers = 'KEY'\n", "[KEY",
        "requirement = ['KEY']\n", "profile = 'KEY'\n", "resume = 'KEY'\n", "out = 1\nmodel = ['KEY']\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("words", [("doctor",), ("estimate", "--target-url")], ids=["doctor", "estimate"])
def test_a_broken_configuration(config: str, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "conformance.toml").write_text(config.replace("KEY", KEY))
    code, printed = command(*words, f"http://127.0.0.1:{free_port()}", "--model", "m")
    assert printed and code in {Exit.USAGE, Exit.UNGRADABLE, 0}


def _begun(target: Loopback, process: Process, least: int = 4) -> None:
    while len(target.received) < least and process.poll() is None:
        time.sleep(0.01)


def _twice(target: Loopback, process: Process) -> None:
    _begun(target, process)
    for _ in range(200):  # the second one may come before the first was heard
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)


def _signalled(number: signal.Signals, target: Loopback, process: Process) -> None:
    _begun(target, process)
    process.send_signal(number)


def _worker_killed(target: Loopback, process: Process) -> None:
    _begun(target, process)
    os.kill(children(process.pid)[0], signal.SIGKILL)


@pytest.mark.parametrize(
    ("meanwhile", "words", "code"),
    [
        (partial(_signalled, signal.SIGINT), (), Exit.INTERRUPTED),
        (partial(_signalled, signal.SIGTERM), (), Exit.INTERRUPTED),
        (_twice, (), Exit.INTERRUPTED),
        (_worker_killed, ("-n", "2"), Exit.HARNESS_ERROR),
    ],
    ids=["interrupted", "terminated", "interrupted twice", "worker killed"],
)
def test_a_process_that_is_ended(
    meanwhile: Callable[[Loopback, Process], None], words: tuple[str, ...], code: Exit, tmp_path: Path
) -> None:
    with slow(0.2) as target:
        ended, printed = run(target.url, "--out", "run", *LONG, *words, meanwhile=partial(meanwhile, target))
    assert ended == code and printed and (tmp_path / "run" / "journal.jsonl").is_file()
    assert told_in(tmp_path) == {}


def _raises(*given: object) -> object:
    raise RuntimeError(f"no answer to Bearer {os.environ['CONFORMANCE_API_KEY']}")


def test_a_rule_that_crashes_with_a_key_in_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crashing = SimpleNamespace(requirements=("RESP-003",), judge=_raises)
    monkeypatch.setattr(traffic, "EXCHANGE_RULES", [*EXCHANGE_RULES, crashing])
    with echoing() as target:
        closing, _ = _closed(target.url, tmp_path)
    assert closing.code is Exit.HARNESS_ERROR and "raised RuntimeError at test_no_canary_on_failure.py" in closing.text


@pytest.mark.parametrize(
    "words", ["ValueError: Illegal header value b'Bearer X'", "X", ""], ids=["said", "bare", "none"]
)
def test_a_process_of_a_load_that_fails(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It complains in its own words, as Python and the libraries do of what they were given."""
    script = tmp_path.parent / f"{tmp_path.name}-worker"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nsys.stderr.write('''{words.replace('X', KEY)}''')\nsys.exit(1)\n"
    )
    script.chmod(0o700)
    monkeypatch.setattr(crowd, "sys", SimpleNamespace(executable=str(script)))
    said: list[str] = []
    with echoing() as target:
        settings = resolve({"target-url": target.url, "model": "m-1", "out": "run"}, tmp_path, GIVEN)
        done = load(settings, Ladder(users=2, requests=8), said.append, GIVEN)
    assert done.closing.code is Exit.HARNESS_ERROR and "the master of the load failed: " in done.text
    assert told("\n".join((done.text, *said))) == [] and told_in(tmp_path) == {}


def test_a_load_of_a_target_that_repeats_what_it_is_sent(tmp_path: Path) -> None:
    said: list[str] = []
    with echoing() as target:
        settings = resolve({"target-url": target.url, "model": "m-1", "out": "run"}, tmp_path, GIVEN)
        done = load(settings, Ladder(users=2, requests=8), said.append, GIVEN)
    assert {"journal.jsonl", "load.json", "report.html"} <= {path.name for path in (tmp_path / "run").iterdir()}
    assert told("\n".join((done.text, *said))) == [] and told_in(tmp_path) == {}
