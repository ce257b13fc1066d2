"""What stands in an exchange where a secret was: a marker of the same length, so that byte offsets stay true."""

import re

MARKER = re.compile(r"\[(KEY|TOKEN|HEADER?)\*+\]")  #: a HEADER of eight characters loses its last letter


def marker(label: str, length: int) -> str:
    """The marker of a secret (KEY, TOKEN or HEADER), `length` (at least 8) characters long; a longer label is cut."""
    word = label[: length - 3]
    return f"[{word}{'*' * (length - len(word) - 2)}]"
