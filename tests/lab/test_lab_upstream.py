"""The habits that the lab's model server can take: each changes the stream as it says, none changes what it means."""

import importlib
import json
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

LAB = Path(__file__).resolve().parents[2] / "lab"
MODULES = ("upstream", "upstream_faults", "obedient")
TOOL = {"type": "function", "function": {"name": "get_code", "parameters": {
    "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}}  # fmt: skip
LEGAL = (
    "early-finish", "empty-choices", "late-finish", "names-repeated", "nulls", "reasoning", "single-characters",
    "usage-everywhere", "usage-never", "whole-calls",
)  # fmt: skip


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(LAB))
    yield importlib.import_module("upstream")
    for name in MODULES:
        sys.modules.pop(name, None)


def asked(prompt: str, **more: Any) -> dict[str, Any]:
    return {"model": "obedient", "max_tokens": 60, "messages": [{"role": "user", "content": prompt}], **more}


CALLING = asked("Call the tool get_code twice at once: with n = 7 and n = 8.", tools=[TOOL])


def meaning(chunks: list[dict[str, Any]]) -> tuple[str, list[tuple[str, str]], str]:
    """What a careful client makes of a stream: text, calls with their arguments, finish reason."""
    calls: dict[int, tuple[str, str]] = {}
    text, finish = "", ""
    for choice in (choice for chunk in chunks for choice in chunk["choices"]):
        delta = choice["delta"]
        text += delta.get("content") or ""
        for call in delta.get("tool_calls") or ():
            name, arguments = calls.get(call["index"], ("", ""))
            function = call["function"]
            calls[call["index"]] = (name or function.get("name", ""), arguments + function.get("arguments", ""))
        finish = choice["finish_reason"] or finish
    return text, [calls[at] for at in sorted(calls)], finish


@pytest.mark.parametrize("name", LEGAL)
@pytest.mark.parametrize("body", [asked("Repeat: one two three"), CALLING], ids=["text", "calls"])
def test_a_legal_habit_changes_the_stream_and_not_its_meaning(
    upstream: ModuleType, name: str, body: dict[str, Any]
) -> None:
    plain = list(upstream.chunks(upstream.answered(body), True))
    changed = list(upstream.changed(iter(plain), (name,)))
    assert meaning(changed) == meaning(plain) and meaning(plain)[2]
    about_calls = name in {"names-repeated", "single-characters", "whole-calls"}
    assert (changed == plain) == (about_calls and "tools" not in body)


def test_the_table_of_habits_is_the_one_that_is_tried_here(upstream: ModuleType) -> None:
    faults = importlib.import_module("upstream_faults")
    assert set(LEGAL) | faults.FAILURES == set(faults.FAULTS)


@pytest.mark.parametrize("name", ["cut", "cut-before-finish"])
def test_a_cut_ends_the_stream_before_its_finish_reason(upstream: ModuleType, name: str) -> None:
    seen = []
    with pytest.raises(upstream.Cut):
        for chunk in upstream.changed(upstream.chunks(upstream.answered(CALLING), True), (name,)):
            seen.append(chunk)
    assert seen and not meaning(seen)[2]


def test_an_error_takes_the_place_of_the_rest(upstream: ModuleType) -> None:
    seen = list(upstream.changed(upstream.chunks(upstream.answered(CALLING), True), ("error-midway",)))
    assert "error" in seen[-1] and not meaning(seen[:-1])[2]


@pytest.fixture
def port(upstream: ModuleType) -> Iterator[int]:
    upstream.Handler.faults = ()
    server = ThreadingHTTPServer(("127.0.0.1", 0), upstream.Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()
    upstream.Handler.faults = ()


def posted(port: int, body: dict[str, Any]) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_plain_stream_ends_with_done_and_its_usage(port: int) -> None:
    status, raw = posted(port, asked("Say: pong", stream=True, stream_options={"include_usage": True}))
    events = [line.removeprefix("data: ") for line in raw.decode().split("\n\n") if line]
    assert status == 200 and events[-1] == "[DONE]" and json.loads(events[-2])["usage"]["completion_tokens"] == 1


def test_a_cut_breaks_the_connection_off(upstream: ModuleType, port: int) -> None:
    upstream.Handler.faults = ("cut",)
    with pytest.raises(IncompleteRead) as broken:
        posted(port, asked("Repeat: one two three four", stream=True))
    assert b"[DONE]" not in broken.value.partial


def test_numbers_are_read_before_a_full_stop(upstream: ModuleType) -> None:
    ((_, arguments),) = importlib.import_module("obedient").called(asked("Call get_code with n = 7.", tools=[TOOL]))
    assert json.loads(arguments) == {"n": 7}
