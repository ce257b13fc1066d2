"""How many faults of the reference endpoint the alternatives to the whole harness notice.

Usage: python benchmarks/kill_rates.py [--profile P] [--sample N] [--jobs N] [--show]

On the same faults, under the same profiles: our generated tests alone, and `schemathesis run` with as many requests as
those send and with as many as the whole harness sends. The whole harness is read from the matrix that
`conformance prove` writes. Writes reports/proof/kill-rates.json and prints the table; `--show` only prints what is
written already, beside the matrix as it is now.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from _kill_table import GENERATED, PLAIN_AS_GENERATED, PLAIN_AS_WHOLE, VERSION, table, with_harness

from conformance import reference
from conformance._paths import suite_files
from conformance.contract import load_catalogue
from conformance.evidence.run import Item
from conformance.generation.draws import Draw
from conformance.probing.probe import Probe
from conformance.proof.matrix import State, weighed
from conformance.proof.runs import BROKEN, ENVIRONMENT, EVERYTHING, KEY, LIMITS, SECOND_KEY, WINDOW, broken, judged
from conformance.proof.subjects import PROFILES, Subject, clean, faulty
from conformance.proof.trial import Outcome
from conformance.session.closing import Closing, close_run
from conformance.session.header import harness_version
from conformance.session.live import open_live
from conformance.session.target import Ungradable, capabilities_of, profile_of
from conformance.settings.resolve import Settings, resolve
from conformance.suite_items import index

FOLDER = Path(__file__).resolve().parent.parent / "reports" / "proof"
TASKS_PER_PROCESS = 200  #: after which a process is replaced, for what Schemathesis keeps in memory

FUZZ = 50  #: live cases of a run by default

Object = dict[str, Any]
Done = tuple[tuple[str, str], Object]
"""Profile and contender, and what came of one fault."""


@cache
def drawn(profile: str) -> tuple[tuple[Item, ...], dict[str, Probe]]:
    """The generated items of the suites, frozen and live, with everything claimed, and the probes of all items."""
    settings = resolve({"profile": profile, "fuzz": FUZZ, **EVERYTHING}, Path(), ENVIRONMENT)
    terms = profile_of(settings)
    draw = Draw(profile, terms.api_version, capabilities_of(settings, terms), settings.fuzz, settings.fuzz_seed)
    items, probes = index(suite_files(), draw)
    return tuple(item for item in items.values() if item.generated), probes


def generated(subject: Subject) -> Outcome:
    """What our generated tests alone say: their own expectations, live ones too, and every rule about their traffic."""
    own = reference.Settings(
        profile=subject.profile, key=KEY, faults=subject.faults, restricted_key=SECOND_KEY, context_window=WINDOW
    )
    with tempfile.TemporaryDirectory(prefix="kill-rates-") as folder, reference.Endpoint(own) as endpoint:
        given = {"target-url": endpoint.url, "profile": subject.profile, "model": own.model, "level": "should"}
        settings = resolve(
            {**given, "out": Path(folder), "fuzz": FUZZ, "shrink": 0, **EVERYTHING}, Path(folder), ENVIRONMENT
        )
        return _outcome(subject, _closed(settings, subject.profile))


def _closed(settings: Settings, profile: str) -> Closing:
    from dataclasses import replace

    items, probes = drawn(profile)
    live = open_live(replace(settings, limits=LIMITS), items, probes, True, ENVIRONMENT)
    ungradable = ""
    try:
        live.begin()
        if live.scheduler is not None:
            live.scheduler.wait()
    except Ungradable as error:
        ungradable = str(error)
    return close_run(live, 0, ungradable, reports=False)


def _outcome(subject: Subject, closing: Closing) -> Outcome:
    graded = closing.graded
    assert graded is not None
    found = {name: str(verdict) for name, verdict in broken(graded).items()}
    live = (row for row in graded.items if not row.item.scored and row.verdict in BROKEN)
    found |= {row.item.requirement: str(row.verdict) for row in live}
    noted = frozenset(name for name, row in graded.judgements.items() if row.notes)
    evidence = dict.fromkeys(found, "")
    return Outcome(subject, found, noted, evidence, int(closing.code), len(graded.run.records), whole=True)


def by_generated(subject: Subject, baseline: frozenset[str]) -> Object:
    """One row: whether the generated tests notice the fault, and by which requirements."""
    outcome = generated(subject)
    found = {name: verdict for name, verdict in outcome.found.items() if name not in baseline}
    state = weighed(Outcome(subject, found, outcome.noted, outcome.evidence), load_catalogue()).state
    right = state in (State.KILLED, State.NOTED)
    return _row(subject, right or bool(found), right, sorted(found), outcome.requests)


def by_schemathesis(subject: Subject, setting: Any) -> Object:
    """One row: whether `schemathesis run` notices the fault; it knows no requirements."""
    from _plain_schemathesis import run

    reply = run(setting, subject.faults)
    return _row(subject, bool(reply.found), None, sorted(reply.found), reply.requests)


def _row(subject: Subject, killed: bool, right: bool | None, by: Sequence[str], requests: int) -> Object:
    return {
        "id": subject.name,
        "requirement": subject.requirement,
        "killed": killed,
        "right": right,
        "by": list(by),
        "requests": requests,
    }


def prepared(profile: str) -> Object:
    """What the clean endpoint costs and gives under a profile, by contender; Schemathesis with its settings."""
    from _plain_schemathesis import settled

    with tempfile.TemporaryDirectory(prefix="kill-rates-") as folder:
        closing = judged(profile, Path(folder), limits=LIMITS, fuzz=FUZZ, **EVERYTHING)
    assert closing.graded is not None and not broken(closing.graded), "the clean endpoint is blamed"
    whole, alone = len(closing.graded.run.records), generated(clean(profile))
    return {
        "whole": whole,
        GENERATED: frozenset(alone.found),
        "alone": alone.requests,
        PLAIN_AS_GENERATED: settled(profile, alone.requests),
        PLAIN_AS_WHOLE: settled(profile, whole),
    }


CONTENDERS = {GENERATED: by_generated, PLAIN_AS_GENERATED: by_schemathesis, PLAIN_AS_WHOLE: by_schemathesis}


def attempted(name: str, subject: Subject, terms: Any) -> Object:
    """One attempt; never raises, a crash is a row that kills nothing and says why. `seconds` is wall time."""
    began = time.monotonic()
    try:
        row = CONTENDERS[name](subject, terms)
    except Exception as error:
        row = {**_row(subject, False, None, [], 0), "error": f"{type(error).__name__}: {error}"}
    return {**row, "seconds": round(time.monotonic() - began, 2)}


def measured(profiles: Sequence[str], sample: int, jobs: int) -> Object:
    """The rates of every contender on every `sample`-th fault of the registry."""
    rows: dict[tuple[str, str], list[Object]] = {}
    # Not a ProcessPoolExecutor: under Python 3.11 one that replaces its processes waits for ever for the next.
    with get_context("spawn").Pool(jobs, maxtasksperchild=TASKS_PER_PROCESS) as pool:
        terms = dict(zip(profiles, pool.map(prepared, profiles), strict=True))
        print(f"prepared {', '.join(profiles)}", file=sys.stderr, flush=True)
        tasks = [
            (profile, name, subject, terms[profile][name])
            for profile in profiles
            for subject in faulty(profile)[::sample]
            for name in CONTENDERS
        ]
        for place, row in _told(pool.imap_unordered(_attempted, tasks), len(tasks)):
            rows.setdefault(place, []).append(row)
    return {
        "version": VERSION,
        "harness": harness_version(),
        "schemathesis": version("schemathesis"),
        "catalogue": load_catalogue().version,
        "sample": sample,
        "profiles": {profile: _of_profile(profile, terms[profile], rows) for profile in profiles},
    }


def _attempted(task: tuple[str, str, Subject, Any]) -> Done:
    profile, name, subject, terms = task
    return (profile, name), attempted(name, subject, terms)


def _told(attempts: Iterable[Done], total: int) -> Iterator[Done]:
    """The attempts as they end, with a line now and then of how long the rest will take."""
    began = time.monotonic()
    for number, done in enumerate(attempts, 1):
        if number % 50 == 0 or number == total:
            left = (time.monotonic() - began) / number * (total - number) / 60
            print(f"{number} of {total} attempts, {left:.0f} min left", file=sys.stderr, flush=True)
        yield done


def _of_profile(profile: str, terms: Object, rows: dict[tuple[str, str], list[Object]]) -> Object:
    order = {subject.name: number for number, subject in enumerate(faulty(profile))}
    about: dict[str, Object] = {GENERATED: {"requests": terms["alone"], "baseline": sorted(terms[GENERATED])}}
    for name in (PLAIN_AS_GENERATED, PLAIN_AS_WHOLE):
        setting = terms[name]
        calls = [{"mode": c.mode, "phases": c.phases, "examples": c.examples} for c in setting.calls]
        about[name] = {"requests": setting.requests, "baseline": sorted(setting.baseline), "calls": calls}
    contenders = {
        name: {**said, "faults": sorted(rows[profile, name], key=lambda row: order[row["id"]])}
        for name, said in about.items()
    }
    return {"requests": terms["whole"], "contenders": contenders}


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--profile", action="append", choices=PROFILES, help="only this one")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="every N-th fault only")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes")
    parser.add_argument("--out", type=Path, default=FOLDER / "kill-rates.json")
    parser.add_argument("--matrix", type=Path, default=FOLDER / "matrix.json", help="what `conformance prove` wrote")
    parser.add_argument("--show", action="store_true", help="print what is written already")
    given = parser.parse_args()
    if given.show:
        rates = json.loads(given.out.read_text("utf-8"))
    else:
        rates = measured(given.profile or PROFILES, given.sample, given.jobs)
    if given.matrix.is_file():
        rates = with_harness(rates, json.loads(given.matrix.read_text("utf-8")))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(rates, indent=1) + "\n", "utf-8")
    print(table(rates))


if __name__ == "__main__":
    main()
