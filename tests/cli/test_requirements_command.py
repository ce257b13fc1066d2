"""`conformance requirements`: what tests each entry, what runs said of it, and the page that says so."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.cli.runs import Refused
from conformance.contract import load_catalogue, load_profiles, load_tiers
from conformance.evidence.chain import START, sealed
from conformance.evidence.follow import header_terms
from conformance.evidence.journal import JournalWriter, item_line, record_line
from conformance.evidence.run import Item, Record, Terms
from conformance.suite_index import joined, suite_index
from conformance.verdicts import Exit
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "pong"}],
    "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 1},
}  # fmt: skip

NOW = "2026-01-02T03:04:05+00:00"
HEADER = {
    "version": 2, "harness": "1", "target": "t", "embedded": True, "level": "MUST", "started": NOW, "seeds": {},
    "options": {}, "header_envs": {}, "api_key_env": "KEY", "restricted_key_env": "", "challenge": None,
}  # fmt: skip


def _run(*words: object) -> Result:
    return CliRunner().invoke(main, ["requirements", *map(str, words)])


def _record() -> Record:
    body = json.dumps({"model": "m", "max_tokens": 32, "messages": [{"role": "user", "content": "hi"}]}).encode()
    request = Request("POST", "http://h/v1/messages", (("Content-Type", "application/json"),), body)
    answer = (Chunk(0.1, json.dumps(MESSAGE).encode()),)
    headers = (("content-type", "application/json"), ("request-id", "req_1"))
    return Record(1, "plain", 0, 1, Exchange(request, 200, headers, answer, End(Ending.COMPLETE), connection="1"))


def _journal(folder: Path, profile: str = "myrouter", requirement: str = "RESP-003", finished: bool = True) -> Path:
    """The folder of a run that sent the plain request and asked one thing of all traffic."""
    chosen = load_profiles()[profile]
    terms = Terms(chosen, load_catalogue(), chosen.api_version, "m", frozenset(chosen.included))
    writer = JournalWriter(folder / "journal.jsonl")
    writer.write("header", terms=header_terms(terms), everything=False, **HEADER)
    items = [item_line(Item(requirement, "", ("plain",)))]
    writer.write("plan", items=items, aliases={}, awaited={}, generated=[])
    writer.write("exchange", **record_line(_record()))
    if finished:
        writer.write("footer", ended=NOW, complete=True, holding=[], ungradable="", refused=False)
    writer.close()
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    """A run of each profile, as options."""
    return [word for name in ("anthropic", "myrouter") for word in ("--run", str(_journal(tmp_path / name, name)))]


def _json(*words: object) -> dict[str, Any]:
    result = _run(*words, "--format", "json")
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_json_names_every_requirement_with_its_tests_and_probes() -> None:
    found = _json()
    catalogue, tiers = load_catalogue(), load_tiers(load_catalogue().version)
    assert (found["catalogue"], found["profile"]) == (catalogue.version, "myrouter")
    assert [row["id"] for row in found["requirements"]] == list(catalogue.requirements)
    rows = {row["id"]: row for row in found["requirements"]}
    function = "suites/test_response.py::test_type_is_message_and_role_is_assistant"
    assert rows["RESP-003"] == {
        "id": "RESP-003",
        "area": "RESP",
        "statement": catalogue.requirements["RESP-003"].statement,
        "level": "MUST",
        "levels": {"myrouter": "MUST", "anthropic": "MUST"},
        "capability": None,
        "tier": "core",
        "since": None,
        "scored": True,
        "excluded": None,
        "tests": [f"{function}[RESP-003]"],
        "probes": ["plain", "stream"],
        "runs": {},
    }
    assert all(rows[name]["tier"] == tier.name for tier in tiers.values() for name in tier.requirements)
    assert all(bool(row["tests"]) == bool(row["probes"]) for row in rows.values())
    assert (
        "suites/test_request_max_tokens.py::test_a_negative_max_tokens_is_refused[REQ-023-minus_one]"
        in (rows["REQ-023"]["tests"])
    )


def test_json_gives_the_level_under_a_profile_and_what_it_tests() -> None:
    (mine,), (theirs,) = (_json("REQ-001", "--profile", name)["requirements"] for name in ("myrouter", "anthropic"))
    for name, row in (("myrouter", mine), ("anthropic", theirs)):
        assert row["level"] == load_catalogue().requirements["REQ-001"].level(name)
        assert row["tests"] == list(suite_index(name)["REQ-001"].tests)


def test_names_of_tests_are_node_ids_of_pytest(pytester: pytest.Pytester) -> None:
    found = {name for tested in suite_index("myrouter").values() for name in tested.tests if "test_response.py" in name}
    root = Path(__file__).parents[2]
    words = ["-p", "no:cacheprovider", "--collect-only", "-q", f"--rootdir={root}", f"{root}/suites/test_response.py"]
    listed = {line for line in pytester.runpytest_subprocess(*words).outlines if "::" in line}
    assert listed == found


def test_runs_add_verdict_and_how_often_it_was_observed(runs: list[str]) -> None:
    rows = {row["id"]: row for row in _json(*runs)["requirements"]}
    passed = {"verdict": "passed", "observations": 2, "reason": ""}
    assert rows["RESP-003"]["runs"] == {"myrouter": passed, "anthropic": passed}
    left = {"verdict": "not-run", "observations": 0, "reason": "not selected"}
    assert rows["RESP-004"]["runs"] == {"myrouter": left, "anthropic": left}
    assert list(rows["RESP-003"]["runs"]) == ["myrouter", "anthropic"], "in the order of profiles"


def test_the_table_takes_runs_too(runs: list[str]) -> None:
    statement = load_catalogue().requirements["RESP-003"].statement
    said = "myrouter: passed (2 observed)  anthropic: passed (2 observed)"
    line = f"RESP-003  myrouter MUST    anthropic MUST    {said}  {statement}"
    assert _run("RESP-003", *runs).output == f"{line}\n"
    assert _run("RESP-003", "--format", "table", "--profile", "myrouter").output == (
        f"RESP-003  myrouter MUST    {statement}\n"
    )


def test_a_journal_is_taken_as_well_as_its_folder(tmp_path: Path) -> None:
    folder = _journal(tmp_path)
    both = [_run("RESP-003", "--run", path).output for path in (folder, folder / "journal.jsonl")]
    assert both[0] == both[1] and "passed (2 observed)" in both[0]


def test_the_page_has_a_row_for_each_requirement(runs: list[str]) -> None:
    page = _run("--format", "md", *runs).output
    rows = [line for line in page.splitlines() if line.startswith("| ") and line[2:3].isupper()]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(load_catalogue().requirements)
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        f"## {area}: {title}" for area, title in load_catalogue().titles.items()
    ]
    assert next(row for row in rows if row.startswith("| RESP-003 ")) == (
        '| RESP-003 | `type` is exactly "message" and `role` is exactly "assistant". | MUST | MUST | core '
        "| `test_response.py::test_type_is_message_and_role_is_assistant` | 2: plain, stream "
        "| passed, seen | passed, seen |"
    )
    assert next(row for row in rows if row.startswith("| RESP-004 ")).endswith(
        "| not-run, not seen | not-run, not seen |"
    )
    assert page == _run("--format", "md", *runs).output


def test_the_page_tells_several_cases_as_one_test_of_both_profiles() -> None:
    page = _run("AUTH-006", "--format", "md").output
    assert "`test_auth.py::test_a_malformed_authorization_header_gets_401_or_400` (4 cases) | 4: " in page
    assert page.count("\n## ") == 1 and "(1 of them)" in page
    tests = joined(suite_index(name) for name in load_profiles())["REQ-010"].tests
    assert set(tests) == {test for name in load_profiles() for test in suite_index(name)["REQ-010"].tests}
    assert len(tests) == len(set(tests))


def test_a_page_is_written_and_found_up_to_date(tmp_path: Path, runs: list[str]) -> None:
    page = tmp_path / "requirements.md"
    assert _run("--format", "md", *runs, "--out", page).output == f"wrote {page}\n"
    assert page.read_text("utf-8") == _run("--format", "md", *runs).output
    result = _run("--format", "md", *runs, "--check", page)
    assert (result.exit_code, result.output) == (0, f"{page} is up to date\n")


EDITS: dict[str, tuple[Callable[[str], str], str]] = {
    "another word": (
        lambda text: text.replace("# Requirements", "# Duties", 1),
        "line 1 is '# Duties' and would be '# R",
    ),
    "a row less": (lambda text: text[: text.rindex("| OPT-004")], "is '' and would be '| OPT-004 "),
    "a row more": (lambda text: f"{text}more\n", "is 'more' and would be ''"),
    "nothing at the end": (lambda text: text.rstrip("\n"), "is the end and would be ''"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_page_out_of_date_is_told_with_the_command_that_writes_it(edit: str, tmp_path: Path, runs: list[str]) -> None:
    page = tmp_path / "a page.md"
    _run("--format", "md", *runs, "--out", page)
    change, told = EDITS[edit]
    page.write_text(change(page.read_text("utf-8")), "utf-8")
    result = _run("--format", "md", *runs, "--check", page)
    assert result.exit_code == 1 and told in result.output and len(result.output.splitlines()) == 1
    command = f"conformance requirements --format md {' '.join(runs)} --out '{page}'"
    assert result.output.startswith(f"Error: {page} is out of date: line ")
    assert result.output.endswith(f"; write it anew with `{command}`\n")


def test_the_command_keeps_pattern_and_profile(tmp_path: Path) -> None:
    file = tmp_path / "some.txt"
    file.write_text("old\n", "utf-8")
    result = _run("RESP-00*", "--profile", "anthropic", "--check", file)
    assert f"`conformance requirements 'RESP-00*' --profile anthropic --out {file}`" in result.output


def _refused(*words: object) -> str:
    result = _run(*words)
    assert result.exit_code == Exit.USAGE == Refused.exit_code
    lines = result.output.splitlines()
    assert len(lines) == 1 and lines[0].startswith("Error: ")
    return lines[0]


def test_a_run_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert _refused("--run", tmp_path / "nowhere") == f"Error: there is no journal at {tmp_path / 'nowhere'}"
    assert _refused("--run", tmp_path) == f"Error: there is no journal at {tmp_path / 'journal.jsonl'}"


def _sealed(*lines: str) -> bytes:
    """A journal of these lines, each following from the one before."""
    digest, found = START, []
    for line in lines:
        text, digest = sealed(json.loads(line), digest)
        found.append(text)
    return "\n".join([*found, ""]).encode()


def _resealed(data: bytes, old: str, new: str) -> bytes:
    """A journal that was doctored by somebody who knows how it is sealed."""
    values = (json.loads(line) for line in data.decode().replace(old, new).splitlines())
    return _sealed(*(json.dumps({key: value[key] for key in value if key != "chain"}) for value in values))


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no lines": (lambda data: b"", "has no header"),
    "no JSON": (lambda data: b"\xff\x00 {\n" + data, "line 1"),
    "an empty header": (lambda data: _sealed('{"record":"header"}', '{"record":"footer"}'), "run again"),
    "terms of another kind": (lambda data: _sealed('{"record":"header","terms":[]}'), "run again"),
    "an unknown profile": (lambda data: _resealed(data, '"profile":"myrouter"', '"profile":"x"'), "run again"),
    "a damaged line": (lambda data: data.replace(b'"seq":1,', b""), "line 3 does not follow"),
    "a line of another kind": (lambda data: _resealed(data, '"seq":1,', ""), "line 3 is damaged"),
    "an unknown requirement": (lambda data: _resealed(data, '"RESP-003"', '"RESP-404"'), "names RESP-404, which"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_journal_is_told_in_a_sentence(case: str, tmp_path: Path) -> None:
    journal = _journal(tmp_path) / "journal.jsonl"
    change, told = BROKEN[case]
    journal.write_bytes(change(journal.read_bytes()))
    sentence = _refused("--run", journal)
    assert told in sentence and str(journal) in sentence


def test_a_run_that_breaks_off_is_refused(tmp_path: Path) -> None:
    assert "breaks off before the end of the run" in _refused("--run", _journal(tmp_path, finished=False))


def test_two_runs_of_one_profile_are_refused(tmp_path: Path) -> None:
    first, second = _journal(tmp_path / "a"), _journal(tmp_path / "b")
    assert "two of the runs are of the profile myrouter" in _refused("--run", first, "--run", second)


def test_files_that_cannot_be_read_or_written_are_told(tmp_path: Path) -> None:
    assert "cannot read" in _refused("--check", tmp_path / "nowhere.md")
    (tmp_path / "bytes.md").write_bytes(b"\xff")
    assert "it is not UTF-8" in _refused("--check", tmp_path / "bytes.md")
    assert "cannot write" in _refused("--out", tmp_path / "no" / "folder.md")


def test_writing_and_comparing_at_once_is_refused(tmp_path: Path) -> None:
    result = _run("--out", tmp_path / "a", "--check", tmp_path / "b")
    assert result.exit_code == 4 and "give one of them" in result.output and not (tmp_path / "a").exists()
