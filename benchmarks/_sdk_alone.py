"""The official SDK as the only check: what its user would notice who does what its documentation shows.

A fault counts as noticed where a step ends otherwise than against the clean endpoint: another exception, none, a hang,
or, where the clean endpoint gives a text, a tool call, a stop reason or token counts, none of them.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import anthropic

from conformance import reference
from conformance.contract import load_profiles
from conformance.proof.runs import KEY, SECOND_KEY, WINDOW

TIMEOUT = 2.0  #: seconds; the clean endpoint answers in milliseconds
ASK: list[Any] = [{"role": "user", "content": "Reply with the single word: pong"}]
WEATHER: list[Any] = [{"role": "user", "content": "What is the weather in Paris? Use the tool."}]
TOOL: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
THINKING: dict[str, Any] = {"type": "enabled", "budget_tokens": 1024}

Step = Callable[["Calls"], str]


@dataclass(slots=True)
class Calls:
    """A client with the model that it asks; `tokens` counts what answers say that they cost."""

    client: anthropic.Anthropic
    model: str
    tokens: int = 0

    def create(self, **body: Any) -> Any:
        """One message, whole."""
        return self._counted(self.client.messages.create(**{"model": self.model, "max_tokens": 64, **body}))

    def stream(self, **body: Any) -> Any:
        """One message, streamed and put together by the SDK."""
        with self.client.messages.stream(**{"model": self.model, "max_tokens": 64, **body}) as stream:
            return self._counted(stream.get_final_message())

    def _counted(self, message: Any) -> Any:
        self.tokens += getattr(getattr(message, "usage", None), "output_tokens", None) or 0
        return message


def told(message: Any) -> str:
    """What a user would look at: kinds of blocks that hold something, the stop reason, whether tokens are counted."""
    blocks = [block.type for block in message.content if getattr(block, block.type, None) or block.type == "tool_use"]
    calls = [sorted(block.input) for block in message.content if block.type == "tool_use"]
    counted = bool(message.usage.input_tokens and message.usage.output_tokens)
    return json.dumps([blocks, calls, message.stop_reason, counted])


def _loop(calls: Calls) -> str:
    """Ask with a tool, send its result back."""
    first = calls.create(messages=WEATHER, tools=[TOOL], tool_choice={"type": "any"}, max_tokens=256)
    used = [block for block in first.content if block.type == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": block.id, "content": "sunny"} for block in used]
    turns = [*WEATHER, {"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    return told(first) + told(calls.create(messages=turns, tools=[TOOL]))


def _streamed_call(calls: Calls) -> str:
    body = {"messages": WEATHER, "tools": [TOOL], "tool_choice": {"type": "any"}, "max_tokens": 256}
    return told(calls.stream(**body))


#: What is done, in this order; the last ones are mistakes that the server has to refuse.
STEPS: tuple[Step, ...] = (
    lambda calls: told(calls.create(messages=ASK)),
    lambda calls: told(calls.stream(messages=ASK)),
    lambda calls: told(calls.create(messages=ASK, system="Be brief.", stop_sequences=["END"])),
    _loop,
    _streamed_call,
    lambda calls: told(calls.stream(messages=ASK, thinking=THINKING, max_tokens=2048)),
    lambda calls: told(calls.create(messages=ASK, max_tokens=-1)),
    lambda calls: told(calls.create(messages=[])),
)


def outcomes(steps: Iterable[Step], calls: Calls) -> Iterator[str]:
    """How each step ended: what was told, or the name of what was raised."""
    for step in steps:
        try:
            yield step(calls)
        except Exception as error:  # whatever the SDK lets out is what its user gets
            yield type(error).__name__


def run(profile: str, faults: Iterable[str] = ()) -> tuple[tuple[str, ...], int, int]:
    """How every step ended against an endpoint with these faults; requests; output tokens."""
    settings = reference.Settings(
        profile=profile, key=KEY, faults=tuple(faults), restricted_key=SECOND_KEY, context_window=WINDOW
    )
    base = load_profiles()[profile].path.removesuffix("/v1/messages")
    http = anthropic.DefaultHttpxClient(trust_env=False, timeout=TIMEOUT)
    with (
        reference.Endpoint(settings) as endpoint,
        anthropic.Anthropic(
            api_key=KEY, base_url=endpoint.url + base, max_retries=0, timeout=TIMEOUT, http_client=http
        ) as client,
    ):
        calls = Calls(client, settings.model)
        return tuple(outcomes(STEPS, calls)), endpoint.requests, calls.tokens
