"""Error answers: JSON, their envelope, its words, and what must not be in them (ERR-001 to -005, -008, -010).

What is no JSON breaks ERR-002 alone, what is no envelope ERR-001 alone; the others are put to the test inside a
whole envelope. Transient answers are errors like any other here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from conformance.contract import Level, Profile
from conformance.evidence.run import Terms
from conformance.rules.answers import JSON_TYPE, is_error, is_undecodable, is_unheard_of
from conformance.rules.findings import Finding, Kind, Where, broken, check, held, note, shown
from conformance.rules.outcome import EDGE_STATUSES
from conformance.rules.registry import exchange_rule
from conformance.wire.exchange import Exchange
from conformance.wire.reading import Reading

LEAKS = re.compile(
    r"Traceback \(most recent call last\)|(?<![\w.])/(?:usr|home|opt|srv|var|root)/\w[^\s\"']*"
    r"|File \\?\"[^\"]+\.py\\?\"|node_modules"
    r"|\b[\w/-]{1,64}\.(?:java|kt|scala|rs|go|js|ts|rb|php|cs):\d+|\bgoroutine \d+ \["  # places in sources
    r"|\b[A-Z]:\\\\[\w. -]{1,64}\\\\|\b[\w-]{1,63}\.svc\.cluster\.local\b"
    r"|(?<![\d.])(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?![\d.])"
    r"|(?<![\w-])sk-[\w-]*\w{8,}"  # what a key begins with, sk-ant-api03-, is no key
    r"|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{8,400}\.eyJ"
)


@exchange_rule("ERR-002")
def errors_are_json(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """ERR-002; what an edge answers with 413, 502 and 504 is free, and noted (contract.md §6, trap 11)."""
    exchange = reading.exchange
    if not is_error(exchange) or is_undecodable(reading):
        return
    if _root(reading) is None:
        seen = f"{reading.media_type or 'no media type'}, {shown(exchange.body[:60])}"
        found = broken("ERR-002", "a JSON object", seen, Where(byte=0))
    else:
        seen, where = shown(exchange.header("content-type")), Where(header="content-type")
        found = check("ERR-002", reading.media_type == JSON_TYPE, JSON_TYPE, seen, where)
    free = found.kind is Kind.BROKEN and exchange.status in EDGE_STATUSES
    yield replace(found, kind=Kind.NOTE) if free else found


def _root(reading: Reading) -> Mapping[str, Any] | None:
    """The body of an error answer as a JSON object; None when it is not JSON at all or something else."""
    parsed = reading.json
    return parsed.value if parsed.usable and isinstance(parsed.value, Mapping) else None


def envelope(reading: Reading) -> Mapping[str, Any] | None:
    """The whole envelope of an error answer; None when there is none or it lacks a part other than the message."""
    root = _root(reading) if is_error(reading.exchange) else None
    return None if root is None or _departure(root) else root


def _departure(root: Mapping[str, Any]) -> tuple[str, str, object] | None:
    """The first place where a JSON object is no envelope: pointer, expected, seen. ERR-004 owns the message."""
    error = root.get("error")
    if root.get("type") != "error":
        return "/type", '"error"', root.get("type")
    if not isinstance(error, Mapping):
        return "/error", "an object with type and message", error
    return None if isinstance(error.get("type"), str) else ("/error/type", "a string", error.get("type"))


@exchange_rule("ERR-001")
def errors_have_the_envelope(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """ERR-001; `details` in another shape warns."""
    root = _root(reading) if is_error(reading.exchange) else None
    if root is None:
        return
    if departure := _departure(root):
        place, expected, seen = departure
        told = f"{shown(seen)} in {shown(root, 200)}"
        yield broken("ERR-001", f"the error envelope: {expected} at {place}", told, Where(pointer=place))
        return
    yield held("ERR-001")
    details = root["error"].get("details")
    if details is not None and not (isinstance(details, Mapping) and isinstance(details.get("error_code"), str)):
        where = Where(pointer="/error/details")
        yield broken("ERR-001", "an object with a string error_code", shown(details), where, Level.SHOULD)


@exchange_rule("ERR-003")
def error_types_are_known(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """ERR-003: words of other protocols and class names break it; a word nobody knows yet is a note."""
    root = envelope(reading)
    if root is None:
        return
    word, where = root["error"]["type"], Where(pointer="/error/type")
    if word in terms.profile.error_types:
        yield held("ERR-003", where)
    else:
        say = note if is_unheard_of(word, terms.profile) else broken
        yield say("ERR-003", "an error type of the contract", shown(word), where)


@exchange_rule("ERR-004")
def error_messages_are_text(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """ERR-004; the wording is free."""
    root = envelope(reading)
    if root is not None:
        text = root["error"].get("message")
        holds = isinstance(text, str) and bool(text.strip())
        yield check("ERR-004", holds, "a non-empty string", shown(text), Where(pointer="/error/message"))


@exchange_rule("ERR-005")
def status_and_type_agree(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """ERR-005, judged for the words of the contract only."""
    root, status = envelope(reading), reading.exchange.status
    if root is None or status is None or root["error"]["type"] not in terms.profile.error_types:
        return
    word, accepted = root["error"]["type"], accepted_types(status, terms.profile)
    expected = f"status {status} with {' or '.join(accepted)}"
    yield check("ERR-005", word in accepted, expected, word, Where(pointer="/error/type"))


def accepted_types(status: int, profile: Profile) -> tuple[str, ...]:
    """The error types that go with a status, the documented one first."""
    return profile.error_status.get(status, profile.error_status_other)


@exchange_rule("ERR-008")
def request_ids_agree(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """ERR-008; a body without the field is a note."""
    root = envelope(reading)
    ids = list(_request_ids(reading.exchange, terms))
    if root is None or not ids:
        return
    where, expected = Where(pointer="/request_id"), f"{' or '.join(map(shown, ids))}, as in the header"
    if root.get("request_id") is None:
        yield note("ERR-008", expected, "no request_id in the body", where)
    else:
        yield check("ERR-008", root["request_id"] in ids, expected, shown(root["request_id"]), where)


def _request_ids(exchange: Exchange, terms: Terms) -> Iterator[str]:
    for name in terms.profile.request_id_headers:
        yield from (value for value in exchange.header_values(name) if value)


@exchange_rule("ERR-010")
def errors_tell_nothing_of_the_inside(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """ERR-010: traces, paths of a server, private addresses, keys; what the request itself held may come back."""
    exchange = reading.exchange
    if not is_error(exchange) or not exchange.body:
        return
    text = reading.body.decode("utf-8", "replace")
    leak = next((match for match in LEAKS.finditer(text) if not _was_sent(match.group(), exchange)), None)
    where = Where() if leak is None else Where(byte=len(text[: leak.start()].encode()))
    seen = "" if leak is None else shown(leak.group())
    yield check("ERR-010", leak is None, "nothing of the server's inside", seen, where)


def _was_sent(text: str, exchange: Exchange) -> bool:
    request = exchange.request
    sent = (request.url, request.body.decode("utf-8", "replace"), *(value for _, value in request.headers))
    return any(text in part for part in sent)
