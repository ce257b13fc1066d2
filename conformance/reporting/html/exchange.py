"""One exchange as evidence: its timeline, status and headers, the body around the marked place, the command."""

from collections.abc import Iterator

from conformance.evidence.run import Record
from conformance.reporting.html.markup import element, lines, terms, text
from conformance.reporting.html.places import Mark, Span, aligned, mark
from conformance.reporting.html.timeline import milliseconds, timeline
from conformance.rules.findings import Where
from conformance.wire.exchange import Headers

AROUND = 600  #: bytes of a body shown before and behind the marked place
WITHIN = 1500  #: bytes of the marked place itself
BEGINNING = 1500  #: bytes shown where nothing is marked
WHOLE = 4000  #: bytes of a body that is not cut
MOST_HEADERS = 40
_LONGEST = 300  #: characters of a header's name or value


def exchange_view(record: Record, where: Where, command: str, shown: bool) -> str:
    """An exchange to be unfolded, or unfolded already."""
    exchange, marked = record.exchange, mark(record.reading, where)
    inside = (
        terms(_about(record), class_="facts"),
        timeline(record.reading, where.event if marked.event else None),
        _headers(exchange.headers, where.header),
        _body(record.reading.body, marked),
        _command(command, record.seq),
    )
    status = exchange.status if exchange.status is not None else "no status"
    told = f"Exchange {record.seq}: {status}, {exchange.end.how}"
    return element("details", element("summary", text(told)) + "".join(inside), open=shown)


def _about(record: Record) -> Iterator[tuple[str, str]]:
    exchange = record.exchange
    end = exchange.end
    limit = f" by our limit {end.limit}" if end.limit else ""
    yield "request", text(f"{exchange.request.method} {exchange.request.url}")
    yield "probe", text(record.probe)
    yield "status", text(exchange.status if exchange.status is not None else "none arrived")
    yield "first byte", milliseconds(exchange.first_byte) if exchange.first_byte is not None else ""
    yield "ended", text(f"{end.how}{limit}{f': {end.detail}' if end.detail else ''}")
    yield "behind the framing", f"{len(exchange.surplus)} bytes" if exchange.surplus else ""


def _headers(headers: Headers, wanted: str) -> str:
    """The answer's header lines; where there are too many the marked ones are among those that are kept."""
    if not headers:
        return ""
    left = max(0, len(headers) - MOST_HEADERS)
    kept = sorted(headers, key=lambda row: not _same(row[0], wanted)) if left else headers
    rows = "\n".join(_header(name, value, wanted) for name, value in kept[:MOST_HEADERS])
    note = _note(f"{left} more header lines are in the journal") if left else ""
    return f'<h5>Headers of the answer</h5><pre tabindex="0">{rows}</pre>{note}'


def _header(name: str, value: str, wanted: str) -> str:
    line = f"{text(name, _LONGEST)}: {text(value, _LONGEST)}"
    return element("mark", line, class_="spot") if wanted and _same(name, wanted) else line


def _same(name: str, wanted: str) -> bool:
    """Whether two names are of one header. A name too long to be shown whole is none: a target may send megabytes."""
    return len(name) == len(wanted) <= _LONGEST and name.lower() == wanted.lower()


def _body(body: bytes, marked: Mark) -> str:
    if not body:
        return element("p", "The answer had no body.", class_="small")
    start, end = window(body, marked.focus)
    told = "".join(_marked(body, (start, end), marked))
    shown = f"bytes {start} to {end - 1} of {len(body)}; the rest is in the journal"
    note = _note(shown) if (start, end) != (0, len(body)) else ""
    return f'<h5>Body of the answer</h5><pre class="body" tabindex="0">{told}</pre>{note}'


def window(body: bytes, focus: Span | None) -> Span:
    """The part of a body that is shown; no character is cut at its ends."""
    if len(body) <= WHOLE:
        return 0, len(body)
    first, last = focus or (0, BEGINNING - AROUND)
    start = aligned(body, max(0, first - AROUND), 1)
    return start, aligned(body, min(len(body), min(last, first + WITHIN) + AROUND), -1)


def _marked(body: bytes, shown: Span, marked: Mark) -> Iterator[str]:
    """The shown part in pieces: around the event, in it, and the spot."""
    event, spot = _clipped(marked.event, shown), _clipped(marked.spot, shown)
    outer = event or spot
    if outer is None:
        yield lines(body[slice(*shown)])
        return
    yield lines(body[shown[0] : outer[0]])
    yield element("mark", "".join(_spotted(body, event, spot)), class_="event") if event else _spot(body, spot)
    yield lines(body[outer[1] : shown[1]])


def _spotted(body: bytes, event: Span, spot: Span | None) -> Iterator[str]:
    first, last = spot or (event[1], event[1])
    yield lines(body[event[0] : first])
    yield _spot(body, spot)
    yield lines(body[last : event[1]])


def _spot(body: bytes, spot: Span | None) -> str:
    return element("mark", lines(body[slice(*spot)]), class_="spot") if spot else ""


def _clipped(span: Span | None, shown: Span) -> Span | None:
    if span is None:
        return None
    first, last = max(span[0], shown[0]), min(span[1], shown[1])
    return (first, last) if first < last else None


def _command(command: str, seq: int) -> str:
    """The command as it is to be run: it holds nothing that does not print, so that escaping changes nothing."""
    if not command:
        return ""
    name = f"Copy the command of exchange {seq}"
    button = element("button", "Copy", type="button", class_="copy", aria_label=name)
    inside = element("code", lines(command.encode("utf-8", "backslashreplace")))
    return f'<div class="command"><h5>See it yourself</h5>{button}<pre tabindex="0">{inside}</pre></div>'


def _note(told: str) -> str:
    return element("p", told, class_="small")
