"""What stands in an exchange where a secret was: a marker of the same length, so that byte offsets stay true."""

import re

LEAST = 8  #: characters of a marker
#: A HEADER or SECOND of eight characters loses its last letter.
MARKER = re.compile(r"\[(KEY|TOKEN|HEADER?|SECOND?)\*+\]")


def marker(label: str, length: int) -> str:
    """The marker of a secret, `length` (at least LEAST) characters long; a longer label is cut.

    Labels are KEY, SECOND (the operator's second key), TOKEN and HEADER.
    """
    word = label[: length - 3]
    return f"[{word}{'*' * (length - len(word) - 2)}]"
