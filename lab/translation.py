"""What gateways make of the habits of a model server: ``python lab/translation.py [SERVER ...] [--out DIR]``.

Each server of the lab that translates to chat completions is run with the requirements about answers, once with a plain
upstream and once with each fault of `lab/upstream_faults.py`. Two things are told of each pair: which requirements are
violated that are not with the plain upstream, and how the streams end. A stream that the upstream cut off, and of which
the client is told that it ends well, is a silent loss: no rule about the answer alone can see it.

Writes `translation.json` and `translation.md` under `reports/lab`; behind the table stands `lab/translation-notes.md`,
what a person read in the streams. Start it with the Python that holds the harness.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _servers import Server, Way, load, names
from upstream_faults import FAILURES, FAULTS

from conformance.evidence.follow import read_run
from conformance.wire.reading import Reading

LAB = Path(__file__).resolve().parent
ROOT = LAB.parent
ABOUT = ("STRM-*", "SSE-00*", "EQV-001", "EQV-004", "USG-0*", "SEM-004", "RESP-01*")  #: what an answer may get wrong
OPTIONS = ("--fuzz", "0", *(word for glob in ABOUT for word in ("--requirement", glob)))
BROKEN = {"failed", "warned"}
PLAIN = "none"
WELL = "ends with "  #: and the reason to stop


def gateways(chosen: list[str]) -> list[tuple[Server, Way]]:
    """The ways that translate to chat completions."""
    servers = map(load, chosen or names())
    return [(server, way) for server in servers for way in server.ways if way.upstream == "chat"]


def run(server: Server, way: Way, fault: str, out: Path, keep: bool = False) -> Path:
    """Run the harness once, unless its run is there already or nothing is to be run; the folder of the run."""
    chosen = [] if fault == PLAIN else ["--fault", fault]
    folder = out / f"{server.name}-{way.name}{'' if fault == PLAIN else '+' + fault}"
    if not keep and not (folder / "report.json").is_file():
        words = [server.name, "--way", way.name, *chosen, "--out", str(out), *OPTIONS]
        subprocess.run([sys.executable, str(LAB / "run.py"), *words], stdout=subprocess.DEVNULL, check=False)
    return folder


def ending(reading: Reading) -> str:
    """How a client sees a stream end: an error, no end, an end without a reason, or with the reason that it is told."""
    if reading.error is not None:
        return "error"
    if not any(event.type == "message_stop" for event in reading.events):
        return "no end"
    reason = (reading.accumulated or {}).get("stop_reason")
    return f"{WELL}{reason}" if reason else "no reason"


def endings(folder: Path) -> Counter[str]:
    """How the accepted streams of a run end."""
    records = read_run(folder / "journal.jsonl").records
    readings = (Reading(record.exchange) for record in records if record.exchange.status == 200)
    return Counter(ending(reading) for reading in readings if reading.is_stream)


def violated(folder: Path) -> set[str]:
    """The requirements that a run shows to be violated."""
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {entry["id"] for entry in report["requirements"] if entry["verdict"] in BROKEN}


def told(folder: Path, plain: set[str]) -> dict[str, Any]:
    """What a run with a fault comes to beside the plain one; empty where it could not be made."""
    if not (folder / "report.json").is_file():
        return {}
    return {"more": sorted(violated(folder) - plain), "endings": dict(sorted(endings(folder).items()))}


def measured(pairs: list[tuple[Server, Way]], out: Path, keep: bool) -> dict[str, dict[str, Any]]:
    """By gateway and fault what was seen."""
    found: dict[str, dict[str, Any]] = {}
    for server, way in pairs:
        base = run(server, way, PLAIN, out, keep)
        if not (base / "report.json").is_file():
            continue
        plain = violated(base)
        found[f"{server.title} {server.version}"] = {
            fault: told(run(server, way, fault, out, keep), plain) for fault in (PLAIN, *FAULTS)
        }
    return found


def cell(fault: str, seen: dict[str, Any]) -> str:
    """One cell of the table."""
    if not seen:
        return "not run"
    ends = seen["endings"]
    well = sum(number for how, number in ends.items() if how.startswith(WELL))
    more = ", ".join(seen["more"]) or "nothing more"
    if fault not in FAILURES:
        return more
    lost = f"**{well} of {sum(ends.values())} streams end well**" if well else "no stream ends well"
    return f"{lost}; {more}"


def page(found: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The page, line by line."""
    yield "# What gateways make of the habits of a model server\n"
    yield (__doc__ or "").split("\n\n")[1].replace("\n", " ") + "\n"
    yield "Made by `python lab/translation.py`. The first three rows are failures of the upstream; the rest are"
    yield "habits that servers of this kind have. A cell names the requirements that are violated beyond those of a"
    yield "plain upstream.\n"
    yield f"| upstream | {' | '.join(found)} |"
    yield f"|---|{'---|' * len(found)}"
    for fault in sorted(FAULTS, key=lambda name: (name not in FAILURES, name)):
        doc = (FAULTS[fault].__doc__ or "").splitlines()[0]
        yield f"| `{fault}`: {doc} | {' | '.join(cell(fault, seen.get(fault, {})) for seen in found.values())} |"


def main() -> None:
    """Run what is missing and write the two files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", nargs="*", help="gateways of the lab; all that translate without a name")
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "lab-runs" / "translation", help="the runs")
    parser.add_argument("--keep", action="store_true", help="run nothing, tell of the runs that are there")
    given = parser.parse_args()
    found = measured(gateways(given.server), given.out.resolve(), given.keep)
    target = ROOT / "reports" / "lab"
    (target / "translation.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    read = (LAB / "translation-notes.md").read_text(encoding="utf-8")
    (target / "translation.md").write_text("\n".join(page(found)) + "\n" + read, encoding="utf-8")


if __name__ == "__main__":
    main()
