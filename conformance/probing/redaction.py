"""Credential values are taken out at capture, before anything is stored.

Each occurrence, in plain, base64, percent-encoded or with the escapes of JSON and HTML, in a header or anywhere in a
body (chunk borders, and the deltas and blocks that a text comes in, included) becomes a marker of the same length, so
that byte offsets stay true and AUTH-009 can see that a secret came back.
"""

import base64
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from conformance.wire.content import MAX_DECODED, decoded_body
from conformance.wire.exchange import Chunk, Ending, Exchange
from conformance.wire.markers import LEAST, joined, marker, parts
from conformance.wire.spelling import origins, unescaped

MOST_WORDS = 200  #: characters of an error that are kept; cut when the secrets are out, lest half a one is not found
ESCAPED = 6  #: characters of the longest usual escape of one, `\\u002b`
SHORTEST = 8  #: values below this length are not searched for: they would be found everywhere


@dataclass(frozen=True, slots=True)
class Secret:
    """A value to take out and the word that stands in the marker: KEY, SECOND, TOKEN or HEADER."""

    label: str
    value: str = field(repr=False)


def forms(value: str) -> Iterator[bytes]:
    """The spellings under which a value of at least SHORTEST characters is searched for.

    Single characters may be written as `%2B`, `\\u002b` or `&#43;` besides: see `Redactor.data`. JSON within JSON puts
    any number of backslashes before some.
    """
    plain = value.encode()
    yield plain
    yield value.encode("latin-1", "replace")
    yield quote(value, safe="").encode()
    yield html.escape(value).encode()
    for shift in range(3):  # base64 depends on what stands before the value: keep what does not
        coded = base64.b64encode(b"\0" * shift + plain + b"\0\0")
        core = coded[(shift * 8 + 5) // 6 : (shift + len(plain)) * 8 // 6]
        yield core
        yield core.translate(bytes.maketrans(b"+/", b"-_"))


def _pattern(form: bytes) -> bytes:
    """What finds a form; its group, empty and at the end so that the search stays quick, tells which it was."""
    return b"".join(_BACKSLASHED.get(char, re.escape(bytes([char]))) for char in form) + b"()"


_BACKSLASHED = {ord("/"): rb"\\*/", ord('"'): rb"\\*\"", ord("\\"): rb"\\+"}


class Redactor:
    """Takes secrets out of exchanges. Pure apart from the compiled pattern it holds."""

    def __init__(self, secrets: Iterable[Secret], credentials: Iterable[tuple[str, Secret]] = ()) -> None:
        """`secrets` are searched for everywhere; `credentials` in the request header of their name, however short.

        A header may hold several; where one is part of another, the longer one is looked for first.
        """
        self._credentials: dict[str, list[Secret]] = {}
        for name, secret in sorted(credentials, key=lambda row: -len(row[1].value)):
            self._credentials.setdefault(name.lower(), []).append(secret)
        spellings = {
            form: secret.label for secret in secrets if len(secret.value) >= SHORTEST for form in forms(secret.value)
        }
        longest_first = sorted(spellings, key=len, reverse=True)
        self._forms = tuple(longest_first)
        self._labels = [spellings[form] for form in longest_first]
        self._pattern = re.compile(b"|".join(map(_pattern, longest_first))) if spellings else None

    def data(self, data: bytes) -> bytes:
        """The bytes with every secret replaced by its marker, escaped characters in it or not."""
        if self._pattern is None:
            return data
        data = self._pattern.sub(self._mark, data)
        plain = unescaped(data)
        found = list(self._pattern.finditer(plain)) if plain != data else []
        if not found:
            return data
        origin = origins(data)
        spans = [(origin(match.start()), origin(match.end())) for match in found]
        marks = (self._mark(match, end - start) for match, (start, end) in zip(found, spans, strict=True))
        return _put_back(data, spans, b"".join(marks))

    def _body(self, data: bytes, cut: bool = False) -> bytes:
        """The same for the body of an answer, where a secret may come in several deltas or blocks, too.

        Where it was us who cut it, one may be cut in two at its end.
        """
        data = self.data(data)
        data = self._end(data) if cut else data
        places = parts(data) if self._pattern else []
        text = joined(data, places)
        clean = self.data(text)
        return _put_back(data, places, clean) if clean != text else data

    def _end(self, data: bytes) -> bytes:
        """The data with stars for the beginning of a secret, of SHORTEST characters at least, that it ends with.

        No marker: many a key begins alike, so that this does not show that it came back.
        """
        longest = max(map(len, self._forms), default=0)
        window = data[-ESCAPED * longest :] if longest else b""
        plain = unescaped(window)
        begun = max((_begun(form, plain) for form in self._forms), default=0)
        length = len(window) - origins(window)(len(plain) - begun) if begun else 0
        return data[: len(data) - length] + b"*" * length

    def text(self, text: str) -> str:
        """The same for text."""
        return self.data(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange as it may be stored and shown."""
        exchange, request = self._uncoded(exchange), exchange.request
        return replace(
            exchange,
            request=replace(
                request,
                url=self.text(request.url),
                headers=tuple((name, self._sent(name, value)) for name, value in request.headers),
                body=self.data(request.body),
            ),
            headers=tuple((self.text(name), self.text(value)) for name, value in exchange.headers),
            chunks=tuple(_recut(exchange.chunks, self._body(exchange.body, _is_cut(exchange)))),
            end=replace(exchange.end, detail=self.text(exchange.end.detail)[:MOST_WORDS]),
            surplus=self.data(exchange.surplus),
        )

    def _uncoded(self, exchange: Exchange) -> Exchange:
        """A compressed body that holds a secret is stored as what it says, since no marker fits into its bytes."""
        coded = list(exchange.header_values("content-encoding"))
        if not coded or self._pattern is None:
            return exchange
        plain, _ = decoded_body(exchange.body, coded, MAX_DECODED)
        if self._body(plain, _is_cut(exchange)) == plain:
            return exchange
        kept = tuple(pair for pair in exchange.headers if pair[0].lower() not in {"content-encoding", "content-length"})
        return replace(exchange, headers=kept, chunks=(Chunk(exchange.elapsed, plain),))

    def _sent(self, name: str, value: str) -> str:
        """A header of a request: in that of its name a credential is known to be."""
        clean = self.text(value)
        for secret in self._credentials.get(name.lower(), ()):
            if secret.value and secret.value in clean:
                return clean.replace(secret.value, marker(secret.label, max(LEAST, len(secret.value))))
        return clean

    def _mark(self, match: re.Match[bytes], length: int = 0) -> bytes:
        return marker(self._labels[(match.lastindex or 1) - 1], length or len(match.group())).encode()


def _begun(form: bytes, data: bytes) -> int:
    """How much of a form the data ends with; 0 for less than SHORTEST of it."""
    sizes = range(min(len(form) - 1, len(data)), SHORTEST - 1, -1)
    return next((size for size in sizes if data.endswith(form[:size])), 0)


def _is_cut(exchange: Exchange) -> bool:
    """Whether the body goes on where we stopped reading."""
    return exchange.end.how in {Ending.CUT, Ending.HUNG_UP}


def _put_back(data: bytes, places: Iterable[tuple[int, int]], text: bytes) -> bytes:
    """The data with its parts taken from a text as long as all of them."""
    done, read, pieces = 0, 0, []
    for start, end in places:
        pieces += [data[done:start], text[read : read + end - start]]
        read, done = read + end - start, end
    return b"".join([*pieces, data[done:]])


def _recut(chunks: Iterable[Chunk], data: bytes) -> Iterator[Chunk]:
    start = 0
    for chunk in chunks:
        yield replace(chunk, data=data[start : start + len(chunk.data)])
        start += len(chunk.data)
