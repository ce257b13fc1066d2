"""No answer makes a rule raise, and what a rule says names a requirement it has declared."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_samples import (
    EVENTS,
    MESSAGE,
    MODULES,
    OWN,
    REQUEST_HEADERS,
    SENT,
    TOOL,
    URL,
    Data,
    own,
    record,
    run,
    terms,
    wire,
)

from conformance.contract import load_catalogue
from conformance.evidence.run import PLAIN, Expect, Item
from conformance.rules.all import load_rules
from conformance.rules.findings import Finding
from conformance.rules.registry import BOTH, EXCHANGE_RULES, MESSAGE_RULES, RUN_RULES
from conformance.rules.traffic import traffic_findings
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Limit, Request
from conformance.wire.reading import Reading

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10**30), st.floats(), st.text(max_size=6),
    st.sampled_from(["text", "tool_use", "thinking", "end_turn", "error", "message", "m-1", "refusal"]),
    st.sampled_from(["stop_sequence", "max_tokens", "get_code", "<think>"]),
)  # fmt: skip
KEYS = st.sampled_from([
    "id", "type", "role", "content", "model", "stop_reason", "stop_sequence", "usage", "error", "message", "index",
    "delta", "text", "input", "details", "error_code", "request_id", "max_tokens", "messages", "tools", "stream",
    "stop_sequences", "input_tokens", "output_tokens", "total_tokens", "cache_creation", "citations", "stop_details",
])  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)
HEADER_NAMES = st.sampled_from([
    "content-type", "content-encoding", "request-id", "x-request-id", "retry-after", "allow", "cache-control",
    "anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset",
])  # fmt: skip
HEADER_VALUES = st.text(max_size=8) | st.sampled_from([
    "application/json", "text/event-stream", "text/html; charset=x", "gzip", "deflate, br", "-1", "Mon, 99 Foo", "5",
    "[KEY**]", "9" * 5000, "Wed, 21 Oct 99999 07:28:00 GMT",
])  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, base: Data) -> Data:
    """An object with some members replaced or left out."""
    changes = draw(st.dictionaries(st.sampled_from(sorted(base)), VALUES, max_size=3))
    gone = draw(st.sets(st.sampled_from(sorted(base)), max_size=2))
    return {key: value for key, value in (base | changes).items() if key not in gone}


EVENT = st.sampled_from(EVENTS).flatmap(mutated)
BODIES = st.one_of(
    st.binary(max_size=60),
    VALUES.map(lambda value: json.dumps(value).encode()),
    mutated(MESSAGE).map(lambda value: json.dumps(value).encode()),
    st.lists(EVENT | st.sampled_from(EVENTS) | st.binary(max_size=12), max_size=9).map(wire),
)
REQUESTS = st.builds(
    Request,
    st.sampled_from(["POST", "GET", "HEAD", ""]),
    st.sampled_from([URL, "http://127.0.0.1/v1/models", "", "/messages"]),
    st.just(REQUEST_HEADERS),
    st.one_of(
        st.binary(max_size=9), mutated(SENT | {"tools": [TOOL], "stream": True}).map(lambda v: json.dumps(v).encode())
    ),
)
EXCHANGES = st.builds(
    Exchange,
    REQUESTS,
    st.none() | st.sampled_from([200, 204, 400, 405, 413, 429, 500, 503, 529]) | st.integers(100, 999),
    st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), max_size=5).map(tuple),
    st.lists(st.builds(Chunk, st.floats(0, 9), BODIES), max_size=2).map(tuple),
    st.builds(End, st.sampled_from(Ending), st.none() | st.sampled_from(Limit)),
)
ITEM = Item("REQ-021", "absent", ("negative",), {"*": Expect("refused")}, control=PLAIN)


def judged(exchanges: list[Exchange], profile: str) -> list[Finding]:
    rows = [record(n, found, (PLAIN, "negative")[n % 2], attempt=n + 1) for n, found in enumerate(exchanges)]
    return own(run(*rows, profile=profile, items=(ITEM,)))


@given(st.lists(EXCHANGES, min_size=1, max_size=4), st.sampled_from(["myrouter", "anthropic"]))
def test_no_answer_makes_a_rule_raise(exchanges: list[Exchange], profile: str) -> None:
    assert {finding.requirement for finding in judged(exchanges, profile)} <= OWN


@given(EXCHANGES)
def test_rules_name_what_they_declare(found: Exchange) -> None:
    reading, under = Reading(found), terms()
    for rule in EXCHANGE_RULES:
        assert {finding.requirement for finding in rule.judge(reading, under)} <= set(rule.requirements)
    message = reading.message or reading.accumulated or {}
    for message_rule in MESSAGE_RULES:
        said = {finding.requirement for finding in message_rule.judge(message, reading, under)}
        assert said <= set(message_rule.requirements)


def test_every_rule_names_entries_of_the_catalogue() -> None:
    load_rules()
    rules: list[Any] = [*EXCHANGE_RULES, *MESSAGE_RULES, *RUN_RULES]
    named = {name for rule in rules for name in rule.requirements}
    assert named <= set(load_catalogue().requirements)
    assert all(rule.requirements for rule in rules)
    assert all(rule.modes <= BOTH for rule in MESSAGE_RULES)


@pytest.mark.parametrize(
    "prefix, missing", [("STRM-", set()), ("SSE-", set()), ("USG-", {"USG-010"}), ("RESP-", set())]
)
def test_whole_areas_are_judged(prefix: str, missing: set[str]) -> None:
    area = {name for name in load_catalogue().requirements if name.startswith(prefix)}
    assert area - OWN == missing, MODULES


def test_findings_are_placed_in_their_exchange() -> None:
    found = list(
        traffic_findings(run(record(5, Exchange(Request("POST", URL, (), b"{}"), 200, (), (), End(Ending.COMPLETE)))))
    )
    assert {finding.where.exchange for finding in found} == {5}
