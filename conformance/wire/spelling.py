"""Characters that are written as escapes of URLs, JSON or HTML, read as what they stand for."""

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cache

#: `%2B` and `\\u002b`, escaped more than once or not, `&#43;` and `&#x2b;`.
_ESCAPE = re.compile(
    rb"%(?:25)*+([0-9a-fA-F]{2})|\\++u00([0-9a-fA-F]{2})|&#0*+([0-9]{1,3});|&#[xX]0*+([0-9a-fA-F]{1,2});"
)
_BASES = (16, 16, 10, 16)


def unescaped(data: bytes) -> bytes:
    """The bytes with the escapes of characters below U+0100 undone."""
    return _ESCAPE.sub(_meant, data)


def origins(data: bytes) -> Callable[[int], int]:
    """What tells where a byte of the unescaped data stood in the data."""
    plain, raw, size, done = [0], [0], 0, 0
    for found in _ESCAPE.finditer(data):
        length = len(_meant(found))
        size += found.start() - done
        plain += [size, size + length]
        raw += [found.start(), found.end()]
        size, done = size + length, found.end()

    def origin(offset: int) -> int:
        row = bisect_right(plain, offset) - 1
        return raw[row] + offset - plain[row]

    return origin


def _meant(found: re.Match[bytes]) -> bytes:
    kind = found.lastindex or 1
    return _char(kind, found.group(kind))


@cache
def _char(kind: int, digits: bytes) -> bytes:
    code = int(digits, _BASES[kind - 1])
    return bytes([code]) if kind == 1 else chr(code).encode()
