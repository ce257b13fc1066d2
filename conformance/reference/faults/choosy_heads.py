"""Faults in which heads of requests are served: one form of a credential, a version, a client or a path is not."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from conformance.reference.decoding import readable_body
from conformance.reference.faults._edit import Row, asks_for_stream, refuse_when, table
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.settings import VERSIONS
from conformance.reference.transfer import Answer, Request


def _value(context: Context, name: str) -> str:
    return context.request.header(name) or ""


def _scheme(context: Context) -> str:
    return _value(context, "authorization").partition(" ")[0]


def _version(context: Context, version: str, streamed: bool) -> bool:
    return _value(context, "anthropic-version") == version and asks_for_stream(context) is streamed


def _says(name: str, pattern: str) -> Callable[[Context], Any]:
    found = re.compile(pattern)
    return lambda context: found.search(_value(context, name))


def _lacks_type(context: Context) -> bool:
    return context.request.method == "POST" and context.request.header("content-type") is None


def _without_token(context: Context) -> bool:
    value = context.request.header("authorization")
    return value is not None and value.strip().lower() == "bearer"


def _method(*names: str) -> Callable[[Context], bool]:
    return lambda context: context.request.method in names


def _gets_messages(context: Context) -> bool:
    return context.request.method == "GET" and context.request.path == context.profile.messages_path


def _chunked(context: Context) -> bool:
    return "chunked" in _value(context, "transfer-encoding").lower()


HEADER_ROWS: tuple[Row, ...] = (
    ("scheme-in-capitals-refused", "AUTH-007", "BEARER gets 401", refuse_when(lambda c: _scheme(c) == "BEARER", 401)),
    ("scheme-in-small-refused", "AUTH-007", "bearer gets 401", refuse_when(lambda c: _scheme(c) == "bearer", 401)),
    (
        "scheme-unknown-crashes",
        "AUTH-006",
        "another scheme gets 500",
        refuse_when(lambda c: _scheme(c) == "Basic", 500),
    ),
    ("token-absent-crashes", "AUTH-006", "Bearer without a token gets 500", refuse_when(_without_token, 500)),
    (
        "old-version-refused-in-streams",
        "HDR-003",
        "version 2023-06-01 gets 400 when a stream is asked for",
        refuse_when(lambda c: _version(c, VERSIONS[0], True)),
    ),
    (
        "new-version-refused-in-streams",
        "HDR-004",
        "version 2026-10-21 gets 400 when a stream is asked for",
        refuse_when(lambda c: _version(c, VERSIONS[1], True)),
    ),
    (
        "two-versions-crash",
        "HDR-002",
        "two lines of anthropic-version get 500",
        refuse_when(lambda c: len(c.request.values("anthropic-version")) > 1, 500),
    ),
    (
        "charset-crashes",
        "HDR-007",
        "a charset that the server does not know gets 500",
        refuse_when(_says("content-type", r"(?i)charset=(?!\"?utf-?8)"), 500),
    ),
    (
        "text-crashes",
        "HDR-008",
        "text/plain gets 500",
        refuse_when(_says("content-type", "^text/"), 500),
    ),
    ("form-crashes", "HDR-008", "a form gets 500", refuse_when(_says("content-type", "form"), 500)),
    ("content-type-missed", "HDR-008", "no content-type gets 500", refuse_when(_lacks_type, 500)),
    (
        "gzip-label-crashes",
        "HDR-017",
        "what is labelled gzip gets 500",
        refuse_when(_says("content-encoding", "gzip"), 500),
    ),
    (
        "encoding-unknown-crashes",
        "HDR-017",
        "an unknown content-encoding gets 500",
        refuse_when(_says("content-encoding", "^(?!gzip|deflate|identity)."), 500),
    ),
    (
        "python-client-refused",
        "HDR-010",
        "the user agent of the Python client gets 403",
        refuse_when(_says("user-agent", "Anthropic/Python"), 403),
    ),
    (
        "javascript-client-refused",
        "HDR-010",
        "the user agent of the JavaScript client gets 403",
        refuse_when(_says("user-agent", "Anthropic/JS"), 403),
    ),
    (
        "direct-browser-access-refused",
        "HDR-010",
        "the header of clients in browsers gets 400",
        refuse_when(_says("anthropic-dangerous-direct-browser-access", ".")),
    ),
    (
        "stainless-timeout-crashes",
        "EQV-004",
        "an x-stainless-timeout that is no number gets 500",
        refuse_when(_says("x-stainless-timeout", r"[^\d.]"), 500),
    ),
    ("put-alone-generates", "HTTP-004", "PUT is treated as POST", lambda r, c: _as_post(r, "PUT")),
    ("patch-alone-generates", "HTTP-004", "PATCH is treated as POST", lambda r, c: _as_post(r, "PATCH")),
    ("delete-alone-generates", "HTTP-004", "DELETE is treated as POST", lambda r, c: _as_post(r, "DELETE")),
    ("delete-crashes", "HTTP-004", "DELETE gets 500", refuse_when(_method("DELETE"), 500)),
    ("get-crashes", "HTTP-002", "GET of the messages gets 500", refuse_when(_gets_messages, 500)),
    ("head-alone-crashes", "HTTP-005", "HEAD gets 500", refuse_when(_method("HEAD"), 500)),
    ("options-crashes", "HTTP-005", "OPTIONS gets 500", refuse_when(_method("OPTIONS"), 500)),
    ("chunked-crashes", "HTTP-009", "a body in chunks gets 500", refuse_when(_chunked, 500)),
    ("longer-path-served", "HTTP-006", "a path that goes on behind messages is served", lambda r, c: _prefix(r, c)),
)
"""Rows about a request alone."""


def _as_post(request: Request, method: str) -> Request:
    return replace(request, method="POST") if request.method == method else request


def _prefix(request: Request, context: Context) -> Request:
    known = context.profile.messages_path
    longer = request.path.startswith(known) and request.path[len(known) :].isalpha()
    return replace(request, target=known) if longer else request


LONG = 1024
"""Characters."""

CALLER_ROWS: tuple[Row, ...] = (
    (
        "long-request-id-crashes",
        "HDR-013",
        "an x-request-id of more than 1024 characters gets 500",
        refuse_when(lambda c: len(_value(c, "x-request-id")) > LONG, 500),
    ),
    (
        "quoted-request-id-crashes",
        "HDR-013",
        "quotes in an x-request-id get 500",
        refuse_when(_says("x-request-id", "[\"']"), 500),
    ),
)


def _decoded_echo(answer: Answer, context: Context) -> Answer:
    """The caller's id comes back decoded, line breaks included."""
    own = unquote(_value(context, "x-request-id"))
    if "\n" not in own:
        return answer
    return replace(answer, headers=(*answer.headers, ("x-caller-id", own)))


ECHO_ROWS: tuple[Row, ...] = (
    ("request-id-decoded", "HDR-013", "a line break that is encoded in x-request-id splits a header", _decoded_echo),
)

_CLIENT = re.compile(r"(?i)^anthropic/python")
KINDS = ("plain", "tool", "stream")


def _asks_for(context: Context) -> str:
    body = readable_body(context)
    return "stream" if body.get("stream") is True else "tool" if "tools" in body else "plain"


def _from_client(context: Context, credential: str, version: str, kind: str) -> bool:
    """Whether an official client asks for something, with the credential and the version of its time."""
    agent = _CLIENT.search(_value(context, "user-agent"))
    dated = bool(_value(context, credential)) and _value(context, "anthropic-version") == version
    return bool(agent) and dated and _asks_for(context) == kind


def _clients() -> Iterator[Row]:
    """Every kind of call of the clients of every time, refused."""
    times = (("old", "x-api-key", VERSIONS[0]), ("new", "authorization", VERSIONS[1]))
    for time, credential, version in times:
        for kind in KINDS:
            yield (
                f"{time}-client-{kind}-refused",
                "EQV-004",
                f"a {kind} call of an official client with {credential} and version {version} gets 400",
                _refusing(credential, version, kind),
            )


def _refusing(credential: str, version: str, kind: str) -> Apply:
    return refuse_when(lambda context: _from_client(context, credential, version, kind))


def _paid(request: Request, context: Context) -> Request:
    """Every stream that was left has kept a worker, at which one later request fails."""
    traffic = context.traffic
    paid = traffic.answers.get("paid", 0)
    if paid < traffic.hangups and not asks_for_stream(context):
        traffic.answers["paid"] = paid + 1
        raise Refusal(500, "the worker is gone")
    return request


LEFT_ROWS: tuple[Row, ...] = (
    ("left-streams-cost-answers", "LOAD-003", "after a stream was left a request fails", _paid),
)
PACE = {"event_interval": 0.05}
"""A stream that is written at once is over before the client goes."""


ALSO = {"old-version-refused-in-streams": ("LOAD-002",), "get-crashes": ("ERR-006",)}
"""What a fault breaks besides."""

_ROWS: tuple[Fault, ...] = (
    *table(Seam.REQUEST, HEADER_ROWS),
    *table(Seam.REQUEST, CALLER_ROWS),
    *table(Seam.ANSWER, ECHO_ROWS),
    *table(Seam.REQUEST, LEFT_ROWS, changes=PACE),
    *table(Seam.REQUEST, _clients()),
)
CHOOSY_HEAD_FAULTS: tuple[Fault, ...] = tuple(replace(fault, also=ALSO.get(fault.id, ())) for fault in _ROWS)
