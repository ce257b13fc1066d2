"""The kinds of expectation a case may carry: a table of pure, total functions.

Each takes the evidence of a case and the terms of its expectation, and yields findings; the requirement, the case and
the exchange are filled in by `cases`. Kinds in NEGATIVE_KINDS need an accepted control beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from conformance.contract import Level
from conformance.rules.findings import Finding, Where, broken, held, note, shown, unjudged
from conformance.rules.outcome import UNRELATED_STATUSES, is_client_error, is_served
from conformance.wire.exchange import Exchange

if TYPE_CHECKING:
    from conformance.rules.cases import Evidence

Judge = Callable[["Evidence", Mapping[str, Any]], Iterable[Finding]]
KINDS: dict[str, Judge] = {}
NEGATIVE_KINDS: set[str] = set()


def kind(name: str, negative: bool = False) -> Callable[[Judge], Judge]:
    """Register a kind of expectation under its name."""

    def register(judge: Judge) -> Judge:
        KINDS[name] = judge
        if negative:
            NEGATIVE_KINDS.add(name)
        return judge

    return register


def answer_of(exchange: Exchange) -> str:
    """What came back, in a few words: the status, or how the exchange ended."""
    if exchange.status is None:
        return f"no answer ({exchange.end.how.value})"
    return f"status {exchange.status}"


@kind("accepted")
def accepted(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """Every exchange was answered with 200. A 401 or 404 of a run whose control works is a refusal like any other."""
    for record in evidence.records:
        where = Where(record.seq)
        yield held("", where) if is_served(record.exchange) else _not_served(record.exchange, where)


def _not_served(exchange: Exchange, where: Where) -> Finding:
    return broken("", "status 200: the request is valid", answer_of(exchange), where)


@kind("refused", negative=True)
def refused(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """A client error other than those that say nothing about the body; which one exactly is ERR-007's question."""
    for record in evidence.records:
        yield _refusal(record.exchange, Where(record.seq))


def _refusal(exchange: Exchange, where: Where) -> Finding:
    if exchange.status in UNRELATED_STATUSES:
        return unjudged("", f"status {exchange.status} says nothing about this request", where)
    if is_client_error(exchange):
        return held("", where)
    return broken("", "a client error: the request is invalid", answer_of(exchange), where)


@kind("status", negative=True)
def status(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """One of `ok`; `lowered` breaks it as a SHOULD; `noted` is mentioned; `error_type` binds the envelope's type."""
    for record in evidence.records:
        where = Where(record.seq)
        yield _status(record.exchange, args, where)
        if args.get("error_type") and is_client_error(record.exchange):
            yield _error_type(record.reading.error, args["error_type"], where)


def _status(exchange: Exchange, args: Mapping[str, Any], where: Where) -> Finding:
    expected = "status " + " or ".join(str(code) for code in args["ok"])
    if exchange.status in args["ok"]:
        return held("", where)
    if exchange.status in args["noted"]:
        return note("", expected, answer_of(exchange), where)
    lowered = Level.SHOULD if exchange.status in args["lowered"] else None
    return broken("", expected, answer_of(exchange), where, lowered)


def _error_type(error: Mapping[str, Any] | None, wanted: str, where: Where) -> Finding:
    seen = error.get("type") if error else None
    if seen == wanted:
        return held("", where)
    return broken("", f"error.type {wanted}", f"error.type {shown(seen)}", where)


@kind("same-outcome", negative=True)
def same_outcome(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """All exchanges of the case end with the same status and, where they are errors, the same error type."""
    outcomes = {record.seq: _outcome(record.exchange, record.reading.error) for record in evidence.records}
    if len(set(outcomes.values())) == 1:
        yield held("", Where(evidence.last.seq))
    else:
        told = "; ".join(f"exchange {seq}: {outcome}" for seq, outcome in outcomes.items())
        yield broken("", "the same status and error type for each", told, Where(evidence.last.seq))


def _outcome(exchange: Exchange, error: Mapping[str, Any] | None) -> str:
    return f"{answer_of(exchange)}, error.type {shown(error.get('type') if error else None)}"
