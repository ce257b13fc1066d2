"""Faults in what is accepted: a rule left out, a valid request refused, a refusal that crashes."""

from itertools import pairwise
from typing import Any

from conformance.reference.acceptance import HEADER_RULES
from conformance.reference.faults._edit import (
    ANTHROPIC,
    BOTH,
    MYROUTER,
    Row,
    body_refused,
    put,
    refusal_of,
    refuse_when,
    table,
    when,
    without,
)
from conformance.reference.seams import Context, Fault, Seam
from conformance.reference.tokens import blocks, listed
from conformance.reference.validation import RULES

NOT_JUDGED = frozenset(
    [
        "content-type",
        "charset",
        "role-system",
        "max-tokens-limit",
        "system-blank",
        "metadata-user",
        "prefill-space",
        "tool-kind",
        "tools-nested",
        "choice-declared",
        "tool-use-fields",
        "tool-result-fields",
        "max-tokens-zero",
    ]
)
"""Rules the contract leaves to the server, or that have a fault of their own below."""

OPTIONAL_IN_MYROUTER = frozenset(
    [
        "HDR-002",
        "REQ-035",
        "REQ-041",
        "REQ-042",
        "REQ-051",
        "TOOL-007",
        "TOOL-009",
        "TOOL-021",
        "THINK-001",
        "THINK-002",
        "THINK-004",
        "THINK-005",
    ]
)
"""Requirements that are MAY there: leaving them out breaks nothing."""

DECODING_RULES = {
    "body-json": "REQ-047",
    "body-present": "REQ-048",
    "body-object": "REQ-048",
    "body-encoding": "HDR-017",
}


def _unchecked() -> tuple[Fault, ...]:
    rules = [(rule.name, rule.requirement, BOTH) for rule in HEADER_RULES]
    rules += [(rule.name, rule.requirement, rule.profiles) for rule in RULES]
    rules += [(name, requirement, BOTH) for name, requirement in DECODING_RULES.items()]
    return tuple(
        Fault(
            id=f"unchecked-{name}",
            seam=Seam.RULE,
            requirement=requirement,
            description=f"what the rule {name} refuses is served",
            rule=name,
            profiles=ANTHROPIC if requirement in OPTIONAL_IN_MYROUTER else profiles,
        )
        for name, requirement, profiles in rules
        if name not in NOT_JUDGED
    )


def _header(context: Context, name: str) -> str:
    return context.request.header(name) or ""


def _beta(context: Context) -> bool:
    return "anthropic-beta" in dict(context.request.headers)


def _bearer_alone(context: Context) -> bool:
    return bool(_header(context, "authorization")) and not _header(context, "x-api-key")


def _key_alone(context: Context) -> bool:
    return bool(_header(context, "x-api-key")) and not _header(context, "authorization")


REQUEST_ROWS: tuple[Row, ...] = (
    ("bearer-refused", "AUTH-001", "a Bearer token alone gets 401", refuse_when(_bearer_alone, 401)),
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
    roles = _roles(body)
    return any(one == two for one, two in pairwise(roles))


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
        "huge-limit-crashes",
        "REQ-027",
        "a huge max_tokens gets 500",
        body_refused(lambda b: isinstance(b.get("max_tokens"), int) and b["max_tokens"] > 10**6, 500),
    ),
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
        "sampling-refused",
        "REQ-040",
        "sampling values other than the default get 400",
        body_refused(lambda b: any(value != 1 for value in _sampling(b))),
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
        "metadata-keys-refused",
        "REQ-044",
        "metadata keys other than user_id get 400",
        body_refused(lambda b: (b.get("metadata") or {}).keys() - {"user_id"}),
    ),
)

CRASHES: tuple[Row, ...] = tuple(
    (name, requirement, text, refusal_of(rule, 500))
    for name, requirement, text, rule in (
        ("malformed-body-crashes", "REQ-047", "a body that is not JSON gets 500", "body-json"),
        ("null-body-crashes", "REQ-048", "a body that is not an object gets 500", "body-object"),
        ("wrong-type-crashes", "ERR-006", "a system prompt of a wrong type gets 500", "system-type"),
        ("surrogate-crashes", "REQ-049", "a lone surrogate gets 500", "body-unicode"),
        ("invalid-utf8-crashes", "REQ-049", "a body that is not UTF-8 gets 500", "body-charset"),
        ("plain-text-crashes", "HDR-008", "a text/plain body gets 500", "content-type"),
        ("unknown-encoding-crashes", "HDR-017", "an unknown content encoding gets 500", "content-encoding"),
        ("malformed-credential-crashes", "AUTH-006", "a malformed Authorization gets 500", "authorization-form"),
        ("bogus-token-crashes", "AUTH-004", "an unknown Bearer token gets 500", "bearer-known"),
        ("large-body-crashes", "HTTP-010", "a body above the limit gets 500", "body-size"),
        ("non-object-message-crashes", "REQ-005", "a message that is not an object gets 500", "message-object"),
        ("restricted-key-crashes", "AUTH-010", "a credential without permission gets 500", "permitted"),
        ("unknown-path-crashes", "HTTP-006", "an unknown path gets 500", "path"),
    )
)

ACCEPTANCE_FAULTS: tuple[Fault, ...] = (
    *_unchecked(),
    Fault(
        "zero-tokens-accepted",
        Seam.RULE,
        "REQ-022",
        "max_tokens 0 is accepted",
        rule="max-tokens-zero",
        profiles=MYROUTER,
    ),
    *table(
        Seam.BODY,
        [
            (
                "zero-tokens-generates",
                "REQ-022",
                "max_tokens 0 gets generated text",
                put("max_tokens", lambda old: old or 32),
            )
        ],
        ANTHROPIC,
    ),
    *table(Seam.REQUEST, REQUEST_ROWS),
    *table(
        Seam.REQUEST,
        [
            (
                "beta-list-refused",
                "HDR-006",
                "a list of betas in one header gets 400",
                refuse_when(lambda c: "," in _header(c, "anthropic-beta")),
            )
        ],
        ANTHROPIC,
    ),
    *table(Seam.BODY, BODY_ROWS),
    *table(Seam.BODY, MYROUTER_BODY_ROWS, MYROUTER),
    *table(Seam.REFUSAL, CRASHES),
)
