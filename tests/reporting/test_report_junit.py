"""JUnit XML, the table of outcomes and the Markdown summary."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from reporting_runs import FACTS, broken, graded, record, result

from conformance.contract import Level
from conformance.reporting import EMBEDDED, OUTCOMES, junit, markdown, outcome, skip_reason
from conformance.reporting.clean import xml_safe
from conformance.reporting.markdown import escaped
from conformance.rules.findings import Where
from conformance.verdicts import Exit, Graded, Verdict


def sample(seen: str = "role 'bot'") -> Graded:
    return graded(
        [
            result("AUTH-001", Verdict.PASSED),
            result("RESP-003", Verdict.FAILED, broken("RESP-003", "role assistant", seen, Where(1))),
            result("REQ-023 minus", Verdict.WARNED, broken("REQ-023", "a", "b", Where(1), Level.SHOULD, "minus")),
            result("SSE-001", Verdict.INCONCLUSIVE, reason="nothing to see"),
            result("SSE-002", Verdict.NOT_RUN, reason="not sent"),
            result("TOOL-001 x", Verdict.NOT_APPLICABLE, reason="the target does not claim tools"),
        ],
        [record(1)],
    )


def cases(data: bytes) -> dict[str, ET.Element]:
    return {case.attrib["name"]: case for case in ET.fromstring(data).iter("testcase")}


def test_every_verdict_has_an_outcome() -> None:
    assert set(OUTCOMES) == set(Verdict)


@pytest.mark.parametrize("verdict", Verdict)
def test_only_a_warning_depends_on_the_gate(verdict: Verdict) -> None:
    row = result("RESP-003", verdict)
    assert outcome(row, Level.MUST) == OUTCOMES[verdict]
    assert outcome(row, Level.SHOULD) == ("failed" if verdict is Verdict.WARNED else OUTCOMES[verdict])


def test_the_verdict_is_the_first_word_of_a_reason() -> None:
    assert skip_reason(result("RESP-003", Verdict.NOT_RUN, reason="not sent")) == "not-run: not sent"
    assert skip_reason(result("RESP-003", Verdict.INCONCLUSIVE)) == "inconclusive"


@pytest.mark.parametrize("gate", [Level.MUST, Level.SHOULD])
def test_a_violation_that_is_not_scored_fails_nothing_and_is_told(gate: Level) -> None:
    broke = broken("RESP-003", "role assistant", "role\x1b", Where(1))
    for verdict in (Verdict.FAILED, Verdict.WARNED):
        row = result("RESP-003", verdict, broke, scored=False)
        assert outcome(row, gate) == "skipped"
        assert skip_reason(row) == f"{verdict}, not scored: expected role assistant; seen role\\x1b"
    assert outcome(result("RESP-003", Verdict.PASSED, scored=False), gate) == "passed"
    assert skip_reason(result("RESP-003", Verdict.NOT_RUN, reason="why", scored=False)) == "not-run, not scored: why"


def test_one_case_per_item() -> None:
    data = junit(sample(), replace(FACTS, exit=Exit.VIOLATION))
    assert data.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    suite = ET.fromstring(data)[0]
    assert {key: suite.attrib[key] for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "1", "errors": "0", "skipped": "3",
    }  # fmt: skip
    found = cases(data)
    assert list(found) == ["AUTH-001", "RESP-003", "REQ-023 minus", "SSE-001", "SSE-002", "TOOL-001 x"]
    assert [case.attrib["classname"] for case in found.values()] == ["AUTH", "RESP", "REQ", "SSE", "SSE", "TOOL"]
    assert len(found["AUTH-001"]) == 0


def test_a_failure_reads_alone() -> None:
    failure = cases(junit(sample(), FACTS))["RESP-003"].find("failure")
    assert failure is not None
    assert failure.attrib == {"type": "failed", "message": "RESP-003: expected role assistant; seen role 'bot'"}
    assert (failure.text or "").startswith("RESP-003  MUST  ")
    assert "curl -sS -i" in (failure.text or "")


def test_open_items_are_skipped_with_the_verdict_first() -> None:
    found = cases(junit(sample(), FACTS))
    messages = [case[0].attrib["message"] for name, case in found.items() if case.find("skipped") is not None]
    assert messages == [
        "inconclusive: nothing to see",
        "not-run: not sent",
        "not-applicable: the target does not claim tools",
    ]


def test_a_warning_passes_and_is_told_or_fails_by_the_gate() -> None:
    case = cases(junit(sample(), FACTS))["REQ-023 minus"]
    assert case.find("failure") is None
    assert case.findtext("system-out") == "verdict: warned\nviolation: REQ-023: expected a; seen b"
    gated = cases(junit(sample(), replace(FACTS, gate=Level.SHOULD)))["REQ-023 minus"]
    failure = gated.find("failure")
    assert failure is not None
    assert failure.attrib["type"] == "warned"


def test_the_suite_says_what_was_tested() -> None:
    root = ET.fromstring(junit(sample(), replace(FACTS, embedded=True)))
    values = {row.attrib["name"]: row.attrib["value"] for row in root[0][0]}
    assert values["target"] == EMBEDDED
    assert values["verdict"].startswith("conforms to myrouter") is True
    assert root[0].attrib["timestamp"] == FACTS.started


def test_hostile_text_stays_well_formed() -> None:
    data = junit(sample("\x00\x1b]]><x>&\ud800\uffff\u202e"), FACTS)
    text = cases(data)["RESP-003"].findtext("failure") or ""
    assert "\\x00\\x1b]]><x>&\\ud800\\uffff\\u202e" in text


def test_characters_that_xml_cannot_hold_are_dropped() -> None:
    assert xml_safe("a\x00\x08\x0b\x1f\ud800\ufffe\uffffb\t\n\r\U0001f600") == "ab\t\n\r\U0001f600"


def test_the_markdown_summary() -> None:
    lines = markdown(sample(), replace(FACTS, exit=Exit.VIOLATION)).splitlines()
    assert lines[0] == (
        "## Messages API conformance: does not conform&#58; 1 MUST and 1 SHOULD violated; 1 inconclusive, 1 not run"
    )
    assert "| RESP-003 | MUST | role assistant | role 'bot' | 1 |" in lines
    assert "| area | passed | failed | warned | inconclusive | not applicable | not run |" in lines
    assert any(line.startswith("tiers&#58; core violated \\(RESP\\-003\\), ") for line in lines)
    assert markdown(graded(), FACTS).splitlines()[-1] == "No violation was seen."


def test_markdown_shows_hostile_text_literally() -> None:
    assert escaped("<b>|`x`@me [a](http://b)\n") == ("&lt;b\\>\\|\\`x\\`&#64;me \\[a\\]\\(http&#58;//b\\)\\\\n")
