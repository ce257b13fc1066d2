"""The published sample reports fit their schemas, can be graded, and say nothing of where they were made."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance._paths import SCHEMAS
from conformance.cli import main
from conformance.comparison.reading import report_in
from conformance.evidence.follow import read_run

SAMPLES = Path(__file__).resolve().parents[2] / "reports" / "samples"
RUNS = ("reference", "faulty", "litellm")


@pytest.mark.parametrize("name", RUNS)
def test_a_sample_is_a_whole_run_with_its_report(name: str) -> None:
    follower = read_run(SAMPLES / name / "journal.jsonl")
    report = report_in((SAMPLES / name / "report.json").read_bytes())
    assert follower.footer and report and report["coverage"]["finished"] and report["coverage"]["everything"]
    assert report["verdict"]["exit_code"] == (0 if name == "reference" else 1)
    assert (SAMPLES / name / "report.html").is_file()


def test_the_published_comparison_fits_its_schema() -> None:
    schema = json.loads((SCHEMAS / "json" / "comparison.json").read_text(encoding="utf-8"))
    found = json.loads((SAMPLES / "comparison.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(found)
    assert len(found["runs"]) == len(RUNS) and found["differences"]["violation"] > 0


def test_samples_can_be_compared_with_the_rules_of_today() -> None:
    done = CliRunner().invoke(main, ["compare", *(str(SAMPLES / name) for name in RUNS[:2]), "--format", "json"])
    assert done.exit_code == 0
    rows = {row["id"]: row["difference"] for row in json.loads(done.output)["requirements"]}
    assert {rows[name] for name in ("RESP-003", "RESP-002", "STRM-023", "REQ-021", "HDR-012")} == {"violation"}


@pytest.mark.parametrize("path", sorted(path for path in SAMPLES.rglob("*") if path.is_file()),
                         ids=lambda path: path.relative_to(SAMPLES).as_posix())  # fmt: skip
def test_no_sample_holds_a_key_or_a_place_of_this_machine(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    assert not re.search(r"sk-lab-|(?<![\w.])/(?:work|tmp|home|root)/|site-packages", text)
