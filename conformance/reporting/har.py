"""HAR 1.2: the exchanges of a run for the tools that read it. Credentials were taken out at capture.

The format knows no stream: the body stands whole in `content.text`, and the members `_chunks` (seconds since the
request began, bytes), `_probe` and `_end` say the rest; names that begin with an underscore are free in the format.
"""

from base64 import b64encode
from collections.abc import Iterator
from itertools import accumulate
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.evidence.run import Record
from conformance.reporting.facts import Facts
from conformance.reporting.sentence import verdict_sentence
from conformance.reporting.times import later
from conformance.verdicts.graded import Graded
from conformance.wire.exchange import Exchange, Headers, Request

Object = dict[str, Any]

MOST_BODY = 64 * 1024  #: bytes of a body that is not left out
MOST_BODIES = 8 * 1024 * 1024  #: bytes of all bodies together; those behind are left out
MOST_CHUNKS = 500  #: chunks listed for one exchange
MOST_HEADERS = 100  #: header lines listed for one message
_LONGEST = 4096  #: characters of a header's value


def har(graded: Graded, facts: Facts) -> Object:
    """The log; JSON values only."""
    records = graded.run.records
    sizes = accumulate(_held(record.exchange) for record in records)
    rows = (_entry(record, facts, size <= MOST_BODIES) for record, size in zip(records, sizes, strict=True))
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "messages-conformance", "version": facts.harness},
            "comment": verdict_sentence(graded, facts),
            "entries": list(rows),
        }
    }


def _held(exchange: Exchange) -> int:
    """How many bytes of an exchange count against the limit of all."""
    sizes = (len(exchange.request.body), sum(len(chunk.data) for chunk in exchange.chunks))
    return sum(size for size in sizes if size <= MOST_BODY)


def _entry(record: Record, facts: Facts, room: bool) -> Object:
    exchange = record.exchange
    whole = max(exchange.elapsed, exchange.first_byte or 0.0)
    waited = exchange.first_byte if exchange.first_byte is not None else whole
    detail = f": {exchange.end.detail}" if exchange.end.detail else ""
    return {
        "startedDateTime": later(facts.started, exchange.began),
        "time": _ms(whole),
        "request": _request(exchange.request, exchange.version, room),
        "response": _response(exchange, room),
        "cache": {},
        "timings": {"send": 0, "wait": _ms(waited), "receive": _ms(whole - waited)},
        "connection": exchange.connection,
        "comment": f"exchange {record.seq}",
        "_probe": record.probe,
        "_end": f"{exchange.end.how}{detail}"[:_LONGEST],
        "_chunks": [[round(chunk.at, 6), len(chunk.data)] for chunk in exchange.chunks[:MOST_CHUNKS]],
    }


def _ms(seconds: float) -> float:
    return round(max(seconds, 0.0) * 1000, 3)


def _request(request: Request, version: str, room: bool) -> Object:
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    posted = _text(request.body, room)
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    return {
        "method": request.method,
        "url": request.url,
        **_message(request.headers, version, len(request.body)),
        "queryString": [{"name": name, "value": value} for name, value in query],
        **({"postData": {"mimeType": kind[:_LONGEST], **posted}} if request.body else {}),
    }


def _response(exchange: Exchange, room: bool) -> Object:
    body = exchange.body
    content = {"size": len(body), "mimeType": (exchange.header("content-type") or "")[:_LONGEST], **_text(body, room)}
    return {
        "status": exchange.status or 0,
        "statusText": "",
        **_message(exchange.headers, exchange.version, len(body)),
        "content": content,
        "redirectURL": (exchange.header("location") or "")[:_LONGEST],
    }


def _message(headers: Headers, version: str, size: int) -> Object:
    return {
        "httpVersion": f"HTTP/{version}",
        "cookies": [],
        "headers": list(_headers(headers)),
        "headersSize": -1,
        "bodySize": size,
    }


def _headers(headers: Headers) -> Iterator[Object]:
    return ({"name": name[:_LONGEST], "value": value[:_LONGEST]} for name, value in headers[:MOST_HEADERS])


def _text(body: bytes, room: bool) -> Object:
    """The body as text, in base64 where it is not printable UTF-8, or why it is left out."""
    if not body:
        return {"text": ""}
    if len(body) > MOST_BODY or not room:
        return {"comment": f"{len(body)} bytes left out; the journal holds them"}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _encoded(body)
    return {"text": text} if all(char.isprintable() or char in "\t\r\n" for char in text) else _encoded(body)


def _encoded(body: bytes) -> Object:
    return {"text": b64encode(body).decode("ascii"), "encoding": "base64"}
