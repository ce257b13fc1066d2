"""CTRF, the Common Test Report Format: the cases of JUnit as JSON. Source: the schema of ctrf.io, specVersion 0.0.0."""

from typing import Any

from conformance.reporting.cases import Case, cases
from conformance.reporting.clean import clean
from conformance.reporting.facts import Facts
from conformance.reporting.sentence import verdict_sentence
from conformance.reporting.times import later, milliseconds
from conformance.verdicts.exits import Exit
from conformance.verdicts.graded import Graded

Object = dict[str, Any]

#: The status for how a case came out. The format knows no errors.
STATUS = {"passed": "passed", "failed": "failed", "skipped": "skipped", "error": "other"}


def ctrf(graded: Graded, facts: Facts) -> Object:
    """The report; JSON values only."""
    found = cases(graded, facts)
    return {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "generatedBy": f"messages-conformance {facts.harness}",
        "results": {
            "tool": {"name": "messages-conformance", "version": facts.harness},
            "summary": _summary(found, graded, facts),
            "tests": [_test(case, graded.run.terms.profile.name) for case in found],
            "environment": {"healthy": facts.exit is Exit.CONFORMS, "extra": _about(graded, facts)},
        },
    }


def _summary(found: tuple[Case, ...], graded: Graded, facts: Facts) -> Object:
    statuses = [STATUS[case.outcome] for case in found]
    last = max((record.exchange.began + record.exchange.elapsed for record in graded.run.records), default=0.0)
    start, stop = milliseconds(facts.started), milliseconds(facts.ended or later(facts.started, last))
    return {
        "tests": len(statuses),
        **{name: statuses.count(name) for name in ("passed", "failed", "skipped", "pending", "other")},
        "start": start,
        "stop": stop,
        "duration": max(stop - start, 0),
    }


def _test(case: Case, profile: str) -> Object:
    return {
        "name": case.name,
        "status": STATUS[case.outcome],
        "duration": 0,  # items share exchanges, so that none has a time of its own
        "suite": [f"messages-conformance.{profile}", case.area],
        "rawStatus": case.verdict,
        **({"message": case.message} if case.message else {}),
        **({"trace": case.text} if case.text else {}),
    }


def _about(graded: Graded, facts: Facts) -> Object:
    terms = graded.run.terms
    return {
        "verdict": verdict_sentence(graded, facts),
        "exit_code": int(facts.exit),
        "target": clean(facts.target),
        "embedded": facts.embedded,
        "profile": terms.profile.name,
        "level": facts.gate.lower(),
        "catalogue": terms.catalogue.version,
    }
