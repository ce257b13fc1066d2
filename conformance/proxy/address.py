"""Where a client's requests go: the target's address, and what of a request's head has to be changed on the way."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from conformance.probing.render import endpoint_url

_VERSION = "/v1"
_MESSAGES = "/messages"
_ADDED = (f"{_VERSION}/", f"{_MESSAGES}/")  #: what clients add to a base
_HOST = re.compile(rb"(?i)(\r?\nhost:)[^\r\n]*")


@dataclass(frozen=True, slots=True)
class Address:
    """`base` is the path of what a client takes for its base URL: clients add `/v1/messages` to it, or `/messages`."""

    scheme: str
    host: str
    port: int
    netloc: str
    base: str

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.netloc}"

    def path(self, asked: str) -> str:
        """The path and query at the target for what a client asks for.

        A client that knows host and port alone reaches the same as one that has the base: the base is put before what
        it adds to a base.
        """
        if not asked.startswith("/"):
            parts = urlsplit(asked)
            if not parts.netloc:
                return asked  # `*`, of OPTIONS
            asked = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        inside = f"{asked.partition('?')[0]}/"
        bare = inside.startswith(_ADDED) and not inside.startswith(f"{self.base}/")
        return self.base + asked if bare else asked

    def head(self, raw: bytes, path: str) -> bytes:
        """The head of a request as the target gets it: another path and host, every other byte as it came."""
        line, end, rest = raw.partition(b"\n")
        method, _, tail = line.partition(b" ")
        version = tail.rpartition(b" ")[2]
        return b" ".join((method, path.encode("latin-1"), version)) + _with_host(end + rest, self.netloc)


def _with_host(lines: bytes, netloc: str) -> bytes:
    return _HOST.sub(
        lambda found: found[1] + b" " + netloc.encode("idna" if not netloc.isascii() else "ascii"), lines, 1
    )


def address_of(target_url: str) -> Address:
    """The address of a target, given as its endpoint or as a base. Raises AddressError."""
    endpoint_url(target_url, _MESSAGES)  # says what is wrong with it
    parts = urlsplit(target_url.strip())
    base = parts.path.rstrip("/")
    if base.endswith(_MESSAGES):
        base = base.removesuffix(_MESSAGES).removesuffix(_VERSION)
    default = 443 if parts.scheme == "https" else 80
    return Address(parts.scheme, parts.hostname or "", parts.port or default, parts.netloc, base)
