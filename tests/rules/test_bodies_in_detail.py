"""Which bodies are held to JSON, what is shown of one that is none, and errors in the place of a message."""

import gzip
import json
from typing import Any

import pytest
from rule_samples import ERROR, MESSAGE, broken, error, exchange, held, noted, own, run, streamed, without

from conformance.rules.findings import Finding, Kind
from conformance.wire.exchange import Exchange

MODELS = "http://127.0.0.1:8000/v1/models"
ODD = b'{"n":NaN}'


def told(requirement: str, answer: Exchange) -> list[Finding]:
    return [f for f in own(run(answer)) if f.requirement == requirement and f.kind is not Kind.NOTE]


@pytest.mark.parametrize(
    "answer",
    [
        error(503),
        exchange(raw=b"", url=MODELS, method="GET"),
        exchange(raw=ODD, headers={"content-type": None}),
        exchange(
            raw=gzip.compress(b"", mtime=0),
            url=MODELS,
            method="GET",
            headers={"content-type": None, "content-encoding": "gzip"},
        ),
    ],
    ids=["transient", "nothing elsewhere", "undeclared", "nothing elsewhere, packed"],
)
def test_what_is_not_held_to_json(answer: Exchange) -> None:
    assert told("HTTP-011", answer) == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (exchange({"data": []}, url=MODELS, method="GET"), Kind.HELD),
        (exchange(raw=ODD, url=MODELS, method="GET"), Kind.BROKEN),
        (error(400), Kind.HELD),
        (error(404, headers={"content-type": "application/problem+json"}), Kind.HELD),
        (exchange(raw=ODD, headers={"content-type": "application/problem+json"}), Kind.BROKEN),
        (exchange(raw=b"", headers={"content-type": None}), Kind.BROKEN),
    ],
    ids=["models", "odd models", "error", "problem", "odd problem", "nothing"],
)
def test_what_is_held_to_json(answer: Exchange, kind: Kind) -> None:
    assert [f.kind for f in told("HTTP-011", answer)] == [kind]


def test_the_first_fault_of_a_body_is_told() -> None:
    found = run(exchange(raw=b"\xef\xbb\xbf" + ODD))
    (first,) = [f for f in own(found) if f.requirement == "HTTP-011"]
    assert (first.kind, first.where.byte, "NaN" in first.seen) == (Kind.BROKEN, 0, False)
    assert "HTTP-011" not in noted(found)


def test_a_stream_is_no_json_message() -> None:
    assert told("RESP-001", streamed(raw=b'{"type":"x"}')) == []
    assert told("RESP-012", streamed(raw=json.dumps(ERROR).encode())) == []


@pytest.mark.parametrize(
    ("answer", "seen"),
    [(without(MESSAGE, "id", "role"), "no id, role"), ([], "[]"), ("x", "'x'"), (None, "None")],
    ids=["two keys", "array", "text", "null"],
)
def test_what_is_no_message_is_shown(answer: Any, seen: str) -> None:
    (found,) = told("RESP-001", exchange(raw=json.dumps(answer).encode()))
    assert (found.kind, found.seen) == (Kind.BROKEN, seen)


def test_an_error_beside_a_message_leaves_the_message_to_be_judged() -> None:
    both = run(exchange(MESSAGE | {"error": {"type": "api_error"}}))
    assert ("RESP-001" in held(both), "RESP-012" in broken(both)) == (True, True)
    assert "RESP-001" in broken(run(exchange(without(MESSAGE, "id") | {"error": {"type": "api_error"}})))
    assert told("RESP-001", exchange(ERROR)) == []


@pytest.mark.parametrize(
    ("answer", "pointer", "seen"),
    [
        ({"type": "error"}, "/type", "'error'"),
        ({"type": "error", "error": "no"}, "/type", "'no'"),
        ({"type": "message", "error": "no"}, "/error", "'no'"),
        ({"error": ""}, "/error", "None"),
        ({"type": "x", "error": 0}, "/error", "'x'"),
    ],
    ids=str,
)
def test_an_error_under_200_is_shown(answer: Any, pointer: str, seen: str) -> None:
    (found,) = told("RESP-012", exchange(answer))
    assert (found.kind, found.where.pointer, found.seen) == (Kind.BROKEN, pointer, seen)
