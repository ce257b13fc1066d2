"""The next request of a conversation, as a pure function of the answer before it.

A probe that says `after` is sent once the other one reached what it is for; each of its calls names a row of REPLIES,
which is given the body that was sent and the answer to it.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from conformance.rules.answers import asked
from conformance.rules.reached import message_of
from conformance.wire.reading import Reading

Body = dict[str, Any]

RESULT = "The code is 4711."  #: what every tool of ours answers


def with_results(reading: Reading) -> Body:
    """The conversation with the assistant's turn as it came, and a result for each of its tool calls, the last one
    first: what is done in parallel ends in any order, and a result names its call."""
    content = _content(reading)
    results = [
        {"type": "tool_result", "tool_use_id": block.get("id"), "content": RESULT}
        for block in reversed(content)
        if block.get("type") == "tool_use"
    ]
    return _continued(reading, content, results)


def with_changed_signature(reading: Reading) -> Body:
    """The same, with one character of each signature of a thinking block replaced by another."""
    body = with_results(reading)
    for block in body["messages"][-2]["content"]:
        if block.get("type") == "thinking" and isinstance(block.get("signature"), str):
            block["signature"] = _changed(block["signature"])
    return body


def _changed(signature: str) -> str:
    """Another character in the middle, where no padding stands that a lenient decoder would ignore."""
    middle = len(signature) // 2
    other = "A" if signature[middle : middle + 1] != "A" else "B"
    return signature[:middle] + other + signature[middle + 1 :]


def _content(reading: Reading) -> list[Body]:
    content = (message_of(reading) or {}).get("content")
    return [copy.deepcopy(block) for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _continued(reading: Reading, content: list[Body], answer: list[Body]) -> Body:
    """The body that was sent with two more turns; a forced choice of tool would keep it from an end."""
    body = copy.deepcopy(dict(asked(reading)))
    turns = [{"role": "assistant", "content": content}, {"role": "user", "content": answer}]
    body["messages"] = [*body["messages"], *turns]
    body.pop("tool_choice", None)
    return body


REPLIES: Mapping[str, Callable[[Reading], Body]] = {
    "tool-results": with_results,
    "changed-signature": with_changed_signature,
}
