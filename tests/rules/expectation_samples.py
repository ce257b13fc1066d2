"""Builds the evidence that expectations are judged by: requests, answers, and a run that holds them."""

import json
from collections.abc import Mapping
from typing import Any

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.run import PLAIN, STREAM, Expect, Item, Record, Run, Terms
from conformance.rules.cases import judge_case
from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

URL = "http://127.0.0.1:1/v1/messages"
COMPLETE = End(Ending.COMPLETE)
JSON = (("Content-Type", "application/json"),)

Answers = tuple[Exchange, ...]


def exchange(
    status: int | None = 200,
    body: bytes = b"",
    headers: tuple[tuple[str, str], ...] = JSON,
    sent: Any = None,
    method: str = "POST",
    end: End = COMPLETE,
    **more: Any,
) -> Exchange:
    """One exchange; `sent` is the request body as JSON."""
    request = Request(method, URL, JSON, json.dumps(sent).encode())
    chunks = (Chunk(0.1, body),) if body else ()
    return Exchange(request, status, headers, chunks, end, **more)


def message(text: str = "pong", **members: Any) -> dict[str, Any]:
    """A whole message with one text block."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 2},
    } | members


def said(text: str = "pong", sent: Any = None, headers: tuple[tuple[str, str], ...] = (), **members: Any) -> Exchange:
    """A request served with a JSON message."""
    return exchange(body=json.dumps(message(text, **members)).encode(), sent=sent, headers=JSON + headers)


def told(text: str = "pong", sent: Any = None, end: End = COMPLETE, **members: Any) -> Exchange:
    """The same message as a stream."""
    whole = message(text, **members)
    start = whole | {"content": [], "stop_reason": None, "stop_sequence": None}
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": whole["stop_sequence"]}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]
    body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return exchange(body=body.encode(), sent=sent, headers=(("Content-Type", "text/event-stream"),), end=end)


def failed(status: int, kind: str = "invalid_request_error", **more: Any) -> Exchange:
    """A refusal in the error envelope."""
    body = {"type": "error", "error": {"type": kind, "message": "No."}}
    return exchange(status, json.dumps(body).encode(), **more)


#: Stands for a control after the case that was accepted like the one before it.
ALIKE = exchange(None)


def judged(
    expect: Expect,
    *probes: Exchange | Answers,
    profile: str = "anthropic",
    control: Exchange | None = None,
    after: Exchange | None = ALIKE,
    stream: Answers = (),
) -> tuple[Finding, ...]:
    """What a case says about these probes' answers, between two plain controls that were accepted unless given.

    `after` is the answer to the second control, None when it was not sent; `stream` the answers to the streamed
    control, which is then the control of the case.
    """
    plain = control or said()
    groups = [group if isinstance(group, tuple) else (group,) for group in probes]
    records = [Record(0, PLAIN, 0, 1, plain)]
    for name, group in ((STREAM, stream), *((f"p{number}", group) for number, group in enumerate(groups))):
        records += [Record(len(records) + step, name, step, 3, answer) for step, answer in enumerate(group)]
    if after is not None:
        records.append(Record(len(records), PLAIN, 1, 1, plain if after is ALIKE else after))
    names = tuple(f"p{number}" for number in range(len(groups)))
    item = Item("REQ-001", "case", names, {"*": expect}, STREAM if stream else PLAIN)
    return judge_case(item, Run(_terms(profile), (item,), tuple(records)))


def _terms(profile: str) -> Terms:
    return Terms(load_profiles()[profile], load_catalogue(), "2023-06-01", "m", frozenset({"streaming", "tools"}))


def kinds(expect: Expect, *probes: Exchange | Answers, **more: Any) -> set[Kind]:
    """The kinds of findings that a case yields; `more` as for `judged`."""
    return {finding.kind for finding in judged(expect, *probes, **more)}


def expect(kind: str, args: Mapping[str, Any] | None = None) -> Expect:
    """An expectation by name."""
    return Expect(kind, args or {})
