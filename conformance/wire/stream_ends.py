"""What can be judged only when a block or the whole stream is over (STRM-014, 017, 020 to 022, 027 to 031)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from conformance.wire.jsontext import JSON, JsonFaultKind, parse
from conformance.wire.stream_breach import MISSING, Breach, Ledger, StreamEvent, is_count, member, shown
from conformance.wire.stream_tables import CUT_REASONS, INPUT_COUNTS, BlockState, Lowered

#: Faults that make a tool's arguments unreadable for some official SDK.
_NOT_JSON = frozenset({JsonFaultKind.CONSTANT, JsonFaultKind.BOM})


@dataclass(slots=True)
class Block:
    """One content block as it came: its start, and the payloads of the deltas it may hold, None for a bad one."""

    index: int
    type: str | None
    start: Mapping[str, JSON]
    event: int  #: the number of its start event
    state: BlockState = BlockState.OPEN
    deltas: list[tuple[str, JSON]] = field(default_factory=list)
    stopped: int | None = None  #: the number of its stop event
    strayed: bool = False  #: deltas of it came outside it, so what it holds is incomplete

    def payloads(self, delta_type: str) -> list[str]:
        """The string payloads of one delta type."""
        return [value for kind, value in self.deltas if kind == delta_type and isinstance(value, str)]


@dataclass(slots=True)
class Facts:
    """What the walk remembers of a message for its end."""

    start: StreamEvent | None = None
    starts: int = 0
    blocks: list[Block] = field(default_factory=list)
    deltas: list[StreamEvent] = field(default_factory=list)
    stop_reason: JSON = None  #: the last one that was not null
    closing: int | None = None  #: the number of the last `message_delta` that carried a stop_reason
    done: bool = False
    failed: bool = False
    eager: frozenset[str] = frozenset()  #: tools whose arguments may come as anything

    @property
    def cut(self) -> bool:
        """Whether the answer says that it was cut for length."""
        return isinstance(self.stop_reason, str) and self.stop_reason in CUT_REASONS

    def broken_off(self, block: Block) -> bool:
        """Whether the answer says that a block may be a fragment: cut for length, or the last one of a refusal."""
        return self.cut or (self.stop_reason == "refusal" and block is self.blocks[-1])


def check_ends(facts: Facts, ledger: Ledger) -> None:
    """Everything that waits for the end of the stream."""
    for block in facts.blocks:
        _check_closed(block, facts, ledger)
        if not block.strayed:
            _check_increments(block, ledger)
        if block.stopped is not None and not block.strayed:
            _check_tool(block, facts, ledger)
            _check_signature(block, facts, ledger)
    if not facts.failed:
        _check_stop_reason(facts, ledger)
    _check_outputs(facts, ledger)
    _check_inputs(facts, ledger)


def _check_closed(block: Block, facts: Facts, ledger: Ledger) -> None:
    """STRM-014. The block in which a stream breaks off is no fault of its own: STRM-023 says that."""
    if block.stopped is not None:
        ledger.saw("STRM-014")
        return
    followed = facts.done or block is not facts.blocks[-1] or (facts.closing or -1) > block.event
    if facts.failed or not followed:
        return
    excused = block is facts.blocks[-1] and block.type == "tool_use" and facts.stop_reason == "max_tokens"
    lowered: Lowered = "SHOULD" if excused else ""
    expected = f"content_block_stop for block {block.index}"
    ledger.broke(Breach("STRM-014", block.event, "/index", expected, "the block is never closed", lowered))


def _check_increments(block: Block, ledger: Ledger) -> None:
    """STRM-027. Empty deltas say nothing about growth and are left out."""
    texts = [text for text in block.payloads("text_delta") if text]
    if len(texts) < 3:
        return
    growing = all(len(new) > len(old) and new.startswith(old) for old, new in pairwise(texts))
    seen = f"each of {len(texts)} deltas repeats the one before it"
    expected = f"increments in block {block.index}"
    ledger.expect(not growing, Breach("STRM-027", block.event, "/content_block", expected, seen))


def _check_tool(block: Block, facts: Facts, ledger: Ledger) -> None:
    """STRM-028 and STRM-029. Where the answer was broken off the arguments may be."""
    if block.type != "tool_use" or any(value is None for _, value in block.deltas):
        return
    arguments = "".join(block.payloads("input_json_delta"))
    if not facts.broken_off(block) and str(block.start.get("name")) not in facts.eager:
        seen = shown(arguments)
        breach = Breach("STRM-028", block.stopped, "", "partial_json that joins to one JSON object", seen)
        ledger.expect(not arguments or _is_object(arguments), breach)
    start = block.start.get("input")
    if arguments or (isinstance(start, Mapping) and start):
        expected, seen = "arguments in input_json_delta", f"{shown(start)} at block start alone"
        breach = Breach("STRM-029", block.event, "/content_block/input", expected, seen)
        ledger.expect(bool(arguments), breach)


def _is_object(text: str) -> bool:
    parsed = parse(text.encode("utf-8", "surrogatepass"))
    strict = not any(fault.kind in _NOT_JSON for fault in parsed.faults)
    return parsed.usable and strict and isinstance(parsed.value, dict)


def _check_signature(block: Block, facts: Facts, ledger: Ledger) -> None:
    """STRM-030. A thinking block at which the answer was broken off has nothing to sign."""
    if block.type != "thinking" or (facts.broken_off(block) and block is facts.blocks[-1]):
        return
    kinds = [kind for kind, _ in block.deltas]
    holds = kinds.count("signature_delta") == 1 and kinds[-1] == "signature_delta"
    seen = f"{kinds.count('signature_delta')} signature_delta, last delta {kinds[-1] if kinds else 'none'}"
    ledger.expect(holds, Breach("STRM-030", block.stopped, "", "one signature_delta as the last delta", seen))


def note_message_delta(event: StreamEvent, facts: Facts, ledger: Ledger) -> bool:
    """STRM-017 (shape) and STRM-022 of one `message_delta`; says whether it carries a stop_reason."""
    facts.deltas.append(event)
    delta = member(event.data, "delta")
    if delta is None:
        seen = shown((event.data or {}).get("delta", MISSING))
        ledger.broke(Breach("STRM-017", event.index, "/delta", "an object", seen))
        return False
    reason = delta.get("stop_reason")
    if facts.stop_reason is not None:
        expected = f"stop_reason still {shown(facts.stop_reason)}"
        breach = Breach("STRM-022", event.index, "/delta/stop_reason", expected, shown(reason))
        ledger.expect(reason is not None, breach)
    if reason is None:
        return False
    facts.stop_reason, facts.closing = reason, event.index
    if "stop_sequence" not in delta:
        pointer, expected = "/delta/stop_sequence", "a string or null"
        ledger.broke(Breach("STRM-017", event.index, pointer, expected, "nothing", "note"))
    return True


def _check_stop_reason(facts: Facts, ledger: Ledger) -> None:
    """STRM-017. A stream that breaks off before its `message_stop` is STRM-023's alone."""
    if facts.stop_reason is not None:
        ledger.saw("STRM-017", *(["STRM-022"] if facts.done else []))
    elif facts.done and not facts.deltas:
        ledger.broke(Breach("STRM-017", None, "", "at least one message_delta", "none before message_stop"))
    elif facts.done and member(facts.deltas[-1].data, "delta") is not None:
        pointer, last = "/delta/stop_reason", facts.deltas[-1].index
        ledger.broke(Breach("STRM-017", last, pointer, "a stop_reason in the last message_delta", "null"))


def _check_outputs(facts: Facts, ledger: Ledger) -> None:
    """STRM-020. A refusal may take back the tokens counted so far."""
    if facts.stop_reason == "refusal":
        return
    counts = list(_counts(facts, "output_tokens"))
    for (_, before), (event, after) in pairwise(counts):
        expected = f"at least {shown(before)}, since it is cumulative"
        breach = Breach("STRM-020", event, "/usage/output_tokens", expected, shown(after))
        ledger.expect(after >= before, breach)


def _check_inputs(facts: Facts, ledger: Ledger) -> None:
    """STRM-021: every repeated count against the one in `message_start`."""
    for key in INPUT_COUNTS:
        counts = list(_counts(facts, key))
        if not counts or facts.start is None or counts[0][0] != facts.start.index:
            continue
        first = counts[0][1]
        for event, count in counts[1:]:
            breach = Breach("STRM-021", event, f"/usage/{key}", f"at least {shown(first)}", shown(count))
            ledger.expect(count >= first, breach)


def _counts(facts: Facts, key: str) -> Iterator[tuple[int, float]]:
    """(event, count) for every usage that carries an integer under the key, `message_start` first."""
    if facts.start is not None:
        yield from _count(facts.start.index, member(member(facts.start.data, "message"), "usage"), key)
    for event in facts.deltas:
        yield from _count(event.index, member(event.data, "usage"), key)


def _count(event: int, usage: Mapping[str, JSON] | None, key: str) -> Sequence[tuple[int, float]]:
    value = None if usage is None else usage.get(key)
    return [(event, value)] if isinstance(value, (int, float)) and is_count(value) else []
