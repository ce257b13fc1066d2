"""JSON bodies as a whole: strict text, an object with a message's keys, no error in its place.

HTTP-011, RESP-001, RESP-012.
"""

from collections.abc import Iterable, Mapping

from conformance.evidence.run import Terms
from conformance.rules.answers import JSON_TYPE, has_body, is_answer, is_error, is_served_message, is_undecodable
from conformance.rules.findings import Finding, Where, broken, check, held, note, shown
from conformance.rules.judged import is_error_object
from conformance.rules.registry import exchange_rule
from conformance.wire.jsontext import JSON, JsonFault, JsonFaultKind
from conformance.wire.reading import Reading

MESSAGE_KEYS = ("id", "type", "role", "content", "model")
#: What RFC 8259 allows or only advises against, and what merely goes beyond our reader.
TOLERATED = frozenset({JsonFaultKind.DUPLICATE_KEY, JsonFaultKind.HUGE_NUMBER, JsonFaultKind.TOO_DEEP})


@exchange_rule("HTTP-011")
def json_is_strict(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """HTTP-011, for every body declared as JSON; an error answer that is no JSON at all is ERR-002's."""
    exchange = reading.exchange
    empty_matters = is_served_message(exchange)
    if not (is_answer(exchange) and has_body(exchange) and _claims_json(reading)) or is_undecodable(reading):
        return
    if (not exchange.body and not empty_matters) or (is_error(exchange) and not reading.json.usable):
        return
    faults = [fault for fault in reading.json.faults if fault.kind not in TOLERATED]
    yield from (_noted(fault) for fault in reading.json.faults if fault.kind in TOLERATED)
    if faults:
        yield broken("HTTP-011", "strict JSON in UTF-8", faults[0].detail, Where(byte=faults[0].offset))
    elif reading.json.usable:
        yield held("HTTP-011")


def _claims_json(reading: Reading) -> bool:
    """By its media type, or, without one, by being empty where a message was due."""
    undeclared = not reading.media_type and not reading.body and is_served_message(reading.exchange)
    return reading.media_type == JSON_TYPE or reading.media_type.endswith("+json") or undeclared


def _noted(fault: JsonFault) -> Finding:
    return note("HTTP-011", "JSON that every reader takes alike", fault.detail, Where(byte=fault.offset))


def _served(reading: Reading) -> tuple[bool, JSON]:
    """Whether the answer is a whole JSON text under 200, and its value."""
    exchange = reading.exchange
    whole = is_served_message(exchange) and has_body(exchange) and not reading.is_stream and reading.json.usable
    return whole, reading.json.value if whole else None


@exchange_rule("RESP-001")
def message_has_its_keys(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-001. An error in the place of a message is RESP-012's."""
    served, value = _served(reading)
    if not served or (is_error_object(value) and "content" not in _members(value)):
        return
    missing = [key for key in MESSAGE_KEYS if key not in _members(value)]
    seen = f"no {', '.join(missing)}" if isinstance(value, Mapping) else shown(value)
    yield check("RESP-001", not missing, f"an object with {', '.join(MESSAGE_KEYS)}", seen)


def _members(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, Mapping) else {}


@exchange_rule("RESP-012")
def no_error_under_200(reading: Reading, terms: Terms) -> Iterable[Finding]:
    """RESP-012, for JSON; an error inside a stream is STRM-025's."""
    served, value = _served(reading)
    if served and isinstance(value, Mapping):
        pointer = "/type" if value.get("type") == "error" else "/error"
        seen = shown(value.get("error") or value.get("type"))
        yield check("RESP-012", not is_error_object(value), "no error object under 200", seen, Where(pointer=pointer))
