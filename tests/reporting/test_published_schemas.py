"""The reports against the published schemas of their formats; sources and versions are in `schemas/README.md`."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from jsonschema import Draft4Validator, Draft6Validator, Draft7Validator, ValidationError  # type: ignore[import-untyped, unused-ignore]
from referencing import Registry
from referencing.jsonschema import DRAFT6
from reporting_runs import FACTS, broken, graded, record, result, terms

from conformance.contract import Level
from conformance.reporting import REPORTS, Facts
from conformance.reporting.facts import Baselined
from conformance.reporting.times import date, later
from conformance.rules.findings import Where
from conformance.verdicts import Exit, Graded, Verdict
from conformance.wire.exchange import Chunk, End, Ending

SCHEMAS = Path(__file__).parent / "schemas"


def loaded(name: str) -> Any:
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


@cache
def har_validator() -> Any:
    parts = {path.name: json.loads(path.read_text("utf-8")) for path in sorted((SCHEMAS / "har").glob("*.json"))}
    resources = ((name, DRAFT6.create_resource(part)) for name, part in parts.items())
    return Draft6Validator(parts["har.json"], registry=Registry().with_resources(resources))


@cache
def junit_schema() -> Any:
    return xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))


def valid_junit(data: bytes) -> None:
    junit_schema().validate(data.decode())


def valid_json(validator: Any, data: bytes) -> Any:
    content = json.loads(data)
    validator.validate(content)
    return content


VALID: dict[str, Any] = {
    "junit.xml": valid_junit,
    "ctrf.json": lambda data: valid_json(Draft7Validator(loaded("ctrf-0.0.json")), data),
    "report.sarif": lambda data: valid_json(Draft4Validator(loaded("sarif-2.1.0-rtm.5.json")), data),
    "exchanges.har": lambda data: valid_json(har_validator(), data),
}


def sample() -> Graded:
    """Every verdict, violations in many exchanges, with and without a place, answers of every kind."""
    rows = [
        broken("RESP-003", "role assistant", "role 'bot' [x](y) {0}", Where(seq, "/role", 2, 10)) for seq in range(7)
    ]
    warned = broken("REQ-023", "a client error", "status 200", Where(), Level.SHOULD, "minus")
    unanswered = record(2, b"\xff\x00")
    silent = replace(
        unanswered.exchange,
        status=None,
        headers=(),
        chunks=(),
        end=End(Ending.NO_ANSWER, detail="gone"),
        first_byte=None,
    )
    streamed = tuple(Chunk(0.1 * n, b"data: \xff\n\n") for n in range(600))
    records = (
        record(0, b""),
        record(1, probe="drawn"),
        replace(unanswered, exchange=silent),
        replace(
            record(3), exchange=replace(record(3).exchange, chunks=streamed, began=3.5, elapsed=60.1, first_byte=0.2)
        ),
        *(record(seq) for seq in range(4, 7)),
    )
    return graded(
        [
            result("REQ-023 minus", Verdict.WARNED, warned, generated=True, probe="drawn"),
            result("RESP-003", Verdict.FAILED, *rows),
            result("RESP-004", Verdict.PASSED),
            result("SSE-001", Verdict.INCONCLUSIVE, reason="nothing to see"),
            result("SSE-002", Verdict.NOT_RUN, reason="not sent"),
            result("TOOL-001 x", Verdict.NOT_APPLICABLE, reason="the target does not claim tools"),
            result("RESP-005", Verdict.FAILED, broken("RESP-005", "a", "b", Where(1)), scored=False),
        ],
        records,
    )


BASELINED = Baselined(waived=frozenset({"RESP-003"}), violated=1, failures=("REQ-001: expired",), remarks=("flaky",))
RUNS: dict[str, tuple[Graded, Facts]] = {
    "sample": (sample(), replace(FACTS, exit=Exit.VIOLATION)),
    "baselined": (sample(), replace(FACTS, exit=Exit.VIOLATION, baseline=BASELINED)),
    "empty": (graded(rest=Verdict.NOT_RUN, finished=False), replace(FACTS, exit=Exit.INTERRUPTED, ended="")),
    "clean": (graded(under=terms(without=("tools",))), replace(FACTS, embedded=True, started="2026-01-02T03:04:05")),
    "ungradable": (graded(), replace(FACTS, exit=Exit.UNGRADABLE, ungradable="no message", started="", ended="")),
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", VALID)
def test_a_report_is_what_its_format_says(name: str, run: str) -> None:
    VALID[name](REPORTS[name](*RUNS[run]))
    assert REPORTS[name](*RUNS[run]) == REPORTS[name](*RUNS[run])


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("junit.xml", b"<testcase ", b"<testcase wrong='1' "),
        ("ctrf.json", b'"rawStatus"', b'"wrong"'),
        ("report.sarif", b'"executionSuccessful"', b'"wrong"'),
        ("exchanges.har", b'"startedDateTime"', b'"wrong"'),
    ],
)
def test_what_is_not_of_the_format_is_refused(name: str, old: bytes, new: bytes) -> None:
    data = REPORTS[name](*RUNS["sample"])
    assert old in data
    with pytest.raises((ValidationError, xmlschema.XMLSchemaValidationError)):
        VALID[name](data.replace(old, new))


def test_har_holds_what_was_exchanged() -> None:
    log = valid_json(har_validator(), REPORTS["exchanges.har"](*RUNS["sample"]))["log"]
    entries = log["entries"]
    assert [entry["comment"] for entry in entries] == [f"exchange {seq}" for seq in range(7)]
    assert entries[3]["startedDateTime"] == "2026-01-02T03:04:08.500+00:00" and entries[3]["time"] == 60100
    assert entries[3]["timings"] == {"send": 0, "wait": 200, "receive": 59900}
    assert len(entries[3]["_chunks"]) == 500 and entries[3]["_chunks"][1] == [0.1, 9]
    assert entries[3]["response"]["content"]["encoding"] == "base64"
    assert "postData" not in entries[0]["request"] and entries[2]["request"]["postData"]["encoding"] == "base64"
    assert entries[2]["response"]["status"] == 0 and entries[2]["_end"] == "no-answer: gone"
    assert {"name": "Authorization", "value": "Bearer [KEY*********]"} in entries[1]["request"]["headers"]
    assert all(entry["time"] >= 0 and min(entry["timings"].values()) >= 0 for entry in entries)  # `min` in the schema


def test_har_leaves_large_bodies_out_and_says_so() -> None:
    large = replace(record(1).exchange, chunks=(Chunk(0.1, b"x" * (64 * 1024 + 1)),))
    many = [replace(record(seq), exchange=replace(large, chunks=(Chunk(0.1, b"x" * 65536),))) for seq in range(2, 140)]
    run = graded(records=[replace(record(1), exchange=large), *many])
    entries = json.loads(REPORTS["exchanges.har"](run, FACTS))["log"]["entries"]
    assert entries[0]["response"]["content"]["comment"] == "65537 bytes left out; the journal holds them"
    held = [entry for entry in entries if "text" in entry["response"]["content"]]
    assert len(held) == 127 and held[0]["comment"] == "exchange 2"


def test_sarif_says_what_a_violation_does() -> None:
    run = valid_json(VALID_SARIF, REPORTS["report.sarif"](*RUNS["sample"]))["runs"][0]
    found = {row["ruleId"]: row for row in run["results"]}
    assert {name: row["level"] for name, row in found.items()} == {
        "REQ-023": "warning", "RESP-003": "error", "RESP-005": "note",
    }  # fmt: skip
    assert found["RESP-003"]["occurrenceCount"] == 7 and len(found["RESP-003"]["locations"]) == 5
    assert found["RESP-003"]["locations"][0]["logicalLocations"][0]["name"] == "exchange 0, event 2, /role, byte 10"
    assert "role 'bot' \\[x\\](y) {{0}}" in found["RESP-003"]["message"]["text"]
    assert len({row["partialFingerprints"]["requirementAndCase/v1"] for row in run["results"]}) == 3
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[row["ruleIndex"]]["id"] == row["ruleId"] for row in run["results"])
    assert all({"source", "level", "basis"} <= rule["properties"].keys() for rule in rules)
    assert run["invocations"][0]["startTimeUtc"] == "2026-01-02T03:04:05.000Z"


def test_sarif_suppresses_what_a_baseline_waives() -> None:
    run = valid_json(VALID_SARIF, REPORTS["report.sarif"](*RUNS["baselined"]))["runs"][0]
    assert [row["ruleId"] for row in run["results"] if "suppressions" in row] == ["RESP-003"]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [note["message"]["text"] for note in notes] == ["REQ-001: expired"]


VALID_SARIF = Draft4Validator(loaded("sarif-2.1.0-rtm.5.json"))


def test_the_badge_has_the_members_of_the_endpoint_and_names_what_it_speaks_of() -> None:
    badge = json.loads(REPORTS["badge.json"](*RUNS["clean"]))
    assert set(badge) == {"schemaVersion", "label", "message", "color", "isError"} and badge["schemaVersion"] == 1
    assert badge["label"] == "Messages API, profile myrouter" and badge["isError"] is False
    version = terms().catalogue.version
    assert badge["message"].endswith(
        f"embedded reference endpoint, not a server of yours, catalogue {version}, 2026-01-02"
    )
    picture = REPORTS["badge.svg"](*RUNS["clean"]).decode()
    assert badge["message"] in picture and badge["label"] in picture


@pytest.mark.parametrize(
    ("run", "colour"),
    [("sample", "#b3261e"), ("empty", "#5f6368"), ("clean", "#8a6100"), ("ungradable", "#5f6368")],
)
def test_only_the_whole_contract_is_green(run: str, colour: str) -> None:
    assert json.loads(REPORTS["badge.json"](*RUNS[run]))["color"] == colour
    assert json.loads(REPORTS["badge.json"](graded(), FACTS))["color"] == "#2e7d32"


def test_a_violation_that_only_traffic_shows_is_a_case() -> None:
    run = graded([result("RESP-004", Verdict.PASSED)])
    row = replace(
        run.judgements["RESP-003"], verdict=Verdict.FAILED, violations=(broken("RESP-003", "a", "b", Where(1)),)
    )
    seen = replace(run, judgements={**run.judgements, "RESP-003": row})
    tests = json.loads(REPORTS["ctrf.json"](seen, replace(FACTS, exit=Exit.VIOLATION)))["results"]["tests"]
    assert [(test["name"], test["status"]) for test in tests] == [("RESP-004", "passed"), ("RESP-003", "failed")]


@pytest.mark.parametrize(
    ("start", "seconds", "shown"),
    [
        ("2026-01-02T03:04:05+01:00", 1.5, "2026-01-02T03:04:06.500+01:00"),
        ("2026-01-02T03:04:05", -1.0, "2026-01-02T03:04:05.000+00:00"),
        ("yesterday", 1.0, "1970-01-01T00:00:01.000+00:00"),
        ("9999-12-31T23:59:59+00:00", 2.0, "1970-01-01T00:00:02.000+00:00"),
    ],
)
def test_a_time_is_always_a_time(start: str, seconds: float, shown: str) -> None:
    assert later(start, seconds) == shown
    assert date(start) == ("no date" if start == "yesterday" else start[:10])
