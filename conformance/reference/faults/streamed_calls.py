"""Faults in streamed calls: their arguments in pieces, in the wrong block, lost, or told as text."""

import json
from collections.abc import Callable, Sequence

from conformance.reference.events import Event
from conformance.reference.faults._edit import Row, sequence, table
from conformance.reference.faults.blocks import Block, kind_of, of_type, rewritten, split
from conformance.reference.faults.mutations import DELTA, LAST, START, STOP, Events, event_fault, kinds
from conformance.reference.seams import Apply, Fault, Seam


def _in_first(blocks: list[Block]) -> list[Block]:
    """The arguments of every call go to the first call's block."""
    calls = [block for block in blocks if kind_of(block) == "tool_use"]
    if len(calls) < 2:
        return blocks
    number = calls[0][0]["index"]
    strangers = [{**event, "index": number} for block in calls[1:] for event in block if event["type"] == DELTA]
    merged = [*calls[0][:-1], *strangers, calls[0][-1]]
    return [
        merged if block is calls[0] else [e for e in block if e["type"] != DELTA] if block in calls else block
        for block in blocks
    ]


def _arguments(rewrite: Callable[[str], Sequence[str]]) -> Apply:
    """Say the arguments of every call that has some in other portions of partial_json."""

    def edit(block: Block) -> Block:
        told = "".join(event["delta"]["partial_json"] for event in block if event["type"] == DELTA)
        if not told:
            return block
        deltas = (
            {"type": DELTA, "index": block[0]["index"], "delta": {"type": "input_json_delta", "partial_json": part}}
            for part in rewrite(told)
        )
        return [block[0], *deltas, block[-1]]

    return of_type("tool_use", edit)


def _portions(edit: Callable[[list[Event]], list[Event]]) -> Apply:
    """Choose among the deltas of every call that say something."""

    def change(block: Block) -> Block:
        said = [event for event in block if event.get("delta", {}).get("partial_json")]
        return [block[0], *edit(said), block[-1]] if said else block

    return of_type("tool_use", change)


def _as_text(block: Block) -> Block:
    """A call written out as text."""
    index, start = block[0]["index"], block[0]["content_block"]
    given = "".join(event["delta"].get("partial_json", "") for event in block if event["type"] == DELTA)
    said = {"type": "text_delta", "text": f"{start.get('name')}({given})"}
    return [
        {"type": START, "index": index, "content_block": {"type": "text", "text": ""}},
        {"type": DELTA, "index": index, "delta": said},
        {"type": STOP, "index": index},
    ]


def _call_as_text(events: Events) -> Events:
    before, blocks, after = split(events)
    told = [_as_text(block) if kind_of(block) == "tool_use" else block for block in blocks]
    return [*before, *(event for block in told for event in block), *(_ended(event) for event in after)]


def _ended(event: Event) -> Event:
    calls = event["type"] == LAST and event["delta"].get("stop_reason") == "tool_use"
    return {**event, "delta": {**event["delta"], "stop_reason": "end_turn"}} if calls else event


def _single_quotes(told: str) -> list[str]:
    return [repr(json.loads(told))]


def _snapshots(told: str) -> list[str]:
    parts = [told[: len(told) // 2], told]
    return ["", *parts]


def _numbered_apart(blocks: list[Block]) -> list[Block]:
    """Calls are numbered by themselves, whatever stands before them."""
    calls = [block for block in blocks if kind_of(block) == "tool_use"]
    anew = {id(block): number for number, block in enumerate(calls)}
    return [
        [{**event, "index": anew[id(block)]} for event in block] if id(block) in anew else block for block in blocks
    ]


def _first_call_alone(blocks: list[Block]) -> list[Block]:
    """Only the first call gets its arguments."""
    calls = [id(block) for block in blocks if kind_of(block) == "tool_use"][1:]
    return [[event for event in b if event["type"] != DELTA] if id(b) in calls else b for b in blocks]


def _called(events: Events) -> bool:
    return "tool_use" in kinds(events).values()


def _ends_otherwise(events: Events) -> Events:
    return [_ended(event) for event in events] if _called(events) else events


CALL_ROWS: tuple[Row, ...] = (
    ("arguments-in-first-block", "STRM-028", "the first block of two calls gets all arguments", rewritten(_in_first)),
    ("arguments-begin-late", "STRM-028", "the first words of the arguments are lost", _portions(lambda said: said[1:])),
    ("arguments-end-early", "STRM-028", "the last words of the arguments are lost", _portions(lambda said: said[:-1])),
    (
        "arguments-stutter",
        "STRM-028",
        "the last words of the arguments come twice",
        _portions(lambda said: [*said, said[-1]]),
    ),
    ("arguments-an-array", "STRM-028", "the arguments are an array", _arguments(lambda told: [f"[{told}]"])),
    ("arguments-null", "STRM-028", "the arguments are null", _arguments(lambda told: ["null"])),
    (
        "arguments-a-string",
        "STRM-028",
        "the arguments are a string of JSON",
        _arguments(lambda told: [json.dumps(told)]),
    ),
    ("arguments-in-quotes", "STRM-028", "the arguments are not written as JSON", _arguments(_single_quotes)),
    ("arguments-snapshots", "STRM-028", "each portion of the arguments repeats those before", _arguments(_snapshots)),
    (
        "arguments-fenced",
        "STRM-028",
        "the arguments stand in a code fence",
        _arguments(lambda told: [f"```json\n{told}\n```"]),
    ),
    ("calls-numbered-apart", "STRM-008", "calls are numbered from 0 behind other blocks", rewritten(_numbered_apart)),
    ("arguments-of-later-calls-lost", "STRM-029", "only the first call has arguments", rewritten(_first_call_alone)),
    ("arguments-lost", "STRM-029", "no argument reaches the stream", _portions(lambda said: [])),
    ("stream-call-ends-the-turn", "SEM-004", "a streamed call ends with end_turn", sequence(_ends_otherwise)),
)

CALL_FAULTS: tuple[Fault, ...] = (
    *table(Seam.EVENTS, CALL_ROWS),
    event_fault(
        "stream-call-as-text", "TOOL-011", "streamed calls are told as text", _call_as_text, also=("TOOL-012",)
    ),
)
