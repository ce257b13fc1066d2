"""The digest chain of a journal: each line ends with a digest of itself and of everything before it.

A line that was changed, left out, repeated or moved does not follow from the one before it. The chain shows damage; who
wrote a journal is what a certificate shows.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

START = "0" * 64  #: what the first line follows from
_LINK = re.compile(r'\A(\{.*),"chain":"([0-9a-f]{64})"\}\Z', re.DOTALL)


def dumped(value: Any) -> str:
    """JSON in the one form that evidence is written in: ASCII, no white space, members as they come."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def sealed(content: Mapping[str, Any], previous: str) -> tuple[str, str]:
    """The line with this content after one whose digest is given, and its own digest (SHA-256, hexadecimal)."""
    text = dumped(content)[:-1]
    digest = _digest(text, previous)
    return f'{text},"chain":"{digest}"}}', digest


def unsealed(line: str, previous: str) -> str | None:
    """The digest of a line if it follows from the one before, else None."""
    found = _LINK.match(line)
    return found[2] if found and found[2] == _digest(found[1], previous) else None


def _digest(text: str, previous: str) -> str:
    return sha256(f"{previous}\n{text}".encode()).hexdigest()
