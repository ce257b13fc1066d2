"""Terminal, exit code and every report say the same of a run, whatever verdicts it holds."""

import json
from dataclasses import replace
from itertools import product
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reporting_runs import FACTS, broken, graded, record, result, terms

from conformance.contract import Level
from conformance.reporting import REPORTS, Facts, annotations, summary, verdict_sentence
from conformance.reporting.clean import clean
from conformance.reporting.facts import Baselined
from conformance.reporting.markdown import escaped
from conformance.reporting.sarif import literal
from conformance.rules.findings import Finding, Kind, Where
from conformance.verdicts import Exit, Graded, ItemResult, Verdict, exit_code
from conformance.verdicts.exits import gated_keys
from conformance.verdicts.keys import violated_keys

KEYS = ("RESP-003", "REQ-023 minus", "REQ-024 /max_tokens type number", "SSE-001", "TOOL-001 x", "AUTH-001 none")
LEVELS = {Verdict.FAILED: Level.MUST, Verdict.WARNED: Level.SHOULD}
HOLDING = (Exit.INTERRUPTED, Exit.HARNESS_ERROR, Exit.UNGRADABLE, Exit.USAGE)


def row(key: str, verdict: Verdict, scored: bool = True) -> ItemResult:
    identifier, _, case = key.partition(" ")
    found: tuple[Finding, ...] = ()
    if verdict in LEVELS:
        found = (broken(identifier, "this", "that", Where(1), LEVELS[verdict], case),)
    return result(key, verdict, *found, reason="" if found else "why", generated=case.startswith("/"), scored=scored)


def settled(
    run: Graded, gate: Level, holding: frozenset[Exit] = frozenset(), listed: int | None = None, expired: bool = False
) -> Facts:
    """The facts as the end of a run makes them; a baseline lists that many of the violated keys."""
    baseline = None
    if listed is not None:
        waived = frozenset(list(violated_keys(run))[:listed])
        unlisted = tuple(key for key in gated_keys(run, gate) if key not in waived)
        failures = (*unlisted, *(("REQ-001: expired",) if expired else ()))
        baseline = Baselined(waived, len(waived), unlisted, failures)
        holding |= {Exit.VIOLATION} if failures else set()
    code = exit_code(run, gate, holding, baseline.waived if baseline else frozenset())
    return replace(FACTS, gate=gate, exit=code, baseline=baseline)


def told(code: Exit, failed: int, errors: int) -> bool:
    """Whether cases that failed or are in error say the exit code."""
    if code in (Exit.CONFORMS, Exit.VIOLATION):
        return errors == 0 and (failed > 0) == (code is Exit.VIOLATION)
    return errors == 1


def check(run: Graded, facts: Facts) -> None:
    """Every reader is told the same."""
    code, sentence = facts.exit, verdict_sentence(run, facts)
    good = code is Exit.CONFORMS
    assert good == sentence.startswith(("conforms ", "no violation ", "at level "))
    assert summary(run, facts).splitlines()[-1].startswith(sentence)
    made = {name: make(run, facts) for name, make in REPORTS.items()}
    loaded: dict[str, Any] = {name: json.loads(data) for name, data in made.items() if data.startswith(b"{")}
    assert loaded["report.json"]["verdict"]["sentence"] == sentence
    assert loaded["report.json"]["verdict"]["exit_code"] == code
    assert made["summary.md"].decode().splitlines()[0].startswith(f"## Messages API conformance: {escaped(sentence)}")
    _check_cases(made["junit.xml"], loaded["ctrf.json"]["results"], code, sentence)
    _check_sarif(loaded["report.sarif"]["runs"][0], code, sentence)
    badge = loaded["badge.json"]
    assert badge["message"].startswith(clean(sentence, 160)) and badge["isError"] is not good
    assert (badge["color"] == "#b3261e") == (code is Exit.VIOLATION)
    assert (badge["color"] == "#2e7d32") == sentence.startswith("conforms to ")
    picture = ET.fromstring(made["badge.svg"])
    assert [part.text for part in picture.iter("{http://www.w3.org/2000/svg}text")] == [
        badge["label"],
        badge["message"],
    ]
    assert loaded["exchanges.har"]["log"]["comment"] == sentence
    first, *rest = annotations(run, facts)
    assert first.startswith("::notice " if good else "::error ") and first.endswith(f"::{clean(sentence, 1000)}")
    assert not (good and any(line.startswith("::error ") for line in rest))


def _check_cases(junit: bytes, ctrf: dict[str, Any], code: Exit, sentence: str) -> None:
    suite = ET.fromstring(junit)[0]
    said = {prop.attrib["name"]: prop.attrib["value"] for prop in suite.iter("property")}
    assert said["verdict"] == sentence and said["exit-code"] == str(int(code))
    assert told(code, int(suite.attrib["failures"]), int(suite.attrib["errors"]))
    assert ctrf["environment"]["extra"]["verdict"] == sentence
    assert ctrf["environment"]["extra"]["exit_code"] == code
    assert ctrf["environment"]["healthy"] == (code is Exit.CONFORMS)
    numbers = ctrf["summary"]
    assert told(code, numbers["failed"], numbers["other"])
    same = {"tests": "tests", "failures": "failed", "errors": "other", "skipped": "skipped"}
    assert {name: int(suite.attrib[name]) for name in same} == {name: numbers[key] for name, key in same.items()}


def _check_sarif(run: dict[str, Any], code: Exit, sentence: str) -> None:
    ended = run["invocations"][0]
    assert ended["exitCode"] == code and ended["exitCodeDescription"] == literal(sentence)
    assert ended["executionSuccessful"] == (code in (Exit.CONFORMS, Exit.VIOLATION))
    assert run["properties"]["verdict"] == sentence
    errors = [row for row in run["results"] if row["level"] == "error" and "suppressions" not in row]
    complaints = [*errors, *ended["toolExecutionNotifications"]]
    assert bool(complaints) == (code is not Exit.CONFORMS)


@pytest.mark.parametrize("gate", [Level.MUST, Level.SHOULD])
@pytest.mark.parametrize("verdict", Verdict)
def test_every_pair_of_verdicts(verdict: Verdict, gate: Level) -> None:
    for other in Verdict:
        run = graded([row(KEYS[0], verdict), row(KEYS[1], other)], [record(1)])
        check(run, settled(run, gate))


@pytest.mark.parametrize(("scored", "holding"), list(product([True, False], HOLDING)))
def test_what_else_ends_a_run(scored: bool, holding: Exit) -> None:
    for verdict in (Verdict.PASSED, Verdict.FAILED):
        run = graded([row(KEYS[0], verdict, scored)], [record(1)])
        check(run, settled(run, Level.MUST, frozenset({holding})))


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("gate", [Level.MUST, Level.SHOULD])
def test_a_crashed_rule_is_an_error_of_the_harness_to_every_reader(verdict: Verdict, gate: Level) -> None:
    whole = graded([row(KEYS[0], verdict), row(KEYS[1], Verdict.PASSED)], [record(1)])
    crash = Finding("RESP-001", Kind.CRASHED, seen="the harness failed: rule a.b raised KeyError: 'x'", where=Where(1))
    crashed = replace(whole.judgements["RESP-001"], verdict=Verdict.INCONCLUSIVE, reason=crash.seen, crashes=(crash,))
    run = replace(whole, judgements={**whole.judgements, "RESP-001": crashed})
    facts = settled(run, gate)
    assert facts.exit is Exit.HARNESS_ERROR
    assert f"RESP-001: {crash.seen} (exchange 1)" in summary(run, facts).splitlines()
    check(run, facts)


def test_an_expired_entry_fails_a_run_without_a_violation() -> None:
    run = graded([row(KEYS[0], Verdict.PASSED)], [record(1)])
    facts = settled(run, Level.MUST, listed=0, expired=True)
    assert facts.exit is Exit.VIOLATION
    check(run, facts)


@pytest.mark.parametrize("gate", [Level.MUST, Level.SHOULD])
def test_a_waived_violation_fails_no_reader(gate: Level) -> None:
    run = graded(
        [row(KEYS[2], Verdict.FAILED), row(KEYS[1], Verdict.WARNED), row(KEYS[0], Verdict.PASSED)], [record(1)]
    )
    facts = settled(run, gate, listed=2)
    assert facts.exit is Exit.CONFORMS and verdict_sentence(run, facts).startswith("conforms apart from 2 ")
    check(run, facts)
    check(run, settled(run, gate, listed=1))


RUNS = st.builds(
    lambda verdicts, scored, everything, finished, without: graded(
        [row(key, verdict, count) for key, verdict, count in zip(KEYS, verdicts, scored, strict=True)],
        [record(1)],
        under=terms(without=without),
        everything=everything,
        finished=finished,
    ),
    st.tuples(*[st.sampled_from(Verdict)] * len(KEYS)),
    st.tuples(*[st.booleans()] * len(KEYS)),
    st.booleans(),
    st.booleans(),
    st.sampled_from([(), ("tools",)]),
)


@settings(derandomize=True, database=None, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    run=RUNS,
    gate=st.sampled_from([Level.MUST, Level.SHOULD]),
    holding=st.just(frozenset()) | st.sampled_from([frozenset({code}) for code in HOLDING]),
    listed=st.none() | st.integers(0, len(KEYS)),
    expired=st.booleans(),
)
def test_every_reader_is_told_the_same(
    run: Graded, gate: Level, holding: frozenset[Exit], listed: int | None, expired: bool
) -> None:
    check(run, settled(run, gate, holding, listed, expired))
