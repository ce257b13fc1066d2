"""Headers of an answer: coding, request id, media type, rate limits, allowed methods (HDR-011 to -016, HTTP-003)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime

from conformance.evidence.run import Terms
from conformance.rules.answers import (
    JSON_TYPE,
    asks_for_json,
    has_body,
    is_answer,
    is_served_message,
    is_whole,
    names_messages,
    request_header,
)
from conformance.rules.findings import Finding, Where, broken, check, held, shown
from conformance.rules.outcome import EDGE_STATUSES, is_client_error
from conformance.rules.registry import exchange_rule
from conformance.wire.exchange import Exchange
from conformance.wire.reading import Reading

#: Body-level codes of a 429 that carries no `retry-after`: waiting does not lift a spending cap.
SPEND_CAPS = frozenset({"contract_spend_limit_reached", "enforced_spend_limit_reached"})
LIMITED = ("requests", "tokens", "input-tokens", "output-tokens")
#: Caller ids that no server has a reason to change; odd ones are cases of their own.
_PLAIN_ID = re.compile(r"[\w.-]{1,128}", re.ASCII)
_INTEGER = re.compile(r"\d{1,18}", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_RFC3339 = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt ](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
    r"(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)


@exchange_rule("HDR-011")
def coding_is_declared_and_offered(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """HDR-011. Without Accept-Encoding in the request every coding is acceptable (RFC 9110 §12.5.3)."""
    exchange = reading.exchange
    if not (is_answer(exchange) and has_body(exchange) and is_whole(exchange) and exchange.body):
        return
    offered = request_header(exchange, "accept-encoding")
    used = list(_codings(exchange))
    where = Where(header="content-encoding")
    unasked = [word for word in used if offered is not None and not _offers(offered, word)]
    if unasked:
        yield broken("HDR-011", f"a coding out of {offered!r}", ", ".join(unasked), where)
    elif reading.encoding_fault:
        yield broken("HDR-011", f"a body in {', '.join(used)}", str(reading.encoding_fault), where)
    elif used or offered is not None:
        yield held("HDR-011", where)


def _codings(exchange: Exchange) -> Iterator[str]:
    for value in exchange.header_values("content-encoding"):
        yield from (word for part in value.split(",") if (word := part.strip().lower()) not in ("", "identity"))


def _offers(offered: str, coding: str) -> bool:
    weights = dict(_weighed(part) for part in offered.lower().split(","))
    return weights.get(coding.removeprefix("x-"), weights.get(coding, weights.get("*", False)))


def _weighed(part: str) -> tuple[str, bool]:
    word, _, weight = part.partition(";")
    return word.strip(), re.fullmatch(r"q=0(\.0*)?", weight.strip()) is None


def request_id(exchange: Exchange, terms: Terms) -> tuple[str, str] | None:
    """Name and value of the header that carries the request id, preferred name first."""
    found = ((name, exchange.header(name)) for name in terms.profile.request_id_headers)
    return next(((name, value) for name, value in found if value and value.strip()), None)


@exchange_rule("HDR-012")
def request_id_is_there(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """HDR-012, presence; uniqueness is a matter of the whole run. A page from an edge in front of the endpoint, which
    says 413, 502 or 504 without JSON, is not the endpoint's (contract.md §6).
    """
    if is_answer(reading.exchange) and not _is_from_an_edge(reading):
        names = terms.profile.request_id_headers
        found = request_id(reading.exchange, terms)
        yield check("HDR-012", found is not None, f"a header {' or '.join(names)}", "none", Where(header=names[0]))


def _is_from_an_edge(reading: Reading) -> bool:
    return reading.exchange.status in EDGE_STATUSES and reading.error is None


@exchange_rule("HDR-013")
def caller_request_id_comes_back(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """HDR-013, the echo: only where the answer has the header at all."""
    name = terms.profile.caller_request_id
    sent = request_header(reading.exchange, name) if name else None
    if name is None or sent is None or not _PLAIN_ID.fullmatch(sent) or not is_answer(reading.exchange):
        return
    values = set(reading.exchange.header_values(name))
    if values:
        yield check("HDR-013", values == {sent}, shown(sent), shown(", ".join(sorted(values))), Where(header=name))


@exchange_rule("HDR-014")
def json_is_declared(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """HDR-014: 200 answers to requests for JSON, and JSON bodies of client errors."""
    exchange = reading.exchange
    if not (has_body(exchange) and exchange.body and is_answer(exchange)):
        return
    served = is_served_message(exchange) and asks_for_json(reading)
    refused = is_client_error(exchange) and isinstance(reading.json.value, Mapping)
    if served or refused:
        seen = exchange.header("content-type") or "no content-type"
        where = Where(header="content-type")
        yield check("HDR-014", reading.media_type == JSON_TYPE, JSON_TYPE, shown(seen), where)


@exchange_rule("HDR-015")
def rate_limits_are_numbers_and_times(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """HDR-015, for the documented families of headers; their absence is a server's freedom."""
    if reading.exchange.status != 200:
        return
    for family in LIMITED:
        prefix = f"anthropic-ratelimit-{family}-"
        parts = {part: reading.exchange.header(prefix + part) for part in ("limit", "remaining", "reset")}
        given = {part: value.strip() for part, value in parts.items() if value is not None}
        if given:
            yield _rate_limit(prefix, given)


def _rate_limit(prefix: str, given: Mapping[str, str]) -> Finding:
    for part, value in given.items():
        pattern, expected = (_RFC3339, "an RFC 3339 time") if part == "reset" else (_INTEGER, "an integer")
        if not pattern.fullmatch(value):
            return broken("HDR-015", expected, shown(value), Where(header=prefix + part))
    where = Where(header=prefix + "remaining")
    if {"limit", "remaining"} <= given.keys() and int(given["remaining"]) > int(given["limit"]):
        return broken("HDR-015", f"at most the limit {given['limit']}", given["remaining"], where)
    return held("HDR-015", Where(header=prefix + next(iter(given))))


@exchange_rule("HDR-016")
def rate_limited_answers_say_when(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """HDR-016. A spending cap is not lifted by waiting and may do without."""
    exchange = reading.exchange
    if exchange.status != 429:
        return
    value = exchange.header("retry-after")
    where = Where(header="retry-after")
    if value is not None:
        expected = "a positive number of seconds or an HTTP date"
        yield check("HDR-016", _is_delay(value.strip()), expected, shown(value), where)
    elif not _is_spend_cap(reading):
        yield broken("HDR-016", "a retry-after header", "none", where)


def _is_spend_cap(reading: Reading) -> bool:
    details = reading.error.get("details") if reading.error else None
    code = details.get("error_code") if isinstance(details, Mapping) else None
    return isinstance(code, str) and code in SPEND_CAPS


def _is_delay(value: str) -> bool:
    if _SECONDS.fullmatch(value):
        return float(value) > 0
    try:
        return parsedate_to_datetime(value) is not None
    except (ValueError, TypeError, IndexError, OverflowError):
        return False


@exchange_rule("HTTP-003")
def refused_methods_name_the_allowed(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """HTTP-003, for the messages endpoint: what other addresses allow is not known."""
    exchange = reading.exchange
    if exchange.status != 405 or not names_messages(exchange):
        return
    values = ", ".join(exchange.header_values("allow"))
    listed = {word.strip() for word in values.split(",")}
    yield check(
        "HTTP-003", "POST" in listed, "Allow with POST", shown(values) if values else "none", Where(header="allow")
    )
