"""What requests cost: the tokens that they ask for, those that answers report, and their price."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from conformance.contract.profiles import UsageFields
from conformance.wire.exchange import Ending, Exchange, Request
from conformance.wire.reading import Reading

BYTES_PER_TOKEN = 4  #: of a request's body; a rule of thumb, said as an estimate wherever it is shown
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """Counts of tokens, each as a profile counts it: whether `input` holds those of a cache is left free (USG-004)."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(*(getattr(self, row.name) + getattr(other, row.name) for row in fields(self)))


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens of a model cost, in units of `currency`. Those of a cache cost what input does unless it
    is said; where the input holds them as well they are paid twice, so that a cost is never too low."""

    currency: str
    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The price as JSON values, without what is not said of a cache."""
        rows = ((row.name, getattr(self, row.name)) for row in fields(self))
        return {name: value for name, value in rows if value is not None}

    def of(self, tokens: Tokens) -> float:
        """The cost of these tokens."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        whole = tokens.input * self.input + tokens.output * self.output
        return (whole + tokens.cache_read * read + tokens.cache_write * write) / MILLION

    def most(self, tokens: Tokens) -> float:
        """What they may cost at most: their input may go into a cache."""
        dearest = max(self.input, self.cache_read or 0.0, self.cache_write or 0.0)
        return (tokens.input * dearest + tokens.output * self.output) / MILLION


def worst_case(body: bytes) -> Tokens:
    """The most that a request with this body may cost: `max_tokens` of output, and input by the rule of thumb.

    A body without a usable `max_tokens` asks for no output that could be known beforehand.
    """
    return Tokens(-(-len(body) // BYTES_PER_TOKEN), max_tokens(body))


def max_tokens(body: bytes) -> int:
    """The `max_tokens` of a body, 0 where it has none that is a whole number above 0."""
    if b"max_tokens" not in body:
        return 0
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return 0
    return _count(value.get("max_tokens")) if isinstance(value, dict) else 0


def is_refused(exchange: Exchange) -> bool:
    """Whether a request was turned away: then nothing was made that could cost anything."""
    return exchange.status is not None and 400 <= exchange.status < 500


def asked_output(exchange: Exchange) -> int:
    """The ceiling of the output of a request that was sent: its `max_tokens`, none where it was refused."""
    asks = exchange.request.method.upper() == "POST" and _names_messages(exchange.request)
    return max_tokens(exchange.request.body) if asks and not is_refused(exchange) else 0


def _names_messages(request: Request) -> bool:
    return request.url.partition("?")[0].rstrip("/").endswith("/messages")


def reported(reading: Reading, usage: UsageFields) -> Tokens | None:
    """The counts that an answer reports in the profile's fields, None where it reports none at all."""
    message = reading.accumulated if reading.is_stream else reading.message
    found = None if message is None else message.get("usage")
    if not isinstance(found, Mapping):
        return None
    paths = (usage.input, usage.output, usage.cache_read, usage.cache_write)
    return Tokens(*(_count(_member(found, path)) for path in paths))


def spent(reading: Reading, usage: UsageFields, worst: Tokens) -> Tokens:
    """What an exchange has cost as far as it can be known: what it reports, or else the worst case.

    Where the answer broke off, a count of output in it is that of a beginning: the worst case is the least that counts.
    """
    exchange = reading.exchange
    found = reported(reading, usage)
    if found is None:
        return Tokens() if is_refused(exchange) else worst
    if exchange.end.how is Ending.COMPLETE:
        return found
    return Tokens(found.input, max(found.output, worst.output), found.cache_read, found.cache_write)


def total(tokens: Iterable[Tokens]) -> Tokens:
    """The sum of counts."""
    return sum(tokens, Tokens())


def _member(value: Any, path: str | None) -> Any:
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if path else None


def _count(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0
