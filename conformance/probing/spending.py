"""Caps on a run, and the account that keeps them: nothing is sent whose worst case does not fit."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from conformance.contract.profiles import UsageFields
from conformance.evidence.run import CAPPED, Record
from conformance.evidence.spent import Price, Tokens, spent, worst_case
from conformance.probing.probe import Call
from conformance.probing.render import Desk
from conformance.wire.exchange import Exchange
from conformance.wire.reading import Reading

ROUNDING = 1e-9  #: of sums of prices


@dataclass(frozen=True, slots=True)
class Caps:
    """What a run may take at most, None where it may take what it needs; `cost` needs a price."""

    requests: int | None = None
    output_tokens: int | None = None
    seconds: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """A cap of which every request takes something: at most before it is sent, in fact once it was answered."""

    words: str
    limit: float
    most: Callable[[Tokens], float]
    fact: Callable[[Tokens], float]
    sure: bool = False  #: whether the fact is known beforehand

    def taken(self, done: float, flying: Iterator[Tokens]) -> float:
        """What was spent and what requests in flight may still spend."""
        return done + sum(map(self.most, flying))


def _one(tokens: Tokens) -> float:
    return 1.0


def _output(tokens: Tokens) -> float:
    return tokens.output


def _rows(caps: Caps, price: Price | None) -> Iterator[_Row]:
    if caps.requests is not None:
        yield _Row(f"{caps.requests} requests", caps.requests, _one, _one, sure=True)
    if caps.output_tokens is not None:
        yield _Row(f"{caps.output_tokens} output tokens", caps.output_tokens, _output, _output)
    if caps.cost is not None and price is not None:
        yield _Row(f"{caps.cost:g} {price.currency}", caps.cost + ROUNDING, price.most, price.of)


@dataclass(slots=True)
class Spending:
    """The account of a run. `reserve` is the worst case of the closing control, which only controls may use."""

    caps: Caps = field(default_factory=Caps)
    price: Price | None = None
    usage: UsageFields | None = None  #: where answers report their tokens
    began: float = 0.0
    reserve: Tokens | None = None
    _rows: tuple[_Row, ...] = ()
    _done: dict[str, float] = field(default_factory=dict)
    _flying: dict[int, Tokens] = field(default_factory=dict)
    _over: str = ""  #: why nothing but a control is sent any more

    def __post_init__(self) -> None:
        self._rows = tuple(_rows(self.caps, self.price))
        self._done = dict.fromkeys((row.words for row in self._rows), 0.0)

    @property
    def deadline(self) -> float:
        """The time after which nothing is sent, on the clock of `began`."""
        return math.inf if self.caps.seconds is None else self.began + self.caps.seconds

    def worst(self, desk: Desk, call: Call) -> Tokens:
        """The most that a request may cost; nothing where no cap asks for it."""
        return worst_of(desk, call) if any(not row.sure for row in self._rows) else Tokens()

    def refusal(self, worst: Tokens, now: float, control: bool = False) -> str:
        """Why a request may not be sent, "" where it may.

        Where it would fit an empty account nothing follows it but a control: what is sent stays the beginning of the
        plan. One that no account could hold is left out alone.
        """
        if now >= self.deadline:
            return f"{CAPPED} {self.caps.seconds:g} seconds was reached"
        if self._over and not control:
            return self._over
        row = next(
            (row for row in self._rows if not self._fits(row, worst, control, list(self._flying.values()))), None
        )
        if row is None:
            return ""
        if row.most(worst) + self._kept(row, control) > row.limit and not row.sure:
            return f"{CAPPED} {row.words} is less than this request may take"
        self._over = f"{CAPPED} {row.words} was reached"
        return self._over

    def waits(self, worst: Tokens, control: bool = False) -> bool:
        """Whether a request does not fit now, but may once those in flight have cost less than they could."""
        flying = list(self._flying.values())
        tight = [row for row in self._rows if not self._fits(row, worst, control, flying)]
        return (
            bool(tight)
            and not self._over
            and all(not row.sure and self._fits(row, worst, control, []) for row in tight)
        )

    def begin(self, seq: int, worst: Tokens) -> None:
        """A request is about to be sent."""
        self._flying[seq] = worst

    def end(self, seq: int, exchange: Exchange | None) -> None:
        """It came to its end; None where nobody knows how, which costs what it may cost at most."""
        worst = self._flying.pop(seq)
        fact = worst
        if exchange is not None and self.usage is not None and any(not row.sure for row in self._rows):
            fact = spent(Reading(exchange), self.usage, worst)
        for row in self._rows:
            self._done[row.words] += row.fact(fact)

    def spend(self, records: Iterable[Record]) -> None:
        """Requests that were sent before the plan."""
        for record in records:
            self.begin(record.seq, Tokens())
            self.end(record.seq, record.exchange)

    def _fits(self, row: _Row, worst: Tokens, control: bool, flying: list[Tokens]) -> bool:
        taken = row.taken(self._done[row.words], iter(flying))
        return taken + row.most(worst) + self._kept(row, control) <= row.limit

    def _kept(self, row: _Row, control: bool) -> float:
        return 0.0 if control or self.reserve is None else row.most(self.reserve)


def worst_of(desk: Desk, call: Call) -> Tokens:
    """The most that a request may cost: only the messages endpoint makes output."""
    worst = worst_case(desk.outgoing(call).request.body)
    return worst if not call.path and call.method == "POST" else Tokens(worst.input)
