"""Which markers in an answer stand for a credential that was sent, and where one is told (AUTH-009)."""

import pytest
from rule_samples import error, exchange, held, own, run

from conformance.rules.findings import Kind, Where
from conformance.wire.exchange import Exchange
from conformance.wire.markers import LEAST, marker

PLACE = b'{"type":"error","error":{"type":"api_error","message":"'


def places(answer: Exchange) -> list[Where]:
    return [f.where for f in own(run(answer)) if f.requirement == "AUTH-009" and f.kind is Kind.BROKEN]


@pytest.mark.parametrize(("label", "leaks"), [("KEY", True), ("SECOND", True), ("TOKEN", True), ("HEADER", False)])
@pytest.mark.parametrize("length", [LEAST, LEAST + 1, 40])
def test_what_was_sent_as_a_header_may_come_back(label: str, leaks: bool, length: int) -> None:
    mark = marker(label, length)
    for answer in (exchange(headers={"x-echo": mark}), exchange(surplus=mark.encode())):
        assert bool(places(answer)) is leaks
        assert ("AUTH-009" in held(run(answer))) is not leaks


@pytest.mark.parametrize("name", ["x-echo", "[KEY*********]"])
def test_a_credential_in_a_header_is_told_by_its_name(name: str) -> None:
    value = "[KEY*********]" if name == "x-echo" else "1"
    assert places(exchange(headers={name: value})) == [Where(1, header=name)]


def test_a_credential_in_a_body_is_told_by_its_byte() -> None:
    both = b"[HEADER**] \xff[KEY*****]" + b'"}}'
    assert places(error(raw=PLACE + both)) == [Where(1, byte=len(PLACE) + len(b"[HEADER**] \xff"))]


def test_a_credential_behind_the_framing_is_told_by_its_place_behind_the_body() -> None:
    assert places(exchange(raw=b"{}", surplus=b"ab[KEY*****]")) == [Where(1, byte=4)]


def test_a_credential_in_several_deltas_is_told_by_the_byte_where_it_begins() -> None:
    body = b'data: {"delta":{"text":"a [KE"}}\n\ndata: {"delta":{"text":""}}\n\ndata: {"delta":{"text":"Y*****]"}}\n\n'
    assert places(exchange(raw=body)) == [Where(1, byte=body.index(b"[KE"))]
