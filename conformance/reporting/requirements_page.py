"""The page of requirements with what tests each, in Markdown. The same runs and suites always give the same page."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from conformance.contract import Catalogue, load_tiers
from conformance.reporting.clean import clean
from conformance.reporting.traceability import Trace
from conformance.verdicts.graded import Judgement

MOST_PROBES = 3  #: probes named in one row; `--format json` names them all
_CODE = re.compile(r"(`+[^`]*`+)")
_MARKUP = re.compile(r"[\\*\[\]<>~]|(?<!\w)_|_(?!\w)")

HEAD = """# Requirements

<!-- Written by `conformance requirements --format md`; an edit by hand is lost. -->

Requirements of version {version} of the catalogue ({count} of them), what tests each, and in the last columns what came
of a run. `conformance requirements ID` prints an entry in full, with its source; with `--format json` it names every
test and probe.

A tier is a list of requirements that a target claims as a whole ({tiers}). What is marked *not scored* is shown in
reports and counts neither for the exit code nor for a tier. Of probes that are many, the first are named. *Seen* means
that the clause was put to the test in the run and held at least once; how often depends on the cases drawn for a run,
and stands in its report.
"""


def requirements_page(catalogue: Catalogue, rows: Iterable[Trace], profiles: Iterable[str]) -> str:
    """The page, with a column for the level under each of `profiles` and one for each profile that was run."""
    found, shown = tuple(rows), tuple(profiles)
    tiers = ", ".join(tier.title for tier in load_tiers(catalogue.version).values())
    head = HEAD.format(version=catalogue.version, count=len(found), tiers=tiers)
    return "\n".join((head, *_areas(catalogue, found, shown)))


def _areas(catalogue: Catalogue, rows: tuple[Trace, ...], profiles: tuple[str, ...]) -> Iterator[str]:
    for area, title in catalogue.titles.items():
        own = [row for row in rows if row.requirement.area == area]
        if own:
            yield "\n".join((f"## {area}: {_text(title)}\n", *_table(own, profiles))) + "\n"


def _table(rows: list[Trace], profiles: tuple[str, ...]) -> Iterator[str]:
    heads = ("id", "statement", *profiles, "tier", "tests", "probes", *(f"run, {name}" for name in rows[0].runs))
    yield _cells(heads)
    yield _cells(["---"] * len(heads))
    yield from (_cells(_row(row, profiles)) for row in rows)


def _row(row: Trace, profiles: tuple[str, ...]) -> Iterator[str]:
    yield row.requirement.id
    yield _text(row.requirement.statement)
    yield from (str(row.requirement.level(name)) for name in profiles)
    yield (row.tier or "none") + ("" if row.scored else ", not scored")
    yield _tests(row)
    yield _probes(row.tested.probes)
    yield from map(_said, row.runs.values())


def _tests(row: Trace) -> str:
    """Each test function once, with the number of its cases where there are several."""
    if row.requirement.excluded:
        return f"excluded: {_text(row.requirement.excluded)}"
    cases = Counter(name.partition("[")[0].removeprefix("suites/") for name in row.tested.tests)
    return "<br>".join(f"`{name}`" + (f" ({n} cases)" if n > 1 else "") for name, n in cases.items()) or "none"


def _probes(names: tuple[str, ...]) -> str:
    if not names:
        return "none"
    more = ", …" if len(names) > MOST_PROBES else ""
    return f"{len(names)}: " + ", ".join(map(_text, names[:MOST_PROBES])) + more


def _said(judgement: Judgement) -> str:
    return f"{judgement.verdict}, {'seen' if judgement.observations else 'not seen'}"


def _text(text: str) -> str:
    """Text as Markdown that shows it as it is; what stands between backticks is code already."""
    parts = _CODE.split(clean(text, 10_000))
    return "".join(part if _CODE.fullmatch(part) else _MARKUP.sub(r"\\\g<0>", part) for part in parts)


def _cells(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
