"""Every clause of the grammar of a stream is told as held where it was put to the test, and nothing of what we cut."""

import pytest
from rule_samples import (
    BLOCK,
    CALL,
    FAILURE,
    MESSAGE,
    PING,
    STOP,
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
    own,
    run,
    start,
    streamed,
    text,
)

from conformance.rules.findings import Kind
from conformance.rules.streams import GRAMMAR
from conformance.wire.exchange import Ending

CALLED: Data = {"type": "content_block_start", "index": 2, "content_block": CALL | {"input": {}}}
RICH = (
    start(),
    PING,
    opens(type="thinking", thinking=""),
    delta(0, "thinking_delta", thinking="hm"),
    delta(0, "signature_delta", signature="s"),
    closes(),
    opens(1),
    *(text(part, 1) for part in ("po", "n", "g")),
    closes(1),
    CALLED,
    delta(2, "input_json_delta", partial_json='{"n":1}'),
    closes(2),
    opens(3, type="redacted_thinking", data="x"),
    closes(3),
    ends("tool_use", USAGE),
    STOP,
)
FAILED = (start(), *BLOCK, FAILURE)


def test_every_clause_of_the_grammar_can_hold() -> None:
    rich, failed = run(streamed(*RICH)), run(streamed(*FAILED))
    names = {f"STRM-{number:03}" for number in range(1, 32)}
    assert not {name for name in broken(rich) | broken(failed) if name in names}
    assert (held(rich) | held(failed)) & names == names
    assert names - {"STRM-025", "STRM-026"} <= held(rich)
    assert set(GRAMMAR) == names - {"STRM-007"}


def test_an_absent_stop_sequence_is_told_once() -> None:
    bare = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}
    found = run(streamed(start(), *BLOCK, bare, STOP))
    assert ("STRM-017" in noted(found), "STRM-017" in held(found), broken(found)) == (False, True, {"RESP-011"})


def test_another_note_of_the_grammar_is_told() -> None:
    found = run(streamed(start(), opens(), delta(0, "shiny_delta"), closes(), ends(), STOP))
    assert "STRM-012" in noted(found)


@pytest.mark.parametrize("how", [Ending.CUT, Ending.HUNG_UP])
def test_an_answer_that_we_cut_is_no_message(how: Ending) -> None:
    found = run(exchange(MESSAGE | {"role": "model"}, how=how))
    assert not {name for name in broken(found) | held(found) if name.startswith(("RESP", "USG", "SEM"))}


@pytest.mark.parametrize(
    ("ping", "kind"),
    [
        (b'event: ping\nid\ndata: {"type":"ping"}\n\n', "no-colon"),
        (b'event: ping\nfoo: x\ndata: {"type":"ping"}\n\n', "unknown-field"),
        (b'event: ping\ndata: {"type":\ndata: "ping"}\n\n', "several-data-lines"),
    ],
)
def test_what_the_grammar_of_events_allows_is_a_note(ping: bytes, kind: str) -> None:
    found = run(streamed(start(), ping, *BLOCK, ends(), STOP))
    assert broken(found) == set()
    assert [f.seen.partition(":")[0] for f in own(found) if f.requirement == "SSE-003" and f.kind is Kind.NOTE] == [
        kind
    ]
