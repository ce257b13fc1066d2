"""Faults noticed for a request and for an output token: our budgets, plain Schemathesis, the official SDK alone.

Usage: python benchmarks/budgets.py [--profile P] [--sample N] [--jobs N] [--requests N ...] [--keep] [--write]

`quick` and `standard` are tried on every fault; `full` is read from the matrix that `conformance prove` writes. The
others are tried on every `--sample`-th fault of the registry; the SDK, and Schemathesis at the requests of the budgets,
on those of a part of the public reports as well. Schemathesis is run as benchmarks/README.md says. What was measured is
kept in reports/proof/budgets.json as soon as it is known; `--write` puts the tables into docs/performance.md.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from _budget_table import Contender, Terms, counted, lines
from _kill_table import RIGHT
from _page import measured, write_section

from conformance.contract import Level, load_catalogue
from conformance.proof.field_reports import Fate, load_field_reports
from conformance.proof.matrix import weighed
from conformance.proof.runs import EVERYTHING, LIMITS, judged
from conformance.proof.subjects import PROFILES, Subject, faulty
from conformance.proof.trial import attempt
from conformance.reporting.facts import output_tokens
from conformance.suite_budgets import BUDGETS, FULL
from conformance.verdicts import Graded

FOLDER = Path(__file__).resolve().parent.parent / "reports" / "proof"
OURS = ("quick", "standard")
SDK = "official SDK alone"
PLAIN = "plain Schemathesis, "
MANY = 1000  #: requests of a contender from which on a quarter of the sample has to do
PART = 4  #: one of so many public reports is tried on the others
TASKS_PER_PROCESS = 200  #: after which a process is replaced, for what Schemathesis keeps in memory

Object = dict[str, Any]
Task = tuple[str, Subject, Any]


def of_budget(budget: str, subject: Subject) -> bool:
    """Whether a budget names the requirement of a fault."""
    return str(weighed(attempt(subject, False, budget), load_catalogue()).state) in RIGHT


def of_sdk(clean: Sequence[str], subject: Subject) -> bool:
    """Whether any step with the SDK ends otherwise."""
    from _sdk_alone import run

    return list(run(subject.profile, subject.faults)[0]) != list(clean)


def of_schemathesis(setting: Any, subject: Subject) -> bool:
    """Whether `schemathesis run` says anything that it does not say of the clean endpoint."""
    from _plain_schemathesis import run

    return bool(run(setting, subject.faults).found)


def prepared(name: str, profile: str) -> tuple[Object, Callable[[Subject], bool]]:
    """What a contender costs on the clean endpoint, and how it is tried on a fault."""
    if name in BUDGETS:
        return _cost_of_budget(profile, name), partial(of_budget, name)
    if name == SDK:
        from _sdk_alone import run as sdk

        ended, sent, tokens = sdk(profile)
        return {"requests": sent, "tokens": tokens, "ceiling": None}, partial(of_sdk, ended)
    from _plain_schemathesis import run as plain
    from _plain_schemathesis import settled

    setting = settled(profile, asked(name))
    spent = plain(setting, first=False).tokens
    return {"requests": setting.requests, "tokens": spent, "ceiling": None}, partial(of_schemathesis, setting)


def asked(name: str) -> int:
    """The requests in the name of a contender; 0 where there are none."""
    return int(name.removeprefix(PLAIN).split()[0]) if name.startswith(PLAIN) else 0


def _cost_of_budget(profile: str, budget: str) -> Object:
    with tempfile.TemporaryDirectory(prefix="budgets-") as folder:
        graded = judged(profile, Path(folder), budget=budget, limits=LIMITS, reports=False, **EVERYTHING).graded
    assert not graded.violations, "the clean endpoint is blamed"
    return {"requests": len(graded.run.records), "tokens": output_tokens(graded.run), "ceiling": ceiling(graded)}


def ceiling(graded: Graded) -> int:
    """The sum of `max_tokens` over the requests that were served: what they may cost at most."""
    served = (record.exchange for record in graded.run.records if record.exchange.status == 200)
    return sum(body.get("max_tokens", 0) for exchange in served if (body := _object(exchange.request.body)))


def _object(body: bytes) -> Object:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def reports_of(profile: str) -> list[tuple[int, list[str]]]:
    """The public reports that mean something under a profile: how many, and the faults that do the same."""
    own = {subject.name for subject in faulty(profile)}
    rows = [row for row in load_field_reports() if row.fate is Fate.CAUGHT]
    found = [(len(row.reports), [name for name in row.ids if name in own]) for row in rows]
    return [(count, names) for count, names in found if names]


def tried_on(name: str, profile: str, sample: int, reports: bool = True) -> tuple[list[str], list[str]]:
    """The faults that the rates of a contender are taken over, and those that are tried for the reports alone.

    Ours are tried on all. What takes thousands of requests is tried on a quarter of the others' sample.
    """
    order = [subject.name for subject in faulty(profile)]
    if name == FULL:
        return [], []
    if name in OURS:
        return order, []
    own = order[:: 4 * sample if asked(name) >= MANY else sample]
    reported = {fault for _, faults in reports_of(profile)[::PART] for fault in faults if reports}
    return own, sorted(reported.difference(own))


def attempted(task: Task) -> tuple[str, str, bool]:
    """Contender, fault, and whether it was noticed; a crash of the contender's notices nothing."""
    name, subject, tried = task
    try:
        return name, subject.name, tried(subject)
    except Exception as error:
        print(f"{name} on {subject.name}: {type(error).__name__}: {error}", file=sys.stderr)
        return name, subject.name, False


def measure(name: str, profile: str, sample: int, jobs: int, reports: bool) -> Object:
    """What one contender noticed under a profile."""
    own, more = tried_on(name, profile, sample, reports)
    wanted = {*own, *more}
    noticed = []
    with get_context("spawn").Pool(jobs, maxtasksperchild=TASKS_PER_PROCESS) as pool:
        about, tried = pool.apply(prepared, (name, profile))
        tasks = [(name, subject, tried) for subject in faulty(profile) if subject.name in wanted]
        for number, (_, fault, seen) in enumerate(pool.imap_unordered(attempted, tasks), 1):
            noticed += [fault] if seen else []
            if number % 100 == 0 or number == len(tasks):
                print(f"{profile}, {name}: {number} of {len(tasks)}", file=sys.stderr, flush=True)
    return {**about, "sample": own, "tried": sorted(wanted), "noticed": sorted(noticed)}


def all_measured(given: argparse.Namespace) -> Object:
    """Every contender under every profile, each written down as soon as it is known."""
    rates: Object = {"version": 1, "sample": given.sample, "profiles": {}}
    if given.keep and given.out.exists():
        rates = json.loads(given.out.read_text("utf-8"))
    for word in [*BUDGETS, SDK, *given.requests]:
        for profile in given.profile or PROFILES:
            rows = rates["profiles"].setdefault(profile, {})
            name = _contender(word, rows)
            if name not in rows:
                rows[name] = measure(name, profile, given.sample, given.jobs, not word.isdigit())
                given.out.write_text(json.dumps(rates, indent=1) + "\n", "utf-8")
    return rates


def _contender(word: str, rows: Object) -> str:
    """The name behind a word of the list: a number, or that of one of our budgets, is for Schemathesis."""
    if word in (*BUDGETS, SDK):
        return word
    return f"{PLAIN}{rows[word[1:]]['requests'] if word.startswith('=') else word} requests"


def with_full(profile: str, rows: Object, matrix: Mapping[str, Any]) -> Object:
    """The same with what the whole harness noticed, as the proof tried it."""
    states = {row["id"]: row["state"] for row in matrix["profiles"][profile]["faults"]}
    noticed = sorted(name for name, state in states.items() if state in RIGHT)
    own = {**rows[FULL], "sample": list(states), "tried": list(states), "noticed": noticed}
    return {**rows, FULL: own}


def terms_of(profile: str) -> Terms:
    """What the faults of a profile stand for."""
    catalogue = load_catalogue()
    levels = {name: entry.level(profile) for name, entry in catalogue.requirements.items()}
    binding = {
        subject.name: "" if levels[subject.requirement] is Level.MAY else subject.requirement
        for subject in faulty(profile)
    }
    return Terms(binding, reports_of(profile))


def tables(rates: Mapping[str, Any]) -> Iterator[str]:
    """A table for each profile."""
    for profile, rows in rates["profiles"].items():
        contenders = [
            Contender(
                name,
                row["requests"],
                row["tokens"],
                row["ceiling"],
                tuple(row["sample"]),
                frozenset(row["tried"]),
                frozenset(row["noticed"]),
            )
            for name, row in rows.items()
        ]
        yield from (f"**{profile}**", "", *lines(contenders, terms_of(profile)), "")
        yield from (f"Faults of each requirement: {counted(row.requirement for row in faulty(profile))}.", "")


def main() -> None:
    """Measure, keep, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--profile", action="append", choices=PROFILES, help="only this one")
    parser.add_argument("--sample", type=int, default=16, metavar="N", help="every N-th fault for the others")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes")
    parser.add_argument(
        "--requests", nargs="*", default=["=quick", "100", "=standard", "400", "2000"], metavar="N",
        help="for Schemathesis; =quick and =standard for those of our budgets",
    )  # fmt: skip
    parser.add_argument("--keep", action="store_true", help="measure only what is not kept in --out already")
    parser.add_argument("--out", type=Path, default=FOLDER / "budgets.json")
    parser.add_argument("--matrix", type=Path, default=FOLDER / "matrix.json", help="what `conformance prove` wrote")
    parser.add_argument("--show", action="store_true", help="print what is kept already")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rates = json.loads(given.out.read_text("utf-8")) if given.show else all_measured(given)
    matrix = json.loads(given.matrix.read_text("utf-8"))
    full = {profile: with_full(profile, rows, matrix) for profile, rows in rates["profiles"].items()}
    text = list(tables({**rates, "profiles": full}))
    print("\n".join(text))
    if given.write:
        sample, about = rates["sample"], measured("budgets.py --write")
        said = ABOUT.format(measured=about, sample=sample, many=MANY, few=4 * sample, part=PART)
        write_section("Faults for a request", said, text)


ABOUT = """{measured}. Noticed: a violation, or a note about a MAY, that names the right requirement; from the
others anything that the clean endpoint does not give. Requests and tokens: those of a run against the clean endpoint
with everything claimed; the ceiling is the sum of `max_tokens` of what was served, the billion of REQ-027 included.
Faults for a request and for 100 output tokens: rate times all faults. Requirements: MUST and SHOULD with a fault that
was noticed, of those with one tried. Reports: public ones, all faults of each noticed, of those with all tried.
Schemathesis and the SDK: one fault of every {sample}, with {many} requests and more one of every {few}; the SDK, and
Schemathesis at the requests of our budgets, on all faults of one public report in {part} as well."""


if __name__ == "__main__":
    main()
