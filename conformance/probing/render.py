"""From a `Call` to the request that goes over the wire: address, credentials, body bytes."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from conformance.probing.operator import Operator, placeholders
from conformance.probing.probe import Auth, Call, Words, fill, names
from conformance.probing.transport import Outgoing
from conformance.wire.exchange import Headers, Request

USER_AGENT = "messages-conformance"


#: What stands between the scheme and the path, as the first group.
_AUTHORITY = re.compile(r"(?:[^/?#]*//)?([^/?#]*).*", re.DOTALL)


#: What no address holds, with what is said of it; none of the address itself, which may be a key there.
_WRONG = (
    (re.compile(r"[\s\x00-\x1f\x7f-\x9f]"), "holds a space or a character that does not print; give it without"),
    (
        re.compile(r"^https?:/?[^/]", re.IGNORECASE),
        "lacks a slash: two stand behind the scheme, as in http://127.0.0.1",
    ),
    (re.compile(r"^[^#]*\?"), "carries a query, which begins with '?': give it without, as requests have their own"),
    (re.compile("#"), "carries a fragment, which begins with '#': give it without, as no server is sent it"),
)


class AddressError(ValueError):
    """The target URL cannot be used; one sentence with the remedy."""


def endpoint_url(target: str, path: str) -> str:
    """The URL of the messages endpoint for a target: the endpoint itself, or a base to which `path` is added.

    A base that already ends in the beginning of `path` is completed, not doubled.
    Raises AddressError for anything that is not an http(s) URL with a host, or that carries user information.
    """
    parts = _checked(target)
    base = parts.path.rstrip("/")
    if not base.endswith("/messages"):
        overlap = max((n for n in range(len(path)) if base.endswith(path[:n]) and path[n : n + 1] == "/"), default=0)
        base += path[overlap:]
    return urlunsplit((parts.scheme, parts.netloc, base, "", ""))


def _checked(target: str) -> SplitResult:
    if "@" in _AUTHORITY.sub(r"\1", target, count=1):
        raise AddressError(
            "the target URL carries user information; put the key into the environment variable "
            "that --api-key-env names instead"
        )
    text = target.strip()
    if wrong := next((sentence for pattern, sentence in _WRONG if pattern.search(text)), ""):
        raise AddressError(f"--target-url {wrong}")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an IPv6 address between them, a port that is none
        usable = False
    if not usable:
        raise AddressError(
            f"--target-url {_shown(target)}is not an http or https URL with a host, for example http://127.0.0.1:8000"
        )
    return parts


def _shown(target: str) -> str:
    """As much of an address as can hold no key: neither path nor query, and nothing where user information may be."""
    shown = re.match(r"(?:[^/?#]*//)?[^/?#]*", target)
    return f"{shown.group()!r} " if shown and shown.group() and "@" not in target else ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every request of a run has in common. `key` is None for a key-less target; `wrong` is a random token."""

    endpoint: str
    api_version: str
    model: str
    key: str | None = field(repr=False)
    wrong: str
    nonce: str
    extra_headers: Headers = field(default=(), repr=False)
    operator: Operator = field(default_factory=Operator)
    usual: Auth = Auth.BEARER  #: how requests carry the key that are not about how they do
    challenge: str = ""  #: what the x-request-id of every request begins with that brings none of its own

    @property
    def words(self) -> Words:
        """What placeholders stand for in this run."""
        return {**names(self.model, self.nonce), **placeholders(self.operator)}

    def outgoing(self, call: Call, pin: str = "", number: int | None = None) -> Outgoing:
        """The request of a call, ready to be sent; `number` is its place in the order of sending, once it has one.

        What a target said is replayed as it came, braces and all.
        """
        body = body_bytes(call.body if call.reply else fill(call.body, self.words))
        request = Request(call.method, self._url(call), self._headers(call, bool(body), number), body)
        return Outgoing(request, call.hang_up.encode(), call.chunk_at, call.wire or call.chunk_at > 0, pin)

    def _url(self, call: Call) -> str:
        path = fill(call.path, self.words)
        base = self.endpoint
        url = f"{base.rsplit('/', 1)[0]}/{path[1:]}" if path.startswith("~") else base + path
        return url + (f"?{call.query}" if call.query else "")

    def _headers(self, call: Call, has_body: bool, number: int | None) -> Headers:
        headers = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": USER_AGENT,
            "anthropic-version": self.api_version,
        }
        if has_body:
            headers["Content-Type"] = "application/json"
        if call.chunk_at:
            headers["Transfer-Encoding"] = "chunked"
        if self.challenge and number is not None:
            headers["x-request-id"] = f"{self.challenge}-{number}"
        rows = [*headers.items(), *self._credentials(call.auth), *self.extra_headers]
        changes = [(n, None if v is None else fill(v, self.words)) for n, v in call.headers]
        changed = {name.lower() for name, _ in changes}
        kept = [row for row in rows if row[0].lower() not in changed]
        return (*kept, *((name, value) for name, value in changes if value is not None))

    def _credentials(self, auth: Auth) -> Headers:
        if self.key is None:
            return ()
        key = self.operator.restricted_key or "" if auth is Auth.RESTRICTED else self.key
        return _CREDENTIALS[self.usual if auth in (Auth.USUAL, Auth.RESTRICTED) else auth](key, self.wrong)


def _bearer(key: str) -> Headers:
    return (("Authorization", f"Bearer {key}"),)


#: Credential headers by kind, from the key and the wrong token.
_CREDENTIALS: Mapping[Auth, Callable[[str, str], Headers]] = {
    Auth.BEARER: lambda key, wrong: _bearer(key),
    Auth.X_API_KEY: lambda key, wrong: (("x-api-key", key),),
    Auth.BOTH: lambda key, wrong: (*_bearer(key), ("x-api-key", key)),
    Auth.NONE: lambda key, wrong: (),
    Auth.WRONG_BEARER: lambda key, wrong: _bearer(wrong),
    Auth.WRONG_X_API_KEY: lambda key, wrong: (("x-api-key", wrong),),
    Auth.BASIC: lambda key, wrong: (("Authorization", "Basic YWJj"),),
    Auth.SCHEME_ALONE: lambda key, wrong: (("Authorization", "Bearer"),),
    Auth.SCHEME_AND_SPACE: lambda key, wrong: (("Authorization", "Bearer "),),
    Auth.BARE_TOKEN: lambda key, wrong: (("Authorization", key),),
    Auth.LOWER_CASE: lambda key, wrong: (("Authorization", f"bearer {key}"),),
    Auth.UPPER_CASE: lambda key, wrong: (("Authorization", f"BEARER {key}"),),
}


def body_bytes(body: Any) -> bytes:
    """The body as bytes: none for None, bytes as they are, anything else as compact JSON in UTF-8."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8: escape everything
        return json.dumps(body, separators=(",", ":")).encode()


def wrong_token(length: int) -> str:
    """A random token that no server knows, of the length of the real one but at least 24 characters."""
    size = max(24, length)
    return f"ct-{secrets.token_hex(size)}"[:size]
