"""A folder of certificates as a list of entries, each with what a reader's check of it says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from securesystemslib.signer import SSlibKey

from conformance.certificates.envelope import Refused, opened
from conformance.certificates.statement import CERTIFICATE, JOURNAL, REPORT
from conformance.certificates.verify import Reader, Verified, verify


@dataclass(frozen=True, slots=True)
class Entry:
    """One subfolder: accepted with the id of its signer's key, or refused with the sentence that says why.

    `claimed` is the target that a refused certificate names, where a trusted key signed that.
    """

    name: str
    verified: Verified | None = None
    key: str = ""
    refusal: str = ""
    claimed: str = ""

    @property
    def order(self) -> tuple[bool, str, str]:
        """Accepted ones first, by target."""
        target = str(self.verified.said["target"]) if self.verified else ""
        return self.verified is None, target, self.name


def entries(folder: Path, reader: Reader) -> tuple[Entry, ...]:
    """An entry for every subfolder that is not hidden. Raises OSError where the folder cannot be read."""
    inside = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return tuple(sorted((_entry(path, reader) for path in inside), key=lambda entry: entry.order))


def _entry(folder: Path, reader: Reader) -> Entry:
    try:
        found = verify(folder / CERTIFICATE, folder / REPORT, folder / JOURNAL, reader)
        key = json.loads((folder / CERTIFICATE).read_bytes())["signatures"][0]["keyid"]
        return Entry(folder.name, found, key)
    except Refused as error:
        refusal = str(error).replace(f"{folder.parent}/", "")
        return Entry(folder.name, refusal=refusal, claimed=_claimed(folder / CERTIFICATE, reader.trusted))


def _claimed(certificate: Path, trusted: Mapping[str, SSlibKey]) -> str:
    """The target in a statement that a trusted key signed, or ""."""
    try:
        found: Any = opened(certificate.read_bytes(), trusted)
    except (OSError, Refused):
        return ""
    for name in ("predicate", "conformance", "target"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""
