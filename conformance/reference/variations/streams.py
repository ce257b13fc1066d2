"""Freedoms in the events of a stream: pings, the size of deltas, what message_delta repeats, what is unknown."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from conformance.reference.asking import calls
from conformance.reference.events import Event
from conformance.reference.faults._edit import each, sequence, without
from conformance.reference.model import conversation
from conformance.reference.plan import limit_of
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.variations._rows import ANTHROPIC, Row, table

Events = list[Event]

PING = {"type": "ping"}
START, DELTA, STOP, LAST = "content_block_start", "content_block_delta", "content_block_stop", "message_delta"
PAYLOADS: Mapping[str, str] = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""Delta types that may be cut anywhere, and the field that is cut."""


def _before(kinds: tuple[str, ...], made: Callable[[Event], Event]) -> Callable[[Events], Events]:
    """Put an event in front of each event of some types."""
    return lambda events: list(
        chain.from_iterable((made(event), event) if event["type"] in kinds else (event,) for event in events)
    )


def _pinged(events: Events) -> Events:
    return [*chain.from_iterable((dict(PING), event) for event in events), dict(PING)]


def _kind(event: Event) -> str:
    delta = event.get("delta")
    return str(delta.get("type", "")) if isinstance(delta, dict) else ""


def _merged(kinds: tuple[str, ...]) -> Callable[[Events], Events]:
    """One delta instead of several in a row, for some delta types; an empty one that opens arguments stays."""

    def edit(events: Events) -> Events:
        result: Events = []
        for event in events:
            kind, last = _kind(event), result[-1] if result else {}
            field = PAYLOADS.get(kind, "")
            if kind in kinds and _kind(last) == kind and (kind != "input_json_delta" or last["delta"][field]):
                whole = last["delta"][field] + event["delta"][field]
                result[-1] = {**last, "delta": {**last["delta"], field: whole}}
            else:
                result.append(event)
        return result

    return edit


def _no_empty_json(events: Events) -> Events:
    return [event for event in events if _kind(event) != "input_json_delta" or event["delta"]["partial_json"]]


def _empties(events: Events) -> Iterator[Event]:
    for event in events:
        field = PAYLOADS.get(_kind(event))
        if field:
            yield {**event, "delta": {**event["delta"], field: ""}}
        yield event


def _closings(event: Event) -> Events:
    open_end = dict.fromkeys(event["delta"])
    return [{**event, "delta": open_end}, event, {**event, "delta": dict(event["delta"])}]


def _several_ends(events: Events) -> Events:
    return list(chain.from_iterable(_closings(event) if event["type"] == LAST else [event] for event in events))


def _cut_call(events: Any, context: Context) -> Any:
    """The call for which the limit was too small begins, is cut in its arguments, and is not closed."""
    ends = [place for place, event in enumerate(events) if event["type"] == LAST]
    wanted = calls(context.body, conversation(context.body), context.settings.uncooperative)
    if not wanted or not ends or not limit_of(context.body, context.settings):
        return events
    if events[ends[0]].get("delta", {}).get("stop_reason") != "max_tokens":
        return events
    (name, given), index = wanted[0], sum(1 for event in events if event["type"] == START)
    block = {"type": "tool_use", "id": f"toolu_{context.request_id[4:]}", "name": name, "input": {}}
    begun: Events = [{"type": START, "index": index, "content_block": block}]
    for part in ("", json.dumps(given)[:-1] if given else "{"):
        begun.append({"type": DELTA, "index": index, "delta": {"type": "input_json_delta", "partial_json": part}})
    return [*events[: ends[0]], *begun, *events[ends[0] :]]


def _unknown_event(event: Event) -> Event:
    return {"type": "generation_note", "note": {"before": event["type"]}}


def _moods(events: Events) -> Events:
    result: Events = []
    for event in events:
        result.append(event)
        if _kind(event) == "text_delta":
            result.append({**event, "delta": {"type": "mood_delta", "mood": "calm"}})
    return result


def _output_only(event: Event, context: Context) -> Event:
    usage = event.get("usage")
    if not isinstance(usage, dict) or "output_tokens" not in usage:
        return event
    return {**event, "usage": {"output_tokens": usage["output_tokens"]}}


def _marked(event: Event) -> Event:
    inner = {key: {**event[key], "lane": 3} for key in ("delta", "content_block") if isinstance(event.get(key), dict)}
    return event if event["type"] == "ping" else {**event, **inner, "sequence": [1, 2]}


EVENT_ROWS: tuple[Row, ...] = (
    ("pings-everywhere", (2,), "a ping before every event and one behind the last", sequence(_pinged)),
    (
        "ping-before-message-delta",
        (2,),
        "a ping comes before message_delta",
        sequence(_before((LAST,), lambda _: dict(PING))),
    ),
    (
        "pings-never",
        (2,),
        "no ping is ever sent",
        sequence(lambda events: [event for event in events if event["type"] != "ping"]),
    ),
    (
        "delta-usage-without-input",
        (3,),
        "the usage of message_delta does not repeat input_tokens",
        each(LAST, without("usage.input_tokens")),
    ),
    ("json-delta-at-once", (4,), "after an empty partial_json one delta has all", sequence(_merged((*PAYLOADS,)[2:]))),
    ("json-delta-without-empty", (4,), "no partial_json is empty", sequence(_no_empty_json)),
    ("cut-inside-call", (5,), "a call for which the limit is too small is cut and not closed", _cut_call),
    (
        "unknown-events",
        (7,),
        "events of an unknown type come before blocks, deltas and message_delta",
        sequence(_before((START, DELTA, LAST), _unknown_event)),
    ),
    ("unknown-delta", (7,), "a delta of an unknown type follows every text delta", sequence(_moods)),
    ("empty-deltas", (), "an empty delta comes before every delta", sequence(lambda events: list(_empties(events)))),
    ("one-delta", (), "every block comes in one delta", sequence(_merged((*PAYLOADS,)))),
    ("several-message-deltas", (), "three message_deltas end the message", sequence(_several_ends)),
)

FIELDS_ROW: Row = (
    "unknown-event-fields",
    (7,),
    "events, deltas and starting blocks have fields that are not documented",
    sequence(lambda events: [_marked(event) for event in events]),
)

BARE_ROW: Row = (
    "delta-usage-bare",
    (3,),
    "the usage of message_delta is output_tokens alone",
    each(LAST, _output_only),
)

EVENT_VARIATIONS: tuple[Variation, ...] = (
    *table(Seam.EVENTS, EVENT_ROWS),
    *table(Seam.EVENTS, [FIELDS_ROW], admits=("lane",)),
    *table(Seam.EVENTS, [BARE_ROW], ANTHROPIC),
)
