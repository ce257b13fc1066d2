"""What ends a run before it begins: only what says that nothing here can be graded. Source: DESIGN "pre-flight"."""

from dataclasses import dataclass

from conformance.wire.exchange import End, Ending, Exchange, Limit


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the target cannot be graded, and what to do about it: one sentence each. Exit code 6."""

    what: str
    remedy: str
    unknown_model: bool = False

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


_BUSY = "try again later, or raise the limits of this key"

#: Statuses of the plain control that end the run, with what they mean and the remedy.
STATUSES: dict[int, tuple[str, str]] = {
    401: (
        "the target refused the key",
        "check the environment variable that --api-key-env names, and whether the target reads --credential x-api-key",
    ),
    402: ("the target asks for payment", "check the billing of this key"),
    403: ("the target refuses this key access", "check what the key is allowed to use, and the model"),
    404: ("the target knows no such path or model", "check the path of --target-url, --profile and --model"),
    407: ("a proxy asks for credentials", "reach the target without that proxy"),
    408: ("the target timed out on every try", _BUSY),
    429: ("the target limits the rate on every try", _BUSY),
    503: ("the target is unavailable on every try", _BUSY),
    504: ("the target's gateway timed out on every try", _BUSY),
    529: ("the target is overloaded on every try", _BUSY),
}

#: Endings without a status line.
ENDINGS: dict[Ending, tuple[str, str]] = {
    Ending.NO_CONNECTION: ("the target cannot be reached", "check --target-url, and that the server is running"),
    Ending.NO_ANSWER: ("the target closes the connection without an answer", "check that it speaks HTTP on this port"),
    Ending.RESET: ("the target resets the connection", "check that it speaks HTTP on this port"),
    Ending.MALFORMED: ("what answers is not HTTP", "check the scheme and port of --target-url"),
    Ending.CUT: ("the target does not answer within the limit", "check the server, or raise --timeout"),
}

#: Limits of ours that say more than the ending does.
LIMITS: dict[Limit, tuple[str, str]] = {
    Limit.CONNECT: ("no connection to the target was made within our limit connect", "check --target-url"),
    Limit.FIRST_BYTE: (
        "the target does not answer within our limit first-byte", "check the server, or raise --timeout"
    ),
    Limit.HEADER: ("the headers of the target's answer go beyond our limit header", "check what answers there"),
}  # fmt: skip
#: Words of the libraries that name the remedy.
WORDS = {"WRONG_VERSION_NUMBER": "what answers there does not speak TLS: give --target-url with http://"}
LONGEST_PLACE = 200  #: characters of an address that are repeated


def preflight_refusal(exchange: Exchange) -> Refusal | None:
    """Why the plain control's last answer ends the run; None when the target is to be graded, however strange it is."""
    if exchange.status is None:
        what, remedy = _without_status(exchange.end)
        remedy = next((more for word, more in WORDS.items() if word in exchange.end.detail), remedy)
        detail = f" ({exchange.end.detail})" if exchange.end.detail else ""
        return Refusal(f"{what}{detail}", remedy)
    if 300 <= exchange.status < 400:
        place = (exchange.header("location") or "nowhere")[:LONGEST_PLACE]
        web = place.startswith(("http://", "https://", "/"))
        remedy = "give that URL as --target-url" if web else "check what answers there"
        return Refusal(f"the target redirects to {place} (status {exchange.status})", remedy)
    if exchange.status in STATUSES:
        what, remedy = STATUSES[exchange.status]
        return Refusal(f"{what} (status {exchange.status})", remedy, unknown_model=exchange.status == 404)
    return None


def _without_status(end: End) -> tuple[str, str]:
    if end.limit in LIMITS:
        return LIMITS[end.limit]
    return ENDINGS.get(end.how, ENDINGS[Ending.NO_ANSWER])
