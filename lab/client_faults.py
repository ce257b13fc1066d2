"""What real clients make of a server's faults: ``python lab/client_faults.py [--client NAME] [--fault ID]``.

Each chosen client meets the embedded endpoint with one deliberate breach at a time, in the scenario that the breach
is about. What it did is kept in `reports/lab/client-faults.json`, row by row, so that a run of one client leaves the
others as they are; the table in `docs/clients.md` is written anew from it. Clients are installed on first use.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance import reference
from conformance.clients.checks import Choice, check
from conformance.clients.data import load_clients, load_scenarios
from conformance.clients.driving import How
from conformance.clients.environments import default_cache
from conformance.clients.judging import State
from conformance.clients.outcome import Checked, Result, broken_by, unexplained
from conformance.contract import load_catalogue
from conformance.probing.limits import Limits
from conformance.reporting.clean import clean
from conformance.settings.resolve import resolve
from conformance.verdicts import Graded

ROOT = Path(__file__).resolve().parents[1]
PAGE, FOUND = ROOT / "docs" / "clients.md", ROOT / "reports" / "lab" / "client-faults.json"
BEGIN, END = "<!-- faults: written by lab/client_faults.py -->", "<!-- end of faults -->"
#: Breaches that hurt clients, each with the scenario that shows what it does to one.
FAULTS: Mapping[str, str] = {
    "start-usage-missing": "stream",
    "message-stop-missing": "stream",
    "delta-other-index": "stream",
    "drop-block-start-text": "stream",
    "arguments-end-early": "parallel-tools",
    "denials-in-200": "error",
    "silent-in-block": "stream",
    "stream-as-plain-text": "stream",
    "stop-reason-null": "tool-loop",
    "data-cut": "stream",
    "last-chunk-missing": "stream",
    "event-names-foreign": "stream",
}
#: Our own two requests wait this long at most; a client is given `--seconds`.
LIMITS = Limits(connect=5, first_byte=30, between_bytes=5, whole=60, after_stop=1.5)


def met(fault: str, choice: Choice) -> Iterator[dict[str, Any]]:
    """What each client made of a fault."""
    with tempfile.TemporaryDirectory() as folder:
        given = {"out": folder, "profile": "anthropic", "model": reference.Settings().model}
        settings = replace(resolve(given, Path(folder), {}), limits=LIMITS)
        done = check(settings, choice, lambda text: print(f"{fault}: {text}", file=sys.stderr), {}, (fault,))
        for one in done.checked:
            if one.state is State.NOT_CHECKED:
                print(f"{one.client.title}: {one.failure or one.results}", file=sys.stderr)
                continue
            yield from (_row(fault, one, result, done.graded) for result in one.results)


def _row(fault: str, one: Checked, result: Result, graded: Graded | None) -> dict[str, Any]:
    assert graded is not None
    broken = [row.id for row in broken_by(graded, result.exchanges) if not row.entailed]
    return {
        "fault": fault,
        "client": one.client.name,
        "version": one.version,
        "scenario": result.scenario.name,
        "did": _did(result),
        "state": result.judged.state.value,
        "told": clean("; ".join(result.judged.reasons), 160),
        "broken": broken,
        "unexplained": "" if broken else unexplained(graded, result.exchanges),
    }


def _did(result: Result) -> str:
    """What a client did, in a word or two."""
    if result.judged.state is State.DEGRADED:
        return "silent loss"
    if result.judged.state is not State.BROKEN or result.ran is None:
        return result.judged.state.value
    return f"`{result.ran.error.get('type')}`" if result.ran.how is How.EXCEPTION else result.ran.how.value


def page(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table, and below it what each client said."""
    clients = {name: client for name, client in load_clients().items() if any(row["client"] == name for row in rows)}
    found = {(row["fault"], row["client"]): row for row in rows}
    versions = {row["client"]: row["version"] for row in rows}
    head = [f"{client.title} {versions[name]}" for name, client in clients.items()]
    lines = [BEGIN, "", _line(["fault", "scenario", *head]), _line(["---"] * (2 + len(head)))]
    for fault, scenario in FAULTS.items():
        cells = [found[fault, name]["did"] if (fault, name) in found else "" for name in clients]
        lines.append(_line([f"`{fault}`", scenario, *cells]))
    for fault in FAULTS:
        own = [(client.title, found[fault, name]) for name, client in clients.items() if (fault, name) in found]
        lines += ["", *_said(fault, own)] if own else []
    return "\n".join((*lines, "", END))


def _said(fault: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    about = next(one for one in reference.faults() if one.id == fault)
    requirement = load_catalogue().requirements[about.requirement]
    yield f"**{fault}**: {about.description}. {requirement.id} ({requirement.basis}): {requirement.statement}"
    yield ""
    for title, row in rows:
        broken = ", ".join(row["broken"]) or row["unexplained"]
        told = f": {row['told']}" if row["told"] else ""
        yield f"- {title}: {row['state']}{_escaped(told)} ({broken})"


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "<>*_`|" else char for char in text)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write(rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the rows, and write the table between its marks."""
    order = {name: place for place, name in enumerate(FAULTS)}
    kept = sorted(rows, key=lambda row: (order.get(row["fault"], len(order)), row["client"]))
    FOUND.parent.mkdir(parents=True, exist_ok=True)
    FOUND.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(before + page(kept) + rest.partition(END)[2], encoding="utf-8")


def main() -> int:
    """Meet every chosen fault."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--client", action="append", default=[], help="only this one; repeatable")
    words.add_argument("--fault", action="append", default=[], choices=FAULTS, help="only this one; repeatable")
    words.add_argument("--cache", type=Path, default=default_cache(), help="where the clients are installed")
    words.add_argument("--seconds", type=float, default=90.0, help="after this time a client hangs")
    words.add_argument("--page", action="store_true", help="write the table from what is known, and meet nothing")
    given = words.parse_args()
    known = json.loads(FOUND.read_text(encoding="utf-8")) if FOUND.is_file() else []
    kept = [row for row in known if row["fault"] in FAULTS]
    chosen = () if given.page else tuple(given.fault or FAULTS)
    for fault in chosen:
        choice = Choice(given.cache.absolute(), tuple(given.client), (FAULTS[fault],), given.seconds)
        new = list(met(fault, choice))
        fresh = {(row["fault"], row["client"]) for row in new}
        kept = [row for row in kept if (row["fault"], row["client"]) not in fresh] + new
        write(kept)
    write(kept)
    assert set(FAULTS.values()) <= set(load_scenarios())
    return 0


if __name__ == "__main__":
    sys.exit(main())
