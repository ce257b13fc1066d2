"""What belongs to each behaviour: how an exchange with it ends, and what a run against it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass

from hostile_endpoint import behaviours

from conformance.wire.exchange import Ending, Limit


@dataclass(frozen=True, slots=True)
class Ends:
    """How an exchange has to end: by a limit, or as the target ended it; and its status."""

    how: Ending
    limit: Limit | None = None
    status: int | None = 200


def _cut(limit: Limit, status: int | None = 200) -> Ends:
    return Ends(Ending.CUT, limit, status)


WHOLE, NO_HTTP = Ends(Ending.COMPLETE), Ends(Ending.MALFORMED, status=None)
NOTHING, EARLY = Ends(Ending.NO_ANSWER, status=None), Ends(Ending.CLOSED_EARLY)
RESET, GARBLED = Ends(Ending.RESET), Ends(Ending.MALFORMED)
UNREACHED = Ends(Ending.NO_CONNECTION, status=None)
ENDS: dict[str, Ends] = {
    "silent": _cut(Limit.FIRST_BYTE, None),
    "headers-byte-by-byte": _cut(Limit.FIRST_BYTE, None),
    "one-byte-a-minute": _cut(Limit.BETWEEN_BYTES),
    "body-byte-by-byte": _cut(Limit.WHOLE),
    "headers-without-end": _cut(Limit.HEADER, None),
    "header-of-10-mb": _cut(Limit.HEADER, None),
    "headers-by-the-thousand": _cut(Limit.HEADER, 400),
    "body-without-end": _cut(Limit.BODY),
    "chunks-without-end": _cut(Limit.BODY),
    "chunks-of-one-byte": _cut(Limit.CHUNKS),
    "stream-silent": _cut(Limit.BETWEEN_BYTES),
    "stream-of-pings": _cut(Limit.EVENTS),
    "stream-of-slow-pings": _cut(Limit.WHOLE),
    "stream-of-deltas": _cut(Limit.BODY),
    "stream-of-comments": _cut(Limit.EVENTS),
    "stream-of-blank-lines": _cut(Limit.EVENTS),
    "stream-of-one-line": _cut(Limit.BODY),
    "stream-of-data-lines": _cut(Limit.LINES),
    "event-of-100-mb": _cut(Limit.BODY),
    "a-million-events": _cut(Limit.EVENTS),
    "open-after-stop": _cut(Limit.AFTER_STOP),
    "asks-for-time-for-ever": Ends(Ending.COMPLETE, status=429),
    "asks-for-time-every-other-time": Ends(Ending.COMPLETE, status=429),
    "reset-at-once": NOTHING,
    "reset-before-status": NOTHING,
    "reset-in-status-line": NOTHING,
    "reset-in-headers": NOTHING,
    "reset-in-body": RESET,
    "reset-in-stream": RESET,
    "half-close": EARLY,
    "length-negative": NO_HTTP,
    "length-double": NO_HTTP,
    "length-no-number": NO_HTTP,
    "length-of-a-million-digits": _cut(Limit.HEADER, None),
    "length-too-long": EARLY,
    "length-too-short": WHOLE,
    "chunk-too-long": EARLY,
    "chunk-too-short": GARBLED,
    "chunk-size-no-number": GARBLED,
    "chunk-size-beyond-all": GARBLED,
    "chunk-line-without-end": _cut(Limit.HEADER),
    "trailers-without-end": _cut(Limit.HEADER),
    "length-and-chunks": WHOLE,
    "http-0.9": NOTHING,
    "http-2-preface": NO_HTTP,
    "http-2-as-request": NO_HTTP,
    "tls-alert-on-plain-port": NO_HTTP,
    "plain-on-tls-port": UNREACHED,
    "tls-without-handshake": Ends(Ending.NO_CONNECTION, Limit.CONNECT, None),
    "certificate-expired": UNREACHED,
    "certificate-of-another-host": UNREACHED,
    "certificate-of-nobody": UNREACHED,
    "redirect-to-itself": Ends(Ending.COMPLETE, status=307),
    "redirect-elsewhere": Ends(Ending.COMPLETE, status=308),
    "redirect-to-a-file": Ends(Ending.COMPLETE, status=302),
    "redirect-to-nonsense": Ends(Ending.COMPLETE, status=307),
    "redirect-of-50-kb": _cut(Limit.HEADER, 307),
    "continue-storm": _cut(Limit.FIRST_BYTE, None),
    "early-hints-flood": _cut(Limit.FIRST_BYTE, None),
    "switching-protocols": NO_HTTP,
    "204-with-body": Ends(Ending.COMPLETE, status=204),
    "304-with-body": Ends(Ending.COMPLETE, status=304),
    "gzip-bomb": _cut(Limit.BODY),
    "gzip-bomb-of-events": _cut(Limit.EVENTS),
    "gzip-bomb-in-layers": _cut(Limit.BODY),
    "gzip-bomb-in-an-error": _cut(Limit.BODY, 400),
    "json-only-nul": _cut(Limit.BODY),
    "json-deep": _cut(Limit.BODY),
    "json-deep-objects": _cut(Limit.BODY),
    "json-long-integer": _cut(Limit.BODY),
    "json-long-fraction": _cut(Limit.BODY),
    "json-long-exponent": _cut(Limit.BODY),
    "json-duplicate-keys": _cut(Limit.BODY),
    "json-long-key": _cut(Limit.BODY),
    "json-many-blocks": _cut(Limit.BODY),
    "json-blocks-within-the-limit": _cut(Limit.BODY),
    "json-lists-within-the-limit": _cut(Limit.BODY),
    "json-maps-within-the-limit": _cut(Limit.BODY),
    "json-escapes-within-the-limit": _cut(Limit.BODY),
    "json-faults-within-the-limit": _cut(Limit.BODY),
    "stream-of-open-blocks": _cut(Limit.BODY),
    "stream-of-partial-json": _cut(Limit.BODY),
}
#: What may be seen of the same bytes, by what of them has come when it is looked.
ALSO: dict[str, tuple[Ends, ...]] = {
    "asks-for-time-every-other-time": (WHOLE,),
    "reset-at-once": (UNREACHED,),
    "headers-by-the-thousand": (_cut(Limit.HEADER, None),),
    "redirect-of-50-kb": (_cut(Limit.HEADER, None),),
}


@dataclass(frozen=True, slots=True)
class Meets:
    """A run of the requirements about HTTP and streams, under the usual limits of size and small ones of time: the
    exit codes that are right, and the limits of which at least one has to fire, if any."""

    codes: frozenset[int]
    limits: frozenset[str] = frozenset()


#: What the pre-flight ends, since nothing could be graded.
UNGRADABLE = (
    "silent", "headers-byte-by-byte", "headers-without-end", "header-of-10-mb", "asks-for-time-for-ever",
    "reset-at-once", "reset-before-status", "reset-in-status-line", "reset-in-headers", "length-negative",
    "length-double", "length-no-number", "length-of-a-million-digits", "http-0.9", "http-2-preface",
    "http-2-as-request", "tls-alert-on-plain-port", "plain-on-tls-port", "tls-without-handshake",
    "certificate-expired", "certificate-of-another-host", "certificate-of-nobody", "redirect-to-itself",
    "redirect-elsewhere", "redirect-to-a-file", "redirect-to-nonsense", "redirect-of-50-kb", "continue-storm",
    "early-hints-flood", "switching-protocols", "304-with-body",
)  # fmt: skip
#: Where it depends on the moment how much of the target is seen: a violation, or too little.
EITHER = (
    "headers-by-the-thousand", "asks-for-time-every-other-time", "date-in-the-past", "headers-beyond-sense",
    "json-many-blocks",
)  # fmt: skip
#: What is cut under the small sizes of a test, and is within the usual ones.
SMALL = frozenset({
    "redirect-of-50-kb", "json-only-nul", "json-deep", "json-deep-objects", "json-long-integer", "json-long-fraction",
    "json-long-exponent", "json-long-key", "stream-of-partial-json",
})  # fmt: skip
#: What goes on for so long that a slow machine reaches the limit of the whole exchange before that of a size.
SIZES = frozenset({Limit.HEADER, Limit.BODY, Limit.CHUNKS, Limit.LINES, Limit.EVENTS})


def _codes(name: str) -> frozenset[int]:
    return frozenset({6} if name in UNGRADABLE else {1, 6} if name in EITHER else {1})


def _limits(name: str) -> frozenset[str]:
    limit = ENDS[name].limit if name in ENDS and name not in SMALL else None
    if limit is None or name.startswith("json-"):
        return frozenset({"patience"} if name == "asks-for-time-every-other-time" else ())
    others = {Limit.WHOLE} if limit in SIZES else set()
    others |= {Limit.EVENTS} if name in {"stream-of-deltas", "stream-of-open-blocks"} else set()
    return frozenset(one.value for one in (limit, *others))


MEETINGS: Mapping[str, Meets] = {name: Meets(_codes(name), _limits(name)) for name in behaviours()}
