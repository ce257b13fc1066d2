"""An exchange drawn over time: when chunks came, which events they brought, and the event that is spoken of.

The picture holds no words, so that it shrinks to a phone's width; they stand below it. Times are seconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.reporting.clean import clean
from conformance.reporting.html.markup import element, text
from conformance.reporting.sentence import counted
from conformance.wire.exchange import Exchange
from conformance.wire.reading import Reading
from conformance.wire.stream import StreamEvent

MOST_EVENTS = 240  #: ticks drawn
MOST_CHUNKS = 240
_WIDTH, _MARGIN = 560, 10  #: pixels
_COLUMN, _TICK, _STEP = 8, 6, 10  #: pixels: events of one column are stacked, a step above one another
_HIGHEST = 12  #: events on top of one another; those above share a place
_KEY = "Bar: status line; ring: chunk; square: event; triangle: the marked event."
_BELOW = 24  #: pixels for the chunks and what marks an event


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a time is on the picture, and how high events are stacked."""

    whole: float
    levels: int

    @property
    def line(self) -> int:
        """The height at which the axis runs."""
        return self.levels * _STEP + 4

    def x(self, at: float) -> int:
        """A time in pixels from the left."""
        share = min(max(at / self.whole, 0.0), 1.0) if self.whole > 0 else 0.0
        return _MARGIN + round(share * (_WIDTH - 2 * _MARGIN))


def timeline(reading: Reading, marked: int | None) -> str:
    """The picture with its words; only the words where nothing came. `marked` is the number of an event."""
    exchange = reading.exchange
    if not exchange.chunks:
        return element("p", text(_words(reading, marked)), class_="small")
    timed = [event for event in _drawn(reading.events, marked) if event.at is not None]
    scale = _Scale(_whole(exchange), max((1, *_levels(timed, _whole(exchange)))))
    inside = "".join((*_axis(exchange, scale), *_ticks(timed, scale, marked)))
    height = scale.line + _BELOW
    words = _words(reading, marked)
    box = {"class_": "timeline", "viewBox": f"0 0 {_WIDTH} {height}", "role": "img"}
    drawing = element("svg", inside, **box, aria_label=f"arrival over time: {words}")
    ends = f"<span>0 ms</span><span>{milliseconds(scale.whole)}</span>"
    below = f'<div class="ends" aria-hidden="true">{ends}</div><figcaption>{text(words)}. {_KEY}</figcaption>'
    return f"<figure>{drawing}{below}</figure>"


def milliseconds(seconds: float) -> str:
    """Seconds as a reader wants them."""
    return f"{seconds * 1000:.1f} ms"


def _whole(exchange: Exchange) -> float:
    return max((0.0, exchange.elapsed, exchange.first_byte or 0.0, *(chunk.at for chunk in exchange.chunks)))


def _drawn(events: Sequence[StreamEvent], marked: int | None) -> Sequence[StreamEvent]:
    """The events that get a tick: evenly chosen where there are too many, the marked one always among them."""
    step = -(-len(events) // MOST_EVENTS) or 1
    return [event for event in events if event.index % step == 0 or event.index == marked]


def _levels(events: Sequence[StreamEvent], whole: float) -> list[int]:
    """On which level each event stands, counted from one: that many came in its column up to now."""
    scale, seen, found = _Scale(whole, 1), dict[int, int](), []
    for event in events:
        column = scale.x(event.at or 0.0) // _COLUMN
        seen[column] = seen.get(column, 0) + 1
        found.append(min(seen[column], _HIGHEST))
    return found


def _axis(exchange: Exchange, scale: _Scale) -> Iterator[str]:
    y = scale.line
    yield f'<path class="axis" d="M{_MARGIN} {y}H{_WIDTH - _MARGIN}"/>'
    if exchange.first_byte is not None:
        yield f'<path class="first" d="M{scale.x(exchange.first_byte)} {y - 6}v12"><title>status line</title></path>'
    places = dict.fromkeys(scale.x(chunk.at) for chunk in exchange.chunks)
    yield from (f'<circle class="chunk" cx="{x}" cy="{y}" r="3"/>' for x in list(places)[:MOST_CHUNKS])


def _ticks(events: Sequence[StreamEvent], scale: _Scale, marked: int | None) -> Iterator[str]:
    for event, level in zip(events, _levels(events, scale.whole), strict=True):
        x, y = scale.x(event.at or 0.0) // _COLUMN * _COLUMN, scale.line - level * _STEP
        chosen = event.index == marked
        place = f'x="{x}" y="{y}" width="{_TICK}" height="{_TICK}"'
        title = f"event {event.index}: {text(name_of(event), 60)} at {milliseconds(event.at or 0.0)}"
        yield f'<rect class="{"tick marked" if chosen else "tick"}" {place}><title>{title}</title></rect>'
        if chosen:
            yield f'<path class="pointer" d="M{x + 3} {scale.line + 8}l-6 12h12z"/>'


def name_of(event: StreamEvent) -> str:
    """What an event calls itself."""
    return event.type or event.name or "without a type"


def _words(reading: Reading, marked: int | None) -> str:
    exchange, events = reading.exchange, reading.events
    chosen = next((event for event in events if event.index == marked), None)
    drawn = len(_drawn(events, marked))
    parts = (
        f"{counted(len(exchange.chunks), 'chunk')} in {milliseconds(_whole(exchange))}",
        counted(len(events), "event") if reading.is_stream else "",
        f"{drawn} of them drawn" if drawn < len(events) else "",
        "when each event came is hidden by the content coding" if events and events[0].at is None else "",
        f"marked: event {marked}, {clean(name_of(chosen), 60)}{_when(chosen)}" if chosen else "",
    )
    return "; ".join(part for part in parts if part)


def _when(event: StreamEvent) -> str:
    return f" at {milliseconds(event.at)}" if event.at is not None else ""
