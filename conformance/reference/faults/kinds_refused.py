"""Faults in how one kind of mistake is refused: in a stream otherwise, each second time otherwise, as a server error.

A server of several parts validates in several places. What these refuse with different statuses, or in a stream that
has begun, shows for those mistakes alone that the second place sees.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from conformance.reference.decoding import readable_body
from conformance.reference.events import frame
from conformance.reference.faults._edit import BOTH, asks_for_stream, refusal_of, table
from conformance.reference.faults.kinds_served import MISTAKES
from conformance.reference.faults.mistakes import Mistake
from conformance.reference.refusal import Refusal
from conformance.reference.seams import Apply, Context, Fault, Seam
from conformance.reference.transfer import Answer, set_header

BY_NAME: Mapping[str, Mistake] = {mistake.name: mistake for mistake in MISTAKES}
SIMPLE = (
    *("model-absent", "messages-absent", "messages-string", "messages-empty", "message-string", "max-tokens-absent"),
    *("max-tokens-below", "max-tokens-fraction", "stop-sequences-string", "metadata-string"),
)
"""Mistakes that every server knows."""

Way = Callable[[Refusal, Context], Any]


def _is(mistake: Mistake, refusal: Refusal, context: Context) -> bool:
    """Whether a request was refused for this mistake."""
    return refusal.rule == mistake.rule and mistake.made(readable_body(context), context)


def _refused(mistake: Mistake, way: Way) -> Apply:
    """Refuse one kind of mistake in another way."""
    return lambda refusal, context: way(refusal, context) if _is(mistake, refusal, context) else refusal


def _renumbered(status: int) -> Way:
    return lambda refusal, context: replace(refusal, status=status, kind="invalid_request_error")


def _in_streams(way: Way) -> Way:
    return lambda refusal, context: way(refusal, context) if asks_for_stream(context) else refusal


def _each_second(name: str, way: Way) -> Way:
    """Every second refusal of a kind, as of two servers behind one address. Streams have a third of their own."""

    def change(refusal: Refusal, context: Context) -> Any:
        if asks_for_stream(context):
            return refusal
        answers = context.traffic.answers
        answers[name] = answers.get(name, 0) + 1
        return way(refusal, context) if answers[name] % 2 == 0 else refusal

    return change


def _crashed(refusal: Refusal, context: Context) -> Refusal:
    return Refusal(500, "an unexpected condition was met", refusal.rule)


def _made(end: str, says: str, names: Iterable[str], way: Callable[[str], Way], about: str = "") -> Iterator[Fault]:
    """One fault for each kind of mistake, at the refusal."""
    for name in names:
        mistake = BY_NAME[name]
        requirement, also = about or mistake.requirement, () if about else ("ERR-006",)
        yield Fault(
            f"{name}-{end}",
            Seam.REFUSAL,
            requirement,
            says.format(mistake.says),
            _refused(mistake, way(name)),
            profiles=mistake.profiles,
            also=also,
        )


CRASHES = (
    *("model-null", "messages-null", "max-tokens-null", "stream-object", "system-object", "stop-sequence-number"),
    *("temperature-string", "metadata-number", "message-null", "last-content-absent", "role-number", "content-null"),
    *("text-absent", "block-type-number", "tools-string", "tool-schema-string", "tool-choice-nameless"),
    *("result-first", "call-unanswered", "budget-absent", "scheme-alone", "version-a-word"),
)
"""Mistakes at which code that expects something else falls over."""

WAY_FAULTS: tuple[Fault, ...] = (
    *_made(
        "differs-in-streams",
        "{} gets 404 when the request asks for a stream",
        (*SIMPLE, "tool-name-with-space"),
        lambda _: _in_streams(_renumbered(404)),
        "EQV-002",
    ),
    *_made(
        "differs-each-second-time",
        "every second request with {} gets 403, streams apart",
        SIMPLE,
        lambda name: _each_second(name, lambda refusal, _: replace(refusal, status=403, kind="permission_error")),
        "ERR-007",
    ),
    *_made(
        "unprocessable",
        "{} gets 422",
        ("model-absent", "messages-string", "max-tokens-fraction", "max-tokens-absent"),
        lambda _: _renumbered(422),
        "ERR-007",
    ),
    *_made("crashes", "{} gets 500", CRASHES, lambda _: _crashed),
    *_made(
        "gets-a-failure",
        "{} gets 502 with the type api_error",
        ("model-absent", "messages-string", "max-tokens-fraction", "system-number"),
        lambda _: lambda refusal, context: Refusal(502, "the upstream failed", refusal.rule),
        "ERR-006",
    ),
)


def _streamed_error(mistake: Mistake) -> Apply:
    """A refused request for a stream gets its error as the event of one."""

    def change(answer: Answer, context: Context) -> Answer:
        seen = mistake.made(readable_body(context), context)
        if answer.status != 400 or not seen or not asks_for_stream(context) or not isinstance(answer.body, bytes):
            return answer
        event = {"type": "error", "error": {"type": "invalid_request_error", "message": "the request is invalid"}}
        return Answer(200, set_header(answer.headers, "content-type", "text/event-stream"), (frame(event),))

    return change


STREAMED_FAULTS: tuple[Fault, ...] = tuple(
    Fault(
        f"{name}-gets-a-stream",
        Seam.ANSWER,
        "ERR-009",
        f"{BY_NAME[name].says} gets 200 and a stream of one error when it asks for a stream",
        _streamed_error(BY_NAME[name]),
    )
    for name in SIMPLE[:6]
)

_HUGE = re.compile(rb"\d[eE]\+?\d{3,}")


def _raw(test: Callable[[bytes], Any]) -> Apply:
    """Crash over the bytes of a body."""

    def change(request: Any, context: Context) -> Any:
        if request.method == "POST" and test(request.body):
            raise Refusal(500, "an unexpected condition was met")
        return request

    return change


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


RAW_CRASHES: tuple[tuple[str, str, Callable[[bytes], Any]], ...] = (
    ("null-character-crashes", "a null character in a string", lambda body: b"\\u0000" in body),
    ("huge-number-crashes", "a number beyond every float", _HUGE.search),
    ("deep-nesting-crashes", "a body nested without end", lambda body: b"[" * 500 in body or b'{"a":' * 500 in body),
    ("half-a-pair-crashes", "one half of a surrogate pair", re.compile(rb"\\ud[89ab]..(?!\\u)").search),
    ("latin-bytes-crash", "bytes that are no UTF-8", lambda body: not _is_text(body) and body[:2] != b"\x1f\x8b"),
)

REFUSED_WAYS_FAULTS: tuple[Fault, ...] = (
    *WAY_FAULTS,
    *STREAMED_FAULTS,
    *table(
        Seam.REFUSAL,
        [
            (
                "prefill-with-space-crashes",
                "REQ-014",
                "a prefill that ends in white space gets 500",
                refusal_of("prefill-space", 500),
            ),
            (
                "system-turn-crashes",
                "REQ-009",
                "a turn of the system gets 500",
                refusal_of("role-system", 500),
            ),
        ],
    ),
    *(
        Fault(name, Seam.REQUEST, "REQ-049", f"{what} gets 500", _raw(test), profiles=BOTH)
        for name, what, test in RAW_CRASHES
    ),
)
