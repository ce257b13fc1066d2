"""Freedoms of the model: how it ends, what it thinks, what it says besides, and how its tokens are counted."""

from dataclasses import replace
from typing import Any

from conformance.reference.model import conversation
from conformance.reference.plan import Plan, limit_of
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.tokens import count
from conformance.reference.variations._rows import Row, table

BEGUN = 88
"""A number of tokens that live streams were seen to begin with (contract, section 6, trap 3)."""
TINY = 16
"""Tokens that a reasoning model may spend before it says a word."""
FRESH = 3
"""Input tokens that were not in the cache."""
REMARK = "Let me look that up."
REDACTED = {"type": "redacted_thinking", "data": "cmVkYWN0ZWQtcmVhc29uaW5nLTAwMQ=="}


def _refused(plan: Plan, context: Context) -> Plan:
    if not plan.counts.output:
        return plan
    return replace(
        plan,
        content=(),
        stop_reason="refusal",
        stop_sequence=None,
        counts=replace(plan.counts, output=0, reasoning=0, begun=1),
    )


def _thought_only(plan: Plan, context: Context) -> Plan:
    limit = limit_of(context.body, context.settings)
    if not 0 < limit <= TINY:
        return plan
    return Plan((), "max_tokens", replace(plan.counts, output=limit, reasoning=limit))


def _silent_after_result(plan: Plan, context: Context) -> Plan:
    talk = conversation(context.body)
    silent = talk.results and not talk.prompt.strip() and plan.stop_reason == "end_turn"
    return replace(plan, content=(), counts=replace(plan.counts, output=1, reasoning=0)) if silent else plan


def _spaced_after_prefill(plan: Plan, context: Context) -> Plan:
    if not conversation(context.body).prefill:
        return plan
    content = tuple(
        {**block, "text": f" {block['text'].lstrip()}"} if block["type"] == "text" else block for block in plan.content
    )
    return replace(plan, content=content)


def _talking(plan: Plan, context: Context) -> Plan:
    """A remark in front of the first call, where the limit leaves room for it."""
    kinds = [block["type"] for block in plan.content]
    output = plan.counts.output + count(REMARK)
    if "tool_use" not in kinds or output >= limit_of(context.body, context.settings):
        return plan
    at = kinds.index("tool_use")
    content = (*plan.content[:at], {"type": "text", "text": REMARK}, *plan.content[at:])
    return replace(plan, content=content, counts=replace(plan.counts, output=output))


def _redacted_too(plan: Plan, context: Context) -> Plan:
    thoughts = tuple(block for block in plan.content if block["type"] == "thinking")
    rest = plan.content[len(thoughts) :]
    return replace(plan, content=(*thoughts, dict(REDACTED), *rest)) if thoughts else plan


def _redacted_alone(plan: Plan, context: Context) -> Plan:
    content = tuple(dict(REDACTED) if block["type"] == "thinking" else block for block in plan.content)
    return replace(plan, content=content)


def _settled(plan: Plan, context: Context) -> Plan:
    return replace(plan, stop_reason="turn_settled") if plan.stop_reason == "end_turn" else plan


def _counted(plan: Plan, **changes: Any) -> Plan:
    return replace(plan, counts=replace(plan.counts, **changes))


PLAN_ROWS: tuple[Row, ...] = (
    (
        "output-88-at-start",
        (3,),
        "message_start counts up to 88 output tokens, all there are if there are fewer",
        lambda plan, _: _counted(plan, begun=min(BEGUN, plan.counts.output)),
    ),
    ("redacted-thinking", (4,), "a redacted_thinking block stands between thinking and answer", _redacted_too),
    ("all-thinking-redacted", (4,), "all thinking comes as redacted_thinking", _redacted_alone),
    ("refusal", (5,), "the model refuses everything: no content, output tokens from 1 to 0", _refused),
    ("space-after-prefill", (6,), "the text after a prefill begins with a space", _spaced_after_prefill),
    ("silence-after-tool-result", (6,), "after a tool result the content is empty: end_turn", _silent_after_result),
    ("unknown-stop-reason", (7,), "a turn ends with a stop reason that is not documented yet", _settled),
    ("tiny-limit-spent-thinking", (15,), "a limit of 16 tokens is spent on reasoning: no content", _thought_only),
    (
        "input-all-cached",
        (16,),
        "every input token is read from the cache: input_tokens is 0",
        lambda plan, _: _counted(plan, cached=plan.counts.input, written=0),
    ),
    (
        "input-mostly-cached",
        (16,),
        "all input tokens but three are read from the cache",
        lambda plan, _: _counted(plan, cached=max(0, plan.counts.input - FRESH), written=0),
    ),
    (
        "input-cache-written",
        (16,),
        "every input token is written to the cache",
        lambda plan, _: _counted(plan, written=plan.counts.input, cached=0),
    ),
    ("talk-before-call", (), "a text block comes before the first tool call", _talking),
)

MEANING_VARIATIONS: tuple[Variation, ...] = table(Seam.PLAN, PLAN_ROWS)
