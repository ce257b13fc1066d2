"""Keys that outlive a run: requirement and case, of a generated case the constraint it is about.

A passive finding has its requirement alone as key. The name of a generated case tells what was drawn (`live
conversation /max_tokens type number 2`: one of several drawn conversations whose `max_tokens` is a number of a wrong
type); its key holds the constraint (`/max_tokens type`), which is there whatever the seed. What was drawn is its kind.
"""

import re
from collections.abc import Mapping

from conformance.rules.findings import Finding
from conformance.verdicts.graded import Graded

ACCEPTED = "accepted"  #: the constraint of a valid request that was drawn whole: it must be served

_LIVE = re.compile(r"live (conversation )?")
_NUMBER = re.compile(r" \d+\Z")  #: tells cases of one name apart


def key_of(requirement: str, case: str, generated: bool = False) -> str:
    """The key of a finding or an item: `REQ-024 absent`, `REQ-024 /max_tokens type`, or the requirement alone."""
    return f"{requirement} {constraint_of(case)[0] if generated else case}".strip()


def constraint_of(case: str) -> tuple[str, str]:
    """The constraint that a generated case is about, and the kind of what was drawn, "" where its name tells none."""
    live = _LIVE.match(case)
    text = _NUMBER.sub("", case[live.end() :]) if live else case
    if text.startswith("/") and text.count(" ") >= 2:
        place, keyword, kind = text.rsplit(" ", 2)
        return f"{place} {keyword}", kind
    if live and text.startswith(f"{ACCEPTED} "):
        return ACCEPTED, text.removeprefix(f"{ACCEPTED} ")
    return (ACCEPTED, text) if live and live[1] else (text, "")


def violated_keys(graded: Graded) -> Mapping[str, tuple[Finding, ...]]:
    """Every violation that counts, by key, in the order of the catalogue."""
    drawn = drawn_cases(graded)
    found: dict[str, list[Finding]] = {}
    for finding in graded.violations:
        key = key_of(finding.requirement, finding.case, (finding.requirement, finding.case) in drawn)
        found.setdefault(key, []).append(finding)
    return {key: tuple(rows) for key, rows in found.items()}


def drawn_cases(graded: Graded) -> frozenset[tuple[str, str]]:
    """Requirement and case of every generated item of a run."""
    return frozenset((item.requirement, item.case) for item in graded.run.items if item.generated)
