"""From outcomes to the matrix: what counts as proved, what is named when it is not, and what is written of it."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import jsonschema  # type: ignore[import-untyped]
import pytest

from conformance._paths import SCHEMAS
from conformance.contract import load_catalogue
from conformance.proof.matrix import State, unbroken, weighed
from conformance.proof.page import page
from conformance.proof.record import Matrix, lines, matrix_of, record
from conformance.proof.subjects import Kind, Subject, clean
from conformance.proof.trial import Outcome

CATALOGUE = load_catalogue()
FAULT = Subject(Kind.FAULT, "stop-reason-null", "anthropic", ("stop-reason-null",), (), "RESP-009")
MAY = Subject(Kind.FAULT, "note-only", "myrouter", ("note-only",), (), "REQ-009")
KILLED = Outcome(FAULT, {"RESP-009": "failed"}, frozenset(), {"RESP-009": "expected <b>, seen null"}, 1, 4, 20)
LEGAL = Outcome(clean("anthropic"), exit=0, requests=9)


def state(outcome: Outcome) -> tuple[State, str]:
    """The state of an outcome and what is wrong with it."""
    row = weighed(outcome, CATALOGUE)
    assert row.good == (row.why == "")
    return row.state, row.why


def test_a_violation_that_names_the_requirement_kills() -> None:
    assert state(KILLED) == (State.KILLED, "")


def test_a_violation_alone_is_not_enough_when_the_run_ends_as_if_it_were_none() -> None:
    assert state(replace(KILLED, exit=6)) == (
        State.KILLED,
        "RESP-009 is named, and yet the run ended with code 6",
    )


def test_a_requirement_that_is_not_scored_yet_needs_no_exit_code() -> None:
    found = Outcome(FAULT, {"RESP-009": "failed"}, frozenset(), {"RESP-009": "seen"}, 0)
    newer = replace(CATALOGUE.requirements["RESP-009"], since=CATALOGUE.version + 1)
    catalogue = replace(CATALOGUE, requirements={**CATALOGUE.requirements, "RESP-009": newer})
    assert weighed(found, CATALOGUE).why and not weighed(found, catalogue).why


def test_silence_survives_and_names_what_is_unproved() -> None:
    outcome = Outcome(FAULT)
    assert state(outcome)[0] is State.SURVIVED
    assert state(outcome)[1].startswith("RESP-009 is unproved")


def test_another_requirement_alone_is_the_wrong_reason() -> None:
    outcome = Outcome(FAULT, {"STRM-017": "failed"}, frozenset(), {"STRM-017": "x"}, 1)
    assert state(outcome) == (State.MISNAMED, "RESP-009 is unproved: named instead: STRM-017: x")


def test_what_follows_is_explained_and_what_does_not_is_stray() -> None:
    follows = next(name for name, row in CATALOGUE.requirements.items() if row.entails)
    entailed = CATALOGUE.requirements[follows].entails[0]
    subject = Subject(Kind.FAULT, "f", "anthropic", ("f",), (), follows, ("USG-009",))
    found = {follows: "failed", entailed: "failed", "USG-009": "failed", "LOAD-001": "failed"}
    row = weighed(Outcome(subject, found, frozenset(), dict.fromkeys(found, "seen"), 1), CATALOGUE)
    assert set(row.explained) == {entailed, "USG-009"}
    assert row.stray == ("LOAD-001",)
    assert row.why == f"beside {follows}, what nothing explains: LOAD-001: seen"


def test_a_note_proves_a_may_and_nothing_else() -> None:
    noted = {"noted": frozenset({"REQ-009", "RESP-009"}), "evidence": {"REQ-009": "n", "RESP-009": "n"}}
    assert state(Outcome(MAY, **noted)) == (State.NOTED, "")  # type: ignore[arg-type]
    assert state(Outcome(FAULT, **noted))[0] is State.SURVIVED  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"found": {"HDR-012": "failed"}, "evidence": {"HDR-012": "e"}, "exit": 1}, "false alarm: HDR-012: e"),
        ({"exit": 6}, "false alarm: the run ended with code 6"),
    ],
)
def test_anything_said_of_a_legal_endpoint_is_a_false_alarm(change: dict[str, object], why: str) -> None:
    assert state(LEGAL) == (State.SILENT, "")
    assert state(replace(LEGAL, **change)) == (State.ALARM, why)  # type: ignore[arg-type]


def test_a_crash_proves_nothing() -> None:
    assert state(Outcome(FAULT, error="the harness failed: KeyError: 1")) == (
        State.CRASHED,
        "the harness failed: KeyError: 1",
    )


def test_a_requirement_without_any_fault_is_named() -> None:
    assert unbroken(CATALOGUE, "anthropic") == {}
    assert unbroken(CATALOGUE, "myrouter") == {}
    nothing = replace(CATALOGUE, requirements={"XXX-001": replace(CATALOGUE.requirements["RESP-009"], id="XXX-001")})
    assert unbroken(nothing, "anthropic") == {"XXX-001": "no fault breaks it"}


def matrix(*outcomes: Outcome) -> Matrix:
    """A matrix of a few outcomes."""
    return matrix_of(outcomes, False, False)


SURVIVED = Outcome(replace(FAULT, name="again", faults=("again",)))


def test_the_record_fits_its_schema_and_says_what_is_lost() -> None:
    found = record(matrix(KILLED, LEGAL, SURVIVED))
    schema = json.loads((SCHEMAS / "json" / "proof.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(found, schema)
    profile = found["profiles"]["anthropic"]
    assert found["holds"] is False
    assert profile["unproved"] == {"RESP-009": "not named: again"}
    assert (profile["counts"]["killed"], profile["counts"]["survived"], profile["requests"]) == (1, 1, 13)
    assert [row["state"] for row in profile["faults"]] == ["killed", "survived"]


def test_a_requirement_without_a_fault_fails_a_complete_proof_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.proof.matrix.faulty", lambda profile: ())
    found = matrix_of((KILLED, LEGAL), False, True)
    assert not found.holds and matrix(KILLED, LEGAL).holds
    assert "anthropic RESP-009 is unproved: no fault breaks it" in list(lines(found, 1.0))


def test_the_last_line_says_whether_it_is_proved() -> None:
    assert list(lines(matrix(KILLED, LEGAL), 2.0))[-1] == "proved"
    told = list(lines(matrix(KILLED, LEGAL, SURVIVED), 2.0))
    assert told[-1] == "not proved: 1 of 3 attempts; unproved: RESP-009"
    assert told[0].startswith("anthropic again: RESP-009 is unproved: nothing was said of the fault")
    assert any("2 faults: 1 killed, 0 noted" in line and "0 false alarms" in line for line in told)
    assert "3 endpoints, 13 requests, 20 output tokens, 2 s" in told


class Tags(HTMLParser):
    """The start tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the name."""
        self.names.append(tag)


def test_the_page_shows_every_fault_and_runs_nothing() -> None:
    text, tags = page(matrix(KILLED, LEGAL, SURVIVED)), Tags()
    tags.feed(text)
    assert not {"script", "link", "img", "b>"} & set(tags.names)
    assert tags.names.count("rect") == 2
    assert "default-src 'none'" in text
    assert "expected &lt;b&gt;, seen null" in text and "<b>, seen" not in text
    assert "again: RESP-009 is unproved" in text
    assert "not proved" in text and "conforming" in text
