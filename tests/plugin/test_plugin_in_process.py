"""The plugin in pytest runs of this very process: selection, verdicts, exit codes, and what is sent."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback import Loopback, Received, Script, always, free_port, message, response
from plugin_runs import KEY, QUIET, endpoint, suite, target

Run = Callable[..., pytest.RunResult]
UNKNOWN_KEY = b'{"type": "error", "error": {"type": "authentication_error", "message": "unknown key"}}'


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """pytest with our plugin in an empty folder; options and paths as words."""
    for name in ("CONFORMANCE_TARGET_URL", "CONFORMANCE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CONFORMANCE_API_KEY", KEY)

    def run(*words: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(*QUIET, *words)

    return run


def _text(result: pytest.RunResult) -> str:
    text = f"{result.stdout}\n{result.stderr}"
    assert "Traceback" not in text and "INTERNALERROR" not in text
    return text


def _report(pytester: pytest.Pytester) -> dict[str, object]:
    loaded = json.loads((pytester.path / "run" / "report.json").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_two_requests_for_one_passive_requirement(run: Run, pytester: pytest.Pytester) -> None:
    with endpoint() as server:
        result = run(*target(server.url), "-k", "RESP-003", suite("response"))
        assert server.requests == 2
    assert result.ret == 0 and "no violation at level must" in _text(result)
    assert result.parseoutcomes()["passed"] == 1
    assert {path.name for path in (pytester.path / "run").iterdir()} >= {"journal.jsonl", "report.json", "junit.xml"}
    assert KEY not in (pytester.path / "run" / "journal.jsonl").read_text()


def test_the_embedded_endpoint_serves_who_names_no_target(run: Run) -> None:
    result = run("-k", "RESP-003", suite("response"))
    assert result.ret == 0 and "embedded reference endpoint, not a server of yours" in _text(result)


def test_all_suites_are_collected_for_a_target_without_a_path(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_own="def test_of_the_project():\n    pass\n")
    with endpoint() as server:
        result = run(*target(server.url), "--collect-only", "-q")
        assert server.requests == 0
    text = _text(result)
    assert result.ret == 0 and "RESP-003" in text and "STRM-001" in text and "test_of_the_project" not in text
    assert not (pytester.path / "run").exists()


@pytest.mark.parametrize("words", [("--setup-plan",), ("--dry-run",), ("--collect-only",)])
def test_looking_on_sends_nothing(run: Run, words: tuple[str, ...]) -> None:
    with endpoint() as server:
        result = run(*target(server.url), *words, "-k", "RESP-003", suite("response"))
        assert server.requests == 0
    assert result.ret == 0 and ("would send 2 requests, 0 of them generated" in _text(result)) == ("--dry-run" in words)


def test_a_dry_run_tells_a_range_where_a_conversation_may_end_early(run: Run) -> None:
    with endpoint() as server:
        result = run(*target(server.url), "--dry-run", suite("semantics"))
        assert server.requests == 0
    assert result.ret == 0
    result.stdout.re_match_lines([r"would send \d+ to \d+ requests, \d+ of them generated"])


WRONG: list[tuple[tuple[str, ...], str]] = [
    (("--target-url=",), "--target-url is empty"),
    (("--target-url= ",), "--target-url is empty"),
    (("--target-url=nonsense",), "is not an http or https URL"),
    (("--target-url=http://user:pass@127.0.0.1/",), "user information"),
    (("--target-url=http://127.0.0.1:9", "--profile=openai"), "--profile takes one of myrouter, anthropic"),
    (("--level=may",), "--level takes one of must, should"),
    (("--concurrency=0",), "--concurrency must be at least 1"),
    (("--concurrency=many",), "--concurrency takes a whole number"),
    (("--capability=levitation",), "--capability takes one of"),
    (("--api-version=1999-01-01",), "--api-version takes one of"),
    (("--conformance-require-target",), "--require-target is set"),
    (("--no-such-option",), "unrecognized arguments"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_wrong_usage_is_code_four_in_a_sentence(run: Run, words: tuple[str, ...], sentence: str) -> None:
    result = run(*words, "-k", "RESP-003", suite("response"))
    assert result.ret == 4 and sentence in _text(result)


ELSEWHERE = {"CONFORMANCE_TARGET_URL": "--target-url is empty", "CONFORMANCE_LEVEL": "CONFORMANCE_LEVEL takes one of"}


@pytest.mark.parametrize("variable", ELSEWHERE)
@pytest.mark.parametrize("words", [(), ("-n", "1")], ids=["one-process", "distributed"])
def test_wrong_usage_that_no_option_shows_is_told_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, variable: str, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv(variable, "")
    result = _bare(pytester, *words, suite("response"), suite("usage"))
    assert result.ret == 4 and _text(result).count(ELSEWHERE[variable]) == 1


def test_wrong_usage_that_shows_with_a_suite_of_ones_own_is_told_once(pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", conformance='modle = "x"')
    for name in ("test_one", "test_two"):
        pytester.makepyfile(**{name: SUITE.format(first=GOOD)})
    result = _bare(pytester)
    assert result.ret == 4 and _text(result).count("unknown option 'modle' in conformance.toml") == 1


def test_a_plain_project_does_not_look_at_our_settings(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFORMANCE_LEVEL", "none-of-ours")
    pytester.makepyfile(test_own="def test_of_the_project():\n    pass\n")
    assert _bare(pytester).ret == 0


def _bare(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    """A run without any option of ours."""
    own = [word for word in QUIET if not word.startswith(("--conformance", "--out"))]
    return pytester.runpytest_inprocess(*own, *words)


def test_a_target_in_the_environment_counts_like_the_option(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint() as server:
        monkeypatch.setenv("CONFORMANCE_TARGET_URL", server.url)
        monkeypatch.setenv("CONFORMANCE_MODEL", "reference-1")
        result = run("-k", "RESP-003")
        assert server.requests == 2
    assert result.ret == 0


def test_an_unreachable_target_is_code_six_in_a_sentence(run: Run) -> None:
    result = run(f"--target-url=http://127.0.0.1:{free_port()}/", "-k", "RESP-003")
    assert result.ret == 6 and "cannot be reached" in _text(result)


def test_a_wrong_key_is_code_six(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFORMANCE_API_KEY", "another-key-0123456789")
    with endpoint() as server:
        result = run(*target(server.url), "-k", "RESP-003", suite("response"))
        assert server.requests == 1
    text = _text(result)
    assert result.ret == 6 and "the target refused the key (status 401)" in text and "--api-key-env" in text


def test_a_target_that_reads_one_header_alone_is_graded_with_the_key_there(run: Run) -> None:
    def answer(received: Received, number: int) -> Script:
        known = b"x-api-key" in received.head.lower() and b"authorization" not in received.head.lower()
        return (message(model="reference-1") if known else response(UNKNOWN_KEY, 401),)

    words = ("--requirement=AUTH-00[12]", suite("auth"))
    with Loopback(answer) as server:
        refused = run(*target(server.url), *words)
        result = run(*target(server.url), "--conformance-credential=x-api-key", *words)
    assert refused.ret == 6 and "whether the target reads --credential x-api-key" in _text(refused)
    assert result.ret == 1 and "AUTH-001-bearer" in _text(result) and "1 passed" in _text(result)


def test_a_missing_key_is_code_four(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONFORMANCE_API_KEY")
    with endpoint() as server:
        result = run(*target(server.url), "-k", "RESP-003", suite("response"))
        assert server.requests == 0
    assert result.ret == 4 and "CONFORMANCE_API_KEY is not set or empty" in _text(result)


def test_nothing_selected_is_code_five(run: Run) -> None:
    with endpoint() as server:
        result = run(*target(server.url), "-k", "nothing_matches", suite("response"))
        assert server.requests == 0
    assert result.ret == 5 and _text(result)


def test_requirements_are_selected_by_pattern(run: Run, pytester: pytest.Pytester) -> None:
    words = ("--requirement=RESP-00*", "--requirement", "HDR-001")
    with endpoint() as server:
        result = run(*target(server.url), *words, "-v", suite("response"), suite("headers"))
    text = _text(result)
    assert result.ret == 0 and "RESP-003" in text and "HDR-001" in text and "[HDR-002" not in text
    assert result.parseoutcomes()["deselected"] > 0


def test_requirements_are_selected_whatever_the_case(run: Run) -> None:
    result = run("--requirement=resp-003", suite("response"))
    assert result.ret == 0 and result.parseoutcomes()["passed"] == 1


def test_a_pattern_that_matches_nothing_collected_leaves_nothing(run: Run) -> None:
    result = run("--requirement=STRM-*", suite("response"))
    assert result.ret == 5 and result.parseoutcomes().keys() == {"deselected"} and _text(result)


@pytest.mark.parametrize("others", [(), ("--requirement=RESP-003",)], ids=["alone", "beside-another"])
def test_a_pattern_that_names_no_requirement_is_wrong_usage(run: Run, others: tuple[str, ...]) -> None:
    result = run("--requirement=STRMM-*", *others, suite("response"))
    told = "--requirement: no requirement matches 'STRMM-*'; `conformance requirements` lists them all"
    assert result.ret == 4 and _text(result).count(told) == 1


SUITE = """
from conformance.suite import PLAIN, PLAIN_CONTROL, accepted, cases, expects, refused, refused_or, requirement, rides_on

@requirement("REQ-001")
@cases(refused, {first})
@cases(refused, second=PLAIN | {{"model": None}})
def test_bad_models_are_refused(case):
    case.judge()

@requirement("RESP-003")
@rides_on(PLAIN_CONTROL)
def test_role(traffic):
    traffic.judge()

def test_an_ordinary_one():
    pass
"""
BAD = "first=PLAIN"  # a valid request that the suite wants refused
GOOD = 'first=PLAIN | {"model": 5}'


def _suite(pytester: pytest.Pytester, first: str) -> str:
    return str(pytester.makepyfile(test_ours=SUITE.format(first=first)))


def test_our_items_and_a_projects_own_live_in_one_run(run: Run, pytester: pytest.Pytester) -> None:
    with endpoint() as server:
        result = run(*target(server.url), _suite(pytester, GOOD))
    assert result.ret == 0 and result.parseoutcomes()["passed"] == 4


def test_a_violation_is_code_one_and_says_what_was_seen(run: Run, pytester: pytest.Pytester) -> None:
    with endpoint() as server:
        result = run(*target(server.url), _suite(pytester, BAD))
    text = _text(result)
    assert result.ret == 1 and result.parseoutcomes()["failed"] == 1
    assert "REQ-001" in text and "a client error: the request is invalid" in text and "curl" in text


def test_stopping_at_the_first_leaves_the_rest_open(run: Run, pytester: pytest.Pytester) -> None:
    with endpoint() as server:
        result = run(*target(server.url), "-x", "--concurrency=1", _suite(pytester, BAD.replace("first", "a_first")))
    assert result.ret == 1 and "stopping after 1 failures" in _text(result)
    assert _report(pytester)


def test_a_cap_leaves_the_rest_not_run(run: Run, pytester: pytest.Pytester) -> None:
    with endpoint() as server:
        result = run(*target(server.url), "--max-requests=2", "-rs", _suite(pytester, GOOD))
        assert server.requests == 2
    assert result.parseoutcomes() == {"passed": 2, "skipped": 2}
    assert "not-run: not sent: the cap of 2 requests was reached" in _text(result)
    told = (
        r"no violation at level must, but \d of the planned probes were not sent: the cap of 2 requests was reached; "
    )
    told += r"covered only 1 of \d+ requirements"
    assert re.search(told, _text(result)), "some suite files are not the whole contract"


def _lowered(pytester: pytest.Pytester) -> str:
    text = SUITE.replace("@cases(refused, {first})", "@cases(refused_or(lowered=(200,)), first=PLAIN)")
    return str(pytester.makepyfile(test_ours=text.format(first="")))


def test_a_warned_requirement_shows_as_w_and_passes(run: Run, pytester: pytest.Pytester) -> None:
    with endpoint() as server:
        result = run(*target(server.url), "-v", _lowered(pytester))
    assert result.ret == 0 and result.parseoutcomes()["warned"] == 1 and "WARNED" in _text(result)


def test_a_warned_requirement_fails_at_level_should(run: Run, pytester: pytest.Pytester) -> None:
    with endpoint() as server:
        result = run(*target(server.url), "--level=should", _lowered(pytester))
    assert result.ret == 1 and result.parseoutcomes()["failed"] == 1


def test_a_fault_is_found_at_its_level(run: Run) -> None:
    with endpoint(faults=("open-after-message-stop",)) as server:
        limits = ("-k", "SSE-012", "--level=should", "--conformance-config=limits.toml")
        Path("limits.toml").write_text("[limits]\nafter-stop = 0.3\n")
        result = run(*target(server.url), *limits, suite("sse"))
    assert result.ret == 1 and "SSE-012" in _text(result)


def test_a_target_that_answers_nonsense_is_graded(run: Run) -> None:
    with always(response(b"<html>", 200, content_type="text/html")) as server:
        result = run(
            f"--target-url={server.url}", "--model=m", "--conformance-timeout=5", "-k", "RESP-003", suite("response")
        )
    assert result.ret in {1, 6} and _text(result)


def test_a_plain_project_starts_nothing(run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    from conformance.reference import Endpoint

    def never(self: Endpoint) -> Endpoint:
        raise AssertionError("an endpoint was started")

    monkeypatch.setattr(Endpoint, "__enter__", never)
    own = pytester.makepyfile(test_own="def test_of_the_project():\n    pass\n")
    result = pytester.runpytest_inprocess("-p", "no:schemathesis", str(own))
    assert result.ret == 0 and "conformance" not in str(result.stdout).partition("plugins:")[2].partition("\n")[2]


def test_a_run_is_written_where_it_is_told_and_relative_to_the_project(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml('[tool.conformance]\nmodel = "reference-1"\nout = "elsewhere"\n')
    with endpoint() as server:
        result = pytester.runpytest_inprocess(
            "-p", "no:schemathesis", f"--target-url={server.url}", "--fuzz=0", "-k", "RESP-003", suite("response")
        )
    assert result.ret == 0 and (pytester.path / "elsewhere" / "journal.jsonl").is_file()


def test_a_distributing_process_plans_from_what_its_workers_report(run: Run, pytester: pytest.Pytester) -> None:
    with endpoint() as server:
        result = run(*target(server.url), "-n", "1", "-k", "RESP-003", suite("response"))
        assert server.requests == 2
    assert result.ret == 0 and result.parseoutcomes()["passed"] == 1 and "in what was selected" in _text(result)


def test_a_distributing_process_needs_no_option_to_know_our_suites(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFORMANCE_OUT", "run")
    result = _bare(pytester, "-n", "1", "-k", "RESP-003", suite("response"))
    assert result.ret == 0 and result.parseoutcomes()["passed"] == 1 and "in what was selected" in _text(result)


def test_a_distributed_dry_run_is_wrong_usage(run: Run) -> None:
    result = run("--dry-run", "-n", "1", "-k", "RESP-003", suite("response"))
    assert result.ret == 4 and "--dry-run goes without -n" in _text(result)


def test_a_run_that_cannot_be_written_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("-k", "RESP-003", suite("response"), f"--out={tmp_path / 'file' / 'run'}")
    assert result.ret == 4 and "cannot write the run into" in _text(result)
    assert "Traceback" not in _text(result) and "INTERNALERROR" not in _text(result)


def test_a_crash_while_a_run_is_closed_is_code_three_in_a_sentence(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*given: object) -> None:
        raise RuntimeError("words that may be secret")

    monkeypatch.setattr("conformance.session.closing.grade", crash)
    result = run("-k", "HDR-001", suite("headers"))
    told = r"the harness failed: RuntimeError at test_plugin_in_process\.py, line \d+; the journal is kept at "
    text = _text(result)
    assert result.ret == 3 and re.search(told + "run/journal.jsonl, and `conformance grade` reads it again", text)
    assert "words that may be secret" not in text and (pytester.path / "run" / "journal.jsonl").is_file()


@pytest.mark.parametrize("there", ["true", ""])
def test_a_runner_of_github_gets_annotations(run: Run, monkeypatch: pytest.MonkeyPatch, there: str) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", there)
    with endpoint() as server:
        result = run(*target(server.url), "-k", "RESP-003", suite("response"))
    lines = [line for line in result.outlines if line.startswith("::")]
    assert [line.split("::")[1] for line in lines] == ["notice title=Messages API conformance"] * bool(there)
