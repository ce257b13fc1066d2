"""Every requirement of the catalogue as an article that can be linked to, searched for and filtered."""

from collections.abc import Iterator

from conformance.reporting.breaches import Breach, Group, groups
from conformance.reporting.html.markup import element, terms, text
from conformance.reporting.html.room import Fitted, Piece
from conformance.verdicts.graded import Graded, Judgement

MOST_NOTES = 4  #: different notes shown for one requirement
_LONGEST = 200  #: characters of a reason or a note; they may hold words of the target's
_NOTES = 2  #: the rank of notes, behind what was violated and one exchange of each


def note_pieces(judgement: Judgement) -> Iterator[Piece]:
    """The notes of one requirement."""
    found = groups(judgement.notes)
    if found:
        yield Piece(judgement.requirement.id, _NOTES, lambda: _notes(found))


def _notes(found: tuple[Group, ...]) -> str:
    rows = [(f"note, {len(group.findings)} times", _note(group)) for group in found[:MOST_NOTES]]
    more = len(found) - MOST_NOTES
    rows += [("more", f"{more} more notes are in the journal")] if more > 0 else []
    return terms(rows, class_="facts")


def _note(group: Group) -> str:
    first = group.first
    told = f"{first.expected}; seen {first.seen}" if first.expected else first.seen
    return text(f"{told} ({first.where})" if str(first.where) else told, _LONGEST)


def violations(graded: Graded, rows: tuple[Breach, ...], details: Fitted) -> str:
    """The violated requirements."""
    if not rows:
        return "<p>No violation was seen.</p>"
    return "".join(_article(graded.judgements[row.requirement.id], 3, details) for row in rows)


def others(graded: Graded, details: Fitted) -> str:
    """All other requirements, by area."""
    titles = graded.run.terms.catalogue.titles
    found: dict[str, list[Judgement]] = {area: [] for area in titles}
    for judgement in graded.judgements.values():
        if not judgement.violations:
            found[judgement.requirement.area].append(judgement)
    return "".join(_area(f"{area}: {titles[area]}", rows, details) for area, rows in found.items() if rows)


def _area(title: str, rows: list[Judgement], details: Fitted) -> str:
    inside = "".join(_article(row, 4, details) for row in rows)
    return element("section", element("h3", text(title)) + inside, class_="area")


def _article(judgement: Judgement, heading: int, details: Fitted) -> str:
    requirement, verdict = judgement.requirement, str(judgement.verdict)
    inside = (
        element(f"h{heading}", _title(judgement)),
        element("p", text(requirement.statement, 2000)),
        terms(_rows(judgement), class_="facts"),
        *details.markup.get(requirement.id, ()),
        _left(details.left.get(requirement.id, 0)),
    )
    known = {"data_verdict": verdict, "data_area": requirement.area, "data_level": str(judgement.level)}
    return element("article", "".join(inside), id=requirement.id, class_=verdict, tabindex="-1", **known)


def _title(judgement: Judgement) -> str:
    verdict = str(judgement.verdict)
    marks = (
        element("span", verdict.replace("-", " "), class_=f"badge {verdict}"),
        element("span", str(judgement.level), class_="badge"),
        "" if judgement.scored else element("span", "not scored", class_="badge"),
    )
    return f"{text(judgement.requirement.id)} {' '.join(filter(None, marks))}"


def _rows(judgement: Judgement) -> Iterator[tuple[str, str]]:
    requirement = judgement.requirement
    yield "reason", text(judgement.reason, _LONGEST)
    yield "cases", f"{judgement.judged} of {judgement.cases} judged" if judgement.cases else ""
    yield "observed", f"{judgement.observations} times" if judgement.observations else ""
    yield "source", text(requirement.source, 1000)
    yield "basis", text(requirement.basis)


def _left(count: int) -> str:
    told = f"{count} more parts are left out for want of room; the journal holds all of it."
    return element("p", told, class_="small") if count else ""
