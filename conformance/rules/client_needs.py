"""What the official clients need of an answer so as not to raise, as a table, and the expectation that asks for it.

A row names the clients that raise without it, and with which exception. What they lose in silence is no row: other
requirements find it. Nor is what the contract leaves free (contract.md §6). A call is over when its caller has walked
the content: `for block in message.content: block.type`. Source: EQV-004, contract.md §5.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.rules.answers import asked
from conformance.rules.client_stream_needs import NO_ERROR, STREAM_NEEDS
from conformance.rules.client_views import CURRENT, LEGACY, PYTHONS, Client, Miss, Need, Unread, View, by, told
from conformance.rules.expectations import answer_of, kind
from conformance.rules.findings import Finding, Where, broken, held, shown, unjudged
from conformance.rules.outcome import is_served
from conformance.wire.exchange import Ending
from conformance.wire.jsontext import JSON
from conformance.wire.stream_tables import EventType

if TYPE_CHECKING:
    from conformance.evidence.run import Record, Run
    from conformance.rules.cases import Evidence

#: Endings by our own hand, and by the target's inside its answer.
_OURS = frozenset({Ending.CUT, Ending.HUNG_UP})
_TORN = frozenset({Ending.CLOSED_EARLY, Ending.RESET})
#: The place of what is only missing at the end.
_END = 1 << 62

#: The clients that a case speaks for by its headers.
GENERATIONS: Mapping[str, frozenset[Client]] = {"current": CURRENT, "legacy": LEGACY}

#: What both languages raise on a status that is no success.
STATUS_ERRORS: Mapping[int, str] = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}
#: Asked again by the clients (contract.md §4.2), and outside the harness's own list of what is transient.
_CONFLICT = 409
#: Refusals of a body, of which one of a forced tool call says that the model or the target cannot do it.
_CANNOT = frozenset({400, 422})
#: Errors inside a stream that refuse the request; every other one is a failure of the moment (contract.md §4.4, §4.7).
_REFUSALS = frozenset(
    {
        "invalid_request_error",
        "authentication_error",
        "billing_error",
        "permission_error",
        "not_found_error",
        "request_too_large",
    }
)


def _torn(view: View) -> Iterator[Miss]:
    end = view.reading.exchange.end
    if end.how in _TORN:
        yield Miss(f"the connection ended inside the body ({end.how.value})")


def _miscoded(view: View) -> Iterator[Miss]:
    if fault := view.reading.encoding_fault:
        yield Miss(fault, -1)


def _labelled_otherwise(view: View) -> Iterator[Miss]:
    media_type = view.reading.media_type
    if "application/json" not in media_type and not media_type.endswith("+json"):
        yield Miss(f"media type {shown(media_type)}, so that the caller gets a string")


def _no_json(view: View) -> Iterator[Miss]:
    if view.value is Unread.NO_JSON and view.reading.media_type.endswith("json"):
        yield Miss(f"a body of {len(view.reading.body)} bytes that is not")


def _no_json_at_all(view: View) -> Iterator[Miss]:
    if view.value is Unread.NO_JSON and not view.reading.media_type.endswith("json"):
        yield Miss(f"{len(view.reading.body)} bytes of {view.reading.media_type or 'no media type'}")


def _no_object(view: View) -> Iterator[Miss]:
    if not isinstance(view.value, Mapping):
        yield Miss(told(view.value))


def _content(view: View) -> JSON:
    return view.value.get("content") if isinstance(view.value, Mapping) else None


def _no_content(view: View) -> Iterator[Miss]:
    content = _content(view)
    if not isinstance(content, (list, str, Mapping)):
        yield Miss(told(content), pointer="/content")


def _no_list(view: View) -> Iterator[Miss]:
    """Python walks over the letters or keys, of which none has a type; the other one cannot walk an object."""
    content = _content(view)
    strange = (
        isinstance(content, (str, Mapping)) and content if view.client in PYTHONS else isinstance(content, Mapping)
    )
    if strange:
        yield Miss(told(content), pointer="/content")


def _no_blocks(view: View) -> Iterator[Miss]:
    content = _content(view)
    for place, block in enumerate(content if isinstance(content, list) else ()):
        strange = not isinstance(block, Mapping) if view.client in PYTHONS else block is None
        if strange:
            yield Miss(told(block), pointer=f"/content/{place}")


ANSWER_NEEDS = (
    Need("a body that ends as its framing announces", by("a connection error", "a connection error"), _torn),
    Need("bytes in the content coding that is declared", by("DecodingError", "TypeError"), _miscoded),
)
JSON_NEEDS = (
    Need("media type application/json", by(script="TypeError"), _labelled_otherwise),
    Need("a body that is one JSON text", by("ValueError", "SyntaxError"), _no_json),
    Need("a JSON text", by("AttributeError"), _no_json_at_all),
    Need("a JSON object", by("AttributeError", "TypeError"), _no_object),
    Need("content", by("TypeError", "TypeError"), _no_content),
    Need("content as an array", by("AttributeError", "TypeError"), _no_list),
    Need("content blocks as objects", by("AttributeError", "TypeError"), _no_blocks),
)


def missed(view: View) -> tuple[Need, Miss] | None:
    """The need on which this client raises first, with its place; None where it completes the call. Total."""
    needs = ANSWER_NEEDS + (STREAM_NEEDS if view.streams else JSON_NEEDS)
    found = [(need, miss) for need in needs if view.client in need.raises for miss in need.misses(view)]
    return min(found, key=lambda pair: _END if pair[1].event is None else pair[1].event, default=None)


@kind("client-completes")
def client_completes(evidence: Evidence, args: Mapping[str, Any]) -> Iterable[Finding]:
    """No client of the generation `clients` ("current" or "legacy") raises on the answer. Source: EQV-004.

    Open: a refusal of a forced tool call, unless the same one was served under other headers in the same run; a
    redirection, which clients follow; a conflict, on which they ask again; a momentary failure inside a stream; and
    what we stopped reading ourselves.
    """
    clients = sorted(GENERATIONS[args["clients"]])
    for record in evidence.records:
        if record.exchange.status is None or not 200 <= record.exchange.status < 300:
            yield _refused(record, clients, evidence.run)
        else:
            yield from _read(record, clients)


def _refused(record: Record, clients: Iterable[Client], run: Run) -> Finding:
    exchange, where = record.exchange, Where(record.seq)
    if exchange.status is not None and 300 <= exchange.status < 400:
        return unjudged("", f"status {exchange.status}: a redirection, which clients follow", where)
    if exchange.status == _CONFLICT:
        return unjudged("", f"status {exchange.status}: a conflict of the moment, on which clients ask again", where)
    if exchange.status in _CANNOT and _forces_tool(record) and not _known(record, run):
        return unjudged("", f"status {exchange.status}: this model may not know a forced tool call", where)
    seen = f"{answer_of(exchange)}, on which {_raising(dict.fromkeys(clients, status_error(exchange.status)))}"
    return broken("", "an answer that the official clients take", seen, where)


def status_error(status: int | None) -> str:
    """The exception for a status, None for no answer at all."""
    if status is None:
        return "APIConnectionError"
    return STATUS_ERRORS.get(status, "InternalServerError" if status >= 500 else "APIStatusError")


def _forces_tool(record: Record) -> bool:
    choice = asked(record.reading).get("tool_choice")
    return isinstance(choice, Mapping) and choice.get("type") in ("tool", "any")


def _known(record: Record, run: Run) -> bool:
    """Whether the same call was served under other headers: then it is these headers that were refused.

    Another call proves nothing: a model that thinks may take `any` and refuse a tool by name, or the other way round.
    """
    others = (row for row in run.records if is_served(row.exchange) and _body(row) == _body(record))
    return any(row.exchange.request.headers != record.exchange.request.headers for row in others)


def _body(record: Record) -> dict[str, Any]:
    """What was sent, but for the member `stream`: either mode is the same call."""
    return {name: value for name, value in asked(record.reading).items() if name != "stream"}


def _read(record: Record, clients: Iterable[Client]) -> Iterator[Finding]:
    views = [View(record.reading, client) for client in clients]
    gathered: dict[tuple[str, Miss], dict[Client, str]] = {}
    for view in views:
        if (pair := missed(view)) is None:
            continue
        need, miss = pair
        if reason := _open(view, need, miss):
            yield unjudged("", reason, Where(record.seq, event=miss.event))
            return
        gathered.setdefault((need.name, miss), {})[view.client] = need.raises[view.client]
    for (name, miss), raises in gathered.items():
        where = Where(record.seq, miss.pointer, miss.event)
        yield broken("", name, f"{miss.seen}, on which {_raising(raises)}", where)
    if not gathered:
        yield _completed(record, views)


def _open(view: View, need: Need, miss: Miss) -> str:
    """Why a miss does not count, or "". After a failure nothing is missing; its shape is the business of STRM-025."""
    failed = bool(view.failures) and (need is NO_ERROR or miss.event is None)
    if failed and view.failures[0] not in _REFUSALS:
        return f"the stream failed ({told(view.failures[0])}), which says nothing about the request"
    ours = view.reading.exchange.end.how in _OURS
    return "we stopped reading before the end" if ours and miss.event is None else ""


def _completed(record: Record, views: Collection[View]) -> Finding:
    """What we stopped reading is no answer yet, unless all of the message had come."""
    cut = record.exchange.end.how in _OURS
    if cut and not all(view.streams and any(view.of(EventType.MESSAGE_STOP)) for view in views):
        return unjudged("", "we stopped reading before the end", Where(record.seq))
    return held("", Where(record.seq))


def _raising(raises: Mapping[Client, str]) -> str:
    """Which client raises what, in words."""
    return " and ".join(f"{client} raises {exception}" for client, exception in raises.items())
