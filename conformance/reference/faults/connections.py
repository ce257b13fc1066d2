"""Faults on the wire and between requests: broken bodies, silence, answers that know of one another."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults._edit import Row, body_refused, table, without
from conformance.reference.plan import Plan
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Context, Fault, Seam
from conformance.reference.transfer import LAST_CHUNK, Answer, Ending, Request, Step, set_header

Steps = tuple[Step, ...]


def is_stream(steps: Steps) -> bool:
    """Whether the steps are those of a chunked stream."""
    return any(step.data == LAST_CHUNK for step in steps) and len(steps) > 3


def streams(edit: Callable[[Steps], Steps]) -> Callable[[Any, Context], Any]:
    """An edit of the steps of streams alone."""
    return lambda steps, context: edit(steps) if is_stream(steps) else steps


def _half(steps: Steps, ending: Ending) -> Steps:
    return (*steps[: len(steps) // 2], Step(ending=ending))


def _cut_inside(steps: Steps) -> Steps:
    """The last chunk that arrives is not whole."""
    at = len(steps) // 2
    return (*steps[:at], Step(steps[at].data[:-9]), Step(ending=Ending.CLOSE))


def silent_after(mark: bytes) -> Callable[[Steps], Steps]:
    """Nothing comes behind the first step that holds a mark, and the connection stays open."""

    def edit(steps: Steps) -> Steps:
        at = next((place for place, step in enumerate(steps) if mark in step.data), len(steps))
        return (*steps[: at + 1], Step(ending=Ending.HANG))

    return edit


def _unterminated(steps: Steps) -> Steps:
    return (
        *(step for step in steps if step.data != LAST_CHUNK and step.ending is Ending.GO_ON),
        Step(ending=Ending.CLOSE),
    )


def _leftovers(steps: Any, context: Context) -> Any:
    """Bytes behind the body of an error, which the client takes for the next response."""
    failed = steps[0].data.startswith(b"HTTP/1.1 4")
    return (Step(steps[0].data + b'{"error":"leftover"}'), *steps[1:]) if failed else steps


def _undeclared_close(steps: Any, context: Context) -> Any:
    failed = steps[0].data.startswith(b"HTTP/1.1 4")
    return (*steps, Step(ending=Ending.CLOSE)) if failed else steps


def _head_with_body(steps: Any, context: Context) -> Any:
    if context.request.method != "HEAD":
        return steps
    return (replace(steps[0], data=steps[0].data + b'{"body":"of a HEAD"}'), *steps[1:])


WIRE_ROWS: tuple[Row, ...] = (
    ("stream-cut", "STRM-023", "the stream is cut inside an event", streams(_cut_inside)),
    (
        "stream-closed",
        "STRM-023",
        "the connection closes between two events",
        streams(lambda s: _half(s, Ending.CLOSE)),
    ),
    (
        "stream-reset",
        "STRM-023",
        "the connection is reset in the middle of a stream",
        streams(lambda s: _half(s, Ending.RESET)),
    ),
    (
        "silent-after-message-start",
        "STRM-023",
        "every stream falls silent after message_start",
        streams(silent_after(b"event: message_start")),
    ),
    (
        "silent-from-the-start",
        "STRM-001",
        "every stream falls silent after its headers",
        streams(silent_after(b"HTTP/1.1")),
    ),
    (
        "open-after-message-stop",
        "SSE-012",
        "the connection stays open after message_stop",
        streams(silent_after(b"event: message_stop")),
    ),
    ("last-chunk-missing", "SSE-012", "the body is closed without its last chunk", streams(_unterminated)),
    ("leftover-bytes", "HTTP-009", "bytes follow the body of an error", _leftovers),
    ("undeclared-close", "HTTP-009", "the connection closes after an error without saying so", _undeclared_close),
    ("head-with-body", "HTTP-005", "HEAD is answered with a body", _head_with_body),
)


def _others(context: Context) -> list[Request]:
    own = context.request_id
    return [request for key, request in context.traffic.in_flight.items() if key != own]


def _leaking(plan: Plan, context: Context) -> Plan:
    """The words of the other requests in flight become part of the answer."""
    heard = " ".join(request.body.decode("utf-8", "replace") for request in _others(context))
    content = [{**b, "text": b["text"] + " " + heard} if heard and b["type"] == "text" else b for b in plan.content]
    return replace(plan, content=tuple(content))


def _queued(body: Any, context: Context) -> Any:
    if _others(context):
        raise Refusal(409, "another request is being served", kind="conflict_error")
    return body


def _cached(answer: Answer, context: Context) -> Answer:
    """The first answer to a body is given again, under a new request id."""
    key = (context.request.path, context.request.body)
    if answer.status != 200 or not context.request.body:
        return answer
    stored: Answer = context.traffic.answers.setdefault(key, answer)
    headers = set_header(answer.headers, "content-length", None)
    return Answer(answer.status, headers, stored.body)


def _streamed(body: dict[str, Any]) -> bool:
    return body.get("stream") is True


def _whole_with_tools(body: dict[str, Any], context: Context) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "stream"} if body.get("tools") else body


CROWD = 6
"""Requests in flight; with more of them a server under pressure loses the end of its streams."""


def _endless(events: Any, context: Context) -> Any:
    crowded = len(context.traffic.in_flight) > CROWD
    return [event for event in events if event["type"] != "message_stop"] if crowded else events


def _crossed(plan: Plan, context: Context) -> Plan:
    """Streams write into one buffer: with so many in flight, one of them ends with what another was asked for."""
    return _leaking(plan, context) if context.streaming and len(context.traffic.in_flight) > CROWD else plan


PACE = {"delay": 0.15}
"""Requests overlap only if they take some time."""

CONNECTION_FAULTS: tuple[Fault, ...] = (
    *table(Seam.BYTES, WIRE_ROWS),
    *table(Seam.PLAN, [("answers-leak", "LOAD-001", "answers repeat what others have asked", _leaking)], changes=PACE),
    *table(
        Seam.PLAN,
        [
            (
                "streams-crossed-in-a-crowd",
                "LOAD-001",
                "streams get words of others, with more than six in flight",
                _crossed,
            )
        ],
        changes=PACE,
    ),
    *table(
        Seam.EVENTS,
        [("stop-lost-in-a-crowd", "STRM-023", "message_stop is lost, with more than six in flight", _endless)],
        changes=PACE,
    ),
    *table(Seam.BODY, [("one-at-a-time", "LOAD-002", "a second request in flight is refused", _queued)], changes=PACE),
    *table(Seam.ANSWER, [("answers-cached", "LOAD-004", "an identical request gets the same message", _cached)]),
    *table(
        Seam.BODY,
        [
            ("json-for-stream", "SSE-001", "a stream request is answered with JSON", without("stream")),
            ("json-for-tool-streams", "SSE-001", "a stream with tools is answered with JSON", _whole_with_tools),
            ("streams-refused", "SSE-001", "every stream request gets 400", body_refused(_streamed)),
        ],
    ),
)
