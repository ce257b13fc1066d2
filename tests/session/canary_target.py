"""A target that says back every credential it was sent, and what to look for where none may stand."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from loopback import CHUNKED, CLOSE, MESSAGE, Loopback, Received, Script, chunk, response

#: What is written in other ways by one encoding or the other, once in each.
KEY = 'sk-canary/Zo9+~"0123456789'
SECOND = "second-canary&0123456789"
HEADER = "header-canary=0123456789"
SECRETS = (KEY, SECOND, HEADER)


def spellings(key: str) -> Iterator[str]:
    """A key as a target may write it inside a JSON string, here written out."""
    yield key
    yield json.dumps(key)[1:-1].replace("/", "\\/")
    yield quote(key, safe="")
    yield "".join(f"%{ord(char):02x}" for char in key)
    yield "".join(f"&#{ord(char)};" for char in key)
    yield from (base64.b64encode(("x" * shift + key).encode()).decode() for shift in range(3))
    yield base64.urlsafe_b64encode(key.encode()).decode()


def every_way(key: str) -> str:
    """All of them as the inside of a JSON string, with the escapes of JSON in every character of one more."""
    plain = json.dumps(" ".join(spellings(key)))[1:-1]
    return f"{plain} " + "".join(f"\\u{ord(char):04x}" for char in key)


def answered(request: Received, number: int) -> Script:
    """The first two requests are served, so that the run begins; then every way of answering has its turn."""
    asked = [key for key in SECRETS if key.encode() in request.head] or [KEY]
    key = max(asked, key=lambda one: (one == SECOND, one == KEY))
    if request.head.startswith(b"GET"):
        return [response(json.dumps({"data": [{"id": "m-1", "type": "model", "display_name": key}]}).encode())]
    streams = b'"stream": true' in request.body or b'"stream":true' in request.body
    ways = (_stream, _strewn) if streams else (_said, _members)
    if number < 2:
        return ways[0](key)
    others = (_error, _headers, _reason, _surplus, _closed, _status_line, _page)
    return (*ways, *ways, *others)[number % (4 + len(others))](key)


def _said(key: str) -> Script:
    return [_json(200, json.dumps(MESSAGE).replace("pong", every_way(key)))]


def _members(key: str) -> Script:
    tool = {"type": "tool_use", "id": key, "name": key, "input": {key: key}}
    split = [{"type": "text", "text": part} for part in (key[:9], key[9:])]
    changes = {"id": key, "model": key, "role": key, "stop_reason": key, key: key, "content": [tool, *split]}
    return [_json(200, json.dumps(MESSAGE | changes))]


def _error(key: str) -> Script:
    return [
        _json(401, json.dumps({"type": key, "error": {"type": key, "message": "no X"}}).replace("X", every_way(key)))
    ]


def _page(key: str) -> Script:
    return [
        response(f"<h1>{key} {' '.join(spellings(key))}</h1>".encode(), 500, content_type=f"text/html; x={quote(key)}")
    ]


def _headers(key: str) -> Script:
    return [
        response(json.dumps(MESSAGE).encode(), request_id=key, x_echo=f"Bearer {key}", location=f"/?k={quote(key)}")
    ]


def _reason(key: str) -> Script:
    return [f"HTTP/1.1 400 no {key}\r\ncontent-length: 0\r\n\r\n".encode()]


def _status_line(key: str) -> Script:
    return [f"HTTP/1.1 {key} no\r\n\r\n".encode(), CLOSE]


def _surplus(key: str) -> Script:
    return [response(json.dumps(MESSAGE).encode()) + key.encode(), CLOSE]


def _closed(key: str) -> Script:
    return [f"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{key}".encode(), CLOSE]


def _json(status: int, text: str) -> bytes:
    return response(text.encode(), status)


def _event(**data: object) -> str:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n"


def _events(*deltas: str) -> str:
    start = MESSAGE | {"content": [], "stop_reason": None}
    yield_ = [_event(type="message_start", message=start)]
    yield_ += [_event(type="content_block_start", index=0, content_block={"type": "text", "text": ""})]
    yield_ += [
        _event(type="content_block_delta", index=0, delta={"type": "text_delta", "text": text}) for text in deltas
    ]
    yield_ += [_event(type="content_block_stop", index=0)]
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    yield_ += [_event(type="message_delta", delta=delta, usage={"output_tokens": 1}), _event(type="message_stop")]
    return "".join(yield_)


def _stream(key: str) -> Script:
    """In one delta, the bytes of which come in chunks of seven."""
    data = f": {key}\n\n".encode() + _events("X").replace("X", every_way(key)).encode()
    return [CHUNKED, b"".join(chunk(data[at : at + 7]) for at in range(0, len(data), 7)), chunk(b"")]


def _strewn(key: str) -> Script:
    """In deltas of five characters each, then in an error."""
    text = _events(*(key[at : at + 5] for at in range(0, len(key), 5)))
    text += _event(type=key, error={"type": key, "message": key})
    return [CHUNKED, chunk(text.encode()), chunk(b"")]


def echoing() -> Loopback:
    """The target."""
    return Loopback(answered)


def _letter(char: str) -> str:
    code = ord(char)
    return rf"(?:\\*{re.escape(char)}|%(?:25)*(?i:{code:02x})|\\+u00(?i:{code:02x})|&#0*{code};|&#x0*(?i:{code:x});)"


def _patterns() -> Iterator[str]:
    for key in SECRETS:
        yield "".join(map(_letter, key)).replace("&#0*38;", "&(?:#0*38|amp);").replace("&#0*34;", "&(?:#0*34|quot);")
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + key.encode() + b"\0\0").decode()
            core = coded[(shift * 8 + 5) // 6 : (shift + len(key)) * 8 // 6]
            yield "".join({"/": r"(?:\\*/|_|%2[fF])", "+": r"(?:\+|-|%2[bB])"}.get(char, char) for char in core)


FOUND = re.compile("|".join(_patterns()))
_TAG = re.compile(r"<[^<>]*>")
#: The end of one delta and the beginning of the next, as they stand inside a JSON string.
_BETWEEN = re.compile(r'\\*"\}.{1,200}?text_delta\\*",\s*\\*"text\\*":\s*\\*"')


def told(text: str) -> list[str]:
    """Every secret in a text, with what it stands in; marks of HTML and the borders of deltas hide none."""
    views = (text, _TAG.sub("", text), _BETWEEN.sub("", text))
    return [view[max(0, m.start() - 60) : m.end() + 20] for view in views for m in FOUND.finditer(view)]


def told_in(folder: Path) -> dict[str, list[str]]:
    """The same by file, names of files included; a file that cannot be read as text is read by its bytes."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    found = {str(path): told(f"{path.name}\n{path.read_bytes().decode('latin-1')}") for path in files}
    return {name: places for name, places in found.items() if places}
