"""Whether an answer reached what its prompt was written for: the model's part, by which a probe stops trying wordings.

Nothing here is a verdict. A predicate is true where a rule will have something to say about the answer.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from conformance.rules.answers import asked, blocks
from conformance.rules.calls import CALL_ID, finished_calls, is_whole_call, whole_message
from conformance.rules.scope import judged_messages
from conformance.wire.reading import Reading

#: How an enumeration of numbers begins, in words or digits, and what its end would hold.
_BEGINS = re.compile(r"\b(one\W+two|1\W+2)\b", re.IGNORECASE)
_ENDS = re.compile(r"\b(five\W+hundred|500)\b", re.IGNORECASE)
#: The model has closed its text itself.
_CLOSED = re.compile(r"([.!?…)\]]|so on|etc)\W*$", re.IGNORECASE)


def message_of(reading: Reading) -> Mapping[str, Any] | None:
    """The message of a served request that was read to its end, from JSON or from the stream."""
    return next((message for _, message in judged_messages(reading)), None)


def stop_reason(reading: Reading) -> Any:
    """The stop reason of the message, or None."""
    return (message_of(reading) or {}).get("stop_reason")


def sequences(reading: Reading) -> tuple[str, ...]:
    """The stop sequences asked for."""
    listed = asked(reading).get("stop_sequences")
    return tuple(word for word in listed if isinstance(word, str) and word) if isinstance(listed, list) else ()


def spent(reading: Reading) -> bool:
    """Whether the answer used up its limit by its own count of tokens."""
    usage, limit = (message_of(reading) or {}).get("usage"), asked(reading).get("max_tokens")
    used = usage.get("output_tokens") if isinstance(usage, Mapping) else None
    return type(used) is int and type(limit) is int and used >= limit


def goes_on(reading: Reading) -> bool:
    """Whether the text is a beginning of the enumeration asked for, evidently not its end."""
    text = reading.text
    return bool(_BEGINS.search(text)) and not _ENDS.search(text) and not _CLOSED.search(text)


def cut_by_limit(reading: Reading) -> bool:
    """Whether generation was cut by the token limit: it says so, or its limit is spent and the text goes on."""
    return stop_reason(reading) == "max_tokens" or (spent(reading) and goes_on(reading))


def sequence_reached(reading: Reading) -> bool:
    """Whether the output came to a stop sequence: it says so, holds one, or ends where one was to follow."""
    holds = any(word in reading.text for word in sequences(reading))
    return holds or stop_reason(reading) == "stop_sequence" or ends_before(reading)


def ends_before(reading: Reading) -> bool:
    """Whether the text is just what the prompt wants before the stop sequence, and not the sequence."""
    return bool(next_sequences(reading))


def next_sequences(reading: Reading) -> tuple[str, ...]:
    """The stop sequences that were to follow where the text ends."""
    prompt, text = _prompt(reading), reading.text.strip()
    return tuple(word for word in sequences(reading) if text == _before(prompt, word) != "")


def passage_repeated(reading: Reading) -> bool:
    """Whether the text repeats the last line of the prompt from its first word to its last: nothing stops it."""
    line = _passage(_prompt(reading))
    return bool(line) and line in reading.text


def _prompt(reading: Reading) -> str:
    messages = asked(reading).get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, Mapping) else None
    return content if isinstance(content, str) else ""


def _passage(prompt: str) -> str:
    """What the prompt wants repeated: the text behind its last colon, commas between words left out."""
    return " ".join(prompt.rpartition(":")[2].replace(",", " ").split())


def _before(prompt: str, word: str) -> str:
    passage, found, _ = _passage(prompt).partition(word)
    return passage.strip() if found else ""


def served(reading: Reading) -> bool:
    """Whether the request was served with a message that came to its end."""
    return whole_message(reading) is not None


def whole_calls(reading: Reading) -> list[Mapping[str, Any]]:
    """The tool_use blocks of the answer that a client can run and answer."""
    return [block for block in finished_calls(whole_message(reading) or {}) if is_whole_call(block)]


def may_be_replayed(reading: Reading) -> bool:
    """Whether the content can be sent back: it is strict JSON, and each call has an id that a client may name."""
    message = whole_message(reading) or {}
    try:
        json.dumps(message.get("content"), allow_nan=False)
    except ValueError:
        return False
    names = [block.get("id") for _, block in blocks(message, "tool_use")]
    return all(isinstance(name, str) and CALL_ID.fullmatch(name) for name in names)


def calls_tool(reading: Reading) -> bool:
    """Whether the answer holds a whole tool call, and can be sent back."""
    return bool(whole_calls(reading)) and may_be_replayed(reading)


def calls_twice(reading: Reading) -> bool:
    """Whether the answer holds two whole tool calls or more."""
    return len(whole_calls(reading)) >= 2 and may_be_replayed(reading)


def thinks(reading: Reading) -> bool:
    """Whether the answer holds a thinking block."""
    return any(True for _ in blocks(whole_message(reading) or {}, "thinking"))


def thinks_and_calls(reading: Reading) -> bool:
    """Whether the answer holds a signed thinking block and a whole tool call."""
    signatures = (block.get("signature") for _, block in blocks(whole_message(reading) or {}, "thinking"))
    return calls_tool(reading) and any(isinstance(value, str) and value for value in signatures)


#: The predicates by the name a probe gives in `until`.
REACHED: Mapping[str, Callable[[Reading], bool]] = {
    "cut-by-limit": cut_by_limit,
    "sequence-reached": sequence_reached,
    "passage-repeated": passage_repeated,
    "served": served,
    "calls-tool": calls_tool,
    "calls-twice": calls_twice,
    "thinks": thinks,
    "thinks-and-calls": thinks_and_calls,
}
