"""What a target offers: predicates over answers, and whole askings of targets that offer much, little and nothing."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import certifi
import pytest
from loopback import CHUNKED, CLOSE, Loopback, Received, Script, always, chunk, free_port, message, response

from conformance.contract import load_profiles
from conformance.probing.scheduler import Scheduler
from conformance.reference import Endpoint
from conformance.reference import Settings as ReferenceSettings
from conformance.reporting.diagnosis import Answered, Diagnosis, Offer, command, diagnosis_text, toml
from conformance.session.doctor import MOST_REQUESTS, AskingFailed, diagnose
from conformance.session.inquiries import (
    INQUIRIES,
    Inquiry,
    answered,
    ending,
    inquiries,
    output_tokens,
    version_inquiry,
)
from conformance.session.target import Ungradable
from conformance.settings.resolve import Settings, UsageError, resolve
from conformance.wire.exchange import Chunk, End, Ending, Exchange, Limit, Request
from conformance.wire.reading import Reading

KEY = "doctor-key-0123456789"
ENVIRONMENT = {"CONFORMANCE_API_KEY": KEY}
BY_NAME = {row.name: row for row in INQUIRIES}
TEXT = {"type": "text", "text": "pong"}


def _settings(folder: Path, **given: Any) -> Settings:
    return resolve({k.replace("_", "-"): v for k, v in given.items()}, folder, {})


def _diagnose(folder: Path, environment: Mapping[str, str] = ENVIRONMENT, **given: Any) -> Diagnosis:
    return diagnose(_settings(folder, **given), environment)


def _outcomes(diagnosis: Diagnosis) -> dict[str, str]:
    return {row.name: row.outcome.value for row in diagnosis.answers}


def _words(diagnosis: Diagnosis) -> dict[str, str]:
    return {row.name: row.words for row in diagnosis.answers}


# Predicates


def _reading(
    body: Any, status: int | None = 200, sent: Any = None, kind: str = "application/json", end: End | None = None
) -> Reading:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request("POST", "http://h/v1/messages", (), json.dumps(sent or {}).encode())
    ended = end or End(Ending.COMPLETE)
    return Reading(Exchange(request, status, (("content-type", kind),), (Chunk(0.1, data),), ended))


def _said(*content: Any, **usage: Any) -> dict[str, Any]:
    return {"type": "message", "content": list(content), "usage": {"input_tokens": 9, "output_tokens": 2} | usage}


def _stream(*events: dict[str, Any]) -> Reading:
    text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return _reading(text.encode(), kind="text/event-stream")


PLAIN = _reading(_said(TEXT))
REFUSED = _reading({"type": "error", "error": {"type": "invalid_request_error", "message": "no \x1b[31mtools"}}, 400)
FAILED = _reading(b"boom", 500)
TOOL = {"type": "tool_use", "id": "toolu_1", "name": "get_code", "input": {"n": 7}}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "s"}
ADAPTIVE = {"thinking": {"type": "adaptive"}}
START = {"type": "message_start", "message": _said()}
MODELS = {"data": [{"id": "a"}, {"id": "b"}]}


@pytest.mark.parametrize(
    ("name", "answers", "words"),
    [
        pytest.param("messages", [PLAIN], "a message", id="messages"),
        pytest.param("streaming", [_stream(START, {"type": "message_stop"})], "2 events", id="streaming"),
        pytest.param("tools", [REFUSED, _reading(_said(TOOL), sent={"tool_choice": {"type": "auto"}})],
                     "a tool_use block under tool_choice auto", id="tools-when-free"),
        pytest.param("thinking", [REFUSED, _reading(_said(THOUGHT), sent=ADAPTIVE)],
                     "a thinking block, asked for as adaptive", id="thinking-adaptive"),
        pytest.param("thinking", [_reading(_said({"type": "redacted_thinking", "data": "x"}), sent=ADAPTIVE)],
                     "a redacted_thinking block", id="thinking-redacted"),
        pytest.param("vision", [_reading(_said({"type": "text", "text": "Red."}))], "names the colour", id="seen"),
        pytest.param("vision", [_reading(_said(TEXT, input_tokens=90))],
                     "90 input tokens, where the plain request has 9", id="counted"),
        pytest.param("caching", [PLAIN, _reading(_said(TEXT, cache_read_input_tokens=2000))],
                     "0 tokens written to a cache, 2000 read from it", id="cache-read"),
        pytest.param("caching", [_reading(_said(TEXT, cache_write_tokens=7)), PLAIN], "7 tokens written", id="written"),
        pytest.param("count-tokens", [_reading({"input_tokens": 14})], "input_tokens 14", id="count-tokens"),
        pytest.param("models", [_reading(MODELS)], "a list of 2: a, b", id="models"),
    ],
)  # fmt: skip
def test_what_shows_itself_is_offered(name: str, answers: list[Reading], words: str) -> None:
    found = answered(BY_NAME[name], answers, PLAIN)
    assert found.outcome is Offer.OFFERED and words in found.words


@pytest.mark.parametrize(
    ("name", "answers", "words"),
    [
        pytest.param("messages", [_reading(b"<html>")], "no message came", id="a-page"),
        pytest.param("messages", [_reading({"content": "pong"})], "no message came", id="content-a-string"),
        pytest.param("streaming", [PLAIN], "no stream", id="json-for-a-stream"),
        pytest.param("streaming", [_stream({"type": "ping"})], "no stream", id="pings-alone"),
        pytest.param("tools", [PLAIN, PLAIN], "no tool_use block", id="tools-ignored"),
        pytest.param("tools", [REFUSED, PLAIN], "no tool_use block", id="forced-refused-free-ignored"),
        pytest.param("thinking", [PLAIN, PLAIN], "perhaps ignored", id="thinking-ignored"),
        pytest.param("vision", [PLAIN], "perhaps ignored", id="image-ignored"),
        pytest.param("vision", [_reading({"content": [{"type": "text", "text": "pong"}]})], "ignored", id="no-usage"),
        pytest.param("vision", [_reading(_said({"type": "text", "text": "incurred"}))], "ignored", id="red-inside"),
        pytest.param("vision", [FAILED], "status 500: boom", id="image-crashes"),
        pytest.param("caching", [PLAIN, PLAIN], "no usage counts", id="cache-ignored"),
        pytest.param("caching", [_reading(_said(TEXT, cache_read_input_tokens=0))], "no usage counts", id="cache-zero"),
        pytest.param("count-tokens", [_reading({"input_tokens": 0})], "no positive", id="count-zero"),
        pytest.param("count-tokens", [_reading({}, 400)], "status 400: {}", id="count-wants-more"),
        pytest.param("models", [_reading(b"{}", 401)], "status 401", id="models-behind-a-key"),
        pytest.param("models", [_reading({"data": []})], "no list", id="no-models"),
        pytest.param("tools", [_reading(b"", 429)], "status 429", id="limited"),
        pytest.param("tools", [_reading(b"", None, end=End(Ending.CUT, Limit.FIRST_BYTE))], "first-byte", id="silent"),
        pytest.param("tools", [_reading(b"", None, end=End(Ending.MALFORMED))], "malformed", id="not-http"),
        pytest.param("tools", [FAILED, REFUSED], "status 500", id="crashed-then-refused"),
    ],
)  # fmt: skip
def test_what_neither_shows_nor_refuses_is_unclear(name: str, answers: list[Reading], words: str) -> None:
    found = answered(BY_NAME[name], answers, PLAIN)
    assert found.outcome is Offer.UNCLEAR and words in found.words


@pytest.mark.parametrize("name", ["streaming", "tools", "thinking", "vision", "caching"])
def test_a_refusal_counts_where_the_plain_request_is_served(name: str) -> None:
    found = answered(BY_NAME[name], [REFUSED], PLAIN)
    assert found.outcome is Offer.NOT_OFFERED and found.words == r"status 400: no \x1b[31mtools"
    for plain in (REFUSED, None):
        found = answered(BY_NAME[name], [REFUSED], plain)
        assert found.outcome is Offer.UNCLEAR and "as is the plain request" in found.words


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize("name", ["count-tokens", "models"])
def test_an_absent_surface_is_not_offered_whatever_becomes_of_messages(name: str, status: int) -> None:
    assert answered(BY_NAME[name], [_reading(b"", status)], REFUSED).outcome is Offer.NOT_OFFERED


def test_an_api_version_is_served_or_refused() -> None:
    row = version_inquiry("2026-10-21")
    assert answered(row, [PLAIN], PLAIN) == Answered("version 2026-10-21", Offer.OFFERED, "a message")
    assert answered(row, [REFUSED], REFUSED).outcome is Offer.NOT_OFFERED


def test_nothing_sent_is_said_with_its_reason() -> None:
    assert answered(BY_NAME["tools"], [], PLAIN, "not sent: the cap").words == "not sent: the cap"
    assert answered(BY_NAME["tools"], [], PLAIN) == Answered("tools", Offer.UNCLEAR, "not sent")


def test_a_long_and_hostile_message_is_cut_and_cleaned() -> None:
    said = ending(_reading({"error": {"message": "\x1b]0;x\x07" + "é‮\n" * 400}}, 400))
    assert len(said) < 1200 and said.isprintable() and "left out" in said
    assert ending(_reading({"error": "flat"}, 418)) == 'status 418: {"error": "flat"}'


def test_output_tokens_are_those_an_answer_counts() -> None:
    counted = [output_tokens(r) for r in (PLAIN, REFUSED, _reading(_said(output_tokens="2")), _stream(START))]
    assert counted == [2, 0, 0, 2]


def test_the_image_is_a_png_of_64_pixels_and_every_profile_gets_every_inquiry() -> None:
    sent: Any = BY_NAME["vision"].probe.calls[0].body
    data = base64.b64decode(sent["messages"][0]["content"][0]["source"]["data"])
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and data[16:24] == bytes([0, 0, 0, 64] * 2)
    for profile in load_profiles().values():
        rows: tuple[Inquiry, ...] = inquiries(profile)
        assert {row.capability for row in rows} - {""} == set(profile.capabilities)
        assert sum(len(row.probe.calls) for row in rows) <= MOST_REQUESTS


# Whole askings

SHOWN = ("messages", "streaming", "tools", "thinking", "vision", "caching", "count-tokens", "models",
         "version 2023-06-01", "version 2026-10-21")  # fmt: skip


@pytest.mark.parametrize("profile", list(load_profiles()))
def test_the_embedded_endpoint_offers_all_it_has(tmp_path: Path, profile: str) -> None:
    found = _diagnose(tmp_path, profile=profile)
    assert {name for name, outcome in _outcomes(found).items() if outcome == "offered"} == set(SHOWN)
    assert "tokens written to a cache" in _words(found)["caching"]
    assert found.proposal == {
        "profile": profile,
        "api-version": "2023-06-01",
        "model": "reference-1",
        "capability": ["thinking", "vision", "caching", "count-tokens", "models"],
    }
    assert found.target is None and 9 < found.requests <= MOST_REQUESTS and found.output_tokens > 0
    assert not any("not claimed" in note for note in found.notes) and not list(tmp_path.iterdir())


def test_a_model_that_will_not_cooperate_changes_nothing_about_what_is_offered(tmp_path: Path) -> None:
    with Endpoint(ReferenceSettings(key=KEY, uncooperative=True)) as endpoint:
        found = _diagnose(tmp_path, target_url=endpoint.url)
        assert endpoint.requests == found.requests
    assert {name for name, outcome in _outcomes(found).items() if outcome == "offered"} == set(SHOWN)
    assert found.model == "reference-1" and found.proposal["target-url"] == endpoint.url


@pytest.mark.parametrize(
    ("fault", "name", "outcome", "words"),
    [
        ("tools-refused", "tools", "not offered", "status 400"),
        ("image-crashes", "vision", "unclear", "status 500"),
        ("streams-by-default", "streaming", "offered", "message_start"),
    ],
)
def test_faults_show_in_their_own_line(tmp_path: Path, fault: str, name: str, outcome: str, words: str) -> None:
    with Endpoint(ReferenceSettings(key=KEY, faults=(fault,))) as endpoint:
        found = _diagnose(tmp_path, target_url=endpoint.url, model="reference-1")
    assert _outcomes(found)[name] == outcome and words in _words(found)[name]
    others = {other: _outcomes(found)[other] for other in SHOWN if other != name}
    assert set(others.values()) == {"offered"} and found.requests <= MOST_REQUESTS
    assert found.proposal.get("without") == (["tools"] if fault == "tools-refused" else None)


def _plain_alone(request: Received, number: int) -> Script:
    """Messages and nothing else: whatever else is in the body is not looked at."""
    return [message()] if request.head.startswith(b"POST /v1/messages HTTP") else [response(b"not here", 404)]


def test_a_target_that_serves_nothing_but_plain_messages(tmp_path: Path) -> None:
    with Loopback(_plain_alone) as server:
        found = _diagnose(tmp_path, target_url=server.url, model="m-1", profile="anthropic")
    assert _outcomes(found) == {
        "messages": "offered", "streaming": "unclear", "tools": "unclear", "thinking": "unclear", "vision": "unclear",
        "caching": "unclear", "count-tokens": "not offered", "models": "not offered",
        "version 2023-06-01": "offered", "version 2026-10-21": "offered",
    }  # fmt: skip
    assert _words(found)["models"] == "status 404: not here" and len(server.received) == found.requests == 12
    assert "capability" not in found.proposal and "without" not in found.proposal
    assert any("not claimed: thinking, vision, caching" in note for note in found.notes)
    assert any("the profile includes it: streaming, tools" in note for note in found.notes)
    assert all(KEY.encode() in request.head for request in server.received)


def test_two_tries_of_everything_stay_within_the_cap(tmp_path: Path) -> None:
    def failing(request: Received, number: int) -> Script:
        return [message()] if number == 0 else [response(b"boom", 500)]

    with Loopback(failing) as server:
        found = _diagnose(tmp_path, target_url=server.url, model="m-1", concurrency=1)
        assert len(server.received) == found.requests == MOST_REQUESTS
    assert set(_outcomes(found).values()) == {"offered", "unclear"} and found.complete
    assert any("the cap of 14 requests" in words for words in _words(found).values())


def test_a_target_that_refuses_the_plain_request_shows_nothing_else(tmp_path: Path) -> None:
    with always(response(b'{"error": {"message": "no"}}', 400)) as server:
        found = _diagnose(tmp_path, target_url=server.url, model="m-1")
    assert set(_outcomes(found).values()) == {"not offered", "unclear"} and "without" not in found.proposal
    assert any("see to that first" in note for note in found.notes)


def test_another_api_version_than_the_asked_one_is_proposed_with_a_warning(tmp_path: Path) -> None:
    def newer_alone(request: Received, number: int) -> Script:
        return [message() if b"2026-10-21" in request.head else response(b"{}", 400)]

    with Loopback(newer_alone) as server:
        found = _diagnose(tmp_path, target_url=server.url, model="m-1")
    assert found.proposal["api-version"] == "2026-10-21" and found.proposal["model"] == "m-1"
    assert any("ask again with --api-version 2026-10-21" in note for note in found.notes)


def test_a_target_that_dies_on_the_way_is_told_apart(tmp_path: Path) -> None:
    def once(request: Received, number: int) -> Script:
        return [message(), CLOSE] if number == 0 else [CLOSE]

    with Loopback(once) as server:
        found = _diagnose(tmp_path, target_url=server.url, model="m-1", concurrency=1)
    assert not found.complete and any("stopped serving" in note for note in found.notes)


def test_the_way_to_the_target_is_part_of_the_proposal(tmp_path: Path) -> None:
    (tmp_path / "conformance.toml").write_text('[headers]\nX-Tenant = "TENANT"\n[limits]\nwhole = 60\n')
    environment = {"TENANT": "a-secret-tenant", "OTHER_KEY": KEY}
    with Endpoint(ReferenceSettings(key=KEY)) as endpoint:
        given = {"target-url": endpoint.url, "api-key-env": "OTHER_KEY", "ca-bundle": certifi.where()}
        found = diagnose(resolve(given, tmp_path, environment), environment)
    assert found.proposal["ca-bundle"] == certifi.where()
    assert found.proposal["api-key-env"] == "OTHER_KEY" and found.proposal["headers"] == {"X-Tenant": "TENANT"}
    assert found.proposal["limits"] == {"whole": 60.0}
    assert "a-secret-tenant" not in toml(found.proposal) + diagnosis_text(found)
    assert "--write FILE" in diagnosis_text(found) and "--write FILE" not in diagnosis_text(found, "a.toml")


def test_the_journal_stays_where_a_folder_is_named_and_holds_no_key(tmp_path: Path) -> None:
    with always(message(id=KEY)) as server:
        found = _diagnose(tmp_path, target_url=server.url, model="m-1", out=str(tmp_path / "kept"))
    written = (tmp_path / "kept" / "journal.jsonl").read_text()
    assert KEY not in written and written.count('"record":"exchange"') == found.requests


# What cannot be asked


def test_a_target_out_of_reach_is_told_in_a_sentence(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for model in ("m-1", None):
        with pytest.raises(Ungradable, match="the target cannot be reached") as error:
            _diagnose(tmp_path, target_url=url, model=model)
        assert "profile" not in str(error.value)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_ends_the_asking(tmp_path: Path, status: int) -> None:
    with always(response(b"{}", status)) as server:
        with pytest.raises(Ungradable, match=rf"status {status}"):
            _diagnose(tmp_path, target_url=server.url, model="m-1")
        assert len(server.received) == 1


@pytest.mark.parametrize("model", ["reference-1", None])
def test_the_path_of_another_profile_is_hinted_at(tmp_path: Path, model: str | None) -> None:
    with Endpoint(ReferenceSettings(key=KEY, profile="anthropic")) as endpoint:
        with pytest.raises((Ungradable, UsageError), match="try --profile anthropic"):
            _diagnose(tmp_path, target_url=endpoint.url, model=model)
        with pytest.raises(Ungradable, match="status 404") as error:
            _diagnose(tmp_path, target_url=f"{endpoint.url}/no/messages", model="reference-1")
        assert "try --profile" not in str(error.value), "the address is the same under every profile"


@pytest.mark.parametrize(
    ("answer", "hinted"),
    [
        pytest.param(message(), True, id="a-message"),
        pytest.param(response(b"{}", 401), True, id="a-key-is-asked-for"),
        pytest.param(response(b'{"error": {"message": "no"}}', 400), True, id="a-refusal"),
        pytest.param(response(b"<html>", 200), False, id="a-page"),
        pytest.param(response(b"", 302, location="/login"), False, id="a-redirection"),
        pytest.param(response(b"", 404), False, id="nothing"),
    ],
)
def test_a_hint_rests_on_an_answer_of_the_protocol(tmp_path: Path, answer: bytes, hinted: bool) -> None:
    def other(request: Received, number: int) -> Script:
        return [answer if request.head.startswith(b"POST /v1/messages ") else response(b"", 404)]

    with Loopback(other) as server, pytest.raises(Ungradable, match="status 404") as error:
        _diagnose(tmp_path, target_url=server.url, model="m-1")
    assert ("try --profile anthropic" in str(error.value)) is hinted


def test_several_models_under_another_profile_are_a_hint_as_well(tmp_path: Path) -> None:
    def two(request: Received, number: int) -> Script:
        here = request.head.startswith(b"GET /v1/models ")
        return [response(json.dumps(MODELS).encode()) if here else response(b"", 404)]

    with Loopback(two) as server:
        with pytest.raises(UsageError, match="try --profile anthropic"):
            _diagnose(tmp_path, target_url=server.url)
        with pytest.raises(UsageError, match="the target lists a, b") as error:
            _diagnose(tmp_path, target_url=server.url, profile="anthropic")
    assert "try --profile" not in str(error.value)


def test_a_path_that_goes_away_while_it_is_tried_is_no_hint(tmp_path: Path) -> None:
    server = Loopback(lambda request, number: [response(b"", 404)] if number < 2 else [CLOSE])
    with server, pytest.raises(Ungradable, match="status 404") as error:
        _diagnose(tmp_path, target_url=server.url, model="m-1")
    assert "try --profile" not in str(error.value)


def test_wrong_usage_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--api-version takes one of"):
        _diagnose(tmp_path, api_version="1999-01-01")
    with Endpoint(ReferenceSettings(key=KEY)) as endpoint:
        with pytest.raises(UsageError, match="CONFORMANCE_API_KEY is not set"):
            _diagnose(tmp_path, environment={}, target_url=endpoint.url)
        assert endpoint.requests == 0


def test_a_failure_of_the_harness_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(self: Scheduler) -> None:
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(Scheduler, "_phases", failing)
    with pytest.raises(AskingFailed, match="ZeroDivisionError: by hand"):
        _diagnose(tmp_path)


# The text


def test_the_text_is_aligned_and_clean_and_ends_with_the_cost() -> None:
    rows = (Answered("a", Offer.OFFERED, "x\x1b[2J"), Answered("longer", Offer.NOT_OFFERED, ""))
    found = Diagnosis("http://h", "myrouter", "m", rows, {"model": "m"}, ("A note\x07.",), 1, 2)
    lines = diagnosis_text(found).splitlines()
    assert lines[0] == "conformance doctor: http://h, profile myrouter, model m"
    assert lines[2:4] == [r"  a       offered      x\x1b[2J", "  longer  not offered"]
    assert r"A note\x07." in lines and lines[-1] == "This took 1 request, 2 output tokens."
    assert "Run it with: conformance run --model m" in lines
    assert "Run it with: conformance run --config a.toml" in diagnosis_text(found, "a.toml")


def test_the_command_is_quoted_for_a_shell() -> None:
    words = command({"target-url": "http://h/$x", "no-auth": True, "capability": ["a", "b"], "limits": {}}, None)
    assert words == "conformance run 'http://h/$x' --capability a --capability b --no-auth"
    assert command({}, "a b.toml") == "conformance run --config 'a b.toml'"


def test_chunks_of_a_stream_are_not_needed_to_read_it(tmp_path: Path) -> None:
    body = chunk(b'event: message_start\ndata: {"type": "message_start", "message": {}}\n\n') + chunk(b"")
    with Loopback(
        lambda request, number: [CHUNKED + body if b'"stream":true' in request.body else message()]
    ) as server:
        found = _diagnose(tmp_path, target_url=server.url, model="m-1")
    assert _words(found)["streaming"] == "a stream of 1 events from message_start to message_start"
