"""From an accepted request to what will be said, and from there to the message.

Every function is total: a fault may have let a strange body in, and the answer to it must still be an answer.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.reference.asking import calls
from conformance.reference.model import conversation, speak
from conformance.reference.seams import Context
from conformance.reference.settings import Settings
from conformance.reference.tokens import count, input_tokens, listed, pieces

DEFAULT_LIMIT = 4096
THOUGHT = "The user wants an answer to the last message. I will give it plainly."
ADAPTIVE_FROM = 1024
"""With adaptive thinking the model thinks when it may spend this many tokens."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Token counts of one message; reasoning tokens are part of the output, cache tokens of the input.

    `begun` is the output that is known when a stream begins; None stands for a first token.
    """

    input: int
    output: int
    reasoning: int = 0
    cached: int = 0
    written: int = 0
    begun: int | None = None

    def at_start(self) -> "Counts":
        """The counts known when a stream begins."""
        return replace(self, output=min(1, self.output) if self.begun is None else self.begun, reasoning=0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the answer will be: content blocks, why it ends, the stop sequence that matched, the counts."""

    content: tuple[dict[str, Any], ...]
    stop_reason: str
    counts: Counts
    stop_sequence: str | None = None


def sign(thinking: str, key: str) -> str:
    """The signature of a thinking block: a keyed digest, so that a changed block is recognised on replay."""
    digest = hmac.new(b"thinking:" + key.encode(), thinking.encode("utf-8", "replace"), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def limit_of(body: Mapping[str, Any], settings: Settings) -> int:
    """The number of tokens the answer may have."""
    wanted = body.get("max_tokens")
    if isinstance(wanted, bool) or not isinstance(wanted, int | float) or wanted < 0:
        return DEFAULT_LIMIT
    return int(min(wanted, settings.max_output_tokens))


def make_plan(body: Mapping[str, Any], settings: Settings) -> Plan:
    """What the model answers to a body."""
    heard, limit = input_tokens(body), limit_of(body, settings)
    if limit == 0:
        return Plan((), "max_tokens", Counts(heard, 0))
    thoughts = _thoughts(body, settings, limit)
    spent = count(THOUGHT) if thoughts else 0
    plan = _tool_plan(body, settings, limit - spent, heard) or _text_plan(body, settings, limit - spent, heard)
    counts = Counts(heard, plan.counts.output + spent, spent)
    return replace(plan, content=(*thoughts, *plan.content), counts=counts)


def _thoughts(body: Mapping[str, Any], settings: Settings, limit: int) -> tuple[dict[str, Any], ...]:
    wanted = body.get("thinking")
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind != "enabled" and not (kind in ("adaptive", "between_tools") and limit >= ADAPTIVE_FROM):
        return ()
    shown = "" if isinstance(wanted, dict) and wanted.get("display") == "omitted" else THOUGHT
    return ({"type": "thinking", "thinking": shown, "signature": sign(shown, settings.key)},)


def _tool_plan(body: Mapping[str, Any], settings: Settings, limit: int, heard: int) -> Plan | None:
    wanted = calls(body, conversation(body), settings.uncooperative)
    if not wanted:
        return None
    cost = sum(count(name) + count(json.dumps(given)) for name, given in wanted)
    if cost >= limit:
        return Plan((), "max_tokens", Counts(heard, limit))
    content = tuple(
        {"type": "tool_use", "id": f"toolu_{secrets.token_hex(12)}", "name": name, "input": given}
        for name, given in wanted
    )
    return Plan(content, "tool_use", Counts(heard, cost))


def _text_plan(body: Mapping[str, Any], settings: Settings, limit: int, heard: int) -> Plan:
    said = pieces(speak(conversation(body), settings.uncooperative))
    # As in real engines the end of a turn costs a step of its own: a text of exactly `limit` tokens was cut.
    reason = "max_tokens" if len(said) >= limit else "end_turn"
    text = "".join(said[:limit])
    matched = first_stop(text, listed(body.get("stop_sequences")))
    if matched is not None:
        text, reason = text[: text.index(matched)], "stop_sequence"
    output = max(1, min(limit, count(text)))
    return Plan(({"type": "text", "text": text},), reason, Counts(heard, output), matched)


def first_stop(text: str, stops: list[Any]) -> str | None:
    """The stop sequence that a text reaches first, the longest one if several begin at the same place."""
    found = [(text.index(stop), -len(stop), stop) for stop in stops if isinstance(stop, str) and stop and stop in text]
    return str(min(found)[2]) if found else None


def usage(names: Mapping[str, Any], counts: Counts) -> dict[str, Any]:
    """The usage object under the names of a profile."""
    known = {
        "input": max(0, counts.input - counts.cached - counts.written),
        "output": counts.output,
        "total": counts.input + counts.output,
        "reasoning": counts.reasoning,
        "cached": counts.cached,
        "written": counts.written,
        "none": 0,
    }
    return {
        name: usage(what, counts) if isinstance(what, Mapping) else known.get(what, str(what).removeprefix("="))
        for name, what in names.items()
    }


def message(plan: Plan, context: Context) -> dict[str, Any]:
    """The message a plan becomes."""
    model = context.body.get("model")
    return {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": model if isinstance(model, str) else context.settings.model,
        "content": [dict(block) for block in plan.content],
        "stop_reason": plan.stop_reason,
        "stop_sequence": plan.stop_sequence,
        "usage": usage(context.profile.usage, plan.counts),
    }
