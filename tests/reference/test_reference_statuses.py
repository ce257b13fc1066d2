"""The endpoint serves what the contract allows and refuses the rest, in the documented envelope."""

import json

import pytest
from reference_corpus import ITEMS, Item, body_of, item, status_of, written

from conformance.reference import PROFILES
from conformance.reference.refusal import ERROR_TYPES

CASES = [
    pytest.param(profile, one, id=f"{profile}-{n}-{one.name[:40]}")
    for profile in PROFILES
    for n, one in enumerate(ITEMS)
]


@pytest.mark.parametrize(("profile", "one"), CASES)
def test_status_is_the_contracts(profile: str, one: Item) -> None:
    steps = written(one, profile)
    assert status_of(steps) == one.expected(profile), steps[0].data


@pytest.mark.parametrize(("profile", "one"), [case for case in CASES if case.values[1].expected(case.values[0]) >= 400])  # type: ignore[union-attr]
def test_refusals_have_the_documented_envelope(profile: str, one: Item) -> None:
    steps = written(one, profile)
    head, _, body = steps[0].data.partition(b"\r\n\r\n")
    assert b"content-type: application/json\r\n" in head
    if one.method == "HEAD":
        assert body == b""
        return
    envelope = json.loads(body)
    assert envelope["type"] == "error"
    assert envelope["error"]["type"] == ERROR_TYPES[one.expected(profile)]
    assert envelope["error"]["message"]
    assert f"request-id: {envelope['request_id']}\r\n".encode() in head


@pytest.mark.parametrize("profile", PROFILES)
def test_no_answer_repeats_a_credential(profile: str) -> None:
    bogus = [one for one in ITEMS if "bogus" in one.name]
    answers = b"".join(step.data for one in bogus for step in written(one, profile))
    assert bogus
    assert b"bogus" not in answers


@pytest.mark.parametrize("profile", PROFILES)
def test_streams_and_json_refuse_alike(profile: str) -> None:
    plain_items = [one for one in ITEMS if type(one) is Item and one.raw is None and "stream" not in one.change]
    refused = [one for one in plain_items if one.expected(profile) == 400]
    assert len(refused) > 50
    for one in refused:
        streamed = Item(
            one.name, {**one.change, "stream": True}, headers=one.headers, path=one.path, version=one.version
        )
        plain, other = body_of(written(one, profile)), body_of(written(streamed, profile))
        assert plain["error"] == other["error"], one.name


def test_a_harmless_caller_id_comes_back_and_a_strange_one_does_not() -> None:
    assert b"x-request-id: ct-1\r\n" in written(item("caller-id"), "myrouter")[0].data
    assert b"x-request-id" not in written(item("strange-caller-id"), "myrouter")[0].data


def test_two_version_lines_are_refused() -> None:
    one = item("new-version").request("myrouter")
    from conformance.reference.pipeline import answer, new_context
    from conformance.reference.seams import Seams
    from conformance.reference.settings import Settings
    from conformance.reference.transfer import Request

    doubled = Request(one.method, one.target, (*one.headers, ("anthropic-version", "2026-10-21")), one.body, one.size)
    assert answer(new_context(doubled, Settings(), Seams())).status == 400


def test_405_lists_the_methods() -> None:
    assert b"\r\nallow: POST\r\n" in written(item("get"), "myrouter")[0].data
