"""Bodies that explode when they are decoded, text that is no text, JSON that no reader should have to hold."""

import base64
import gzip
import json
from collections.abc import Callable
from functools import cache

from hostile_endpoint import Asked, Line, behaves
from hostile_silence import BEGINNING, ENDING, START, event
from loopback import CHUNKED, MESSAGE, chunk, message, response

BOMB_SIZE = 64 * 1024 * 1024  #: bytes that each bomb comes to
#: So many zero bytes in brotli, as `zlib.brotliCompressSync` of Node.js packs them.
BROTLI = base64.b64decode("z///f/gnAOKxQCD3/p/////wTwDEYQGA7v0/////4Z8AiMMiAN37//z//8c/ARCHBQC69/8=")
DEPTH = 100_000
DIGITS = 1_000_000
ROOM = 1_000_000  #: bytes of a body that is just within the limit that a run has where none is set


MEMBERS = 16


@cache
def _gzip(filling: bytes, begin: bytes = b"") -> bytes:
    """In members of some megabytes, because only one of them has to be packed."""
    member = gzip.compress(filling * (BOMB_SIZE // MEMBERS // len(filling)), 9, mtime=0)
    return gzip.compress(begin, mtime=0) + member * MEMBERS


@behaves("gzip-bomb")
def _gzip_bomb(line: Line, asked: Asked) -> None:
    line.send(response(_gzip(b" "), content_encoding="gzip"))


@behaves("gzip-bomb-of-events", streams=True)
def _gzip_events(line: Line, asked: Asked) -> None:
    packed = _gzip(event("ping"), BEGINNING)
    line.send(response(packed, content_type="text/event-stream", content_encoding="gzip"))


@behaves("gzip-bomb-in-layers")
def _layers(line: Line, asked: Asked) -> None:
    line.send(response(gzip.compress(_gzip(b" "), mtime=0), content_encoding="gzip, gzip"))


@behaves("gzip-bomb-in-an-error")
def _bomb_in_error(line: Line, asked: Asked) -> None:
    line.send(response(_gzip(b" "), 400, content_encoding="gzip"))


@behaves("brotli-bomb")
def _brotli_bomb(line: Line, asked: Asked) -> None:
    line.send(response(BROTLI, content_encoding="br"))


@behaves("gzip-cut-short")
def _gzip_short(line: Line, asked: Asked) -> None:
    line.send(response(gzip.compress(json.dumps(MESSAGE).encode() * 50, mtime=0)[:-20], content_encoding="gzip"))


def _text(text: str) -> str:
    """A message in JSON with this raw text of JSON as the text of its block."""
    return json.dumps(MESSAGE).replace('"pong"', text)


def _usage(number: str) -> str:
    return json.dumps(MESSAGE).replace('"output_tokens": 1', f'"output_tokens": {number}')


def _filled(member: str) -> bytes:
    """A message with as many of this member as content as there is room for."""
    around = MESSAGE | {"content": "X"}
    return json.dumps(around).replace('"X"', f"[{','.join([member] * (ROOM // (len(member) + 1)))}]").encode()


_BODIES: dict[str, Callable[[], bytes]] = {
    "json-bad-utf-8": lambda: _text('"p\ud800ng"').encode("utf-8", "surrogatepass"),
    "json-latin-1": lambda: _text('"p\u00f6ng"').encode("latin-1"),
    "json-nul": lambda: _text('"p\0ng"').encode(),
    "json-only-nul": lambda: b"\0" * 1_000_000,
    "json-lone-surrogate": lambda: _text('"p\\ud800ng"').encode(),
    "json-deep": lambda: _text("[" * DEPTH + "]" * DEPTH).encode(),
    "json-deep-objects": lambda: _text('{"a":' * DEPTH + "1" + "}" * DEPTH).encode(),
    "json-deep-and-open": lambda: b"[" * DEPTH,
    "json-long-integer": lambda: _usage("9" * DIGITS).encode(),
    "json-largest-integer": lambda: _usage("9" * 4300).encode(),
    "json-long-fraction": lambda: _usage("0." + "9" * DIGITS).encode(),
    "json-long-exponent": lambda: _usage("1e" + "9" * DIGITS).encode(),
    "json-nan": lambda: _usage("NaN").encode(),
    "json-infinity": lambda: _usage("-Infinity").encode(),
    "json-duplicate-keys": lambda: ("{" + '"type": "message", ' * 50_000 + _text('"pong"')[1:]).encode(),
    "json-long-key": lambda: ('{"' + "k" * 1_000_000 + '": 1, ' + _text('"pong"')[1:]).encode(),
    "json-many-blocks": lambda: (
        json.dumps(MESSAGE | {"content": [{"type": "text", "text": "p"}] * 50_000}).encode()
    ),
    "json-blocks-within-the-limit": lambda: _filled('{"type": "text", "text": "p"}'),
    "json-lists-within-the-limit": lambda: _filled("[]"),
    "json-maps-within-the-limit": lambda: _filled('{"a":{}}'),
    "json-escapes-within-the-limit": lambda: _text('"' + "\\u0001" * (ROOM // 6) + '"').encode(),
    "json-faults-within-the-limit": lambda: _filled("NaN"),
}  # fmt: skip


def _body(make: Callable[[], bytes]) -> Callable[[Line, Asked], None]:
    """Answers every request but one for a stream with this body, and a stream with it as the data of an event."""
    made = cache(make)

    def act(line: Line, asked: Asked) -> None:
        if asked.is_stream:
            data = made().replace(b"\n", b" ")
            line.send(
                CHUNKED + chunk(START + b"event: content_block_start\ndata: " + data + b"\n\n" + ENDING) + chunk(b"")
            )
        else:
            line.send(response(made()))

    return act


for _name, _make in _BODIES.items():
    behaves(_name)(_body(_make))


@behaves("stream-bad-utf-8", streams=True)
def _stream_bad_text(line: Line, asked: Asked) -> None:
    line.send(CHUNKED + chunk(BEGINNING + b"data: \xff\xfe\xed\xa0\x80\n\n" * 1_000 + ENDING) + chunk(b""))


@behaves("stream-nul", streams=True)
def _stream_nul(line: Line, asked: Asked) -> None:
    line.send(CHUNKED + chunk(b"id: \0\nevent: \0\ndata: \0\n\n" * 1_000 + BEGINNING + ENDING) + chunk(b""))


@behaves("stream-of-surrogates", streams=True)
def _stream_surrogates(line: Line, asked: Asked) -> None:
    delta = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "\ud83d"})
    line.send(CHUNKED + chunk(BEGINNING + delta * 100 + ENDING) + chunk(b""))


@behaves("stream-of-large-indexes", streams=True)
def _stream_indexes(line: Line, asked: Asked) -> None:
    row = b'event: content_block_start\ndata: {"type": "content_block_start", "index": %d, "content_block": {}}\n\n'
    line.send(CHUNKED + chunk(BEGINNING + b"".join(row % 10**n for n in range(1, 300)) + ENDING) + chunk(b""))


@behaves("stream-of-open-blocks", streams=True)
def _stream_blocks(line: Line, asked: Asked) -> None:
    """A new block with each event, none of them ended."""
    blocks = (
        event("content_block_start", index=n, content_block={"type": "text", "text": ""}) for n in range(1, 20_000)
    )
    line.send(CHUNKED + chunk(BEGINNING + b"".join(blocks) + ENDING) + chunk(b""))


@behaves("stream-of-partial-json", streams=True)
def _stream_partial(line: Line, asked: Asked) -> None:
    """Arguments of a tool in many small deltas, nested beyond all depth."""
    begin = event(
        "content_block_start", index=0, content_block={"type": "tool_use", "id": "t", "name": "n", "input": {}}
    )
    delta = event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": "[[[["})
    line.send(CHUNKED + chunk(START + begin + delta * 15_000 + ENDING) + chunk(b""))


@behaves("headers-beyond-sense")
def _headers(line: Line, asked: Asked) -> None:
    """Numbers and dates that no arithmetic should be trusted with, on an answer that is to be asked for again."""
    answer = response(b"{}", 503 if b"again" in asked.body else 200, retry_after="9" * 5_000)
    odd = (
        b"anthropic-ratelimit-requests-remaining: " + b"0" * 5_000 + b"\r\n"
        b"anthropic-ratelimit-requests-reset: 0001-01-01T00:00:00+23:59\r\n"
        b"anthropic-ratelimit-tokens-remaining: 0\r\nanthropic-ratelimit-tokens-reset: 9999-12-31T23:59:59Z\r\n"
        b"date: Thu, 99 Nov 99999999999999 99:99:99 GMT\r\nx-text: \xff\xfe\xc0\x80\r\n"
    )
    line.send(answer.replace(b"content-type:", odd + b"content-type:", 1))


@behaves("date-in-the-past")
def _backwards(line: Line, asked: Asked) -> None:
    """The time of the target goes backwards, and its limits were reset long ago."""
    odd = b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\nage: -1\r\nretry-after: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    line.send(message().replace(b"content-type:", odd + b"content-type:", 1))
