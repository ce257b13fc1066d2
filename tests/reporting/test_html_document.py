"""The HTML report as a document: what it says, what it can load and run, how large it gets."""

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from html_runs import SAMPLES, VIOLATED, Element, hostile, of, read, stream
from reporting_runs import FACTS, broken, graded, record, result

from conformance.contract import Level
from conformance.reporting import EMBEDDED, Facts, last_line
from conformance.reporting.facts import Baselined
from conformance.reporting.html import LARGEST, page
from conformance.reporting.html.overview import SIGNS, mood
from conformance.reporting.html.room import Piece, fitted
from conformance.rules.findings import Where, note
from conformance.verdicts import Exit, Graded, Verdict

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def sample() -> Graded:
    return graded(
        [
            result("AUTH-001", Verdict.PASSED),
            result("RESP-003", Verdict.FAILED, broken("RESP-003", "role assistant", "role 'bot'", Where(1, "/type"))),
            result("REQ-023 minus", Verdict.WARNED, broken("REQ-023", "a", "b", Where(3), Level.SHOULD, "minus")),
            result("SSE-001", Verdict.INCONCLUSIVE, reason="nothing to see"),
            result("SSE-002", Verdict.NOT_RUN, reason="not sent"),
            result("TOOL-001 x", Verdict.NOT_APPLICABLE, reason="the target does not claim tools"),
        ],
        [record(1), stream(3)],
        notes={"RESP-002": (note("RESP-002", "a prefix", "id x", Where(1)),)},
    )


def tree(run: Graded | None = None, facts: Facts = VIOLATED) -> Element:
    return read(page(run or sample(), facts))


def article(root: Element, name: str) -> Element:
    (found,) = root.all("article", id=name)
    return found


def told(root: Element) -> dict[str, str]:
    """The described terms below an element."""
    return {row.all("dt")[0].text: row.all("dd")[0].text for row in root.all("div") if row.all("dt")}


def test_the_same_run_gives_the_same_bytes() -> None:
    assert page(sample(), VIOLATED) == page(sample(), VIOLATED)


def test_the_verdict_stands_first_with_what_limits_it() -> None:
    root = tree()
    (heading,) = root.all("h1")
    (box,) = root.all(class_="verdict")
    assert heading.text == "does not conform: 1 MUST and 1 SHOULD violated"
    assert "; ".join((heading.text, box.all("p")[0].text)) == last_line(sample(), VIOLATED)
    assert "failed" in box.attributes["class"]


@pytest.mark.parametrize(
    ("code", "kind"), [(Exit.CONFORMS, "passed"), (Exit.VIOLATION, "failed"), (Exit.UNGRADABLE, "inconclusive")]
)
def test_its_colour_is_that_of_the_exit_code(code: Exit, kind: str) -> None:
    assert mood(replace(FACTS, exit=code)) == kind


def test_the_terms_of_the_run_are_told() -> None:
    rows = told(tree().all("dl", class_="wide")[0])
    assert rows["target"] == FACTS.target
    assert (rows["profile"], rows["model"], rows["level"], rows["harness"]) == ("myrouter", "model-a", "must", "0.1.0")
    assert rows["anthropic-version"] == "2023-06-01"
    assert (rows["began"], rows["ended"]) == (FACTS.started, FACTS.ended)
    assert rows["catalogue"].startswith("version ")
    output = "7 output tokens as far as reported (max_tokens add up to 64)"
    assert rows["cost"] == f"2 requests (0 generated), {output}, 3 input tokens"
    assert not {"taken away", "key", "requests made for"} & set(rows)


def test_an_embedded_endpoint_is_named_as_such() -> None:
    (about,) = tree(facts=replace(VIOLATED, embedded=True)).all("dl", class_="wide")
    assert EMBEDDED in about.text and FACTS.target not in about.text


def test_tiers_name_and_link_what_decides_them() -> None:
    core = tree().all("ul", class_="tiers")[0].all("li")[0]
    assert core.all("span", class_="failed")[0].text == "violated"
    assert [link.attributes["href"] for link in core.all("a")] == ["#RESP-003"]


def test_every_requirement_has_a_cell_that_leads_to_its_article() -> None:
    root, run = tree(), sample()
    cells = [cell for strip in root.all(class_="strip") for cell in strip.all("a")]
    articles = {row.attributes["id"]: row.attributes for row in root.all("article")}
    assert [cell.attributes["href"] for cell in cells] == [f"#{name}" for name in run.judgements]
    assert set(articles) == set(run.judgements) and len(root.all("article")) == len(run.judgements)
    for cell, (name, judgement) in zip(cells, run.judgements.items(), strict=True):
        verdict, known = str(judgement.verdict), articles[name]
        assert cell.text == SIGNS[judgement.verdict] and verdict in cell.attributes["class"].split()
        assert cell.attributes["aria-label"] == f"{name} {verdict.replace('-', ' ')}"
        assert (known["data-verdict"], known["data-level"]) == (verdict, judgement.level)
        assert known["data-area"] == judgement.requirement.area


def test_signs_tell_verdicts_apart_without_colour() -> None:
    assert set(SIGNS) == set(Verdict) and len(set(SIGNS.values())) == len(SIGNS)


def test_a_violated_requirement_reads_alone() -> None:
    row = article(tree(), "RESP-003")
    requirement, rows = sample().judgements["RESP-003"].requirement, told(row)
    assert requirement.statement in row.text
    assert (rows["source"], rows["basis"]) == (requirement.source, str(requirement.basis))
    assert (rows["expected"], rows["seen"]) == ("role assistant", "role 'bot'")
    assert (rows["where"], rows["shown by"]) == ("exchange 1, /type", "1 exchange: 1")
    assert [part.text for part in row.all("span", class_="badge")] == ["failed", "MUST"]
    assert row.all("code")[0].text.startswith("curl -sS -i")
    assert row.all("button", type="button")[0].attributes["aria-label"] == "Copy the command of exchange 1"


def test_a_case_is_named() -> None:
    row = article(tree(), "REQ-023")
    assert [heading.text for heading in row.all("h4")] == ["Case minus"]
    assert "warned" in [part.text for part in row.all("span", class_="badge")]


def test_what_is_not_violated_tells_reason_cases_and_notes() -> None:
    root = tree()
    assert "nothing to see" in article(root, "SSE-001").text
    assert "not sent" in article(root, "SSE-002").text
    assert told(article(root, "AUTH-001"))["cases"] == "1 of 1 judged"
    assert "a prefix; seen id x (exchange 1)" in article(root, "RESP-002").text


def test_without_a_violation_that_is_said() -> None:
    assert "No violation was seen." in tree(graded(), FACTS).text


def test_a_violation_that_is_not_scored_is_marked() -> None:
    row = result("RESP-003", Verdict.FAILED, broken("RESP-003", "a", "b", Where(1)), scored=False)
    marks = article(tree(graded([row], [record(1)])), "RESP-003").all("span", class_="badge")
    assert [part.text for part in marks] == ["failed", "MUST", "not scored"]


def test_what_the_baseline_says_is_told_and_marked() -> None:
    found = Baselined(frozenset({"RESP-003"}), 1, ("REQ-023 minus",), ("REQ-023 minus: <new>",), ("told",))
    root = tree(facts=replace(VIOLATED, baseline=found))
    assert "fails  REQ-023 minus: <new>" in root.text
    assert "accepted by the baseline" in article(root, "RESP-003").text
    assert "accepted by the baseline" not in article(root, "REQ-023").text


def test_a_baseline_with_much_to_say_is_cut() -> None:
    found = Baselined(failures=tuple(f"case {number} {'<' * 999}" for number in range(5000)))
    data = page(sample(), replace(VIOLATED, baseline=found))
    assert len(data) < LARGEST and "4941 more are in report.json" in read(data).text


def test_only_the_first_ways_and_exchanges_are_shown_and_the_rest_is_counted() -> None:
    findings = [broken("RESP-003", "a", f"seen {number}", Where(1)) for number in range(9)]
    findings += [broken("RESP-003", "a", "seen 0", Where(seq)) for seq in range(2, 40)]
    run = graded([result("RESP-003", Verdict.FAILED, *findings)], [record(seq) for seq in range(1, 40)])
    row = article(tree(run), "RESP-003")
    assert "and 3 more ways in which it was broken" in row.text
    assert "39 exchanges: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …" in row.text
    assert [part.attributes.get("open") for part in row.all("details")] == ["", *[None] * 6]


def test_notes_beyond_the_first_are_counted() -> None:
    notes = tuple(note("RESP-002", "", f"id {number}", Where()) for number in range(7))
    row = article(tree(graded(notes={"RESP-002": notes})), "RESP-002")
    assert "id 3" in row.text and "id 4" not in row.text and "3 more notes are in the journal" in row.text


def test_a_finding_without_an_exchange_has_no_command() -> None:
    row = article(tree(of(broken("LOAD-002", "an id of its own", "twice", Where()), record(1))), "LOAD-002")
    assert row.all("details") == [] and row.all("code") == [] and "twice" in row.text


def test_headings_come_in_order() -> None:
    levels = [int(part.name[1]) for part in tree().all() if re.fullmatch("h[1-6]", part.name)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_ids_are_unique_and_links_stay_on_the_page() -> None:
    root = tree()
    ids = [part.attributes["id"] for part in root.all() if "id" in part.attributes]
    links = [part.attributes["href"] for part in root.all("a")]
    assert len(ids) == len(set(ids))
    assert links and {link[1:] for link in links} <= set(ids) and all(link.startswith("#") for link in links)


def test_every_field_has_a_label_and_waits_for_the_script() -> None:
    root = tree()
    labelled = [part for label in root.all("label") for part in (*label.all("input"), *label.all("select"))]
    fields = [*root.all("input"), *root.all("select")]
    assert len(fields) == 4 and all(part in labelled for part in fields)
    assert "hidden" in root.all(id="filter")[0].attributes
    assert not any("hidden" in part.attributes for part in root.all("article"))


def hashes(root: Element, name: str) -> str:
    (block,) = root.all(name)
    return f"'sha256-{base64.b64encode(hashlib.sha256(block.text.encode()).digest()).decode()}'"


@pytest.mark.parametrize("kind", SAMPLES)
def test_whatever_a_target_sends_the_markup_is_ours(kind: str) -> None:
    text = SAMPLES[kind]
    data = page(hostile(text), replace(VIOLATED, target=text, harness=text, sent_for=text, started=text))
    root = read(data)
    assert len(data) < LARGEST and not _UNSEEN.search(data.decode())
    loading = {"src", "srcset", "style", "action", "formaction", "xlink:href", "data", "poster", "background"}
    for part in root.all():
        names = set(part.attributes)
        assert not names & loading and not any(name.startswith("on") for name in names), part.name
        assert part.name not in {"img", "iframe", "object", "embed", "link", "base", "form", "image", "use"}
    drawn = [part.name for picture in root.all("svg") for part in picture.all()]
    assert drawn and set(drawn) <= {"path", "circle", "rect", "title"}
    assert rules(root) == {
        "default-src": "'none'",
        "style-src": hashes(root, "style"),
        "script-src": hashes(root, "script"),
        "form-action": "'none'",
        "base-uri": "'none'",
    }


def rules(root: Element) -> dict[str, str]:
    """The policy, which must stand before everything it is about."""
    metas = root.all("meta")
    assert metas[1].attributes["http-equiv"] == "Content-Security-Policy"
    return dict(rule.split(" ", 1) for rule in metas[1].attributes["content"].split("; "))


@pytest.mark.parametrize("kind", ["script", "short", "ended", "quoted", "svg", "template"])
def test_a_target_is_quoted_to_the_letter(kind: str) -> None:
    text = SAMPLES[kind]
    finding = broken("RESP-003", "a", text, Where(1))
    assert article(tree(of(finding, record(1))), "RESP-003").all("span", class_="seen")[0].text == text


def test_what_does_not_fit_is_counted_and_each_violation_is_still_told() -> None:
    run = hostile(SAMPLES["large"])
    data = page(run, VIOLATED)
    root = read(data)
    assert LARGEST // 2 < len(data) < LARGEST
    assert re.search(r"\d+ more parts are left out for want of room; the journal holds all of it\.", root.text)
    violated = [row.requirement.id for row in run.judgements.values() if row.violations]
    assert len(violated) == 150
    assert all(article(root, name).all("span", class_="seen") for name in violated)


def test_pieces_are_taken_by_rank_and_shown_in_their_order() -> None:
    made: list[str] = []

    def piece(owner: str, rank: int, text: str) -> Piece:
        def make() -> str:
            made.append(text)
            return text

        return Piece(owner, rank, make)

    rows = (("a", 0, "one"), ("a", 2, "later"), ("b", 0, "two"), ("b", 1, "three"), ("b", 3, ""))
    found = fitted([piece(*row) for row in rows], len("onetwothree"))
    assert found.markup == {"a": ("one",), "b": ("two", "three")}
    assert found.left == {"a": 1, "b": 1}
    assert made == ["one", "two", "three", "later"]
