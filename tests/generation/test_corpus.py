"""The frozen corpus: what its files say, how they are read, and that the export gives them again."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from generation_draws import PROFILES

from conformance.cli.corpus import corpus, exported, hand_written
from conformance.contract.violations import violations
from conformance.generation.corpus import Case, Corpus, CorpusError, dumped, file_of, read_corpus, renewed
from conformance.generation.hosts import BY_ID
from conformance.generation.selection import hand_written as covered_by_hand

ROW = {
    "id": "REQ-010 a", "requirement": "REQ-010", "case": "a", "expect": "accepted", "pointer": "/messages",
    "control": "", "body": {}, "why": "because",
}  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES)
def test_the_first_line_says_what_the_file_was_made_with(profile: str) -> None:
    about = read_corpus(file_of(profile)).about
    assert list(about) == ["corpus", "profile", "schemathesis", "hypothesis", "exported"]
    assert about["profile"] == profile


@pytest.mark.parametrize("profile", PROFILES)
def test_a_line_is_named_by_its_requirement_and_constraint(profile: str) -> None:
    cases = read_corpus(file_of(profile)).cases
    assert len(cases) > 30
    for case in cases:
        assert case.id == f"{case.requirement} {case.case}"
        assert case.case.startswith("/")
        assert case.why
        found = violations(profile, case.body)
        assert [each.pointer for each in found] == ([case.pointer] if case.expect == "refused" else [])
        assert (case.control in BY_ID) is (case.expect == "refused")


@pytest.mark.parametrize("profile", PROFILES)
def test_no_line_repeats_what_is_written_by_hand(profile: str) -> None:
    items, probes = hand_written(profile)
    by_hand = covered_by_hand(items.values(), probes, profile)
    assert len(by_hand) > 40
    bodies = [_exact(call.body) for probe in probes.values() for call in probe.calls]
    assert not [case.id for case in read_corpus(file_of(profile)).cases if _exact(case.body) in bodies]


def _exact(body: Any) -> str:
    """A body as text, in which 0 is not false."""
    return json.dumps(body, sort_keys=True, default=repr)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_export_gives_the_committed_corpus_again(profile: str) -> None:
    file = file_of(profile)
    assert dumped(exported(profile, file)) == file.read_text("utf-8"), "run `conformance corpus export` and review"


def test_the_command_writes_where_it_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(corpus, ["export", "--profile", "myrouter", "--out", str(tmp_path / "new")])
    assert result.exit_code == 0, result.output
    assert "version 1," in result.output
    written = read_corpus(tmp_path / "new" / "myrouter.jsonl")
    assert written.cases == read_corpus(file_of("myrouter")).cases


def _case(**changes: Any) -> Case:
    return Case(**{**ROW, **changes})


def test_a_new_version_is_counted_only_when_cases_differ() -> None:
    first = renewed({"exported": "2026-01-01"}, [_case()], None)
    same = renewed({"exported": "2026-02-02"}, [_case()], first)
    other = renewed({"exported": "2026-02-02"}, [_case(why="another")], first)
    assert (first.about, same) == ({"corpus": 1, "exported": "2026-01-01"}, first)
    assert other.about == {"corpus": 2, "exported": "2026-02-02"}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    whole = Corpus({"corpus": 3}, (_case(), _case(id="b", headers={"anthropic-beta": None})))
    (tmp_path / "c.jsonl").write_text(dumped(whole), "utf-8")
    assert read_corpus(tmp_path / "c.jsonl") == whole


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "does not begin with a line about the corpus"),
        ([ROW], "does not begin with a line about the corpus"),
        ([{"corpus": 1}, "x"], "line 2, is not an object"),
        ([{"corpus": 1}, {**ROW, "more": 1}], "line 2, lacks a member or has an unknown one"),
        ([{"corpus": 1}, {"id": "a"}], "line 2, lacks a member or has an unknown one"),
        ([{"corpus": 1}, ROW, ROW], "has an id twice"),
        ([{"corpus": 1}, {**ROW, "expect": "x"}], "unknown expectation or control"),
        ([{"corpus": 1}, {**ROW, "control": "x"}], "unknown expectation or control"),
    ],
)
def test_a_wrong_file_is_refused(lines: list[Any], sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    with pytest.raises(CorpusError, match=sentence):
        read_corpus(file)


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text('{"corpus": 1}\n{\n', "utf-8")
    with pytest.raises(CorpusError, match="line 2, is not JSON"):
        read_corpus(tmp_path / "c.jsonl")
