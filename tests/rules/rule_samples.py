"""Exchanges and runs made by hand, conforming unless a test changes them; helpers of the tests beside this file."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.run import Item, Record, Run, Terms
from conformance.rules.all import load_rules
from conformance.rules.findings import Finding, Kind
from conformance.rules.registry import EXCHANGE_RULES, MESSAGE_RULES, RUN_RULES
from conformance.rules.traffic import traffic_findings
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Headers, Limit, Request

load_rules()

Data = dict[str, Any]

MODULES = (
    "aggregates", "bodies", "delivery", "equivalence", "errors", "headers", "message", "secrets", "semantics", "sse",
    "streams", "tools", "uniqueness", "usage",
)  # fmt: skip
RULES: list[Any] = [*EXCHANGE_RULES, *MESSAGE_RULES, *RUN_RULES]
#: The requirements that the rules under test judge; those of other modules are left out.
OWN = {name for rule in RULES if rule.judge.__module__.rpartition(".")[2] in MODULES for name in rule.requirements}

URL = "http://127.0.0.1:8000/anthropic/v1/messages"
SENT: Data = {"model": "m-1", "max_tokens": 64, "messages": [{"role": "user", "content": "Say pong."}]}
TOOL: Data = {"name": "get_code", "input_schema": {"type": "object"}}
TEXT: Data = {"type": "text", "text": "pong"}
CALL: Data = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {"n": 1}}
USAGE: Data = {"input_tokens": 12, "output_tokens": 2}
MESSAGE: Data = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m-1",
    "content": [TEXT],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
ERROR: Data = {"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: Field required"}}
REQUEST_HEADERS: Headers = (("Accept-Encoding", "gzip, deflate"), ("Authorization", "Bearer [KEY*********]"))
JSON_HEADERS: Data = {"content-type": "application/json", "request-id": "req_1"}
STREAM_HEADERS: Data = {"content-type": "text/event-stream", "cache-control": "no-cache", "request-id": "req_2"}


def without(data: Mapping[str, Any], *keys: str) -> Data:
    """The members but for some."""
    return {key: value for key, value in data.items() if key not in keys}


def _headers(base: Data, changes: Mapping[str, str | None]) -> Headers:
    return tuple((name, value) for name, value in (base | dict(changes)).items() if value is not None)


def exchange(
    answer: Any = None,
    sent: Any = SENT,
    status: int | None = 200,
    headers: Mapping[str, str | None] | None = None,
    *,
    raw: bytes | None = None,
    base: Data = JSON_HEADERS,
    request_headers: Headers = (),
    method: str = "POST",
    url: str = URL,
    how: Ending = Ending.COMPLETE,
    limit: Limit | None = None,
    chunks: tuple[Chunk, ...] | None = None,
    surplus: bytes = b"",
) -> Exchange:
    """A request answered with the plain message, or whatever is given: `answer` as JSON, or `raw` bytes."""
    body = json.dumps(MESSAGE if answer is None else answer).encode() if raw is None else raw
    request = Request(method, url, REQUEST_HEADERS + request_headers, json.dumps(sent).encode())
    pieces = (Chunk(0.5, body),) if chunks is None else chunks
    return Exchange(request, status, _headers(base, headers or {}), pieces, End(how, limit), surplus=surplus)


def error(status: int = 400, answer: Any = ERROR, **changes: Any) -> Exchange:
    """An error answer."""
    return exchange(answer, status=status, **changes)


def start(**message: Any) -> Data:
    base = MESSAGE | {"id": "msg_2", "content": [], "stop_reason": None, "usage": USAGE | {"output_tokens": 1}}
    return {"type": "message_start", "message": base | message}


def opens(index: Any = 0, **block: Any) -> Data:
    return {"type": "content_block_start", "index": index, "content_block": block or {"type": "text", "text": ""}}


def delta(index: Any, kind: str, **payload: Any) -> Data:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind} | payload}


def text(value: Any, index: int = 0) -> Data:
    return delta(index, "text_delta", text=value)


def closes(index: Any = 0) -> Data:
    return {"type": "content_block_stop", "index": index}


def ends(reason: Any = "end_turn", usage: Any = None, **more: Any) -> Data:
    changes = {"stop_reason": reason, "stop_sequence": None} | more
    return {"type": "message_delta", "delta": changes, "usage": {"output_tokens": 2} if usage is None else usage}


STOP: Data = {"type": "message_stop"}
PING: Data = {"type": "ping"}
FAILURE: Data = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
BLOCK = (opens(), text("po"), text("ng"), closes())
EVENTS = (start(), *BLOCK, ends(), STOP)


def wire(events: Iterable[Data | bytes]) -> bytes:
    """The bytes of a stream, each event named by its type."""
    return b"".join(event if isinstance(event, bytes) else _event(event) for event in events)


def _event(event: Data) -> bytes:
    return f"event: {event.get('type')}\ndata: {json.dumps(event)}\n\n".encode()


def streamed(*events: Data | bytes, sent: Mapping[str, Any] = SENT, **changes: Any) -> Exchange:
    """A request with `stream: true` answered with these events (default: a whole stream)."""
    body = wire(events or EVENTS)
    return exchange(sent=dict(sent) | {"stream": True}, **({"raw": body, "base": STREAM_HEADERS} | changes))


def terms(profile: str = "myrouter", **changes: Any) -> Terms:
    """The terms of a run against the model m-1."""
    chosen = load_profiles()[profile]
    known = frozenset(chosen.capabilities)
    return Terms(chosen, load_catalogue(), chosen.api_version, "m-1", known, **changes)


def record(seq: int, found: Exchange, probe: str = "", attempt: int = 1, repeated: bool = False) -> Record:
    return Record(seq, probe or f"probe-{seq}", 0, attempt, found, repeated)


def run(
    *rows: Exchange | Record, profile: str = "anthropic", items: tuple[Item, ...] = (), under: Terms | None = None
) -> Run:
    """A run of these exchanges in order."""
    records = (row if isinstance(row, Record) else record(seq, row) for seq, row in enumerate(rows, start=1))
    return Run(under or terms(profile), items, tuple(records))


def own(found: Run) -> list[Finding]:
    """What the rules under test say."""
    return [finding for finding in traffic_findings(found) if finding.requirement in OWN]


def broken(found: Run) -> set[str]:
    """The requirements that the rules under test see broken."""
    return {finding.requirement for finding in own(found) if finding.kind is Kind.BROKEN}


def held(found: Run) -> set[str]:
    return {finding.requirement for finding in own(found) if finding.kind is Kind.HELD}


def noted(found: Run) -> set[str]:
    return {finding.requirement for finding in own(found) if finding.kind is Kind.NOTE}
