"""Faults in which legal bodies are served: one form of a member that has several is refused, or crashes the server."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from conformance.reference.faults._edit import BOTH, MYROUTER, Row, body_refused, breaking_also, put, table
from conformance.reference.plan import Plan
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.tokens import blocks, listed
from conformance.reference.validation._types import turns

Body = dict[str, Any]
Test = Callable[[Body], Any]
Form = tuple[str, str, str, Test]
"""Fault id, requirement, what is legal, and how it is told."""


def _contents(body: Body) -> list[Any]:
    return [turn.get("content") for _, turn in turns(body)]


def _blocks(body: Body, kind: str) -> list[Body]:
    found = [block for content in _contents(body) for block in blocks(content) if isinstance(content, list)]
    return [block for block in found if block.get("type") == kind]


def _roles(body: Body) -> list[Any]:
    return [turn.get("role") for _, turn in turns(body)]


def _follows(role: str) -> Test:
    return lambda body: (role, role) in pairwise(_roles(body))


def _arrays(test: Callable[[list[Any]], Any]) -> Test:
    """Whether a content that is an array of text blocks passes a test."""
    return lambda body: any(
        isinstance(content, list) and all(part.get("type") == "text" for part in content) and test(content)
        for content in _contents(body)
    )


def _system(test: Callable[[list[Any]], Any]) -> Test:
    return lambda body: test([block for block in listed(body.get("system")) if isinstance(block, dict)])


def _last(body: Body) -> str:
    """The text of the final turn if it is the assistant's, else nothing."""
    final = listed(body.get("messages"))[-1:]
    said = final[0].get("content") if final and final[0].get("role") == "assistant" else ""
    return said if isinstance(said, str) else ""


def _results(test: Callable[[Body], Any]) -> Test:
    return lambda body: any(test(block) for block in _blocks(body, "tool_result"))


def _calls(body: Body) -> list[Body]:
    return _blocks(body, "tool_use")


def _two_calls(body: Body) -> bool:
    return any(sum(part.get("type") == "tool_use" for part in blocks(content)) > 1 for content in _contents(body))


def _thinking(kind: str) -> Test:
    return lambda body: isinstance(body.get("thinking"), dict) and body["thinking"].get("type") == kind


def _text_behind(body: Body) -> bool:
    kinds = [[part.get("type") for part in blocks(content)] for content in _contents(body)]
    return any("tool_result" in own and own[-1] == "text" for own in kinds)


FORMS: tuple[Form, ...] = (
    ("single-block-refused", "REQ-010", "content of one text block", _arrays(lambda content: len(content) == 1)),
    ("several-blocks-refused", "REQ-010", "content of several text blocks", _arrays(lambda content: len(content) > 1)),
    ("two-user-turns-refused", "REQ-011", "two turns of the user", _follows("user")),
    ("two-assistant-turns-refused", "REQ-011", "two turns of the assistant", _follows("assistant")),
    (
        "one-token-refused-in-json",
        "REQ-026",
        "max_tokens 1 without a stream",
        lambda b: _one(b) and not b.get("stream"),
    ),
    ("one-token-refused-in-streams", "REQ-026", "max_tokens 1 in a stream", lambda b: _one(b) and b.get("stream")),
    (
        "plain-system-blocks-refused",
        "REQ-031",
        "a system of blocks without marks",
        _system(lambda parts: parts and not any("cache_control" in part for part in parts)),
    ),
    (
        "marked-system-refused",
        "REQ-031",
        "cache_control in the system",
        _system(lambda parts: any("cache_control" in part for part in parts)),
    ),
    ("stop-sequence-refused", "REQ-034", "a stop sequence", lambda b: listed(b.get("stop_sequences"))),
    (
        "five-stop-sequences-refused",
        "REQ-034",
        "more than four stop_sequences",
        lambda b: len(listed(b.get("stop_sequences"))) > 4,
    ),
    ("no-stop-sequences-refused", "REQ-034", "an empty stop_sequences", lambda b: b.get("stop_sequences") == []),
    ("default-temperature-refused", "REQ-036", "temperature 1", lambda b: b.get("temperature") == 1),
    ("default-top-p-refused", "REQ-036", "top_p 1", lambda b: b.get("top_p") == 1),
    ("short-ttl-refused", "REQ-053", "a ttl of 5m", lambda b: _ages(b) & {"5m"}),
    ("string-result-refused", "TOOL-018", "a result that is a string", _results(lambda r: _is_string(r))),
    ("empty-result-refused", "TOOL-018", "a result without content", _results(lambda r: "content" not in r)),
    ("error-result-refused", "TOOL-018", "a result that is an error", _results(lambda r: r.get("is_error"))),
    ("text-behind-results-refused", "TOOL-021", "text behind a result", _text_behind),
    ("call-without-arguments-refused", "TOOL-017", "a call without arguments", lambda b: _empty_call(b)),
    ("two-calls-refused", "TOOL-017", "two calls in one turn", _two_calls),
    ("tools-refused-in-json", "TOOL-001", "a tool without a stream", lambda b: "tools" in b and not b.get("stream")),
    ("tools-refused-in-streams", "TOOL-001", "a tool in a stream", lambda b: "tools" in b and b.get("stream")),
)
"""Legal forms, each of which is refused with 400."""


def _one(body: Body) -> bool:
    return body.get("max_tokens") == 1


def _ages(body: Body) -> set[Any]:
    marks = [block.get("cache_control") for block in _blocks(body, "text")]
    return {mark.get("ttl") for mark in marks if isinstance(mark, dict)}


def _is_string(result: Body) -> bool:
    return isinstance(result.get("content"), str)


def _empty_call(body: Body) -> bool:
    return any(call.get("input") == {} for call in _calls(body))


OWN_FORMS: tuple[Form, ...] = (
    ("other-temperature-refused", "REQ-040", "temperature other than 1", lambda b: b.get("temperature", 1) != 1),
    ("other-top-p-refused", "REQ-040", "top_p other than 1", lambda b: b.get("top_p", 1) != 1),
    ("top-k-refused", "REQ-040", "top_k", lambda b: "top_k" in b),
)
"""Forms that one profile alone obliges to serve, and that no other may answer with a server error."""

CRASHING: tuple[Form, ...] = (
    ("plain-prefill-crashes", "REQ-014", "a prefill", lambda b: _last(b) and not _last(b)[-1:].isspace()),
    ("assistant-first-crashes", "REQ-013", "a first turn of the assistant", lambda b: _roles(b)[:1] == ["assistant"]),
    ("long-user-id-crashes", "REQ-043", "a user_id of more than 256 characters", lambda b: _long_id(b)),
    ("adaptive-thinking-crashes", "ERR-006", "adaptive thinking", _thinking("adaptive")),
    ("thinking-by-budget-crashes", "ERR-006", "thinking by budget", _thinking("enabled")),
    (
        "streamed-thinking-crashes",
        "ERR-006",
        "thinking by budget in streams",
        lambda b: bool(b.get("stream")) and _thinking("enabled")(b),
    ),
    ("result-blocks-crash", "TOOL-018", "a result of blocks", _results(lambda r: isinstance(r.get("content"), list))),
    ("error-result-crashes", "TOOL-018", "a result that is an error", _results(lambda r: r.get("is_error"))),
)
"""Legal forms that get 500."""


def _long_id(body: Body) -> bool:
    return len(str((body.get("metadata") or {}).get("user_id", ""))) > 256


def _choices() -> Iterator[Row]:
    """Every type of tool_choice, refused in one mode."""
    for kind in ("auto", "any", "tool", "none"):
        for mode, streamed in (("json", False), ("streams", True)):
            yield (
                f"choice-{kind}-refused-in-{mode}",
                "TOOL-008",
                f"tool_choice {kind} gets 400 in {mode}",
                body_refused(_chooses(kind, streamed)),
            )


def _chooses(kind: str, streamed: bool) -> Test:
    def test(body: Body) -> bool:
        choice = body.get("tool_choice")
        return isinstance(choice, dict) and choice.get("type") == kind and bool(body.get("stream")) is streamed

    return test


def _kept_calls(refuses: Callable[[str | None], bool]) -> Apply:
    """A server that keeps its calls by how they were told, and finds some of those of a history and others not."""

    def change(plan: Plan, context: Context) -> Plan:
        known = context.traffic.answers
        if any(refuses(known.get(("call", call.get("id")))) for call in _calls(dict(context.body))):
            raise Refusal(400, "messages: an unknown `tool_use` id")
        for block in plan.content:
            if block["type"] == "tool_use":
                known["call", block["id"]] = "streams" if context.streaming else "json"
        return plan

    return change


KEPT_ROWS: tuple[Row, ...] = (
    ("streamed-call-forgotten", "TOOL-017", "calls of streams get 400 later", _kept_calls(lambda m: m == "streams")),
    ("json-call-forgotten", "TOOL-017", "calls of JSON get 400 later", _kept_calls(lambda mode: mode == "json")),
    ("foreign-call-refused", "TOOL-017", "calls of other servers get 400", _kept_calls(lambda mode: mode is None)),
)


def _rows(forms: tuple[Form, ...], status: int) -> Iterator[Row]:
    for name, requirement, says, test in forms:
        yield name, requirement, f"{says} gets {status}", body_refused(test, status)


def _crashing(forms: tuple[Form, ...]) -> tuple[Form, ...]:
    return tuple((form[0].replace("refused", "crashes"), *form[1:]) for form in forms)


STREAM_ROWS: tuple[Row, ...] = (
    ("stream-false-streams", "REQ-029", "stream false opens a stream", put("stream", lambda old: old is False or old)),
)

ALSO = {
    "string-result-refused": ("TOOL-017",),
    "choice-tool-refused-in-json": ("EQV-004",),
    "choice-auto-refused-in-streams": ("TOOL-001",),
}
"""What a refused result or choice breaks besides."""

CHOOSY_BODY_FAULTS: tuple[Fault, ...] = (
    *breaking_also(ALSO, table(Seam.BODY, _rows(FORMS, 400), BOTH)),
    *table(Seam.BODY, _rows(OWN_FORMS, 400), MYROUTER),
    *(replace(fault, also=("ERR-006",)) for fault in table(Seam.BODY, _rows(CRASHING, 500), BOTH)),
    *table(Seam.BODY, _rows(_crashing(OWN_FORMS), 500), BOTH),
    *breaking_also(ALSO, table(Seam.BODY, _choices(), BOTH)),
    *table(Seam.BODY, STREAM_ROWS, BOTH),
    *table(Seam.PLAN, KEPT_ROWS, BOTH),
)
