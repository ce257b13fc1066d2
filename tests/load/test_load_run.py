"""A load from beginning to end, its worker in this process in place of Locust's: the journal, the reports, the code."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from load_orders import KEY, LIMITS, converse, settings

from conformance import reference
from conformance.evidence.follow import read_run
from conformance.load.crew import Crew
from conformance.load.crowd import KEPT, Crowd, Outcome, environment
from conformance.load.orders import Ladder
from conformance.load.run import Loaded, load
from conformance.probing.sender import GONE
from conformance.session.target import Ungradable
from conformance.settings.resolve import UsageError, resolve
from conformance.verdicts import Exit, Verdict

ENVIRONMENT = {"CONFORMANCE_API_KEY": KEY}
LADDER = Ladder(users=8, step=8, requests=20)


def loaded(url: str, folder: Path, said: list[str], **options: object) -> Loaded:
    given = {"target-url": url, "model": "reference-1", "out": folder, **options}
    chosen = replace(resolve(given, folder.parent, ENVIRONMENT), limits=LIMITS)
    return load(chosen, LADDER, said.append, ENVIRONMENT)


@pytest.fixture
def endpoint() -> Iterator[reference.Endpoint]:
    with reference.Endpoint(settings()) as server:
        yield server


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only worker climbs every rung in this process."""

    def run(crowd: Crowd, began: float) -> Outcome:
        begun = time.monotonic() - began
        crew = Crew(replace(crowd.orders, worker=0, began=began, journal=crowd.journal(0)))
        converse(crew, 0)
        crew.close()
        return Outcome((begun,), 20, 0, crew.over, crew.error, "0")

    monkeypatch.setattr(Crowd, "run", run)


def ends(outcome: Outcome | BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes come to this."""

    def run(crowd: Crowd, began: float) -> Outcome:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(Crowd, "run", run)


@pytest.mark.usefixtures("here")
def test_a_load_ends_in_one_journal_and_the_usual_reports(endpoint: reference.Endpoint, tmp_path: Path) -> None:
    said: list[str] = []
    done = loaded(endpoint.url, tmp_path / "run", said)
    assert said == [
        "at most 6 requests one by one, then 20 of up to 8 users (8) within 60 s, 6000 output tokens at most"
    ]
    assert done.closing.code is Exit.CONFORMS
    run = read_run(tmp_path / "run" / "journal.jsonl").run()
    assert [record.seq for record in run.records] == list(range(1, len(run.records) + 1))
    assert len(run.records) == 26 and done.levels[0].requests == 20
    assert done.closing.graded.judgements["LOAD-001"].verdict is Verdict.PASSED
    assert done.closing.graded.judgements["STRM-023"].verdict is Verdict.PASSED
    left = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"journal.jsonl", "load.json", "report.json"} <= left and not any("worker" in name for name in left)


@pytest.mark.usefixtures("here")
def test_the_file_tells_what_was_asked_and_what_every_rung_took(endpoint: reference.Endpoint, tmp_path: Path) -> None:
    done = loaded(endpoint.url, tmp_path / "run", [])
    told = json.loads((tmp_path / "run" / "load.json").read_bytes())
    assert told["asked"]["rungs"] == [8] and told["locust"]["requests"] == 20
    (level,) = told["levels"]
    assert level["served"] == 20 and set(level["seconds"]) == {"first_event", "between_events", "whole"}
    assert "users" in done.text and f"wrote {tmp_path / 'run' / 'load.json'}" in done.text
    assert KEY not in (tmp_path / "run" / "load.json").read_text()


@pytest.mark.usefixtures("here")
def test_a_model_that_repeats_nothing_leaves_crosstalk_open(tmp_path: Path) -> None:
    with reference.Endpoint(settings(uncooperative=True)) as server:
        done = loaded(server.url, tmp_path / "run", [])
    judgement = done.closing.graded.judgements["LOAD-001"]
    assert judgement.verdict is Verdict.INCONCLUSIVE and "repeat the word" in judgement.reason
    assert done.closing.code is Exit.CONFORMS


@pytest.mark.usefixtures("here")
def test_a_cap_is_heeded_and_told(endpoint: reference.Endpoint, tmp_path: Path) -> None:
    said: list[str] = []
    done = loaded(endpoint.url, tmp_path / "run", said, **{"max-output-tokens": 900})
    assert said[0].endswith("900 output tokens at most")
    assert "left off: not sent: the cap of " in done.text


@pytest.mark.usefixtures("here")
def test_a_report_that_cannot_be_written_is_an_error_of_the_harness(
    endpoint: reference.Endpoint, tmp_path: Path
) -> None:
    (tmp_path / "run" / "load.json").mkdir(parents=True)
    done = loaded(endpoint.url, tmp_path / "run", [])
    assert done.closing.code is Exit.HARNESS_ERROR
    assert done.text.startswith(f"cannot write {tmp_path / 'run' / 'load.json'}: ")


@pytest.mark.parametrize(
    ("outcome", "code", "told"),
    [
        (Outcome(over=GONE), Exit.UNGRADABLE, "the target stopped serving during the run"),
        (Outcome(failure="worker 1 of the load failed: x"), Exit.HARNESS_ERROR, "worker 1 of the load failed: x"),
        (KeyboardInterrupt(), Exit.INTERRUPTED, ""),
    ],
    ids=["gone", "failed", "interrupted"],
)
def test_what_ends_a_load_early_has_its_code(
    outcome: Outcome | BaseException,
    code: Exit,
    told: str,
    endpoint: reference.Endpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends(outcome, monkeypatch)
    done = loaded(endpoint.url, tmp_path / "run", [])
    assert (done.closing.code, done.levels) == (code, ())
    assert told in done.text
    assert len(read_run(tmp_path / "run" / "journal.jsonl").records) == 6


def test_a_damaged_part_is_an_error_of_the_harness(
    endpoint: reference.Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(crowd: Crowd, began: float) -> Outcome:
        crowd.journal(0).write_text("{}\n")
        return Outcome((0.0,))

    monkeypatch.setattr(Crowd, "run", run)
    done = loaded(endpoint.url, tmp_path / "run", [])
    assert done.closing.code is Exit.HARNESS_ERROR
    assert "worker-1.jsonl, line 1 is not a journal record" in done.text


def test_a_key_that_is_refused_ends_it_before_the_crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends(AssertionError("no process is started"), monkeypatch)
    with reference.Endpoint(reference.Settings(key="another-key-0123456789")) as server:
        done = loaded(server.url, tmp_path / "run", [])
    assert done.closing.code is Exit.UNGRADABLE and done.levels == ()


def test_what_is_wrong_beforehand_is_raised(tmp_path: Path) -> None:
    with pytest.raises(Ungradable):
        load(resolve({"target-url": "http://127.0.0.1:9", "out": tmp_path}, tmp_path, {}), LADDER, print, {})
    with pytest.raises(UsageError):
        load(resolve({"target-url": "nowhere", "out": tmp_path}, tmp_path, {}), LADDER, print, {})


def test_processes_get_what_they_need_of_the_environment() -> None:
    given = {"PATH": "/bin", "CONFORMANCE_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY, "HTTP_PROXY": "http://x"}
    assert environment(given) == {"PATH": "/bin", "LOCUST_SKIP_MONKEY_PATCH": "1"}
    assert not [name for name in KEPT if "KEY" in name or "PROXY" in name]
