"""Faults of one mode: what is wrong in JSON alone, or in streams alone, because each is made in a place of its own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from conformance.reference.faults._edit import ANTHROPIC, BOTH, Row, table, without
from conformance.reference.faults.meanings import BODY_ROWS, PARALLEL_ROW, PLAN_ROWS
from conformance.reference.plan import Plan
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.tokens import input_tokens

BY_ID: dict[str, Row] = {row[0]: row for row in (*PLAN_ROWS, *BODY_ROWS, PARALLEL_ROW)}

Mode = Callable[[Any, Context], bool]
MODES: tuple[tuple[str, str, bool], ...] = (("json", "in JSON", False), ("streams", "in streams", True))

SPLIT_PLANS = (
    *("cut-reported-as-end", "stop-text-included", "stop-reported-as-end", "replacement-characters", "mojibake"),
    *("call-reported-as-end", "think-tags"),
)
SPLIT_BODIES = ("stop-ignored", "limit-ignored", "forced-tool-ignored", "any-ignored", "none-ignored")
"""Faults in the meaning that are made of one mode, too."""


def _split(name: str, streamed: Callable[[Any, Context], bool]) -> Iterator[Row]:
    """A fault once for each mode."""
    _, requirement, text, apply = BY_ID[name]
    for end, words, wanted in MODES:
        yield f"{name}-in-{end}", requirement, f"{text}, {words} alone", _when(apply, streamed, wanted)


def _when(apply: Apply, streamed: Mode, wanted: bool) -> Apply:
    return lambda value, context: apply(value, context) if streamed(value, context) is wanted else value


def _plan_streamed(plan: Any, context: Context) -> bool:
    return context.streaming


def _body_streamed(body: Any, context: Context) -> bool:
    return bool(body.get("stream"))


def _plans(*names: str) -> list[Row]:
    return [row for name in names for row in _split(name, _plan_streamed)]


def _escaped(value: Any) -> Any:
    """Every string of a JSON value with its characters beyond ASCII replaced."""
    if isinstance(value, str):
        return "".join(letter if letter.isascii() else "?" for letter in value)
    if isinstance(value, dict):
        return {name: _escaped(inner) for name, inner in value.items()}
    return [_escaped(inner) for inner in value] if isinstance(value, list) else value


def _thinned(value: Any) -> Any:
    """Every string of a JSON value without every third of its letters beyond ASCII."""
    if isinstance(value, str):
        far = [place for place, letter in enumerate(value) if not letter.isascii() and letter.isalpha()]
        return "".join(letter for place, letter in enumerate(value) if place not in far[::3])
    return {name: _thinned(inner) for name, inner in value.items()} if isinstance(value, dict) else value


def _arguments(wanted: bool, edit: Callable[[Any], Any] = _escaped) -> Apply:
    """Arguments written otherwise, in one mode: in ASCII alone."""

    def change(plan: Plan, context: Context) -> Plan:
        if context.streaming is not wanted:
            return plan
        content = [{**b, "input": edit(b["input"])} if b["type"] == "tool_use" else b for b in plan.content]
        return replace(plan, content=tuple(content))

    return change


def _counted(test: Callable[[Context], Any], count_of: Callable[[Context, int], int]) -> Apply:
    """Another count of the input for the requests that pass a test."""

    def change(plan: Plan, context: Context) -> Plan:
        if not test(context):
            return plan
        return replace(plan, counts=replace(plan.counts, input=max(1, count_of(context, plan.counts.input))))

    return change


def _uncounted(name: str) -> Callable[[Context, int], int]:
    """The count without one member of the body."""
    return lambda context, _: input_tokens({key: value for key, value in context.body.items() if key != name})


def _streamed_with(name: str) -> Callable[[Context], bool]:
    return lambda context: context.streaming and name in context.body


def _plain_stream(context: Context) -> bool:
    return context.streaming and not context.body.keys() & {"system", "tools"}


def _ends_at_one(plan: Plan, context: Context) -> Plan:
    """A stream of one token never meets its limit."""
    one = context.streaming and context.body.get("max_tokens") == 1 and plan.stop_reason == "max_tokens"
    return replace(plan, stop_reason="end_turn") if one else plan


def _one_at_the_limit(plan: Plan, context: Context) -> Plan:
    """A stream that its limit cuts counts one token."""
    cut = context.streaming and plan.stop_reason == "max_tokens"
    return replace(plan, counts=replace(plan.counts, output=1)) if cut else plan


def _glued(plan: Plan, context: Context) -> Plan:
    """The words of a stream without what stands between them."""
    if not context.streaming:
        return plan
    content = [{**b, "text": "".join(b["text"].split())} if b["type"] == "text" else b for b in plan.content]
    return replace(plan, content=tuple(content))


def _before_messages(context: Context) -> int:
    """Eight for each member that stands before messages in the body."""
    return 8 * list(context.body).index("messages") if "messages" in context.body else 0


def _wandering(context: Context, told: int) -> int:
    """More by what is left of the number of the request."""
    return told + context.traffic.served % 3


MODE_ROWS: tuple[Row, ...] = (
    *_plans(*SPLIT_PLANS),
    ("arguments-in-ascii-in-json", "SEM-013", "arguments lose characters, in JSON alone", _arguments(False)),
    ("arguments-in-ascii-in-streams", "SEM-013", "arguments lose characters, in streams alone", _arguments(True)),
    (
        "letters-thrown-away",
        "SEM-013",
        "pieces of letters are thrown away, in streams alone",
        _arguments(True, _thinned),
    ),
    ("cut-streams-count-one", "EQV-003", "a stream cut by its limit counts one token", _one_at_the_limit),
    ("words-glued-in-streams", "SEM-013", "the words of a stream lose the spaces between them", _glued),
    (
        "system-uncounted-in-streams",
        "EQV-003",
        "a stream does not count the system prompt",
        _counted(_streamed_with("system"), _uncounted("system")),
    ),
    (
        "tools-uncounted-in-streams",
        "EQV-003",
        "a stream does not count the tools",
        _counted(_streamed_with("tools"), _uncounted("tools")),
    ),
    (
        "plain-streams-count-more",
        "EQV-003",
        "a stream without system and tools counts half as much again",
        _counted(_plain_stream, lambda _, told: told + told // 2),
    ),
    ("streams-of-one-token-end", "EQV-003", "a stream of one token ends with end_turn", _ends_at_one),
    (
        "members-before-messages-counted",
        "EQV-006",
        "members before messages in the body count as input",
        _counted(lambda _: True, lambda context, told: told + _before_messages(context)),
    ),
)
WANDERING = Fault(
    "count-wanders",
    Seam.PLAN,
    "USG-010",
    "the same input is counted otherwise each time",
    _counted(lambda _: True, _wandering),
    profiles=ANTHROPIC,
    also=("EQV-003",),
)


def _unforced(body: Any, context: Context) -> Any:
    """Where there is one tool, nothing is forced without a stream."""
    choice = body.get("tool_choice")
    sole = isinstance(choice, dict) and choice.get("type") == "tool" and len(body.get("tools") or ()) == 1
    return {**body, "tool_choice": {"type": "none"}} if sole and not body.get("stream") else body


SOLE_ROWS: tuple[Row, ...] = (
    ("sole-tool-unforced-in-json", "TOOL-011", "a forced tool that has no other beside it is not called", _unforced),
)

COUNTING = "/count_tokens"


def _counts(context: Context) -> bool:
    return context.request.path.endswith(COUNTING)


def _on_count(edit: Apply) -> Apply:
    return lambda body, context: edit(body, context) if _counts(context) else body


def _unlisted(test: Callable[[Any], bool]) -> Apply:
    """Whether a count is asked for, of messages that pass a test."""
    return lambda body, context: _counts(context) and test(body.get("messages"))


COUNT_FAULTS: tuple[Fault, ...] = (
    Fault(
        "count-of-nothing",
        Seam.RULE,
        "OPT-001",
        "a count without messages is served",
        _unlisted(lambda messages: messages is None),
        rule="messages-type",
    ),
    Fault(
        "count-of-no-turns",
        Seam.RULE,
        "OPT-001",
        "a count of no messages is served",
        _unlisted(lambda messages: messages == []),
        rule="messages-empty",
    ),
    *table(
        Seam.BODY,
        [
            ("count-without-system", "OPT-002", "count_tokens does not see the system", _on_count(without("system"))),
            ("count-without-tools", "OPT-002", "count_tokens does not see the tools", _on_count(without("tools"))),
        ],
    ),
)

MODE_FAULTS: tuple[Fault, ...] = (
    *table(Seam.PLAN, MODE_ROWS, BOTH),
    *table(Seam.PLAN, _plans("parallel-anyway"), BOTH),
    WANDERING,
    *table(Seam.BODY, [row for name in SPLIT_BODIES for row in _split(name, _body_streamed)], BOTH),
    *table(Seam.BODY, SOLE_ROWS, BOTH),
    *COUNT_FAULTS,
)
