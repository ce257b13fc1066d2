"""What stands below a violated requirement: each way in which it was broken, with the exchanges that show it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.evidence.run import Record
from conformance.reporting.breaches import Breach, Commands, Group, commands, exchanges, groups
from conformance.reporting.facts import Facts
from conformance.reporting.html.exchange import exchange_view
from conformance.reporting.html.markup import element, terms, text
from conformance.reporting.html.room import Piece
from conformance.reporting.sentence import counted
from conformance.rules.findings import Finding
from conformance.verdicts.graded import Graded
from conformance.verdicts.keys import drawn_cases, key_of

MOST_GROUPS = 6  #: ways of breaking one requirement that are shown
MOST_DRAWN = 2  #: exchanges drawn for one of them
_NUMBERS = 12  #: exchanges that are named
_LONGEST = 300  #: characters of what was expected or seen; so much of each violation fits in the worst case, too
#: Ranks: first what was seen of every requirement, then one exchange of each, then the rest.
_FIRST, _FIRST_EXCHANGE, _MORE, _MORE_EXCHANGES = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the violations of a run are shown with."""

    records: Mapping[int, Record]
    commands: Commands
    waived: frozenset[str]
    drawn: frozenset[tuple[str, str]]

    def accepts(self, finding: Finding) -> bool:
        """Whether the baseline waives a violation."""
        generated = (finding.requirement, finding.case) in self.drawn
        return key_of(finding.requirement, finding.case, generated) in self.waived


def evidence(graded: Graded, facts: Facts) -> Evidence:
    """The evidence of a run."""
    records = {record.seq: record for record in graded.run.records}
    return Evidence(records, commands(graded.run, facts), facts.waived, drawn_cases(graded))


def breach_pieces(row: Breach, shown: Evidence) -> Iterator[Piece]:
    """The pieces of one violated requirement, in the order of the page."""
    identifier, found = row.requirement.id, groups(row.findings)
    for number, group in enumerate(found[:MOST_GROUPS]):
        yield Piece(identifier, _MORE if number else _FIRST, lambda group=group: _group(group, row, shown))  # type: ignore[misc]
        yield from _exchanges(group, shown, number == 0)
    if len(found) > MOST_GROUPS:
        told = f"and {len(found) - MOST_GROUPS} more ways in which it was broken, in report.json and in the journal"
        yield Piece(identifier, _FIRST, lambda: element("p", told, class_="small"))


def _exchanges(group: Group, shown: Evidence, first: bool) -> Iterator[Piece]:
    for number, finding in enumerate(group.listed[:MOST_DRAWN]):
        seq = finding.where.exchange
        record = shown.records.get(seq) if seq is not None else None
        if record is not None:
            leads = first and number == 0
            rank = _FIRST_EXCHANGE if leads else _MORE_EXCHANGES
            yield Piece(finding.requirement, rank, _Drawing(record, finding, shown.commands, leads))


@dataclass(frozen=True, slots=True)
class _Drawing:
    """An exchange that is drawn when called."""

    record: Record
    finding: Finding
    commands: Commands
    open: bool

    def __call__(self) -> str:
        return exchange_view(self.record, self.finding.where, self.commands.of(self.record.seq), self.open)


def _group(group: Group, row: Breach, shown: Evidence) -> str:
    first = group.first
    level = str(first.level or row.level)
    accepted = element("span", "accepted by the baseline", class_="badge") if shown.accepts(first) else ""
    title = f"Case {text(first.case)}" if first.case else "Seen in traffic"
    rows = (
        ("expected", element("span", text(first.expected, _LONGEST), class_="expected")),
        ("seen", element("span", text(first.seen, _LONGEST), class_="seen")),
        ("where", text(first.where)),
        ("shown by", _shown_by(group)),
        ("level here", level if level != row.level else ""),
    )
    return element("h4", f"{title} {accepted}".strip()) + terms(rows, class_="facts")


def _shown_by(group: Group) -> str:
    found = exchanges(group.findings)
    if not found:
        return ""
    named = ", ".join(map(str, found[:_NUMBERS])) + (", …" if len(found) > _NUMBERS else "")
    return f"{counted(len(found), 'exchange')}: {named}"
