"""`conformance registry`: a folder of certificates as a page."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.certify import trust_of
from conformance.cli.options import PATH
from conformance.cli.runs import Refused

if TYPE_CHECKING:
    from conformance.certificates.registry import Entry
    from conformance.certificates.verify import Reader

INDEX = "index.html"


@click.group()
def registry() -> None:
    """Certificates beside each other."""


@registry.command()
@click.argument("folder", type=PATH)
@click.option("--out", metavar="DIR", required=True, type=PATH, help="write index.html there; with FOLDER itself, the "
              "page links to the files")  # fmt: skip
@click.option("--trusted-key", "keys", multiple=True, type=PATH, metavar="FILE",
              help="a public key you trust, in PEM format (default: those in your configuration folder)")  # fmt: skip
@click.option("--revoked", type=PATH, metavar="FILE", help="a list of revoked certificates and keys")
def build(folder: Path, out: Path, keys: tuple[Path, ...], revoked: Path | None) -> None:
    """Check every certificate in FOLDER, a subfolder for each as `conformance certify` writes it, and write a page: who
    holds which tiers, of which catalogue, since when, verified now; and what was refused, with the reason.

    Ends with 0 whatever was refused.
    """
    from conformance.certificates.keys import UnusableKey
    from conformance.certificates.registry_page import registry_page
    from conformance.reporting import ReportError, write_file

    now = datetime.now(UTC).replace(microsecond=0)
    try:
        reader, names = _reader(keys, revoked, now)
        found = _entries(folder, reader)
        page = registry_page(found, now.isoformat(), names, out.resolve() == folder.resolve())
        click.echo(f"wrote {write_file(out / INDEX, page)}")
    except (UnusableKey, ReportError) as error:
        raise Refused(str(error)) from None
    accepted = sum(entry.verified is not None for entry in found)
    click.echo(f"{accepted} accepted, {len(found) - accepted} refused")


def _reader(keys: tuple[Path, ...], revoked: Path | None, now: datetime) -> "tuple[Reader, dict[str, str]]":
    """What the reader brings, and the names of the files that hold the keys they named."""
    from conformance.certificates.envelope import Refused as NotAccepted
    from conformance.certificates.keys import read_trusted
    from conformance.certificates.revocations import read_revoked
    from conformance.certificates.verify import Reader

    trust, lists = trust_of(keys, revoked)
    try:
        reader = Reader(read_trusted(trust), now.date(), read_revoked(lists))
    except NotAccepted as error:  # a list that cannot be read
        raise Refused(str(error)) from None
    return reader, {key: file.stem for file in keys for key in read_trusted([file])}


def _entries(folder: Path, reader: "Reader") -> "tuple[Entry, ...]":
    from conformance.certificates.registry import entries

    try:
        found = entries(folder, reader)
    except OSError as error:
        raise Refused(f"cannot read {folder}: {error.strerror or error}") from None
    if not found:
        raise Refused(
            f"{folder} holds no folders with certificates; `conformance certify --out {folder}/NAME` makes one"
        )
    return found
