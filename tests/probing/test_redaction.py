"""No spelling of a secret survives capture, wherever it stands, and no length changes."""

import base64
import gzip
import json
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.probing.redaction import Redactor, Secret
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Request
from conformance.wire.markers import MARKER, marker

KEY = "sk-test-Zo9/+=~0123456789abcdef"
REDACTOR = Redactor([Secret("KEY", KEY), Secret("TOKEN", "ct-0123456789abcdef01234567"), Secret("KEY", "short")])
#: What an HTTP header can carry as a credential.
keys = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=60)
around = st.binary(max_size=12).filter(lambda data: b"[" not in data)


def _exchange(chunks: list[bytes], **more: object) -> Exchange:
    request = Request("POST", f"http://h/{KEY}", (("Authorization", f"Bearer {KEY}"),), f'{{"a":"{KEY}"}}'.encode())
    rows = tuple(Chunk(float(number), data) for number, data in enumerate(chunks))
    return Exchange(
        request, 200, (("x-key", KEY), (KEY, "é")), rows, End(Ending.RESET, None, f"lost {KEY}"), surplus=KEY.encode()
    )


def test_a_marker_says_what_it_stands_for_and_is_as_long() -> None:
    assert marker("KEY", 12) == "[KEY*******]" and MARKER.fullmatch(marker("KEY", 12))
    assert REDACTOR.text("a ct-0123456789abcdef01234567 z") == f"a {marker('TOKEN', 27)} z"


@pytest.mark.parametrize("label", ["KEY", "TOKEN", "HEADER"])
@pytest.mark.parametrize("length", range(8, 40))
def test_every_searched_value_becomes_a_marker_of_its_length(label: str, length: int) -> None:
    value = "abcdefghijklmnopqrstuvwxyz0123456789ABCDE"[:length]
    cleaned = Redactor([Secret(label, value)]).text(value)
    assert len(cleaned) == length and MARKER.fullmatch(cleaned)


@given(key=keys, before=around, after=around)
def test_a_key_in_plain_is_replaced_at_the_same_length(key: str, before: bytes, after: bytes) -> None:
    data = before + key.encode() + after
    cleaned = Redactor([Secret("KEY", key)]).data(data)
    assert key.encode() not in cleaned and len(cleaned) == len(data)
    assert MARKER.search(cleaned.decode("latin-1"))


@given(key=keys)
def test_a_key_in_a_url_is_replaced_too(key: str) -> None:
    coded = quote(key, safe="")
    cleaned = Redactor([Secret("KEY", key)]).text(f"?q={coded}&r=1")
    assert coded not in cleaned and len(cleaned) == len(f"?q={coded}&r=1") and "[KEY*" in cleaned


@given(key=keys, before=st.binary(max_size=7), after=st.binary(max_size=7), urlsafe=st.booleans())
def test_a_key_inside_base64_is_replaced_at_every_alignment(
    key: str, before: bytes, after: bytes, urlsafe: bool
) -> None:
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    data = encode(before + key.encode() + after)
    cleaned = Redactor([Secret("KEY", key)]).data(data)
    assert len(cleaned) == len(data) and b"[KEY*" in cleaned
    left = base64.urlsafe_b64decode(cleaned.replace(b"[", b"A").replace(b"*", b"A").replace(b"]", b"A"))
    assert key.encode() not in left


@given(data=st.data(), key=keys)
def test_chunk_borders_hide_nothing_and_stay_where_they_were(data: st.DataObject, key: str) -> None:
    body = b"data: " + key.encode() + b" and " + base64.b64encode(key.encode()) + b"\n\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    edges = list(zip([0, *cuts], [*cuts, len(body)], strict=True))
    exchange = _exchange([body[start:end] for start, end in edges])
    cleaned = Redactor([Secret("KEY", key)]).exchange(exchange)
    assert [len(chunk.data) for chunk in cleaned.chunks] == [end - start for start, end in edges]
    assert [chunk.at for chunk in cleaned.chunks] == [chunk.at for chunk in exchange.chunks]
    assert key.encode() not in cleaned.body and base64.b64encode(key.encode())[:-4] not in cleaned.body


def test_no_part_of_an_exchange_is_left_out() -> None:
    cleaned = REDACTOR.exchange(_exchange([b"x", KEY.encode()[:5], KEY.encode()[5:]]))
    assert KEY not in repr(cleaned)
    assert cleaned.headers[1] == (marker("KEY", len(KEY)), "é")
    assert cleaned.request.headers == (("Authorization", f"Bearer {marker('KEY', len(KEY))}"),)
    assert cleaned.surplus == marker("KEY", len(KEY)).encode() and cleaned.end.detail.startswith("lost [KEY*")


def test_short_values_are_not_searched_for() -> None:
    assert REDACTOR.text("a short text") == "a short text"
    assert Redactor([Secret("KEY", "1234567")]).data(b"1234567") == b"1234567"
    assert Redactor([]).text("anything") == "anything"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_without_secrets_is_left_alone(text: str) -> None:
    assert REDACTOR.text(text) == text


def test_the_longest_of_two_overlapping_secrets_goes_first() -> None:
    both = Redactor([Secret("KEY", "abcdefgh"), Secret("HEADER", "abcdefgh-and-more")])
    assert both.text("abcdefgh-and-more abcdefgh") == f"{marker('HEADER', 17)} {marker('KEY', 8)}"


def test_a_secret_in_a_compressed_answer_is_stored_uncoded_behind_its_marker() -> None:
    body = gzip.compress(b'{"error":"no ' + KEY.encode() + b'"}', mtime=0)
    headers = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Content-Length", str(len(body))))
    request = Request("POST", "http://h/", (("Authorization", f"Bearer {KEY}"),), b"")
    found = Redactor([Secret("KEY", KEY)]).exchange(
        Exchange(request, 401, headers, (Chunk(0.1, body),), End(Ending.COMPLETE))
    )
    assert found.body == b'{"error":"no ' + marker("KEY", len(KEY)).encode() + b'"}'
    assert found.headers == (("Content-Type", "application/json"),)


def test_a_short_credential_is_taken_out_of_the_header_of_its_name_alone() -> None:
    request = Request("POST", "http://h/1", (("X-Tenant", "1"), ("anthropic-version", "2023-06-01")), b"1")
    redactor = Redactor([], [("x-tenant", Secret("HEADER", "1"))])
    found = redactor.exchange(Exchange(request, 200, (("x", "1"),), (), End(Ending.COMPLETE)))
    assert found.request.headers == (("X-Tenant", marker("HEADER", 8)), ("anthropic-version", "2023-06-01"))
    assert found.request.url == "http://h/1" and found.headers == (("x", "1"),)


@pytest.mark.parametrize(
    "written",
    [
        json.dumps({"a": json.dumps(KEY).replace("/", "\\/")}),
        "".join(f"\\u{ord(char):04X}" for char in KEY),
        "".join(f"\\\\u{ord(char):04x}" for char in KEY),
        "".join(f"%{ord(char):02x}" for char in KEY),
        quote(quote(KEY, safe=""), safe=""),
        "".join(f"&#{ord(char)};" for char in KEY),
        KEY[:3] + "".join(f"&#x{ord(char):02X};" for char in KEY[3:]),
    ],
)
def test_escapes_hide_no_secret_and_keep_the_length(written: str) -> None:
    cleaned = REDACTOR.text(f'<é {written}" \\u00e9 %41>')
    assert len(cleaned) == len(f'<é {written}" \\u00e9 %41>') and cleaned.endswith('" \\u00e9 %41>')
    assert MARKER.search(cleaned) and "abcdef" not in cleaned and cleaned.startswith("<é ")


@pytest.mark.parametrize("size", [1, 5, 9])
@pytest.mark.parametrize("member", ["text", "thinking", "signature", "partial_json"])
def test_a_secret_that_comes_in_several_deltas_is_blanked_out_in_each(member: str, size: int) -> None:
    pieces = ["so: ", *(KEY[at : at + size] for at in range(0, len(KEY), size)), " it is"]
    rows = [f"data: {json.dumps({'delta': {'type': 'x', member: piece}})}\n\n".encode() for piece in pieces]
    cleaned = REDACTOR.exchange(_exchange(rows))
    assert [len(chunk.data) for chunk in cleaned.chunks] == [len(row) for row in rows]
    said = "".join(json.loads(chunk.data[6:])["delta"][member] for chunk in cleaned.chunks)
    assert said == f"so: {marker('KEY', len(KEY))} it is"


ESCAPES = (str, lambda key: "".join(f"\\u{ord(char):04x}" for char in key), lambda key: quote(key, safe=""))


@pytest.mark.parametrize("how", [Ending.CUT, Ending.HUNG_UP])
@pytest.mark.parametrize("spelt", ESCAPES, ids=["plain", "escaped", "percent"])
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_body_that_we_cut_within_a_secret_ends_in_no_piece_of_it(how: Ending, spelt: object, coding: str) -> None:
    for size in range(8, len(KEY)):
        said = f'{{"text": "{spelt(KEY[:size])}'.encode()  # type: ignore[operator]
        cut = replace(_exchange([gzip.compress(said) if coding else said]), end=End(how), surplus=b"")
        headers = (("content-encoding", coding),) if coding else ()
        kept = REDACTOR.exchange(replace(cut, headers=headers)).body
        assert kept == b'{"text": "' + b"*" * (len(said) - 10) and not MARKER.search(kept.decode())


def test_a_body_that_the_target_ended_or_that_ends_in_less_is_left_as_it_is() -> None:
    """Many a key begins alike; and what a target cuts in two it may send as it likes."""
    for said, how in ((KEY[:7], Ending.CUT), (KEY[:12], Ending.CLOSED_EARLY), (f"{KEY[:12]}.", Ending.CUT)):
        kept = REDACTOR.exchange(replace(_exchange([said.encode()]), end=End(how))).body
        assert kept == said.encode()
    assert Redactor([]).exchange(replace(_exchange([KEY[:12].encode()]), end=End(Ending.CUT))).body == KEY[:12].encode()
