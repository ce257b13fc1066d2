"""Faults in the blocks of a stream: their numbers, the arguments of calls, thinking, and words that get lost."""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from conformance.reference.events import Event
from conformance.reference.faults._edit import Row, each, put, sequence, table, without
from conformance.reference.faults.mutations import DELTA, START, STOP, Events, Target, places
from conformance.reference.seams import Apply, Context, Fault, Seam

Block = list[Event]
"""The events of one block, in their order."""


def split(events: Events) -> tuple[Events, list[Block], Events]:
    """What comes before the blocks, the events of each, and what comes behind them."""
    held = [place for place, event in enumerate(events) if event["type"] in (START, DELTA, STOP)]
    if not held:
        return events, [], []
    inner = events[held[0] : held[-1] + 1]
    numbers = sorted({event["index"] for event in inner if "index" in event})
    blocks = [[event for event in inner if event.get("index") == number] for number in numbers]
    return events[: held[0]], blocks, events[held[-1] + 1 :]


def rewritten(edit: Callable[[list[Block]], Sequence[Block]]) -> Apply:
    """Write the blocks of a stream anew."""

    def change(events: Events) -> Events:
        before, blocks, after = split(events)
        return [*before, *(event for block in edit(blocks) for event in block), *after]

    return sequence(change)


def kind_of(block: Block) -> str:
    return str(block[0].get("content_block", {}).get("type", ""))


def of_type(kind: str, edit: Callable[[Block], Block]) -> Apply:
    """Write every block of one type anew."""
    return rewritten(lambda blocks: [edit(block) if kind_of(block) == kind else block for block in blocks])


def _interleaved(blocks: list[Block]) -> list[Block]:
    """All blocks start before any of them ends, and take turns."""
    return [[event for event in turn if event is not None] for turn in zip_longest(*blocks)]


def _started_anew(block: Block) -> Block:
    """A start before every delta."""
    return [event for one in block[1:] for event in ([block[0], one] if one["type"] == DELTA else [one])]


def _redacted(start: Event, *deltas: Event) -> Callable[[Block], Block]:
    """A thinking block becomes a redacted one with such a start and such deltas."""

    def edit(block: Block) -> Block:
        index = block[0]["index"]
        told = [{"type": DELTA, "index": index, "delta": dict(delta)} for delta in deltas]
        begun = {"type": START, "index": index, "content_block": {"type": "redacted_thinking", **start}}
        return [begun, *told, {"type": STOP, "index": index}]

    return edit


def _far_words_lost(events: Events) -> Events:
    """Every character beyond ASCII in a text becomes U+FFFD, as where chunks are decoded one by one."""
    return [_replaced(event) if event.get("delta", {}).get("type") == "text_delta" else event for event in events]


def _replaced(event: Event) -> Event:
    text = event["delta"]["text"]
    return {
        **event,
        "delta": {**event["delta"], "text": text.encode("ascii", "replace").decode().replace("?", "\ufffd")},
    }


def _said(edit: Apply) -> Apply:
    """Edit the deltas of texts."""

    def apply(events: Events, context: Context) -> Events:
        meant = set(places(events, Target("", DELTA, "text")))
        return [edit(event, context) if place in meant else event for place, event in enumerate(events)]

    return apply


def _without_index(kind: str) -> Apply:
    return each(kind, without("index"))


def _closed_at_the_end(blocks: list[Block]) -> Iterator[Block]:
    yield from (block[:-1] for block in blocks)
    yield [block[-1] for block in blocks]


SIGNED = "c2lnbmVk"


def _thinking_behind(blocks: list[Block]) -> list[Block]:
    """An empty thinking block without signature follows an answer in text."""
    if not blocks or kind_of(blocks[-1]) != "text":
        return blocks
    number = len(blocks)
    block = {"type": "thinking", "thinking": ""}
    return [*blocks, [{"type": START, "index": number, "content_block": block}, {"type": STOP, "index": number}]]


BLOCK_ROWS: tuple[Row, ...] = (
    ("index-always-zero", "STRM-008", "every block has the index 0", sequence(lambda evs: [_zeroed(e) for e in evs])),
    ("start-without-index", "STRM-008", "content_block_start has no index", _without_index(START)),
    (
        "start-index-a-string",
        "STRM-008",
        "content_block_start has its index as a string",
        each(START, put("index", str)),
    ),
    (
        "start-before-every-delta",
        "STRM-008",
        "a block starts anew before every delta",
        of_type("text", _started_anew),
    ),
    ("start-block-missing", "STRM-009", "content_block_start has no block", each(START, without("content_block"))),
    ("start-block-typeless", "STRM-009", "blocks start without type", each(START, without("content_block.type"))),
    ("delta-index-negative", "STRM-011", "deltas have the index -1", each(DELTA, put("index", -1))),
    ("delta-without-index", "STRM-011", "deltas have no index", _without_index(DELTA)),
    ("stop-without-index", "STRM-011", "content_block_stop has no index", _without_index(STOP)),
    ("delta-typeless", "STRM-012", "text deltas have no type", _said(without("delta.type"))),
    ("delta-missing", "STRM-013", "content_block_delta has no delta", _said(without("delta"))),
    ("delta-a-string", "STRM-013", "the delta is a string", _said(put("delta", "hm"))),
    ("blocks-interleaved", "STRM-015", "parallel blocks take turns", rewritten(_interleaved)),
    (
        "blocks-closed-at-the-end",
        "STRM-015",
        "all blocks stop behind the last",
        rewritten(lambda b: [*_closed_at_the_end(b)]),
    ),
    ("empty-thinking-behind", "THINK-003", "an empty thinking block follows the last", rewritten(_thinking_behind)),
    (
        "redacted-in-deltas",
        "STRM-031",
        "redacted thinking comes in deltas",
        of_type("thinking", _redacted({"data": ""}, {"type": "text_delta", "text": SIGNED})),
    ),
    ("redacted-empty", "STRM-031", "redacted thinking is empty", of_type("thinking", _redacted({"data": ""}))),
    (
        "redacted-with-delta",
        "STRM-031",
        "redacted thinking comes whole and gets a delta",
        of_type("thinking", _redacted({"data": SIGNED}, {"type": "signature_delta", "signature": SIGNED})),
    ),
    ("redacted-without-data", "STRM-009", "redacted thinking starts without data", of_type("thinking", _redacted({}))),
    (
        "stream-replacement-characters",
        "SEM-013",
        "far characters are replaced in streams alone",
        sequence(_far_words_lost),
    ),
)


def _zeroed(event: Event) -> Event:
    return {**event, "index": 0} if "index" in event else event


BLOCK_FAULTS: tuple[Fault, ...] = table(Seam.EVENTS, BLOCK_ROWS)
