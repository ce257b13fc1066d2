"""What is asked of a request before anyone reads its body: credential, version, encoding, size.

A table of named rules in the order they are applied; each is a function of the request that gives the refusal or None.
"""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from conformance.reference.refusal import Refusal
from conformance.reference.seams import Context
from conformance.reference.settings import VERSIONS

Check = Callable[[Context], Refusal | None]

CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "iso-8859-1": "iso-8859-1", "us-ascii": "ascii", "ascii": "ascii"}
ENCODINGS = ("identity", "gzip", "x-gzip", "deflate")


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """A named condition on the head of a request and the requirement that a breach of it is about."""

    name: str
    requirement: str
    check: Check


def enforce(rules: Iterable[HeaderRule], context: Context) -> None:
    """Raise the refusal of the first rule that the request breaks."""
    for rule in rules:
        refusal = None if context.seams.drops(rule.name, context) else rule.check(context)
        if refusal is not None:
            refusal.rule = rule.name
            raise refusal


def bearer_token(value: str) -> str | None:
    """The token of an `Authorization: Bearer` value (scheme in any case, RFC 9110 section 11.1), or None."""
    scheme, _, token = value.strip().partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token and " " not in token else None


def _known(token: str, context: Context) -> bool:
    keys = [context.settings.key, context.settings.restricted_key]
    return any(hmac.compare_digest(token.encode(), key.encode()) for key in keys if key)


def credential_present(context: Context) -> Refusal | None:
    given = context.request.header("authorization") is not None or context.request.header("x-api-key")
    return None if given else Refusal(401, "a credential is required: send an Authorization or x-api-key header")


def authorization_form(context: Context) -> Refusal | None:
    values = context.request.values("authorization")
    good = all(bearer_token(value) is not None for value in values)
    return None if good else Refusal(401, "Authorization must have the form: Bearer <token>")


def bearer_known(context: Context) -> Refusal | None:
    tokens = [bearer_token(value) for value in context.request.values("authorization")]
    good = all(token is None or _known(token, context) for token in tokens)
    return None if good else Refusal(401, "invalid bearer token")


def api_key_known(context: Context) -> Refusal | None:
    good = all(not value or _known(value, context) for value in context.request.values("x-api-key"))
    return None if good else Refusal(401, "invalid x-api-key")


def permitted(context: Context) -> Refusal | None:
    request, restricted = context.request, context.settings.restricted_key
    given = [*map(bearer_token, request.values("authorization")), *request.values("x-api-key")]
    refused = restricted is not None and restricted in given
    return Refusal(403, "this credential may not use the requested resource") if refused else None


def version_present(context: Context) -> Refusal | None:
    given = context.request.header("anthropic-version")
    return Refusal(400, "anthropic-version: header is required") if given is None else None


def version_known(context: Context) -> Refusal | None:
    values = context.request.values("anthropic-version")
    good = not values or (len(values) == 1 and values[0].strip() in VERSIONS)
    return None if good else Refusal(400, "anthropic-version: not a valid version")


def content_type(context: Context) -> Refusal | None:
    value = context.request.header("content-type")
    media = (value or "application/json").split(";")[0].strip().lower()
    return None if media == "application/json" else Refusal(415, "content-type: must be application/json")


def charset_of(context: Context) -> str:
    """The charset named by the content type, lower case; UTF-8 where none is named."""
    parts = (context.request.header("content-type") or "").split(";")[1:]
    pairs = [part.strip().partition("=") for part in parts]
    named = [value.strip(' "').lower() for name, _, value in pairs if name.strip().lower() == "charset"]
    return named[0] if named else "utf-8"


def charset(context: Context) -> Refusal | None:
    return None if charset_of(context) in CHARSETS else Refusal(400, "content-type: unsupported charset")


def encoding_of(context: Context) -> str:
    """The content coding of the body, lower case."""
    return ", ".join(context.request.values("content-encoding")).strip().lower() or "identity"


def content_encoding(context: Context) -> Refusal | None:
    return None if encoding_of(context) in ENCODINGS else Refusal(400, "content-encoding: unsupported encoding")


def body_size(context: Context) -> Refusal | None:
    allowed = context.settings.body_limit
    return Refusal(413, f"the request exceeds {allowed} bytes") if context.request.size > allowed else None


CREDENTIAL_RULES = (
    HeaderRule("credential-present", "AUTH-003", credential_present),
    HeaderRule("authorization-form", "AUTH-006", authorization_form),
    HeaderRule("bearer-known", "AUTH-004", bearer_known),
    HeaderRule("api-key-known", "AUTH-005", api_key_known),
)
PERMISSION_RULES = (HeaderRule("permitted", "AUTH-010", permitted),)
VERSION_RULES = (
    HeaderRule("version-present", "HDR-001", version_present),
    HeaderRule("version-known", "HDR-002", version_known),
)
BODY_RULES = (
    HeaderRule("content-type", "HDR-008", content_type),
    HeaderRule("charset", "HDR-007", charset),
    HeaderRule("content-encoding", "HDR-017", content_encoding),
    HeaderRule("body-size", "HTTP-010", body_size),
)
HEADER_RULES = (*CREDENTIAL_RULES, *PERMISSION_RULES, *VERSION_RULES, *BODY_RULES)
