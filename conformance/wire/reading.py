"""What an exchange says: every view of its bytes that a rule may need, each computed once and on demand."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate as running

from conformance.wire.content import MAX_DECODED, decoded_body
from conformance.wire.exchange import Ending, Exchange
from conformance.wire.jsontext import JSON, Parsed, parse, parse_text
from conformance.wire.message import Message, accumulate, text_of
from conformance.wire.sse import Decoded, ServerSentEvent, decode
from conformance.wire.stream import StreamEvent, Walk, walk
from conformance.wire.stream_breach import member

EVENT_STREAM = "text/event-stream"

#: Endings by our own hand: what did not come is not missing.
_OURS = frozenset({Ending.CUT, Ending.HUNG_UP})


class Reading:
    """The views of one exchange. All of them are total: no status, header or body makes one raise."""

    def __init__(self, exchange: Exchange, limit: int = MAX_DECODED) -> None:
        self.exchange = exchange
        self._limit = limit  # bytes of a body after content decoding

    @cached_property
    def sent(self) -> JSON:
        """The request body as JSON, or None."""
        parsed = parse(self.exchange.request.body)
        return parsed.value if parsed.usable else None

    @cached_property
    def _decoded_body(self) -> tuple[bytes, str | None]:
        return decoded_body(self.exchange.body, self.exchange.header_values("content-encoding"), self._limit)

    @property
    def body(self) -> bytes:
        """The body, its content coding undone as far as that goes."""
        return self._decoded_body[0]

    @property
    def encoding_fault(self) -> str | None:
        """What is wrong with the content coding."""
        return self._decoded_body[1]

    @cached_property
    def media_type(self) -> str:
        """The media type in lower case without parameters, "" without a Content-Type."""
        return (self.exchange.header("content-type") or "").partition(";")[0].strip().lower()

    @cached_property
    def charset(self) -> str | None:
        """The charset parameter in lower case, unquoted."""
        parameters = (self.exchange.header("content-type") or "").split(";")[1:]
        pairs = (parameter.partition("=") for parameter in parameters)
        found = (value.strip().strip('"').lower() for name, _, value in pairs if name.strip().lower() == "charset")
        return next(found, None)

    @property
    def is_stream(self) -> bool:
        """Whether the answer says that it is an event stream."""
        return self.media_type == EVENT_STREAM

    @cached_property
    def json(self) -> Parsed:
        """The body read as one JSON text, whatever its media type."""
        return parse(self.body)

    @property
    def _object(self) -> Mapping[str, JSON] | None:
        if self.is_stream or not self.json.usable:
            return None
        return self.json.value if isinstance(self.json.value, Mapping) else None

    @cached_property
    def message(self) -> Mapping[str, JSON] | None:
        """The object a POST was answered with under status 200, be it a message or not; None for a stream."""
        accepted = self.exchange.status == 200 and self.exchange.request.method.upper() == "POST"
        return self._object if accepted else None

    @cached_property
    def decoded(self) -> Decoded:
        """The body as server-sent events; nothing where the answer is no event stream."""
        return decode(self.body if self.is_stream else b"")

    @property
    def events(self) -> tuple[StreamEvent, ...]:
        """The events with their data read as JSON objects.

        A last event without its blank line is kept, unterminated, if its data is a whole object with a type: that
        fault has its own requirement (SSE-009), and should not hide that the event was sent.
        """
        return self._read[0]

    @property
    def unusual(self) -> Mapping[int, Parsed]:
        """By the number of the event, how data was read that is not strict JSON; terminated events alone."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[tuple[StreamEvent, ...], Mapping[int, Parsed]]:
        found, unusual = [], {}
        for index, event in enumerate(self.decoded.events):
            parsed = parse_text(event.data)
            if parsed.faults:
                unusual[index] = parsed
            found.append(self._event(index, event, parsed))
        if self.decoded.tail is not None:
            tail = self._event(len(found), self.decoded.tail, parse_text(self.decoded.tail.data), terminated=False)
            found += [tail] if tail.type is not None else []
        return tuple(found), unusual

    def _event(self, index: int, event: ServerSentEvent, parsed: Parsed, terminated: bool = True) -> StreamEvent:
        data = parsed.value if parsed.usable and isinstance(parsed.value, (dict, Mapping)) else None
        kind = None if data is None else data.get("type")
        word = kind if isinstance(kind, str) else None
        return StreamEvent(index, event.name, word, data, event.offset, self._arrived(event.end), terminated)

    @cached_property
    def _chunk_ends(self) -> Sequence[int]:
        """The body offsets at which the chunks end; none where a content coding hides them."""
        coded = self.body != self.exchange.body
        return () if coded else list(running(len(chunk.data) for chunk in self.exchange.chunks))

    def _arrived(self, end: int) -> float | None:
        """When the chunk came that holds the byte before `end`; unknown under a content coding."""
        place = bisect_left(self._chunk_ends, end)
        return self.exchange.chunks[place].at if place < len(self._chunk_ends) else None

    @cached_property
    def walk(self) -> Walk:
        """The stream judged against the event grammar; nothing is missing that we did not wait for."""
        return walk(self.events, whole=self.exchange.end.how not in _OURS, eager=self._eager_tools)

    @property
    def _eager_tools(self) -> frozenset[str]:
        """Tools whose arguments may come as anything (STRM-028)."""
        tools = self.sent.get("tools") if isinstance(self.sent, Mapping) else None
        eager = (
            tool.get("name")
            for tool in (tools if isinstance(tools, list) else [])
            if isinstance(tool, Mapping) and tool.get("eager_input_streaming") is True
        )
        return frozenset(name for name in eager if isinstance(name, str))

    @cached_property
    def accumulated(self) -> Message | None:
        """The message that a client holds after the stream."""
        return accumulate(self.events)

    @cached_property
    def error(self) -> Mapping[str, JSON] | None:
        """The error object: of the JSON body, or of the first event of a stream that carries one."""
        if not self.is_stream:
            return member(self._object, "error")
        found = (member(event.data, "error") for event in self.events)
        return next((error for error in found if error is not None), None)

    @cached_property
    def text(self) -> str:
        """The text blocks of the answer, joined."""
        return text_of(self.accumulated if self.is_stream else self.message)
