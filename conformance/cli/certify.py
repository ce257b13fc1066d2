"""`conformance certify`: a run, its report and a signed statement of both; `conformance verify`: checking one."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.options import PATH
from conformance.cli.run import run_suites, with_options
from conformance.cli.runs import JOURNAL, Refused, see_writable

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from conformance.certificates.verify import Verified

PUBLIC = "public-key.pem"
REVOKED = "revoked.txt"
LONGEST = 4000  #: characters of one line


@click.command()
@click.argument("url", required=False)
@with_options
@click.option("--journal", type=PATH, metavar="RUN", help="certify this journal or run folder instead of a new run")
@click.option("--key", type=PATH, metavar="FILE", help="the private key to sign with, in PEM format")
@click.option("--new-key", is_flag=True, help="make a key, keep it in your configuration folder, trust it, and sign")
@click.option("--days", type=click.IntRange(1, 366), default=90, help="how long it is valid (default: 90)")
def certify(url: str | None, journal: Path | None, key: Path | None, new_key: bool, days: int, **options: Any) -> None:
    """Test the endpoint at URL (or the embedded one); write certificate, report and journal into the --out folder.

    Ends with 1, and without a certificate, where the run does not certify at least the core.
    """
    given = options["conformance_out"]
    if not given:
        raise click.UsageError("say with --out DIR where certificate, report and journal are to be written")
    if (key is None) == (not new_key):
        raise click.UsageError("give one of --key FILE and --new-key")
    out = Path(given)
    if journal is None and (out / JOURNAL).exists():
        raise click.UsageError(f"{out} holds a run already: give another folder, or certify it by --journal {out}")
    see_writable(out)
    signer = _signer(key)
    if journal is None:
        code = run_suites(url, options, "-q")
        if not (out / JOURNAL).is_file():  # nothing was sent, and why has been told
            sys.exit(code)
    sys.exit(_certified(signer, journal or out, out, days))


def _signer(key: Path | None) -> "CryptoSigner":
    from conformance.certificates.keys import UnusableKey, new_key, own_folder, read_signer

    try:
        if key is not None:
            return read_signer(key)
        made = new_key(own_folder())
    except UnusableKey as error:
        raise Refused(str(error)) from None
    click.echo(f"made the key {made.private}; its public half was added to {made.trusted}")
    return made.signer


def _certified(signer: "CryptoSigner", source: Path, out: Path, days: int) -> int:
    from conformance.certificates.envelope import wrapped
    from conformance.certificates.keys import public_text
    from conformance.certificates.statement import CERTIFICATE, Uncertifiable, statement
    from conformance.contract import Level
    from conformance.evidence.follow import read_run
    from conformance.evidence.journal import JournalError
    from conformance.reporting import ReportError, write_file
    from conformance.session.closing import settle

    try:
        file = source / JOURNAL if source.is_dir() else source
        follower = read_run(file)
        closing = settle(follower, Level(follower.header["level"]), out)
        files = {"report.json": (out / "report.json").read_bytes(), JOURNAL: file.read_bytes()}
        said = statement(closing.graded, follower, files, days)
        certificate = {CERTIFICATE: wrapped(said, signer), JOURNAL: files[JOURNAL], PUBLIC: public_text(signer)}
        for name, data in certificate.items():
            click.echo(f"wrote {write_file(out / name, data)}")
    except Uncertifiable as error:
        _say([f"nothing is certified: {error}"], err=True)
        return 1
    except (JournalError, ReportError) as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"cannot write into {out}: {error.strerror or error}; give another --out") from None
    _say(_told(said["predicate"]["conformance"]))
    return 0


def _say(lines: Iterable[str], err: bool = False) -> None:
    """Print lines that hold what others wrote."""
    from conformance.reporting.clean import clean

    for line in lines:
        click.echo(clean(line, LONGEST), err=err)


def _told(said: Mapping[str, Any]) -> Iterator[str]:
    from conformance.reporting.facts import EMBEDDED

    target = EMBEDDED if said["embedded"] else said["target"]
    yield f"{target}: {', '.join(said['tiers'])} of {said['profile']} at level {said['level']}"
    yield f"catalogue version {said['catalogue']}, run of {said['started']}, valid until {said['expires']}"
    yield from (f"not certified: {tier}: {why}" for tier, why in said["not_certified"].items())
    if said["not_tested"]:
        yield f"without a verdict: {', '.join(said['not_tested'])}"
    if said["challenge"]:
        yield f"it answers the challenge {said['challenge']}"


@click.command()
@click.argument("certificate", type=PATH)
@click.option("--report", type=PATH, metavar="FILE", help="default: report.json beside the certificate")
@click.option("--journal", type=PATH, metavar="FILE", help="default: journal.jsonl beside the certificate")
@click.option("--trusted-key", "keys", multiple=True, type=PATH, metavar="FILE",
              help="a public key you trust, in PEM format (default: those in your configuration folder)")  # fmt: skip
@click.option("--revoked", type=PATH, metavar="FILE", help="a list of revoked certificates and keys")
@click.option("--challenge", default="", metavar="TEXT", help="what you asked to see in the requests")
def verify(
    certificate: Path, report: Path | None, journal: Path | None, keys: tuple[Path, ...], revoked: Path | None,
    challenge: str,
) -> None:  # fmt: skip
    """Check CERTIFICATE, a file or the folder that holds it, offline: signature, files, evidence, verdicts. Ends with 1
    where it is refused."""
    from conformance.certificates.envelope import Refused as NotAccepted
    from conformance.certificates.envelope import Unreadable
    from conformance.certificates.keys import UnusableKey, read_trusted
    from conformance.certificates.revocations import read_revoked
    from conformance.certificates.statement import CERTIFICATE
    from conformance.certificates.verify import Reader, verify

    certificate = certificate / CERTIFICATE if certificate.is_dir() else certificate
    folder = certificate.parent
    trust, lists = trust_of(keys, revoked)
    try:
        reader = Reader(read_trusted(trust), datetime.now(UTC).date(), read_revoked(lists), challenge)
        found = verify(certificate, report or folder / "report.json", journal or folder / JOURNAL, reader)
    except (UnusableKey, Unreadable) as error:
        raise Refused(str(error)) from None
    except NotAccepted as error:
        beside = (folder / PUBLIC).is_file() and "none of the" in str(error)
        more = f" ({folder / PUBLIC} came with the certificate: anybody could have put it there)" if beside else ""
        _say([f"refused: {error}{more}"], err=True)
        sys.exit(1)
    _say(_accepted(found))


def trust_of(keys: tuple[Path, ...], revoked: Path | None) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files of the keys that a reader trusts, and of what they know to be revoked: those named, else their own."""
    from conformance.certificates.keys import TRUSTED, own_folder

    own = own_folder()
    trust = keys or ((own / TRUSTED,) if (own / TRUSTED).is_file() else ())
    lists = (revoked, own / REVOKED)
    return trust, tuple(file for file in lists if file is not None and (file is revoked or file.is_file()))


def _accepted(found: "Verified") -> Iterator[str]:
    yield "accepted: the evidence is intact and signed by a key you trust"
    yield from _told(found.said)
    if found.same_rules:
        yield "today's rules are those of the certificate, and give the same report"
        return
    yield "today's rules are others than those of the certificate: its verdicts are as certified, not as judged today"
    rows = (f"{name} {then} then, {now} today" for name, (then, now) in found.differing.items())
    yield "; ".join(rows) or "they give every requirement the same verdict"
