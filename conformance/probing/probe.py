"""Stimuli as data: what to send, in which order, and what the sending needs.

A body may hold placeholders, filled in when the run is planned: `MODEL` for the model under test and
`{nonce}` inside any string for text that is new in every run. Nothing here performs I/O.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MODEL = "{model}"
NONCE = "{nonce}"


class Auth(StrEnum):
    """Which credential headers a request carries; the wrong ones hold a random token of the key's length."""

    USUAL = "usual"  #: as the operator said that the target takes the key
    BEARER = "bearer"
    X_API_KEY = "x-api-key"
    BOTH = "both"
    NONE = "none"
    WRONG_BEARER = "wrong-bearer"
    WRONG_X_API_KEY = "wrong-x-api-key"
    BASIC = "basic"
    SCHEME_ALONE = "scheme-alone"
    SCHEME_AND_SPACE = "scheme-and-space"
    BARE_TOKEN = "bare-token"
    RESTRICTED = "restricted"  #: the second key of the operator, which may not use the model
    LOWER_CASE = "lower-case"
    UPPER_CASE = "upper-case"


class Shape(StrEnum):
    """How the calls of a probe relate in time."""

    IN_ORDER = "in-order"
    PINNED = "pinned"  #: in order, all on one connection
    TOGETHER = "together"  #: all at once, after the many
    UNTIL = "until"  #: in order, no further than the first whose answer satisfies `until`


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a change of the default one.

    `path` is appended to the path of the endpoint, or, when it starts with `~`, replaces its last part
    (`~models` is the endpoint's sibling). `headers` are set, or removed when the value is None. `wire` asks
    for the socket transport; `hang_up` for closing the connection once the answer holds that text.
    """

    body: Any = None  #: JSON value, bytes to be sent as they are, or None for no body at all
    method: str = "POST"
    path: str = ""
    query: str = ""
    headers: tuple[tuple[str, str | None], ...] = ()
    auth: Auth = Auth.USUAL
    wire: bool = False
    hang_up: str = ""
    chunk_at: int = 0  #: send the body chunked, over the socket transport, the first chunk ending here; 0: plainly
    reply: str = ""  #: make the body from the answer that the probe named by `after` got: a row of `replies.REPLIES`
    expects_answer: bool = True  #: whether a 500 or 502 is asked for once more before it is judged


def asks_for_stream(call: Call) -> bool:
    """Whether a request says `stream: true`."""
    return isinstance(call.body, Mapping) and call.body.get("stream") is True


@dataclass(frozen=True, slots=True)
class Probe:
    """A request or short conversation. `repeat` tells two otherwise equal probes apart, so that both are sent."""

    id: str
    calls: tuple[Call, ...]
    shape: Shape = Shape.IN_ORDER
    until: str = ""
    repeat: str = ""
    last: bool = False
    capabilities: tuple[str, ...] = ()  #: not sent unless the target claims them all
    needs: str = ""  #: not sent unless the operator gave this: a row of `operator.NEEDS`
    after: "Probe | None" = None  #: the probe whose answer the calls reply to; it must have reached what it is for
    solo: bool = False  #: not among the many

    @property
    def streamed(self) -> bool:
        """Whether any of its requests asks for a stream."""
        return any(asks_for_stream(call) for call in self.calls) or (self.after is not None and self.after.streamed)

    @property
    def alone(self) -> bool:
        """Whether it goes after the many."""
        return self.solo or self.shape is Shape.TOGETHER or (self.after is not None and self.after.alone)


Words = Mapping[str, Callable[[], str]]


def fill(value: Any, words: Words) -> Any:
    """The value with its placeholders replaced by what `words` gives for them, at every depth."""
    if isinstance(value, str):
        for name, word in words.items():
            value = value.replace(name, word()) if name in value else value
        return value
    if isinstance(value, bytes):
        for name, word in words.items():
            value = value.replace(name.encode(), word().encode()) if name.encode() in value else value
        return value
    if isinstance(value, Mapping):
        return {fill(key, words): fill(item, words) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(item, words) for item in value]
    return value


def names(model: str, nonce: str) -> Words:
    """What stands for the model under test and for text that is new in every run."""
    return {MODEL: lambda: model, NONCE: lambda: nonce}
