"""The public reports: each has one fate, names what exists, and stands on the page with what came of it."""

import re
from collections import Counter
from pathlib import Path

import pytest

from conformance._paths import SCHEMAS
from conformance.proof.field_reports import Fate, Report, Row, load_field_reports, page, read
from conformance.reference.faults import FAULTS
from conformance.reference.seams import Fault, Seam
from conformance.reference.variations import VARIATIONS

ONE, TWO, THREE = (Report(f"BUG-00{number}", "owner/name", number) for number in (1, 2, 3))
MADE = (
    Fault("lost", Seam.JSON, "RESP-001", "it is lost"),
    Fault("late", Seam.JSON, "SSE-011", "it is late", profiles=("anthropic",)),
)
RECORD = "{id: BUG-001, repo: owner/name, number: 1}"


def test_every_report_stands_in_one_row() -> None:
    counts = Counter(report.id for row in load_field_reports() for report in row.reports)
    assert len(counts) == 219
    assert set(counts.values()) == {1}
    assert all(re.fullmatch(r"BUG-\d{3}", name) for name in counts)


def test_every_thread_can_be_cited() -> None:
    reports = [report for row in load_field_reports() for report in row.reports]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+#[1-9]\d*", report.thread) for report in reports)


def test_every_name_exists() -> None:
    rows = load_field_reports()
    named = {fate: {name for row in rows if row.fate is fate for name in row.ids} for fate in Fate}
    assert named[Fate.CAUGHT] <= {fault.id for fault in FAULTS}
    assert named[Fate.LEGAL] <= {variation.id for variation in VARIATIONS}
    assert named[Fate.FREE] == named[Fate.UNSEEN] == set()


def test_a_reason_that_frees_names_its_place_in_the_contract() -> None:
    free = [row for row in load_field_reports() if row.fate is Fate.FREE]
    assert free
    assert all(re.search(r"[A-Z]+-\d{3}|section \d", row.reason) for row in free)


def test_rows_of_a_class_differ() -> None:
    rows = [(row.name, row.fate, row.ids, row.reason) for row in load_field_reports()]
    assert len(set(rows)) == len(rows)


def written(folder: Path, text: str) -> tuple[Row, ...]:
    """The rows of a file with this text, where the fault `lost` and the variation `other` exist."""
    file = folder / "reports.yaml"
    file.write_text(text)
    return read(file, ("lost",), ("other",))


def one_row(rest: str, records: str = f"[{RECORD}]", count: int = 1) -> str:
    """A file with one row."""
    return f"records: {count}\nrows:\n  - class: LOSS\n    records: {records}\n    {rest}\n"


@pytest.mark.parametrize(
    ("rest", "row"),
    [
        ("faults: [lost]", Row("LOSS", (ONE,), Fate.CAUGHT, ("lost",))),
        ("variations: [other]", Row("LOSS", (ONE,), Fate.LEGAL, ("other",))),
        ("free: Nobody minds.", Row("LOSS", (ONE,), Fate.FREE, reason="Nobody minds.")),
        ("unseen: Nobody sees.", Row("LOSS", (ONE,), Fate.UNSEEN, reason="Nobody sees.")),
    ],
    ids=list(Fate),
)
def test_a_row_is_read(rest: str, row: Row, tmp_path: Path) -> None:
    assert written(tmp_path, one_row(rest)) == (row,)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (one_row("faults: [found]"), "unknown 'found'"),
        (one_row("variations: [lost]"), "unknown 'lost'"),
        (one_row("faults: []"), "no faults"),
        (one_row("class2: x"), "unknown key 'class2'"),
        (one_row("faults: [lost]\n    free: yes it is"), "exactly one of faults, free, unseen, variations"),
        (one_row(""), "exactly one of"),
        (one_row("free: ''"), "non-empty string"),
        (one_row("faults: [lost]", "[]"), "a list of reports"),
        (one_row("faults: [lost]", "[{id: BUG-001, repo: owner/name, number: 0}]"), "number of a thread"),
        (one_row("faults: [lost]", "[{id: BUG-001, repo: owner/name, number: yes}]"), "number of a thread"),
        (one_row("faults: [lost]", f"[{RECORD}, {RECORD}]"), "BUG-001 2 times"),
        (one_row("faults: [lost]", count=2), "has 1 reports, and should have 2"),
        ("records: 0\nrows: []\nmore: 1\n", "unknown key 'more'"),
    ],
    ids=[
        *("fault", "variation", "no-fault", "key", "two-fates", "no-fate", "no-reason", "no-record", "number-0"),
        *("number-a-word", "twice", "missing", "key-of-file"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as caught:
        written(tmp_path, text)
    assert "\n" not in str(caught.value)


ROWS = (
    Row("LOSS", (ONE,), Fate.CAUGHT, ("lost", "late")),
    Row("LOSS", (TWO,), Fate.FREE, reason="It is free (REQ-001 | REQ-002)."),
    Row("BLIND", (THREE,), Fate.UNSEEN, reason="It is behind the endpoint."),
)


def test_the_page_tells_what_came_of_each_fault() -> None:
    text = page(ROWS, MADE, {"lost": {"myrouter": "killed", "anthropic": "killed"}, "late": {"anthropic": "survived"}})
    states = "killed | `lost` killed, `late` survived"
    assert f"| `LOSS` | owner/name#1 | `lost`, `late` | RESP-001, SSE-011 | {states} |" in text
    assert "| every such fault is told in a run under `myrouter` | 1 |" in text
    assert "| every such fault is told in a run under `anthropic` | 0 |" in text


def test_the_page_counts_and_gives_reasons() -> None:
    text = page(ROWS, MADE, {})
    assert "| **all** | **3** |" in text
    assert "| `LOSS` | owner/name#2 | It is free (REQ-001 &#124; REQ-002). |" in text
    assert "## Unseen (1)" in text and "owner/name#3" in text
    assert "Legal habits" not in text


def test_what_was_not_run_is_said_and_not_counted() -> None:
    text = page(ROWS, MADE, {})
    assert "| RESP-001, SSE-011 | not run | not run |" in text
    assert "under `myrouter` | 0 |" in text


def test_a_fault_without_meaning_under_a_profile_is_not_told_there() -> None:
    rows = (Row("DELAY", (ONE,), Fate.CAUGHT, ("late",)),)
    text = page(rows, MADE, {"late": {"anthropic": "noted"}})
    assert "| SSE-011 | no meaning here | noted |" in text
    assert "under `myrouter` | 0 |" in text and "under `anthropic` | 1 |" in text


def test_the_whole_page_holds_every_report_once_and_is_the_same_again() -> None:
    rows = load_field_reports()
    proved = {fault.id: dict.fromkeys(fault.profiles, "killed") for fault in FAULTS}
    text = page(rows, FAULTS, proved)
    threads = [report.thread for row in rows for report in row.reports]
    assert Counter(re.findall(r"[\w.-]+/[\w.-]+#\d+", text)) >= Counter(threads)
    assert text == page(rows, FAULTS, proved)
    assert all(text.count(f"## {title} (") == 1 for title in ("Caught", "Free", "Unseen", "Legal habits"))


def test_the_file_quotes_nothing() -> None:
    keys = {"class", "records", "id", "repo", "number", "rows", *Fate}
    text = (SCHEMAS / "field-reports.yaml").read_text()
    assert set(re.findall(r"^ *(?:- )?\{?([a-z]+):", text, re.MULTILINE)) <= keys
