"""Faults in the two ends of a stream: what message_start and message_delta hold, and what else opens or closes it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from conformance.reference.events import Event
from conformance.reference.faults._edit import Row, each, put, sequence, table, without
from conformance.reference.faults.mutations import END, FIRST, LAST, START, Events, event_fault
from conformance.reference.seams import Apply, Context, Fault, Seam


def _start(path: str, value: Any) -> Apply:
    return each(FIRST, put(f"message.{path}", value))


def _start_without(path: str) -> Apply:
    return each(FIRST, without(f"message.{path}"))


def _last(path: str, value: Any) -> Apply:
    return each(LAST, put(path, value))


def _begun(events: Any, context: Context) -> Any:
    """message_start already holds the first words, which the deltas repeat."""
    words = next((e["delta"]["text"] for e in events if e.get("delta", {}).get("type") == "text_delta"), "")
    content = [{"type": "text", "text": words}] if words else []
    return each(FIRST, put("message.content", content))(events, context)


def _final(events: Any, context: Context) -> Any:
    """message_start says how the message will end."""
    end: Event = next((event for event in events if event["type"] == LAST), {"delta": {}})
    return each(FIRST, put("message.stop_reason", end["delta"].get("stop_reason")))(events, context)


def _again(change: Apply) -> Apply:
    """A second message_delta behind the first, changed."""

    def edit(events: Any, context: Context) -> Any:
        result: Events = []
        for event in events:
            result.append(event)
            if event["type"] == LAST:
                result.append(change(deepcopy(event), context))
        return result

    return edit


def _usage_early(events: Events) -> Events:
    """A message_delta that only counts comes before the last block ends."""
    stops = [place for place, event in enumerate(events) if event["type"] == "content_block_stop"]
    ends = [event for event in events if event["type"] == LAST]
    if not stops or not ends:
        return events
    counting = {**deepcopy(ends[0]), "delta": {"stop_reason": None, "stop_sequence": None}}
    return [*events[: stops[-1]], counting, *events[stops[-1] :]]


def only(*kinds: str) -> Callable[[Events], Events]:
    """Nothing but events of these types."""
    return lambda events: [event for event in events if event["type"] in kinds]


def _up_to(kind: str) -> Apply:
    """The stream ends before the first event of a type."""

    def edit(events: Events) -> Events:
        end = next((place for place, event in enumerate(events) if event["type"] == kind), len(events))
        return events[:end]

    return sequence(edit)


def _followed(*more: Event) -> Apply:
    return sequence(lambda events: [*events, *(dict(event) for event in more)])


def _failing(*rest: str, error: Event) -> Apply:
    """An error behind the first start of a block, and of what should have followed the events of some types."""

    def edit(events: Events) -> Events:
        at = next((place for place, event in enumerate(events) if event["type"] == START), 0) + 1
        return [*events[:at], dict(error), *(event for event in events[at:] if event["type"] in rest)]

    return sequence(edit)


def _error(value: Any, kind: str = "error") -> Event:
    return {"type": kind, "error": value}


FAILURE = _error({"type": "api_error", "message": "the model failed"})


def _less(usage: Any) -> Any:
    """Half the output, of which nothing was reasoning; what is a sum of it fits."""
    if not isinstance(usage, dict) or "output_tokens" not in usage:
        return usage
    output = max(1, usage["output_tokens"] // 2)
    sums = {"total_tokens": usage.get("input_tokens", 0) + output, "reasoning_tokens": 0}
    parts = {"output_tokens_details": {"thinking_tokens": 0}}
    return {
        **usage,
        **{name: value for name, value in (sums | parts).items() if name in usage},
        "output_tokens": output,
    }


def _half(old: Any) -> Any:
    return old // 2 if isinstance(old, int) else old


OPENING_ROWS: tuple[Row, ...] = (
    ("start-type-missing", "STRM-003", "message_start has no type", _start_without("type")),
    ("start-role-missing", "STRM-003", "message_start has no role", _start_without("role")),
    ("start-model-missing", "STRM-003", "message_start has no model", _start_without("model")),
    ("start-id-null", "STRM-003", "message_start has id null", _start("id", None)),
    ("start-model-null", "STRM-003", "message_start has model null", _start("model", None)),
    ("start-role-foreign", "STRM-003", "message_start has the role user", _start("role", "user")),
    ("start-type-foreign", "STRM-003", "message_start has a foreign type", _start("type", "chat.completion.chunk")),
    ("start-message-empty", "STRM-003", "message_start has an empty message", each(FIRST, put("message", {}))),
    ("start-message-missing", "STRM-003", "message_start has no message", each(FIRST, without("message"))),
    ("start-content-missing", "STRM-004", "message_start has no content", _start_without("content")),
    ("start-content-a-string", "STRM-004", "message_start has an empty string as content", _start("content", "")),
    ("start-content-full", "STRM-004", "message_start already holds the first words", _begun),
    ("start-reason-missing", "STRM-005", "message_start has no stop_reason", _start_without("stop_reason")),
    ("start-tells-the-end", "STRM-005", "message_start says how the message will end", _final),
    ("start-usage-null", "STRM-006", "message_start has usage null", _start("usage", None)),
    ("start-usage-empty", "STRM-006", "message_start has an empty usage", _start("usage", {})),
    ("start-output-missing", "STRM-006", "message_start counts no output", _start_without("usage.output_tokens")),
    ("start-input-missing", "STRM-006", "message_start has no input_tokens", _start_without("usage.input_tokens")),
    ("start-input-null", "STRM-006", "message_start has input_tokens null", _start("usage.input_tokens", None)),
    (
        "start-output-a-string",
        "STRM-006",
        "message_start has output_tokens as a string",
        _start("usage.output_tokens", "1"),
    ),
)
"""What message_start holds."""

CLOSING_ROWS: tuple[Row, ...] = (
    ("end-delta-missing", "STRM-017", "message_delta has no delta", each(LAST, without("delta"))),
    ("end-delta-null", "STRM-017", "message_delta has delta null", _last("delta", None)),
    ("end-reason-missing", "STRM-017", "message_delta has no stop_reason", each(LAST, without("delta.stop_reason"))),
    (
        "end-reason-outside",
        "STRM-017",
        "stop_reason stands beside delta and not in it",
        sequence(lambda events: [{**e, **e["delta"], "delta": {}} if e["type"] == LAST else e for e in events]),
    ),
    ("usage-delta-early", "STRM-018", "a message_delta that only counts comes inside a block", sequence(_usage_early)),
    ("end-usage-null", "STRM-019", "message_delta has usage null", _last("usage", None)),
    ("end-output-missing", "STRM-019", "message_delta counts no output", each(LAST, without("usage.output_tokens"))),
    ("end-output-null", "STRM-019", "message_delta has output_tokens null", _last("usage.output_tokens", None)),
    (
        "end-output-a-string",
        "STRM-019",
        "message_delta has output_tokens as a string",
        _last("usage.output_tokens", str),
    ),
    (
        "end-output-falls",
        "STRM-020",
        "a second message_delta counts less output than the first",
        _again(put("usage", _less)),
    ),
    ("end-input-halved", "STRM-021", "message_delta counts half the input", _last("usage.input_tokens", _half)),
    (
        "end-reason-left-out-later",
        "STRM-022",
        "a second message_delta has an empty delta",
        _again(put("delta", {})),
    ),
)
"""What message_delta holds."""

COURSE_ROWS: tuple[Row, ...] = (
    ("stream-empty", "STRM-001", "a stream has no event at all", sequence(only())),
    ("stream-of-pings", "STRM-001", "a stream has pings alone", sequence(only("ping"))),
    ("stream-ends-after-start", "STRM-023", "the stream ends before its first block", _up_to(START)),
    ("stream-ends-after-blocks", "STRM-023", "the stream ends behind its last block", _up_to(LAST)),
    (
        "stranger-after-stop",
        "STRM-023",
        "an event of an unknown type follows message_stop",
        _followed({"type": "statistics", "seconds": 1}),
    ),
    (
        "answer-after-stop",
        "STRM-023",
        "the whole stream comes once more behind message_stop",
        sequence(lambda events: [*events, *deepcopy(events)]),
    ),
    (
        "no-blocks",
        "RESP-013",
        "a stream has no block",
        sequence(lambda events: [event for event in events if not event["type"].startswith("content_block")]),
    ),
    (
        "error-without-message",
        "STRM-025",
        "an in-stream error has no message",
        _failing(error=_error({"type": "api_error"})),
    ),
    ("error-without-type", "STRM-025", "an in-stream error has no type", _failing(error=_error({"message": "failed"}))),
    ("error-a-string", "STRM-025", "an in-stream error is a string", _failing(error=_error("the model failed"))),
    ("error-null", "STRM-025", "an in-stream error is null", _failing(error=_error(None))),
    (
        "error-of-other-type",
        "STRM-025",
        "an in-stream error has the name of its type as type",
        _failing(error=_error(FAILURE["error"], "api_error")),
    ),
    ("stop-alone-after-error", "STRM-026", "message_stop follows an in-stream error", _failing(END, error=FAILURE)),
    (
        "end-after-error",
        "STRM-026",
        "message_delta and message_stop follow an error",
        _failing(LAST, END, error=FAILURE),
    ),
    (
        "delta-after-error",
        "STRM-026",
        "deltas follow an in-stream error, and no end",
        _failing("content_block_delta", error=FAILURE),
    ),
)
"""Which events come at all."""

OPENING_FAULTS: tuple[Fault, ...] = (
    *table(Seam.EVENTS, (*OPENING_ROWS, *CLOSING_ROWS, *COURSE_ROWS)),
    Fault(
        "start-sequence-set",
        Seam.EVENTS,
        "STRM-005",
        "message_start has a stop_sequence",
        _start("stop_sequence", "END"),
        also=("SEM-007", "EQV-001"),
    ),
    event_fault("stop-alone", "STRM-001", "message_stop is the only event", only(END), ("STRM-017",)),
)
