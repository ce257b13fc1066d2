"""The official Python SDK, used as its documentation shows: `create` for whole answers, `stream` for streamed ones."""

import json
import sys
from typing import Any

import anthropic

MOST_TURNS = 4


def options(order: dict[str, Any]) -> dict[str, Any]:
    """What every turn of the conversation is sent with."""
    words = ("system", "tools", "stop_sequences", "thinking")
    return {"model": order["model"], "max_tokens": order["max_tokens"]} | {w: order[w] for w in words if order[w]}


def turn(client: anthropic.Anthropic, order: dict[str, Any], messages: list[Any]) -> Any:
    """One message of the model."""
    if order["stream"]:
        with client.messages.stream(**options(order), messages=messages) as stream:
            return stream.get_final_message()
    return client.messages.create(**options(order), messages=messages)


def answers(order: dict[str, Any], message: Any) -> list[dict[str, Any]]:
    """The results of the tools that a message calls."""
    called = [block for block in message.content if block.type == "tool_use"]
    given = order["tool_results"]
    return [{"type": "tool_result", "tool_use_id": call.id, "content": given.get(call.name, "")} for call in called]


def converse(client: anthropic.Anthropic, order: dict[str, Any]) -> list[Any]:
    """The messages of the model, until it calls no more tools."""
    messages: list[Any] = [{"role": "user", "content": order["prompt"]}]
    said: list[Any] = []
    while len(said) < MOST_TURNS:
        said.append(turn(client, order, messages))
        results = answers(order, said[-1])
        if not results:
            break
        messages += [{"role": "assistant", "content": said[-1].content}, {"role": "user", "content": results}]
    return said


def seen(said: list[Any]) -> dict[str, Any]:
    """What came of it: the last message, and the calls of all."""
    last = said[-1]
    blocks = [block for message in said for block in message.content]
    calls = [{"id": b.id, "name": b.name, "input": b.input} for b in blocks if b.type == "tool_use"]
    usage = {name: getattr(last.usage, name, None) for name in ("input_tokens", "output_tokens")}
    return {
        "text": "".join(block.text for block in last.content if block.type == "text"),
        "thinking": "".join(block.thinking for block in blocks if block.type == "thinking"),
        "tool_calls": calls,
        "stop_reason": last.stop_reason,
        "stop_sequence": last.stop_sequence,
        "usage": usage,
        "turns": len(said),
    }


def main() -> None:
    """Do what the order on the standard input says; tell what came of it."""
    order = json.load(sys.stdin)
    verdict: dict[str, Any] = {"client": "anthropic", "version": anthropic.__version__, "error": None, "seen": None}
    try:
        client = anthropic.Anthropic(base_url=order["base_url"], max_retries=0)
        verdict |= {"outcome": "completed", "seen": seen(converse(client, order))}
    except Exception as error:  # whatever reaches the user of the SDK is what is asked for
        status = getattr(error, "status_code", None)
        told = {"type": type(error).__name__, "message": str(error), "status": status}
        verdict |= {"outcome": "exception", "error": told}
    print(json.dumps(verdict))


if __name__ == "__main__":
    main()
