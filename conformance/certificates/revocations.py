"""What a reader knows to be revoked: ids of keys and SHA-256 digests of certificates."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.certificates.envelope import Unreadable

#: A line that names something; both kinds of name are SHA-256 digests.
_LINE = re.compile(r"(?:sha256:)?([0-9a-f]{64})(?:\s+(.*))?", re.IGNORECASE)
_FORM = "write the id of a key or the SHA-256 of a certificate, 64 hexadecimal digits, then a space and the reason"


def read_revoked(files: Sequence[Path]) -> dict[str, str]:
    """The reasons in lists of revocations, by what they revoke. A line that says nothing is no reason to accept what
    it may have meant: Unreadable names it."""
    return {name: reason for file in files for name, reason in _rows(file)}


def _rows(file: Path) -> Iterator[tuple[str, str]]:
    try:
        text = file.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise Unreadable(f"cannot read {file}: {error.strerror or error}; name a list of revocations") from None
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        found = _LINE.fullmatch(words)
        if found is None:
            raise Unreadable(f"{file}, line {number}: it names nothing that can be revoked; {_FORM}")
        yield found[1].lower(), found[2] or "no reason given"
