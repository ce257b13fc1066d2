"""A run that certifies, once for all tests of certificates, and what to do with its files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from conformance.certificates.envelope import wrapped
from conformance.certificates.statement import CERTIFICATE, JOURNAL, REPORT, statement
from conformance.certificates.verify import Reader, Verified, verify
from conformance.contract import Level
from conformance.evidence.chain import START, sealed
from conformance.evidence.follow import read_run
from conformance.session.closing import settle

TODAY = date(2030, 1, 1)
SIGNER = CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))

Files = dict[str, bytes]


@dataclass
class Certified:
    """A folder with certificate, report and journal."""

    folder: Path

    @cached_property
    def files(self) -> Files:
        """The three files."""
        return {name: (self.folder / name).read_bytes() for name in (CERTIFICATE, REPORT, JOURNAL)}

    def reader(self, **changes: Any) -> Reader:
        """A reader who trusts the signer, on the day after the run."""
        ended = json.loads(self.files[JOURNAL].splitlines()[-1])["ended"]
        given = {"trusted": {SIGNER.public_key.keyid: SIGNER.public_key}, "today": date.fromisoformat(ended[:10])}
        return Reader(**{**given, **changes})

    def verified(self, folder: Path, changed: Mapping[str, bytes] | None = None, **changes: Any) -> Verified:
        """What comes of these files, some of them replaced, written into another folder."""
        folder.mkdir(exist_ok=True)
        for name, data in {**self.files, **(changed or {})}.items():
            (folder / name).write_bytes(data)
        return verify(folder / CERTIFICATE, folder / REPORT, folder / JOURNAL, self.reader(**changes))


def signed(folder: Path, signer: CryptoSigner = SIGNER, days: int = 90, **edits: Any) -> Files:
    """Certificate, report and journal of the run in a folder; `edits` replace members of what is said of it."""
    follower = read_run(folder / JOURNAL)
    closing = settle(follower, Level(follower.header["level"]), folder)
    files = {name: (folder / name).read_bytes() for name in (REPORT, JOURNAL)}
    said = statement(closing.graded, follower, files, days)
    said["predicate"]["conformance"] |= edits
    return {CERTIFICATE: wrapped(said, signer), **files}


def resealed(journal: bytes, edit: Callable[[list[dict[str, Any]]], object]) -> bytes:
    """A journal that somebody doctored who knows how it is sealed."""
    values = [json.loads(line) for line in journal.splitlines()]
    edit(values)
    digest, lines = START, []
    for value in values:
        text, digest = sealed({key: value[key] for key in value if key != "chain"}, digest)
        lines.append(text)
    return "\n".join([*lines, ""]).encode()
