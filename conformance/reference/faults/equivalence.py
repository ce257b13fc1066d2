"""Faults in what must come to the same: an official client's request, a text as block, a body otherwise written."""

import json
from dataclasses import replace
from typing import Any

from conformance.reference.decoding import readable_body
from conformance.reference.faults._edit import Row, refuse_when, table
from conformance.reference.plan import Plan
from conformance.reference.seams import Context, Fault, Seam
from conformance.reference.tokens import input_tokens, listed


def _client(context: Context, credential: str, other: str) -> bool:
    """Whether an official client sends tools, with this credential and not the other one."""
    request = context.request
    agent = (request.header("user-agent") or "").lower()
    marked = agent.startswith("anthropic/") and any(name.startswith("x-stainless-") for name, _ in request.headers)
    alone = bool(request.header(credential)) and not request.header(other)
    return marked and alone and "tools" in readable_body(context)


def _model_later(context: Context) -> bool:
    body = readable_body(context)
    return "model" in body and next(iter(body)) != "model"


def _line_ends(context: Context) -> int:
    """Tabs and line ends of a body. In valid JSON they stand between tokens alone: in strings they are escaped."""
    plain = context.request.header("content-encoding") is None
    return sum(context.request.body.count(byte) for byte in (b"\t", b"\n", b"\r")) if plain else 0


def _line_ends_counted(plan: Plan, context: Context) -> Plan:
    return replace(plan, counts=replace(plan.counts, input=plan.counts.input + _line_ends(context)))


def _dumped(content: Any) -> Any:
    """Text blocks as the text of their JSON, empty fields included."""
    if not isinstance(content, list):
        return content
    return [
        {**block, "text": json.dumps({"cache_control": None, "citations": None, **block}, indent=2)}
        if isinstance(block, dict) and block.get("type") == "text"
        else block
        for block in content
    ]


def _blocks_dumped(plan: Plan, context: Context) -> Plan:
    turns = [{**turn, "content": _dumped(turn.get("content"))} for turn in listed(context.body.get("messages"))]
    return replace(plan, counts=replace(plan.counts, input=input_tokens({**context.body, "messages": turns})))


REQUEST_ROWS: tuple[Row, ...] = (
    (
        "old-client-tools-refused",
        "EQV-004",
        "tools from an older official client, which sends x-api-key alone, get 400",
        refuse_when(lambda context: _client(context, "x-api-key", "authorization")),
    ),
    (
        "new-client-tools-refused",
        "EQV-004",
        "tools from a current official client, which sends a Bearer token alone, get 400",
        refuse_when(lambda context: _client(context, "authorization", "x-api-key")),
    ),
    ("model-first-wanted", "EQV-006", "a body whose first member is not model gets 400", refuse_when(_model_later)),
    ("white-space-refused", "EQV-006", "tabs or line ends between JSON tokens get 400", refuse_when(_line_ends)),
)

PLAN_ROWS: tuple[Row, ...] = (
    ("blocks-dumped", "EQV-005", "text blocks are counted by the dump of their JSON", _blocks_dumped),
    ("white-space-counted", "EQV-006", "tabs and line ends between JSON tokens are counted", _line_ends_counted),
)

EQUIVALENCE_FAULTS: tuple[Fault, ...] = (*table(Seam.REQUEST, REQUEST_ROWS), *table(Seam.PLAN, PLAN_ROWS))
