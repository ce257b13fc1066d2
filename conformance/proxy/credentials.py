"""The credentials that pass through: each is known to the redactor before anything of its exchange is kept."""

import base64
import binascii
import re
from collections.abc import Iterator
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

from conformance.probing.redaction import Redactor, Secret
from conformance.session.credentials import ORDINARY
from conformance.session.target import searchable
from conformance.wire.exchange import Exchange, Request

#: What the contract takes for a credential: it must never come back (AUTH-009).
KEYS = frozenset({"authorization", "proxy-authorization", "x-api-key"})
COOKIE = "cookie"
#: Members of a query string that hold one.
_QUERY = re.compile(r"(?:.*[-_])?(?:key|apikey|token|secret|password|signature|sig|auth|authorization)", re.IGNORECASE)

Found = tuple[str, Secret]  #: the header it stands in, "" for the query string


def credentials_of(request: Request) -> Iterator[Found]:
    """Every credential of a request. One in a cookie or query string may well be sent back: it raises no alarm."""
    for name, value in request.headers:
        lower, text = name.lower(), value.strip()
        if lower in KEYS:
            yield from ((lower, Secret("KEY", part)) for part in _parts(text))
        elif lower == COOKIE:
            values = (pair.partition("=")[2].strip() for pair in text.split(";"))
            yield from ((lower, Secret("HEADER", part)) for part in (text, *values) if part)
    query = urlsplit(request.url).query
    for pair in query.split("&"):
        name, _, raw = pair.partition("=")
        if _QUERY.fullmatch(name):
            spellings = {raw, *(value for _, value in parse_qsl(pair))}
            yield from (("", Secret("HEADER", value)) for value in sorted(spellings) if value)


def _parts(value: str) -> Iterator[str]:
    """The credential without its scheme, and what basic authentication wraps in it."""
    scheme, _, rest = value.partition(" ")
    token = rest.strip() or scheme
    if token and not (not rest and scheme.lower() in {"bearer", "basic"}):
        yield token
    if scheme.lower() == "basic":
        try:
            plain = base64.b64decode(token, validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            return
        yield from (part for part in (plain, plain.partition(":")[2]) if part)


class Keyring:
    """All credentials seen so far; safe to use from several threads."""

    def __init__(self, *ours: str) -> None:
        """`ours` are words that stand in ordinary traffic: a credential that is part of one is not searched for."""
        self._ours = (*ORDINARY, *ours)
        self._labels: dict[tuple[str, str], str] = {}  #: by header and value
        self._redactor: Redactor | None = None
        self._lock = Lock()

    def learn(self, request: Request) -> None:
        """Know the credentials of a request from now on."""
        with self._lock:
            for name, secret in credentials_of(request):
                if (name, secret.value) not in self._labels:
                    self._labels[name, secret.value] = secret.label
                    self._redactor = None

    def redacted(self, exchange: Exchange) -> Exchange:
        """The exchange without any of them."""
        self._excuse(exchange.request)
        return self._current().exchange(exchange)

    def text(self, text: str) -> str:
        """A text without any of them."""
        return self._current().text(text)

    def _excuse(self, request: Request) -> None:
        """What a client sends elsewhere in its request, too, may come back: it is taken out, and raises no alarm."""
        told = [request.body.decode("utf-8", "replace"), *(f"{n}: {v}" for n, v in request.headers if not _holds(n))]
        with self._lock:
            for (name, value), label in self._labels.items():
                if label == "KEY" and any(value in part for part in told):
                    self._labels[name, value] = "HEADER"
                    self._redactor = None

    def _current(self) -> Redactor:
        with self._lock:
            if self._redactor is None:
                rows = [(name, Secret(label, value)) for (name, value), label in self._labels.items()]
                searched = [secret for _, secret in rows if searchable(secret.value, *self._ours)]
                self._redactor = Redactor(searched, [row for row in rows if row[0]])
            return self._redactor


def _holds(name: str) -> bool:
    return name.lower() in KEYS or name.lower() == COOKIE
