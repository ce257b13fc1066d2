"""The message a client holds when a stream is over, folded from its events."""

from collections.abc import Iterable, Mapping

from conformance.wire.jsontext import JSON, parse
from conformance.wire.stream_breach import StreamEvent, member
from conformance.wire.stream_checks import classify
from conformance.wire.stream_tables import BLOCKS, DELTAS, EventType

Message = dict[str, JSON]


def accumulate(events: Iterable[StreamEvent]) -> Message | None:
    """The accumulated message, or None when the stream has no `message_start` with one. Never raises.

    Start fields are kept and the deltas that fit the block appended to them; a tool's input is the object that its
    joined `partial_json` says, and the start's input where it says none. Usage is that of
    `message_start` overlaid by every `message_delta`, null values left out; a stop_reason once set is not taken
    back by a later null. Events behind `message_stop` or an error change nothing.
    """
    fold = _Fold()
    for event in events:
        kind = classify(event)
        if kind in (EventType.MESSAGE_STOP, EventType.ERROR):
            break
        if event.data is not None and kind is not None:
            fold.take(kind, event.data)
    return fold.message()


def text_of(message: Mapping[str, JSON] | None) -> str:
    """The text blocks of a message, joined."""
    content = None if message is None else message.get("content")
    blocks = content if isinstance(content, list) else []
    texts = [block.get("text") for block in blocks if isinstance(block, Mapping) and block.get("type") == "text"]
    return "".join(text for text in texts if isinstance(text, str))


class _Fold:
    def __init__(self) -> None:
        self.base: Message | None = None
        self.blocks: dict[int, _Block] = {}
        self.next = 0

    def take(self, kind: EventType, data: Mapping[str, JSON]) -> None:
        if kind is EventType.MESSAGE_START:
            self._start(data)
        elif kind is EventType.MESSAGE_DELTA:
            self._overlay(data)
        elif kind is EventType.BLOCK_START:
            self._begin(data)
        elif kind is EventType.BLOCK_DELTA:
            self._append(data)

    def _start(self, data: Mapping[str, JSON]) -> None:
        message = member(data, "message")
        if self.base is None and message is not None:
            self.base = dict(message)

    def _overlay(self, data: Mapping[str, JSON]) -> None:
        if self.base is None:
            return
        self.base |= _present(member(data, "delta"))
        if usage := _present(member(data, "usage")):
            self.base["usage"] = {**(member(self.base, "usage") or {}), **usage}

    def _begin(self, data: Mapping[str, JSON]) -> None:
        """A start without an index most likely means the next one (as the walk has it)."""
        index = data.get("index")
        place = index if isinstance(index, int) else self.next
        self.next = max(self.next, place + 1)
        self.blocks[place] = _Block(member(data, "content_block") or {})

    def _append(self, data: Mapping[str, JSON]) -> None:
        index = data.get("index")
        if isinstance(index, int) and index in self.blocks:
            self.blocks[index].append(member(data, "delta") or {})

    def message(self) -> Message | None:
        if self.base is None:
            return None
        streamed = [self.blocks[index].whole() for index in sorted(self.blocks)]
        started = self.base.get("content")
        content = [*(started if isinstance(started, list) else []), *streamed]
        return {**self.base, "content": content if streamed or isinstance(started, list) else started}


def _present(members: Mapping[str, JSON] | None) -> Message:
    return {key: value for key, value in (members or {}).items() if value is not None}


class _Block:
    """One content block, its string deltas kept in pieces until the end."""

    def __init__(self, start: Mapping[str, JSON]) -> None:
        self.start = start
        self.pieces: dict[str, list[str]] = {}
        self.citations: list[JSON] = []

    def append(self, delta: Mapping[str, JSON]) -> None:
        delta_type, block_type = delta.get("type"), self.start.get("type")
        if not (isinstance(delta_type, str) and isinstance(block_type, str) and delta_type in DELTAS):
            return
        if block_type in BLOCKS and delta_type not in BLOCKS[block_type].deltas:
            return
        kind = DELTAS[delta_type]
        payload = delta.get(kind.payload)
        if kind.payload == "citation":
            self.citations.append(payload)
        elif isinstance(payload, str):
            self.pieces.setdefault(kind.payload, []).append(payload)

    def whole(self) -> Message:
        block = dict(self.start)
        for key in ("text", "thinking", "signature"):
            if key in self.pieces:
                begun = block.get(key)
                block[key] = (begun if isinstance(begun, str) else "") + "".join(self.pieces[key])
        if arguments := "".join(self.pieces.get("partial_json", ())):
            parsed = parse(arguments.encode("utf-8", "surrogatepass"))
            if parsed.usable and isinstance(parsed.value, dict):
                block["input"] = parsed.value
        if self.citations:
            begun = block.get("citations")
            block["citations"] = [*(begun if isinstance(begun, list) else []), *self.citations]
        return block
