"""What a chat-completions server may do to its own stream: habits of real ones that gateways stumble over.

Each is a function from the chunks of a whole answer (JSON objects in order, before `[DONE]`) to what is sent instead.
Most are habits that such servers have (a finish reason on the last delta, usage in every chunk or in none, no choice in
a chunk), some are failures (a stream cut off, an error in its middle): a translation has to survive the first kind and
to report the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

Chunk = dict[str, Any]
Stream = Iterable[Chunk]


class Cut(Exception):
    """The connection ends here, in the middle of the stream."""


def _choice(chunk: Chunk) -> dict[str, Any]:
    return chunk["choices"][0] if chunk["choices"] else {}


def _with_delta(chunk: Chunk, delta: Mapping[str, Any], finish: str | None = None) -> Chunk:
    return {**chunk, "choices": [{"index": 0, "delta": dict(delta), "finish_reason": finish}]}


def cut(stream: Stream) -> Iterator[Chunk]:
    """The connection ends after half of the answer: no finish reason, no `[DONE]`."""
    chunks = list(stream)
    yield from chunks[: max(2, len(chunks) // 2)]
    raise Cut


def cut_before_finish(stream: Stream) -> Iterator[Chunk]:
    """All deltas come, then the connection ends: the finish reason never does."""
    yield from (chunk for chunk in stream if not _choice(chunk).get("finish_reason"))
    raise Cut


def error_midway(stream: Stream) -> Iterator[Chunk]:
    """An error object comes in place of the rest."""
    chunks = list(stream)
    yield from chunks[: max(2, len(chunks) // 2)]
    yield {"error": {"message": "the model is overloaded", "type": "server_error", "param": None, "code": 503}}


def early_finish(stream: Stream) -> Iterator[Chunk]:
    """The finish reason rides on the last delta, where most servers give it a chunk of its own."""
    chunks = list(stream)
    ends = [at for at, chunk in enumerate(chunks) if _choice(chunk).get("finish_reason")]
    for at, chunk in enumerate(chunks):
        if at + 1 in ends:
            yield _with_delta(chunk, _choice(chunk)["delta"], _choice(chunks[at + 1])["finish_reason"])
        elif at not in ends:
            yield chunk


def late_finish(stream: Stream) -> Iterator[Chunk]:
    """Empty deltas stand between the last delta and the finish reason."""
    for chunk in stream:
        if _choice(chunk).get("finish_reason"):
            yield from (_with_delta(chunk, delta) for delta in ({}, {"content": ""}, {}))
        yield chunk


def single_characters(stream: Stream) -> Iterator[Chunk]:
    """Tool arguments come one character at a time, with empty pieces between."""
    for chunk in stream:
        call = (_choice(chunk).get("delta", {}).get("tool_calls") or [None])[0]
        if call is None or not call["function"].get("arguments"):
            yield chunk
            continue
        for mark in call["function"]["arguments"]:
            for text in (mark, ""):
                yield _with_delta(chunk, {"tool_calls": [{"index": call["index"], "function": {"arguments": text}}]})


def whole_calls(stream: Stream) -> Iterator[Chunk]:
    """Each tool call comes whole in one chunk: id, name and all arguments at once."""
    calls: dict[int, dict[str, Any]] = {}
    for chunk in stream:
        for call in _choice(chunk).get("delta", {}).get("tool_calls") or ():
            if call["index"] not in calls:
                calls[call["index"]] = deepcopy(call)
            else:
                calls[call["index"]]["function"]["arguments"] += call["function"]["arguments"]
        if _choice(chunk).get("finish_reason"):
            yield from (_with_delta(chunk, {"tool_calls": [call]}) for call in calls.values())
        if not _choice(chunk).get("delta", {}).get("tool_calls"):
            yield chunk


def names_repeated(stream: Stream) -> Iterator[Chunk]:
    """Every piece of a tool call repeats its id and name."""
    known: dict[int, dict[str, Any]] = {}
    for chunk in stream:
        call = (_choice(chunk).get("delta", {}).get("tool_calls") or [None])[0]
        if call is None:
            yield chunk
            continue
        first = known.setdefault(call["index"], call)
        function = {"name": first["function"]["name"], "arguments": call["function"].get("arguments", "")}
        told = {"index": call["index"], "id": first["id"], "type": "function", "function": function}
        yield _with_delta(chunk, {"tool_calls": [told]})


def usage_everywhere(stream: Stream) -> Iterator[Chunk]:
    """Every chunk has a usage that has grown so far, whether it was asked for or not."""
    for at, chunk in enumerate(stream):
        yield {"usage": {"prompt_tokens": 9, "completion_tokens": at, "total_tokens": 9 + at}} | chunk


def usage_never(stream: Stream) -> Iterator[Chunk]:
    """No usage is told, even where it was asked for."""
    yield from (chunk for chunk in stream if not chunk.get("usage"))


def empty_choices(stream: Stream) -> Iterator[Chunk]:
    """The first chunk, and one in the middle, have no choice at all, as with filters that report on the prompt."""
    for at, chunk in enumerate(stream):
        if at in (0, 2):
            yield {**chunk, "choices": [], "prompt_filter_results": []}
        yield chunk


def reasoning(stream: Stream) -> Iterator[Chunk]:
    """The model thinks aloud first, in `reasoning_content`."""
    for at, chunk in enumerate(stream):
        yield chunk
        if at == 0:
            yield from (_with_delta(chunk, {"reasoning_content": text}) for text in ("Let me ", "think."))


def nulls(stream: Stream) -> Iterator[Chunk]:
    """Members that have nothing to say are null in place of absent."""
    empty = {"role": "assistant", "content": None, "refusal": None, "tool_calls": None, "reasoning_content": None}
    for chunk in stream:
        yield (
            _with_delta(chunk, empty | _choice(chunk)["delta"], _choice(chunk)["finish_reason"])
            if _choice(chunk)
            else chunk
        )


FAULTS: Mapping[str, Callable[[Stream], Iterator[Chunk]]] = {
    "cut": cut,
    "cut-before-finish": cut_before_finish,
    "error-midway": error_midway,
    "early-finish": early_finish,
    "late-finish": late_finish,
    "single-characters": single_characters,
    "whole-calls": whole_calls,
    "names-repeated": names_repeated,
    "usage-everywhere": usage_everywhere,
    "usage-never": usage_never,
    "empty-choices": empty_choices,
    "reasoning": reasoning,
    "nulls": nulls,
}
FAILURES = frozenset({"cut", "cut-before-finish", "error-midway"})  #: the others are habits


def changed(stream: Stream, names: Iterable[str]) -> Iterator[Chunk]:
    """A stream with the named habits, applied in order; may raise Cut."""
    for name in names:
        stream = FAULTS[name](stream)
    yield from stream


def listed() -> str:
    """The names with what each does, for the command line."""
    return "\n".join(f"{name}: {(FAULTS[name].__doc__ or '').splitlines()[0]}" for name in sorted(FAULTS))
