"""`conformance history`, and the file that runs are added to."""

import json
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance.cli import main
from conformance.contract.documents import json_schema
from conformance.gate.history_page import history_page
from conformance.gate.nights import NOTHING, Night, percentiles, series
from conformance.gate.store import HistoryError, read_history, record
from conformance.proof.runs import judged
from conformance.reporting import Facts
from conformance.settings.resolve import UsageError
from conformance.verdicts import Exit, Graded

ONLY = ("RESP-003", "REQ-021")


def _history(*words: object) -> Result:
    return CliRunner().invoke(main, ["history", *map(str, words)])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of one target: two faults, one of them, and none of that and another."""
    folder = tmp_path_factory.mktemp("history")
    file = folder / "deep" / "history.sqlite"
    nights = (
        ("role-foreign", "unchecked-max-tokens-present"), ("role-foreign",), ("unchecked-max-tokens-present",),
    )  # fmt: skip
    for number, faults in enumerate(nights):
        closing = judged("myrouter", folder / str(number), *faults, only=ONLY, level="must")
        facts = replace(closing.facts, target="http://h/v1/messages", started=f"2026-03-0{number + 1}T01:00:00+00:00")
        record(file, closing.graded, facts)
    return file


def test_what_changed_and_since_when(kept: Path) -> None:
    (found,) = series(read_history(kept))
    assert [one.key for one in found.new] == ["REQ-021 absent"]
    assert {one.key for one in found.gone} == {"RESP-003", "STRM-003"}
    assert [(one.kept.key, one.since[:10]) for one in found.present] == [("REQ-021 absent", "2026-03-03")]
    (earlier,) = series(read_history(kept)[:2])
    assert {one.kept.key: one.since[:10] for one in earlier.present}["RESP-003"] == "2026-03-01"
    assert [night.exit for night in found.nights] == [1, 1, 1]
    assert all(value and value > 0 for value in (*found.last.first_byte, *found.last.whole))


def test_text_json_and_page_tell_the_same(kept: Path, tmp_path: Path) -> None:
    text = _history(kept).output
    assert "  new   REQ-021 absent: expected" in text and "  gone  RESP-003\n" in text
    assert "  since 2026-03-03T01:00:00+00:00  REQ-021 absent (MUST)" in text and "(before: p50 " in text
    (found,) = json.loads(_history(kept, "--format", "json").output)["series"]
    assert found["new"] == ["REQ-021 absent"] and len(found["runs"]) == 3
    page = tmp_path / "page.html"
    assert _history(kept, "--format", "html", "--out", page).output == f"wrote {page}\n"
    html = page.read_text()
    assert html.count("<svg ") == 2 and '<td class="new">new</td><td>REQ-021 absent</td>' in html
    assert "default-src 'none'" in html and not re.search(r"<script|https?://(?!h/)|\bon\w+=", html)


def test_the_json_fits_its_schema(kept: Path, tmp_path: Path) -> None:
    validator = Draft202012Validator(json_schema("history"))
    found = json.loads(_history(kept, "--format", "json").output)
    assert not list(validator.iter_errors(found)) and found["series"][0]["runs"][0]["violations"]
    record(tmp_path / "one", *_one(tmp_path))
    alone = json.loads(_history(tmp_path / "one", "--format", "json").output)
    assert not list(validator.iter_errors(alone)) and alone["series"][0]["new"] is None
    del found["series"][0]["runs"][0]["first_byte"]["p90"]
    assert not validator.is_valid(found)


def _one(folder: Path) -> tuple[Graded, Facts]:
    closing = judged("myrouter", folder / "run", only=ONLY, reports=False)
    return closing.graded, closing.facts


def test_targets_are_chosen_by_a_pattern(kept: Path) -> None:
    assert _history(kept, "--target", "http://h/*").exit_code == 0
    result = _history(kept, "--target", "http://other/*")
    assert result.exit_code == 4 and "holds no run of a target that matches" in result.output


def _night(**changes: object) -> Night:
    plain = Night(
        "2026-01-01T00:00:00+00:00", "", "http://h", "myrouter", "m", 1, "0.1.0", "must", "conforms", 0, 1, 0, 1
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_page_shows_what_a_target_sent_and_runs_none_of_it() -> None:
    html = history_page(series([_night(target="<script>\x1b", verdict="<b>"), _night(target="<script>\x1b")]))
    assert "<script>" not in html and "&lt;script&gt;\\x1b" in html and "\x1b" not in html
    assert "Nothing changed." in html and "nothing was served" in html


def test_percentiles_are_values_that_occurred() -> None:
    assert percentiles([]) == NOTHING
    assert percentiles([0.5]) == (0.5, 0.5, 0.5)
    assert percentiles(number / 100 for number in range(1, 101)) == (0.5, 0.9, 0.99)


def _wrong(folder: Path) -> dict[str, Path]:
    text, foreign, cut = folder / "text", folder / "foreign", folder / "cut"
    text.write_text("not a database, but long enough to be read as one" * 50)
    with sqlite3.connect(foreign) as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()
    cut.write_bytes(b"SQLite format 3\0" + bytes(range(200)))
    return {"text": text, "foreign": foreign, "cut": cut, "folder": folder}


@pytest.mark.parametrize("name", ["text", "foreign", "cut", "folder"])
def test_what_is_no_history_is_refused_before_the_first_request_and_kept(name: str, tmp_path: Path) -> None:
    path = _wrong(tmp_path)[name]
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(UsageError) as caught:
        judged("myrouter", tmp_path / "run", only=ONLY, history=path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()
    result = _history(path)
    assert result.exit_code == 4 and str(path) in result.output
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_newer_history_and_a_missing_one_are_refused(kept: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    newer.write_bytes(kept.read_bytes())
    database = sqlite3.connect(newer)
    database.execute("PRAGMA user_version = 2")
    database.close()
    with pytest.raises(HistoryError, match="is a history of version 2"):
        read_history(newer)
    assert "there is no history at" in _history(tmp_path / "none").output
    assert not (tmp_path / "none").exists()
    assert _history(kept, "--out", tmp_path).exit_code == 4


def test_a_run_is_added_and_what_it_did_not_observe_stays(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    closing = judged("myrouter", tmp_path / "one", "role-foreign", only=ONLY, level="must", history=file)
    assert closing.code is Exit.VIOLATION
    (night,) = read_history(file)
    assert night.verdict in closing.text and night.exit == 1 and night.requests == len(closing.graded.run.records)
    nothing = replace(closing.graded, judgements={}, items=())
    record(file, nothing, closing.facts)
    found = series(read_history(file))[0]
    assert not found.gone and not found.new and {one.kept.state.value for one in found.present} == {"unseen"}
    assert "not observed in the last run" in _history(file).output


def test_a_history_that_breaks_during_the_run_is_an_error_of_the_harness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*words: object) -> None:
        raise HistoryError("the disk is full")

    monkeypatch.setattr("conformance.session.closing.record", fails)
    closing = judged("myrouter", tmp_path / "one", only=ONLY, level="must", history=tmp_path / "h")
    assert closing.code is Exit.HARNESS_ERROR and closing.text.startswith("the disk is full\n")
