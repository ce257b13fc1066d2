"""The top of the page: what was tested, the tiers, the strip of all requirements, the filter."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from conformance.contract import Level
from conformance.reporting.facts import EMBEDDED, Facts, covered, taken_away
from conformance.reporting.html.markup import element, listed, terms, text
from conformance.reporting.text import baseline_lines, requests_line
from conformance.verdicts.exits import Exit
from conformance.verdicts.graded import Graded, Judgement, Verdict
from conformance.verdicts.tiers import State, TierState, tier_states

_NAMED = 12  #: requirements named for one tier
_LINES = 60  #: lines shown of what the baseline says

#: What a cell shows beside its colour.
SIGNS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.PASSED: "✓",
        Verdict.FAILED: "✗",
        Verdict.WARNED: "!",
        Verdict.INCONCLUSIVE: "?",
        Verdict.NOT_APPLICABLE: "–",
        Verdict.NOT_RUN: "·",
    }
)


def mood(facts: Facts) -> str:
    """The class of the verdict: that of a verdict of one requirement."""
    moods = {Exit.CONFORMS: Verdict.PASSED, Exit.VIOLATION: Verdict.FAILED}
    return str(moods.get(facts.exit, Verdict.INCONCLUSIVE))


def about(graded: Graded, facts: Facts) -> str:
    """What was tested, under which terms, when, and what it cost."""
    return terms(_about(graded, facts), class_="facts wide")


def _about(graded: Graded, facts: Facts) -> Iterator[tuple[str, str]]:
    run = graded.run
    left = taken_away(run)
    yield "target", text(EMBEDDED if facts.embedded else facts.target)
    yield "profile", text(run.terms.profile.name)
    yield "requests made for", text(facts.sent_for)
    yield "model", text(run.terms.model)
    yield "anthropic-version", text(run.terms.api_version)
    yield "level", text(facts.gate.lower())
    yield "catalogue", f"version {run.terms.catalogue.version}"
    yield "harness", text(facts.harness)
    yield "began", text(facts.started)
    yield "ended", text(facts.ended)
    yield "cost", text(requests_line(graded, facts))
    yield "capabilities", text(", ".join(sorted(run.terms.capabilities)) or "none claimed")
    yield "taken away", text(", ".join(left))
    yield "key", "" if run.terms.authenticated else "declared key-less"
    yield "reached a verdict", f"{covered(graded)} of {len(graded.judgements)} requirements"


def baseline(facts: Facts) -> str:
    """What the baseline made of the run, or ""."""
    rows = [text(line.strip()) for line in baseline_lines(facts)]
    more = len(rows) - _LINES
    rows[_LINES:] = [f"{more} more are in report.json"] if more > 0 else []
    told = listed(rows, class_="plain")
    return f"<h2>Baseline</h2>{told}" if told else ""


def tiers(graded: Graded, gate: Level) -> str:
    """Every tier with its state and the requirements that decide it."""
    return listed(map(_tier, tier_states(graded, gate)), class_="tiers")


_TIER_CLASSES = {State.HOLDS: Verdict.PASSED, State.VIOLATED: Verdict.FAILED, State.OPEN: Verdict.INCONCLUSIVE}


def _tier(row: TierState) -> str:
    kind = _TIER_CLASSES.get(row.state, Verdict.NOT_APPLICABLE)
    deciding = row.violated if row.state is State.VIOLATED else row.open
    links = ", ".join(f'<a href="#{text(name)}">{text(name)}</a>' for name in deciding[:_NAMED])
    more = f" and {len(deciding) - _NAMED} more" if len(deciding) > _NAMED else ""
    state = element("span", text(row.state.replace("-", " ")), class_=f"badge {kind}")
    return f"{text(row.tier.title)} {state} {links}{more}".strip()


def strip(graded: Graded) -> str:
    """One cell for each requirement, by area; each leads to its article."""
    found: dict[str, list[Judgement]] = {}
    for judgement in graded.judgements.values():
        found.setdefault(judgement.requirement.area, []).append(judgement)
    return "".join(_cells(area, rows) for area, rows in found.items())


def _cells(area: str, rows: Iterable[Judgement]) -> str:
    label = f"{area}: requirements and their verdicts"
    cells = listed(map(_cell, rows), aria_label=label)
    return f'<div class="strip"><span aria-hidden="true">{text(area)}</span>{cells}</div>'


def _cell(judgement: Judgement) -> str:
    requirement, verdict = judgement.requirement, judgement.verdict
    label = f"{requirement.id} {verdict.replace('-', ' ')}"
    title = f"{label}, {judgement.level}: {requirement.statement}"
    href = f"#{requirement.id}"
    return element("a", SIGNS[verdict], href=href, class_=f"cell {verdict}", aria_label=label, title=title)


def legend(graded: Graded) -> str:
    """What the cells mean, with how many there are of each."""
    rows = ((verdict, graded.count(verdict)) for verdict in Verdict)
    return listed((_legend(verdict, count) for verdict, count in rows), class_="legend")


def _legend(verdict: Verdict, count: int) -> str:
    sign = element("span", SIGNS[verdict], class_=f"cell {verdict}", aria_hidden="true")
    return f"{sign} {count} {verdict.replace('-', ' ')}"


def options(graded: Graded) -> Mapping[str, str]:
    """What can be chosen in the filter, by the name of its menu."""
    titles = graded.run.terms.catalogue.titles
    return {
        "verdicts": _options((str(verdict), verdict.replace("-", " ")) for verdict in Verdict),
        "areas": _options((area, f"{area}: {title}") for area, title in titles.items()),
        "levels": _options((str(level), str(level)) for level in Level),
    }


def _options(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(element("option", text(shown), value=value) for value, shown in rows)
