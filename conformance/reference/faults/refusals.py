"""Faults in what is served: a valid request refused, or answered with a server error."""

from itertools import pairwise
from typing import Any

from conformance.reference.decoding import readable_body
from conformance.reference.faults._edit import (
    MYROUTER,
    Row,
    body_refused,
    put,
    refuse_when,
    table,
    when,
    without,
)
from conformance.reference.seams import Context, Fault, Seam
from conformance.reference.tokens import blocks, listed


def _header(context: Context, name: str) -> str:
    return context.request.header(name) or ""


def _beta(context: Context) -> bool:
    return "anthropic-beta" in dict(context.request.headers)


def _bearer_alone(context: Context) -> bool:
    return bool(_header(context, "authorization")) and not _header(context, "x-api-key")


def _key_alone(context: Context) -> bool:
    return bool(_header(context, "x-api-key")) and not _header(context, "authorization")


def _huge_limit(context: Context) -> bool:
    limit = readable_body(context).get("max_tokens")
    return isinstance(limit, int) and limit > 10**6


REQUEST_ROWS: tuple[Row, ...] = (
    ("bearer-refused", "AUTH-001", "a Bearer token alone gets 422", refuse_when(_bearer_alone, 422)),
    ("api-key-refused", "AUTH-002", "an x-api-key alone gets 401", refuse_when(_key_alone, 401)),
    (
        "scheme-case-sensitive",
        "AUTH-007",
        "a lower-case bearer scheme gets 401",
        refuse_when(lambda c: _header(c, "authorization")[:7] not in ("", "Bearer "), 401),
    ),
    (
        "two-credentials-refused",
        "AUTH-012",
        "two equal credentials get 400",
        refuse_when(lambda c: _header(c, "authorization") and _header(c, "x-api-key")),
    ),
    (
        "old-version-refused",
        "HDR-003",
        "version 2023-06-01 gets 400",
        refuse_when(lambda c: _header(c, "anthropic-version") == "2023-06-01"),
    ),
    (
        "new-version-refused",
        "HDR-004",
        "version 2026-10-21 gets 400",
        refuse_when(lambda c: _header(c, "anthropic-version") == "2026-10-21"),
    ),
    ("beta-crashes", "HDR-005", "an anthropic-beta header gets 502", refuse_when(_beta, 502)),
    (
        "content-type-exact",
        "HDR-007",
        "a content type with a parameter gets 415",
        refuse_when(lambda c: ";" in _header(c, "content-type"), 415),
    ),
    (
        "user-agent-refused",
        "HDR-010",
        "the official clients' user agents get 403",
        refuse_when(lambda c: "anthropic/" in _header(c, "user-agent").lower(), 403),
    ),
    (
        "request-id-refused",
        "HDR-013",
        "a caller's x-request-id gets 400",
        refuse_when(lambda c: _header(c, "x-request-id")),
    ),
    ("query-refused", "HTTP-008", "a query string gets 404", refuse_when(lambda c: "?" in c.request.target, 404)),
    (
        "post-refused",
        "HTTP-001",
        "every plain POST to the messages path gets 400",
        refuse_when(lambda c: c.request.target == c.profile.messages_path and c.request.method == "POST"),
    ),
    ("huge-limit-crashes", "REQ-027", "a huge max_tokens gets 500", refuse_when(_huge_limit, 500)),
    (
        "head-crashes",
        "HTTP-005",
        "HEAD and OPTIONS get 500",
        refuse_when(lambda c: c.request.method in ("HEAD", "OPTIONS"), 500),
    ),
)


def _roles(body: dict[str, Any]) -> list[Any]:
    return [turn.get("role") for turn in listed(body.get("messages")) if isinstance(turn, dict)]


def _all_blocks(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for turn in listed(body.get("messages")) for block in blocks(turn.get("content"))]


def _has_list(body: dict[str, Any]) -> bool:
    return any(isinstance(turn.get("content"), list) for turn in listed(body.get("messages")))


def _repeats(body: dict[str, Any]) -> bool:
    return any(one == two for one, two in pairwise(_roles(body)))


def _choice(body: dict[str, Any]) -> Any:
    choice = body.get("tool_choice")
    return choice.get("type") if isinstance(choice, dict) else None


def _sampling(body: dict[str, Any]) -> list[Any]:
    return [body[name] for name in ("temperature", "top_p", "top_k") if name in body]


BODY_ROWS: tuple[Row, ...] = (
    ("blocks-refused", "REQ-010", "content given as blocks gets 400", body_refused(_has_list)),
    ("repeated-role-refused", "REQ-011", "two turns of one role get 400", body_refused(_repeats)),
    (
        "history-refused",
        "REQ-012",
        "an assistant turn between user turns gets 400",
        body_refused(lambda b: _roles(b) == ["user", "assistant", "user"]),
    ),
    (
        "prefill-crashes",
        "REQ-014",
        "a final assistant turn gets 502",
        body_refused(lambda b: _roles(b)[-1:] == ["assistant"], 502),
    ),
    (
        "image-crashes",
        "REQ-019",
        "an image block gets 500",
        body_refused(lambda b: any(block.get("type") == "image" for block in _all_blocks(b)), 500),
    ),
    ("one-token-refused", "REQ-026", "max_tokens 1 gets 400", body_refused(lambda b: b.get("max_tokens") == 1)),
    (
        "streams-by-default",
        "REQ-029",
        "without the stream field the answer is a stream",
        put("stream", lambda old: old is not False),
    ),
    (
        "system-string-refused",
        "REQ-030",
        "a system string gets 400",
        body_refused(lambda b: isinstance(b.get("system"), str)),
    ),
    (
        "system-blocks-refused",
        "REQ-031",
        "system blocks get 400",
        body_refused(lambda b: isinstance(b.get("system"), list)),
    ),
    ("stop-sequences-refused", "REQ-034", "stop sequences get 400", body_refused(lambda b: "stop_sequences" in b)),
    (
        "default-sampling-refused",
        "REQ-036",
        "temperature or top_p 1.0 gets 400",
        body_refused(lambda b: 1.0 in _sampling(b)),
    ),
    (
        "user-id-refused",
        "REQ-043",
        "metadata.user_id gets 400",
        body_refused(lambda b: "user_id" in (b.get("metadata") or {})),
    ),
    (
        "cache-control-refused",
        "REQ-050",
        "cache_control on a text block gets 400",
        body_refused(lambda b: any("cache_control" in block for block in _all_blocks(b))),
    ),
    ("tools-refused", "TOOL-001", "a request with tools gets 400", body_refused(lambda b: "tools" in b)),
    (
        "long-tool-name-refused",
        "TOOL-005",
        "a tool name of 64 characters gets 400",
        body_refused(lambda b: any(len(str(tool.get("name"))) == 64 for tool in listed(b.get("tools")))),
    ),
    ("any-refused", "TOOL-008", "tool_choice any gets 400", body_refused(lambda b: _choice(b) == "any")),
    (
        "tool-replay-refused",
        "TOOL-017",
        "a history with a tool call gets 400",
        body_refused(lambda b: any(block.get("type") == "tool_use" for block in _all_blocks(b))),
    ),
    (
        "result-blocks-refused",
        "TOOL-018",
        "a tool result given as blocks gets 400",
        body_refused(
            lambda b: any(
                block.get("type") == "tool_result" and isinstance(block.get("content"), list)
                for block in _all_blocks(b)
            )
        ),
    ),
    (
        "accept-stops-stream",
        "HDR-009",
        "with Accept: application/json a stream becomes a JSON message",
        when(lambda c: "application/json" in _header(c, "accept"), without("stream")),
    ),
)

MYROUTER_BODY_ROWS: tuple[Row, ...] = (
    (
        "sampling-refused",
        "REQ-040",
        "sampling values other than the default get 400",
        body_refused(lambda b: any(value != 1 for value in _sampling(b))),
    ),
    (
        "metadata-keys-refused",
        "REQ-044",
        "metadata keys other than user_id get 400",
        body_refused(lambda b: (b.get("metadata") or {}).keys() - {"user_id"}),
    ),
)

BETA_ROW: Row = (
    "beta-list-refused",
    "HDR-006",
    "a list of betas in one header gets 400",
    refuse_when(lambda c: "," in _header(c, "anthropic-beta")),
)

REFUSED_FAULTS: tuple[Fault, ...] = (
    *table(Seam.REQUEST, REQUEST_ROWS),
    *table(Seam.REQUEST, [BETA_ROW]),
    *table(Seam.BODY, BODY_ROWS),
    *table(Seam.BODY, MYROUTER_BODY_ROWS, MYROUTER),
)
