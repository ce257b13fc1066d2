"""Undoes the content codings of a body (RFC 9110 §8.4) within a limit, so that no answer can exhaust the reader."""

import zlib
from collections.abc import Callable, Iterable

#: Codings are undone in at most this many layers.
MAX_LAYERS = 4
#: Members of one gzip body; more is an attack, since each costs a copy of what follows.
MAX_MEMBERS = 64
#: The limit of a decoded body, in bytes; while an answer comes, the limit `body` stops it sooner (see `Undoing`).
MAX_DECODED = 2 * 1024 * 1024


def decoded_body(body: bytes, encodings: Iterable[str], limit: int = MAX_DECODED) -> tuple[bytes, str | None]:
    """The body without its codings, and what is wrong with them or None.

    `encodings` are the values of all Content-Encoding fields. With a fault the bytes are those decoded so far:
    all of the body's own where a coding is unknown. Never raises.
    """
    codings = _codings(encodings)
    if len(codings) > MAX_LAYERS:
        return body, f"{len(codings)} content codings on one another"
    for coding in reversed(codings):  # the last one listed was applied last
        undo = _CODINGS.get(coding)
        if undo is None:
            return body, f"content coding {coding[:40]!r} is not one we asked for"
        body, fault = undo(body, limit)
        if fault is not None:
            return body, f"{coding}: {fault}"
    return body, None


def _codings(values: Iterable[str]) -> list[str]:
    listed = (coding.strip().lower() for value in values for coding in value.split(","))
    return [coding for coding in listed if coding not in ("", "identity")]


_Undone = tuple[bytes, str | None]


def _inflate(body: bytes, limit: int, window: int) -> _Undone:
    """One zlib stream, or several gzip members behind one another."""
    out = bytearray()
    rest = body
    for _ in range(MAX_MEMBERS):
        if not rest:
            break
        engine = zlib.decompressobj(window)
        try:
            out += engine.decompress(rest, limit - len(out) + 1)
        except zlib.error as error:
            return bytes(out), str(error)
        if len(out) > limit:
            return bytes(out[:limit]), f"more than {limit} bytes when decoded"
        if not engine.eof:
            return bytes(out), "the coded body is cut short"
        rest = engine.unused_data
        if rest and window != _GZIP:
            break
    return bytes(out), f"{len(rest)} bytes behind the coded body" if rest else None


_GZIP = zlib.MAX_WBITS | 16


def _gunzip(body: bytes, limit: int) -> _Undone:
    return _inflate(body, limit, _GZIP)


def _undeflate(body: bytes, limit: int) -> _Undone:
    """The zlib format that RFC 9110 asks for, or the bare one that some servers send."""
    wrapped = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
    return _inflate(body, limit, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


class _Layer:
    """One coding, undone piece by piece. Several gzip members may stand behind one another."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._engine = zlib.decompressobj(window)
        self._begun = False

    def feed(self, data: bytes, most: int) -> bytes:
        """What these bytes come to, at most `most` of it. Raises zlib.error."""
        out = b""
        for _ in range(MAX_MEMBERS):
            out += self._take(data, most - len(out))
            data = self._engine.unused_data
            if self._window != _GZIP or not self._engine.eof or not data or len(out) >= most:
                break
            self._engine = zlib.decompressobj(_GZIP)
        return out

    def _take(self, data: bytes, most: int) -> bytes:
        try:
            out = self._engine.decompress(data, most)
        except zlib.error:
            if self._begun or self._window != zlib.MAX_WBITS:
                raise
            self._engine = zlib.decompressobj(-zlib.MAX_WBITS)  # "deflate" without its wrapping
            out = self._engine.decompress(data, most)
        self._begun = True
        return out


class Undoing:
    """Codings undone while a body comes, to learn how large it becomes; faults in it are left to `decoded_body`.

    `swollen` says that one of the layers came to as much as was asked for, whatever the others make of it.
    """

    def __init__(self, windows: Iterable[int]) -> None:
        self.swollen = False
        self._layers = [_Layer(window) for window in windows]

    def feed(self, data: bytes, most: int) -> bytes:
        """What these bytes come to, at most `most` of it; the bytes themselves behind a fault."""
        most = max(most, 1)
        try:
            for layer in self._layers:
                data = layer.feed(data, most)
                self.swollen |= len(data) >= most
        except zlib.error:
            self._layers = []
        return data


def undoing(encodings: Iterable[str]) -> Undoing | None:
    """What undoes these Content-Encoding values piece by piece; None where nothing of a body would be decoded."""
    codings = _codings(encodings)
    known = [_WINDOWS[coding] for coding in reversed(codings) if coding in _WINDOWS]
    return Undoing(known) if known and len(known) == len(codings) <= MAX_LAYERS else None


_WINDOWS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}
_CODINGS: dict[str, Callable[[bytes, int], _Undone]] = {"gzip": _gunzip, "x-gzip": _gunzip, "deflate": _undeflate}
