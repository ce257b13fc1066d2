"""What stands in an exchange where a secret was: a marker of the same length, so that byte offsets stay true."""

import re
from collections.abc import Iterable

LEAST = 8  #: characters of a marker
#: A HEADER or SECOND of eight characters loses its last letter.
MARKER = re.compile(r"\[(KEY|TOKEN|HEADER?|SECOND?)\*+\]")


def marker(label: str, length: int) -> str:
    """The marker of a secret, `length` (at least LEAST) characters long; a longer label is cut.

    Labels are KEY, SECOND (the operator's second key), TOKEN and HEADER.
    """
    word = label[: length - 3]
    return f"[{word}{'*' * (length - len(word) - 2)}]"


#: A member that holds a piece of what the model says, in a delta or a block.
_PART = re.compile(rb'"(?:text|thinking|signature|partial_json)"\s*+:\s*+"((?:[^"\\\r\n]++|\\.)*+)"')


def parts(body: bytes) -> list[tuple[int, int]]:
    """Where the pieces of what a model says stand in the body of an answer: start and end of each, in bytes."""
    return [found.span(1) for found in _PART.finditer(body)]


def joined(body: bytes, places: Iterable[tuple[int, int]]) -> bytes:
    """The pieces in one: a secret that came in several of them is whole there."""
    return b"".join(body[start:end] for start, end in places)
