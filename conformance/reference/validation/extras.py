"""Rules for cache breakpoints and for thinking, which reach across messages, system and tools."""

import hmac
from collections.abc import Iterator
from typing import Any

from conformance.reference.plan import sign
from conformance.reference.seams import Context
from conformance.reference.tokens import listed
from conformance.reference.validation._types import Body, Rule, is_integer, system_blocks, tools, typed_blocks

MAX_BREAKPOINTS = 4
MIN_BUDGET = 1024
THINKING_TYPES = ("enabled", "disabled", "adaptive", "between_tools")


def _breakpoints(body: Body) -> Iterator[tuple[str, Any]]:
    inner = (
        (f"{place}.content", block)
        for place, result in typed_blocks(body, "tool_result")
        for block in listed(result.get("content"))
        if isinstance(block, dict)
    )
    for place, block in (("body", dict(body)), *system_blocks(body), *tools(body), *typed_blocks(body), *inner):
        if block.get("cache_control") is not None:
            yield place, block["cache_control"]


def cache_control(body: Body, context: Context) -> str | None:
    for place, mark in _breakpoints(body):
        good = isinstance(mark, dict) and mark.get("type") == "ephemeral" and mark.get("ttl", "5m") in ("5m", "1h")
        if not good:
            return f"{place}.cache_control: must be ephemeral with a ttl of 5m or 1h"
    return None


def cache_breakpoints(body: Body, context: Context) -> str | None:
    many = sum(1 for _ in _breakpoints(body)) > MAX_BREAKPOINTS
    return f"cache_control: at most {MAX_BREAKPOINTS} breakpoints are allowed" if many else None


def thinking_type(body: Body, context: Context) -> str | None:
    value = body.get("thinking", {"type": "disabled"})
    good = isinstance(value, dict) and value.get("type") in THINKING_TYPES
    return None if good else "thinking: must be an object of a known type"


def _manual(body: Body) -> dict[str, Any] | None:
    value = body.get("thinking")
    return value if isinstance(value, dict) and value.get("type") == "enabled" else None


def thinking_budget(body: Body, context: Context) -> str | None:
    manual, limit = _manual(body), body.get("max_tokens")
    if manual is None:
        return None
    budget = manual.get("budget_tokens")
    small = not is_integer(budget) or manual["budget_tokens"] < MIN_BUDGET
    large = not small and is_integer(limit) and manual["budget_tokens"] >= body["max_tokens"]
    return "thinking.budget_tokens: at least 1024 and less than max_tokens" if small or large else None


def thinking_forced(body: Body, context: Context) -> str | None:
    choice = body.get("tool_choice")
    forced = isinstance(choice, dict) and choice.get("type") in ("any", "tool")
    bad = forced and _manual(body) is not None
    return "Thinking may not be enabled when tool_choice forces tool use" if bad else None


def thinking_signature(body: Body, context: Context) -> str | None:
    for place, block in typed_blocks(body, "thinking"):
        text, signature = block.get("thinking"), block.get("signature")
        good = isinstance(text, str) and isinstance(signature, str)
        if not good or not hmac.compare_digest(sign(str(text), context.settings.key).encode(), str(signature).encode()):
            return f"{place}: Invalid `signature` in `thinking` block"
    return None


EXTRA_RULES = (
    Rule("cache-control", "REQ-051", cache_control),
    Rule("cache-breakpoints", "REQ-051", cache_breakpoints),
    Rule("thinking-type", "THINK-002", thinking_type),
    Rule("thinking-budget", "THINK-001", thinking_budget),
    Rule("thinking-forced", "THINK-005", thinking_forced),
    Rule("thinking-signature", "THINK-004", thinking_signature),
)
