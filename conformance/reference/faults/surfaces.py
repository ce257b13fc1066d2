"""Faults of single paths and of requests that are sent again: pages for what is not there, counts, kept answers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.events import dump
from conformance.reference.faults._edit import BOTH, Row, asks_for_stream, refuse_when, table
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.settings import VERSIONS
from conformance.reference.tokens import input_tokens
from conformance.reference.transfer import Answer, Ending, Step, set_header

PAGE = b"<!doctype html><html><body><h1>Welcome</h1></body></html>"
PREAMBLE = 32
"""Tokens that nobody wrote."""


def _page_for(test: Callable[[Context], Any]) -> Apply:
    """A page instead of the answer that something is not found."""

    def change(answer: Answer, context: Context) -> Answer:
        if answer.status != 404 or not test(context):
            return answer
        return Answer(200, set_header(answer.headers, "content-type", "text/html"), PAGE)

    return change


def _below(context: Context) -> bool:
    """Whether a path goes on below the messages."""
    return context.request.path.startswith(f"{context.profile.messages_path}/")


def _below_models(context: Context) -> bool:
    return "/models/" in context.request.path


def _beside(context: Context) -> bool:
    known = (context.profile.messages_path, f"{context.profile.base}/v1/models")
    return not context.request.path.startswith(known)


def _counted(answer: Answer, context: Context) -> Answer:
    """A count of what was sent and of a preamble."""
    if answer.status != 200 or not context.request.path.endswith("/count_tokens"):
        return answer
    return replace(answer, body=dump({"input_tokens": input_tokens(context.body) + PREAMBLE}).encode())


def _kept(keyed: bool) -> Apply:
    """The first answer to a body is given again, to requests with a key of their own or to those without."""

    def change(answer: Answer, context: Context) -> Answer:
        request = context.request
        key = request.header("idempotency-key")
        if answer.status != 200 or not request.body or (key is not None) is not keyed:
            return answer
        stored: Answer = context.traffic.answers.setdefault((request.path, key, request.body), answer)
        return replace(answer, body=stored.body)

    return change


def _hanging(streamed: bool, test: Callable[[int], bool]) -> Apply:
    """No answer to requests of one mode with a small limit."""

    def change(steps: Any, context: Context) -> Any:
        limit = context.body.get("max_tokens")
        small = isinstance(limit, int) and not isinstance(limit, bool) and test(limit)
        return (Step(ending=Ending.HANG),) if small and bool(context.body.get("stream")) is streamed else steps

    return change


def _one(limit: int) -> bool:
    return limit == 1


def _few(limit: int) -> bool:
    return 1 < limit < 16


def _many(limit: int) -> bool:
    return limit >= 16


def _old_json(context: Context) -> bool:
    old = context.request.header("anthropic-version") == VERSIONS[0]
    return old and context.request.method == "POST" and not asks_for_stream(context)


ANSWER_ROWS: tuple[Row, ...] = (
    ("page-beside-messages", "HTTP-006", "a path beside the messages answers 200 with a web page", _page_for(_beside)),
    ("page-below-messages", "OPT-004", "a path below the messages answers 200 with a web page", _page_for(_below)),
    ("page-below-models", "OPT-004", "an unknown model answers 200 with a web page", _page_for(_below_models)),
    ("answers-kept-without-key", "LOAD-004", "a body without idempotency-key gets the message of before", _kept(False)),
    ("answers-kept-by-key", "LOAD-004", "a body with the same idempotency-key gets the message of before", _kept(True)),
)
COUNT_ROWS: tuple[Row, ...] = (
    ("count-with-preamble", "OPT-002", "count_tokens counts 32 tokens that nobody wrote", _counted),
)
BYTES_ROWS: tuple[Row, ...] = (
    ("plain-streams-hang", "HTTP-012", "a stream of 16 tokens or more gets no answer", _hanging(True, _many)),
    ("one-token-hangs", "HTTP-012", "max_tokens 1 gets no answer at all", _hanging(False, _one)),
    ("streams-of-one-token-hang", "HTTP-012", "a stream of one token gets no answer at all", _hanging(True, _one)),
    ("few-tokens-hang", "HTTP-012", "a limit of a few tokens gets no answer at all", _hanging(False, _few)),
    ("streams-of-few-tokens-hang", "HTTP-012", "a stream of a few tokens gets no answer", _hanging(True, _few)),
)
OLD_JSON = Fault(
    "old-version-refused-in-json",
    Seam.REQUEST,
    "HDR-003",
    "version 2023-06-01 gets 400 without a stream",
    refuse_when(_old_json),
    also=("HTTP-009", "LOAD-003"),
)

SURFACE_FAULTS: tuple[Fault, ...] = (
    *table(Seam.ANSWER, ANSWER_ROWS, BOTH),
    *table(Seam.ANSWER, COUNT_ROWS, BOTH),
    *table(Seam.BYTES, BYTES_ROWS, BOTH),
    OLD_JSON,
)
