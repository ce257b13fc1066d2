"""The terminal text, word for word."""

import re
from dataclasses import replace

import pytest
from reporting_runs import FACTS, URL, broken, graded, record, result, terms

from conformance.contract import Level, load_catalogue
from conformance.reporting import EMBEDDED, Facts, entry_text, first_line, last_line, markdown, summary, violation_text
from conformance.reporting.clean import LONGEST, clean
from conformance.reporting.sentence import tiers_line
from conformance.rules.findings import Where, note
from conformance.verdicts import Exit, Graded, Verdict

N = len(load_catalogue().requirements)
LIMITS = "; 0 inconclusive, 0 not run"


def violated(*seqs: int) -> Graded:
    """RESP-003 broken in these exchanges, REQ-023 warned once, one note, one generated request."""
    rows = [broken("RESP-003", "role assistant", "role 'bot'", Where(seq, "/role")) for seq in seqs]
    warned = broken("REQ-023", "a client error", "status 200", Where(2), Level.SHOULD, "minus")
    return graded(
        [
            result("REQ-023 minus", Verdict.WARNED, warned, generated=True, probe="drawn"),
            result("RESP-003", Verdict.FAILED, *rows),
            result("SSE-001", Verdict.INCONCLUSIVE, reason="sent, but there was nothing to see"),
            result("SSE-002", Verdict.NOT_RUN, reason="not sent"),
        ],
        [record(1), record(2, b'{"max_tokens":-1}', "drawn"), *(record(seq) for seq in (3, 4, 5))],
        notes={"RESP-002": (note("RESP-002", "msg_", "x", Where(1)),) * 2},
    )


def test_a_failed_run_from_table_to_verdict() -> None:
    requirement = load_catalogue().requirements
    text = summary(violated(1, 3, 4, 5), replace(FACTS, exit=Exit.VIOLATION))
    table, first, second, notes, end = text.split("\n\n")
    assert table.splitlines()[0] == "area    passed  failed  warned  inconclusive  not-applicable  not-run"
    assert table.splitlines()[-1] == f"all     {N - 4:>6}       1       1             1               0        1"
    assert first.splitlines()[:6] == [
        f"RESP-003  MUST  {requirement['RESP-003'].statement}",
        f"  source    {requirement['RESP-003'].source}",
        "  expected  role assistant",
        "  seen      role 'bot'",
        "  where     exchange 1, /role",
        "  shown by  4 exchanges: 1, 3, 4, …",
    ]
    assert first.splitlines()[6:][0] == "curl -sS -i \\"
    assert first.endswith(f'  --data-raw \'{{"model":"m","max_tokens":32}}\' \\\n  \'{URL}\'')
    assert second.startswith("REQ-023  SHOULD  ")
    assert "  shown by  1 exchange: 2\ncurl" in second
    assert notes == "2 notes, never an alarm: RESP-002 2"
    assert end.splitlines() == [
        "5 requests (1 generated), 35 output tokens as far as reported (max_tokens add up to 128), 15 input tokens",
        "tiers: core violated (RESP-003), streaming open (SSE-001, SSE-002), tools holds, thinking not claimed, "
        "vision not claimed, caching not claimed, token counting not claimed, models not claimed",
        "does not conform: 1 MUST and 1 SHOULD violated; 1 inconclusive, 1 not run",
    ]


def test_other_ways_of_breaking_one_requirement_are_counted() -> None:
    rows = [broken("RESP-003", "role assistant", f"role {n}", Where(1)) for n in range(3)]
    text = summary(graded([result("RESP-003", Verdict.FAILED, *rows)], [record(1)]), FACTS)
    assert text.count("RESP-003  MUST") == 1
    assert "  and 2 more ways in which it was broken\ncurl" in text


def test_a_violation_of_the_whole_run_has_no_command() -> None:
    row = broken("LOAD-001", "an answer each", "none", Where())
    text = summary(graded([result("LOAD-001", Verdict.FAILED, row)], [record(1)]), FACTS)
    assert "  seen      none\n\n1 request (0" in text
    assert "curl" not in text


def test_a_run_without_violation_conforms() -> None:
    text = summary(graded(records=[record(1)]), FACTS)
    assert text.splitlines()[-1] == f"conforms to myrouter at level must{LIMITS}"
    assert len(text.split("\n\n")) == 2


@pytest.mark.parametrize(
    ("exit_code", "sentence"),
    [
        (Exit.NOTHING_TESTED, "nothing was tested"),
        (Exit.INTERRUPTED, "interrupted before the end: no verdict"),
        (Exit.HARNESS_ERROR, "error in the harness: no verdict"),
        (Exit.USAGE, "wrong usage: no verdict"),
    ],
)
def test_the_last_line_when_there_is_no_verdict(exit_code: Exit, sentence: str) -> None:
    assert last_line(graded(), replace(FACTS, exit=exit_code)) == f"{sentence}{LIMITS}"
    told = last_line(violated(1), replace(FACTS, exit=exit_code))
    assert told == f"{sentence}; 1 MUST and 1 SHOULD violated; 1 inconclusive, 1 not run"


def test_the_last_line_says_why_a_run_could_not_be_graded() -> None:
    facts = replace(FACTS, exit=Exit.UNGRADABLE)
    few = "fewer than half of the MUST requirements in scope reached a verdict"
    assert last_line(graded(), facts) == f"could not be graded: {few}{LIMITS}"
    told = last_line(violated(1), facts)
    unseen, counts = "nothing of streaming could be judged", "1 MUST and 1 SHOULD violated; 1 inconclusive, 1 not run"
    assert told == f"could not be graded: {unseen}; {counts}"
    seen = graded([result("SSE-001", Verdict.PASSED), result("SSE-002", Verdict.INCONCLUSIVE)], [record(1)])
    assert last_line(seen, facts) == f"could not be graded: {few}; 1 inconclusive, 0 not run"
    lost = graded(records=[record(1), replace(record(2), step=1, exchange=replace(record(2).exchange, status=401))])
    assert last_line(lost, facts) == (
        f"could not be graded: the plain control was served at first and refused later (status 401){LIMITS}"
    )


def test_the_reason_of_the_preflight_is_told() -> None:
    facts = replace(FACTS, exit=Exit.UNGRADABLE, ungradable="status 401: set the key")
    assert last_line(graded(), facts) == f"could not be graded: status 401: set the key{LIMITS}"


def test_a_warning_below_the_gate_is_told_beside_the_verdict() -> None:
    row = broken("REQ-023", "a", "b", Where(1), Level.SHOULD)
    run = graded([result("REQ-023 minus", Verdict.WARNED, row)], [record(1)])
    assert last_line(run, FACTS) == f"conforms to myrouter at level must, 1 SHOULD violated{LIMITS}"
    gated = replace(FACTS, gate=Level.SHOULD, exit=Exit.VIOLATION)
    assert last_line(run, gated) == f"does not conform: 0 MUST and 1 SHOULD violated{LIMITS}"


def test_without_an_included_capability_tiers_are_told() -> None:
    line = last_line(graded(under=terms(without=["tools"])), FACTS)
    assert line == (
        f"at level must: tier core holds, tier streaming holds; run without tools, which myrouter includes{LIMITS}"
    )


def test_a_tier_can_be_violated_or_open() -> None:
    row = broken("STRM-001", "a", "b", Where(1))
    run = graded([result("STRM-001", Verdict.FAILED, row)], rest=Verdict.NOT_RUN, under=terms(without=["tools"]))
    assert last_line(run, FACTS).startswith("at level must: tier core open, tier streaming violated; ")


def test_the_line_of_tiers_names_what_decides_each() -> None:
    row = broken("STRM-001", "a", "b", Where(1), Level.SHOULD)
    rows = [result("STRM-001", Verdict.WARNED, row), *(result(f"TOOL-00{n}", Verdict.NOT_RUN) for n in range(1, 7))]
    run = graded([*rows, result("TOOL-017", Verdict.INCONCLUSIVE)], under=terms(claimed=["thinking"]))
    unclaimed = "vision not claimed, caching not claimed, token counting not claimed, models not claimed"
    assert tiers_line(run, Level.MUST) == (
        f"tiers: core holds, streaming holds, tools open (TOOL-001, TOOL-002, TOOL-017), thinking holds, {unclaimed}"
    )
    assert tiers_line(run, Level.SHOULD) == (
        "tiers: core holds, streaming violated (STRM-001), tools open (TOOL-001, TOOL-002, TOOL-003 and 4 more), "
        f"thinking holds, {unclaimed}"
    )
    assert tiers_line(run, Level.MUST) in summary(run, FACTS).splitlines()[-2]


def test_the_last_line_counts_what_needs_a_cooperative_model() -> None:
    rows = [result("TOOL-017", Verdict.INCONCLUSIVE), result("SEM-002", Verdict.INCONCLUSIVE)]
    open_ = [*rows, result("SSE-011", Verdict.INCONCLUSIVE), result("TOOL-016", Verdict.NOT_RUN)]
    told = "3 inconclusive, 1 not run; 2 inconclusive because the model did not cooperate"
    assert last_line(graded(open_, [record(1)]), FACTS) == f"conforms to myrouter at level must; {told}"
    assert last_line(graded(open_), FACTS).endswith("; 3 inconclusive, 1 not run"), "it was never asked"


def test_what_is_not_scored_is_shown_and_not_counted() -> None:
    row = broken("RESP-003", "role assistant", "role 'bot'", Where(1))
    run = graded([result("RESP-003", Verdict.FAILED, row, scored=False)], [record(1)])
    text = summary(run, FACTS)
    assert f"\n\nRESP-003  MUST, not scored  {load_catalogue().requirements['RESP-003'].statement}\n" in text
    assert text.splitlines()[-1] == f"conforms to myrouter at level must{LIMITS}"
    assert "\nRESP-003  MUST, not scored  " in f"\n{violation_text(run.items[0], run.run, FACTS)}"
    assert tiers_line(run, Level.MUST).startswith("tiers: core holds, ")
    assert "RESP\\-003 | MUST, not scored |".replace("\\", "") in markdown(run, FACTS)


def test_violations_that_count_are_shown_first() -> None:
    rows = [broken(name, "a", "b", Where(1)) for name in ("AUTH-001", "RESP-003")]
    results = [result("AUTH-001", Verdict.FAILED, rows[0], scored=False), result("RESP-003", Verdict.FAILED, rows[1])]
    text = summary(graded(results, [record(1)]), replace(FACTS, exit=Exit.VIOLATION))
    assert text.index("RESP-003  MUST  ") < text.index("AUTH-001  MUST, not scored  ")
    assert "does not conform: 1 MUST and 0 SHOULD violated" in text


def test_a_selection_says_how_much_it_covered() -> None:
    line = last_line(graded([result("RESP-003", Verdict.PASSED)], rest=Verdict.NOT_RUN, everything=False), FACTS)
    assert line == (
        f"no violation at level must in what was selected; covered only 1 of {N} requirements; "
        f"0 inconclusive, {N - 1} not run"
    )


def test_a_record_that_breaks_off_never_conforms() -> None:
    line = last_line(graded(finished=False), FACTS)
    assert line == f"no violation at level must, but the record breaks off before the end of the run{LIMITS}"


def test_the_embedded_endpoint_is_named_in_the_first_and_the_last_line() -> None:
    facts = replace(FACTS, embedded=True)
    assert first_line(terms(), facts) == (
        f"messages-conformance 0.1.0: {EMBEDDED}, profile myrouter, anthropic-version 2023-06-01, "
        "model model-a, level must"
    )
    assert last_line(graded(), facts).endswith(f"; {EMBEDDED}")
    assert EMBEDDED == "embedded reference endpoint, not a server of yours"


def test_the_first_line_names_the_target_and_that_no_key_is_used() -> None:
    line = first_line(terms(authenticated=False), FACTS)
    assert line.startswith(f"messages-conformance 0.1.0: {URL}, profile myrouter")
    assert line.endswith("level must, declared key-less")


def test_the_failure_text_of_one_item() -> None:
    run = violated(1)
    requirement = load_catalogue().requirements["REQ-023"]
    text = violation_text(run.items[0], run.run, FACTS)
    assert text.splitlines()[:7] == [
        "  case      minus: one thing is wrong",
        f"REQ-023  SHOULD  {requirement.statement}",
        f"  source    {requirement.source}",
        "  expected  a client error",
        "  seen      status 200",
        "  where     exchange 2",
        "  shown by  1 exchange: 2",
    ]
    assert "--data-raw '{\"max_tokens\":-1}'" in text
    assert violation_text(run.items[2], run.run, FACTS) == ""


def test_a_body_that_needs_a_file_names_the_run_folder() -> None:
    row = broken("REQ-023", "a", "b", Where(9))
    run = graded([result("REQ-023 x", Verdict.FAILED, row)], [record(9, b"\xff")])
    assert "--data-binary @reports/run/bodies/exchange-9.bin" in violation_text(run.items[0], run.run, FACTS)
    assert "@./bodies/exchange-9.bin" in violation_text(run.items[0], run.run, replace(FACTS, folder=""))


HOSTILE = "\x1b[31mred\x1b[0m \x9b2J \u202eevil\u2066 \x07\x00\r\nfake line \ud800 \u2028" + "x" * 5000


def test_nothing_of_the_target_drives_the_terminal() -> None:
    row = broken("RESP-003", HOSTILE, HOSTILE, Where(1, HOSTILE, header=HOSTILE))
    text = summary(graded([result("RESP-003", Verdict.FAILED, row, reason=HOSTILE)], [record(1)]), FACTS)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\nfake line" not in text
    assert (
        "  seen      \\x1b[31mred\\x1b[0m \\x9b2J \\u202eevil\\u2066 \\x07\\x00\\r\\nfake line \\ud800 \\u2028x" in text
    )
    assert re.search(r"…\(\d+ characters left out\)…", text)
    assert max(map(len, text.splitlines())) < 4 * LONGEST


def test_clean_leaves_ordinary_text_alone() -> None:
    assert clean("ünï 文字 \U0001f600 'quoted'") == "ünï 文字 \U0001f600 'quoted'"
    assert clean("a" * LONGEST) == "a" * LONGEST
    assert clean("a" * 11, 10) == "aaaaa…(1 characters left out)…aaaaa"


def test_an_entry_of_the_catalogue() -> None:
    text = entry_text(load_catalogue().requirements["STRM-002"])
    assert text == (
        "STRM-002  There is exactly one `message_start`.\n"
        "  level        MUST under myrouter\n"
        "  level        MUST under anthropic\n"
        "  basis        documented\n"
        "  source       A-STREAM; PROBE 10 (TS throws); MoonshotAI/Kimi-K2.5#33\n"
        "  how tested   Count.\n"
        "  fault        One message_start per upstream chunk.\n"
        "  capability   streaming\n"
        "  entails      EQV-004"
    )


def test_every_entry_shows_all_that_the_catalogue_says() -> None:
    for requirement in load_catalogue().requirements.values():
        flat = " ".join(entry_text(requirement).split())
        parts = (requirement.statement, requirement.source, requirement.note, requirement.api_version)
        assert all(" ".join(part.split()) in flat for part in parts if part)
        assert entry_text(requirement).splitlines()[0].startswith(f"{requirement.id}  ")


def test_facts_without_an_exit_code_never_read_as_a_success() -> None:
    assert last_line(graded(), Facts("0.1.0", URL)) == f"nothing was tested{LIMITS}"


@pytest.mark.parametrize(
    ("probe", "told"),
    [
        ("other", "1 of the planned probes were not sent: the cap of 3 requests was reached"),
        ("plain", "the run was truncated: the cap of 3 requests was reached"),
    ],
)
def test_a_truncated_run_never_conforms(probe: str, told: str) -> None:
    """Be it that only the control at its end is missing, which was sent before."""
    whole = graded(records=[record(1, probe="plain")])
    cut = replace(whole, run=replace(whole.run, unsent={probe: "not sent: the cap of 3 requests was reached"}))
    facts = replace(FACTS, exit=Exit.CONFORMS)
    assert last_line(cut, facts).startswith(f"no violation at level must, but {told};")
    assert last_line(whole, facts).startswith("conforms to myrouter")


@pytest.mark.parametrize("code", [Exit.VIOLATION, Exit.UNGRADABLE, Exit.INTERRUPTED])
def test_whatever_a_truncated_run_ends_with_the_cap_is_told_once(code: Exit) -> None:
    whole = graded(records=[record(1, probe="plain")])
    cut = replace(whole, run=replace(whole.run, unsent={"other": "not sent: the cap of 3 requests was reached"}))
    said = last_line(cut, replace(FACTS, exit=code)).split("; ")
    assert said.count("1 of the planned probes were not sent: the cap of 3 requests was reached") == 1
    assert said[1:] == [*said[1:2], *last_line(whole, replace(FACTS, exit=code)).split("; ")[1:]]
