"""Legal habits of models, of engines that run them, and of the counters beside them.

Sections 4.5 and 4.7 of the contract leave free how many blocks there are and in which order calls and text come;
section 3 leaves open what `input_tokens` holds in the profile myrouter; a model need not do as it is told (section 1).
"""

from dataclasses import replace
from typing import Any

from conformance.reference.events import Event
from conformance.reference.model import conversation
from conformance.reference.plan import Plan, limit_of, make_plan, sign
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.tokens import count, listed
from conformance.reference.variations._rows import ANTHROPIC, MYROUTER, Row, table
from conformance.reference.variations.streams import DELTA, LAST, STOP

Message = dict[str, Any]

ASIDE = "That is all I need for now."
RAMBLING = " and another garden, and one more behind the hill, with a gate that nobody has opened for years"
PAGE = 16  #: tokens; engines keep prompts in pages of a size like this
EVERY = 5
"""So often a stream may end in an error, once for each request."""
CITATION = {
    "type": "char_location",
    "cited_text": "a garden",
    "document_index": 0,
    "document_title": None,
    "start_char_index": 0,
    "end_char_index": 8,
}
_OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def _divided_thinking(plan: Plan, context: Context) -> Plan:
    """Thinking in two blocks, each with its own signature."""
    content: list[dict[str, Any]] = []
    for block in plan.content:
        first, mark, rest = str(block.get("thinking", "")).partition(". ")
        parts = [first + mark, rest] if block["type"] == "thinking" and rest else []
        signed = [{"type": "thinking", "thinking": t, "signature": sign(t, context.settings.key)} for t in parts]
        content += signed or [block]
    return replace(plan, content=tuple(content))


def _unshown(plan: Plan, context: Context) -> Plan:
    """Newer models show their thinking to nobody: the text is empty, the signature stands for it."""
    empty = {"type": "thinking", "thinking": "", "signature": sign("", context.settings.key)}
    return replace(plan, content=tuple(empty if block["type"] == "thinking" else block for block in plan.content))


def _room(plan: Plan, context: Context, tokens: int) -> bool:
    return plan.counts.output + tokens < limit_of(context.body, context.settings)


def _talking_after(plan: Plan, context: Context) -> Plan:
    called = any(block["type"] == "tool_use" for block in plan.content)
    if not called or not _room(plan, context, count(ASIDE)):
        return plan
    counts = replace(plan.counts, output=plan.counts.output + count(ASIDE))
    return replace(plan, content=(*plan.content, {"type": "text", "text": ASIDE}), counts=counts)


def _choice(context: Context) -> dict[str, Any]:
    given = context.body.get("tool_choice")
    return given if isinstance(given, dict) else {}


def _calling_twice(plan: Plan, context: Context) -> Plan:
    """A model may call in parallel where nobody forbade it."""
    made = [block for block in plan.content if block["type"] == "tool_use"]
    more = len(made) == 1 and plan.counts.output - plan.counts.reasoning
    if not more or _choice(context).get("disable_parallel_tool_use") or not _room(plan, context, more):
        return plan
    again = {**made[0], "id": f"{made[0]['id'][:-2]}zz"}
    return replace(plan, content=(*plan.content, again), counts=replace(plan.counts, output=plan.counts.output + more))


def _calling_unasked(plan: Plan, context: Context) -> Plan:
    """With tools at hand and the choice its own, the model calls one, whatever it was asked."""
    talk, kind = conversation(context.body), _choice(context).get("type", "auto")
    called = any(block["type"] == "tool_use" for block in plan.content)
    if called or kind != "auto" or talk.results or talk.prefill or not listed(context.body.get("tools")):
        return plan
    eager = make_plan({**context.body, "tool_choice": {**_choice(context), "type": "any"}}, context.settings)
    if eager.stop_reason != "tool_use":
        return plan
    return replace(eager, counts=replace(plan.counts, output=eager.counts.output, reasoning=eager.counts.reasoning))


def _rambling(plan: Plan, context: Context) -> Plan:
    """The model does not know when to stop; it ends a clause later, or where the limit cuts it."""
    text = plan.content[-1].get("text") if plan.content else None
    spoken = isinstance(text, str) and plan.stop_reason == "end_turn" and not context.body.get("stop_sequences")
    if not spoken or not _room(plan, context, count(RAMBLING)):
        return plan
    last = {**plan.content[-1], "text": f"{text}{RAMBLING}"}
    counts = replace(plan.counts, output=plan.counts.output + count(RAMBLING))
    return replace(plan, content=(*plan.content[:-1], last), counts=counts)


def _counting_the_end(plan: Plan, context: Context) -> Plan:
    """Where the limit cuts, the token for the end is counted as well (SEM-001 tolerates one)."""
    cut = plan.stop_reason == "max_tokens" and plan.counts.output
    return replace(plan, counts=replace(plan.counts, output=plan.counts.output + 1)) if cut else plan


def _kept_prompts(plan: Plan, context: Context) -> Plan:
    """An engine that keeps every prompt, marked or not: all but the last page of a repeated one is read from there."""
    counts = plan.counts
    key = f"kept: {sorted(context.body.items(), key=lambda pair: pair[0])!r}".replace("'stream': True", "")
    known = key in context.traffic.prompts
    context.traffic.prompts.add(key)
    if not known or counts.cached or counts.written:
        return plan
    return replace(plan, counts=replace(counts, cached=(counts.input - 1) // PAGE * PAGE))


def _input_with_cache(plan: Plan, context: Context) -> Plan:
    """`input_tokens` holds what was read from the cache, as in APIs that many routers translate from."""
    counts = plan.counts
    return replace(plan, counts=replace(counts, input=counts.input + counts.cached + counts.written))


def _total_told(message: Message, context: Context) -> Message:
    """total_tokens without the tokens of the cache (USG-004 leaves it free)."""
    usage = message.get("usage")
    if not isinstance(usage, dict) or "total_tokens" not in usage:
        return message
    return {**message, "usage": {**usage, "total_tokens": usage["input_tokens"] + usage["output_tokens"]}}


def _nothing_is_null(message: Message, context: Context) -> Message:
    """Counts of what did not happen are null (section 3)."""
    usage = message.get("usage")
    if not isinstance(usage, dict):
        return message
    told = {name: None if value == 0 and name.startswith("cache") else value for name, value in usage.items()}
    if told.get("cache_creation_input_tokens") is None:
        told["cache_creation"] = None
    more = dict.fromkeys(("server_tool_use", "service_tier", "inference_geo", "speed"))
    return {**message, "usage": {**told, **more}}


def _router_ids(message: Message, context: Context) -> Message:
    """Ids as another API has them: the format of ids is free (RESP-002, TOOL-015)."""
    content = message.get("content") or []
    calls = [
        {**block, "id": f"call_{block['id'][-20:]}"} if block.get("type") == "tool_use" else block for block in content
    ]
    return {**message, "id": f"gen-1790000000-{message['id'][-20:]}", "content": calls}


def _cited(events: list[Event], context: Context) -> list[Event]:
    """A citation ends the deltas of every text block that has some."""
    result: list[Event] = []
    for event in events:
        last = result[-1] if result else {}
        if event["type"] == STOP and last.get("type") == DELTA and last["delta"].get("type") == "text_delta":
            result.append({**last, "delta": {"type": "citations_delta", "citation": dict(CITATION)}})
        result.append(event)
    return result


def _broken_off(events: list[Event], context: Context) -> list[Event]:
    """Now and then a stream ends in an error (section 4.7); whoever asks again is served."""
    known, request = context.traffic.timed_out, (context.request.target, context.request.body)
    if not context.traffic.served or context.traffic.served % EVERY or request in known:
        return events
    known.add(request)
    ends = [place for place, event in enumerate(events) if event["type"] == LAST]
    return [*events[: ends[0] if ends else 1], dict(_OVERLOADED)]


def _quoting(refusal: Any, context: Context) -> Any:
    """The beginning of what was sent, as parsers quote it. Wording is free (section 4.4)."""
    quoted = context.request.body[:80].decode("utf-8", "replace")
    return Refusal(refusal.status, f"cannot serve {quoted!r} (line 1)", refusal.rule, refusal.kind, refusal.allow)


def _no_id(envelope: Any, context: Context) -> Any:
    return {**envelope, "request_id": None}


PLAN_ROWS: tuple[Row, ...] = (
    ("thinking-divided", (), "thinking comes in two blocks, each signed", _divided_thinking),
    ("thinking-unshown", (), "thinking has a signature and no text", _unshown),
    ("talk-after-call", (), "a text block follows the calls", _talking_after),
    ("calls-twice", (), "a call comes twice in one turn, unless the request forbids it", _calling_twice),
    ("calls-unasked", (), "a model that may call a tool calls one", _calling_unasked),
    ("rambling", (), "texts go on where they might have ended", _rambling),
    ("output-counts-end", (), "where the limit cuts, one token more is counted", _counting_the_end),
    ("repeated-input-cached", (16,), "a repeated prompt is read from the cache, unasked", _kept_prompts),
)
MESSAGE_ROWS: tuple[Row, ...] = (("ids-of-a-router", (), "ids look like those of another API", _router_ids),)
EVENT_ROWS: tuple[Row, ...] = (
    ("citations-streamed", (), "citations_delta ends the deltas of texts", _cited),
    (
        "broken-off-now-and-then",
        (),
        "a stream ends in an error now and then, and is served when asked again",
        _broken_off,
    ),
)

ENGINE_VARIATIONS: tuple[Variation, ...] = (
    *table(Seam.PLAN, PLAN_ROWS),
    *table(
        Seam.PLAN,
        [("input-with-cache", (16,), "input_tokens holds the tokens of the cache as well", _input_with_cache)],
        MYROUTER,
    ),
    *table(
        Seam.MESSAGE,
        [("total-without-cache", (), "total_tokens is input_tokens and output_tokens", _total_told)],
        MYROUTER,
    ),
    *table(Seam.MESSAGE, MESSAGE_ROWS),
    *table(Seam.MESSAGE, [("usage-nulls", (), "counts of what did not happen are null", _nothing_is_null)], ANTHROPIC),
    *table(Seam.EVENTS, EVENT_ROWS),
    *table(Seam.REFUSAL, [("errors-quote", (), "errors quote the beginning of the body", _quoting)]),
    *table(Seam.ENVELOPE, [("error-request-id-null", (), "the id of the request is null in errors", _no_id)]),
    Variation("tokens-finer", Seam.PLAN, "a fifth more tokens are counted", changes={"token_rate": 1.2}),
)
