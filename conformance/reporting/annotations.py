"""Annotations for GitHub: workflow commands that the runner reads from the output of a step.

Source: GitHub's "Workflow commands", with its limit of ten annotations of a kind for one step.
"""

from collections.abc import Iterable, Iterator, Mapping

from conformance.reporting.clean import clean
from conformance.reporting.facts import Facts
from conformance.reporting.sentence import verdict_sentence
from conformance.reporting.violations import Violated, violated
from conformance.verdicts.exits import Exit
from conformance.verdicts.graded import Graded

MOST = 10  #: annotations of one kind that GitHub shows for one step
_TITLE = "Messages API conformance"


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether the output is read by a runner of GitHub."""
    return environment.get("GITHUB_ACTIONS") == "true"


def annotations(graded: Graded, facts: Facts) -> tuple[str, ...]:
    """The lines to print: the verdict, what makes the run fail as errors, what else is violated as warnings. What is
    not scored, or waived by a baseline, is in the reports alone."""
    rows = violated(graded, facts)
    holds = facts.exit is Exit.CONFORMS
    verdict = command("notice" if holds else "error", _TITLE, verdict_sentence(graded, facts))
    errors = tuple(_line("error", row) for row in rows if row.fails)
    warnings = tuple(_line("warning", row) for row in rows if row.scored and not row.waived and not row.fails)
    return (verdict, *_most("error", errors, MOST if holds else MOST - 1), *_most("warning", warnings, MOST))


def _line(kind: str, row: Violated) -> str:
    return command(kind, f"{row.key} {row.level}", f"{row.requirement.statement} {row.told}")


def _most(kind: str, lines: tuple[str, ...], most: int) -> Iterable[str]:
    if len(lines) <= most:
        return lines
    left = len(lines) - most + 1
    return (*lines[: most - 1], command(kind, _TITLE, f"{left} more are in the reports of the run"))


def command(kind: str, title: str, text: str) -> str:
    """One workflow command. Neither part can end it, or begin another: each is one cleaned line, and escaped."""
    return f"::{kind} title={_property(clean(title))}::{_data(clean(text, 1000))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def printed(graded: Graded, facts: Facts, environment: Mapping[str, str]) -> Iterator[str]:
    """What is to be printed under an environment, line by line."""
    if wanted(environment):
        yield from annotations(graded, facts)
