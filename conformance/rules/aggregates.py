"""What all refusals of a run have in common: no 5xx, and the documented status (ERR-006, ERR-007).

A negative supports a verdict only beside an accepted control and between two accepted plain ones.
"""

from collections.abc import Iterable, Iterator

from conformance.contract import Level, Profile
from conformance.evidence.run import Expect, Item, Record, Run
from conformance.rules.answers import is_answer
from conformance.rules.cases import TRIES, bracketed, expectation, was_patience_asked
from conformance.rules.expectations import NEGATIVE_KINDS, answer_of
from conformance.rules.findings import Finding, Where, broken, held
from conformance.rules.outcome import (
    UNRELATED_STATUSES,
    is_client_error,
    is_served,
    is_server_error,
    is_transient,
)
from conformance.rules.registry import run_rule
from conformance.wire.exchange import Exchange

#: Asking by HEAD or OPTIONS, for a surface that is optional, or with a key that may do less is no mistake of a client.
NO_MISTAKES = frozenset({"no-head-body", "no-such-surface", "restricted"})


def _negatives(run: Run) -> Iterator[tuple[Item, Record]]:
    """Every judgeable exchange of every active negative case, each exchange once."""
    seen: set[str] = set()
    for item in run.items:
        expect = expectation(item, run)
        if expect is None or not _is_mistake(expect) or not _control_accepted(item, run):
            continue
        for probe in dict.fromkeys(run.aliases.get(name, name) for name in item.probes):
            if probe not in seen:
                seen.add(probe)
                yield from ((item, record) for record in run.sent(probe) if bracketed(record, run))


def _is_mistake(expect: Expect) -> bool:
    return expect.kind in NEGATIVE_KINDS and expect.kind not in NO_MISTAKES


def _control_accepted(item: Item, run: Run) -> bool:
    return not item.control or any(is_served(record.exchange) for record in run.sent(item.control))


@run_rule("ERR-006")
def mistakes_of_a_client_are_no_server_errors(run: Run) -> Iterable[Finding]:
    """ERR-006. A transient answer counts when it came three times; 529 asks for patience and never does."""
    for item, record in _negatives(run):
        if is_server_error(record.exchange):
            if _is_settled(record, run):
                seen = f"{answer_of(record.exchange)} to {item.key}"
                yield broken("ERR-006", "no server error: the mistake is the client's", seen, Where(record.seq))
        elif is_answer(record.exchange):
            yield held("ERR-006", Where(record.seq))


def _is_settled(record: Record, run: Run) -> bool:
    lasting = record.attempt >= TRIES and not was_patience_asked(record, run)
    return not is_transient(record.exchange) or lasting


#: The areas whose refusals are about the body of a request.
BODIES = ("REQ-", "TOOL-", "THINK-")


@run_rule("ERR-007")
def invalid_bodies_get_the_documented_status(run: Run) -> Iterable[Finding]:
    """ERR-007, over the refusals of bodies; another status that the profile lists warns.

    A status that the case itself lets pass (too large, for one) is left alone.
    """
    for item, record in _negatives(run):
        expect = expectation(item, run)
        if expect is None or expect.kind != "refused" or not item.requirement.startswith(BODIES):
            continue
        if record.exchange.status not in (*expect.args.get("also", ()), *expect.args.get("noted", ())):
            yield from _refusal_status(item, record.exchange, Where(record.seq), run.terms.profile)


def _refusal_status(item: Item, exchange: Exchange, where: Where, profile: Profile) -> Iterator[Finding]:
    documented, *others = profile.refusals
    if exchange.status == documented:
        yield held("ERR-007", where)
    elif is_client_error(exchange) and exchange.status not in UNRELATED_STATUSES:
        level = Level.SHOULD if exchange.status in others else None
        yield broken("ERR-007", f"status {documented}", f"{answer_of(exchange)} to {item.key}", where, level)
