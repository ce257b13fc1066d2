"""What the workers wrote, as part of the one journal of the run."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from conformance.evidence.follow import Follower
from conformance.evidence.journal import JournalWriter, record_line
from conformance.evidence.run import Record


def written_by(journal: Path) -> tuple[Record, ...]:
    """The exchanges in the journal of a worker, as far as it goes: one that was stopped may end in half a line.

    Raises JournalError for a damaged line.
    """
    follower = Follower(journal)
    follower.poll()
    return tuple(follower.records)


def merged(parts: Iterable[Iterable[Record]], last: int) -> tuple[Record, ...]:
    """The exchanges of all workers in the order in which they were begun, numbered from `last` on.

    Steps stay apart as well: the conversations of every worker are counted from 1.
    """
    found = [(number, record) for number, part in enumerate(parts) for record in part]
    width = 1 + max((number for number, _ in found), default=0)
    found.sort(key=lambda row: row[1].exchange.began)
    return tuple(
        replace(record, seq=last + place, step=record.step * width + number)
        for place, (number, record) in enumerate(found, 1)
    )


def append(writer: JournalWriter, records: Iterable[Record]) -> None:
    """Write exchanges behind those that are there."""
    for record in records:
        writer.write("exchange", **record_line(record))
