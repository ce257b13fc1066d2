"""What a single event must hold, whatever came before it (STRM-003 to 006, 009, 010, 012, 013, 019, 024, 025)."""

from collections.abc import Mapping

from conformance.wire.jsontext import JSON
from conformance.wire.stream_breach import MISSING, Breach, Ledger, StreamEvent, has_type, is_count, member, shown
from conformance.wire.stream_tables import BLOCKS, DELTAS, EventType, Lowered

_KNOWN = {str(kind): kind for kind in EventType}


def classify(event: StreamEvent) -> EventType | None:
    """The event's place in the grammar: by its data's type, by its name where that is missing; None if unknown."""
    if event.type is not None and (kind := _KNOWN.get(event.type)):
        return kind
    if _looks_like_error(event):
        return EventType.ERROR
    if event.name == EventType.PING:
        return EventType.PING
    named = event.type is None and event.data is not None
    return _KNOWN.get(event.name or "") if named else None


def _looks_like_error(event: StreamEvent) -> bool:
    """An error by its name, or an error object of any shape under a type the grammar does not know."""
    error = None if event.data is None else event.data.get("error")
    return event.name == EventType.ERROR or isinstance(error, Mapping) or (isinstance(error, str) and error != "")


def check_ping(event: StreamEvent, ledger: Ledger) -> None:
    """STRM-024."""
    seen = shown(MISSING if event.data is None else event.data.get("type", MISSING))
    breach = Breach("STRM-024", event.index, "/type", 'data {"type":"ping"}', seen)
    ledger.expect(event.type == EventType.PING, breach)


def check_error(event: StreamEvent, ledger: Ledger) -> None:
    """STRM-025: the event name, the envelope's type, and an error with type and message."""
    data = event.data or {}
    error = member(data, "error")
    clauses = [
        (event.name == "error", "", "the event name error", event.name or "no name"),
        (event.type == "error", "/type", '"error"', shown(data.get("type", MISSING))),
        (error is not None, "/error", "an object", shown(data.get("error", MISSING))),
    ]
    for key in ("type", "message") if error is not None else ():
        value = (error or {}).get(key, MISSING)
        clauses.append((isinstance(value, str), f"/error/{key}", "a string", shown(value)))
    for holds, pointer, expected, seen in clauses:
        ledger.expect(holds, Breach("STRM-025", event.index, pointer, expected, seen))


def check_message_start(event: StreamEvent, ledger: Ledger) -> None:
    """STRM-003 to STRM-006. Without any message only STRM-003 is broken: there is nothing to judge the rest by."""
    message = member(event.data, "message")
    if not message:
        seen = shown((event.data or {}).get("message", MISSING))
        expected = "a message with id, type, role and model"
        ledger.broke(Breach("STRM-003", event.index, "/message", expected, seen))
        return
    for requirement, key, holds, expected in _start_clauses(message):
        seen = shown(message.get(key, MISSING))
        ledger.expect(holds, Breach(requirement, event.index, f"/message/{key}", expected, seen))
    _check_start_usage(event, message, ledger)


def _start_clauses(message: Mapping[str, JSON]) -> tuple[tuple[str, str, bool, str], ...]:
    return (
        ("STRM-003", "id", isinstance(message.get("id"), str), "a string"),
        ("STRM-003", "type", message.get("type") == "message", '"message"'),
        ("STRM-003", "role", message.get("role") == "assistant", '"assistant"'),
        ("STRM-003", "model", isinstance(message.get("model"), str), "a string"),
        ("STRM-004", "content", message.get("content") == [], "an empty array"),
        ("STRM-005", "stop_reason", message.get("stop_reason", MISSING) is None, "null"),
        ("STRM-005", "stop_sequence", message.get("stop_sequence") is None, "null or nothing"),
    )


def _check_start_usage(event: StreamEvent, message: Mapping[str, JSON], ledger: Ledger) -> None:
    usage = member(message, "usage")
    if usage is None:
        seen = shown(message.get("usage", MISSING))
        ledger.broke(Breach("STRM-006", event.index, "/message/usage", "an object", seen))
        return
    for key in ("input_tokens", "output_tokens"):
        _check_count("STRM-006", event.index, f"/message/usage/{key}", usage.get(key, MISSING), ledger)


def _check_count(requirement: str, event: int, pointer: str, value: JSON, ledger: Ledger) -> None:
    ledger.expect(is_count(value), Breach(requirement, event, pointer, "an integer", shown(value)))


def check_block_start(event: StreamEvent, ledger: Ledger) -> None:
    """STRM-009 and STRM-010, and of STRM-031 that the start of redacted_thinking is complete."""
    block = member(event.data, "content_block")
    kind = block.get("type") if block is not None else None
    if block is None or not isinstance(kind, str):
        seen = shown((event.data or {}).get("content_block", MISSING))
        expected = "a content block with its type"
        ledger.broke(Breach("STRM-009", event.index, "/content_block", expected, seen))
        return
    if kind in BLOCKS and _check_fields(event.index, kind, block, ledger):
        _check_empty(event.index, kind, block, ledger)


def _check_fields(event: int, kind: str, block: Mapping[str, JSON], ledger: Ledger) -> bool:
    held = True
    for key, wanted in BLOCKS[kind].fields.items():
        value = block.get(key, MISSING)
        breach = Breach("STRM-009", event, f"/content_block/{key}", f"{wanted} in a {kind} block", shown(value))
        held &= ledger.expect(has_type(value, wanted), breach)
    return held


def _check_empty(event: int, kind: str, block: Mapping[str, JSON], ledger: Ledger) -> None:
    if key := BLOCKS[kind].starts_empty:
        pointer, seen = f"/content_block/{key}", shown(block[key])
        breach = Breach("STRM-010", event, pointer, "empty at block start", seen, "SHOULD")
        ledger.expect(not block[key], breach)
    if kind == "redacted_thinking":
        breach = Breach("STRM-031", event, "/content_block/data", "the complete data", '""')
        ledger.expect(bool(block["data"]), breach)


def check_delta(event: StreamEvent, block_type: str | None, ledger: Ledger) -> str | None:
    """STRM-012, STRM-013, STRM-031: a delta of an open block. Gives its type if the block may hold it."""
    delta = member(event.data, "delta")
    if block_type == "redacted_thinking":
        seen = shown((delta or {}).get("type", MISSING))
        ledger.broke(Breach("STRM-031", event.index, "/delta", "no delta in a redacted_thinking block", seen))
        return None
    if delta is None:
        seen = shown((event.data or {}).get("delta", MISSING))
        ledger.broke(Breach("STRM-013", event.index, "/delta", "an object", seen))
        return None
    delta_type = delta.get("type", MISSING)
    if not _fits(event.index, delta_type, block_type, ledger):
        return None
    kind = DELTAS[str(delta_type)]
    value = delta.get(kind.payload, MISSING)
    if has_type(value, kind.type):  # of most streams nearly every event comes here: no breach is made in advance
        ledger.saw("STRM-013")
    else:
        ledger.broke(Breach("STRM-013", event.index, f"/delta/{kind.payload}", str(kind.type), shown(value)))
    return str(delta_type)


def _fits(event: int, delta_type: JSON, block_type: str | None, ledger: Ledger) -> bool:
    """STRM-012; whatever has a type the contract does not know is only noted."""
    known = isinstance(delta_type, str) and delta_type in DELTAS
    block = BLOCKS.get(block_type) if block_type is not None else None
    if known and block is not None and delta_type in block.deltas:
        ledger.saw("STRM-012")
        return True
    unknown = isinstance(delta_type, str) and (not known or block is None)
    lowered: Lowered = "note" if unknown else ""
    expected = f"a delta type of a {block_type or 'nameless'} block"
    ledger.broke(Breach("STRM-012", event, "/delta/type", expected, shown(delta_type), lowered))
    return False


def check_delta_usage(event: StreamEvent, ledger: Ledger) -> None:
    """STRM-019."""
    usage = member(event.data, "usage")
    if usage is None:
        seen = shown((event.data or {}).get("usage", MISSING))
        ledger.broke(Breach("STRM-019", event.index, "/usage", "an object", seen))
        return
    _check_count("STRM-019", event.index, "/usage/output_tokens", usage.get("output_tokens", MISSING), ledger)
