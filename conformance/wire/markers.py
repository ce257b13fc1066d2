"""What stands in an exchange where a secret was: a marker of the same length, so that byte offsets stay true."""

import re

MARKER = re.compile(r"\[(KEY|TOKEN|HEADER)\*+\]")


def marker(label: str, length: int) -> str:
    """The marker of a secret (KEY, TOKEN or HEADER), `length` characters long where the label allows it."""
    return f"[{label}{'*' * max(1, length - len(label) - 2)}]"
