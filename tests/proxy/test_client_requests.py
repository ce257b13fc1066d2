"""Requests of foreign clients against the contract: what is their fault, what is free, and what a target owes them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from conformance.contract import load_catalogue, load_profiles
from conformance.contract.documents import contract_document
from conformance.contract.violations import NARROWED
from conformance.evidence.run import CLIENT, Record, Run, Terms
from conformance.rules.client_requests import (
    NAMED,
    PARTIAL,
    faults,
    is_foreign,
    refusal_findings,
    what_must_be_refused_is,
)
from conformance.rules.findings import Kind
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request
from conformance.wire.reading import Reading

BODY: dict[str, Any] = {"model": "m", "max_tokens": 16, "messages": [{"role": "user", "content": "hi"}]}
VERSION = ("anthropic-version", "2023-06-01")
JSON = ("content-type", "application/json")
ERROR = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}'


def terms(profile: str) -> Terms:
    return Terms(load_profiles()[profile], load_catalogue(), "2023-06-01", "m", frozenset({"tools", "streaming"}))


def exchange(
    body: object = None,
    headers: tuple[tuple[str, str], ...] = (VERSION, JSON),
    status: int | None = 200,
    answer: bytes = b"{}",
    path: str = "/v1/messages",
    method: str = "POST",
    kind: str = "application/json",
) -> Exchange:
    sent = body if isinstance(body, bytes) else json.dumps(BODY if body is None else body).encode()
    request = Request(method, f"http://t{path}", headers, sent)
    return Exchange(request, status, (("content-type", kind),), (Chunk(0.1, answer),), End(Ending.COMPLETE))


def named(one: Exchange, profile: str = "anthropic") -> list[tuple[str, str]]:
    return [(fault.requirement, fault.where) for fault in faults(Reading(one), terms(profile))]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"max_tokens": "16"}, [("REQ-025", "/max_tokens")]),
        ({"messages": []}, [("REQ-004", "/messages")]),
        ({"messages": [{"role": "tool", "content": "hi"}]}, [("REQ-008", "/messages/0/role")]),
        ({"temperature": 3}, [("REQ-037", "/temperature")]),
        ({"tools": [{"name": "a b", "input_schema": {"type": "object"}}]}, [("TOOL-004", "/tools/0/name")]),
        ({"tools": [{"name": "a"}]}, [("TOOL-003", "/tools/0/input_schema")]),
        ({"tools": [{"type": "custom", "name": "a"}]}, [("TOOL-003", "/tools/0/input_schema")]),
        ({"messages": [{"role": "user", "content": [{"type": "odd"}]}]}, [("REQ-017", "/messages/0/content/0/type")]),
    ],
    ids=["type", "empty", "role", "range", "tool-name", "schema", "custom-tool", "block"],
)
def test_a_body_that_breaks_the_contract(changes: Mapping[str, Any], found: list[tuple[str, str]]) -> None:
    assert named(exchange(BODY | dict(changes))) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [(b"", "REQ-048"), (b"[]", "REQ-048"), (b"{", "REQ-047"), (b"{'a': 1}", "REQ-047")],
    ids=["empty", "array", "half", "quotes"],
)
def test_a_body_that_is_no_object(body: bytes, found: str) -> None:
    assert named(exchange(body)) == [(found, "")]


def test_a_missing_member_is_told_as_nothing() -> None:
    body = {name: value for name, value in BODY.items() if name != "model"}
    [fault] = faults(Reading(exchange(body)), terms("myrouter"))
    assert (fault.requirement, fault.where, fault.seen, fault.level.value) == ("REQ-001", "/model", "nothing", "MUST")


@pytest.mark.parametrize(
    ("profile", "headers", "found"),
    [
        ("anthropic", (JSON,), [("HDR-001", "header anthropic-version")]),
        ("myrouter", (JSON, ("anthropic-version", " ")), [("HDR-001", "header anthropic-version")]),
        ("anthropic", (JSON, ("anthropic-version", "banana")), [("HDR-002", "header anthropic-version")]),
        ("myrouter", (JSON, ("anthropic-version", "banana")), []),  # free there
        ("anthropic", (JSON, ("Anthropic-Version", "2026-10-21")), []),
    ],
    ids=["none", "empty", "unknown", "unknown-and-free", "later"],
)
def test_versions(profile: str, headers: tuple[tuple[str, str], ...], found: list[tuple[str, str]]) -> None:
    assert named(exchange(headers=headers), profile) == found


BETA = ("anthropic-beta", "something-2099-01-01")


@pytest.mark.parametrize("profile", ["myrouter", "anthropic"])
@pytest.mark.parametrize(
    "one",
    [
        exchange(),
        exchange(path="/v1/messages?beta=true"),
        exchange(headers=(VERSION, JSON, ("x-stainless-lang", "js"), BETA)),
        exchange(BODY | {"a_new_field": {"x": 1}, "metadata": {"user_id": "u", "another": 1}}),
        exchange(BODY | {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "new": 1}]}]}),
        exchange(BODY | {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}]}),
        exchange(BODY | {"messages": [{"role": "user", "content": [{"type": "new"}]}]}, (VERSION, JSON, BETA)),
        exchange(BODY | {"tools": [{"type": "mcp_toolset", "mcp_server_name": "x"}]}, (VERSION, JSON, BETA)),
        exchange(BODY | {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}, "top_k": None}),
        exchange(b"\x1f\x8b\x08", (VERSION, JSON, ("content-encoding", "gzip"))),
        exchange(b'{"model": "\xff"}'),
        exchange({}, path="/v1/messages/count_tokens"),
        exchange({}, path="/v1/complete"),
        exchange(b"", method="GET"),
    ],
    ids=["plain", "query", "headers", "fields", "members", "server-tool", "beta-block", "beta-tool", "options", "coded",
         "no-utf8", "count", "other", "get"],
)  # fmt: skip
def test_what_the_contract_leaves_free(one: Exchange, profile: str) -> None:
    assert named(one, profile) == []


def test_a_request_that_is_not_all_there_is_not_judged_by_its_body() -> None:
    whole = exchange(b'{"model": "m"', (JSON,))
    assert named(whole) == [("HDR-001", "header anthropic-version"), ("REQ-047", "")]
    part = replace(whole, end=replace(whole.end, detail=f"{PARTIAL}: ConnectionResetError"))
    assert named(part) == [("HDR-001", "header anthropic-version")]


def judged(one: Exchange, profile: str = "anthropic", probe: str = CLIENT) -> list[tuple[str, Kind]]:
    run = Run(terms(profile), (), (Record(1, probe, 1, 1, one),))
    return [(finding.requirement, finding.kind) for finding in what_must_be_refused_is(run)]


PING = b'event: ping\ndata: {"type": "ping"}\n\n'
FAULTY = BODY | {"messages": [{"role": "tool", "content": "hi"}]}


@pytest.mark.parametrize(
    ("status", "answer", "kind", "found"),
    [
        (200, b"{}", "application/json", [("REQ-008", Kind.BROKEN)]),
        (200, b'event: message_start\ndata: {"type": "message_start"}\n\n', "text/event-stream",
         [("REQ-008", Kind.BROKEN)]),
        (400, ERROR, "application/json", [("REQ-008", Kind.HELD)]),
        (422, ERROR, "application/json", [("REQ-008", Kind.HELD)]),
        (401, ERROR, "application/json", []),
        (429, ERROR, "application/json", []),
        (500, ERROR, "application/json", []),  # of the moment, perhaps
        (302, b"", "text/plain", []),
        (None, b"", "", []),
        (200, ERROR, "application/json", []),  # RESP-012
        (200, PING + b"event: error\ndata: " + ERROR + b"\n\n", "text/event-stream", []),
    ],
    ids=["served", "streamed", "400", "422", "key", "busy", "failed", "elsewhere", "silent", "error-in-200",
         "error-in-a-stream"],
)  # fmt: skip
def test_what_an_answer_to_a_faulty_request_says(
    status: int | None, answer: bytes, kind: str, found: list[tuple[str, Kind]]
) -> None:
    assert judged(exchange(FAULTY, status=status, answer=answer, kind=kind)) == found


def test_only_a_must_is_held_against_a_target() -> None:
    """What a role may be is a SHOULD of the other profile: the client is at fault, the target is not."""
    one = exchange(FAULTY)
    assert judged(one, "myrouter") == []
    assert [fault.level.value for fault in faults(Reading(one), terms("myrouter"))] == ["SHOULD"]


@pytest.mark.parametrize("probe", ["plain", "clientele", "req.client"])
def test_our_own_requests_have_their_cases(probe: str) -> None:
    assert not is_foreign(Record(1, probe, 1, 1, exchange()))
    assert judged(exchange(FAULTY), probe=probe) == []


def test_requests_of_a_window_are_foreign_too() -> None:
    assert judged(exchange(FAULTY), probe=f"{CLIENT} some-sdk text") == [("REQ-008", Kind.BROKEN)]


def test_a_violation_names_the_place_and_what_came() -> None:
    [finding] = refusal_findings(Record(7, CLIENT, 7, 1, exchange(FAULTY)), terms("anthropic"))
    assert finding.where.exchange == 7
    assert "/messages/0/role" in finding.expected and finding.seen == "status 200 to 'tool'"


def test_every_requirement_that_a_request_can_break_is_declared() -> None:
    """The rule names what the typed contract names, apart from members that it does not know."""
    found = set(NARROWED) | {"HDR-001", "HDR-002", "REQ-047", "REQ-048"}
    for profile in ("myrouter", "anthropic"):
        document = contract_document(profile)
        [path] = document["paths"].values()
        found |= set(_named({**document["components"], "body": path["post"]["requestBody"]}))
    assert found == set(NAMED)


def _named(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _named(item)]
    if not isinstance(node, dict):
        return []
    own = node.get("x-requirement", {})
    words = [word for key, word in own.items() if key != "additionalProperties"]
    names = [name for word in words for name in (word.values() if isinstance(word, dict) else [word])]
    return names + [name for key, value in node.items() if key != "x-requirement" for name in _named(value)]
