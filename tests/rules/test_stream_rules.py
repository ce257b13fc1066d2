"""Rules about streams: each requirement with a stream that breaks it alone, and legal variations."""

import json
from typing import Any

import pytest
from rule_samples import (
    BLOCK,
    EVENTS,
    FAILURE,
    PING,
    STOP,
    TOOL,
    USAGE,
    Data,
    broken,
    closes,
    delta,
    ends,
    exchange,
    held,
    noted,
    opens,
    run,
    start,
    streamed,
    text,
    wire,
    without,
)

from conformance.rules.findings import Kind
from conformance.rules.traffic import traffic_findings
from conformance.wire.exchange import Ending, Exchange, Limit

WHOLE = wire(EVENTS)
DONE = b"data: [DONE]\n\n"
TOOLS = {"model": "m-1", "max_tokens": 64, "messages": [{"role": "user", "content": "Go."}], "tools": [TOOL]}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {}}


def raw(body: bytes, **changes: Any) -> Exchange:
    return streamed(raw=body, **changes)


def bare(event: Data) -> bytes:
    return f"data: {json.dumps(event)}\n\n".encode()


def around(*middle: Data | bytes) -> Exchange:
    return streamed(start(), *middle, ends(), STOP)


def called(*parts: str, **block: Any) -> Exchange:
    deltas = [delta(0, "input_json_delta", partial_json=part) for part in parts]
    return streamed(start(), opens(**(CALL | block)), *deltas, closes(), ends("tool_use"), STOP, sent=TOOLS)


def thought(*deltas: Data) -> Exchange:
    return around(opens(type="thinking", thinking=""), *deltas, closes(), opens(1), text("pong", 1), closes(1))


THINKING = delta(0, "thinking_delta", thinking="hm")
SIGNATURE = delta(0, "signature_delta", signature="s")

BREACHES: list[tuple[str, str, Exchange]] = [
    ("SSE-001", "plain text", streamed(headers={"content-type": "text/plain"})),
    ("SSE-001", "another success", streamed(status=201)),
    ("SSE-002", "charset", streamed(headers={"content-type": "text/event-stream; charset=latin1"})),
    ("SSE-002", "bytes", raw(WHOLE.replace(b"ng", b"n\xe9"))),
    ("SSE-003", "event without data", raw(b"event: note\n\n" + WHOLE)),
    ("SSE-004", "BOM", raw(b"\xef\xbb\xbf" + WHOLE)),
    ("SSE-005", "data alone", streamed(*map(bare, EVENTS))),
    ("SSE-005", "empty name", raw(WHOLE.replace(b"event: message_stop", b"event:"))),
    ("SSE-006", "message", raw(WHOLE.replace(b"event: content_block_delta", b"event: message"))),
    ("SSE-007", "half an object", around(*BLOCK, b'event: note\ndata: {"type": "no\n\n')),
    ("SSE-007", "two objects", around(*BLOCK, b'event: note\ndata: {"type":"note"}{}\n\n')),
    ("SSE-007", "no type", around(*BLOCK, b"event: note\ndata: {}\n\n")),
    ("SSE-007", "array", around(*BLOCK, b"event: note\ndata: [1]\n\n")),
    ("SSE-007", "NaN", around(*BLOCK, b'event: note\ndata: {"type":"note","n":NaN}\n\n')),
    ("SSE-008", "[DONE]", streamed(*EVENTS, DONE)),
    ("SSE-008", "event: done", streamed(*EVENTS, b"event: done\ndata: [DONE]\n\n")),
    ("SSE-008", "words", around(*BLOCK, b"event: note\ndata: keep going\n\n")),
    ("SSE-009", "no blank line", raw(WHOLE[:-1])),
    ("SSE-010", "cacheable", streamed(headers={"cache-control": "public, max-age=60"})),
    ("SSE-010", "no header", streamed(headers={"cache-control": None})),
    ("SSE-012", "open", streamed(how=Ending.CUT, limit=Limit.AFTER_STOP)),
    ("SSE-012", "no last chunk", streamed(how=Ending.CLOSED_EARLY)),
    ("SSE-012", "no chunk in its place", streamed(how=Ending.MALFORMED)),
    ("STRM-001", "no message_start", streamed(*EVENTS[1:])),
    ("STRM-001", "nothing", raw(b"")),
    ("STRM-002", "two", around(start(), *BLOCK)),
    ("STRM-003", "message: {}", streamed({"type": "message_start", "message": {}}, *EVENTS[1:])),
    ("STRM-004", "content null", streamed(start(content=None), *EVENTS[1:])),
    ("STRM-005", "stop_reason", streamed(start(stop_reason="end_turn"), *EVENTS[1:])),
    (
        "STRM-006",
        "no usage",
        streamed({"type": "message_start", "message": without(start()["message"], "usage")}, *EVENTS[1:]),
    ),
    (
        "USG-006",
        "a string at the start",
        streamed(
            start(usage=USAGE | {"output_tokens": 1, "cache_read_input_tokens": "0"}),
            *BLOCK,
            ends(usage={"output_tokens": 2, "cache_read_input_tokens": 0}),
            STOP,
        ),
    ),
    ("STRM-007", "no input", streamed(start(usage=USAGE | {"input_tokens": 0}), *EVENTS[1:])),
    ("STRM-008", "from 1", around(opens(1), text("pong", 1), closes(1))),
    ("STRM-009", "no text", around(opens(0, type="thinking"), THINKING, SIGNATURE, closes())),
    ("STRM-010", "not empty", around(opens(0, type="text", text="po"), text("ng"), closes())),
    ("STRM-011", "never started", around(*BLOCK, text("x", 5))),
    ("STRM-012", "other delta", around(opens(), text("a"), THINKING, closes())),
    ("STRM-013", "null", around(opens(), text("a"), text(None), closes())),
    ("STRM-014", "never closed", around(opens(), text("pong"))),
    ("STRM-015", "overlap", around(opens(0), opens(1), text("a", 0), text("b", 1), closes(0), closes(1))),
    ("STRM-016", "late delta", around(*BLOCK, text("x"))),
    ("STRM-017", "no message_delta", streamed(start(), *BLOCK, STOP)),
    ("STRM-018", "too early", streamed(start(), ends(), *BLOCK, STOP)),
    ("STRM-019", "no usage", streamed(start(), *BLOCK, without(ends(), "usage"), STOP)),
    (
        "STRM-020",
        "counts fall",
        streamed(start(), *BLOCK, ends(usage={"output_tokens": 5}), ends(usage={"output_tokens": 2}), STOP),
    ),
    ("STRM-021", "input falls", streamed(start(), *BLOCK, ends(usage={"output_tokens": 2, "input_tokens": 3}), STOP)),
    ("STRM-022", "reset", streamed(start(), *BLOCK, ends(), ends(None), STOP)),
    ("STRM-023", "no end", streamed(*EVENTS[:-1])),
    ("STRM-023", "closed early", streamed(*EVENTS[:-2], how=Ending.CLOSED_EARLY)),
    ("STRM-023", "goes on", streamed(*EVENTS, ends())),
    ("STRM-024", "empty ping", around(b"event: ping\ndata:\n\n", *BLOCK)),
    ("STRM-025", "no name", streamed(start(), bare(FAILURE))),
    ("STRM-025", "foreign", streamed(start(), b'event: error\ndata: {"error":{"message":"x"}}\n\n')),
    ("STRM-026", "goes on", streamed(start(), FAILURE, *BLOCK)),
    ("STRM-027", "snapshots", around(opens(), text("a"), text("ab"), text("abc"), closes())),
    ("STRM-028", "two objects", called("{}", "{}")),
    ("STRM-030", "no signature", thought(THINKING)),
    ("STRM-031", "delta", around(opens(type="redacted_thinking", data="x"), text("a"), closes())),
    ("STRM-029", "start alone", called(input={"n": 1})),
    (
        "RESP-011",
        "no stop_sequence",
        streamed(
            start(),
            *BLOCK,
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
            STOP,
        ),
    ),
    ("SEM-001", "in a stream", streamed(start(), *BLOCK, ends(usage={"output_tokens": 400}), STOP)),
]

#: What a breach of the first breaks as well, by the catalogue.
ENTAILED = {
    "STRM-029": {"STRM-010"},
    "STRM-006": {"USG-002"},
    "STRM-030": {"THINK-003"},
}

LEGAL: list[tuple[str, str, Exchange]] = [
    ("SSE-001", "charset", streamed(headers={"content-type": "text/event-stream;charset=UTF-8"})),
    ("SSE-003", "CRLF", raw(WHOLE.replace(b"\n", b"\r\n"))),
    ("SSE-003", "CR", raw(WHOLE.replace(b"\n", b"\r"))),
    ("SSE-003", "comments", raw(b": hello\n\n" + WHOLE)),
    ("SSE-003", "unknown field", raw(b"foo: bar\n" + WHOLE)),
    ("SSE-003", "several data lines", raw(WHOLE.replace(b'"index": 0,', b'"index":\ndata: 0,'))),
    ("SSE-006", "data before event", around(b'data: {"type":"ping"}\nevent: ping\n\n', *BLOCK)),
    ("SSE-007", "padding", raw(WHOLE.replace(b"}\n\n", b"}    \n\n"))),
    (
        "SSE-007",
        "U+2028 in data",
        around(
            opens(),
            b'event: content_block_delta\ndata: {"type":"content_block_delta",'
            b'"index":0,"delta":{"type":"text_delta","text":"\xe2\x80\xa8"}}\n\n',
            closes(),
        ),
    ),
    ("SSE-003", "retry in words", raw(b"retry: soon\n" + WHOLE)),
    ("SSE-003", "NUL in an id", around(b"id: a\0b\n\n", *BLOCK)),
    ("SSE-007", "unknown event", around(*BLOCK, {"type": "note"})),
    ("SSE-010", "no-store", streamed(headers={"cache-control": "private, No-Store"})),
    ("SSE-012", "ends", streamed()),
    ("STRM-024", "pings anywhere", streamed(PING, start(), PING, *BLOCK, PING, ends(), PING, STOP, PING)),
    (
        "STRM-007",
        "all cached",
        streamed(start(usage={"input_tokens": 0, "output_tokens": 1, "cache_read_input_tokens": 9}), *EVENTS[1:]),
    ),
    ("STRM-020", "message_start counts more than one", streamed(start(usage=USAGE), *EVENTS[1:])),
    ("STRM-019", "refusal takes back", streamed(start(), ends("refusal", {"output_tokens": 0}), STOP)),
    (
        "STRM-031",
        "redacted",
        around(opens(type="redacted_thinking", data="x"), closes(), opens(1), text("p", 1), closes(1)),
    ),
    ("STRM-030", "thinking", thought(THINKING, SIGNATURE)),
    ("STRM-028", "first part empty", called("", '{"n":', "1}")),
    ("STRM-026", "error ends it", streamed(start(), *BLOCK[:2], FAILURE)),
    ("STRM-017", "max_tokens without content", streamed(start(), ends("max_tokens"), STOP)),
]


def names(rows: list[tuple[str, str, Exchange]]) -> list[str]:
    return [f"{requirement}, {name}" for requirement, name, _ in rows]


@pytest.mark.parametrize(("requirement", "name", "answer"), BREACHES, ids=names(BREACHES))
def test_a_breach_breaks_its_requirement_alone(requirement: str, name: str, answer: Exchange) -> None:
    also = broken(run(answer)) - {requirement}
    assert requirement in broken(run(answer)), name
    assert also <= ENTAILED.get(requirement, set())


@pytest.mark.parametrize(("requirement", "name", "answer"), LEGAL, ids=names(LEGAL))
def test_a_legal_variation_breaks_nothing(requirement: str, name: str, answer: Exchange) -> None:
    found = run(answer)
    assert (broken(found), requirement in held(found)) == (set(), True), name


def test_events_run_into_one_are_one_breach_of_the_wire() -> None:
    merged = WHOLE.replace(b"\n\nevent: content_block_stop", b"\nevent: content_block_stop")
    assert {name for name in broken(run(raw(merged))) if name.startswith("SSE")} == {"SSE-003"}


@pytest.mark.parametrize("how", [Ending.CUT, Ending.HUNG_UP])
@pytest.mark.parametrize("length", [0, 40, len(WHOLE) // 2, len(WHOLE) - 20])
def test_what_we_cut_is_not_missing(how: Ending, length: int) -> None:
    limit = Limit.WHOLE if how is Ending.CUT else None
    assert broken(run(raw(WHOLE[:length], how=how, limit=limit))) == set()


def test_an_interrupted_message_is_not_judged_as_a_whole_one() -> None:
    found = run(streamed(*EVENTS[:3], how=Ending.RESET))
    assert broken(found) == {"STRM-023"}
    assert not {name for name in held(found) if name.startswith(("RESP", "USG", "SEM"))}


def test_a_lowered_breach_keeps_its_level_and_its_place() -> None:
    early = {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 1}}
    findings = list(traffic_findings(run(streamed(start(), early, *EVENTS[1:]))))
    found = next(finding for finding in findings if finding.requirement == "STRM-018" and finding.kind is Kind.BROKEN)
    assert (found.level, found.where.event, found.where.exchange) == ("SHOULD", 2, 1)
    assert found.where.byte == len(wire([start(), early]))


def test_unknown_deltas_are_notes() -> None:
    found = run(around(opens(), text("a"), delta(0, "newer_delta", x=1), closes()))
    assert (broken(found), "STRM-012" in noted(found)) == (set(), True)


def test_json_answers_are_no_streams() -> None:
    assert not {name for name in held(run(exchange())) if name.startswith(("SSE", "STRM"))}


SEARCH = {"type": "web_search_20250305", "name": "web_search"}
DONE_BEFORE = {"type": "text", "text": "pong"}


@pytest.mark.parametrize(
    ("tool", "content", "is_broken"),
    [
        (SEARCH, [DONE_BEFORE], False),
        (SEARCH, [DONE_BEFORE, {"text": "no type"}], True),
        (SEARCH, None, True),
        (SEARCH, "pong", True),
        (TOOL | {"type": "custom"}, [DONE_BEFORE], True),
        (TOOL, [DONE_BEFORE], True),
    ],
    ids=["whole", "no-type", "null", "a-string", "custom-tool", "untyped-tool"],
)
def test_blocks_in_message_start_are_noted_where_a_server_tool_was_declared(
    tool: Data, content: Any, is_broken: bool
) -> None:
    found = run(streamed(start(content=content), ends(), STOP, sent=TOOLS | {"tools": [tool]}))
    assert ("STRM-004" in broken(found), "STRM-004" in noted(found)) == (is_broken, not is_broken)
