"""The whole page. Template: `reports/templates/report.html`; it loads nothing and runs nothing but its own script."""

from collections.abc import Iterator

from conformance.reporting.breaches import Breach, breaches
from conformance.reporting.facts import Facts
from conformance.reporting.html import overview, requirements
from conformance.reporting.html.markup import policy, template, text
from conformance.reporting.html.room import Fitted, Piece, fitted
from conformance.reporting.html.violation import breach_pieces, evidence
from conformance.reporting.sentence import last_line, verdict_sentence
from conformance.verdicts.graded import Graded

LARGEST = 2_000_000  #: bytes of the page, whatever a target sent
_NOTHING = Fitted({}, {})
_LEFT = 200  #: bytes for each requirement, for the sentence that something of it is left out


def page(graded: Graded, facts: Facts) -> bytes:
    """The report as HTML: verdict, tiers, every requirement, and of what was violated the evidence."""
    rows = breaches(graded)
    bare = _document(graded, facts, rows, _NOTHING)
    room = LARGEST - 1 - len(bare) - _LEFT * len(graded.judgements)
    return _document(graded, facts, rows, fitted(_pieces(graded, facts, rows), room))


def _pieces(graded: Graded, facts: Facts, rows: tuple[Breach, ...]) -> Iterator[Piece]:
    shown = evidence(graded, facts)
    for row in rows:
        yield from breach_pieces(row, shown)
    for judgement in graded.judgements.values():
        yield from requirements.note_pieces(judgement)


def _document(graded: Graded, facts: Facts, rows: tuple[Breach, ...], details: Fitted) -> bytes:
    sentence = verdict_sentence(graded, facts)
    told = template().substitute(
        policy=policy(),
        sentence=text(sentence, 1000),
        limits=text(last_line(graded, facts).removeprefix(f"{sentence}; "), 2000),
        mood=overview.mood(facts),
        about=overview.about(graded, facts),
        baseline=overview.baseline(facts),
        tiers=overview.tiers(graded, facts.gate),
        strip=overview.strip(graded),
        legend=overview.legend(graded),
        violations=requirements.violations(graded, rows, details),
        others=requirements.others(graded, details),
        **overview.options(graded),
    )
    return told.encode()
