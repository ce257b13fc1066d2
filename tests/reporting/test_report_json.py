"""The JSON report against its schema, and what is written to the disk."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]
from reporting_runs import FACTS, broken, graded, record, result, terms

from conformance._paths import SCHEMAS
from conformance.contract import Level
from conformance.evidence.spent import Price
from conformance.reporting import REPORTS, ReportError, bodies, report, write_reports
from conformance.reporting.facts import output_tokens
from conformance.reporting.report import MOST_VIOLATIONS
from conformance.reporting.text import requests_line
from conformance.rules.findings import Where, note
from conformance.verdicts import Exit, Graded, Verdict
from conformance.wire.exchange import Chunk

SCHEMA: dict[str, Any] = json.loads((SCHEMAS / "json" / "report.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def sample() -> Graded:
    """A MUST broken in seven exchanges (one with bytes no shell holds), a SHOULD, a note, an open item."""
    rows = [broken("RESP-003", "role assistant", "role 'bot'", Where(seq, "/role", 2, 10)) for seq in range(7)]
    warned = broken("REQ-023", "a client error", "status 200", Where(1), Level.SHOULD, "minus")
    return graded(
        [
            result("REQ-023 minus", Verdict.WARNED, warned, generated=True, probe="drawn"),
            result("RESP-003", Verdict.FAILED, *rows),
            result("SSE-001", Verdict.INCONCLUSIVE, reason="nothing to see"),
        ],
        [record(0, b"\xff\x00"), record(1, probe="drawn"), *(record(seq) for seq in range(2, 7))],
        notes={"RESP-002": (note("RESP-002", "msg_", "x", Where(1)),) * 3},
    )


def by_id(content: dict[str, Any], identifier: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in content["requirements"] if row["id"] == identifier)
    return found


def test_the_schema_is_a_schema_and_closed_everywhere() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    objects = [SCHEMA, *SCHEMA["$defs"].values()]
    while objects:
        part = objects.pop()
        if part.get("type") == "object":
            assert "additionalProperties" in part
            assert part["additionalProperties"] is False or "properties" not in part
        objects += [value for value in part.get("properties", {}).values() if isinstance(value, dict)]


@pytest.mark.parametrize("exit_code", Exit)
def test_reports_are_valid(exit_code: Exit) -> None:
    VALIDATOR.validate(report(sample(), replace(FACTS, exit=exit_code)))


@pytest.mark.parametrize("verdict", Verdict)
def test_reports_of_every_verdict_are_valid(verdict: Verdict) -> None:
    bare = replace(FACTS, folder="", started="", ended="", seeds={}, options={})
    content = report(graded(rest=verdict, under=terms(without=["tools"]), everything=False), bare)
    VALIDATOR.validate(content)
    assert content["counts"][verdict] == len(content["requirements"])
    assert content["taken_away"] == ["tools"]
    assert content["timing"]["started"] is None


def test_the_schema_refuses_what_it_does_not_name() -> None:
    content = report(sample(), FACTS)
    assert not VALIDATOR.is_valid({**content, "more": 1})
    assert not VALIDATOR.is_valid({**content, "version": 2})
    content["requirements"][0]["more"] = 1
    assert not VALIDATOR.is_valid(content)


def test_the_head_of_a_report() -> None:
    content = report(sample(), replace(FACTS, exit=Exit.VIOLATION, generated=("drawn", "never-sent")))
    assert content["verdict"] == {
        "sentence": "does not conform: 1 MUST and 1 SHOULD violated",
        "level": "must",
        "exit_code": 1,
        "exit": "violation",
    }
    assert content["target"] == {"url": FACTS.target, "embedded": False, "authenticated": True}
    assert content["capabilities"] == ["streaming", "tools"]
    assert content["requests"] == {"total": 7, "generated": 1, "generated_order": ["drawn", "never-sent"]}
    assert (content["output_tokens"], content["output_tokens_ceiling"], content["input_tokens"]) == (49, 192, 21)
    assert "cost" not in content
    assert (content["seeds"], content["options"]) == ({"live": 7}, {"level": "must"})


def test_a_price_gives_the_cost_of_what_was_reported() -> None:
    content = report(sample(), replace(FACTS, price=Price("USD", 1000, 10_000)))
    VALIDATOR.validate(content)
    assert content["cost"] == {"amount": 0.511, "currency": "USD"}
    assert requests_line(sample(), replace(FACTS, price=Price("USD", 1000, 10_000))).endswith(", 0.5110 USD")


def test_tiers_name_what_decides_them() -> None:
    rows = {row["name"]: row for row in report(sample(), replace(FACTS, exit=Exit.VIOLATION))["tiers"]}
    assert list(rows) == ["core", "streaming", "tools", "thinking", "vision", "caching", "count-tokens", "models"]
    core = {"name": "core", "title": "core", "state": "violated", "violated": ["RESP-003"], "open": [], "unseen": []}
    assert rows["core"] == core
    assert (rows["streaming"]["state"], rows["streaming"]["open"]) == ("open", ["SSE-001"])
    assert (rows["tools"]["state"], rows["models"]["state"]) == ("holds", "not-claimed")
    assert rows["count-tokens"]["title"] == "token counting"


def test_a_reader_knows_what_counts() -> None:
    row = broken("RESP-003", "a", "b", Where(1))
    content = report(graded([result("RESP-003", Verdict.FAILED, row, scored=False)]), FACTS)
    VALIDATOR.validate(content)
    assert (by_id(content, "RESP-003")["scored"], by_id(content, "RESP-004")["scored"]) == (False, True)
    assert (content["items"][0]["scored"], content["items"][0]["verdict"]) == (False, "failed")


def test_reports_of_earlier_runs_stay_valid() -> None:
    content = report(sample(), FACTS)
    del content["tiers"]
    for row in content["requirements"]:
        del row["scored"]
    VALIDATOR.validate(content)


def test_violations_list_five_exchanges_and_count_all() -> None:
    row = by_id(report(sample(), FACTS), "RESP-003")
    violation = row["violations"][0]
    assert (row["verdict"], row["violations_total"], violation["level"]) == ("failed", 1, "MUST")
    assert (violation["expected"], violation["seen"]) == ("role assistant", "role 'bot'")
    assert (violation["exchanges_total"], [v["exchange"] for v in violation["exchanges"]]) == (7, [0, 1, 2, 3, 4])
    first = violation["exchanges"][0]
    assert (first["pointer"], first["event"], first["byte"], first["header"]) == ("/role", 2, 10, "")
    assert "@reports/run/bodies/exchange-0.bin" in first["curl"]


def test_different_violations_of_one_requirement_are_capped_but_counted() -> None:
    rows = [broken("RESP-003", "role assistant", f"role {n}", Where(n)) for n in range(50)]
    content = report(graded([result("RESP-003", Verdict.FAILED, *rows)]), FACTS)
    row = by_id(content, "RESP-003")
    assert (len(row["violations"]), row["violations_total"]) == (MOST_VIOLATIONS, 50)
    assert row["violations"][0]["exchanges"][0]["curl"] is None
    VALIDATOR.validate(content)


def test_items_and_notes() -> None:
    content = report(sample(), FACTS)
    assert content["items"][0] == {
        "key": "REQ-023 minus",
        "verdict": "warned",
        "reason": "",
        "scored": True,
        "generated": True,
    }
    assert content["items"][2]["reason"] == "nothing to see"
    noted = by_id(content, "RESP-002")
    assert (noted["notes_total"], noted["notes"][0]["count"], noted["notes"][0]["seen"]) == (3, 3, "x")


def test_a_long_value_is_cut() -> None:
    row = broken("RESP-003", "a", "b" * 100_000, Where(0))
    content = report(graded([result("RESP-003", Verdict.FAILED, row)]), FACTS)
    assert by_id(content, "RESP-003")["violations"][0]["seen"] == "b" * 1999 + "…"


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [({"output_tokens": 7}, 7), ({"output_tokens": True}, 0), ({"output_tokens": "7"}, 0), ({}, 0), (None, 0), ([], 0)],
)
def test_output_tokens_are_counted_as_far_as_reported(usage: object, tokens: int) -> None:
    assert output_tokens(graded(records=[record(1, answer={"usage": usage})]).run) == tokens


def test_output_tokens_of_a_stream() -> None:
    events = (
        'event: message_start\ndata: {"type":"message_start","message":{"content":[],"usage":{"output_tokens":1}}}\n\n'
        'event: message_delta\ndata: {"type":"message_delta","delta":{},"usage":{"output_tokens":9}}\n\n'
    )
    plain = record(1)
    exchange = replace(
        plain.exchange, headers=(("content-type", "text/event-stream"),), chunks=(Chunk(0.1, events.encode()),)
    )
    assert output_tokens(graded(records=[replace(plain, exchange=exchange)]).run) == 9


def test_bodies_are_those_that_shown_commands_read() -> None:
    assert bodies(sample()) == {"exchange-0.bin": b"\xff\x00"}


def test_everything_is_written(tmp_path: Path) -> None:
    paths = write_reports(tmp_path / "new" / "run", sample(), FACTS)
    names = [path.relative_to(tmp_path / "new" / "run").as_posix() for path in paths]
    assert names == [*REPORTS, "bodies/exchange-0.bin"]
    assert json.loads(paths[0].read_bytes()) == report(sample(), replace(FACTS, folder=""))
    assert "@./bodies/exchange-0.bin" in paths[0].read_text() and FACTS.folder not in paths[0].read_text()
    assert paths[0].read_bytes().isascii()
    assert paths[-1].read_bytes() == b"\xff\x00"


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"cannot write the report .*report\.json: Not a directory"):
        write_reports(tmp_path / "file" / "run", sample(), FACTS)
