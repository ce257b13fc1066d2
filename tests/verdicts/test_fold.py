"""From findings to the verdict of an item, of a requirement, of a run; live and from the journal alike."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from conformance.contract import Level, load_catalogue, load_profiles
from conformance.evidence.follow import Follower, header_terms
from conformance.evidence.journal import JournalWriter, item_line, record_line
from conformance.evidence.run import Expect, Item, Record, Run, Terms
from conformance.rules.findings import Finding, Kind
from conformance.verdicts import Exit, Graded, Verdict, exit_code, grade, judge_item
from conformance.verdicts.fold import NEED_A_KEY, NOTHING_SEEN, _fold
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m-1",
    "content": [{"type": "text", "text": "pong"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 9,
        "output_tokens": 1,
        "total_tokens": 10,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "reasoning_tokens": 0,
    },
}
REFUSAL = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
FINDINGS = {
    "must": Finding("REQ-001", Kind.BROKEN, "this", "that", level=Level.MUST),
    "should": Finding("REQ-001", Kind.BROKEN, "this", "that", level=Level.SHOULD),
    "crashed": Finding("REQ-001", Kind.CRASHED, seen="the harness failed: it raised"),
    "unjudged": Finding("REQ-001", Kind.UNJUDGED, seen="the model would not"),
    "held": Finding("REQ-001", Kind.HELD),
    "note": Finding("REQ-001", Kind.NOTE, "this", "something else"),
}
_SUBSETS = [names for size in range(len(FINDINGS) + 1) for names in combinations(FINDINGS, size)]


def _expected(names: Sequence[str], inapplicable: str, unsent: str) -> tuple[Verdict, str]:
    """The order of DESIGN's table, written once more."""
    rows = [
        ("must" in names, Verdict.FAILED, ""),
        ("should" in names, Verdict.WARNED, ""),
        ("crashed" in names, Verdict.INCONCLUSIVE, "the harness failed: it raised"),
        (bool(inapplicable), Verdict.NOT_APPLICABLE, inapplicable),
        (bool(unsent) and "held" not in names, Verdict.NOT_RUN, unsent),
        ("unjudged" in names, Verdict.INCONCLUSIVE, "the model would not"),
        ("held" in names, Verdict.PASSED, ""),
        ("note" in names, Verdict.INCONCLUSIVE, "free in the contract: something else"),
        (True, Verdict.INCONCLUSIVE, NOTHING_SEEN),
    ]
    return next((verdict, reason) for holds, verdict, reason in rows if holds)


@pytest.mark.parametrize("names", _SUBSETS, ids=lambda names: "-".join(names) or "nothing")
@pytest.mark.parametrize(("inapplicable", "unsent"), list(product(["", "not claimed"], ["", "not sent"])))
def test_the_first_of_what_holds_is_the_verdict(names: tuple[str, ...], inapplicable: str, unsent: str) -> None:
    for order in (names, names[::-1]):
        findings = tuple(FINDINGS[name] for name in order)
        assert _fold(findings, inapplicable, unsent) == _expected(names, inapplicable, unsent)


def _terms(profile: str = "myrouter", without: str = "", **more: Any) -> Terms:
    chosen = load_profiles()[profile]
    return Terms(chosen, load_catalogue(), chosen.api_version, "m-1", frozenset(chosen.included) - {without}, **more)


def _record(seq: int, probe: str, status: int = 200, answer: Mapping[str, Any] = MESSAGE) -> Record:
    body = json.dumps(answer).encode()
    headers = (("content-type", "application/json"), ("request-id", f"req_{seq}"), ("content-length", f"{len(body)}"))
    sent = json.dumps({"model": "m-1", "max_tokens": 32, "messages": [{"role": "user", "content": "hi"}]}).encode()
    request = Request("POST", "http://h/anthropic/v1/messages", (("Content-Type", "application/json"),), sent)
    exchange = Exchange(request, status, headers, (Chunk(0.1, body),), End(Ending.COMPLETE), connection="1")
    return Record(seq, probe, 0 if seq == 1 else seq, 1, exchange)


def _bracketed(status: int, answer: Mapping[str, Any] = REFUSAL) -> tuple[Record, ...]:
    return _record(1, "plain"), _record(2, "p", status, answer), _record(3, "plain")


def _item(requirement: str = "REQ-001", case: str = "a", kind: str = "refused", probe: str = "p", **args: Any) -> Item:
    return Item(requirement, case, (probe,), {"*": Expect(kind, args)}, "plain")


def _passive(requirement: str) -> Item:
    return Item(requirement, "", ("plain",))


def _graded(items: Sequence[Item], records: Sequence[Record], terms: Terms | None = None, **more: Any) -> Graded:
    return grade(Run(terms or _terms(), tuple(items), tuple(records), **more))


ONE_ITEM: list[tuple[str, Item, tuple[Record, ...], Verdict]] = [
    ("refused", _item(), _bracketed(400), Verdict.PASSED),
    ("served", _item(), _bracketed(200, MESSAGE), Verdict.FAILED),
    ("lowered", _item(lowered=[200]), _bracketed(200, MESSAGE), Verdict.WARNED),
    ("noted", _item(noted=[200]), _bracketed(200, MESSAGE), Verdict.INCONCLUSIVE),
    ("unrelated", _item(), _bracketed(401), Verdict.INCONCLUSIVE),
    ("an error in disguise", _item(), _bracketed(200, REFUSAL), Verdict.INCONCLUSIVE),
    ("no control after it", _item(), _bracketed(400)[:2], Verdict.INCONCLUSIVE),
    ("not sent", _item(), _bracketed(400)[::2], Verdict.NOT_RUN),
    ("a departure from a MAY", _item("HDR-002"), _bracketed(200, MESSAGE), Verdict.INCONCLUSIVE),
    ("a good role", _passive("RESP-003"), _bracketed(400), Verdict.PASSED),
    ("a bad role", _passive("RESP-003"), (_record(1, "plain", 200, MESSAGE | {"role": "model"}),), Verdict.FAILED),
    ("nothing to see", _passive("RESP-003"), (_record(1, "plain", 400, REFUSAL),), Verdict.INCONCLUSIVE),
]


@pytest.mark.parametrize(("item", "records", "verdict"), [row[1:] for row in ONE_ITEM], ids=[r[0] for r in ONE_ITEM])
def test_one_item_and_its_requirement(item: Item, records: tuple[Record, ...], verdict: Verdict) -> None:
    graded = _graded([item], records, everything=False)
    assert [result.verdict for result in graded.items] == [verdict]
    assert graded.judgements[item.requirement].verdict is verdict
    assert bool(graded.items[0].reason) == (verdict not in {Verdict.PASSED, Verdict.FAILED, Verdict.WARNED})
    if item.active:
        assert judge_item(item, graded.run) == graded.items[0]


def test_a_departure_from_a_may_is_a_note_and_never_a_violation() -> None:
    may = next(r.id for r in load_catalogue().requirements.values() if r.level("myrouter") is Level.MAY)
    judgement = _graded([_item(may)], _bracketed(200, MESSAGE), everything=False).judgements[may]
    assert judgement.violations == () and len(judgement.notes) == 1


def test_a_test_line_never_raises_the_level_of_its_requirement() -> None:
    should = next(r.id for r in load_catalogue().requirements.values() if r.level("myrouter") is Level.SHOULD)
    graded = _graded([_item(should)], _bracketed(200, MESSAGE), everything=False)
    assert [finding.level for finding in graded.violations] == [Level.SHOULD]
    assert exit_code(graded, Level.MUST) is Exit.CONFORMS and exit_code(graded, Level.SHOULD) is Exit.VIOLATION


MIXES: list[tuple[tuple[int | None, ...], Verdict]] = [
    ((400, 400), Verdict.PASSED),
    ((400, 200), Verdict.FAILED),
    ((401, 200), Verdict.FAILED),
    ((400, 401), Verdict.INCONCLUSIVE),
    ((400, None), Verdict.INCONCLUSIVE),
    ((None, None), Verdict.NOT_RUN),
    ((401, None), Verdict.INCONCLUSIVE),
    ((200, None), Verdict.FAILED),
]


@pytest.mark.parametrize(("statuses", "verdict"), MIXES)
def test_a_requirement_is_folded_from_its_cases(statuses: tuple[int | None, ...], verdict: Verdict) -> None:
    items = [_item(case=f"c{n}", probe=f"p{n}") for n in range(len(statuses))]
    answers = {200: MESSAGE}
    sent = [_record(n + 2, f"p{n}", code, answers.get(code, REFUSAL)) for n, code in enumerate(statuses) if code]
    graded = _graded(items, [_record(1, "plain"), *sent, _record(9, "plain")], unsent={"p1": "the cap was reached"})
    judgement = graded.judgements["REQ-001"]
    assert judgement.verdict is verdict and judgement.cases == 2
    assert judgement.judged == sum(status in {200, 400} for status in statuses)
    if statuses == (400, None):
        assert judgement.reason == "the cap was reached"


def test_traffic_breaks_a_requirement_whose_cases_all_held() -> None:
    records = [_record(1, "plain", 200, MESSAGE | {"role": "model"}), *_bracketed(200, MESSAGE)[1:]]
    graded = _graded([_item("RESP-003", kind="accepted")], records, everything=False)
    assert graded.items[0].verdict is Verdict.PASSED
    assert graded.judgements["RESP-003"].verdict is Verdict.FAILED and exit_code(graded, Level.MUST) is Exit.VIOLATION


def test_traffic_may_break_what_no_item_is_about_unless_a_selection_was_made() -> None:
    bad = [_record(1, "plain", 200, MESSAGE | {"role": "model"})]
    whole, part = _graded([], bad), _graded([], bad, everything=False)
    assert whole.judgements["RESP-003"].verdict is Verdict.FAILED and whole.count(Verdict.FAILED) >= 1
    assert part.judgements["RESP-003"].verdict is Verdict.NOT_RUN and part.violations == ()
    assert part.judgements["RESP-003"].reason == "not selected"
    assert whole.judgements["TOOL-001"].reason == "no test of it in this run"


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("answer", [MESSAGE, MESSAGE | {"role": "model"}, MESSAGE | {"usage": {}}, REFUSAL])
@pytest.mark.parametrize("profile", list(load_profiles()))
def test_a_violation_and_a_broken_requirement_are_the_same_thing(
    everything: bool, answer: Mapping[str, Any], profile: str
) -> None:
    items = [_item(), _passive("RESP-003"), _item("USG-001", kind="accepted"), _item("STRM-001", kind="accepted")]
    graded = _graded(items, _bracketed(200, answer), _terms(profile, "streaming"), everything=everything)
    for judgement in graded.judgements.values():
        assert bool(judgement.violations) == (judgement.verdict in {Verdict.FAILED, Verdict.WARNED})


def test_a_capability_that_is_not_claimed_frees_of_silence_only() -> None:
    items = [_passive("STRM-001"), _item("TOOL-001", kind="accepted", probe="unsent")]
    graded = _graded(items, [_record(1, "plain")], _terms(without="streaming"))
    strm, tool = graded.judgements["STRM-001"], graded.judgements["TOOL-001"]
    assert (strm.verdict, strm.reason) == (Verdict.NOT_APPLICABLE, "the target does not claim streaming")
    assert (tool.verdict, tool.reason) == (Verdict.NOT_RUN, "not sent")
    assert graded.judgements["STRM-002"].verdict is Verdict.NOT_APPLICABLE, "without an item as well"


@pytest.mark.parametrize("identifier", sorted(NEED_A_KEY))
def test_a_key_less_target_owes_no_refusal_of_keys(identifier: str) -> None:
    item = _item(identifier, kind="status", ok=[401], noted=[], lowered=[])
    served = _bracketed(200, MESSAGE)
    graded = _graded([item], served, _terms(authenticated=False))
    judgement = graded.judgements[identifier]
    assert (judgement.verdict, judgement.reason) == (Verdict.NOT_APPLICABLE, "the target is declared key-less")
    assert judgement.violations == () and graded.items[0].findings == ()
    assert _graded([item], served, _terms()).judgements[identifier].violations, "whoever takes a key owes it"


def test_a_case_that_the_profile_asks_nothing_of_is_not_applicable() -> None:
    item = Item("REQ-001", "a", ("p",), {"anthropic": Expect("refused")}, "plain")
    mine, theirs = (_graded([item], _bracketed(400), _terms(name)) for name in ("myrouter", "anthropic"))
    assert mine.items[0].verdict is Verdict.NOT_APPLICABLE
    assert mine.items[0].reason == "the profile myrouter asks nothing of this case"
    assert theirs.items[0].verdict is Verdict.PASSED


def test_an_alias_is_judged_by_the_exchange_it_shares() -> None:
    graded = _graded([_item(probe="twin")], _bracketed(400), aliases={"twin": "p"})
    assert graded.items[0].verdict is Verdict.PASSED


def test_when_nothing_could_be_seen_the_catalogue_says_why() -> None:
    told = load_catalogue().requirements["USG-006"]
    result = _graded([_passive(told.id)], [_record(1, "plain")]).items[0]
    assert result.verdict is Verdict.INCONCLUSIVE and told.inconclusive
    assert result.reason == f"{NOTHING_SEEN} (inconclusive when: {told.inconclusive})"


def test_when_nothing_was_served_it_is_told_what_came_instead() -> None:
    statuses = (500, 500, 400, None)
    rows = [replace(_record(n, "plain"), exchange=_ended(status)) for n, status in enumerate(statuses, 1)]
    (result,) = _graded([_passive("RESP-003")], rows).items
    assert (result.verdict, result.reason) == (
        Verdict.INCONCLUSIVE,
        "sent, but no answer of status 200 to see it in: 2 × status 500, 1 × status 400, 1 × no answer (reset)",
    )
    assert _graded([_passive("RESP-003")], [*rows, _record(9, "plain")]).items[0].verdict is Verdict.PASSED


def _ended(status: int | None) -> Exchange:
    exchange = _record(1, "plain", status or 200, {}).exchange
    return exchange if status else replace(exchange, status=None, headers=(), chunks=(), end=End(Ending.RESET))


def test_a_journal_read_back_is_graded_alike(tmp_path: Path) -> None:
    run = Run(
        _terms("anthropic", without="tools"),
        (_item(), _item(case="b", probe="twin"), _passive("RESP-003"), _item("TOOL-001", "t", "accepted", "unsent")),
        (*_bracketed(400), _record(4, "q", 200, MESSAGE | {"role": "model"})),
        {"twin": "p"},
        {"unsent": "not sent: for a reason"},
        everything=True,
    )
    writer = JournalWriter(tmp_path / "journal.jsonl")
    writer.write("header", terms=header_terms(run.terms), everything=run.everything)
    writer.write("plan", items=[item_line(item) for item in run.items], aliases=dict(run.aliases), generated=[])
    for record in reversed(run.records):
        writer.write("exchange", **record_line(record))
    for probe, reason in run.unsent.items():
        writer.write("unsent", probe=probe, reason=reason)
    writer.write("footer", ended="now")
    writer.close()
    follower = Follower(writer.path)
    assert follower.poll()
    again, live = grade(follower.run()), grade(run)
    assert again.items == live.items and again.judgements == live.judgements
    assert exit_code(again, Level.MUST) is exit_code(live, Level.MUST) is Exit.VIOLATION


def test_exit_codes_of_graded_runs() -> None:
    nothing = _graded([_item()], [], everything=False)
    open_ = _graded([_item(), _passive("RESP-003")], [_record(1, "plain", 400, REFUSAL)], everything=False)
    third = [_item(), _item("REQ-002", probe="x"), _item("REQ-003", probe="y")]
    mostly_open = _graded(third, _bracketed(400), everything=False)
    good = _graded([_item(), _passive("RESP-003")], _bracketed(400), everything=False)
    bad = _graded(third, _bracketed(200, MESSAGE), everything=False)
    codes = [exit_code(graded, Level.MUST) for graded in (nothing, open_, mostly_open, good, bad)]
    assert codes == [Exit.NOTHING_TESTED, Exit.UNGRADABLE, Exit.UNGRADABLE, Exit.CONFORMS, Exit.VIOLATION]
    assert exit_code(good, Level.MUST, frozenset({Exit.INTERRUPTED})) is Exit.INTERRUPTED
