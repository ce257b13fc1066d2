"""JUnit XML: one test case per item. Warned is a pass with a property, unless the gate is `should`."""

from xml.etree import ElementTree as ET

from conformance.reporting.clean import clean, xml_safe
from conformance.reporting.facts import EMBEDDED, Facts
from conformance.reporting.outcomes import outcome, skip_reason
from conformance.reporting.sentence import verdict_sentence
from conformance.reporting.text import violation_text
from conformance.rules.findings import Kind
from conformance.verdicts.fold import Graded, ItemResult, Verdict


def junit(graded: Graded, facts: Facts) -> bytes:
    """The document in UTF-8, with its XML declaration."""
    outcomes = [outcome(result, facts.gate, facts.waived) for result in graded.items]
    counts = {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failed")),
        "errors": "0",
        "skipped": str(outcomes.count("skipped")),
    }
    root = ET.Element("testsuites", {"name": "messages-conformance", **counts})
    suite = ET.SubElement(
        root, "testsuite", {"name": f"messages-conformance.{graded.run.terms.profile.name}", **counts}
    )
    if facts.started:
        suite.set("timestamp", xml_safe(facts.started))
    _properties(suite, _about(graded, facts))
    for result in graded.items:
        _case(suite, result, graded, facts)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _about(graded: Graded, facts: Facts) -> dict[str, str]:
    terms = graded.run.terms
    return {
        "target": EMBEDDED if facts.embedded else facts.target,
        "profile": terms.profile.name,
        "api-version": terms.api_version,
        "model": terms.model,
        "level": facts.gate.lower(),
        "verdict": verdict_sentence(graded, facts),
    }


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    holder = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(holder, "property", {"name": name, "value": xml_safe(value)})


def _case(suite: ET.Element, result: ItemResult, graded: Graded, facts: Facts) -> None:
    requirement = graded.run.terms.requirement(result.item.requirement)
    names = {"classname": requirement.area, "name": xml_safe(result.item.key), "time": "0"}
    case = ET.SubElement(suite, "testcase", names)
    if result.verdict is Verdict.WARNED:
        _properties(case, {"verdict": str(result.verdict), "violation": _message(result)})
    came_out = outcome(result, facts.gate, facts.waived)
    if came_out == "failed":
        failure = ET.SubElement(case, "failure", {"type": str(result.verdict), "message": _message(result)})
        failure.text = xml_safe(violation_text(result, graded.run, facts))
    elif came_out == "skipped":
        ET.SubElement(case, "skipped", {"message": xml_safe(skip_reason(result, facts.waived))})


def _message(result: ItemResult) -> str:
    first = next((finding for finding in result.findings if finding.kind is Kind.BROKEN), None)
    told = f"expected {first.expected}; seen {first.seen}" if first else str(result.verdict)
    return clean(f"{result.item.requirement}: {told}")
