"""Characters that are written as escapes of URLs, JSON or HTML, read as what they stand for."""

import re
from bisect import bisect_right
from collections.abc import Callable

#: `%2B` and `\\u002b`, escaped more than once or not, `&#43;` and `&#x2b;`.
_ESCAPE = re.compile(
    rb"%(?:25)*+([0-9a-fA-F]{2})|\\++u00([0-9a-fA-F]{2})|&#0*+([0-9]{1,3});|&#[xX]0*+([0-9a-fA-F]{1,2});"
)
_BASES = (16, 16, 10, 16)


def unescaped(data: bytes) -> tuple[bytes, Callable[[int], int]]:
    """The bytes with the escapes of characters below U+0100 undone, and what tells where a byte of them stood."""
    pieces: list[bytes] = []
    plain, raw, size, done = [0], [0], 0, 0
    for found in _ESCAPE.finditer(data):
        char = _meant(found)
        pieces += [data[done : found.start()], char]
        size += found.start() - done
        plain += [size, size + len(char)]
        raw += [found.start(), found.end()]
        size, done = size + len(char), found.end()

    def place(offset: int) -> int:
        row = bisect_right(plain, offset) - 1
        return raw[row] + offset - plain[row]

    return b"".join([*pieces, data[done:]]), place


def _meant(found: re.Match[bytes]) -> bytes:
    kind = found.lastindex or 1
    code = int(found.group(kind), _BASES[kind - 1])
    return bytes([code]) if kind == 1 else chr(code).encode()
