"""Whole checks with clients made up for it: what works, what is lost in silence, what breaks, beside the cause."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_clients import HONEST, KEY, LIMITS, SCENARIOS, checked, describe, installed, written
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance import reference
from conformance._paths import SCHEMAS
from conformance.clients.driving import Command, How, Ran, drive
from conformance.evidence.follow import read_run
from conformance.proxy.watch import Watch
from conformance.settings.resolve import UsageError
from conformance.verdicts import Exit

#: A server that looks at no key.
UNLOCKED = ("unchecked-credential-present", "unchecked-bearer-known", "unchecked-api-key-known")


def fake(tmp_path: Path, driver: str = HONEST, **changes: Any) -> None:
    describe(tmp_path / "clients", program=driver, **changes)
    installed(tmp_path / "clients", tmp_path / "cache")


def scenario(tmp_path: Path, name: str) -> dict[str, Any]:
    [client] = written(tmp_path)["clients"]
    return next(row for row in client["scenarios"] if row["name"] == name)


def test_a_client_works_against_the_reference_endpoint_in_both_profiles(tmp_path: Path) -> None:
    fake(tmp_path)
    for profile in ("myrouter", "anthropic"):
        with reference.Endpoint(reference.Settings(key=KEY, profile=profile)) as server:
            done = checked(tmp_path, server.url, profile=profile)
        assert done.code is Exit.CONFORMS, done.text
        assert "WORKS" in done.text and "works: text, stream, error" in done.text
        assert "no violation at level must in what was selected; covered only" in done.text


def test_what_a_check_writes_keeps_to_its_schema_and_holds_no_key(tmp_path: Path) -> None:
    fake(tmp_path)
    with reference.Endpoint(reference.Settings(key=KEY)) as server:
        checked(tmp_path, server.url)
    found = written(tmp_path)
    Draft202012Validator(json.loads((SCHEMAS / "json" / "clients.json").read_text())).validate(found)
    assert [row["state"] for row in found["clients"][0]["scenarios"]] == ["works"] * 3
    assert all(len(row["exchanges"]) == 1 for row in found["clients"][0]["scenarios"])
    assert not any(KEY in path.read_text() for path in (tmp_path / "run").iterdir())
    probes = {record.probe for record in read_run(tmp_path / "run" / "journal.jsonl").run().records}
    assert {"client fake text", "client fake stream", "client fake error", "plain"} <= probes


def test_an_exception_stands_beside_the_requirement_that_explains_it(tmp_path: Path) -> None:
    fake(tmp_path)
    done = checked(tmp_path, None, "start-usage-missing")
    assert done.code is Exit.VIOLATION
    assert "BROKEN      Fake (1.2)" in done.text and "stream: broken: KeyError: 'usage'" in done.text
    row = scenario(tmp_path, "stream")
    assert (row["state"], row["outcome"], row["error"]["type"]) == ("broken", "exception", "KeyError")
    assert [one["requirement"] for one in row["broken"]] == ["STRM-006"]
    assert row["broken"][0]["basis"] == "sdk-implied"
    assert scenario(tmp_path, "text")["broken"] == []


def test_silent_loss_is_told_as_such(tmp_path: Path) -> None:
    fake(tmp_path, scenarios=["text"])
    done = checked(tmp_path, None, "stop-reason-null")
    assert "DEGRADED" in done.text and scenario(tmp_path, "text")["state"] == "degraded"
    assert "RESP-009" in [one["requirement"] for one in scenario(tmp_path, "text")["broken"]]


def test_text_that_came_and_was_not_seen_is_lost(tmp_path: Path) -> None:
    fake(tmp_path, HONEST.replace('message["content"][0]["text"]', 'message["content"][0]["text"][:3]'))
    done = checked(tmp_path)
    assert "text: degraded: 3 of 4 characters of the text were seen" in done.text
    assert "stream: degraded: 3 of 15 characters of the text were seen" in done.text


def test_a_client_that_fails_where_nothing_is_broken_is_told_apart(tmp_path: Path) -> None:
    fake(tmp_path, HONEST.replace('order["prompt"]', 'order["prompt"] + 1'), scenarios=["text"])
    done = checked(tmp_path)
    assert done.code is Exit.VIOLATION and "NameError" not in done.text
    assert "text: broken" in done.text and "no clause broken on the wire" in done.text


def test_loss_without_a_broken_clause_counts_under_should_alone(tmp_path: Path) -> None:
    fake(tmp_path, HONEST.replace('"turns": 1', '"turns": 2'), scenarios=["text"])
    assert checked(tmp_path).code is Exit.CONFORMS
    assert checked(tmp_path, level="should").code is Exit.VIOLATION
    assert scenario(tmp_path, "text")["reasons"] == ["2 turns were had, not 1"]


def test_what_a_client_itself_does_wrong_is_its_own(tmp_path: Path) -> None:
    fake(tmp_path, HONEST.replace('"model": order["model"],', '"model": order["model"], "temperature": "hot",'),
         scenarios=["text"])  # fmt: skip
    done = checked(tmp_path)
    assert done.code is Exit.VIOLATION and "client: REQ-" in done.text
    assert scenario(tmp_path, "text")["faults_of_the_client"]


def test_a_client_that_sends_nothing_is_not_checked_and_the_others_are(tmp_path: Path) -> None:
    describe(tmp_path / "clients", "asleep", "import time\ntime.sleep(600)", scenarios=["text"])
    fake(tmp_path, scenarios=["text"])
    done = checked(tmp_path, seconds=1.0, names=("asleep",))
    assert done.code is Exit.HARNESS_ERROR and "it sent nothing within 1 s; see --seconds" in done.text
    checked(tmp_path, names=("asleep", "fake"), seconds=10.0)
    states = {row["name"]: row["state"] for row in written(tmp_path)["clients"]}
    assert states == {"asleep": "not checked", "fake": "works"}


def test_a_hang_is_told_with_what_was_still_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(command: Command, order: dict[str, Any], seconds: float) -> Ran:
        drive(command, order, seconds)
        return Ran(How.HANG, "no end within 1 s")

    monkeypatch.setattr("conformance.clients.checks.drive", hangs)
    fake(tmp_path, scenarios=["text"])
    done = checked(tmp_path)
    assert done.code is Exit.VIOLATION and "text: broken: hang: no end within 1 s" in done.text
    assert "no clause broken on the wire" in done.text and "still open" not in done.text


def test_a_hang_at_a_silence_names_what_the_controls_broke(tmp_path: Path) -> None:
    fake(tmp_path, scenarios=["stream"])
    short = replace(LIMITS, between_bytes=1.0)
    done = checked(tmp_path, None, "silent-in-block", limits=short, seconds=12.0)
    assert done.code is Exit.VIOLATION and "stream: broken: hang: no end within 12 s" in done.text
    assert "its answer was still open at our limit between-bytes, and other exchanges of this run broke" in done.text
    assert "STRM-023" in done.text


@pytest.mark.parametrize(
    ("driver", "outcome", "code"),
    [
        pytest.param("import sys\nsys.exit('it fell over')", "crash", Exit.VIOLATION, id="crash"),
        pytest.param("print('pong')", "garbage", Exit.HARNESS_ERROR, id="garbage"),
        pytest.param("print('[1]')", "garbage", Exit.HARNESS_ERROR, id="no-object"),
        pytest.param("pass", "garbage", Exit.HARNESS_ERROR, id="nothing"),
        pytest.param(
            "print('x' * 5_000_000, flush=True)\nimport time\ntime.sleep(600)", "flood", Exit.HARNESS_ERROR, id="flood"
        ),
    ],
)
def test_a_driver_that_tells_nothing_is_an_outcome_of_its_own(
    tmp_path: Path, driver: str, outcome: str, code: Exit
) -> None:
    fake(tmp_path, driver, scenarios=["text"])
    done = checked(tmp_path)
    row = scenario(tmp_path, "text")
    assert (done.code, row["outcome"], row["state"]) == (code, outcome, "broken"), done.text


def test_a_key_that_a_client_repeats_is_taken_out(tmp_path: Path) -> None:
    told = HONEST.replace('"version": "1.2"', '"version": "1.2", "key": os.environ["FAKE_KEY"]')
    fake(tmp_path, told.replace('message["content"][0]["text"]', 'os.environ["FAKE_KEY"]'), scenarios=["text"])
    with reference.Endpoint(reference.Settings(key=KEY)) as server:
        done = checked(tmp_path, server.url)
    assert KEY not in done.text and KEY not in json.dumps(written(tmp_path))
    assert scenario(tmp_path, "text")["seen"]["text"]


def test_what_is_not_claimed_is_not_asked_for(tmp_path: Path) -> None:
    fake(tmp_path, scenarios=["text", "error"])
    changed = json.loads(json.dumps(SCENARIOS))
    changed["scenarios"]["text"]["capability"] = "thinking"
    (tmp_path / "clients" / "scenarios.yaml").write_text(json.dumps(changed))
    checked(tmp_path)
    assert scenario(tmp_path, "text")["reasons"] == ["the target does not claim thinking"]
    assert scenario(tmp_path, "text")["outcome"] is None and scenario(tmp_path, "error")["state"] == "works"


def test_without_a_client_for_the_profile_nothing_is_tested(tmp_path: Path) -> None:
    fake(tmp_path, profiles=["anthropic"])
    done = checked(tmp_path)
    assert done.code is Exit.NOTHING_TESTED and not (tmp_path / "run").exists()


def test_wrong_names_are_said_before_anything_is_sent(tmp_path: Path) -> None:
    fake(tmp_path, by_name_only=True)
    with pytest.raises(UsageError, match="no client 'other'; there are fake"):
        checked(tmp_path, names=("other",))
    with pytest.raises(UsageError, match="no scenario 'other'; there are text, stream, error"):
        checked(tmp_path, names=("fake",), scenarios=("other",))
    with pytest.raises(UsageError, match="--fault is about the embedded endpoint"):
        checked(tmp_path, "http://127.0.0.1:9", "usage-missing", names=("fake",))
    with pytest.raises(UsageError, match="no-such-fault"):
        checked(tmp_path, None, "no-such-fault", names=("fake",))
    assert checked(tmp_path).code is Exit.NOTHING_TESTED
    assert checked(tmp_path, names=("fake",), scenarios=("error",)).code is Exit.CONFORMS


def test_a_target_that_is_not_there_ends_the_check(tmp_path: Path) -> None:
    fake(tmp_path, scenarios=["text"])
    done = checked(tmp_path, "http://127.0.0.1:9")
    assert done.code is Exit.UNGRADABLE and "cannot be reached" in done.text and done.checked[0].results == ()
    assert "NOT CHECKED" in done.text and written(tmp_path)["clients"][0]["state"] == "not checked"


def test_a_target_without_keys_is_asked_nothing_about_keys(tmp_path: Path) -> None:
    fake(tmp_path, scenarios=["text", "error"])
    with reference.Endpoint(reference.Settings(faults=UNLOCKED)) as server:
        checked(tmp_path, server.url, **{"no-auth": True})
    assert scenario(tmp_path, "error")["reasons"] == ["the target takes no key"]


def test_a_driver_that_cannot_be_started_is_not_checked(tmp_path: Path) -> None:
    fake(tmp_path, scenarios=["text"])
    [place] = (tmp_path / "cache").iterdir()
    (place / "venv" / "bin" / "python").unlink()
    done = checked(tmp_path)
    assert done.code is Exit.HARNESS_ERROR and "text: not checked: its driver cannot be started" in done.text
    assert scenario(tmp_path, "text")["state"] == written(tmp_path)["clients"][0]["state"] == "not checked"


def test_an_interrupted_check_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, scenarios=["text", "stream"])
    begun: list[str] = []

    def interrupted(command: Command, order: dict[str, Any], seconds: float) -> Ran:
        begun.append(order["scenario"])
        if len(begun) == 2:
            raise KeyboardInterrupt
        return drive(command, order, seconds)

    monkeypatch.setattr("conformance.clients.checks.drive", interrupted)
    done = checked(tmp_path)
    assert done.code is Exit.INTERRUPTED and "works: text" in done.text
    [row] = written(tmp_path)["clients"][0]["scenarios"]
    assert (row["name"], row["state"]) == ("text", "works")


def test_what_cannot_be_recorded_is_an_error_of_the_harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, scenarios=["text"])

    def full(self: Any, record: Any) -> None:
        raise ValueError("no room")

    monkeypatch.setattr(Watch, "take", full)
    done = checked(tmp_path)
    assert done.code is Exit.HARNESS_ERROR and "no room" in done.text


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    fake(tmp_path, scenarios=["text"])
    (tmp_path / "run" / "clients.json").mkdir(parents=True)
    done = checked(tmp_path)
    assert done.code is Exit.HARNESS_ERROR and "cannot write the report" in done.text
