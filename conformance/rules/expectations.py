"""The kinds of expectation a case may carry: a table of pure, total functions.

Each takes the evidence of a case and the terms of its expectation, and yields findings; the requirement, the case and
the exchange are filled in by `cases`. Kinds in NEGATIVE_KINDS need accepted controls around them; to those in
VALID_KINDS a server error is a breach like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.contract import Level, Profile
from conformance.rules.answers import is_unheard_of
from conformance.rules.findings import Finding, Where, broken, check, held, note, shown, unjudged
from conformance.rules.outcome import UNRELATED_STATUSES, is_client_error, is_served
from conformance.wire.exchange import Ending, Exchange, Limit

if TYPE_CHECKING:
    from conformance.rules.cases import Evidence

Judge = Callable[["Evidence", Mapping[str, Any]], Iterable[Finding]]
KINDS: dict[str, Judge] = {}
NEGATIVE_KINDS: set[str] = set()
VALID_KINDS: set[str] = set()


def kind(name: str, negative: bool = False, valid: bool = False) -> Callable[[Judge], Judge]:
    """Register a kind of expectation under its name; `valid` where every request of it must be served."""

    def register(judge: Judge) -> Judge:
        KINDS[name] = judge
        if negative:
            NEGATIVE_KINDS.add(name)
        if valid:
            VALID_KINDS.add(name)
        return judge

    return register


def answer_of(exchange: Exchange) -> str:
    """What came back, in a few words: the status, or how the exchange ended."""
    if exchange.status is None:
        return f"no answer ({exchange.end.how.value})"
    return f"status {exchange.status}"


@kind("accepted")
def accepted(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """Every exchange was answered with 200. A 401 or 404 of a run whose control works is a refusal like any other.

    `open` lists statuses that leave the case open, where a model may do without what is asked for.
    """
    for record in evidence.records:
        exchange, where = record.exchange, Where(record.seq)
        if exchange.status in args.get("open", ()):
            yield unjudged("", f"status {exchange.status}: this model may not know it", where)
        else:
            yield check("", is_served(exchange), "status 200: the request is valid", answer_of(exchange), where)


@kind("refused", negative=True)
def refused(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """A client error other than those that say nothing about the body; which one exactly is ERR-007's question.

    `also` lists statuses that do say enough here, `lowered` those that break it as a SHOULD, `noted` as nothing.
    """
    for record in evidence.records:
        yield _refusal(record.exchange, args, Where(record.seq))


def _refusal(exchange: Exchange, args: Mapping[str, Any], where: Where) -> Finding:
    expected = "a client error: the request is invalid"
    if exchange.status in args.get("noted", ()):
        return note("", expected, answer_of(exchange), where)
    if exchange.status in UNRELATED_STATUSES and exchange.status not in args.get("also", ()):
        return unjudged("", f"status {exchange.status} says nothing about this request", where)
    lowered = Level.SHOULD if exchange.status in args.get("lowered", ()) else None
    return check("", is_client_error(exchange), expected, answer_of(exchange), where, lowered)


@kind("status", negative=True)
def status(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """One of `ok`; `lowered` breaks it as a SHOULD; `noted` is mentioned.

    On a client error `error_type` binds the type where there is one: the envelope itself is ERR-001's question. A type
    that nobody knows yet is mentioned (contract.md §6, trap 7).
    `absent_header` must not be among the response headers.
    """
    for record in evidence.records:
        where, error = Where(record.seq), record.reading.error
        yield _status(record.exchange, args, where)
        if is_client_error(record.exchange):
            yield from _error_terms(error, args, where, evidence.run.terms.profile)
        if name := args.get("absent_header"):
            seen = record.exchange.header(name)
            yield check("", seen is None, f"no header {name}", f"{name}: {shown(seen)}", replace(where, header=name))


def _status(exchange: Exchange, args: Mapping[str, Any], where: Where) -> Finding:
    expected = "status " + " or ".join(str(code) for code in args["ok"])
    if exchange.status in args["noted"]:
        return note("", expected, answer_of(exchange), where)
    lowered = Level.SHOULD if exchange.status in args["lowered"] else None
    return check("", exchange.status in args["ok"], expected, answer_of(exchange), where, lowered)


def _error_terms(
    error: Mapping[str, Any] | None, args: Mapping[str, Any], where: Where, profile: Profile
) -> Iterable[Finding]:
    seen = (error or {}).get("type")
    if (wanted := args.get("error_type")) and isinstance(seen, str):
        expected, told = f"error.type {wanted}", f"error.type {shown(seen)}"
        unheard = is_unheard_of(seen, profile)
        yield note("", expected, told, where) if unheard else check("", seen == wanted, expected, told, where)


@kind("answer-begins")
def answer_begins(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """A status line came before our limits cut the request.

    Only a request that was cut on its last try, between accepted controls, comes to be judged here at all.
    Source: schemas/requirements HTTP-012.
    """
    for record in evidence.records:
        exchange, where = record.exchange, Where(record.seq)
        cut = exchange.status is None and exchange.end.how is Ending.CUT and exchange.end.limit is not Limit.HEADER
        if exchange.status is None and not cut:
            yield unjudged("", f"{answer_of(exchange)}: not a matter of time", where)
        else:
            limit = (exchange.end.limit or Limit.WHOLE).value
            seen = f"nothing within our limit {limit}, try {record.attempt}"
            yield check("", not cut, "the beginning of an answer within our limit", seen, where)


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


# The other kinds register themselves; they need what is above.
from conformance.rules import (  # noqa: E402
    client_needs,  # noqa: F401
    expectations_answers,  # noqa: F401
    expectations_groups,  # noqa: F401
    expectations_meaning,  # noqa: F401
    expectations_models,  # noqa: F401
    expectations_surfaces,  # noqa: F401
    expectations_thinking,  # noqa: F401
    expectations_tools,  # noqa: F401
)
