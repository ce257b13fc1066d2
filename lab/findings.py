"""A page of findings from lab runs: ``python lab/findings.py NAME OUT NOTES PAGE EVIDENCE``.

OUT holds one folder for each configuration with `report.json` and `journal.jsonl`; NOTES says of each requirement what
a person found when checking the violation against the contract. Every violated requirement needs a note: the page is
refused without one, so that no finding is published unread. The cited exchanges go to EVIDENCE as journal lines.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BROKEN = {"failed", "warned"}
SHORT = 1500  #: characters of a journal line on the page; the whole line is among the evidence


@dataclass(frozen=True, slots=True)
class Lab:
    """One configuration: its report, and the lines of its journal by exchange."""

    name: str
    report: Mapping[str, Any]
    lines: Mapping[int, str]


def read(folder: Path) -> Lab:
    """A run folder as a lab."""
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    rows = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    parsed = ((json.loads(row), row) for row in rows)
    return Lab(folder.name, report, {line["seq"]: row for line, row in parsed if line["record"] == "exchange"})


def broken(lab: Lab) -> dict[str, Mapping[str, Any]]:
    """The violated requirements of a lab, by id."""
    return {entry["id"]: entry for entry in lab.report["requirements"] if entry["verdict"] in BROKEN}


def page(title: str, labs: list[Lab], notes: Mapping[str, Any]) -> Iterator[str]:
    """The page, line by line."""
    yield f"# Findings: {title}\n"
    yield notes["about"].strip() + "\n"
    yield "| configuration | requests | generated | verdict | MUST violated | SHOULD violated |"
    yield "|---|---|---|---|---|---|"
    yield from (_row(lab) for lab in labs)
    found = {identifier: entry for lab in labs for identifier, entry in broken(lab).items()}
    yield f"\n{len(found)} requirements are violated in at least one configuration. Each was read against its clause.\n"
    for identifier in sorted(found):
        yield from _finding(found[identifier], labs, notes["findings"][identifier])


def _row(lab: Lab) -> str:
    levels = [entry["level"] for entry in broken(lab).values()]
    requests = lab.report["requests"]
    return (
        f"| {lab.name} | {requests['total']} | {requests['generated']} | {lab.report['verdict']['sentence']} "
        f"| {levels.count('MUST')} | {levels.count('SHOULD')} |"
    )


def _finding(entry: Mapping[str, Any], labs: list[Lab], note: str) -> Iterator[str]:
    showing = [lab for lab in labs if entry["id"] in broken(lab)]
    yield f"## {entry['id']} ({entry['level']}): {entry['statement']}\n"
    yield f"Source: {entry['source']}. Shown by: {', '.join(lab.name for lab in showing)}.\n"
    yield note.strip() + "\n"
    lab = showing[0]
    violation = _clearest(broken(lab)[entry["id"]]["violations"])
    yield f"Expected: {violation['expected']}. Seen: {violation['seen']}.\n"
    for cited in violation["exchanges"][:1]:
        line = lab.lines[cited["exchange"]]
        yield f"```sh\n{cited['curl']}\n```\n"
        yield f"<details><summary>Exchange {cited['exchange']} of {lab.name}</summary>\n"
        yield f"```json\n{line if len(line) <= SHORT else line[:SHORT] + '…'}\n```\n\n</details>\n"


def _clearest(violations: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The first violation whose command holds its body; a file beside a report is nothing to a reader of the page."""
    inline = (row for row in violations if row["exchanges"] and "--data-binary @" not in row["exchanges"][0]["curl"])
    return next(inline, violations[0])


def cited_lines(labs: list[Lab]) -> Iterator[str]:
    """Every exchange that a violation cites, as its journal line with the configuration's name."""
    for lab in labs:
        numbers = {
            cited["exchange"]
            for entry in broken(lab).values()
            for violation in entry["violations"]
            for cited in violation["exchanges"]
        }
        for number in sorted(numbers):
            yield json.dumps({"configuration": lab.name, **json.loads(lab.lines[number])}, separators=(",", ":"))


def main() -> None:
    """Write the page and the evidence."""
    title, out, notes_file, target, evidence = sys.argv[1:]
    labs = [read(folder) for folder in sorted(Path(out).iterdir()) if (folder / "report.json").is_file()]
    notes = yaml.safe_load(Path(notes_file).read_text(encoding="utf-8"))
    missing = sorted({identifier for lab in labs for identifier in broken(lab)} - notes["findings"].keys())
    if missing:
        sys.exit(f"no note in {notes_file} for {', '.join(missing)}: check each against the contract first")
    Path(target).write_text("\n".join(page(title, labs, notes)).rstrip() + "\n", encoding="utf-8")
    Path(evidence).parent.mkdir(parents=True, exist_ok=True)
    Path(evidence).write_text("\n".join(cited_lines(labs)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
