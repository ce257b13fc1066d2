"""SARIF 2.1.0: requirements as rules, violations as results. Source: OASIS SARIF 2.1.0, sections named below."""

from hashlib import sha256
from typing import Any

from conformance.contract import Level, Requirement
from conformance.reporting.clean import clean
from conformance.reporting.facts import Facts
from conformance.reporting.sentence import verdict_sentence
from conformance.reporting.times import later, milliseconds, moment
from conformance.reporting.violations import Violated, violated
from conformance.rules.findings import Where
from conformance.verdicts.exits import Exit
from conformance.verdicts.graded import Graded

Object = dict[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
EVIDENCE = "journal.jsonl"  #: the file of the run that holds every exchange, beside the report
MOST_PLACES = 5  #: locations listed for one result
_LEVELS = {Level.MUST: "error", Level.SHOULD: "warning", Level.MAY: "note"}
#: What a message takes for a link or a placeholder (3.11.5, 3.11.6), written so that it is shown as it is.
_LITERAL = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]", "{": "{{", "}": "}}"})


def sarif(graded: Graded, facts: Facts) -> Object:
    """The log with its one run; JSON values only."""
    profile = graded.run.terms.profile.name
    requirements = tuple(graded.run.terms.catalogue.requirements.values())
    index = {requirement.id: number for number, requirement in enumerate(requirements)}
    driver = {
        "name": "messages-conformance",
        "version": facts.harness,
        "rules": [_rule(requirement, requirement.level(profile)) for requirement in requirements],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(graded, facts)],
        "results": [_result(row, index[row.requirement.id]) for row in violated(graded, facts)],
        "columnKind": "unicodeCodePoints",
        "properties": _about(graded, facts),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(requirement: Requirement, level: Level) -> Object:
    return {
        "id": requirement.id,
        "shortDescription": {"text": requirement.statement},
        "fullDescription": {"text": requirement.statement},
        "help": {"text": f"{requirement.statement}\nSource: {requirement.source}\nHow it is tested: {requirement.how}"},
        "defaultConfiguration": {"level": _LEVELS[level]},
        "properties": {
            "source": requirement.source,
            "level": str(level),
            "basis": str(requirement.basis),
            "tags": [requirement.area, str(level)],
        },
    }


def _invocation(graded: Graded, facts: Facts) -> Object:
    """How the run ended (3.20): successful when it came to a verdict, whichever."""
    times = {"startTimeUtc": facts.started, "endTimeUtc": facts.ended}
    reached = facts.exit in {Exit.CONFORMS, Exit.VIOLATION}
    told = facts.baseline.failures if facts.baseline else ()
    lines = (*told, *(() if reached else (verdict_sentence(graded, facts),)))
    return {
        "executionSuccessful": reached,
        "exitCode": int(facts.exit),
        "exitCodeDescription": literal(verdict_sentence(graded, facts)),
        **{name: _utc(text) for name, text in times.items() if moment(text)},
        "toolExecutionNotifications": [{"level": "error", "message": {"text": literal(line)}} for line in lines],
    }


def _utc(text: str) -> str:
    """The moment in UTC with a Z, the only form that the format allows (3.9)."""
    return f"{later('', milliseconds(text) / 1000).removesuffix('+00:00')}Z"


def literal(text: str, limit: int = 1000) -> str:
    """The text, cleaned, as a message that shows it literally."""
    return clean(text, limit).translate(_LITERAL)


def _result(row: Violated, index: int) -> Object:
    return {
        "ruleId": row.requirement.id,
        "ruleIndex": index,
        "kind": "fail",
        "level": _level(row),
        "message": {"text": literal(f"{row.key}: {row.told}")},
        "locations": [_location(where) for where in _places(row)],
        "occurrenceCount": len(row.findings),
        "partialFingerprints": {
            "requirementAndCase/v1": sha256(row.key.encode("utf-8", "backslashreplace")).hexdigest()
        },
        **({"suppressions": [_BASELINED]} if row.waived else {}),
    }


_BASELINED = {"kind": "external", "justification": "listed in the baseline of the run"}


def _level(row: Violated) -> str:
    """An error fails the run, unless it is suppressed; a note is not scored."""
    if not row.scored:
        return "note"
    return "error" if row.fails else _LEVELS[row.level]


def _places(row: Violated) -> tuple[Where, ...]:
    return tuple(dict.fromkeys(finding.where for finding in row.findings))[:MOST_PLACES]


def _location(where: Where) -> Object:
    """The evidence as the artifact, the place in it as a logical location: an endpoint has no source file (3.28)."""
    name = clean(str(where))
    place: Object = {"physicalLocation": {"artifactLocation": {"uri": EVIDENCE}}}
    if name:
        place["logicalLocations"] = [{"name": name, "fullyQualifiedName": name, "kind": "member"}]
    return place


def _about(graded: Graded, facts: Facts) -> Object:
    terms = graded.run.terms
    return {
        "verdict": verdict_sentence(graded, facts),
        "profile": terms.profile.name,
        "level": facts.gate.lower(),
        "catalogue": terms.catalogue.version,
        "target": clean(facts.target),
    }
