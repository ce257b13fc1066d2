"""Small functions from which the faults are put together: each gives a function for one seam."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from conformance.reference.decoding import readable_body
from conformance.reference.refusal import Refusal
from conformance.reference.seams import EMPTY, Apply, Context, Fault, Seam
from conformance.reference.settings import PROFILES
from conformance.reference.transfer import Answer, set_header

Row = tuple[str, str, str, Apply]
"""Fault id, requirement, description, function."""

Test = Callable[[Context], Any]
Edit = Callable[[Any], Any]

BOTH = tuple(PROFILES)
MYROUTER = ("myrouter",)
ANTHROPIC = ("anthropic",)


def table(
    seam: Seam, rows: Iterable[Row], profiles: Sequence[str] = BOTH, changes: Mapping[str, Any] = EMPTY
) -> tuple[Fault, ...]:
    """One fault for each row, all at the same seam."""
    return tuple(
        Fault(name, seam, requirement, text, apply, profiles=tuple(profiles), changes=changes)
        for name, requirement, text, apply in rows
    )


def breaking_also(more: Mapping[str, tuple[str, ...]], faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The same faults, some of which break further requirements, given by the fault's id."""
    return tuple(replace(fault, also=more.get(fault.id, fault.also)) for fault in faults)


def _parents(value: Any, path: Sequence[str]) -> list[Any]:
    """The containers that hold the last step of a path; `*` stands for every item of an array."""
    level = [value]
    for step in path[:-1]:
        if step == "*":
            level = [item for parent in level if isinstance(parent, list) for item in parent]
        else:
            level = [parent[step] for parent in level if isinstance(parent, dict) and step in parent]
    return [parent for parent in level if isinstance(parent, dict)]


def put(path: str, value: Any) -> Apply:
    """Set the field at a dotted path, wherever its parent exists; a function is given the old value."""

    def apply(whole: Any, context: Context) -> Any:
        whole, steps = copy.deepcopy(whole), path.split(".")
        for parent in _parents(whole, steps):
            parent[steps[-1]] = value(parent.get(steps[-1])) if callable(value) else copy.deepcopy(value)
        return whole

    return apply


def without(path: str) -> Apply:
    """Leave out the field at a dotted path."""

    def apply(whole: Any, context: Context) -> Any:
        whole, steps = copy.deepcopy(whole), path.split(".")
        for parent in _parents(whole, steps):
            parent.pop(steps[-1], None)
        return whole

    return apply


def both(*edits: Apply) -> Apply:
    """Several edits, one after the other."""

    def apply(whole: Any, context: Context) -> Any:
        for edit in edits:
            whole = edit(whole, context)
        return whole

    return apply


def when(test: Test, edit: Apply) -> Apply:
    """An edit for the requests that pass a test."""
    return lambda whole, context: edit(whole, context) if test(context) else whole


def refuse_when(test: Test, status: int = 400, message: str = "this request is not supported") -> Apply:
    """Refuse the requests that pass a test."""

    def apply(whole: Any, context: Context) -> Any:
        if test(context):
            raise Refusal(status, message)
        return whole

    return apply


def body_refused(test: Callable[[dict[str, Any]], Any], status: int = 400) -> Apply:
    """Refuse accepted bodies that pass a test, for the seam `body`."""

    def apply(body: Any, context: Context) -> Any:
        if test(body):
            raise Refusal(status, "this request is not supported")
        return body

    return apply


def refusal_of(rule: str, status: int, message: str = "an unexpected condition was met") -> Apply:
    """Answer what one rule refuses with another status."""

    def apply(refusal: Any, context: Context) -> Any:
        return Refusal(status, message, rule) if refusal.rule == rule else refusal

    return apply


def header(name: str, value: str | None, statuses: Callable[[int], bool] = lambda _: True) -> Apply:
    """Set or leave out a response header."""

    def apply(answer: Answer, context: Context) -> Answer:
        if not statuses(answer.status):
            return answer
        return replace(answer, headers=set_header(answer.headers, name, value))

    return apply


def each(kind: str, edit: Apply) -> Apply:
    """Edit the events of one type."""

    def apply(events: Any, context: Context) -> Any:
        return [edit(event, context) if event["type"] == kind else event for event in events]

    return apply


def sequence(edit: Edit) -> Apply:
    """An edit of a whole list that needs no context."""
    return lambda whole, context: edit(whole)


def asks_for_stream(context: Context) -> bool:
    """Whether the request, accepted or not, asks for a stream."""
    return readable_body(context).get("stream") is True
