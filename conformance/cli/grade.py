"""`conformance grade`: verdicts and reports once more from a journal, without sending anything."""

import os
import sys
from pathlib import Path

import click

from conformance.cli.options import PATH
from conformance.cli.runs import Refused, journal_of


@click.command()
@click.argument("journal", type=PATH)
@click.option("--profile", type=click.Choice(["myrouter", "anthropic"]), help="judge by this one (default: the run's)")
@click.option("--level", type=click.Choice(["must", "should"]), help="the gate (default: the run's)")
@click.option("--out", metavar="DIR", type=PATH, help="write every report there")
def grade(journal: Path, profile: str | None, level: str | None, out: Path | None) -> None:
    """Grade JOURNAL, a file or the folder of a run, with the rules of this version, and end with the code of the run.

    The same journal and the same rules give the same reports, byte for byte. What a run that was cut off did not send
    is reported as not run.
    """
    from conformance.contract import Level
    from conformance.evidence.follow import read_run
    from conformance.evidence.journal import JournalError
    from conformance.reporting import printed
    from conformance.session.closing import settle

    try:
        follower = read_run(journal_of(journal))
        gate = Level((level or follower.header["level"]).upper())
        closing = settle(follower, gate, out, profile or "")
    except JournalError as error:
        raise Refused(str(error)) from None
    except (KeyError, ValueError):
        raise Refused(f"{journal} is of another version of the harness or damaged; run again") from None
    click.echo("\n".join((closing.text, *printed(closing.graded, closing.facts, os.environ))))
    sys.exit(closing.code)
