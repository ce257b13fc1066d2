"""LangChain's ChatAnthropic: `invoke` for whole answers, the chunks of `stream` added up for streamed ones."""

import json
import sys
from importlib.metadata import version
from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage

MOST_TURNS = 4


def chat(order: dict[str, Any]) -> Any:
    """The model with what every turn is sent with."""
    words = {"stop": "stop_sequences", "thinking": "thinking"}
    given = {name: order[word] for name, word in words.items() if order[word]}
    model = ChatAnthropic(
        model=order["model"], base_url=order["base_url"], max_tokens=order["max_tokens"], max_retries=0, **given
    )
    return model.bind_tools(order["tools"]) if order["tools"] else model


def turn(model: Any, order: dict[str, Any], messages: list[Any]) -> Any:
    """One message of the model."""
    if not order["stream"]:
        return model.invoke(messages)
    whole: Any = None
    for chunk in model.stream(messages):
        whole = chunk if whole is None else whole + chunk
    return whole


def converse(order: dict[str, Any]) -> list[Any]:
    """The messages of the model, until it calls no more tools."""
    model = chat(order)
    messages: list[Any] = [SystemMessage(order["system"])] if order["system"] else []
    messages.append(HumanMessage(order["prompt"]))
    said: list[Any] = []
    while len(said) < MOST_TURNS:
        said.append(turn(model, order, messages))
        if not said[-1].tool_calls:
            break
        given = order["tool_results"]
        results = [ToolMessage(given.get(c["name"], ""), tool_call_id=c["id"]) for c in said[-1].tool_calls]
        messages += [said[-1], *results]
    return said


def parts(message: Any, kind: str) -> str:
    """What the blocks of a kind say."""
    blocks = message.content if isinstance(message.content, list) else []
    return "".join(block.get(kind) or "" for block in blocks if block.get("type") == kind)


def seen(said: list[Any]) -> dict[str, Any]:
    """What came of it: the last message, and the calls of all."""
    last = said[-1]
    usage, about = last.usage_metadata or {}, last.response_metadata
    return {
        "text": last.content if isinstance(last.content, str) else parts(last, "text"),
        "thinking": "".join(parts(message, "thinking") for message in said),
        "tool_calls": [{"id": c["id"], "name": c["name"], "input": c["args"]} for m in said for c in m.tool_calls],
        "stop_reason": about.get("stop_reason"),
        "stop_sequence": about.get("stop_sequence"),
        "usage": {name: usage.get(name) for name in ("input_tokens", "output_tokens")},
        "turns": len(said),
    }


def main() -> None:
    """Do what the order on the standard input says; tell what came of it."""
    order = json.load(sys.stdin)
    verdict: dict[str, Any] = {"client": "langchain-anthropic", "version": version("langchain-anthropic")}
    verdict |= {"error": None, "seen": None}
    try:
        verdict |= {"outcome": "completed", "seen": seen(converse(order))}
    except Exception as error:  # whatever reaches the user is what is asked for
        status = getattr(error, "status_code", None)
        told = {"type": type(error).__name__, "message": str(error), "status": status}
        verdict |= {"outcome": "exception", "error": told}
    print(json.dumps(verdict))


if __name__ == "__main__":
    main()
