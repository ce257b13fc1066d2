"""Expectations about what lies beside the messages: what breaks each, what is legal, what leaves it open."""

import json
from typing import Any

import pytest
from expectation_samples import JSON, exchange, expect, failed, judged, kinds, said, told
from rule_samples import terms

from conformance.contract import Level
from conformance.evidence.run import PLAIN, Expect, Item, Record, Run
from conformance.rules.aggregates import mistakes_of_a_client_are_no_server_errors
from conformance.rules.expectations import NEGATIVE_KINDS, VALID_KINDS
from conformance.rules.expectations_models import is_snapshot
from conformance.rules.findings import Kind
from conformance.wire.exchange import End, Ending, Exchange, Limit

HELD, BROKEN, OPEN = {Kind.HELD}, {Kind.BROKEN}, {Kind.UNJUDGED}
Data = dict[str, Any]

HTML = (("Content-Type", "text/html"),)
EVENTS = (("Content-Type", "text/event-stream"),)
GZIP = (*JSON, ("Content-Encoding", "gzip"))


def answers(value: Any, status: int = 200, **more: Any) -> Exchange:
    """Any request answered with this JSON value."""
    return exchange(status, json.dumps(value).encode(), **more)


def page(status: int = 200) -> Exchange:
    """Any request answered with a page of HTML."""
    return exchange(status, b"<html>Not here</html>", HTML)


def gone(how: Ending, limit: Limit | None = None) -> Exchange:
    """No answer."""
    return exchange(None, end=End(how, limit))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (said("A red square."), HELD),
        (told("A red square."), HELD),
        (failed(400), OPEN),
        (failed(415), OPEN),
        (failed(422), OPEN),
        (page(413), OPEN),
        (failed(429), OPEN),
        (failed(529), OPEN),
        (failed(500), BROKEN),
        (page(502), BROKEN),
        (failed(503), BROKEN),
        (exchange(302), BROKEN),
        (gone(Ending.RESET), BROKEN),
    ],
)
def test_an_image_is_served_or_refused(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("image"), answer) == found


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (answers({"input_tokens": 12}), HELD),
        (answers({"input_tokens": 12, "context_management": {}}), HELD),
        (exchange(200, b'{"input_tokens": 12}', ()), HELD),
        (answers({"input_tokens": 0}), BROKEN),
        (answers({"input_tokens": -1}), BROKEN),
        (answers({"input_tokens": True}), BROKEN),
        (answers({"input_tokens": 3.0}), BROKEN),
        (answers({"input_tokens": "12"}), BROKEN),
        (answers({"input_tokens": None}), BROKEN),
        (answers({"usage": {"input_tokens": 12}}), BROKEN),
        (answers({"total_tokens": 12}), BROKEN),
        (answers([12]), BROKEN),
        (exchange(200, b""), BROKEN),
        (exchange(200, b'{"input_tokens": 12}', EVENTS), BROKEN),
        (page(), BROKEN),
        (answers({"input_tokens": 12}, 201), BROKEN),
        (failed(400), BROKEN),
        (failed(404, "not_found_error"), BROKEN),
        (failed(405), BROKEN),
        (failed(501), BROKEN),
        (failed(500), BROKEN),
        (failed(429), OPEN),
        (exchange(200, b"no gzip", GZIP), OPEN),
    ],
)
def test_tokens_are_counted(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("counted"), answer) == found


def counts(tokens: Any) -> Exchange:
    return answers({"input_tokens": tokens})


def uses(tokens: Any, **more: Any) -> Exchange:
    return said(usage={"input_tokens": tokens, "output_tokens": 2} | more)


CACHED = {"cache_read_input_tokens": 300, "cache_creation_input_tokens": 100}


@pytest.mark.parametrize(
    ("count", "used", "found"),
    [
        (counts(12), uses(12), HELD),
        (counts(30), uses(10), HELD),
        (counts(31), uses(10), BROKEN),
        (counts(220), uses(200), HELD),
        (counts(221), uses(200), BROKEN),
        (counts(450), uses(500), HELD),
        (counts(550), uses(500), HELD),
        (counts(449), uses(500), BROKEN),
        (counts(35), uses(500), BROKEN),
        (counts(410), uses(10, **CACHED), HELD),
        (counts(500), uses(10, **CACHED), BROKEN),
        (counts(12), uses(12, cache_read_input_tokens=None), HELD),
        (counts(12), uses(None), OPEN),
        (counts(12), uses("12"), OPEN),
        (counts(300), uses(0), OPEN),
        (counts(12), said(usage=None), OPEN),
        (counts(12), failed(400), OPEN),
        (counts(0), uses(12), OPEN),
        (counts(12.0), uses(12), OPEN),
        (failed(404), uses(12), OPEN),
        (failed(500), uses(12), OPEN),
    ],
)
def test_a_count_is_like_the_usage(count: Exchange, used: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("counts-like-usage"), count, used) == found


MODEL: Data = {"type": "model", "id": "m", "display_name": "M", "created_at": "2025-02-19T00:00:00Z"}
OTHER: Data = MODEL | {"id": "other"}
PAGE: Data = {"data": [OTHER, MODEL], "has_more": False, "first_id": "other", "last_id": "m"}
OPENAI: Data = {"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "x"}]}


def lists(*models: Any, **members: Any) -> Exchange:
    return answers(PAGE | {"data": list(models)} | members)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(answers(PAGE), HELD, id="whole"),
        pytest.param(lists(MODEL | {"max_tokens": 8, "object": "model"}, object="list"), HELD, id="further members"),
        pytest.param(lists(MODEL | {"created_at": "1970-01-01t00:00:00.000+00:00"}), HELD, id="another RFC 3339 time"),
        pytest.param(lists(MODEL, has_more=True), HELD, id="more pages"),
        pytest.param(lists(MODEL, first_id=None, last_id=None), HELD, id="null ids"),
        pytest.param(lists(MODEL | {"display_name": ""}), HELD, id="empty display name"),
        pytest.param(lists(first_id=None, last_id=None), HELD | BROKEN, id="empty"),
        pytest.param(lists(OTHER), HELD | BROKEN, id="without the model"),
        pytest.param(lists(MODEL | {"id": "m2"}), HELD | BROKEN, id="a longer name"),
        pytest.param(lists(MODEL | {"id": "m-2025"}), HELD | BROKEN, id="a longer name with a number"),
        pytest.param(lists(OTHER, has_more=True, last_id=OTHER["id"]), HELD | OPEN, id="not on this page"),
        pytest.param(lists(MODEL, has_more=True, last_id=None), BROKEN, id="no way to the next page"),
        pytest.param(lists(MODEL | {"id": "m-20250219"}), HELD | {Kind.NOTE}, id="alias of a snapshot"),
        pytest.param(answers(OPENAI), BROKEN, id="list of another protocol"),
        pytest.param(answers([MODEL]), BROKEN, id="array"),
        pytest.param(answers({"models": [MODEL]}), BROKEN, id="no data"),
        pytest.param(lists("m"), BROKEN, id="names alone"),
        pytest.param(lists(MODEL | {"type": "Model"}), BROKEN, id="another type"),
        pytest.param(lists({k: v for k, v in MODEL.items() if k != "type"}), BROKEN, id="no type"),
        pytest.param(lists(MODEL, OTHER | {"id": None}), BROKEN, id="id null"),
        pytest.param(lists(MODEL, OTHER | {"id": ""}), BROKEN, id="empty id"),
        pytest.param(lists(MODEL | {"display_name": None}), BROKEN, id="display_name null"),
        pytest.param(lists(MODEL | {"created_at": 1739923200}), BROKEN, id="seconds"),
        pytest.param(lists(MODEL | {"created_at": "2025-02-19"}), BROKEN, id="a day alone"),
        pytest.param(lists(MODEL | {"created_at": "2025-02-19T00:00:00"}), BROKEN, id="no offset"),
        pytest.param(lists(MODEL, has_more=None), BROKEN, id="has_more null"),
        pytest.param(lists(MODEL, last_id=1), BROKEN, id="last_id a number"),
        pytest.param(answers({k: v for k, v in PAGE.items() if k != "first_id"}), BROKEN, id="no first_id"),
        pytest.param(page(), BROKEN, id="HTML"),
        pytest.param(failed(404, "not_found_error"), BROKEN, id="404"),
        pytest.param(failed(405), BROKEN, id="405"),
        pytest.param(failed(501), BROKEN, id="501"),
        pytest.param(failed(500), BROKEN, id="500"),
        pytest.param(failed(429), OPEN, id="429"),
        pytest.param(exchange(200, b"no gzip", GZIP), OPEN, id="undecodable"),
    ],
)
def test_models_are_listed(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("lists-models"), answer) == found


def test_the_list_of_another_protocol_breaks_it_as_a_should() -> None:
    (finding,) = judged(expect("lists-models"), answers(OPENAI))
    assert (finding.level, "OpenAI list" in finding.seen) == (Level.SHOULD, True)
    (finding,) = judged(expect("lists-models"), lists(MODEL, has_more=None))
    assert (finding.level, finding.where.pointer) == (None, "/has_more")


@pytest.mark.parametrize(
    ("name", "model", "snapshot"),
    [
        ("claude-x-4-20250514", "claude-x-4", True),
        ("claude-x-4@20250514", "claude-x-4", True),
        ("claude-x-4-20250514", "claude-x-4-latest", True),
        ("claude-x-4", "claude-x-4-latest", False),
        ("claude-x-4-1-20250805", "claude-x-4", False),
        ("claude-x-4-202505140", "claude-x-4", False),
        ("axb-20250514", "a.b", False),
    ],
)
def test_a_snapshot_is_told_by_its_date(name: str, model: str, snapshot: bool) -> None:
    assert is_snapshot(name, model) is snapshot


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (failed(404, "not_found_error"), HELD),
        (failed(405), HELD),
        (failed(501, "api_error"), HELD),
        (
            answers({"type": "error", "error": {"type": "x", "message": "", "param": None}, "request_id": "r"}, 404),
            HELD,
        ),
        (exchange(404), BROKEN),
        (page(404), BROKEN),
        (answers({"detail": "Not Found"}, 404), BROKEN),
        (answers({"error": {"type": "x", "message": "y"}}, 404), BROKEN),
        (answers({"type": "error", "error": "gone"}, 404), BROKEN),
        (answers({"type": "error", "error": {"type": "x"}}, 404), BROKEN),
        (answers({"type": "error", "error": {"type": None, "message": "y"}}, 405), BROKEN),
        (page(501), BROKEN),
        (page(), BROKEN),
        (answers({"data": []}), BROKEN),
        (exchange(204), BROKEN),
        (failed(500), BROKEN),
        (page(502), BROKEN),
        (failed(503), BROKEN),
        (failed(400), OPEN),
        (failed(401), OPEN),
        (failed(403), OPEN),
        (failed(429), OPEN),
        (exchange(301), OPEN),
        (gone(Ending.RESET), OPEN),
        (exchange(404, b"no gzip", GZIP), OPEN),
    ],
)
def test_an_absent_surface_says_so(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("no-such-surface"), answer) == found


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (failed(403, "permission_error"), HELD),
        (page(403), HELD),
        (answers({"detail": "Forbidden"}, 403), HELD),
        (failed(403, "authentication_error"), BROKEN),
        (failed(403, "forbidden"), BROKEN),
        (failed(401, "authentication_error"), BROKEN),
        (failed(401, "permission_error"), BROKEN),
        (failed(400), BROKEN),
        (failed(500, "api_error"), BROKEN),
        (said(), BROKEN),
        (failed(404, "not_found_error"), OPEN),
        (page(404), OPEN),
        (failed(403, "billing_error"), OPEN),
        (failed(429), OPEN),
    ],
)
def test_a_restricted_key_is_forbidden(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("restricted"), answer) == found


@pytest.mark.parametrize(
    ("one", "two", "joined", "found"),
    [
        (said(), said(), said(), HELD),
        (said(), said(), failed(400), BROKEN),
        (said(), said(), failed(500), BROKEN),
        (said(), said(), failed(429), OPEN),
        (failed(400), said(), failed(400), OPEN),
        (said(), failed(400), said(), OPEN),
        (failed(500), said(), failed(500), OPEN),
    ],
)
def test_joined_betas_are_accepted_like_each_alone(
    one: Exchange, two: Exchange, joined: Exchange, found: set[Kind]
) -> None:
    assert kinds(expect("same-status"), one, two, joined) == found


@pytest.mark.parametrize(
    ("large", "then", "found"),
    [
        (failed(413, "request_too_large"), said(), HELD),
        (page(413), said(), HELD),
        (failed(400), said(), HELD),
        (failed(413), failed(500), HELD | BROKEN),
        (failed(413), failed(400), HELD | BROKEN),
        (failed(413), failed(429), OPEN),
        (said(), said(), OPEN | HELD),
        (said(), failed(500), OPEN | BROKEN),
        (exchange(302), said(), OPEN | HELD),
        (failed(500), said(), BROKEN | HELD),
        (page(502), failed(500), BROKEN),
        (failed(503), said(), BROKEN | HELD),
        (gone(Ending.RESET), said(), OPEN),
        (gone(Ending.NO_ANSWER), said(), OPEN),
        (gone(Ending.RESET), failed(500), OPEN),
        (gone(Ending.CUT, Limit.FIRST_BYTE), said(), BROKEN),
        (gone(Ending.MALFORMED), said(), BROKEN),
    ],
)
def test_a_large_body_is_survived(large: Exchange, then: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("survives-large-body"), (large, then)) == found


def test_the_request_after_the_large_one_is_missed() -> None:
    assert kinds(expect("survives-large-body"), failed(413)) == HELD | OPEN


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (failed(400), HELD),
        (failed(413, "request_too_large"), HELD),
        (page(413), HELD),
        (said(), BROKEN),
        (told(), BROKEN),
        (failed(500), BROKEN),
        (page(502), BROKEN),
        (failed(503), BROKEN),
        (gone(Ending.CUT, Limit.FIRST_BYTE), BROKEN),
        (failed(429), OPEN),
        (failed(529), OPEN),
        (failed(422), OPEN),
        (failed(403), OPEN),
        (exchange(302), OPEN),
    ],
)
def test_too_long_an_input_is_refused(answer: Exchange, found: set[Kind]) -> None:
    assert kinds(expect("too-long"), answer) == found


@pytest.mark.parametrize(("name", "found"), [("image", HELD), ("counted", BROKEN), ("too-long", BROKEN)])
def test_only_the_last_probe_is_judged(name: str, found: set[Kind]) -> None:
    assert kinds(expect(name), failed(400), said()) == found


def test_refusals_need_controls_around_them() -> None:
    negative = {"no-such-surface", "restricted", "too-long"}
    assert negative <= NEGATIVE_KINDS
    assert {"counted", "lists-models"} <= VALID_KINDS
    assert not {"image", "counted", "lists-models", "survives-large-body", "same-status"} & NEGATIVE_KINDS
    for name in sorted(negative):
        assert kinds(expect(name), failed(404, "not_found_error"), after=failed(500)) == OPEN


def row(seq: int, probe: str, answer: Exchange) -> Record:
    return Record(seq, probe, 0, 1, answer)


@pytest.mark.parametrize(("kind", "found"), [("no-such-surface", []), ("restricted", []), ("too-long", [Kind.BROKEN])])
def test_an_absent_surface_and_a_lesser_key_are_no_mistakes(kind: str, found: list[Kind]) -> None:
    item = Item("REQ-001", "case", ("p",), {"*": Expect(kind)}, PLAIN)
    records = (row(0, PLAIN, said()), row(1, "p", failed(501)), row(2, PLAIN, said()))
    findings = mistakes_of_a_client_are_no_server_errors(Run(terms("anthropic"), (item,), records))
    assert [finding.kind for finding in findings] == found
