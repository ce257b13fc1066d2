"""Ids that no two answers of a run may share (HDR-012, RESP-002); TOOL-016, about calls, is in `tools`."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conformance.evidence.run import Record, Run
from conformance.rules.answers import is_answer, request_header
from conformance.rules.findings import Finding, Where, broken, held, note, shown
from conformance.rules.headers import request_id
from conformance.rules.registry import run_rule
from conformance.rules.scope import judged_messages

#: The prefix of every recorded message id; another one is free, but clients may look at it.
USUAL_PREFIX = "msg_"


class Seen(NamedTuple):
    """An id, and where it came."""

    value: str
    where: Where


def unique(requirement: str, ids: Iterable[Seen]) -> Iterator[Finding]:
    """One finding for every repetition; that the clause held, where two or more ids were compared."""
    first: dict[str, Where] = {}
    repeated = False
    for value, where in ids:
        if value in first:
            repeated = True
            seen = f"{shown(value)}, as in exchange {first[value].exchange}"
            yield broken(requirement, "an id of its own", seen, where)
        else:
            first[value] = where
    if len(first) > 1 and not repeated:
        yield held(requirement, next(reversed(first.values())))


@run_rule("HDR-012")
def request_ids_are_unique(run: Run) -> Iterable[Finding]:
    """HDR-012. Each try is a request of its own; an id that the caller chose is left out."""
    yield from unique("HDR-012", _request_ids(run))
    preferred = run.terms.profile.request_id_headers[0]
    others = ((record.seq, found[0]) for record in run.records if (found := request_id(record.exchange, run.terms)))
    if other := next(((seq, name) for seq, name in others if name != preferred), None):
        yield note("HDR-012", f"the header {preferred}", f"only {other[1]}", Where(other[0], header=other[1]))


def _request_ids(run: Run) -> Iterator[Seen]:
    for record in run.records:
        found = request_id(record.exchange, run.terms) if is_answer(record.exchange) else None
        if found is not None and found[1] != request_header(record.exchange, found[0]):
            yield Seen(found[1], Where(record.seq, header=found[0]))


@run_rule("RESP-002")
def message_ids_are_unique(run: Run) -> Iterable[Finding]:
    """RESP-002. A repetition under one idempotency key may be answered with the same message: LOAD-004's case."""
    ids = [seen for record in run.records for seen in _message_ids(record)]
    yield from unique("RESP-002", ids)
    if unusual := next((seen for seen in ids if not seen.value.startswith(USUAL_PREFIX)), None):
        yield note("RESP-002", f"an id that begins with {USUAL_PREFIX}", shown(unusual.value), unusual.where)


def _message_ids(record: Record) -> Iterator[Seen]:
    if request_header(record.exchange, "idempotency-key") is not None:
        return
    for _, message in judged_messages(record.reading):
        value = message.get("id")
        if isinstance(value, str) and value:
            yield Seen(value, Where(record.seq, "/id"))
