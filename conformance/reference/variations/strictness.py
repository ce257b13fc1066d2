"""Freedoms in what is refused and with which status: what the contract leaves to the server, and what it tolerates.

Each row names the requirement whose text says so. A router that hands requests on to a strict engine refuses what the
profile myrouter leaves open (MAY there); proxies refuse lengthless bodies and long headers.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance.reference.refusal import Refusal
from conformance.reference.seams import Context, Seam, Variation
from conformance.reference.transfer import Request, set_header
from conformance.reference.validation import RULES
from conformance.reference.variations._rows import MYROUTER, Row, table

Body = Mapping[str, Any]

OPEN = frozenset(
    (
        *("REQ-009", "REQ-013", "REQ-035", "REQ-041", "REQ-042", "REQ-045", "REQ-046", "REQ-051"),
        *("TOOL-007", "TOOL-009", "TOOL-021", "THINK-001", "THINK-002", "THINK-005"),
    )
)
"""Requirements that are MAY in the profile myrouter: the server may refuse, and may serve."""
LONG = 1024  #: bytes of a header


def _strict(body: Body, context: Context) -> Body:
    for rule in RULES:
        known = not rule.versions or context.version in rule.versions
        if rule.requirement in OPEN and known and (problem := rule.check(body, context)) is not None:
            raise Refusal(400, problem, rule.name)
    return body


def _text_served(request: Request, context: Context) -> Request:
    """HDR-008: a body of another media type may be served."""
    return replace(request, headers=set_header(request.headers, "content-type", "application/json"))


def _lengthless(request: Request, context: Context) -> Request:
    """HTTP-009: a chunked body may be refused with 411."""
    if request.header("transfer-encoding"):
        raise Refusal(411, "a length is required", kind="invalid_request_error")
    return request


def _long_ids(request: Request, context: Context) -> Request:
    """HDR-013: a long value may be refused with 431."""
    if len(request.header("x-request-id") or "") > LONG:
        raise Refusal(431, "a header is too long", kind="invalid_request_error")
    return request


def _restated(rule: str, status: int) -> Callable[[Any, Context], Any]:
    """Another status for what one rule refuses."""

    def apply(refusal: Any, context: Context) -> Any:
        fits = refusal.rule == rule
        return Refusal(status, refusal.message, rule, "invalid_request_error") if fits else refusal

    return apply


def _unimplemented(refusal: Any, context: Context) -> Any:
    """OPT-004 tolerates 501 for optional surfaces."""
    surface = context.request.path == f"{context.profile.messages_path}/batches"
    return Refusal(501, "not implemented here", refusal.rule, "api_error") if surface else refusal


REQUEST_ROWS: tuple[Row, ...] = (
    ("media-type-served", (), "bodies of other media types are served", _text_served),
    ("lengthless-411", (), "a body without a length gets 411", _lengthless),
    ("long-id-431", (), "an x-request-id of more than a kilobyte gets 431", _long_ids),
)
REFUSAL_ROWS: tuple[Row, ...] = (
    ("credential-form-400", (), "a malformed Authorization gets 400 (AUTH-006)", _restated("authorization-form", 400)),
    ("coding-415", (), "an unknown content coding of a request gets 415 (HDR-017)", _restated("content-encoding", 415)),
    ("batches-501", (), "batches are not implemented: 501", _unimplemented),
)

STRICT_VARIATIONS: tuple[Variation, ...] = (
    *table(Seam.REQUEST, REQUEST_ROWS),
    *table(Seam.REFUSAL, REFUSAL_ROWS),
    *table(Seam.BODY, [("strict", (), "what the profile leaves to the server is refused with 400", _strict)], MYROUTER),
)
