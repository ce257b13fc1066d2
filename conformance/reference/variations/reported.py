"""Freedoms that were taken for faults in public reports: an answer without blocks, and one that is there at once."""

import json
from typing import Any

from conformance.reference.events import Event
from conformance.reference.model import conversation
from conformance.reference.plan import Plan
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.tokens import listed

JOINED = ("text", "thinking", "signature")
"""Fields of a block that its deltas add to."""


def _silent_after_prefill(plan: Plan, context: Context) -> Plan:
    """Nothing is left to say where the begun answer is whole."""
    if not conversation(context.body).prefill or plan.stop_reason != "end_turn":
        return plan
    return Plan((), "end_turn", plan.counts)


def _one_token_unsaid(plan: Plan, context: Context) -> Plan:
    """The one token there is was no part of a block."""
    if context.body.get("max_tokens") != 1 or plan.stop_reason != "max_tokens":
        return plan
    return Plan((), "max_tokens", plan.counts)


def _served_by_tools(context: Context) -> bool:
    """Whether the request declares a tool that the server runs."""
    kinds = [tool.get("type") for tool in listed(context.body.get("tools")) if isinstance(tool, dict)]
    return any(isinstance(kind, str) and kind != "custom" for kind in kinds)


def _whole(events: list[Event], number: int) -> dict[str, Any]:
    """A block as its events add up to it."""
    own = [event for event in events if event.get("index") == number]
    block = next((dict(event["content_block"]) for event in own if "content_block" in event), {})
    deltas = [event["delta"] for event in own if "delta" in event]
    for name in JOINED:
        if more := [delta[name] for delta in deltas if name in delta]:
            block[name] = "".join((block.get(name, ""), *more))
    arguments = "".join(delta.get("partial_json", "") for delta in deltas)
    return {**block, "input": json.loads(arguments)} if arguments else block


def _told_in_start(events: list[Event], context: Context) -> list[Event]:
    """All blocks stand in message_start, and none is streamed."""
    if not _served_by_tools(context):
        return events
    numbers = sorted({event["index"] for event in events if "index" in event})
    content = [_whole(events, number) for number in numbers]
    rest = [event for event in events if "index" not in event]
    return [
        {**event, "message": {**event["message"], "content": content}} if event["type"] == "message_start" else event
        for event in rest
    ]


def _thinks_by_budget_alone(plan: Plan, context: Context) -> Plan:
    """With adaptive thinking the model decides whether it thinks, and decides that it does not."""
    wanted = context.body.get("thinking")
    if not isinstance(wanted, dict) or wanted.get("type") == "enabled":
        return plan
    content = tuple(block for block in plan.content if block["type"] != "thinking")
    return Plan(content, plan.stop_reason, plan.counts, plan.stop_sequence) if content else plan


REPORTED_VARIATIONS: tuple[Variation, ...] = (
    Variation(
        "silence-after-prefill",
        Seam.PLAN,
        "a prefill that is the whole answer already gets no content: end_turn",
        _silent_after_prefill,
    ),
    Variation(
        "one-token-unsaid",
        Seam.PLAN,
        "a limit of one token is spent without a block",
        _one_token_unsaid,
    ),
    Variation(
        "content-in-message-start",
        Seam.EVENTS,
        "what a declared server tool led to stands whole in message_start, and no block is streamed",
        _told_in_start,
    ),
    Variation(
        "adaptive-without-thinking",
        Seam.PLAN,
        "with adaptive thinking the model does not think",
        _thinks_by_budget_alone,
    ),
)
