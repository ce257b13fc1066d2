"""Traces of requirements and the page made of them, on a catalogue with all that an entry may say."""

from dataclasses import replace
from types import MappingProxyType

from reporting_runs import graded, result

from conformance.contract import Catalogue, load_catalogue
from conformance.reporting.requirements_page import requirements_page
from conformance.reporting.traceability import Covering, traces, traces_object, traces_table
from conformance.verdicts import Verdict


def _catalogue() -> Catalogue:
    """Three entries: one later than the catalogue, one excluded, one with markup in its statement."""
    whole = load_catalogue()
    entries = {name: whole.requirements[name] for name in ("RESP-001", "RESP-002", "SSE-001")}
    entries["RESP-001"] = replace(entries["RESP-001"], since=2)
    entries["RESP-002"] = replace(entries["RESP-002"], excluded="Nobody *outside* can see it.")
    entries["SSE-001"] = replace(entries["SSE-001"], statement="a|b `<c>|d` <e> *f* [g] stop_reason _h_\n")
    return replace(whole, requirements=MappingProxyType(entries))


CATALOGUE = _catalogue()
TESTED = {
    "SSE-001": Covering(("suites/test_a.py::t[SSE-001-a]", "suites/test_b.py::u[SSE-001]"), ("p|1", "p2", "p3", "p4")),
}
ROWS = traces(
    CATALOGUE,
    CATALOGUE.requirements.values(),
    TESTED,
    {"myrouter": graded([result("SSE-001", Verdict.INCONCLUSIVE, reason="why")])},
)


def test_what_each_trace_says() -> None:
    assert [(row.requirement.id, row.tier, row.scored) for row in ROWS] == [
        ("RESP-001", "core", False),
        ("RESP-002", "core", False),
        ("SSE-001", "streaming", True),
    ]
    assert ROWS[0].tested == Covering()
    rows = traces_object(CATALOGUE, "anthropic", ROWS)["requirements"]
    assert [(row["since"], row["excluded"]) for row in rows] == [
        (2, None),
        (None, "Nobody *outside* can see it."),
        (None, None),
    ]
    assert rows[2]["runs"] == {"myrouter": {"verdict": "inconclusive", "observations": 1, "reason": "why"}}


def test_a_new_requirement_is_in_no_tier() -> None:
    entry = replace(load_catalogue().requirements["RESP-001"], id="RESP-099", since=2)
    catalogue = replace(CATALOGUE, requirements=MappingProxyType({"RESP-099": entry}))
    (row,) = traces(catalogue, [entry], {}, {})
    assert row.tier is None and traces_object(catalogue, "myrouter", [row])["requirements"][0]["tier"] is None
    assert "| none, not scored | none | none |" in requirements_page(catalogue, [row], ["myrouter"])


def test_the_page_shows_text_as_it_is() -> None:
    page = requirements_page(CATALOGUE, ROWS, ["myrouter"]).splitlines()
    assert page[-1] == (
        r"| SSE-001 | a\|b `<c>\|d` \<e\> \*f\* \[g\] stop_reason \_h\_\\n | MUST | streaming "
        r"| `test_a.py::t`<br>`test_b.py::u` | 4: p\|1, p2, p3, … | inconclusive, seen |"
    )
    excluded = next(line for line in page if line.startswith("| RESP-002"))
    assert "| core, not scored | excluded: Nobody \\*outside\\* can see it. | none |" in excluded


def test_the_table_marks_what_is_not_scored() -> None:
    lines = traces_table(ROWS, ["myrouter"]).splitlines()
    assert lines[0].startswith("RESP-001  myrouter MUST    myrouter: passed (1 observed)  not scored  A 200 JSON")
    assert "not scored" not in lines[2]


def test_joining_keeps_order_and_names_each_once() -> None:
    one, two = Covering(("a", "b"), ("p",)), Covering(("b", "c"), ("q", "p"))
    assert one.joined(two) == Covering(("a", "b", "c"), ("p", "q"))
