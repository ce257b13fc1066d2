"""What is said of a run that was given a baseline: never that it conforms to the profile while something is waived."""

from dataclasses import replace
from itertools import product

import pytest
from gate_runs import TODAY, baseline, broken, graded, held

from conformance.contract import Level
from conformance.gate.baseline import Baseline
from conformance.gate.judging import judged
from conformance.reporting import Facts, outcome, skip_reason, summary, verdict_sentence
from conformance.verdicts import Exit, Graded, exit_code

FACTS = Facts("0.1.0", "http://h/v1/messages")


def _sentence(run: Graded, known: Baseline, gate: Level = Level.MUST) -> str:
    found = judged(run, known, TODAY, gate, lambda entry: True)
    code = exit_code(run, gate, frozenset({Exit.VIOLATION} if found.failures else ()), found.waived)
    return verdict_sentence(run, replace(FACTS, gate=gate, exit=code, baseline=found))


def test_what_is_waived_is_counted() -> None:
    run = graded(broken("RESP-003"), broken("REQ-021 absent", Level.SHOULD), held("REQ-022 zero"))
    known = baseline("RESP-003", "REQ-021 absent")
    assert _sentence(run, known) == "conforms apart from 2 baselined violations, at level must, 1 SHOULD violated"
    one = graded(broken("RESP-003"), held("REQ-021 absent"))
    assert _sentence(one, baseline("RESP-003")) == "conforms apart from 1 baselined violation, at level must"


def test_a_part_of_the_suite_conforms_to_nothing() -> None:
    run = graded(broken("RESP-003"), held("REQ-021 absent"), everything=False)
    told = "no violation at level must in what was selected, apart from 1 baselined violation"
    assert _sentence(run, baseline("RESP-003")) == told


def test_what_fails_is_told_apart() -> None:
    run = graded(broken("RESP-003"), broken("REQ-021 absent"), held("REQ-022 zero"))
    told = "does not conform: 2 MUST and 0 SHOULD violated, 1 case not in the baseline"
    assert _sentence(run, baseline("RESP-003")) == told
    clean = graded(held("RESP-003"))
    told = "the baseline is out of date, 1 entry to be looked at: 0 MUST and 0 SHOULD violated"
    assert _sentence(clean, baseline("RESP-003")) == told
    assert _sentence(clean, Baseline()) == "conforms to myrouter at level must"


LEVELS = (None, Level.SHOULD, Level.MUST)


@pytest.mark.parametrize("gate", [Level.MUST, Level.SHOULD])
@pytest.mark.parametrize("listed", [(), ("RESP-003",), ("RESP-003", "REQ-021 absent")], ids=len)
def test_code_sentence_and_outcomes_agree(gate: Level, listed: tuple[str, ...]) -> None:
    for first, second in product(LEVELS, LEVELS):
        rows = [
            held(key) if level is None else broken(key, level)
            for key, level in (("RESP-003", first), ("REQ-021 absent", second))
        ]
        run = graded(*rows)
        found = judged(run, baseline(*listed), TODAY, gate, lambda entry: True)
        code = exit_code(run, gate, frozenset({Exit.VIOLATION} if found.failures else ()), found.waived)
        said = _sentence(run, baseline(*listed), gate)
        failed = [row for row in rows if outcome(row, gate, found.waived) == "failed"]
        assert bool(failed) is bool(found.unlisted)
        assert (code is Exit.VIOLATION) is bool(found.failures)
        assert said.startswith("conforms") is (code is Exit.CONFORMS)
        assert ("conforms to" in said) is (code is Exit.CONFORMS and not found.violated)


def test_a_waived_item_is_skipped_and_says_what_was_seen() -> None:
    row = broken("REQ-024 live /max_tokens type array", seen="status 200\x1b", generated=True)
    waived = frozenset({"REQ-024 /max_tokens type"})
    assert outcome(row, Level.MUST, waived) == "skipped" and outcome(row, Level.MUST) == "failed"
    assert skip_reason(row, waived) == "failed, baselined: expected something; seen status 200\\x1b"
    warned = broken("RESP-003", Level.SHOULD)
    assert [outcome(warned, gate, {"RESP-003"}) for gate in (Level.MUST, Level.SHOULD)] == ["passed", "skipped"]
    assert skip_reason(held("RESP-003"), {"RESP-003"}) == "passed"


def test_the_terminal_tells_every_line_of_the_baseline() -> None:
    run = graded(broken("RESP-003"), held("REQ-021 absent"))
    found = judged(run, baseline("REQ-021 absent", "REQ-022 zero"), TODAY, Level.MUST, lambda entry: True)
    text = summary(run, replace(FACTS, exit=Exit.VIOLATION, baseline=found))
    assert "baseline: 0 violations waived, 2 to be looked at\n  fails  RESP-003 is violated and not" in text
    assert "\n  fails  REQ-021 absent is gone" in text and "\n  told   REQ-022 zero was not observed" in text
    assert "baseline" not in summary(run, replace(FACTS, exit=Exit.VIOLATION)).splitlines()[-5:]
