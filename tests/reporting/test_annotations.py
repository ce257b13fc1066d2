"""Annotations for GitHub, and that nothing else we print is read as a command to a CI service."""

import re
import subprocess
from dataclasses import replace
from urllib.parse import unquote

import pytest
from reporting_runs import FACTS, broken, graded, record, result

from conformance.contract import Level, load_catalogue
from conformance.reporting import annotations, first_line, markdown, printed, summary, verdict_sentence
from conformance.reporting.clean import clean
from conformance.reporting.curl import word
from conformance.reporting.facts import Baselined
from conformance.rules.findings import Where
from conformance.verdicts import Exit, Graded, Verdict

COMMANDS = (
    "::error title=x::y",
    "  ::add-path::/tmp",
    "\n::error::y",
    "\r\n::stop-commands::t",
    "##[error]y",
    "###[group]",
    "##vso[task.setvariable variable=a]b",
    "##teamcity[buildStop comment='x']",
    "\x1b[0Ksection_start:1:a\r\x1b[0K",
    "%0A::error::y",
    "\u2028::error::y",
)
MANY = [name for name, row in load_catalogue().requirements.items() if row.levels["myrouter"] is Level.MUST][:30]


def failing(seen: str, *identifiers: str, level: Level = Level.MUST) -> Graded:
    verdict = Verdict.FAILED if level is Level.MUST else Verdict.WARNED
    rows = [result(name, verdict, broken(name, seen, seen, Where(1), level)) for name in identifiers]
    return graded(rows, [record(1)])


def is_command(line: str) -> bool:
    """Whether a runner would take a line for a command, wherever it may begin."""
    return line.lstrip().startswith("::") or re.search(r"##\w*\[", line) is not None or "\x1b" in line


VIOLATED = replace(FACTS, exit=Exit.VIOLATION)


@pytest.mark.parametrize("seen", COMMANDS)
def test_no_line_of_the_terminal_is_a_command(seen: str) -> None:
    run = failing(seen, "RESP-003", "REQ-023")
    facts = replace(VIOLATED, target=seen, baseline=Baselined(unlisted=(seen,), failures=(seen,), remarks=(seen,)))
    ungradable = replace(facts, exit=Exit.UNGRADABLE, ungradable=seen, baseline=None)
    text = "\n".join((summary(run, facts), summary(run, ungradable), first_line(run.run.terms, facts)))
    assert clean(seen)[-4:] in text
    assert [line for line in re.split(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", text) if is_command(line)] == []


@pytest.mark.parametrize("body", COMMANDS)
def test_no_line_of_a_command_that_repeats_an_exchange_is_one(body: str) -> None:
    run = graded(
        [result("RESP-003", Verdict.FAILED, broken("RESP-003", "a", "b", Where(1)))], [record(1, f"x{body}".encode())]
    )
    assert [line for line in summary(run, VIOLATED).split("\n") if is_command(line)] == []


@pytest.mark.parametrize("text", ["##[a]", "###[a]", "x\n::error::y", "x\n \t::a::", "it's ##vso[x]\n::y", "\n\n::a::"])
def test_a_word_is_the_same_to_the_shell(text: str) -> None:
    said = word(text)
    done = subprocess.run(["sh", "-c", f"printf %s {said}"], capture_output=True, text=True, check=True)
    assert done.stdout == text and not any(map(is_command, said.split("\n")))


@pytest.mark.parametrize("seen", COMMANDS)
def test_an_annotation_is_one_command_whatever_was_seen(seen: str) -> None:
    lines = annotations(failing(seen, "RESP-003"), VIOLATED)
    assert len(lines) == 2 and not any("\n" in line or "\r" in line for line in lines)
    for line in lines:
        kind, title, text = re.fullmatch(r"::(error) title=([^:,]*)::(.*)", line).groups()  # type: ignore[union-attr]
        assert kind == "error" and title and unquote(text)
        assert not re.search(r"##\w*\[", line) and line.isprintable()


def test_what_an_annotation_says_comes_back_unescaped() -> None:
    line = annotations(failing("50%: a, b", "RESP-003"), VIOLATED)[1]
    assert line.startswith("::error title=RESP-003 MUST::") and "seen 50%25: a, b (exchange 1)" in line
    drawn = broken("REQ-023", "x", "x", Where(1), case="a: b, 100%")
    named = annotations(graded([result("REQ-023 a: b, 100%", Verdict.FAILED, drawn)]), VIOLATED)[1]
    assert named.startswith("::error title=REQ-023 a%3A b%2C 100%25 MUST::")


def test_the_first_annotation_is_the_verdict() -> None:
    for run, facts in ((graded(), FACTS), (failing("x", "RESP-003"), VIOLATED)):
        line = annotations(run, facts)[0]
        kind = "notice" if facts is FACTS else "error"
        assert line == f"::{kind} title=Messages API conformance::{verdict_sentence(run, facts)}"


@pytest.mark.parametrize(("count", "shown", "last"), [(9, 9, ""), (10, 9, "2 more"), (30, 9, "22 more")])
def test_at_most_ten_of_a_kind(count: int, shown: int, last: str) -> None:
    lines = annotations(failing("x", *MANY[:count]), VIOLATED)
    assert len(lines) == shown + 1 <= 10 and all(line.startswith("::error ") for line in lines)
    assert not last or lines[-1].endswith(f"{last} are in the reports of the run")


def test_warnings_are_their_own_kind_and_errors_under_the_gate() -> None:
    run = failing("x", *MANY[:12], level=Level.SHOULD)
    assert [line.split(" ")[0] for line in annotations(run, FACTS)] == ["::notice", *["::warning"] * 10]
    gated = annotations(run, replace(VIOLATED, gate=Level.SHOULD))
    assert [line.split(" ")[0] for line in gated] == ["::error"] * 10


def test_what_fails_nothing_is_no_annotation() -> None:
    broke = broken("RESP-003", "a", "b", Where(1))
    unscored = graded([result("RESP-003", Verdict.FAILED, broke, scored=False)])
    waived = replace(FACTS, baseline=Baselined(waived=frozenset({"RESP-003"}), violated=1))
    assert len(annotations(unscored, FACTS)) == 1
    assert len(annotations(failing("x", "RESP-003"), waived)) == 1


@pytest.mark.parametrize(
    ("environment", "count"), [({}, 0), ({"GITHUB_ACTIONS": "1"}, 0), ({"GITHUB_ACTIONS": "true"}, 2)]
)
def test_only_a_runner_of_github_is_told(environment: dict[str, str], count: int) -> None:
    assert len(tuple(printed(failing("x", "RESP-003"), VIOLATED, environment))) == count


def test_the_summary_fits_into_a_step_whatever_was_seen() -> None:
    seen = "<|[`" * 100_000
    every = failing(seen, *load_catalogue().requirements)
    lines = (seen,) * 5000
    text = markdown(every, replace(VIOLATED, baseline=Baselined(unlisted=lines, failures=lines, remarks=lines)))
    assert len(text.encode()) < 2**20
    assert "more are in report.json" in text
    assert text.count("\n| ") > 200


def test_rows_that_do_not_fit_are_counted() -> None:
    from conformance.reporting.markdown import _within

    assert list(_within(["aa", "bb", "cc"], 8, "{} more")) == ["aa", "bb", "1 more"]
    assert list(_within(["aa", "bb"], 8, "{} more")) == ["aa", "bb"]
