"""The JSON Schemas of answers and events: good samples pass, bad ones do not, and each keyword has an owner."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from conformance.contract import load_catalogue
from conformance.contract.documents import json_schema, schema_names

PROFILES = (None, "myrouter", "anthropic")
EVENTS = (
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "ping",
    "error",
)

USAGE = {"input_tokens": 9, "output_tokens": 3}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "pong"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
START: dict[str, Any] = {**MESSAGE, "content": [], "stop_reason": None}


def _content(**block: Any) -> dict[str, Any]:
    return {**MESSAGE, "content": [block]}


def _without(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in keys}


def _event(kind: str, **members: Any) -> tuple[str, Any]:
    return f"event.{kind}", {"type": kind, **members}


def _start(**changes: Any) -> tuple[str, Any]:
    return _event("message_start", message={**START, **changes})


def _block(**block: Any) -> tuple[str, Any]:
    return _event("content_block_start", index=0, content_block=block)


def _delta(**delta: Any) -> tuple[str, Any]:
    return _event("content_block_delta", index=0, delta=delta)


def _error(**members: Any) -> tuple[str, Any]:
    return "error", {"type": "error", "error": members}


#: Allowed under every profile.
GOOD: dict[str, tuple[str, Any]] = {
    "message": ("message", MESSAGE),
    "empty content": ("message", {**MESSAGE, "content": [], "stop_reason": "max_tokens"}),
    "new members": ("message", {**MESSAGE, "container": None, "stop_details": None, "x": 1}),
    "unknown block": ("message", _content(type="hologram", data=1)),
    "unknown stop reason": ("message", {**MESSAGE, "stop_reason": "new_reason"}),
    "citations": ("message", _content(type="text", text="", citations=None)),
    "tool use": ("message", _content(type="tool_use", id="toolu_1", name="a", input={})),
    "thinking": ("message", _content(type="thinking", thinking="", signature="s")),
    "redacted": ("message", _content(type="redacted_thinking", data="d")),
    "more usage": ("message", {**MESSAGE, "usage": {**USAGE, "service_tier": "standard"}}),
    "error body": _error(type="api_error", message="Try again."),
    "error with id": ("error", {**_error(type="x", message="m")[1], "request_id": "req_1"}),
    "start": _start(),
    "start with usage": _start(usage={**USAGE, "output_tokens": 88}),
    "text block": _block(type="text", text=""),
    "tool block": _block(type="tool_use", id="t", name="n", input={}),
    "thinking block": _block(type="thinking", thinking="", signature=""),
    "new block": _block(type="hologram"),
    "text delta": _delta(type="text_delta", text="a"),
    "json delta": _delta(type="input_json_delta", partial_json=""),
    "signature delta": _delta(type="signature_delta", signature="s"),
    "citation": _delta(type="citations_delta", citation={}),
    "new delta": _delta(type="scent_delta"),
    "stop": _event("content_block_stop", index=0),
    "message delta": _event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=USAGE),
    "short usage": _event("message_delta", delta={}, usage={"output_tokens": 3}),
    "message stop": _event("message_stop"),
    "ping": _event("ping"),
    "error": _event("error", error={"type": "overloaded_error", "message": "Overloaded"}),
}
#: sample -> profiles under which it is wrong (None: what all profiles share)
ALL = PROFILES
BAD: dict[str, tuple[str, Any, tuple[str | None, ...]]] = {
    "no id": ("message", _without(MESSAGE, "id"), ALL),
    "empty id": ("message", {**MESSAGE, "id": ""}, ALL),
    "role": ("message", {**MESSAGE, "role": "model"}, ALL),
    "type": ("message", {**MESSAGE, "type": "chat.completion"}, ALL),
    "content string": ("message", {**MESSAGE, "content": "pong"}, ALL),
    "text null": ("message", _content(type="text", text=None), ALL),
    "input string": ("message", _content(type="tool_use", id="t", name="n", input="{}"), ALL),
    "no signature": ("message", _content(type="thinking", thinking=""), ALL),
    "model null": ("message", {**MESSAGE, "model": None}, ALL),
    "error inside": ("message", {**MESSAGE, "error": {}}, ALL),
    "no usage": ("message", _without(MESSAGE, "usage"), ("anthropic",)),
    "no stop_reason": ("message", _without(MESSAGE, "stop_reason"), ("anthropic",)),
    "null stop_reason": ("message", {**MESSAGE, "stop_reason": None}, ("myrouter", "anthropic")),
    "no stop_sequence": ("message", _without(MESSAGE, "stop_sequence"), ("anthropic",)),
    "float usage": ("message", {**MESSAGE, "usage": {**USAGE, "input_tokens": 1.5}}, ALL),
    "negative usage": ("message", {**MESSAGE, "usage": {**USAGE, "output_tokens": -1}}, ALL),
    "foreign usage": ("message", {**MESSAGE, "usage": {"prompt_tokens": 1}}, ALL),
    "total string": ("message", {**MESSAGE, "usage": {**USAGE, "total_tokens": "12"}}, ("myrouter",)),
    "cache string": (
        "message",
        {**MESSAGE, "usage": {**USAGE, "cache_read_input_tokens": "0"}},
        ("anthropic",),
    ),
    "null reasoning": ("message", {**MESSAGE, "usage": {**USAGE, "reasoning_tokens": None}}, ("myrouter",)),
    "detail": ("error", {"detail": []}, ALL),
    "openai error": ("error", {"error": {"type": "x", "message": "m"}}, ALL),
    "empty message": (*_error(type="api_error", message=""), ALL),
    "start without usage": (*_start(usage=None), ALL),
    "start with content": (*_start(content=[{"type": "text", "text": "a"}]), ALL),
    "start with reason": (*_start(stop_reason="end_turn"), ALL),
    "empty start": (*_event("message_start", message={}), ALL),
    "text block without text": (*_block(type="text"), ALL),
    "tool block without id": (*_block(type="tool_use", name="n", input={}), ALL),
    "no index": ("event.content_block_start", {"type": "content_block_start", "content_block": {}}, ALL),
    "null text delta": (*_delta(type="text_delta", text=None), ALL),
    "json delta object": (*_delta(type="input_json_delta", partial_json={}), ALL),
    "delta without type": (*_delta(text="a"), ALL),
    "stop without index": (*_event("content_block_stop"), ALL),
    "negative index": (*_event("content_block_stop", index=-1), ALL),
    "delta without usage": (*_event("message_delta", delta={}), ALL),
    "delta not object": (*_event("message_delta", delta=None, usage=USAGE), ALL),
    "wrong name": ("event.message_stop", {"type": "done"}, ALL),
    "empty ping": ("event.ping", {}, ALL),
    "error string": (*_event("error", error="x"), ALL),
}


def _problems(name: str, profile: str | None, sample: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(json_schema(name, profile)).iter_errors(sample)]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("case", GOOD)
def test_good_samples_pass(case: str, profile: str | None) -> None:
    name, sample = GOOD[case]
    assert _problems(name, profile, sample) == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("case", BAD)
def test_bad_samples_are_found_where_the_profile_binds(case: str, profile: str | None) -> None:
    name, sample, bound = BAD[case]
    assert bool(_problems(name, profile, sample)) is (profile in bound)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ["message", "error", *(f"event.{kind}" for kind in EVENTS)])
def test_schemas_are_valid_and_name_known_requirements(name: str, profile: str | None) -> None:
    schema = json_schema(name, profile)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(_owners(schema)) <= set(load_catalogue().requirements)
    assert "x-profiles" not in schema


def _owners(node: Any) -> Iterator[str]:
    """Every requirement that a schema names."""
    if isinstance(node, list):
        for item in node:
            yield from _owners(item)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _leaves(value) if key == "x-requirement" else _owners(value)


def _leaves(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    else:
        for value in node.values():
            yield from _leaves(value)


def test_there_is_a_schema_for_every_event() -> None:
    assert {f"event.{kind}" for kind in EVENTS} <= set(schema_names())
    assert all(samples[0] in schema_names() for samples in GOOD.values())


def test_callers_may_change_what_they_get() -> None:
    json_schema("message", "anthropic")["properties"].clear()
    assert json_schema("message", "anthropic")["properties"]
