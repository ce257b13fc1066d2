"""`conformance baseline`: known violations of a server, written from a run and held against one."""

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.options import PATH
from conformance.cli.runs import Refused, finished_run, runs_of

if TYPE_CHECKING:
    from conformance.evidence.follow import Follower
    from conformance.gate.baseline import Baseline
    from conformance.gate.renewal import Renewal

DEFAULT = "conformance-baseline.yaml"
LASTS = timedelta(days=90)  #: how long a new entry is accepted where nothing else is said

_file = click.option("--baseline", "file", metavar="FILE", default=DEFAULT, show_default=True,
                     type=PATH, help="the baseline")  # fmt: skip


class Day(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A date, such as 2027-01-31."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date that was written."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date; write it as 2027-01-31", param, ctx)


@click.group()
def baseline() -> None:
    """Accept known violations until a date, so that a nightly run fails for what is new alone."""


@baseline.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=PATH)
@_file
@click.option("--expires", metavar="DATE", type=Day(), help="the last day of every entry (default of new ones: 90 days "
              "from the run)")  # fmt: skip
@click.option("--reason", metavar="TEXT", default="", help="the reason of every entry (default of new ones: not known)")
def write(runs: tuple[Path, ...], file: Path, expires: date | None, reason: str) -> None:
    """Write an entry for every violation of RUN, the folder or journal of a run.

    Of several runs, or the folder of a repeated one, what some violate and others saw hold is written as flaky.
    Entries that still hold keep reason, link and date; those that are gone are left out.
    """
    from conformance.gate.baseline import baseline_text
    from conformance.gate.known import is_known
    from conformance.gate.renewal import Terms, renewed
    from conformance.verdicts import grade

    followers = _graded(runs)
    graded = [grade(follower.run()) for follower in followers]
    began = date.fromisoformat(max(follower.header["started"] for follower in followers)[:10])
    rarely = f"violated in some runs until {began} and not in others, cause not known yet"
    default = Terms(f"violated on {began}, cause not known yet", began + LASTS, rarely)
    items = [item for run in graded for item in run.run.items]
    given = Terms(reason.strip(), expires)
    found = renewed(graded, _known(file, fresh=True), given, default, lambda row: is_known(row, items))
    _save(file, baseline_text(found.baseline))
    click.echo("\n".join((f"wrote {file}: {_told(found)}", *(f"  left out  {key}" for key in found.gone))))


@baseline.command()
@click.argument("run", type=PATH)
@_file
@click.option("--level", type=click.Choice(["must", "should"]), help="the gate (default: the run's)")
@click.option("--today", metavar="DATE", type=Day(), help="the day on which entries may have expired (default: today)")
def check(run: Path, file: Path, level: str | None, today: date | None) -> None:
    """Hold RUN, the folder or journal of a run, against the baseline, and end with the code it would have ended with.

    It fails (code 1) for a violation that is not listed, and for an entry that has expired, is gone, or names nothing.
    """
    from conformance.contract import Level
    from conformance.reporting import last_line
    from conformance.reporting.clean import clean
    from conformance.reporting.text import baseline_lines
    from conformance.session.baselines import Accepted
    from conformance.session.closing import settle

    known = _known(file)
    follower = finished_run(run)
    gate = Level((level or follower.header["level"]).upper())
    closing = settle(follower, gate, None, accepted=Accepted(known, today or datetime.now(UTC).date()))
    click.echo("\n".join((*baseline_lines(closing.facts), clean(last_line(closing.graded, closing.facts)))))
    sys.exit(closing.code)


def _graded(paths: tuple[Path, ...]) -> "list[Follower]":
    """The runs, those of a repeated one included, of which something was graded. Raises Refused."""
    followers = [finished_run(run) for path in paths for run in runs_of(path)]
    found = [follower for follower in followers if not follower.footer.get("refused")]
    if not found:
        raise Refused(f"{paths[0]} ended before anything was graded; run again")
    if len({follower.header["terms"]["profile"] for follower in found}) > 1:
        raise Refused("the runs are of different profiles; write the baseline from those of one at a time")
    return found


def _known(file: Path, fresh: bool = False) -> "Baseline":
    """The baseline in a file; an empty one where there is none yet and that is `fresh`."""
    from conformance.gate.baseline import Baseline, BaselineError, read_baseline

    try:
        return Baseline() if fresh and not file.exists() else read_baseline(file)
    except BaselineError as error:
        raise Refused(str(error)) from None


def _save(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise Refused(f"cannot write {file}: {error.strerror}") from None


def _told(found: "Renewal") -> str:
    counts = [("new", found.new), ("kept", found.kept), ("not observed", found.unseen)]
    counts += [("listed as flaky from now on", found.flaky)] if found.flaky else []
    return ", ".join((*(f"{len(keys)} {word}" for word, keys in counts), f"{len(found.gone)} gone and left out"))
