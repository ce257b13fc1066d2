"""Ids that no two answers of a run may share (HDR-012, RESP-002); TOOL-016, about calls, is in `tools`."""

from array import array
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from conformance.evidence.run import Record, Run, Terms
from conformance.rules.answers import is_answer, request_header
from conformance.rules.findings import Finding, Where, broken, held, note, shown
from conformance.rules.headers import request_id
from conformance.rules.registry import Fold, folding_rule
from conformance.rules.scope import judged_messages

#: The prefix of every recorded message id; another one is free, but clients may look at it.
USUAL_PREFIX = "msg_"
PART = 50_000  #: ids that are sorted at once


class Seen(NamedTuple):
    """An id, and where it came."""

    value: str
    where: Where


@dataclass(slots=True)
class Ids:
    """The ids of one kind in a run, each remembered as a hash of eight bytes alone.

    Where a hash came twice the ids are read once more, those with such a hash alone. `usual` is the prefix of every
    recorded one.
    """

    run: Run
    of: Callable[[Record], Iterable[Seen]]
    usual: str = ""
    hashes: "array[int]" = field(default_factory=lambda: array("q"))
    last: Where = field(default_factory=Where)
    unusual: Seen | None = None  #: the first one with another prefix

    def take(self, record: Record) -> None:
        """Remember the ids of an exchange."""
        for seen in self.of(record):
            self.hashes.append(hash(seen.value))
            self.last = seen.where
            if self.unusual is None and not seen.value.startswith(self.usual):
                self.unusual = seen

    def unique(self, requirement: str) -> Iterator[Finding]:
        """One finding for every repetition; that the clause held, where two or more ids were compared."""
        doubtful = _repeated(self.hashes)
        again = list(self._repetitions(requirement, doubtful)) if doubtful else []
        yield from again
        if len(self.hashes) > 1 and not again:
            yield held(requirement, self.last)

    def _repetitions(self, requirement: str, doubtful: Container[int]) -> Iterator[Finding]:
        first: dict[str, Where] = {}
        for value, where in (seen for record in self.run.records for seen in self.of(record)):
            if value in first:
                seen = f"{shown(value)}, as in exchange {first[value].exchange}"
                yield broken(requirement, "an id of its own", seen, where)
            elif hash(value) in doubtful:
                first[value] = where


def _repeated(hashes: "array[int]") -> set[int]:
    """The numbers that occur more than once, found part by part so that few of them are objects at a time."""
    parts = [array("q") for _ in range(len(hashes) // PART + 1)]
    for number in hashes:
        parts[number % len(parts)].append(number)
    return {one for part in parts for one, next_ in pairwise(sorted(part)) if one == next_}


@folding_rule("HDR-012")
def request_ids_are_unique(run: Run) -> Fold:
    """HDR-012. Each try is a request of its own; an id that the caller chose is left out."""
    return RequestIds(run, Ids(run, partial(_request_ids, terms=run.terms)))


@dataclass(slots=True)
class RequestIds:
    """Request ids, and the first exchange that has one in another header than the preferred one."""

    run: Run
    ids: Ids
    other: tuple[int, str] | None = None

    def take(self, record: Record) -> None:
        """Look at the headers of an exchange."""
        self.ids.take(record)
        found = request_id(record.exchange, self.run.terms) if self.other is None else None
        if found and found[0] != self.run.terms.profile.request_id_headers[0]:
            self.other = record.seq, found[0]

    def findings(self) -> Iterator[Finding]:
        """Repetitions, and the header."""
        yield from self.ids.unique("HDR-012")
        if self.other:
            seq, name = self.other
            preferred = self.run.terms.profile.request_id_headers[0]
            yield note("HDR-012", f"the header {preferred}", f"only {name}", Where(seq, header=name))


def _request_ids(record: Record, terms: Terms) -> Iterator[Seen]:
    found = request_id(record.exchange, terms) if is_answer(record.exchange) else None
    if found is not None and found[1] != request_header(record.exchange, found[0]):
        yield Seen(found[1], Where(record.seq, header=found[0]))


@folding_rule("RESP-002")
def message_ids_are_unique(run: Run) -> Fold:
    """RESP-002. A repetition under one idempotency key may be answered with the same message: LOAD-004's case."""
    return NamedIds("RESP-002", "RESP-002", Ids(run, _message_ids, USUAL_PREFIX))


@dataclass(slots=True)
class NamedIds:
    """Ids that no two answers may share, and whose usual form is noted with another requirement."""

    requirement: str
    form: str
    ids: Ids

    def take(self, record: Record) -> None:
        """Look at the ids of an exchange."""
        self.ids.take(record)

    def findings(self) -> Iterator[Finding]:
        """Repetitions, and the first unusual form."""
        yield from self.ids.unique(self.requirement)
        if unusual := self.ids.unusual:
            yield note(self.form, f"an id that begins with {self.ids.usual}", shown(unusual.value), unusual.where)


def _message_ids(record: Record) -> Iterator[Seen]:
    if request_header(record.exchange, "idempotency-key") is not None:
        return
    for _, message in judged_messages(record.reading):
        value = message.get("id")
        if isinstance(value, str) and value:
            yield Seen(value, Where(record.seq, "/id"))
