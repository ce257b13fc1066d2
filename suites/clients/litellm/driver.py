"""LiteLLM's `completion`: the caller speaks chat completions, LiteLLM speaks the Messages API to the endpoint."""

import json
import sys
from importlib.metadata import version
from typing import Any

import litellm

MOST_TURNS = 4


def options(order: dict[str, Any]) -> dict[str, Any]:
    """What every turn of the conversation is sent with."""
    given: dict[str, Any] = {"max_tokens": order["max_tokens"], "num_retries": 0, "max_retries": 0}
    if order["tools"]:
        given["tools"] = [
            {
                "type": "function",
                "function": {"name": t["name"], "description": t["description"], "parameters": t["input_schema"]},
            }
            for t in order["tools"]
        ]
    if order["stop_sequences"]:
        given["stop"] = order["stop_sequences"]
    if order["thinking"]:
        # LiteLLM knows by the model's name whether it thinks, and of a name that it does not know it must be told.
        given |= {"thinking": order["thinking"], "allowed_openai_params": ["thinking"]}
    return given


def turn(order: dict[str, Any], messages: list[Any]) -> Any:
    """One answer of the model; of a stream, the chunks put together as LiteLLM's documentation shows."""
    call: dict[str, Any] = {"model": f"anthropic/{order['model']}", "api_base": order["base_url"], "messages": messages}
    if not order["stream"]:
        return litellm.completion(**call, **options(order))
    chunks = litellm.completion(**call, **options(order), stream=True, stream_options={"include_usage": True})
    return litellm.stream_chunk_builder(list(chunks), messages=messages)


def calls_of(answer: Any) -> list[Any]:
    """The tool calls of an answer."""
    return list(answer.choices[0].message.tool_calls or [])


def converse(order: dict[str, Any]) -> list[Any]:
    """The answers of the model, until it calls no more tools."""
    messages: list[Any] = [{"role": "system", "content": order["system"]}] if order["system"] else []
    messages.append({"role": "user", "content": order["prompt"]})
    said: list[Any] = []
    while len(said) < MOST_TURNS:
        said.append(turn(order, messages))
        calls = calls_of(said[-1])
        if not calls:
            break
        given = order["tool_results"]
        messages.append(said[-1].choices[0].message.model_dump(exclude_none=True))
        messages += [{"role": "tool", "tool_call_id": c.id, "content": given.get(c.function.name, "")} for c in calls]
    return said


def seen(said: list[Any]) -> dict[str, Any]:
    """What came of it: the last answer, and the calls of all."""
    last, usage = said[-1].choices[0], getattr(said[-1], "usage", None)
    calls = [call for answer in said for call in calls_of(answer)]
    thinking = [getattr(answer.choices[0].message, "reasoning_content", None) or "" for answer in said]
    return {
        "text": last.message.content or "",
        "thinking": "".join(thinking),
        "tool_calls": [{"id": c.id, "name": c.function.name, "input": json.loads(c.function.arguments)} for c in calls],
        "stop_reason": last.finish_reason,
        "stop_sequence": None,
        "usage": {
            "input_tokens": getattr(usage, "prompt_tokens", None),
            "output_tokens": getattr(usage, "completion_tokens", None),
        },
        "turns": len(said),
    }


def main() -> None:
    """Do what the order on the standard input says; tell what came of it."""
    order = json.load(sys.stdin)
    verdict: dict[str, Any] = {"client": "litellm", "version": version("litellm"), "error": None, "seen": None}
    try:
        verdict |= {"outcome": "completed", "seen": seen(converse(order))}
    except Exception as error:  # whatever reaches the user is what is asked for
        status = getattr(error, "status_code", None)
        told = {"type": type(error).__name__, "message": str(error), "status": status}
        verdict |= {"outcome": "exception", "error": told}
    print(json.dumps(verdict))


if __name__ == "__main__":
    main()
