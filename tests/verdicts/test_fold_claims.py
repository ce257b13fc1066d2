"""What a target does not claim is not applicable; what waits for a word of the operator was not run."""

import json

import pytest

from conformance.contract import load_catalogue, load_profiles
from conformance.evidence.run import NOT_CLAIMED, Expect, Item, Record, Run, Terms
from conformance.verdicts import Verdict, grade
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request

UNCLAIMED = f"{NOT_CLAIMED} streaming"


def _plain(seq: int) -> Record:
    request = Request("POST", "http://h/v1/messages", (), b"{}")
    body = json.dumps({"type": "message", "content": []}).encode()
    headers = (("content-type", "application/json"),)
    return Record(seq, "plain", seq, 1, Exchange(request, 200, headers, (Chunk(0.0, body),), End(Ending.COMPLETE)))


def _run(*items: Item, **unsent: str) -> Run:
    profile = load_profiles()["anthropic"]
    terms = Terms(profile, load_catalogue(), profile.api_version, "m", frozenset({"tools"}))
    return Run(terms, items, (_plain(1), _plain(2)), unsent=unsent)


def _case(case: str, *probes: str) -> Item:
    return Item("SEM-002", case, probes, {"*": Expect("accepted")}, "plain")


def test_a_case_that_needs_what_is_not_claimed_does_not_hold_the_others_up() -> None:
    graded = grade(_run(_case("json", "plain"), _case("streamed", "twin"), twin=UNCLAIMED))
    assert [row.verdict for row in graded.items] == [Verdict.PASSED, Verdict.NOT_APPLICABLE]
    assert graded.judgements["SEM-002"].verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("probes", "verdict"),
    [(("twin",), Verdict.NOT_APPLICABLE), (("twin", "other"), Verdict.NOT_APPLICABLE)],
)
def test_a_passive_item_none_of_whose_probes_can_be_sent_is_not_applicable(
    probes: tuple[str, ...], verdict: Verdict
) -> None:
    graded = grade(_run(Item("SEM-003", "", probes), twin=UNCLAIMED, other=UNCLAIMED))
    assert [(row.verdict, row.reason) for row in graded.items] == [(verdict, UNCLAIMED)]


def test_what_waits_for_the_operator_was_not_run() -> None:
    reason = "only with --include large-body: it sends 33 MB"
    graded = grade(_run(Item("HTTP-010", "large", ("big",), {"*": Expect("accepted")}, "plain"), big=reason))
    assert [(row.verdict, row.reason) for row in graded.items] == [(Verdict.NOT_RUN, reason)]
    assert graded.judgements["HTTP-010"].verdict is Verdict.NOT_RUN


def test_what_is_used_though_it_is_not_claimed_is_judged() -> None:
    """An answer that thinks without being asked has to keep the clauses about thinking."""
    thought = {"type": "message", "id": "m", "role": "assistant", "model": "m", "content": [{"type": "thinking"}]}
    body = json.dumps(thought | {"stop_reason": "end_turn", "stop_sequence": None}).encode()
    request = Request("POST", "http://h/v1/messages", (), b"{}")
    answer = Exchange(request, 200, (("content-type", "application/json"),), (Chunk(0.0, body),), End(Ending.COMPLETE))
    terms = _run().terms
    item = Item("THINK-003", "", ("thinks",))
    unsent = {"thinks": f"{NOT_CLAIMED} thinking"}
    graded = grade(Run(terms, (item,), (Record(1, "plain", 0, 1, answer),), unsent=unsent))
    assert [row.verdict for row in graded.items] == [Verdict.FAILED]
    assert graded.judgements["THINK-003"].verdict is Verdict.FAILED
