"""JUnit XML: one test case per item. Warned is a pass with its violation as output, unless the gate is `should`."""

from xml.etree import ElementTree as ET

from conformance.reporting.cases import Case, cases
from conformance.reporting.clean import clean, xml_safe
from conformance.reporting.facts import EMBEDDED, Facts
from conformance.reporting.sentence import verdict_sentence
from conformance.verdicts.graded import Graded, Verdict


def junit(graded: Graded, facts: Facts) -> bytes:
    """The document in UTF-8, with its XML declaration."""
    found = cases(graded, facts)
    outcomes = [case.outcome for case in found]
    counts = {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failed")),
        "errors": str(outcomes.count("error")),
    }
    root = ET.Element("testsuites", {"name": "messages-conformance", **counts})
    name = f"messages-conformance.{graded.run.terms.profile.name}"
    suite = ET.SubElement(root, "testsuite", {"name": name, **counts, "skipped": str(outcomes.count("skipped"))})
    if facts.started:
        suite.set("timestamp", xml_safe(facts.started))
    _properties(suite, _about(graded, facts))
    for case in found:
        _case(suite, case)
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
        "exit-code": str(int(facts.exit)),
    }


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    holder = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(holder, "property", {"name": name, "value": clean(value)})


#: The element that says how a case came out, and whether it has a type.
_ELEMENTS = {"failed": "failure", "error": "error", "skipped": "skipped"}


def _case(suite: ET.Element, case: Case) -> None:
    names = {"classname": case.area, "name": xml_safe(case.name), "time": "0"}  # items share exchanges
    element = ET.SubElement(suite, "testcase", names)
    if case.outcome == "passed" and case.verdict == Verdict.WARNED:
        told = f"verdict: {case.verdict}\nviolation: {case.message}"
        ET.SubElement(element, "system-out").text = xml_safe(told)
    if case.outcome in _ELEMENTS:
        kind = {"type": case.verdict} if case.text else {}
        said = ET.SubElement(element, _ELEMENTS[case.outcome], {"message": xml_safe(case.message), **kind})
        said.text = xml_safe(case.text) or None
