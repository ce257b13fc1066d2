"""`conformance merge`: the journals of the shares of one run, joined, graded and reported as one."""

import os
import sys
from pathlib import Path

import click

from conformance.cli.options import PATH
from conformance.cli.runs import Refused


@click.command()
@click.argument("journals", nargs=-1, required=True, type=PATH)
@click.option("--out", required=True, metavar="DIR", type=PATH, help="write journal and reports")
@click.option("--level", type=click.Choice(["must", "should"]), help="the gate (default: that of the first share)")
def merge(journals: tuple[Path, ...], out: Path, level: str | None) -> None:
    """Join JOURNALS, files or folders of the shares of one run (`--shard`), and end with the code of the whole.

    Nothing is sent. All shares have to be there, of one plan and under the same terms.
    """
    from conformance.contract import Level
    from conformance.evidence.journal import JournalError
    from conformance.reporting import printed
    from conformance.session.closing import settle
    from conformance.session.merging import read_shares, write_merged
    from conformance.settings.resolve import UsageError

    try:
        follower = write_merged(read_shares(journals), out)
        closing = settle(follower, Level((level or follower.header["level"]).upper()), out)
    except (JournalError, UsageError) as error:
        raise Refused(str(error)) from None
    except (KeyError, ValueError):
        raise Refused("one of the journals is of another version of the harness or damaged; run again") from None
    click.echo("\n".join((closing.text, *printed(closing.graded, closing.facts, os.environ))))
    sys.exit(closing.code)
