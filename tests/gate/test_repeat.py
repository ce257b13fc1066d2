"""What several runs come to, and the baseline that they give."""

import json
from dataclasses import replace
from datetime import date

from gate_runs import LATER, baseline, broken, graded, held, silent
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance.contract import Level
from conformance.contract.documents import json_schema
from conformance.gate.baseline import Baseline
from conformance.gate.renewal import Renewal, Terms, renewed
from conformance.gate.repeat import Repeated, State, attempt_of, cases, observed
from conformance.gate.repeat_forms import repeat_markdown, repeat_object, repeat_text
from conformance.reporting import Facts
from conformance.verdicts import Exit, Graded

RUNS = (
    graded(broken("REQ-021 absent"), broken("RESP-003"), held("REQ-022 zero"), silent("REQ-030 a")),
    graded(broken("REQ-021 absent"), held("RESP-003"), held("REQ-022 zero"), broken("REQ-030 a", Level.SHOULD)),
    graded(broken("REQ-021 absent"), broken("RESP-003"), silent("REQ-022 zero"), silent("REQ-030 a")),
)
DEFAULT = Terms("not known", LATER, "comes and goes")


def _facts(code: Exit = Exit.VIOLATION, target: str = "http://h/v1/messages") -> Facts:
    started, ended = "2026-03-04T01:00:00+00:00", "2026-03-04T01:01:00+00:00"
    return Facts("0.1.0", target, exit=code, started=started, ended=ended)


def _repeated(*runs: Graded, asked: int = 3, target: str = "http://h/v1/messages") -> Repeated:
    attempts = (attempt_of(number, run, _facts(target=target)) for number, run in enumerate(runs, 1))
    return Repeated(asked, tuple(attempts), Exit.VIOLATION)


def _states(*runs: Graded) -> dict[str, tuple[State, int, int]]:
    found = cases(dict(enumerate(map(observed, runs), 1)))
    return {case.key: (case.state, len(case.violated), len(case.observed)) for case in found}


def test_each_case_is_violated_always_sometimes_or_never() -> None:
    assert _states(*RUNS) == {
        "REQ-021 absent": (State.ALWAYS, 3, 3),
        "REQ-022 zero": (State.NEVER, 0, 2),
        "REQ-030 a": (State.ALWAYS, 1, 1),
        "RESP-003": (State.SOMETIMES, 2, 3),
    }


def test_a_generated_case_is_the_same_whatever_was_drawn() -> None:
    one = graded(broken("REQ-024 live /max_tokens type array", generated=True))
    other = graded(held("REQ-024 live conversation /max_tokens type object 3", generated=True))
    assert _states(one, other) == {"REQ-024 /max_tokens type": (State.SOMETIMES, 1, 2)}


def test_what_does_not_count_is_neither_violated_nor_held() -> None:
    run = graded(broken("RESP-003"), unscored=("RESP-003",))
    assert _states(run) == {}


def test_text_tells_the_rare_first_and_who_observed_it() -> None:
    lines = repeat_text(_repeated(*RUNS)).splitlines()
    assert lines[0].startswith(
        "repeated: 3 runs of http://h/v1/messages, profile myrouter: 0 requests, 0 output tokens"
    )
    assert lines[4:] == [
        "  sometimes  RESP-003 (MUST): violated in 2 of 3 runs, in run 1, 3",
        "  always     REQ-021 absent (MUST): violated in 3 of 3 runs",
        "  always     REQ-030 a (SHOULD): violated in 1 of 1 run that observed it, of 3",
        "  never      1 case observed and not violated",
    ]
    assert "2 of 5 runs of" in repeat_text(_repeated(*RUNS[:2], asked=5))


def test_the_json_fits_its_schema_and_tells_the_same() -> None:
    found = json.loads(json.dumps(repeat_object(_repeated(*RUNS))))
    assert not list(Draft202012Validator(json_schema("repeat")).iter_errors(found))
    assert found["counts"] == {"always": 2, "sometimes": 1, "never": 1} and len(found["runs"]) == 3
    rare = next(row for row in found["cases"] if row["requirement"] == "RESP-003")
    assert (rare["violated"], rare["observed"], rare["violated_in"]) == (2, 3, ["1", "3"])
    assert not Draft202012Validator(json_schema("repeat")).is_valid({**found, "runs": []})


def test_nothing_that_a_target_sent_acts() -> None:
    attempt = replace(_repeated(RUNS[0]).attempts[0], verdict="<b>\x1b[2J ![x](http://y)\n::error::x", target="<i>")
    found = Repeated(1, (attempt,), Exit.VIOLATION)
    page, text = repeat_markdown(found), repeat_text(found)
    assert "<b>" not in page and "<i>" not in page and "![x]" not in page and "\n::error" not in page
    assert "\x1b" not in page + text and "\n::error" not in text
    assert "| always | RESP\\-003 | MUST | 1 | 1 | 1 |" in page


def _renewed(known: Baseline, *runs: Graded) -> Renewal:
    return renewed(runs, known, Terms(), DEFAULT, lambda row: True)


def test_what_is_violated_sometimes_is_listed_as_flaky() -> None:
    found = _renewed(Baseline(), *RUNS)
    assert [(row.key, row.reason) for row in found.baseline.violations] == [
        ("REQ-021 absent", "not known"), ("REQ-030 a", "not known"),
    ]  # fmt: skip
    assert [(row.key, row.reason) for row in found.baseline.flaky] == [("RESP-003", "comes and goes")]
    assert found.flaky == ("RESP-003",) and found.new == ("REQ-021 absent", "REQ-030 a") and not found.gone


def test_a_known_violation_that_turns_flaky_keeps_what_was_written() -> None:
    found = _renewed(baseline("RESP-003", "REQ-022 zero", "REQ-021 absent"), *RUNS)
    assert [(row.key, row.reason) for row in found.baseline.flaky] == [("RESP-003", "known since spring")]
    assert found.kept == ("REQ-021 absent",) and found.gone == ("REQ-022 zero",)


def test_what_is_flaky_stays_flaky() -> None:
    found = _renewed(baseline(flaky=("REQ-021 absent", "RESP-003")), *RUNS)
    assert [row.key for row in found.baseline.flaky] == ["REQ-021 absent", "RESP-003"] and not found.flaky
    assert [row.key for row in found.baseline.violations] == ["REQ-030 a"]


def test_a_single_run_gives_no_flaky_ones() -> None:
    found = _renewed(Baseline(), RUNS[0])
    assert [row.key for row in found.baseline.violations] == ["REQ-021 absent", "RESP-003"]
    assert not found.baseline.flaky and {row.expires for row in found.baseline.violations} == {date(2026, 12, 31)}
