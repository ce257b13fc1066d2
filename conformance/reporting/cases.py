"""A run as test cases, for the formats of test runners: one for each item, and what no item says.

A reader of such a file sees cases alone, so they say what the exit code says: none failed or in error for 0, one or
more failed for 1, one in error for every other code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from conformance.evidence.run import Item
from conformance.reporting.clean import clean
from conformance.reporting.facts import Facts
from conformance.reporting.outcomes import in_words, outcome, skip_reason
from conformance.reporting.sentence import verdict_sentence
from conformance.reporting.text import violation_text
from conformance.reporting.violations import violated
from conformance.rules.findings import Kind
from conformance.verdicts.exits import Exit
from conformance.verdicts.graded import Graded, ItemResult, Verdict

#: The name and area of the case that is there when the items do not say what the run came to.
VERDICT = "verdict"
RUN = "RUN"


@dataclass(frozen=True, slots=True)
class Case:
    """One test case. `message` is one line, "" for a plain pass; `text` the whole of a failure."""

    name: str
    area: str
    outcome: Literal["passed", "failed", "skipped", "error"]
    verdict: str
    message: str = ""
    text: str = ""


def cases(graded: Graded, facts: Facts) -> tuple[Case, ...]:
    """Every case, the items in their order first."""
    items = tuple(_case(row, graded, facts) for row in (*graded.items, *_seen_in_traffic(graded, facts)))
    return (*items, *_verdict(items, graded, facts))


def _seen_in_traffic(graded: Graded, facts: Facts) -> Iterator[ItemResult]:
    """What makes the run fail though no item of the requirement fails: traffic showed it, whoever asked for it."""
    told = {row.item.requirement for row in graded.items if outcome(row, facts.gate, facts.waived) == "failed"}
    rows = {row.requirement.id: row for row in violated(graded, facts) if row.fails}
    for identifier in rows:
        if identifier not in told:
            judgement = graded.judgements[identifier]
            yield ItemResult(Item(identifier, "", ()), judgement.verdict, judgement.violations)


def _case(result: ItemResult, graded: Graded, facts: Facts) -> Case:
    came_out = outcome(result, facts.gate, facts.waived)
    area = graded.run.terms.requirement(result.item.requirement).area
    message, text = "", ""
    if came_out == "skipped":
        message = clean(skip_reason(result, facts.waived))
    elif came_out == "failed" or result.verdict is Verdict.WARNED:
        message = _message(result)
        text = violation_text(result, graded.run, facts) if came_out == "failed" else ""
    return Case(clean(result.item.key), area, came_out, str(result.verdict), message, text)


def _message(result: ItemResult) -> str:
    first = next((finding for finding in result.findings if finding.kind is Kind.BROKEN), None)
    told = in_words(first) if first else str(result.verdict)
    return f"{result.item.requirement}: {told}"


def _verdict(items: tuple[Case, ...], graded: Graded, facts: Facts) -> Iterator[Case]:
    """The verdict as a case of its own, where the items say less than the exit code."""
    sentence = clean(verdict_sentence(graded, facts))
    if facts.exit is Exit.VIOLATION and not any(case.outcome == "failed" for case in items):
        lines = facts.baseline.failures if facts.baseline else ()
        yield Case(VERDICT, RUN, "failed", "failed", sentence, "\n".join(map(clean, (sentence, *lines))))
    elif facts.exit not in {Exit.CONFORMS, Exit.VIOLATION}:
        yield Case(VERDICT, RUN, "error", facts.exit.name.lower().replace("_", "-"), sentence, sentence)
