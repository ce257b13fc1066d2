"""The published findings: every violation has a note, and nothing says where they were made."""

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "reports" / "lab"
PLACES = re.compile(r"sk-lab-|(?<![\w.])/(?:work|tmp|home|root)/|site-packages")


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "lab"))
    yield importlib.import_module("findings")
    for name in ("findings", "_servers", "_lab", "_readme"):
        sys.modules.pop(name, None)


def violation(expected: str, seen: str) -> dict[str, Any]:
    return {"expected": expected, "seen": seen}


def test_a_note_covers_what_it_names_and_nothing_else(findings: ModuleType) -> None:
    rows = ({"id": "REQ-0*|TOOL-*", "seen": "status 200*", "note": "Served."},)
    notes = findings.Notes("", "", {"AUTH-002": "Own.\n"}, rows)
    served, failed = violation("a client error", "status 200"), violation("a client error", "status 500")
    assert notes.of("REQ-003", [served, served]) == "Served."
    assert notes.of("REQ-003", [served, failed]) is None
    assert notes.of("ERR-001", [served]) is None
    assert notes.of("AUTH-002", [failed]) == "Own."


def test_places_of_the_machine_are_replaced(findings: ModuleType) -> None:
    said = f"at {findings.LAB}/x/cli.js in {ROOT}/y, /tmp/lab-abc_1/config, /usr/v/lib/python3.11/json host=there:80 "
    assert findings.clean(said) == "at lab/x/cli.js in ./y, lab-home/config, lib/python3/json host=lab:80 "


def test_a_violation_without_a_note_is_named_and_nothing_is_written(
    findings: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = findings.load("ant2oai")
    entry = {"id": "ZZZ-001", "verdict": "failed", "violations": [violation("this", "that") | {"exchanges": []}]}
    folder = tmp_path / f"{server.name}-{server.ways[0].name}"
    folder.mkdir()
    (folder / "report.json").write_text(json.dumps({"requirements": [entry]}), encoding="utf-8")
    (folder / "journal.jsonl").write_text("", encoding="utf-8")
    monkeypatch.setattr(findings, "TARGET", tmp_path / "published")
    assert findings.publish(server, tmp_path) == ["ant2oai ZZZ-001: this => that"]
    assert not (tmp_path / "published").exists()


@pytest.mark.parametrize("page", sorted(PUBLISHED.glob("*/findings.md")), ids=lambda path: path.parent.name)
def test_every_published_violation_has_a_note_today(findings: ModuleType, page: Path) -> None:
    server = findings.load(page.parent.name)
    notes = findings.notes_of(server)
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(page.parent.glob("*.json"))]
    broken = [row for report in reports for row in report["requirements"] if row["verdict"] in findings.BROKEN]
    assert broken and all(notes.of(row["id"], row["violations"]) for row in broken)


@pytest.mark.parametrize(
    "path", sorted(PUBLISHED.rglob("*.*")), ids=lambda path: path.relative_to(PUBLISHED).as_posix()
)
def test_nothing_published_names_a_key_or_a_place(path: Path) -> None:
    assert not PLACES.search(path.read_text(encoding="utf-8"))
