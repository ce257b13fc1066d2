"""Faults as users reported them in public: what stands in answers and streams, and refusals that look like answers."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.events import Event, frame
from conformance.reference.faults._edit import Row, asks_for_stream, each, put, sequence, table
from conformance.reference.plan import Plan
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.transfer import Answer, Frame, set_header

Block = dict[str, Any]
Events = list[Event]
DONE = b"data: [DONE]\n\n"
PING: Event = {"type": "ping"}
UNSIGNED = "bm90LWEtc2lnbmF0dXJl"
"""Base64, and nobody's signature."""


def _each_block(edit: Callable[[Block], list[Block]]) -> Apply:
    """Put other blocks, any number of them, in the place of each block."""

    def apply(plan: Plan, context: Context) -> Plan:
        return replace(plan, content=tuple(new for block in plan.content for new in edit(dict(block))))

    return apply


def _calls(edit: Callable[[Block], list[Block]]) -> Apply:
    return _each_block(lambda block: edit(block) if block["type"] == "tool_use" else [block])


def _thoughts(edit: Callable[[Block], list[Block]]) -> Apply:
    return _each_block(lambda block: edit(block) if block["type"] == "thinking" else [block])


def _dotted(block: Block) -> list[Block]:
    return [{**block, "id": f"functions.{block['name']}:{block['id'].removeprefix('toolu_')}"}]


def _said_first(words: str) -> Apply:
    return _calls(lambda block: [{"type": "text", "text": words}, block])


def _chosen_twice(plan: Plan, context: Context) -> Plan:
    choice = context.body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") not in ("auto", None):
        return plan
    changed: Plan = _calls(lambda block: [block, {**block, "input": {}}])(plan, context)
    return changed


PLAN_ROWS: tuple[Row, ...] = (
    ("call-once-more-empty", "TOOL-016", "a call that the model chose to make comes again without arguments",
     _chosen_twice),
    ("tool-id-with-dots", "TOOL-015", "ids of calls hold dots and colons", _calls(_dotted)),
    ("empty-text-before-call", "TOOL-017", "an empty text block, refused in a history, comes before a call",
     _said_first("")),
    ("blank-text-before-call", "TOOL-017", "a text block of line ends, refused in a history, comes before a call",
     _said_first("\n\n")),
    ("thinking-told-as-text", "THINK-007", "thinking is told as text",
     _thoughts(lambda block: [{"type": "text", "text": block["thinking"]}])),
    ("signature-foreign", "THINK-004", "thinking has a signature that the endpoint does not know again",
     _thoughts(lambda block: [{**block, "signature": UNSIGNED}])),
)  # fmt: skip


def _thoughtless(message: Any, context: Context) -> Any:
    return {**message, "content": [block for block in message["content"] if block.get("type") != "thinking"]}


def _no_arguments(value: Any) -> Apply:
    """Another input for the calls that have an empty one."""

    def edited(block: Block) -> Block:
        return {**block, "input": value} if block.get("type") == "tool_use" and not block["input"] else block

    return lambda message, context: {**message, "content": [edited(block) for block in message["content"]]}


JSON_ROWS: tuple[Row, ...] = (
    ("thinking-lost-in-json", "THINK-007", "JSON answers have no thinking", _thoughtless),
    ("tool-input-empty", "TOOL-015", "a call without arguments has an empty string as input",
     _no_arguments("")),
    ("tool-input-null", "TOOL-015", "a call without arguments has the input null",
     _no_arguments(None)),
)  # fmt: skip


def _thoughtless_events(events: Events) -> Events:
    """The blocks of thinking are left out, and the others numbered anew."""
    started = [event for event in events if event["type"] == "content_block_start"]
    kept = [event["index"] for event in started if event["content_block"].get("type") != "thinking"]
    said = [event for event in events if "index" not in event or event["index"] in kept]
    return [{**event, "index": kept.index(event["index"])} if "index" in event else event for event in said]


def _nothing(usage: Any) -> Any:
    """Zero for every count, nested ones included."""
    if isinstance(usage, dict):
        return {name: _nothing(value) for name, value in usage.items()}
    return 0 if isinstance(usage, int) and not isinstance(usage, bool) else usage


def _pinging(events: Events) -> Events:
    return [*(event for event in events if event["type"] != "message_stop"), *(dict(PING) for _ in range(5))]


def _counting_nothing(event: Event, context: Context) -> Event:
    """The event with nothing counted, in its own usage or in that of its message."""
    changed: Event = put("usage" if "usage" in event else "message.usage", _nothing)(event, context)
    return changed


EVENT_ROWS: tuple[Row, ...] = (
    ("pings-for-message-stop", "STRM-023", "pings follow message_delta, and no message_stop", sequence(_pinging)),
    ("thinking-lost-in-streams", "THINK-007", "streams have no thinking", sequence(_thoughtless_events)),
    ("stream-cut-ends-the-turn", "SEM-002", "a stream that the limit cut says end_turn",
     each("message_delta", put("delta.stop_reason", lambda old: "end_turn" if old == "max_tokens" else old))),
)  # fmt: skip


def _done(frames: Any, context: Context) -> Any:
    return tuple(Frame(DONE, one.pause) if one.data.startswith(b"event: message_stop") else one for one in frames)


FRAME_ROWS: tuple[Row, ...] = (
    ("done-for-message-stop", "SSE-008", "data: [DONE] stands in the place of message_stop", _done),
)


def _served(answer: Answer, context: Context) -> Answer:
    return replace(answer, status=200) if answer.status == 400 else answer


def _refused_stream(frames: Callable[[Context], tuple[Frame, ...]]) -> Apply:
    """A stream with these frames in the place of a refusal."""

    def apply(answer: Answer, context: Context) -> Answer:
        if answer.status not in (400, 404, 413) or not asks_for_stream(context):
            return answer
        headers = set_header(answer.headers, "content-type", "text/event-stream")
        return Answer(200, (*headers, ("cache-control", "no-cache")), frames(context))

    return apply


def _ended(context: Context) -> tuple[Frame, ...]:
    """A turn that ends before it began."""
    usage = {"input_tokens": 1, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": f"msg_{context.request_id}", "type": "message", "role": "assistant", "model": context.settings.model,
        "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    return (
        frame({"type": "message_start", "message": message}),
        frame({"type": "message_delta", "delta": end, "usage": usage}),
        frame({"type": "message_stop"}),
    )


def _unexpected(answer: Answer, context: Context) -> Answer:
    if answer.status != 404 or context.request.path == context.profile.messages_path:
        return answer
    return replace(answer, status=200, body=json.dumps({"error": "Unexpected endpoint or method"}).encode())


ANSWER_ROWS: tuple[Row, ...] = (
    ("refusals-in-200", "RESP-012", "refusals of bodies have the status 200", _served),
    ("refused-streams-end-the-turn", "EQV-002", "refusals of streams are turns that end at once",
     _refused_stream(_ended)),
    ("error-in-200-for-unknown-path", "HTTP-006", "an unknown path answers 200 with an error", _unexpected),
)  # fmt: skip

FURTHER = (
    Fault(
        "stream-counts-nothing", Seam.EVENTS, "USG-009", "every count of a stream is 0",
        lambda events, context: [_counting_nothing(event, context) for event in events],
        also=("STRM-007", "EQV-003"),
    ),
    Fault(
        "refused-streams-empty", Seam.ANSWER, "EQV-002", "refusals of streams are empty streams",
        _refused_stream(lambda _: ()),
        also=("STRM-001",),
    ),
)  # fmt: skip

REPORTED_ANSWER_FAULTS: tuple[Fault, ...] = (
    *table(Seam.PLAN, PLAN_ROWS),
    *table(Seam.JSON, JSON_ROWS),
    *table(Seam.EVENTS, EVENT_ROWS),
    *table(Seam.FRAMES, FRAME_ROWS),
    *FURTHER,
)
