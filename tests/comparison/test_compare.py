"""What a comparison says, from reports made by hand."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance._paths import SCHEMAS
from conformance.comparison import FORMS, Column, Comparison, Difference, Source, column, compare, named
from conformance.comparison.reading import NotAReport, report_in
from conformance.comparison.words import ABSENT, MOST_CASES
from conformance.reporting import json_file

SCHEMA: dict[str, Any] = json.loads((SCHEMAS / "json" / "comparison.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
PLACE = {"exchange": 1, "pointer": "", "event": None, "byte": None, "header": "", "curl": None}
HOSTILE = "<script>alert(1)</script>\x1b[2J‮ | `x` [a](http://e/) ##[group]"


def requirement(name: str, verdict: str, *cases: str, scored: bool = True, level: str = "MUST") -> dict[str, Any]:
    """One requirement of a report; each case is violated."""
    rows = [
        {"case": case, "level": "MUST", "expected": f"e {case}", "seen": f"s {case}", "exchanges_total": 1,
         "exchanges": [PLACE]}
        for case in cases
    ]  # fmt: skip
    return {
        "id": name, "area": name.partition("-")[0], "level": level, "statement": f"{name} is kept.",
        "basis": "documented", "source": "here", "verdict": verdict, "scored": scored,
        "reason": "nothing to see" if verdict == "inconclusive" else "", "observations": 1,
        "cases": {"judged": 1, "declared": 1}, "violations": rows, "violations_total": len(rows), "notes": [],
        "notes_total": 0,
    }  # fmt: skip


def report(*rows: Mapping[str, Any], generated: bool = False, **changes: Any) -> dict[str, Any]:
    """A report of these requirements."""
    items = [
        {"key": f"{row['id']} {each['case']}".strip(), "verdict": row["verdict"], "reason": "", "scored": True,
         "generated": generated}
        for row in rows
        for each in row["violations"]
    ]  # fmt: skip
    verdicts = ("passed", "failed", "warned", "inconclusive", "not-applicable", "not-run")
    tier = {"name": "core", "title": "core", "state": "violated", "violated": ["A-1"], "open": [], "unseen": []}
    return {
        "version": 1, "harness": {"name": "messages-conformance", "version": "0.1.0"},
        "target": {"url": "https://api.example.com/v1/messages", "embedded": False, "authenticated": True},
        "profile": "myrouter", "api_version": "2023-06-01", "model": "m", "capabilities": [], "taken_away": [],
        "catalogue": 1,
        "verdict": {"sentence": "does not conform", "level": "must", "exit_code": 1, "exit": "violation"},
        "tiers": [tier, {**tier, "state": "open", "violated": [], "open": ["A-2"], "title": "streaming"}],
        "coverage": {"everything": True, "finished": True, "covered": 1, "requirements": len(rows)},
        "counts": dict.fromkeys(verdicts, 0), "requirements": list(rows), "items": items,
        "requests": {"total": 1, "generated": 0, "generated_order": []}, "output_tokens": 0, "seeds": {},
        "options": {}, "timing": {"started": "2026-03-04T05:06:07+00:00", "ended": None}, **changes,
    }  # fmt: skip


def compared(*reports: Mapping[str, Any]) -> Comparison:
    """The comparison of these reports, the first of them graded from its journal; read as they are from files."""
    read = [report_in(json_file(each)) or {} for each in reports]
    sources = (Source.JOURNAL, *[Source.REPORT] * (len(read) - 1))
    return compare(named([column(each, source) for each, source in zip(read, sources, strict=True)]))


def sides(left: Mapping[str, Any] | None, right: Mapping[str, Any] | None) -> Difference:
    """In what two runs differ about one requirement."""
    found = compared(*(report(*([row] if row else [])) for row in (left, right)))
    return found.rows[0].difference


@pytest.mark.parametrize(
    ("left", "right", "difference"),
    [
        (requirement("A-1", "failed", "x"), requirement("A-1", "passed"), Difference.VIOLATION),
        (requirement("A-1", "warned", "x"), requirement("A-1", "not-run"), Difference.VIOLATION),
        (requirement("A-1", "failed", "x"), requirement("A-1", "failed", "y"), Difference.CASES),
        (requirement("A-1", "failed", "x"), requirement("A-1", "warned", "x"), Difference.VERDICT),
        (requirement("A-1", "passed"), requirement("A-1", "inconclusive"), Difference.VERDICT),
        (requirement("A-1", "passed"), requirement("A-1", "passed", scored=False), Difference.VERDICT),
        (requirement("A-1", "passed"), requirement("A-1", "passed", level="SHOULD"), Difference.VERDICT),
        (requirement("A-1", "passed"), None, Difference.CATALOGUE),
        (requirement("A-1", "failed", "x"), None, Difference.CATALOGUE),
        (requirement("A-1", "failed", "x"), requirement("A-1", "failed", "x"), Difference.NONE),
    ],
    ids=[
        "failed-passed",
        "warned-not-run",
        "cases",
        "failed-warned",
        "passed-inconclusive",
        "scored",
        "level",
        "absent",
        "violated-absent",
        "same",
    ],
)
def test_in_what_two_runs_differ(
    left: Mapping[str, Any], right: Mapping[str, Any] | None, difference: Difference
) -> None:
    assert sides(left, right) is difference
    if right is not None:
        assert sides(right, left) is difference


def test_differences_come_first_the_gravest_of_them_at_the_top() -> None:
    old = [requirement("A-1", "passed"), requirement("A-2", "passed"), requirement("A-3", "failed", "x")]
    new = [requirement("A-1", "passed"), requirement("A-2", "inconclusive"), requirement("A-3", "failed", "y")]
    found = compared(report(*old, requirement("A-4", "passed")), report(*new, requirement("A-4", "failed", "z")))
    assert [row.id for row in found.rows] == ["A-4", "A-3", "A-2", "A-1"]
    assert [row.id for row in found.differing] == ["A-4", "A-3", "A-2"] and [row.id for row in found.agreed] == ["A-1"]
    assert found.sentence == "2 runs differ about 3 of 4 requirements"
    same = compared(report(*old), report(*old), report(*old))
    assert same.sentence == "3 runs agree about all 3 requirements" and same.differing == ()


def test_generated_cases_are_known_by_their_constraint_whatever_was_drawn() -> None:
    drawn = ["live conversation /max_tokens type number 2", "live /max_tokens type string"]
    first, second = (report(requirement("A-1", "failed", case), generated=True) for case in drawn)
    found = compared(first, second)
    assert found.rows[0].difference is Difference.NONE
    (cell, _) = found.rows[0].cells
    assert cell and [case.key for case in cell.cases] == ["A-1 /max_tokens type"]


def test_no_violated_case_is_lost_where_a_report_lists_a_part_of_the_violations() -> None:
    full = report(requirement("A-1", "failed", "x", "y", ""))
    full["requirements"][0]["violations"] = full["requirements"][0]["violations"][:1]
    (cell,) = column(full, Source.REPORT).cells.values()
    assert [(case.key, case.seen) for case in cell.cases] == [("A-1 x", "s x"), ("A-1 y", ""), ("A-1", "")]
    assert [case.short for case in cell.cases] == ["x", "y", "seen in traffic"]


def test_what_a_catalogue_lacks_is_no_pass_in_any_form() -> None:
    found = compared(report(requirement("A-1", "passed"), catalogue=2), report(catalogue=1, profile="anthropic"))
    told = [text for text in found.remarks if text.startswith("different ")]
    assert "different catalogue versions (api.example.com 2026-03-04 05:06: 2," in told[0] and "no pass" in told[0]
    assert told[1].startswith("different profiles (")
    values = json.loads(FORMS["json"](found))
    assert values["requirements"][0]["cells"][1] is None and values["differences"]["catalogue"] == 1
    assert [run["catalogue"] for run in values["runs"]] == [2, 1]
    for form in ("md", "html"):
        assert ABSENT in FORMS[form](found).decode() and "version 2" in FORMS[form](found).decode()


def test_what_limits_a_comparison_is_said() -> None:
    part = report(coverage={"everything": False, "finished": False, "covered": 0, "requirements": 0})
    told = "\n".join(compared(report(), part).remarks)
    assert "breaks off" in told and "a part only" in told and "grade the journals for the same rules" in told
    others = [report(harness={"name": "messages-conformance", "version": text}) for text in ("1", "2")]
    assert any("of the harness that wrote them" in text for text in compare(_reports(*others)).remarks)
    assert compare(_reports(report(), report())).remarks == ()


def _reports(*found: Mapping[str, Any]) -> tuple[Column, ...]:
    return named([column(each, Source.REPORT) for each in found])


def test_runs_have_names_that_differ() -> None:
    target = {"url": "x", "embedded": True, "authenticated": True}
    odd = {"url": "http://[", "embedded": False, "authenticated": True}
    nowhere = {"url": "by mail", "embedded": False, "authenticated": True}
    undated = {"started": None, "ended": None}
    reports = [report(), report(), report(), report(target=target), report(target=odd), report(target=nowhere)]
    names = [each.name for each in _reports(*reports, report(timing=undated))]
    stem, when = "api.example.com 2026-03-04 05:06", "2026-03-04 05:06"
    assert names[:3] == [stem, f"{stem} (2)", f"{stem} (3)"]
    assert names[3:] == [f"embedded {when}", f"http://[ {when}", f"by mail {when}", "api.example.com"]
    assert column(report(), Source.REPORT, "staging").name == "staging"


def test_the_schema_is_a_schema_and_holds_every_comparison() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    rows = [requirement("A-1", "failed", "x", ""), requirement("A-2", "inconclusive"), requirement("A-3", "not-run")]
    found = compared(report(*rows), report(rows[1], tiers=[]), report(timing={"started": None, "ended": None}))
    values = json.loads(FORMS["json"](found))
    VALIDATOR.validate(values)
    assert sum(values["differences"].values()) == 3 == len(values["requirements"])
    for name in SCHEMA["required"]:
        assert not VALIDATOR.is_valid({key: value for key, value in values.items() if key != name})
    assert not VALIDATOR.is_valid({**values, "more": 1})


@pytest.mark.parametrize("form", ["md", "html"])
def test_sentence_tiers_and_cases_of_each_run_are_shown(form: str) -> None:
    many = [f"case{number:02}" for number in range(MOST_CASES + 2)]
    text = FORMS[form](compared(report(requirement("A-1", "failed", *many)), report(requirement("A-1", "passed"))))
    shown = text.decode().replace("\\", "")
    assert "does not conform" in shown and "core" in shown and "its report, taken as it says" in shown
    assert "case07" in shown and "case08" not in shown and "and 2 more" in shown
    assert "its journal, graded with the rules of this version" in shown
    assert "Nothing differs" not in shown


def hostile() -> Comparison:
    """Every text that a target or a foreign report can choose is hostile."""
    row = requirement("A-1", "failed", HOSTILE)
    row |= {"statement": HOSTILE, "area": HOSTILE, "reason": HOSTILE, "source": HOSTILE}
    bad = report(
        row, model=HOSTILE, api_version=HOSTILE, profile=HOSTILE, timing={"started": HOSTILE, "ended": None},
        harness={"name": "messages-conformance", "version": HOSTILE},
        target={"url": f"http://{HOSTILE}/", "embedded": False, "authenticated": True},
        verdict={"sentence": HOSTILE, "level": "must", "exit_code": 1, "exit": "violation"},
    )  # fmt: skip
    bad["tiers"][0]["title"] = HOSTILE
    return compared(bad, report(requirement("A-1", "passed")))


def test_nothing_a_report_says_acts_on_the_page() -> None:
    html = FORMS["html"](hostile()).decode()
    assert "<script" not in html and "&lt;script&gt;alert(1)" in html
    assert not re.search("[\x1b‮]", html) and not re.search(r"\bon\w+=|(?:src|href)=\"(?!#)|url\(", html)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy and "default-src 'none'; style-src 'sha256-" in policy[1] and "script-src 'none'" in policy[1]
    assert 'name="viewport"' in html and "prefers-color-scheme: dark" in html


def test_nothing_a_report_says_acts_in_markdown_or_json() -> None:
    text = FORMS["md"](hostile()).decode()
    assert "<script" not in text and not re.search("[\x1b‮]|(?<!\\\\)\\[a|##\\[", text)
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {4}
    values = json.loads(FORMS["json"](hostile()))
    VALIDATOR.validate(values)
    assert FORMS["json"](hostile()).isascii()


def test_where_nothing_differs_the_page_says_so() -> None:
    html = FORMS["html"](compared(report(requirement("A-1", "passed")), report(requirement("A-1", "passed")))).decode()
    assert "Nothing differs." in html and "<article" not in html and "1 requirements on which all agree" in html


def test_the_same_columns_give_the_same_bytes() -> None:
    first, second = (compared(report(requirement("A-1", "failed", "y", "x")), report()) for _ in range(2))
    assert [made(first) for made in FORMS.values()] == [made(second) for made in FORMS.values()]
    assert replace(first, remarks=()) != first


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b'{"record": "header"}', b"[" * 100_000])
def test_what_is_no_report_is_left_to_others(data: bytes) -> None:
    assert report_in(data) is None


@pytest.mark.parametrize("change", [{"version": 2}, {"more": 1}, {"verdict": {}}, {"requirements": [{}]}])
def test_a_report_that_does_not_fit_is_refused(change: Mapping[str, Any]) -> None:
    with pytest.raises(NotAReport, match="is no report of this version"):
        report_in(json_file(report(**change)))


def test_a_report_nested_too_deeply_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(400):
        deep = [deep]
    with pytest.raises(NotAReport, match="does not fit"):
        report_in(json_file(report(capabilities=[deep, [deep]])))


def test_a_case_of_which_nothing_more_is_told_is_named() -> None:
    bare = report(requirement("A-1", "failed", "x", "y"))
    bare["requirements"][0]["violations"] = []
    html = FORMS["html"](compared(bare, report(requirement("A-1", "passed")))).decode()
    assert "<li>x</li><li>y</li>" in html
