"""What the walk through a stream's events found, as findings (STRM-001 to -031), and STRM-007."""

from collections.abc import Iterable, Mapping

from conformance.contract import Level
from conformance.evidence.run import Terms
from conformance.rules.answers import declares_server_tool, is_served_stream, listed
from conformance.rules.findings import Finding, Kind, Where, check, held
from conformance.rules.registry import exchange_rule
from conformance.rules.usage import total_input
from conformance.wire.reading import Reading
from conformance.wire.stream import Breach
from conformance.wire.stream_breach import member

GRAMMAR = tuple(f"STRM-{number:03}" for number in range(1, 32) if number != 7)
#: The walk mentions an absent stop_sequence beside the stop_reason; RESP-011 owns it.
_OWNED_ELSEWHERE = ("STRM-017", "/delta/stop_sequence")


@exchange_rule(*GRAMMAR)
def stream_keeps_the_event_grammar(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """Every breach as a finding, and every clause that was put to the test without one as held."""
    if not is_served_stream(reading):
        return
    walk = reading.walk
    breaches = [breach for breach in walk.breaches if (breach.requirement, breach.pointer) != _OWNED_ELSEWHERE]
    found = [_finding(breach, reading) for breach in breaches]
    yield from found
    faulty = {finding.requirement for finding in found if finding.kind is Kind.BROKEN}
    yield from (held(requirement) for requirement in sorted(walk.observed - faulty) if requirement in GRAMMAR)


def _finding(breach: Breach, reading: Reading) -> Finding:
    kind = Kind.NOTE if breach.lowered == "note" or _done_before(breach, reading) else Kind.BROKEN
    level = Level.SHOULD if breach.lowered == "SHOULD" else None
    where = _where(breach, reading)
    return Finding(breach.requirement, kind, breach.expected, breach.seen, where, level)


def _done_before(breach: Breach, reading: Reading) -> bool:
    """Whether a message starts with the blocks that a server tool led to, which the request declared (STRM-004)."""
    if breach.requirement != "STRM-004" or not declares_server_tool(reading) or breach.event is None:
        return False
    content = (member(reading.events[breach.event].data, "message") or {}).get("content")
    whole = [isinstance(block, Mapping) and isinstance(block.get("type"), str) for block in listed(content)]
    return bool(whole) and all(whole)


def _where(breach: Breach, reading: Reading) -> Where:
    byte = None if breach.event is None else reading.events[breach.event].offset
    return Where(pointer=breach.pointer, event=breach.event, byte=byte)


@exchange_rule("STRM-007")
def stream_start_counts_the_input(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """STRM-007, where message_start has a usage with counts."""
    start = next((event for event in reading.events if event.type == "message_start"), None)
    if start is None or not is_served_stream(reading):
        return
    total = total_input(member(member(start.data, "message"), "usage"), terms.profile)
    if total is not None:
        where = Where(event=start.index, pointer="/message/usage", byte=start.offset)
        yield check("STRM-007", total > 0, "a total input above 0", str(total), where)
