"""Publish what lab runs found: ``python lab/findings.py [SERVER ...] [--runs DIR]``.

The runs are those that `lab/run.py` left. For each server this writes, under `reports/lab/SERVER/`, the report of each
way, a page of findings, and the cited exchanges as journal lines; then the matrix of all servers with
`conformance compare`. What a person found when checking a violation against the contract comes from
`lab/SERVER/notes.yaml`, or, for what is the same with every server, from `lab/notes.yaml`. A violation that neither
knows is named at the end and keeps the page from being written, so that no finding is published unread. Paths of the
machine and of scratch folders, and ports, are replaced. Start it with the Python that holds the harness.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from _readme import readme
from _servers import Server, load, names

LAB = Path(__file__).resolve().parent
ROOT = LAB.parent
TARGET = ROOT / "reports" / "lab"
BROKEN = ("failed", "warned")
SHORT = 900  #: characters of a journal line on the page; the whole line is among the evidence


@dataclass(frozen=True, slots=True)
class Run:
    """One way of a server: its report, and the lines of its journal by exchange."""

    way: str
    report: Mapping[str, Any]
    lines: Mapping[int, str]

    @property
    def broken(self) -> dict[str, Mapping[str, Any]]:
        """The violated requirements, by id."""
        return {entry["id"]: entry for entry in self.report["requirements"] if entry["verdict"] in BROKEN}


@dataclass(frozen=True, slots=True)
class Notes:
    """What was found by hand: of one server by requirement, and of all by pattern."""

    headline: str
    about: str
    own: Mapping[str, str]
    shared: tuple[Mapping[str, str], ...]

    def of(self, identifier: str, violations: Iterable[Mapping[str, Any]]) -> str | None:
        """The note about a requirement: the server's own, or the shared ones that cover all its violations."""
        if identifier in self.own:
            return self.own[identifier].strip()
        found = [self._shared(identifier, violation) for violation in violations]
        return None if None in found else " ".join(dict.fromkeys(note for note in found if note))

    def _shared(self, identifier: str, violation: Mapping[str, Any]) -> str | None:
        for row in self.shared:
            wanted = zip((identifier, violation["expected"], violation["seen"]),
                         (row["id"], row.get("expected", "*"), row.get("seen", "*")), strict=True)  # fmt: skip
            if all(any(fnmatchcase(text, glob) for glob in globs.split("|")) for text, globs in wanted):
                return row["note"].strip()
        return None


def clean(text: str) -> str:
    """A text without the places of this machine, and with one port for all runs."""
    text = text.replace(str(LAB), "lab").replace(str(ROOT), ".")
    text = re.sub(r"/(?:private/)?tmp/lab-[\w.-]+", "lab-home", text)
    text = re.sub(r"/[\w./-]*/lib/python3\.\d+/", "lib/python3/", text)
    return re.sub(r"host=[\w.-]+(?=:| )", "host=lab", text)


def read(folder: Path, way: str) -> Run:
    """A run folder."""
    rows = clean((folder / "journal.jsonl").read_text(encoding="utf-8")).splitlines()
    parsed = ((json.loads(row), row) for row in rows)
    report = json.loads(clean((folder / "report.json").read_text(encoding="utf-8")))
    return Run(way, report, {line["seq"]: row for line, row in parsed if line["record"] == "exchange"})


def notes_of(server: Server) -> Notes:
    """The notes about a server; those of all servers behind its own."""
    own, shared = LAB / server.name / "notes.yaml", LAB / "notes.yaml"
    told = yaml.safe_load(own.read_text(encoding="utf-8")) if own.is_file() else {}
    headline, about = told.get("headline", "").strip(), told.get("about", "")
    return Notes(headline, about, told.get("findings") or {}, tuple(yaml.safe_load(shared.read_text("utf-8"))))


def page(server: Server, runs: list[Run], notes: Notes) -> Iterator[str]:
    """The page of a server, line by line."""
    yield f"# Findings: {server.title} {server.version}\n"
    yield f"{server.about.strip()} From {'npm' if server.kind == 'node' else 'PyPI'}, `{server.package}`.\n"
    yield from (f"- `{way.name}`: {way.about}" for way in server.ways)
    yield f"\nRepeat with `python lab/run.py {server.name}`, then `python lab/findings.py {server.name}`. For a command"
    yield f"below start it with `python lab/run.py {server.name} --serve`, take the port that it tells in place of that"
    yield "of the run, and its key as `CONFORMANCE_API_KEY`.\n"
    yield notes.about.strip() + "\n"
    yield "| way | requests | verdict | MUST | SHOULD | passed | inconclusive |"
    yield "|---|---|---|---|---|---|---|"
    yield from (_row(run) for run in runs)
    found = {identifier: entry for run in runs for identifier, entry in run.broken.items()}
    yield f"\n{len(found)} requirements are violated in at least one way. Each was read against its clause, with what"
    yield "was sent and seen. The whole exchanges are in [evidence.jsonl](evidence.jsonl).\n"
    own = sorted(notes.own.keys() & found.keys())
    yield f"## Of this server ({len(own)})\n"
    for identifier in own:
        yield from _finding(found[identifier], runs, notes)
    rest = sorted(found.keys() - notes.own.keys())
    yield f"## As with other servers ({len(rest)})\n"
    yield "| requirement | level | shown by | expected | seen | note |"
    yield "|---|---|---|---|---|---|"
    yield from (_short(found[identifier], runs, notes) for identifier in rest)


def _row(run: Run) -> str:
    levels = [entry["level"] for entry in run.broken.values()]
    counted = [entry["verdict"] for entry in run.report["requirements"]]
    return (
        f"| {run.way} | {run.report['requests']['total']} | {run.report['verdict']['sentence']} | "
        f"{levels.count('MUST')} | {levels.count('SHOULD')} | {counted.count('passed')} | "
        f"{counted.count('inconclusive')} |"
    )


def _rows(identifier: str, runs: list[Run]) -> list[Mapping[str, Any]]:
    return [row for run in runs if identifier in run.broken for row in run.broken[identifier]["violations"]]


def _showing(identifier: str, runs: list[Run]) -> list[Run]:
    return [run for run in runs if identifier in run.broken]


def _finding(entry: Mapping[str, Any], runs: list[Run], notes: Notes) -> Iterator[str]:
    showing = _showing(entry["id"], runs)
    yield f"### {entry['id']} ({entry['level']}): {entry['statement']}\n"
    yield f"Source: {entry['source']}. Shown by: {', '.join(run.way for run in showing)}.\n"
    yield (notes.of(entry["id"], _rows(entry["id"], runs)) or "") + "\n"
    violation = _clearest(showing[0].broken[entry["id"]]["violations"])
    yield f"Expected: {violation['expected']}. Seen: {violation['seen']}.\n"
    for cited in violation["exchanges"][:1]:
        line = showing[0].lines[cited["exchange"]]
        yield f"```sh\n{cited['curl']}\n```\n"
        yield f"<details><summary>Exchange {cited['exchange']} of {showing[0].way}</summary>\n"
        yield f"```json\n{line if len(line) <= SHORT else line[:SHORT] + '…'}\n```\n\n</details>\n"


def _short(entry: Mapping[str, Any], runs: list[Run], notes: Notes) -> str:
    rows = _rows(entry["id"], runs)
    cells = [
        entry["statement"], entry["level"], ", ".join(run.way for run in _showing(entry["id"], runs)),
        *("; ".join(dict.fromkeys(row[member] for row in rows)) for member in ("expected", "seen")),
        notes.of(entry["id"], rows) or "",
    ]  # fmt: skip
    shown = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {entry['id']}: " + " | ".join(cell if len(cell) < 400 else cell[:400] + "…" for cell in shown) + " |"


def _clearest(violations: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The first violation whose command holds its body; a file beside a report is nothing to a reader of the page."""
    inline = (row for row in violations if row["exchanges"] and "--data-binary @" not in row["exchanges"][0]["curl"])
    return next(inline, violations[0])


def evidence(runs: list[Run]) -> Iterator[str]:
    """Of each violated requirement the first exchanges it cites, as journal lines with the name of the way."""
    for run in runs:
        cited = {
            row["exchange"]
            for entry in run.broken.values()
            for violation in entry["violations"][:2]
            for row in violation["exchanges"][:2]
        }
        for number in sorted(cited & run.lines.keys()):
            yield json.dumps({"way": run.way, **json.loads(run.lines[number])}, separators=(",", ":"))


def publish(server: Server, folder: Path) -> list[str]:
    """Write what is known of a server; the violations that no note covers, for which nothing is written."""
    ways = [(way.name, folder / f"{server.name}-{way.name}") for way in server.ways]
    runs = [read(path, way) for way, path in ways if (path / "report.json").is_file()]
    notes = notes_of(server)
    missing = {
        f"{server.name} {identifier}: {row['expected']} => {row['seen'][:100]}"
        for identifier in {name for run in runs for name in run.broken}
        for row in _rows(identifier, runs)
        if notes.of(identifier, [row]) is None
    }
    if missing or not runs:
        return sorted(missing)
    target = TARGET / server.name
    target.mkdir(parents=True, exist_ok=True)
    for run in runs:
        text = json.dumps(run.report, ensure_ascii=False, separators=(",", ":"))
        (target / f"{run.way}.json").write_text(text + "\n", encoding="utf-8")
    (target / "findings.md").write_text("\n".join(page(server, runs, notes)).rstrip() + "\n", encoding="utf-8")
    (LAB / server.name / "README.md").write_text("\n".join(readme(server)) + "\n", encoding="utf-8")
    (target / "evidence.jsonl").write_text("\n".join(evidence(runs)) + "\n", encoding="utf-8")
    return []


def index() -> Iterator[str]:
    """The page of all servers, line by line."""
    yield "# What real servers show\n"
    yield "Servers from PyPI and npm, each on loopback and judged under the profile `anthropic`; how they are run is in"
    yield "[lab/](../../lab/README.md). Every violation was read against its clause; each page names what was sent once"
    yield "more by hand. [comparison.md](comparison.md) is the matrix of all ([as a page](comparison.html));"
    yield "[translation.md](translation.md) says what gateways make of the habits of a model server.\n"
    yield "| server | way | MUST violated | SHOULD | passed | inconclusive | in short |"
    yield "|---|---|---|---|---|---|---|"
    for server in map(load, names()):
        for way in server.ways:
            if (TARGET / server.name / f"{way.name}.json").is_file():
                yield _indexed(server, way.name)


def _indexed(server: Server, way: str) -> str:
    report = json.loads((TARGET / server.name / f"{way}.json").read_text(encoding="utf-8"))
    counted = [(entry["verdict"], entry["level"]) for entry in report["requirements"]]
    broken = [level for verdict, level in counted if verdict in BROKEN]
    verdicts = [verdict for verdict, _ in counted]
    cells = [
        f"[{server.title} {server.version}]({server.name}/findings.md)", way, broken.count("MUST"),
        broken.count("SHOULD"), verdicts.count("passed"), verdicts.count("inconclusive"), notes_of(server).headline,
    ]  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def matrix() -> int:
    """Compare all published reports; the exit code of the comparison."""
    found = [(server, way) for server in map(load, names()) for way in server.ways
             if (TARGET / server.name / f"{way.name}.json").is_file()]  # fmt: skip
    reports = [str(TARGET / server.name / f"{way.name}.json") for server, way in found]
    labels = [word for server, way in found for word in ("--label", f"{server.title} ({way.name})")]
    command = [sys.executable, "-m", "conformance", "compare", *reports, *labels, "--out", str(TARGET)]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode


def main() -> int:
    """The command line; 0, or 1 where a violation has no note."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", nargs="*", metavar="SERVER", help="servers of the lab; all without a name")
    parser.add_argument("--runs", type=Path, default=ROOT / "reports" / "lab-runs", help="what lab/run.py wrote")
    given = parser.parse_args()
    missing = [line for name in given.server or names() for line in publish(load(name), given.runs)]
    if missing:
        print("no note about these; check each against the contract first:", *missing, sep="\n", file=sys.stderr)
    (TARGET / "README.md").write_text("\n".join(index()) + "\n", encoding="utf-8")
    return matrix() or int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
