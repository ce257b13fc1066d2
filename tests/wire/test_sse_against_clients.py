"""The decoder beside those of httpx-sse and the official SDK: alike on good streams, listed where they differ.

Every row of the table is told in docs/sse-differences.md.
"""

import itertools
from pathlib import Path

import anthropic
import httpx
import httpx2
import pytest
from anthropic._streaming import SSEDecoder
from httpx_sse import EventSource
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.sse import decode, decode_chunks

Shown = list[tuple[str | None, str, str, int | None]]
DOCUMENT = Path(__file__).parents[2] / "docs" / "sse-differences.md"


def ours(*chunks: bytes) -> Shown:
    events = decode_chunks(chunks).events
    return [(event.name or None, event.data, event.id, event.retry) for event in events]


def sdk(*chunks: bytes) -> Shown:
    events = SSEDecoder().iter_bytes(iter(chunks))
    return [(event.event, event.data, event.id or "", event.retry) for event in events]


def httpx_sse(*chunks: bytes) -> Shown:
    headers = {"content-type": "text/event-stream"}
    response = httpx.Response(200, headers=headers, content=iter(chunks))
    named = [(event.event, event.data, event.id, event.retry) for event in EventSource(response).iter_sse()]
    return [(None if name == "message" else name, *rest) for name, *rest in named]  # type: ignore[misc]


LINE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)
NAME = st.sampled_from(["message_start", "ping", "a:b", "\u2028x"])
IDS = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1, max_size=3)


@st.composite
def good_streams(draw: st.DrawFn) -> bytes:
    """Named events with data, and ids, retries, comments, unknown fields among them, in one line-end style."""
    lines: list[str] = []
    for _ in range(draw(st.integers(0, 4))):
        fields = [f"event: {draw(NAME)}", *(f"data: {line}" for line in draw(st.lists(LINE, min_size=1, max_size=3)))]
        extras = st.sampled_from([": note", ":", "retry: 250", "other: x", f"id: {draw(IDS)}"])
        lines += [*draw(st.permutations(fields + draw(st.lists(extras, max_size=2)))), ""]
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    return "".join(line + ending for line in lines).encode()


@settings(deadline=None)  # a loaded machine is no fault
@given(good_streams(), st.data())
def test_good_streams_are_read_alike(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=4)))
    chunks = [body[a:b] for a, b in itertools.pairwise([0, *cuts, len(body)])]
    assert ours(*chunks) == sdk(*chunks) == httpx_sse(body)


ONE: Shown = [(None, "1", "", None)]
A_ONE: Shown = [("a", "1", "", None)]

#: case: body, what the grammar says, what httpx-sse and the SDK make of it.
DIFFERENCES: dict[str, tuple[bytes, Shown, Shown]] = {
    "byte order mark before event": (b"\xef\xbb\xbfevent: a\ndata: 1\n\n", A_ONE, ONE),
    "byte order mark before data": (b"\xef\xbb\xbfdata: 1\nevent: a\n\n", A_ONE, [("a", "", "", None)]),
    "event without data": (b"event: a\n\n", [], [("a", "", "", None)]),
    "id alone": (b"id: 7\n\n", [], [(None, "", "7", None)]),
    "retry alone": (b"retry: 5\n\n", [], [(None, "", "", 5)]),
    "blank lines after an id": (
        b"id: 7\ndata: 1\n\n\n", [(None, "1", "7", None)], [(None, "1", "7", None), (None, "", "7", None)]),
    "retry with a sign": (b"retry: +5\ndata: 1\n\n", ONE, [(None, "1", "", 5)]),
    "negative retry": (b"retry: -5\ndata: 1\n\n", ONE, [(None, "1", "", -5)]),
    "retry with an underscore": (b"retry: 1_000\ndata: 1\n\n", ONE, [(None, "1", "", 1000)]),
    "retry with spaces": (b"retry:  5 \ndata: 1\n\n", ONE, [(None, "1", "", 5)]),
    "retry in other digits": ("retry: ٥\ndata: 1\n\n".encode(), ONE, [(None, "1", "", 5)]),
}  # fmt: skip


@pytest.mark.parametrize(("body", "grammar", "clients"), DIFFERENCES.values(), ids=DIFFERENCES.keys())
def test_where_clients_leave_the_grammar(body: bytes, grammar: Shown, clients: Shown) -> None:
    assert ours(body) == grammar
    assert sdk(body) == clients
    assert httpx_sse(body) == clients


ALIKE: dict[str, tuple[bytes, Shown]] = {
    "unterminated last event": (b"event: a\ndata: 1\n", []),
    "data without colon": (b"data\n\n", [(None, "", "", None)]),
    "NUL in id": (b"id: a\0\ndata: 1\n\n", ONE),
    "id reset": (b"id: 7\nid:\ndata: 1\n\n", ONE),
    "mixed line ends": (b"event: a\r\ndata: 1\n\r\n", A_ONE),
    "other line separators": (
        b"data: \x0b\x0c\x1c\xc2\x85\xe2\x80\xa8\n\n",
        [(None, "\x0b\x0c\x1c\x85\u2028", "", None)],
    ),
    "retry too long": (b"retry: " + b"9" * 5000 + b"\ndata: 1\n\n", ONE),
    "second event field wins": (b"event: b\nevent: a\ndata: 1\n\n", A_ONE),
}


@pytest.mark.parametrize(("body", "expected"), ALIKE.values(), ids=ALIKE.keys())
def test_where_clients_keep_to_the_grammar(body: bytes, expected: Shown) -> None:
    assert ours(body) == sdk(body) == httpx_sse(body) == expected


def test_a_bad_byte_stops_the_sdk() -> None:
    body = b"event: a\ndata: \xff\n\n"
    assert ours(body) == httpx_sse(body) == [("a", "\ufffd", "", None)]
    assert [fault.offset for fault in decode(body).malformations] == [15]
    with pytest.raises(UnicodeDecodeError):
        sdk(body)


def raw_events(body: bytes) -> list[str]:
    """The types of what the SDK's public stream yields for a body."""
    headers = {"content-type": "text/event-stream"}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, headers=headers, content=body))
    with (
        httpx2.Client(transport=transport) as http,
        anthropic.Anthropic(api_key="k", base_url="http://127.0.0.1", http_client=http, max_retries=0) as client,
    ):
        stream = client.messages.create(
            model="m", max_tokens=1, messages=[{"role": "user", "content": "hi"}], stream=True
        )
        return [str(getattr(event, "type", "")) for event in stream]


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (b'event: message_stop\ndata: {"type":"message_stop"}\n\n', ["message_stop"]),
        (b'data: {"type":"message_stop"}\n\n', []),
        (b'event:\ndata: {"type":"message_stop"}\n\n', []),
        (b"event: message_stop\n\n", []),
        (b"data: [DONE]\n\n", []),
    ],
)
def test_the_sdk_skips_events_without_a_name(body: bytes, seen: list[str]) -> None:
    assert raw_events(body) == seen


def test_every_difference_is_documented() -> None:
    told = DOCUMENT.read_text(encoding="utf-8")
    assert [case for case in DIFFERENCES if f"| {case} |" not in told] == []
